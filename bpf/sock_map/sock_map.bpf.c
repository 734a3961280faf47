// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/identity.h>
#include <pmoas/redirected.h>
#include <pmoas/socket.h>
#include "sock_map.h"
#include "books.h"
#include "pairs.h"
#include "trials.h"
#include "enrol.h"
#include "turns.h"
#include "redirect.h"

/* The names of the next two are what tells our programs from others' on the machine (plugins/SockMap/OtherOwners.cs). */

/* What TCP asks and tells of every connection of the machine. Its answers are left to others: reply is not written. */
SEC("sockops")
int pmoas_connects(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk;

	if (only_netns && bpf_get_netns_cookie(ops) != only_netns)
		return 1;
	switch (ops->op) {
	case BPF_SOCK_OPS_TCP_LISTEN_CB:
		listening(ops);
		break;
	case BPF_SOCK_OPS_RWND_INIT:
		if (!ops->is_fullsock) /* of a connection that is being accepted */
			syn_received(ops);
		break;
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		sk = ops->sk;
		if (enabled && sk)
			tag_of_current(sk);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		connected(ops);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		accepted(ops);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (ops->args[1] == TCP_CLOSE)
			closed(ops);
		break;
	}
	return 1;
}

/* A socket in the map sends. Never a drop: what cannot be redirected goes by TCP. */
SEC("sk_msg")
int pmoas_redirects(struct sk_msg_md *msg)
{
	redirect_message(msg);
	return SK_PASS;
}

#define SOL_TCP 6
#define TCP_ULP 31

/*
 * kTLS would take redirected bytes for what it has decrypted. So it is refused on a socket that is enrolled, as a kernel without it would:
 * TLS libraries then encrypt by themselves.
 */
SEC("cgroup/setsockopt")
int pmoas_sockopts(struct bpf_sockopt *option)
{
	struct bpf_sock *sk = option->sk;

	if (option->level != SOL_TCP || option->optname != TCP_ULP || !sk) {
		option->optlen = 0; /* as the caller gave it, also what is longer than a page */
		return 1;
	}
	return !bpf_sk_storage_get(&pmoas_ends, sk, 0, 0);
}

/* A message of a control pair begins its way; those of redirected pairs begin in the program above. */
SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(message_begins, const struct sock *sk)
{
	turn_begins((struct sock *)sk);
	return 0;
}

/* The same where that tracepoint is missing (before 6.16): both groups, at the end of the send. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(message_sent, struct sock *sk, int length, int flags)
{
	if (length > 0)
		turn_begins(sk);
	return 0;
}

SEC("fexit/inet_sendmsg")
int BPF_PROG(inet_sent, struct socket *socket, struct msghdr *message, size_t size, int length)
{
	if (length > 0)
		turn_begins(socket->sk);
	return 0;
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(inet6_sent, struct socket *socket, struct msghdr *message, size_t size, int length)
{
	if (length > 0)
		turn_begins(socket->sk);
	return 0;
}

static __always_inline void received(struct sock *sk, int length, int flags)
{
	if (!(flags & MSG_DONTWAIT) && sk->sk_protocol == IPPROTO_TCP)
		reads_so(READS_BLOCKING);
	if (length > 0 && !(flags & MSG_PEEK))
		turn_ends(sk);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(message_received, struct sock *sk, int length, int flags)
{
	received(sk, length, flags);
	return 0;
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(inet_received, struct socket *socket, struct msghdr *message, size_t size, int flags, int length)
{
	received(socket->sk, length, flags);
	return 0;
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(inet6_received, struct socket *socket, struct msghdr *message, size_t size, int flags, int length)
{
	received(socket->sk, length, flags);
	return 0;
}

SEC("fentry/tcp_splice_read")
int socket_spliced(void *ctx)
{
	reads_so(READS_BY_SPLICE);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_splice")
int splice_syscall(struct trace_event_raw_sys_enter *ctx)
{
	if (pmoas_tcp_socket_of_fd(ctx->args[0]))
		reads_so(READS_BY_SPLICE);
	return 0;
}

/* Listeners older than us, run at the start and as containers come. */
SEC("iter/task_file")
int find_listeners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct service_key service = {};
	struct socket *socket;
	struct pmoas_tag *tag;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || sk->sk_protocol != IPPROTO_TCP || sk->__sk_common.skc_state != TCP_LISTEN)
		return 0;
	tag = pmoas_task_tag(task);
	if (!tag)
		return 0;
	service.netns = pmoas_netns_cookie(sk);
	service.port = sk->__sk_common.skc_num;
	bpf_map_update_elem(&listeners, &service, tag, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
