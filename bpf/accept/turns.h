/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_TURNS_H
#define PMOAS_ACCEPT_TURNS_H

/* What a sidecar reads and writes, as requests. */

#define MSG_PEEK 2

/* Which end of a connection older than us is this? Asked at its first turn, when all listeners have been walked. */
static __always_inline __u8 direction_of(const struct sock *sk, struct connection *c)
{
	if (c->direction == DIRECTION_UNKNOWN)
		c->direction = pmoas_is_listening(sk) ? DIRECTION_PASSIVE : DIRECTION_ACTIVE;
	return c->direction;
}

static __always_inline void request_began(struct connection *c)
{
	/* The first request is counted from the accept: that is the delay a caller with a new connection has. */
	pmoas_turn_begin(&c->turn, c->tag.container,
			 c->served || !c->accepted_ns ? bpf_ktime_get_ns() : c->accepted_ns);
}

static __always_inline void request_answered(struct connection *c)
{
	if (pmoas_turn_answer(&c->turn, c->tag.container))
		c->served = 1;
}

static __always_inline void request_forwarded(const struct sock *sk, struct connection *c)
{
	struct accept_totals *t;
	__u64 began;

	pmoas_turn_forward(&c->turn, c->tag.container, &began);
	if (!c->inside || c->turn.requests == 1)
		return;
	t = totals_of(c->tag.container);
	if (t)
		ADD(t->reused_requests, 1);
	event(sk, EVENT_REUSE, c->tag.container, bpf_ktime_get_ns(), 0);
}

static __always_inline void received(struct sock *sk)
{
	struct connection *c;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	c = connection_of(sk);
	if (!c)
		return;
	if (!c->settled && c->direction == DIRECTION_PASSIVE)
		settle(sk, c);
	if (c->tag.role != PMOAS_ROLE_SIDECAR)
		return;
	if (direction_of(sk, c) == DIRECTION_ACTIVE)
		c->turn.is_under_way = 0;
	else if (!c->turn.is_under_way)
		request_began(c);
}

static __always_inline void sent(struct sock *sk)
{
	struct connection *c;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	c = connection_of(sk);
	if (!c)
		return;
	if (!c->settled && c->direction == DIRECTION_PASSIVE)
		settle(sk, c);
	if (c->tag.role != PMOAS_ROLE_SIDECAR)
		return;
	if (direction_of(sk, c) == DIRECTION_PASSIVE) {
		if (c->turn.is_under_way)
			request_answered(c);
	} else if (!c->turn.is_under_way) {
		request_forwarded(sk, c);
	}
}

#endif
