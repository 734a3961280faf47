/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_BOOKS_H
#define PMOAS_SOCK_MAP_BOOKS_H

/* Where results go: the totals of each container, and the count of what was lost. */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096); /* containers; set by user space before load */
	__type(key, __u32);
	__type(value, struct sock_map_totals);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sock_map_losses);
} losses SEC(".maps");

static const struct sock_map_totals no_totals;

/* Atomic for the reason given in histogram.h. */
#define ADD(member, amount) __sync_fetch_and_add(&(member), (amount))

static __always_inline void lost(enum lost_reason reason)
{
	__u32 zero = 0;
	struct sock_map_losses *l = bpf_map_lookup_elem(&losses, &zero);

	if (l)
		ADD(l->lost[reason], 1);
}

/* Of container 0, which is nobody, too: a connection between processes outside all pods (SCOPE_ALL_LOCAL). */
static __always_inline struct sock_map_totals *totals_of(__u32 container)
{
	struct sock_map_totals *t = bpf_map_lookup_elem(&totals, &container);

	if (t)
		return t;
	bpf_map_update_elem(&totals, &container, &no_totals, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&totals, &container);
	if (!t)
		lost(LOST_TOTALS);
	return t;
}

static __always_inline void refused(__u32 container, enum refused_reason reason)
{
	struct sock_map_totals *t = totals_of(container);

	if (t)
		ADD(t->refused[reason], 1);
}

#endif
