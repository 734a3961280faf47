/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_REPORT_H
#define PMOAS_ACCEPT_REPORT_H

/* Where results go: the books, and events for those who watch. */

#define PMOAS_TOTALS accept_totals
#define PMOAS_LOSSES accept_losses
#include <pmoas/totals.h>

/* Set before load: somebody watches single events. When false the verifier removes all that makes them. */
const volatile bool live = false;

PMOAS_RING(events, 1 << 20);
PMOAS_EVENT(accept_event);

static __always_inline struct accept_event *event_begin(const struct sock *sk, __u32 kind, __u32 container, __u64 now,
							__u64 duration)
{
	struct pmoas_tuple tuple;
	struct accept_event *e;

	if (!live)
		return NULL;
	e = pmoas_event_reserve(&events, &events_count, sizeof(*e));
	if (!e)
		return NULL;
	pmoas_tuple_at(sk, &tuple); /* what sees accept() holds an address */
	e->time_ns = now;
	e->duration_ns = duration;
	e->sent_bytes = 0;
	e->received_bytes = 0;
	__builtin_memcpy(e->local_address, tuple.local_address, sizeof(e->local_address));
	__builtin_memcpy(e->remote_address, tuple.remote_address, sizeof(e->remote_address));
	e->container = container;
	e->kind = kind;
	e->result = 0;
	e->local_port = tuple.local_port;
	e->remote_port = tuple.remote_port;
	return e;
}

static __always_inline void event(const struct sock *sk, __u32 kind, __u32 container, __u64 now, __u64 duration)
{
	struct accept_event *e = event_begin(sk, kind, container, now, duration);

	if (e)
		pmoas_event_submit(e);
}

#endif
