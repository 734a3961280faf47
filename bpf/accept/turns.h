/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_TURNS_H
#define PMOAS_ACCEPT_TURNS_H

/*
 * Requests, told from the order of reads and writes alone: a request begins with the first read after a write on the
 * connection that the sidecar accepted, and goes on with the first write after a read on the one it opened. Payloads are not
 * looked at, so it works under encryption and for any protocol of turns; several requests in one turn count as one.
 */

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
	struct pmoas_pending *p = pmoas_pending_of(c->tag.container);

	if (!p)
		return;
	c->turn = 1;
	c->turn_thread = pmoas_thread();
	/* The first request is counted from the accept: that is the delay a caller with a new connection has. */
	c->turn_began = c->served || !c->accepted_ns ? bpf_ktime_get_ns() : c->accepted_ns;
	c->turn_slot = pmoas_pending_begin(p, c->turn_began);
}

static __always_inline void request_answered(struct connection *c)
{
	struct pmoas_pending *p = pmoas_pending_of(c->tag.container);

	c->turn = 0;
	if (!p)
		return;
	if (c->turn_thread != pmoas_thread())
		p->changes_threads = 1;
	if (pmoas_pending_end(p, c->turn_slot, c->turn_began, true))
		c->served = 1;
}

static __always_inline void request_forwarded(const struct sock *sk, struct connection *c)
{
	struct pmoas_pending *p;
	struct accept_totals *t;
	__u64 began;
	__u32 slot;

	c->turn = 1;
	c->requests++;
	p = pmoas_pending_of(c->tag.container);
	if (p && c->requests == 1 && !c->before_us)
		pmoas_pending_learn(p, c->begun, c->taken == PMOAS_TAKEN_NONE_PENDING);
	/* The first one was taken when the connection was opened for it. */
	if (c->requests == 1 && !c->before_us && c->taken != PMOAS_TAKEN_NONE_PENDING)
		return;
	if (p)
		pmoas_pending_take(p, &began, &slot);
	if (!c->inside || (c->requests == 1 && !c->before_us))
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
		c->turn = 0;
	else if (!c->turn)
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
		if (c->turn)
			request_answered(c);
	} else if (!c->turn) {
		request_forwarded(sk, c);
	}
}

#endif
