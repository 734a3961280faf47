// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Counts what passes a device. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 seen;

SEC("tc")
int count(struct __sk_buff *context)
{
	__sync_fetch_and_add(&seen, 1);
	return -1; /* TCX_NEXT */
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
