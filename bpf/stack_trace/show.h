/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_SHOW_H
#define PMOAS_STACK_TRACE_SHOW_H

/* Journeys for those who watch and for traces: a few of each kind, for a ring that takes every one would cost more than all else. */

/* Set before load: somebody watches, or takes traces. When false the verifier removes all of this. */
const volatile bool sampled = false;

/* Set before load: traces are wanted, which have handshake and close. */
const volatile bool traced = false;

/* Between two of one pod, leg and direction, in the long run; set before load. */
const volatile __u64 sample_every_ns = 100000000;

/* So much earlier than that one may come, if there was none before: traffic comes in bursts. */
#define SAMPLE_AHEAD_NS 100000000

/* A connection that closes later than this after a journey is not closed because of it; user space waits twice as long. */
#define CLOSES_WITHIN_NS 1000000000

#define SAMPLE_TRIES 4

PMOAS_RING(events, 1 << 20);
PMOAS_EVENT(journey_event);

/* When the next journey of this kind may be told. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_JOURNEYS);
	__type(key, struct journey_key);
	__type(value, __u64);
} samples SEC(".maps");

static __always_inline __u64 *next_sample(const struct journey_key *key)
{
	__u64 *next = bpf_map_lookup_elem(&samples, key), zero = 0;

	if (next)
		return next;
	bpf_map_update_elem(&samples, key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&samples, key);
}

/* One clock for all CPUs, so that a pod has what is allowed to it and no more. */
static __always_inline bool is_sampled(const struct journey_key *key, __u64 now)
{
	__u64 *next = next_sample(key), seen, from;
	int i;

	if (!next)
		return false;
	for (i = 0; i < SAMPLE_TRIES; i++) {
		seen = *next;
		from = seen + SAMPLE_AHEAD_NS < now ? now - SAMPLE_AHEAD_NS : seen;
		if (from > now)
			return false;
		if (__sync_val_compare_and_swap(next, seen, from + sample_every_ns) == seen)
			return true;
	}
	return false;
}

static __always_inline struct journey_event *event_of(const struct stream *s, const struct pmoas_tuple *t, bool sends)
{
	struct journey_event *e = pmoas_event_reserve(&events, &events_count, sizeof(*e));

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	__builtin_memcpy(e->at, s->at, sizeof(e->at));
	if (s->number == 1) {
		e->opened_ns = s->opened_ns;
		e->established_ns = s->established_ns;
		e->opening = s->opening;
	}
	__builtin_memcpy(e->source_address, sends ? t->local_address : t->remote_address, sizeof(e->source_address));
	__builtin_memcpy(e->destination_address, sends ? t->remote_address : t->local_address,
			 sizeof(e->destination_address));
	e->container = s->container;
	e->byte = s->byte;
	e->source_port = sends ? t->local_port : t->remote_port;
	e->destination_port = sends ? t->remote_port : t->local_port;
	e->leg = s->leg;
	e->direction = s->direction;
	return e;
}

/* A journey has ended. */
static __always_inline void tell(struct stream *s)
{
	struct journey_event *e;
	struct pmoas_tuple t;

	pmoas_tuple_at((const struct sock *)(s->receiver ?: s->sender), &t);
	e = event_of(s, &t, !s->receiver);
	if (!e)
		return;
	s->told = s->number;
	pmoas_event_submit(e);
}

static __always_inline bool is_told_last(const struct stream *s, const struct stream *other)
{
	return s->number && s->told == s->number && !is_following(s) && other->ended_ns <= s->ended_ns;
}

/*
 * An end has closed, in order: what its connection has carried last is told once more, with that. Where both ends are watched the first of them does
 * it: after that the other finds no stream any more, or one that is told.
 */
static __always_inline void tell_close(const struct sock *sk, const struct end *end)
{
	struct stream *sent = stream_sent(end, sk), *received = stream_received(end, sk), *s;
	__u64 now = bpf_ktime_get_ns();
	struct journey_event *e;
	struct pmoas_tuple t;

	if (!sent || !received)
		return;
	s = is_told_last(sent, received) ? sent : is_told_last(received, sent) ? received : NULL;
	if (!s || now - s->ended_ns > CLOSES_WITHIN_NS)
		return;
	pmoas_tuple_of(sk, &t);
	e = event_of(s, &t, s == sent);
	if (!e)
		return;
	s->told = 0;
	__builtin_memcpy(e->since, end->since, sizeof(e->since));
	e->since[TCP_ESTABLISHED] = 0;
	e->since[TCP_SYN_SENT] = 0;
	e->since[TCP_SYN_RECV] = 0;
	e->since[TCP_CLOSE] = 0;
	e->closed_ns = end->since[TCP_CLOSE];
	pmoas_event_submit(e);
}

#endif
