// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/identity.h>
#include <pmoas/redirected.h>
#include <pmoas/socket.h>

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

char LICENSE[] SEC("license") = "Dual MIT/GPL";
