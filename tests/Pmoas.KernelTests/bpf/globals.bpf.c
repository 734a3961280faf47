// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Constants, globals and a map that two objects share. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <pmoas/event.h>
#include <pmoas/histogram.h>

const volatile __u32 step = 1;
const volatile bool doubled = false;
__u64 total;
__u64 starts_at = 40;

struct shape {
	__u64 id;
	__s32 delta[3];
	__u16 port;
	char comm[16];
	struct pmoas_histogram wait;
	void *next;
};

PMOAS_EVENT(shape);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct pmoas_histogram);
} waits SEC(".maps");

/* Run by hand (BPF_PROG_TEST_RUN). */
SEC("syscall")
int add(void *ctx)
{
	__u64 by = doubled ? step * 2 : step, *value;
	__u32 key = 7;

	total += by;
	starts_at += by;
	value = bpf_map_lookup_elem(&shared, &key);
	if (value)
		__sync_fetch_and_add(value, by);
	else
		bpf_map_update_elem(&shared, &key, &by, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
