// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/identity.h>
#include <pmoas/once.h>
#include <pmoas/socket.h>
#include <pmoas/tcp_counts.h>
#include "resource_usage.h"
#include "books.h"
#include "scheduling.h"
#include "oom.h"
#include "block.h"
#include "network.h"
#include "walk.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(switched, bool preempted, struct task_struct *previous)
{
	leaves_cpu(previous);
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(victim_marked, struct task_struct *victim)
{
	oom_killed(victim);
	return 0;
}

SEC("tp_btf/block_getrq")
int BPF_PROG(request_made, struct bio *bio)
{
	block_made(bio);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(request_completed, struct request *rq, int error, unsigned int bytes)
{
	block_completed(rq, bytes);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, const struct sock *sk, int from, int to)
{
	if (!is_change_of_interest(to) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	pmoas_once_begin(sk);
	state_change(sk, from, to);
	return 0;
}

/* The same for changes in a softirq that interrupted state_changed. Has to be attached after it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed_nested, const struct sock *sk, int from, int to)
{
	if (is_change_of_interest(to) && sk->sk_protocol == IPPROTO_TCP && !pmoas_once_end(sk))
		state_change(sk, from, to);
	return 0;
}

/*
 * A datagram was sent or received: at UDP itself, so that TCP pays nothing. Arguments by number: how many there are has changed.
 * udpv6_sendmsg hands what goes to an IPv4 address on to udp_sendmsg.
 */
SEC("fexit/udp_sendmsg")
int udp_sent(__u64 *ctx)
{
	datagram_returned(ctx, (struct sock *)ctx[0], AF_INET, 0, true);
	return 0;
}

SEC("fexit/udpv6_sendmsg")
int udpv6_sent(__u64 *ctx)
{
	datagram_returned(ctx, (struct sock *)ctx[0], AF_INET6, 0, true);
	return 0;
}

SEC("fexit/udp_recvmsg")
int udp_received(__u64 *ctx)
{
	datagram_returned(ctx, (struct sock *)ctx[0], AF_INET, (int)ctx[3], false);
	return 0;
}

SEC("fexit/udpv6_recvmsg")
int udpv6_received(__u64 *ctx)
{
	datagram_returned(ctx, (struct sock *)ctx[0], AF_INET6, (int)ctx[3], false);
	return 0;
}

/* The same where fexit is refused: every message of every socket passes here. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(message_received, struct sock *sk, int length, int flags)
{
	if (sk->sk_protocol == IPPROTO_UDP && length >= 0 && !(flags & MSG_PEEK))
		datagram(sk, length, false);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(message_sent, struct sock *sk, int length, int flags)
{
	if (sk->sk_protocol == IPPROTO_UDP && length >= 0)
		datagram(sk, length, true);
	return 0;
}

/* Run once at the start and before each scrape. A socket without a file, not accepted yet or closed by its owner, is counted when it ends. */
SEC("iter/task_file")
int walk_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct pmoas_tag *tag;
	struct sock *sk;

	if (!task || !file) {
		walk_ends();
		return 0;
	}
	sk = socket_of_interest(file);
	if (!sk)
		return 0;
	tag = tag_of_held(sk, task);
	if (meet(sk, tag) && tag)
		count_state(sk, tag);
	return 0;
}

/* The same in two where the verifier lets the socket of a file be read only: what connections carried, namespace by namespace... */
SEC("iter/tcp")
int walk_namespace(struct bpf_iter__tcp *ctx)
{
	struct sock *sk = pmoas_tcp_socket(ctx->sk_common);

	if (sk)
		meet(sk, pmoas_socket_tag(sk));
	return 0;
}

/* ...and then who holds sockets, and in which state they are. */
SEC("iter/task_file")
int walk_held(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct pmoas_tag *tag;
	struct sock *sk;

	if (!task || !file) {
		walk_ends();
		return 0;
	}
	sk = socket_of_interest(file);
	if (!sk)
		return 0;
	tag = pmoas_task_tag(task);
	if (meet_held(sk, tag) && tag)
		count_state(sk, tag);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
