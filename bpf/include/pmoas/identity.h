/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_IDENTITY_H
#define PMOAS_IDENTITY_H

#include <pmoas/tag.h>

/*
 * Who is this? A process belongs to a container by its cgroup, a socket by the tag it was given when it was first seen
 * in task context, a packet to a pod by its network namespace. The three maps are made by bpf/identity and shared by every
 * object that includes this header; the host fills the first two.
 */
#define PMOAS_MAX_CGROUPS 16384 /* several per container where a container nests its own; entries are made on demand */
#define PMOAS_MAX_PODS 4096

/* true: read the id of the v1 memory hierarchy's cgroup; false: of the v2 one. Set by the host before load. */
const volatile bool pmoas_cgroup_v1 = false;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_CGROUPS);
	__type(key, __u64); /* cgroup id: inode number of its directory */
	__type(value, struct pmoas_tag);
} pmoas_containers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_PODS);
	__type(key, __u64); /* network namespace cookie */
	__type(value, struct pmoas_pod);
} pmoas_pods SEC(".maps");

/* BPF_F_CLONE: a connection that a listener accepts starts with the listener's tag, already in softirq. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct pmoas_tag);
} pmoas_sockets SEC(".maps");

/*
 * For a task whose type the verifier knows, a tp_btf or iterator argument or bpf_get_current_task_btf(): plain loads, for what runs
 * at every context switch.
 */
static __always_inline __u64 pmoas_cgroup_id(struct task_struct *task)
{
	__u32 memory;

	if (!pmoas_cgroup_v1)
		return task->cgroups->dfl_cgrp->kn->id;
	memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	return task->cgroups->subsys[memory]->cgroup->kn->id;
}

/* The tag of a task's container, or NULL. */
static __always_inline struct pmoas_tag *pmoas_task_tag(struct task_struct *task)
{
	__u64 id = pmoas_cgroup_id(task);

	return bpf_map_lookup_elem(&pmoas_containers, &id);
}

/* The tag of the running task's container, or NULL; only in task context. */
static __always_inline struct pmoas_tag *pmoas_current_tag(void)
{
	return pmoas_task_tag(bpf_get_current_task_btf());
}

/* The tag a socket was given, or NULL. */
static __always_inline struct pmoas_tag *pmoas_socket_tag(const void *sk)
{
	return bpf_sk_storage_get(&pmoas_sockets, (void *)sk, 0, 0);
}

/* Gives a socket the tag of the running task's container, which it returns; NULL, and the socket as it was, when that is nobody's. */
static __always_inline struct pmoas_tag *pmoas_tag_socket(void *sk)
{
	struct pmoas_tag *tag = pmoas_current_tag(), *held;

	if (!tag)
		return NULL;
	held = bpf_sk_storage_get(&pmoas_sockets, sk, tag, BPF_SK_STORAGE_GET_F_CREATE);
	if (held)
		*held = *tag;
	return tag;
}

#endif
