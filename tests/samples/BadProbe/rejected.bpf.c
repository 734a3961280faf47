// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bad_probe.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bad_totals);
} totals SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state, const struct sock *sk, int old_state, int new_state)
{
	__u32 zero = 0;
	struct bad_totals *t = bpf_map_lookup_elem(&totals, &zero);

	/* No check for NULL: the verifier must say no. A hash, because newer kernels know that an array has its key 0. */
	t->transitions++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
