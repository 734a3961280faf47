/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_TRANSLATION_H
#define PMOAS_STACK_TRACE_TRANSLATION_H

/*
 * Connections whose addresses are changed on their way (NAT, as REDIRECT does it for a sidecar): a packet does not have the addresses of its
 * socket. That is found out where both are at hand, when TCP has found the socket of a packet that an earlier stage has seen: at the stage
 * tcp_probe, without which such packets are first seen when their receiver is woken.
 */

/* Set before load: the stage tcp_probe is on. */
const volatile bool translation = false;

/*
 * A packet whose receiver is not known when it comes in. Mostly TCP looks at it right after, on the same CPU; where the socket is in use it waits in the
 * backlog for the task that uses it, while others come in. So the last ones are kept, each in the place that its address gives it.
 */
struct stranger {
	__u64 skb; /* address of the packet */
	__u32 begin; /* first sequence number of its payload: the memory of a packet that is gone is soon another's */
	__u32 place; /* of the stream that it was sent in; NO_PLACE: it came from elsewhere */
	struct stream_key key; /* of one from elsewhere */
};

#define MAX_STRANGERS 256

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_STRANGERS);
	__type(key, __u32);
	__type(value, struct stranger);
} strangers SEC(".maps");

static __always_inline struct stranger *stranger_at(const struct sk_buff *skb)
{
	__u32 at = ((__u64)skb / 256) % MAX_STRANGERS; /* 256: what a packet takes at least */

	return bpf_map_lookup_elem(&strangers, &at);
}

/* Another CPU may be writing to the same place: the address of the packet is written last, and read first and last. */
static __always_inline void remember_stranger(const struct sk_buff *skb, const struct payload *p, __u32 place,
					      const struct stream_key *key)
{
	struct stranger *s;

	if (!translation)
		return;
	s = stranger_at(skb);
	if (!s)
		return;
	*(volatile __u64 *)&s->skb = 0;
	s->begin = p->begin;
	s->place = place;
	if (key)
		s->key = *key;
	*(volatile __u64 *)&s->skb = (__u64)skb;
}

static __always_inline bool recall_stranger(const struct sk_buff *skb, const struct payload *p,
					    struct stranger *recalled)
{
	struct stranger *s = stranger_at(skb);

	if (!s || *(volatile __u64 *)&s->skb != (__u64)skb)
		return false;
	*recalled = *s;
	return *(volatile __u64 *)&s->skb == (__u64)skb && recalled->begin == p->begin;
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
	if (node_stages)
		node_knows_end(key, e);
	s->highest = p->end;
	s->began = 1;
	begin(s, STAGE(TCP_PROBE), p->begin, now);
}

/* The first packet with payload of a stream that no stage before has seen. Returns its stream. */
static __always_inline struct stream *translated(const struct sock *sk, const struct sk_buff *skb,
						 const struct payload *p, struct end *e, struct stream *s)
{
	struct stranger as;

	if (!recall_stranger(skb, p, &as))
		return s;
	if (as.place == NO_PLACE)
		name_again(e, s, &as.key, p);
	else if (as.place != e->receives)
		return join_sender(sk, e, s, as.place);
	return s;
}

#endif
