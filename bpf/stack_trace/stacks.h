/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_STACKS_H
#define PMOAS_STACK_TRACE_STACKS_H

/* The kernel's call stack where a packet passes one stage, for who watches and asks for it. */

/* That stage; set before load. */
const volatile __u32 want_stack = STAGE_NONE;

#define MAX_STACKS 4096
#define STACK_DEPTH 64

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, MAX_STACKS);
	__type(key, __u32);
	__uint(value_size, STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* The one that this CPU saw last: at one stage no program interrupts itself. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} current_stack SEC(".maps");

/* Where a program begins that stands for a stage. */
static __always_inline void note_stack(void *ctx, __u32 stage)
{
	__u32 zero = 0, *current;
	__s64 key;

	if (want_stack == STAGE_NONE || stage != want_stack)
		return;
	current = bpf_map_lookup_elem(&current_stack, &zero);
	if (!current)
		return;
	key = bpf_get_stackid(ctx, &stacks, 0);
	*current = key < 0 ? 0 : key + 1; /* less than 0: the place of its sum is another stack's */
}

/* One more than its key in stacks; 0 where none is wanted. */
static __always_inline __u32 stack_at(__u32 stage)
{
	__u32 zero = 0, *current;

	if (want_stack == STAGE_NONE || stage != want_stack)
		return 0;
	current = bpf_map_lookup_elem(&current_stack, &zero);
	return current ? *current : 0;
}

#endif
