/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_SCHEDULING_H
#define PMOAS_RESOURCE_USAGE_SCHEDULING_H

/*
 * How long threads waited for a CPU, and how often they left it. The kernel keeps both of every thread anyway
 * (/proc/PID/schedstat, /proc/PID/status), waits after preemption and migrations between queues included. So wake-ups need
 * no hook: when a thread leaves the CPU, what its counters gained is the wait before the run that ends here, and the way it
 * ends.
 */
#define PF_KTHREAD 0x00200000
#define TASK_DEAD 0x80
#define MAX_THREADS 65536

/* How much of each is in the totals already. Not task storage: before 6.4 it is not safe to make under a run queue's lock. */
struct thread {
	__u64 task; /* its address: an exec in a thread that is not the first gives it the id of the first */
	__u64 run_delay;
	__u64 voluntary;
	__u64 involuntary;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u32); /* thread id */
	__type(value, struct thread);
} threads SEC(".maps");

/*
 * A thread is met for the first time. One that leaves the CPU for the first time in its life was born in its container, and all
 * it did counts; of one that is older only what it does from now on.
 */
static __always_inline void thread_met(const struct thread *now, struct thread *before)
{
	*before = *now;
	if (now->voluntary + now->involuntary == 1)
		__builtin_memset(before, 0, sizeof(*before));
}

static __always_inline void leaves_cpu(struct task_struct *task)
{
	struct thread now, before, *known;
	struct resource_usage_totals *t;
	struct pmoas_tag *tag;
	bool dead;
	__u32 id;

	if (task->flags & PF_KTHREAD)
		return;
	id = task->pid;
	dead = task->__state & TASK_DEAD;
	tag = pmoas_task_tag(task);
	if (!tag) {
		if (dead) /* it may have left a container alive */
			bpf_map_delete_elem(&threads, &id);
		return;
	}
	now.task = (__u64)task;
	now.run_delay = task->sched_info.run_delay;
	now.voluntary = task->nvcsw;
	now.involuntary = task->nivcsw;
	known = bpf_map_lookup_elem(&threads, &id);
	if (known && known->task == now.task) {
		before = *known;
		*known = now; /* nobody else writes it: a thread leaves one CPU at a time */
	} else {
		thread_met(&now, &before);
		if (!dead && bpf_map_update_elem(&threads, &id, &now, BPF_ANY))
			lost(LOST_THREAD);
	}
	if (dead && known)
		bpf_map_delete_elem(&threads, &id);
	if (now.voluntary + now.involuntary == before.voluntary + before.involuntary)
		return;
	t = totals_of(tag->container);
	if (!t)
		return;
	ADD(t->context_switches[SWITCH_VOLUNTARY], now.voluntary - before.voluntary);
	ADD(t->context_switches[SWITCH_INVOLUNTARY], now.involuntary - before.involuntary);
	pmoas_histogram_observe(&t->run_queue_delay, now.run_delay - before.run_delay);
}

#endif
