/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_SHOW_H
#define PMOAS_STACK_TRACE_SHOW_H

/* Journeys for those who watch and for traces: a few of each kind, for a ring that takes every one would cost more than all else. */

/* Set before load: somebody watches. */
const volatile bool live = false;

/* Set before load: traces are wanted, each with the handshake and the close of its connection. When both are false the verifier removes all of this. */
const volatile bool traced = false;

/* Time is cut into windows of this length, and of each kind the first in each is told: all kinds in the same windows, so that what belongs together is told together. */
const volatile __u64 sample_every_ns = 100000000;

/* A connection that closes later than this after a journey is not closed because of it; user space waits twice as long. */
#define CLOSES_WITHIN_NS 1000000000

/* What those who watch want to see; set before load. */
const volatile __u8 want_phase = PHASES; /* PHASES: any */
const volatile __u64 want_ns = 0; /* at least */
const volatile __u16 want_port = 0; /* host order; 0: any */
const volatile bool want_one_address = false;
const volatile struct address {
	__u32 word[4];
} want_address = {};

PMOAS_RING(events, 1 << 20);
PMOAS_EVENT(journey_event);

/* The window in which one of this kind was told last. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_JOURNEYS);
	__type(key, struct journey_key);
	__type(value, __u64);
} samples SEC(".maps");

static __always_inline __u64 *last_sample(const struct journey_key *key)
{
	__u64 *last = bpf_map_lookup_elem(&samples, key), zero = 0;

	if (last)
		return last;
	bpf_map_update_elem(&samples, key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&samples, key);
}

/* One for all CPUs, so that a pod has what is allowed to it and no more. */
static __always_inline bool is_sampled(const struct journey_key *key, __u64 now)
{
	__u64 *last = last_sample(key), window = now / sample_every_ns + 1, seen;

	if (!last)
		return false;
	seen = *last;
	return seen < window && __sync_val_compare_and_swap(last, seen, window) == seen;
}

static __always_inline bool is_wanted_address(const __u32 *a)
{
	return a[0] == want_address.word[0] && a[1] == want_address.word[1] && a[2] == want_address.word[2] &&
	       a[3] == want_address.word[3];
}

static __always_inline bool is_wanted(const struct pmoas_tuple *t, enum phase phase, __u64 nanoseconds)
{
	if (want_phase != PHASES && want_phase != phase)
		return false;
	if (nanoseconds < want_ns)
		return false;
	if (want_port && t->local_port != want_port && t->remote_port != want_port)
		return false;
	return !want_one_address || is_wanted_address(t->local_address) || is_wanted_address(t->remote_address);
}

static __always_inline struct journey_event *event_of(const struct pmoas_tuple *t, bool sends)
{
	struct journey_event *e = pmoas_event_reserve(&events, &events_count, sizeof(*e));

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	__builtin_memcpy(e->source_address, sends ? t->local_address : t->remote_address, sizeof(e->source_address));
	__builtin_memcpy(e->destination_address, sends ? t->remote_address : t->local_address,
			 sizeof(e->destination_address));
	e->source_port = sends ? t->local_port : t->remote_port;
	e->destination_port = sends ? t->remote_port : t->local_port;
	return e;
}

static __always_inline void fill_with_journey(struct journey_event *e, const struct stream *s)
{
	__builtin_memcpy(e->at, s->at, sizeof(e->at));
	if (s->number == 1) {
		e->opened_ns = s->opened_ns;
		e->established_ns = s->established_ns;
		e->opening = s->opening;
	}
	e->container = s->container;
	e->exchange = s->exchange;
	e->byte = s->byte;
	e->stack = s->stack;
	e->leg = s->leg;
	e->direction = s->direction;
	e->phase = PHASE_DATA;
}

static __always_inline void fill_with_close(struct journey_event *e, const struct end *end)
{
	__builtin_memcpy(e->since, end->since, sizeof(e->since));
	e->since[TCP_ESTABLISHED] = 0;
	e->since[TCP_SYN_SENT] = 0;
	e->since[TCP_SYN_RECV] = 0;
	e->since[TCP_CLOSE] = 0;
	e->closed_ns = end->since[TCP_CLOSE];
}

/* A journey has ended. */
static __always_inline void tell_journey(struct stream *s, const struct journey_key *key, __u64 took, __u64 now)
{
	struct journey_event *e;
	struct pmoas_tuple t;

	if (!s->receiver && !s->sender)
		return; /* a datagram */
	pmoas_tuple_at((const struct sock *)(s->receiver ?: s->sender), &t);
	if (!is_wanted(&t, PHASE_DATA, took))
		return;
	/* Whether an exchange is told was decided when it began. */
	if (s->exchange ? !(s->exchange & EXCHANGE_TOLD) : !is_sampled(key, now))
		return;
	e = event_of(&t, !s->receiver);
	if (!e)
		return;
	fill_with_journey(e, s);
	s->told = s->number;
	pmoas_event_submit(e);
}

/* An end has made its handshake, or has closed, for those who watch. */
static __always_inline void tell_phase(const struct sock *sk, const struct end *end, enum phase phase, int opening,
				       __u64 took)
{
	struct journey_key key = {};
	struct journey_event *e;
	struct pmoas_tuple t;

	key.pod = end->pod;
	key.leg = end->leg;
	key.direction = end->direction;
	key.phase = phase;
	pmoas_tuple_of(sk, &t);
	if (!is_wanted(&t, phase, took) || !is_sampled(&key, bpf_ktime_get_ns()))
		return;
	e = event_of(&t, true);
	if (!e)
		return;
	e->container = end->container;
	e->leg = end->leg;
	e->direction = end->direction;
	e->phase = phase;
	if (phase == PHASE_CLOSE) {
		fill_with_close(e, end);
	} else {
		e->opening = opening;
		e->established_ns = end->since[TCP_ESTABLISHED];
		e->opened_ns = e->established_ns - took;
	}
	pmoas_event_submit(e);
}

/* Also while another CPU holds it, which may be ending it: when it ended is not known before that is done. */
static __always_inline bool is_under_way(const struct stream *s)
{
	return *(volatile __u32 *)&s->following != FOLLOWING_NONE;
}

/* Of two directions of a connection the one that had a journey last; NULL while that is under way. Either may be gone. */
static __always_inline struct stream *last_of(struct stream *sent, struct stream *received)
{
	if (!sent || !received)
		return sent ?: received;
	if (is_under_way(received))
		return NULL;
	return received->ended_ns <= sent->ended_ns ? sent : received;
}

/*
 * An end has closed: what its connection has carried last is told once more, with that. Where both ends are watched one of them does it: the first,
 * unless what it has sent is still to be read, for a socket may be closed before that. An end that was reset while it was not closing tells nothing,
 * and nor does the other then, which does not have the stream any more that ends here.
 */
static __always_inline void tell_close(const struct sock *sk, const struct end *end)
{
	struct stream *sent = stream_sent(end, sk), *received = stream_received(end, sk), *s;
	__u64 now = bpf_ktime_get_ns();
	struct journey_event *e;
	struct pmoas_tuple t;
	bool told;

	if (sent && is_under_way(sent))
		return;
	s = last_of(sent, received);
	told = end->close_ns && s && s->number && s->told == s->number && now - s->ended_ns <= CLOSES_WITHIN_NS;
	if (sent)
		sent->told = 0;
	if (received)
		received->told = 0;
	if (!told)
		return;
	pmoas_tuple_of(sk, &t);
	e = event_of(&t, s == sent);
	if (!e)
		return;
	fill_with_journey(e, s);
	fill_with_close(e, end);
	pmoas_event_submit(e);
}

#endif
