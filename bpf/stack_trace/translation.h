/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_TRANSLATION_H
#define PMOAS_STACK_TRACE_TRANSLATION_H

/*
 * Connections whose addresses are changed on their way (NAT, as REDIRECT does it for a sidecar): a packet does not have the addresses of its
 * socket. That is found out where both are at hand, when TCP has found the socket of a packet that this CPU has just looked at: at the stage
 * tcp_probe, without which such packets are first seen when their receiver is woken.
 */

/* Set before load: the stage tcp_probe is on. */
const volatile bool translation = false;

/* A packet that belongs to nobody as it looks now. */
static __always_inline void remember_stranger(const struct sk_buff *skb, const struct stream_key *key,
					      const struct payload *p)
{
	struct recent *r;

	if (!translation)
		return;
	r = remember(skb, NO_PLACE, p);
	if (r)
		r->key = *key;
}

/* It was sent in this pod, by a watched socket whose stream this is too. */
static __always_inline struct stream *join_sender(const struct sock *sk, struct end *e, struct stream *s, __u32 place)
{
	struct stream *sent = stream_at(place);
	struct stream_key key;
	struct pmoas_tuple t;

	if (!sent || !sent->sender || sent->receiver)
		return s;
	sent->receiver = (__u64)sk;
	pmoas_tuple_of(sk, &t);
	key_of(&t, false, &key);
	bpf_map_delete_elem(&places, &key);
	stream_end(s, e->receives);
	e->receives = place;
	return sent;
}

/* It came from elsewhere: its stream is found by what the next ones look like too. */
static __always_inline void name_again(struct end *e, struct stream *s, const struct stream_key *key,
				       const struct payload *p)
{
	__u64 now = bpf_ktime_get_ns();

	if (e->is_translated || bpf_map_update_elem(&places, key, &e->receives, BPF_NOEXIST))
		return;
	e->is_translated = 1;
	e->comes_as = *key;
	s->highest = p->end;
	s->began = 1;
	begin(s, STAGE(TCP_PROBE), p->begin, now);
}

/* The first packet with payload of a stream that no stage before has seen. Returns its stream. */
static __always_inline struct stream *translated(const struct sock *sk, const struct sk_buff *skb,
						 const struct payload *p, struct end *e, struct stream *s)
{
	__u32 zero = 0;
	struct recent *r = bpf_map_lookup_elem(&recent, &zero);

	if (!r || r->skb != (__u64)skb || r->payload.begin != p->begin)
		return s;
	if (r->place == NO_PLACE)
		name_again(e, s, &r->key, p);
	else if (r->place != e->receives)
		return join_sender(sk, e, s, r->place);
	return s;
}

#endif
