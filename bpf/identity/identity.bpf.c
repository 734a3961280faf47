// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/identity.h>
#include <pmoas/redirected.h>
#include <pmoas/socket.h>
#include "new_cgroup.h"

/*
 * Tags the sockets that a container's processes already hold, so that what was opened before the daemon came is known
 * too. The host narrows the walk to one process.
 */
SEC("iter/task_file")
int enrol_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct pmoas_tag *tag, *held;
	struct sock *sk;
	__u16 family;

	sk = pmoas_socket_of_file(file);
	if (!task || !sk)
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	tag = pmoas_task_tag(task);
	if (!tag)
		return 0;
	held = bpf_sk_storage_get(&pmoas_sockets, sk, tag, BPF_SK_STORAGE_GET_F_CREATE);
	if (held)
		*held = *tag;
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(tag_new_cgroup, struct cgroup *cgroup)
{
	struct cgroup *parent = cgroup->self.parent ? cgroup->self.parent->cgroup : NULL;
	struct new_container made = {};
	struct pmoas_tag *above;
	__u64 id, parent_id;

	if (!parent || !is_of_our_hierarchy(cgroup))
		return 0;
	id = cgroup->kn->id;
	if (tag_new_containers && read_id(BPF_CORE_READ(cgroup, kn, name), made.id)) {
		made.tag.container = GIVEN_BY_KERNEL + __sync_add_and_fetch(&last_container, 1);
		made.tag.pod = pod_of(parent);
		made.tag.role = PMOAS_ROLE_SERVICE;
		/* The tag first: what is in new_containers and has none is gone. */
		if (!bpf_map_update_elem(&pmoas_containers, &id, &made.tag, BPF_ANY))
			bpf_map_update_elem(&new_containers, &id, &made, BPF_ANY);
		return 0;
	}
	/* What a container makes below itself is its own. */
	parent_id = parent->kn->id;
	above = bpf_map_lookup_elem(&pmoas_containers, &parent_id);
	if (above) {
		made.tag = *above;
		bpf_map_update_elem(&pmoas_containers, &id, &made.tag, BPF_ANY);
	}
	return 0;
}

/* Nobody is inside any more. What was made of a container that nobody has taken over yet stays in new_containers. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(untag_removed_cgroup, struct cgroup *cgroup)
{
	__u64 id = cgroup->kn->id;

	if (!is_of_our_hierarchy(cgroup))
		return 0;
	bpf_map_delete_elem(&pmoas_containers, &id);
	bpf_map_delete_elem(&pod_cgroups, &id);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
