// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/event.h>
#include "bad_probe.h"

const volatile bool emit = false; /* set by BadProbe before load */
PMOAS_EVENT(bad_event);
PMOAS_RING(events, 64 * 1024);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bad_totals);
} totals SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state, const struct sock *sk, int old_state, int new_state)
{
	__u32 zero = 0;
	struct bad_totals *t = bpf_map_lookup_elem(&totals, &zero);
	struct bad_event *e;

	if (t)
		__sync_fetch_and_add(&t->transitions, 1);
	if (!emit)
		return 0;
	e = pmoas_event_reserve(&events, &events_count, sizeof(*e));
	if (!e)
		return 0;
	e->time = bpf_ktime_get_ns();
	e->old_state = old_state;
	e->new_state = new_state;
	pmoas_event_submit(e);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
