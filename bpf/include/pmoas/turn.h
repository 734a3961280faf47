/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_TURN_H
#define PMOAS_TURN_H

#include <pmoas/pending.h>

/*
 * Requests, told from the order of reads and writes alone: a request begins with the first read after a write on a
 * connection that the sidecar accepted, and goes on with the first write after a read on one that it opened. Payloads are not
 * looked at, so it works under encryption and for any protocol of turns; several requests in one turn count as one.
 *
 * Kept by each connection of a sidecar. All is called in the thread that reads, writes or connects, but what ends a connection.
 */
struct pmoas_turn {
	__u64 began; /* accepted: what its request was begun with; opened: what that was begun with which its connect took */
	__u32 slot; /* the same request's, in struct pmoas_pending */
	__u32 thread; /* accepted: who read the request */
	__u32 requests; /* opened: how many went over it; 1 to begin with where it was open before us */
	__u32 begun; /* opened: requests of its sidecar that had begun when it connected */
	__u8 is_under_way;
	__u8 taken; /* enum pmoas_taken, of the connect */
	__u8 unused[6];
};

/* The sidecar opens a connection. */
static __always_inline void pmoas_turn_connect(struct pmoas_turn *t, __u32 container)
{
	struct pmoas_pending *p = pmoas_pending_of(container);

	t->taken = PMOAS_TAKEN_AMBIGUOUS;
	if (!p)
		return;
	t->begun = p->begun;
	t->taken = pmoas_pending_connect(p, &t->began, &t->slot);
}

/* In vain. */
static __always_inline void pmoas_turn_connect_failed(const struct pmoas_turn *t, __u32 container)
{
	struct pmoas_pending *p;

	if (t->taken != PMOAS_TAKEN)
		return;
	p = pmoas_pending_of(container);
	if (p)
		pmoas_pending_give_back(p, t->slot, t->began);
}

/* A request is read from an accepted connection, where none is under way. No two of a sidecar begin with the same number. */
static __always_inline void pmoas_turn_begin(struct pmoas_turn *t, __u32 container, __u64 began)
{
	struct pmoas_pending *p = pmoas_pending_of(container);

	if (!p)
		return;
	t->is_under_way = 1;
	t->thread = pmoas_thread();
	t->began = began;
	t->slot = pmoas_pending_begin(p, began);
}

/* The sidecar writes to an opened connection, where no request is under way. *began is set when it is certain for which request. */
static __always_inline enum pmoas_taken pmoas_turn_forward(struct pmoas_turn *t, __u32 container, __u64 *began)
{
	struct pmoas_pending *p = pmoas_pending_of(container);
	__u32 slot;

	t->is_under_way = 1;
	t->requests++;
	if (!p)
		return PMOAS_TAKEN_AMBIGUOUS;
	if (t->requests == 1) {
		pmoas_pending_learn(p, t->begun, t->taken == PMOAS_TAKEN_NONE_PENDING);
		/* The first one was taken when the connection was opened for it. */
		if (t->taken != PMOAS_TAKEN_NONE_PENDING) {
			*began = t->began;
			return t->taken;
		}
	}
	return pmoas_pending_take(p, began, &slot);
}

/* The sidecar writes to an accepted connection, whose request is under way. False: it answered that itself. */
static __always_inline bool pmoas_turn_answer(struct pmoas_turn *t, __u32 container)
{
	struct pmoas_pending *p = pmoas_pending_of(container);

	t->is_under_way = 0;
	if (!p)
		return false;
	if (t->thread != pmoas_thread())
		p->changes_threads = 1;
	return pmoas_pending_end(p, t->slot, t->began, true);
}

/* An accepted connection has ended. */
static __always_inline void pmoas_turn_abandon(struct pmoas_turn *t, __u32 container)
{
	struct pmoas_pending *p;

	if (!t->is_under_way)
		return;
	t->is_under_way = 0;
	p = pmoas_pending_of(container);
	if (p)
		pmoas_pending_end(p, t->slot, t->began, false);
}

#endif
