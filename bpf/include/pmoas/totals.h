/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_TOTALS_H
#define PMOAS_TOTALS_H

/*
 * Where a plugin's results go: the totals of each container, and the count of what was lost. Before it includes this, a program defines
 * what both are, `struct PMOAS_TOTALS` and `struct PMOAS_LOSSES`; the second has an array `lost`, and the first of enum lost_reason is
 * LOST_TOTALS.
 */

/* Containers that ended stay until their last numbers were read; entries are made on demand. Set by user space before load. */
#define PMOAS_MAX_CONTAINERS 4096

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_CONTAINERS);
	__type(key, __u32); /* container */
	__type(value, struct PMOAS_TOTALS);
} totals SEC(".maps");

/*
 * One value for all CPUs, where the kernel has no memory ready for one on each: it keeps little of that, and may want a moment to get more, while
 * containers begin by the dozen. User space adds it to what is in totals (sdk/Metrics/TotalsReader.cs).
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_CONTAINERS);
	__type(key, __u32);
	__type(value, struct PMOAS_TOTALS);
} totals_shared SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct PMOAS_LOSSES);
} losses SEC(".maps");

static const struct PMOAS_TOTALS no_totals;

/* Atomic for the reason given in histogram.h, and because a value in totals_shared is of all CPUs. */
#define ADD(member, amount) __sync_fetch_and_add(&(member), (amount))

static __always_inline void lost(enum lost_reason reason)
{
	__u32 zero = 0;
	struct PMOAS_LOSSES *l = bpf_map_lookup_elem(&losses, &zero);

	if (l)
		ADD(l->lost[reason], 1);
}

static __always_inline struct PMOAS_TOTALS *totals_of(__u32 container)
{
	struct PMOAS_TOTALS *t = bpf_map_lookup_elem(&totals, &container);

	if (t)
		return t;
	bpf_map_update_elem(&totals, &container, &no_totals, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&totals, &container);
	if (t)
		return t;
	bpf_map_update_elem(&totals_shared, &container, &no_totals, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&totals_shared, &container);
	if (!t)
		lost(LOST_TOTALS);
	return t;
}

#endif
