/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ONCE_H
#define PMOAS_ONCE_H

/*
 * Each change of state is handled once, also one that comes while another is being handled on the same CPU.
 *
 * The kernel does not run a tracing program inside itself: when a softirq interrupts the program in a task, what changes
 * in the softirq is skipped and only shows in the program's recursion_misses. So two programs are attached to the
 * tracepoint. The first, where it runs, leaves the socket here; the second does the work where the first left nothing.
 * The socket tells the two changes apart: while a task holds its lock, a softirq does not change its state.
 */
struct pmoas_once {
	__u64 socket; /* the first program has run for */
	__u64 interrupted; /* what was here before */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pmoas_once);
} once SEC(".maps");

/* In the first program. */
static __always_inline void pmoas_once_begin(const struct sock *sk)
{
	__u32 zero = 0;
	struct pmoas_once *o = bpf_map_lookup_elem(&once, &zero);

	if (!o)
		return;
	o->interrupted = o->socket;
	o->socket = (__u64)sk;
}

/* In the second: has the first run for this change? */
static __always_inline bool pmoas_once_end(const struct sock *sk)
{
	__u32 zero = 0;
	struct pmoas_once *o = bpf_map_lookup_elem(&once, &zero);
	__u64 socket = (__u64)sk;

	if (!o || o->socket != socket)
		return false;
	o->socket = o->interrupted == socket ? 0 : o->interrupted;
	return true;
}

#endif
