// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Maps larger than one batch, filled by the program so that every CPU can have a value of its own. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define ENTRIES 10000

const volatile __u32 entries = ENTRIES;

/* 12 bytes: per-CPU values are 16 apart. */
struct odd {
	__u32 a;
	__u32 b;
	__u32 c;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct odd);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct odd);
} percpu_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct odd);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct odd);
} percpu_array SEC(".maps");

static __always_inline void add(void *map, __u32 key, __u32 by)
{
	struct odd zero = {}, *value = bpf_map_lookup_elem(map, &key);

	if (!value) {
		bpf_map_update_elem(map, &key, &zero, BPF_ANY);
		value = bpf_map_lookup_elem(map, &key);
	}
	if (value) {
		value->a += by;
		value->b += 1;
		value->c = key;
	}
}

static long add_to_all(__u32 key, void *ctx)
{
	add(&hash, key, key);
	add(&percpu_hash, key, key);
	add(&array, key, key);
	return 0;
}

/* Run by hand once per CPU. */
SEC("syscall")
int fill(void *ctx)
{
	bpf_loop(entries, add_to_all, NULL, 0);
	add(&percpu_array, 0, 5);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
