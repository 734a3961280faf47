// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __s32 only_state = 0; /* 0: all states; set by NoOpProbe before load */

struct no_op_totals {
	__u64 transitions;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct no_op_totals);
} totals SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(count_state, const struct sock *sk, int old_state, int new_state)
{
	__u32 zero = 0;
	struct no_op_totals *t;

	if (only_state && new_state != only_state)
		return 0;
	t = bpf_map_lookup_elem(&totals, &zero);
	if (t)
		/* Atomic although per-CPU: a softirq may come between this task's load and its store. */
		__sync_fetch_and_add(&t->transitions, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
