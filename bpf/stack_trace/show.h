/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_SHOW_H
#define PMOAS_STACK_TRACE_SHOW_H

/* Journeys for those who watch: a few of each kind, for a ring that takes every one would cost more than all else. */

/* Set before load: somebody watches. When false the verifier removes all of this. */
const volatile bool live = false;

/* Between two of one pod, leg and direction on one CPU; set before load. */
const volatile __u64 show_every_ns = 100000000;

PMOAS_RING(events, 1 << 20);
PMOAS_EVENT(journey_event);

static __always_inline void show(const struct stream *s, struct journeys *j, __u64 now)
{
	const struct sock *sk = (const struct sock *)(s->receiver ?: s->sender);
	struct journey_event *e;
	struct pmoas_tuple t;
	bool sends = !s->receiver;

	if (!live || now - j->shown_ns < show_every_ns)
		return;
	j->shown_ns = now;
	e = pmoas_event_reserve(&events, &events_count, sizeof(*e));
	if (!e)
		return;
	pmoas_tuple_at(sk, &t);
	__builtin_memcpy(e->at, s->at, sizeof(e->at));
	__builtin_memcpy(e->source_address, sends ? t.local_address : t.remote_address, sizeof(e->source_address));
	__builtin_memcpy(e->destination_address, sends ? t.remote_address : t.local_address,
			 sizeof(e->destination_address));
	e->container = s->container;
	e->byte = s->byte;
	e->source_port = sends ? t.local_port : t.remote_port;
	e->destination_port = sends ? t.remote_port : t.local_port;
	e->leg = s->leg;
	e->direction = s->direction;
	e->unused = 0;
	pmoas_event_submit(e);
}

#endif
