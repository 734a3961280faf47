/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_REPORT_H
#define PMOAS_ACCEPT_REPORT_H

/* Where results go: the totals of each container, the count of what was lost, and events for those who watch. */

/* Containers that ended stay until their last numbers were read; entries are made on demand, 3 KiB per CPU each. */
#define MAX_CONTAINERS 4096

/* Set before load: somebody watches single events. When false the verifier removes all that makes them. */
const volatile bool live = false;

PMOAS_RING(events, 1 << 20);
PMOAS_EVENT(accept_event);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u32); /* container */
	__type(value, struct accept_totals);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct accept_losses);
} losses SEC(".maps");

static const struct accept_totals no_totals;

/* Atomic for the reason given in histogram.h. */
#define ADD(member, amount) __sync_fetch_and_add(&(member), (amount))

static __always_inline void lost(enum lost_reason reason)
{
	__u32 zero = 0;
	struct accept_losses *l = bpf_map_lookup_elem(&losses, &zero);

	if (l)
		ADD(l->lost[reason], 1);
}

static __always_inline struct accept_totals *totals_of(__u32 container)
{
	struct accept_totals *t = bpf_map_lookup_elem(&totals, &container);

	if (t)
		return t;
	bpf_map_update_elem(&totals, &container, &no_totals, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&totals, &container);
	if (!t)
		lost(LOST_TOTALS);
	return t;
}

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
