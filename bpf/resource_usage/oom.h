/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_OOM_H
#define PMOAS_RESOURCE_USAGE_OOM_H

/*
 * The OOM killer chose a victim. The kernel marks each of its threads that meets the killer again while it dies: a process counts
 * once, told by its group leader.
 */
#define MAX_RECENT_VICTIMS 256

struct victim {
	__u64 started; /* ns since boot */
	__u32 process;
	__u32 unused; /* keys are compared byte by byte */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_RECENT_VICTIMS);
	__type(key, struct victim);
	__type(value, __u32);
} victims SEC(".maps");

static __always_inline void oom_killed(struct task_struct *task)
{
	struct pmoas_tag *tag = pmoas_task_tag(task);
	struct resource_usage_totals *t;
	struct victim victim = {};
	__u32 one = 1;

	if (!tag)
		return;
	victim.process = task->tgid;
	victim.started = task->group_leader->start_boottime;
	if (bpf_map_update_elem(&victims, &victim, &one, BPF_NOEXIST))
		return;
	t = totals_of(tag->container);
	if (t)
		ADD(t->oom_kills, 1);
}

#endif
