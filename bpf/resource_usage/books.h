/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_BOOKS_H
#define PMOAS_RESOURCE_USAGE_BOOKS_H

/* Where results go: the totals of each container, and the count of what was lost. */

/* Containers that ended stay until their last numbers were read; entries are made on demand, 1.5 KiB per CPU each. */
#define MAX_CONTAINERS 4096

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, __u32); /* container */
	__type(value, struct resource_usage_totals);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct resource_usage_losses);
} losses SEC(".maps");

static const struct resource_usage_totals no_totals;

/* Atomic for the reason given in histogram.h. */
#define ADD(member, amount) __sync_fetch_and_add(&(member), (amount))

static __always_inline void lost(enum lost_reason reason)
{
	__u32 zero = 0;
	struct resource_usage_losses *l = bpf_map_lookup_elem(&losses, &zero);

	if (l)
		ADD(l->lost[reason], 1);
}

static __always_inline void unattributed(enum unattributed_reason reason)
{
	__u32 zero = 0;
	struct resource_usage_losses *l = bpf_map_lookup_elem(&losses, &zero);

	if (l)
		ADD(l->unattributed[reason], 1);
}

static __always_inline struct resource_usage_totals *totals_of(__u32 container)
{
	struct resource_usage_totals *t = bpf_map_lookup_elem(&totals, &container);

	if (t)
		return t;
	bpf_map_update_elem(&totals, &container, &no_totals, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&totals, &container);
	if (!t)
		lost(LOST_TOTALS);
	return t;
}

#endif
