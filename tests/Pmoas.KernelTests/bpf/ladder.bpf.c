// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The same thing noticed from every rung: a task of watched_pid calls getppid. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const volatile __u32 watched_pid;
const volatile __u32 syscall_number;
__u64 seen;
__u64 walked;

/* The kernel refuses to attach a program that reads beyond the record, and getppid has no arguments. */
struct sys_enter_args {
	__u64 common;
	__s32 number;
};

struct walk_meta {
	void *seq;
};

struct walk {
	struct walk_meta *meta;
	void *task;
};

static __always_inline int notice(void)
{
	if (bpf_get_current_pid_tgid() >> 32 == watched_pid)
		__sync_fetch_and_add(&seen, 1);
	return 0;
}

SEC("fexit/__x64_sys_getppid")
int by_fexit(void *ctx)
{
	return notice();
}

SEC("fentry/__x64_sys_getppid")
int by_fentry(void *ctx)
{
	return notice();
}

SEC("fexit/inet_csk_accept")
int accept_by_fexit(void *ctx)
{
	return 0;
}

SEC("kprobe/__x64_sys_getppid")
int by_kprobe(void *ctx)
{
	return notice();
}

SEC("tp_btf/sys_enter")
int by_tp_btf(__u64 *ctx)
{
	return ctx[1] == syscall_number ? notice() : 0;
}

SEC("raw_tp/sys_enter")
int by_raw_tp(__u64 *ctx)
{
	return ctx[1] == syscall_number ? notice() : 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int by_tracepoint(struct sys_enter_args *ctx)
{
	return ctx->number == syscall_number ? notice() : 0;
}

SEC("tracepoint/syscalls/sys_enter_no_such_call")
int by_nothing(void *ctx)
{
	return notice();
}

/* The verifier rejects it: an unchecked pointer. */
SEC("raw_tp/sys_exit")
int rejected(__u64 *ctx)
{
	return *(int *)ctx[0];
}

SEC("iter/task")
int walk_tasks(struct walk *ctx)
{
	void *seq = ctx->meta->seq;
	__u32 one = 1;

	if (!ctx->task)
		return 0;
	walked++;
	bpf_seq_write(seq, &one, sizeof(one));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
