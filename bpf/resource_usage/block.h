/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_BLOCK_H
#define PMOAS_RESOURCE_USAGE_BLOCK_H

/*
 * How many block requests were made, and how long they took from there to their end. Neither needs a table: a request knows when it
 * was made, and its bio which block I/O group is charged, also where a kernel thread makes it (writeback on cgroup v2).
 *
 * They are counted when they are made, in a task, and not when they end: that is told in a device's interrupt, and a kernel was seen
 * to run no program at all in some of those (its own count of the interrupt went up, irq_handler_entry was not told either, nor is
 * it among the misses). So the histograms may have fewer than there were, never more.
 */
#define REQ_OP_MASK 0xff
#define REQ_OP_READ 0
#define REQ_OP_WRITE 1
#define LOOP_MAJOR 7
#define MINOR_BITS 20
#define MAX_IO_GROUPS 16384

/*
 * On cgroup v1 block I/O groups are a hierarchy of their own, with ids of their own: which belongs to which memory cgroup, and so
 * container, is learned from the tasks that submit. LRU: containers come and go, and the next submission learns anew.
 */
struct io_group {
	__u64 memory; /* cgroup id */
	__u64 shared; /* by containers that are not the same */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_IO_GROUPS);
	__type(key, __u64); /* cgroup id in the block I/O hierarchy */
	__type(value, struct io_group);
} io_groups SEC(".maps");

/*
 * Bios that their group does not lead back to the container, though a task of it submits them: the kernel charges an ancestor
 * while it has no memory for a new group's books, and where the container has no group of its own. By the bio's address; every bio
 * that becomes a request passes here, so an entry left behind does not outlive the next use of the address.
 */
#define MAX_STRAY_BIOS 16384

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_STRAY_BIOS);
	__type(key, __u64);
	__type(value, __u32); /* container */
} stray_bios SEC(".maps");

/* The cgroup a bio is charged to; NULL when none is. */
static __always_inline struct cgroup_subsys_state *io_group_of(struct bio *bio)
{
	struct blkcg_gq *group;
	struct blkcg *blkcg;

	if (!bpf_core_field_exists(bio->bi_blkg))
		return NULL;
	group = bio->bi_blkg;
	if (!group)
		return NULL;
	blkcg = group->blkcg;
	return blkcg ? &blkcg->css : NULL;
}

static __always_inline bool is_same_container(__u64 memory, const struct pmoas_tag *tag)
{
	struct pmoas_tag *other = bpf_map_lookup_elem(&pmoas_containers, &memory);

	return !other || other->container == tag->container;
}

/* Learns or confirms that this group is this container's; false when it is not, or not only. */
static __always_inline bool is_own_group(__u64 id, struct task_struct *task, const struct pmoas_tag *tag)
{
	struct io_group mine = {}, *known;

	if (!pmoas_cgroup_v1)
		return bpf_map_lookup_elem(&pmoas_containers, &id);
	mine.memory = pmoas_cgroup_id(task);
	known = bpf_map_lookup_elem(&io_groups, &id);
	if (!known) {
		if (!bpf_map_update_elem(&io_groups, &id, &mine, BPF_ANY))
			return true;
		lost(LOST_IO_GROUP);
		return false;
	}
	if (known->memory != mine.memory) {
		if (!is_same_container(known->memory, tag))
			known->shared = 1;
		known->memory = mine.memory;
	}
	return !known->shared;
}

/* The running task submits this bio: remembers whose it is where its group does not tell. */
static __always_inline void learn_owner(struct bio *bio)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pmoas_tag *tag = task->flags & PF_KTHREAD ? NULL : pmoas_task_tag(task);
	struct cgroup_subsys_state *css;
	__u64 address = (__u64)bio;
	__u32 container;

	css = io_group_of(bio);
	if (!tag || (css && css->parent && is_own_group(css->cgroup->kn->id, task, tag))) {
		bpf_map_delete_elem(&stray_bios, &address);
		return;
	}
	container = tag->container;
	if (bpf_map_update_elem(&stray_bios, &address, &container, BPF_ANY))
		lost(LOST_IO_GROUP);
}

static __always_inline struct pmoas_tag *tag_of_io_group(struct cgroup_subsys_state *css)
{
	__u64 id = css->cgroup->kn->id;
	struct io_group *group;

	if (!pmoas_cgroup_v1)
		return bpf_map_lookup_elem(&pmoas_containers, &id);
	group = bpf_map_lookup_elem(&io_groups, &id);
	if (!group || group->shared)
		return NULL;
	return bpf_map_lookup_elem(&pmoas_containers, &group->memory);
}

static __always_inline bool is_shared_group(struct cgroup_subsys_state *css)
{
	__u64 id = css->cgroup->kn->id;
	struct io_group *group = bpf_map_lookup_elem(&io_groups, &id);

	return group && group->shared;
}

/* The container a request was made for; 0 when that cannot be told, or it is nobody's. */
static __always_inline __u32 container_of_bio(struct bio *bio)
{
	struct cgroup_subsys_state *css;
	__u64 address = (__u64)bio;
	struct pmoas_tag *tag;
	__u32 *stray;

	stray = bpf_map_lookup_elem(&stray_bios, &address);
	if (stray)
		return *stray;
	css = io_group_of(bio);
	if (!css || !css->parent)
		return 0;
	tag = tag_of_io_group(css);
	return tag ? tag->container : 0;
}

/* What a loop device is asked for it asks of the device below, in the name of the same group: counted there. */
static __always_inline bool is_counted(struct bio *bio)
{
	return (bio->bi_opf & REQ_OP_MASK) <= REQ_OP_WRITE && bio->bi_bdev->bd_dev >> MINOR_BITS != LOOP_MAJOR;
}

/* A bio was given a request of its own: it was not merged into one that waits. */
static __always_inline void block_made(struct bio *bio)
{
	struct cgroup_subsys_state *css;
	struct resource_usage_totals *t;
	__u32 container;

	learn_owner(bio);
	if (!is_counted(bio))
		return;
	container = container_of_bio(bio);
	if (!container) {
		css = io_group_of(bio);
		if (!css || !css->parent)
			unattributed(UNATTRIBUTED_ROOT);
		else if (is_shared_group(css))
			unattributed(UNATTRIBUTED_SHARED);
		return;
	}
	t = totals_of(container);
	if (t)
		ADD(t->block_requests[(bio->bi_opf & REQ_OP_MASK) == REQ_OP_READ ? BLOCK_READ : BLOCK_WRITE], 1);
}

/* So many bytes of a request are done; some devices finish one in parts. */
static __always_inline void block_completed(struct request *rq, __u32 bytes)
{
	struct resource_usage_totals *t;
	struct bio *bio = rq->bio;
	__u64 made, now;
	__u32 container;

	if (bytes < rq->__data_len || !bio || !is_counted(bio))
		return;
	container = container_of_bio(bio);
	if (!container)
		return;
	made = rq->start_time_ns;
	if (!made) {
		unattributed(UNATTRIBUTED_UNTIMED);
		return;
	}
	t = totals_of(container);
	if (!t)
		return;
	now = bpf_ktime_get_ns();
	pmoas_histogram_observe((rq->cmd_flags & REQ_OP_MASK) == REQ_OP_READ ? &t->block_read : &t->block_write,
				now > made ? now - made : 0);
}

#endif
