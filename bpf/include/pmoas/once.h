/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ONCE_H
#define PMOAS_ONCE_H

/*
 * Each change of state is handled once, also one that comes while another is being handled on the same CPU.
 *
 * The kernel does not run a tracing program inside itself: when a softirq interrupts the program in a task, what changes
 * in the softirq is skipped and only shows in the program's recursion_misses. So two programs are attached to the
 * tracepoint. The first, where it runs, leaves the socket here; the second does the work where the first left nothing.
 *
 * Two places are enough. A change that a softirq can interrupt is one of a socket that its task owns; a socket that nobody
 * owns changes with softirqs off. So an owned socket's change is never inside another one, and when it begins or ends,
 * whatever stands in the other place was left for a second program that did not run (it would have interrupted itself), and
 * must not be taken for a later change: memory of closed sockets is soon another socket's.
 */
struct pmoas_once {
	__u64 owned; /* the socket that the first program has run for */
	__u64 unowned;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pmoas_once);
} once SEC(".maps");

static __always_inline bool pmoas_is_owned(const struct sock *sk)
{
	return ((const struct sock___lock *)sk)->sk_lock.owned;
}

/* In the first program, before anything else that takes time. */
static __always_inline void pmoas_once_begin(const struct sock *sk)
{
	__u32 zero = 0;
	struct pmoas_once *o = bpf_map_lookup_elem(&once, &zero);

	if (!o)
		return;
	if (pmoas_is_owned(sk)) {
		o->unowned = 0;
		o->owned = (__u64)sk;
	} else {
		o->unowned = (__u64)sk;
	}
}

/* In the second: has the first run for this change? */
static __always_inline bool pmoas_once_end(const struct sock *sk)
{
	__u32 zero = 0;
	struct pmoas_once *o = bpf_map_lookup_elem(&once, &zero);
	bool ran;

	if (!o)
		return false;
	if (pmoas_is_owned(sk)) {
		ran = o->owned == (__u64)sk;
		o->owned = 0;
	} else {
		ran = o->unowned == (__u64)sk;
	}
	o->unowned = 0;
	return ran;
}

#endif
