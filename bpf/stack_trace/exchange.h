/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_EXCHANGE_H
#define PMOAS_STACK_TRACE_EXCHANGE_H

/*
 * An exchange is what a sidecar does for one request: it is read from one connection and written to another, its response is read there and written to the
 * first. So it has four journeys, two in each leg. Which of the requests that a sidecar has at hand it is that it writes is found out as Accept does it
 * (pmoas/pending.h); where that is not certain the exchange has the two journeys of the first connection only, and the others are told by themselves.
 */

/* Set before load: journeys are told by exchanges. When false the verifier removes all of this. */
const volatile bool stitch = false;

__u64 exchanges = 0; /* so far */

/* A number that no other has. */
static __always_inline __u64 exchange_number(__u32 pod, __u64 now)
{
	struct journey_key key = {};

	key.pod = pod;
	key.phase = PHASE_EXCHANGE;
	return (__sync_fetch_and_add(&exchanges, 1) + 1) << 1 | (is_sampled(&key, now) ? EXCHANGE_TOLD : 0);
}

/* A sidecar opens a connection. */
static __always_inline void exchange_connects(struct end *e)
{
	if (stitch && e->role == PMOAS_ROLE_SIDECAR)
		pmoas_turn_connect(&e->turn, e->container);
}

/* Its connection ends, or does not come to be. */
static __always_inline void exchange_ends(struct end *e, int from)
{
	if (!stitch || e->role != PMOAS_ROLE_SIDECAR)
		return;
	if (from == TCP_SYN_SENT)
		pmoas_turn_connect_failed(&e->turn, e->container);
	else if (e->direction == DIRECTION_RESPONSE)
		pmoas_turn_abandon(&e->turn, e->container);
}

/* It was open before us. */
static __always_inline void exchange_takes_in(struct end *e)
{
	e->turn.requests = 1;
}

/* A sidecar writes to this stream, where there is room for one. */
static __always_inline void exchange_writes(const struct sock *sk, struct end *e, struct stream *sent)
{
	struct stream *received;
	__u64 exchange = 0;

	if (!stitch || e->role != PMOAS_ROLE_SIDECAR)
		return;
	if (e->direction == DIRECTION_RESPONSE) {
		if (!e->turn.is_under_way)
			return;
		if (sent)
			sent->next_exchange = e->turn.began;
		pmoas_turn_answer(&e->turn, e->container);
		return;
	}
	if (e->turn.is_under_way)
		return;
	if (pmoas_turn_forward(&e->turn, e->container, &exchange) != PMOAS_TAKEN)
		exchange = 0;
	if (sent)
		sent->next_exchange = exchange;
	received = stream_received(e, sk);
	if (received)
		received->next_exchange = exchange;
}

/* A sidecar reads from this stream, up to here, now. At the last stage a journey of what is read ends. */
static __always_inline void exchange_reads(struct end *e, struct stream *received, __u32 read_to, __u64 now,
					   bool is_last)
{
	if (!stitch || e->role != PMOAS_ROLE_SIDECAR)
		return;
	if (e->direction == DIRECTION_REQUEST) {
		e->turn.is_under_way = 0;
		return;
	}
	if (!e->turn.is_under_way) {
		pmoas_turn_begin(&e->turn, e->container, exchange_number(e->pod, now));
		e->is_told = 0;
	}
	if (!is_last || !e->turn.is_under_way || !received)
		return;
	if (!is_following(received) || !is_before(byte_of(received), read_to))
		return;
	received->exchange = e->is_told ? e->turn.began & ~EXCHANGE_TOLD : e->turn.began;
	e->is_told = 1;
}

/* A journey begins: of what its sender writes it is known by now. */
static __always_inline void exchange_journey(struct stream *s)
{
	if (!stitch)
		return;
	s->exchange = s->next_exchange;
	s->next_exchange &= ~EXCHANGE_TOLD;
}

#endif
