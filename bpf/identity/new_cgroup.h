/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_NEW_CGROUP_H
#define PMOAS_NEW_CGROUP_H

/*
 * Tags a container before its first process can enter its cgroup. The kernel tells of a cgroup before anybody can see its directory, so
 * nothing that a container does comes too early; user space, told by inotify some milliseconds later, takes the ids over, says the role
 * and may say another pod. Which names are a container's is what host/Pods/Cgroups/ContainerCgroup.cs says.
 */
/* User space numbers below this: what existed before, and what only its configuration calls a container. */
#define GIVEN_BY_KERNEL 0x80000000u

#define NAME_BYTES 256 /* kernfs allows 255 */
#define ID_CHARS 64
#define UID_CHARS 36
#define HASH_CHARS 32

/* What has been made and not yet taken over. What nobody takes is the first to be forgotten. */
#define MAX_NEW_CONTAINERS 4096

struct new_container {
	struct pmoas_tag tag;
	char id[ID_CHARS]; /* the runtime's; no NUL behind it */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_NEW_CONTAINERS);
	__type(key, __u64); /* cgroup id */
	__type(value, struct new_container);
} new_containers SEC(".maps");

/* The number of the pod whose containers' cgroups are made in this one. User space writes those it knows, for a container that starts again. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_PODS);
	__type(key, __u64); /* cgroup id */
	__type(value, struct pmoas_pod);
} pod_cgroups SEC(".maps");

__u32 last_container, last_pod;

/* Set while user space looks at every cgroup; what only others tell of is tagged when they do. */
bool tag_new_containers = false;

/* False for a cgroup of another hierarchy than the one that tells containers apart. */
static __always_inline bool is_of_our_hierarchy(struct cgroup *cgroup)
{
	__u32 memory;

	if (!pmoas_cgroup_v1)
		return BPF_CORE_READ(cgroup, root, hierarchy_id) == 0; /* v2's, always */
	memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	return cgroup->subsys[memory] != NULL;
}

/* A function of its own, for its stack. 0 for a name that is none. */
static __noinline __u32 length_of(const char *name)
{
	char all[NAME_BYTES];
	long length = bpf_probe_read_kernel_str(all, sizeof(all), name);

	return length > 0 && length <= NAME_BYTES ? length - 1 : 0;
}

/* Whether TEXT stands at a place in a name; a comparison with memcmp would be a call, which no program may make. */
#define STANDS_AT(name, TEXT)                                                                                          \
	({                                                                                                             \
		char found[sizeof(TEXT)] = {};                                                                         \
		bool same = true;                                                                                      \
		bpf_probe_read_kernel(found, sizeof(TEXT) - 1, name);                                                  \
		for (int i = 0; i < (int)sizeof(TEXT) - 1; i++)                                                        \
			same = same && found[i] == (TEXT)[i];                                                          \
		same;                                                                                                  \
	})

#define ENDS_WITH(name, length, TEXT)                                                                                  \
	((length) >= sizeof(TEXT) - 1 && STANDS_AT((name) + (length) - (sizeof(TEXT) - 1), TEXT))
#define IS(name, length, TEXT) ((length) == sizeof(TEXT) - 1 && STANDS_AT(name, TEXT))

/* What may stand before a runtime's id; runc's way is slice:prefix:id. */
static __always_inline bool is_prefix(const char *name, __u32 length)
{
	return length == 0 || ENDS_WITH(name, length, ":") || IS(name, length, "cri-containerd-") ||
	       IS(name, length, "crio-") || IS(name, length, "docker-") || IS(name, length, "libpod-");
}

/* Reads the runtime's id out of a cgroup's name; false when it is no container's. */
static __always_inline bool read_id(const char *name, char id[ID_CHARS])
{
	__u32 length = length_of(name);

	if (ENDS_WITH(name, length, ".scope"))
		length -= sizeof(".scope") - 1;
	if (length < ID_CHARS)
		return false;
	bpf_probe_read_kernel(id, ID_CHARS, name + length - ID_CHARS);
	for (int i = 0; i < ID_CHARS; i++) {
		if ((id[i] < '0' || id[i] > '9') && (id[i] < 'a' || id[i] > 'f'))
			return false;
	}
	return is_prefix(name, length - ID_CHARS);
}

/* True for the cgroup that the kubelet makes for a pod, pod + UID; a static pod's UID is a hash, without hyphens. */
static __always_inline bool is_pod(const char *name)
{
	__u32 length = length_of(name);

	if (ENDS_WITH(name, length, ".slice"))
		length -= sizeof(".slice") - 1;
	return (length > UID_CHARS && ENDS_WITH(name, length - UID_CHARS, "pod")) ||
	       (length > HASH_CHARS && ENDS_WITH(name, length - HASH_CHARS, "pod"));
}

/* The pod of a container: that of the cgroup it is in, if that is a pod's; else one of its own, until user space knows better. */
static __always_inline __u32 pod_of(struct cgroup *parent)
{
	__u64 id = parent->kn->id;
	struct pmoas_pod *known = bpf_map_lookup_elem(&pod_cgroups, &id), made;

	if (known)
		return known->pod;
	made.pod = GIVEN_BY_KERNEL + __sync_add_and_fetch(&last_pod, 1);
	if (is_pod(BPF_CORE_READ(parent, kn, name))) {
		bpf_map_update_elem(&pod_cgroups, &id, &made, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&pod_cgroups, &id);
	}
	return known ? known->pod : made.pod;
}

#endif
