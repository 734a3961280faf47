// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/identity.h>
#include <pmoas/listening.h>
#include <pmoas/event.h>
#include <pmoas/once.h>
#include <pmoas/socket.h>
#include <pmoas/tcp_counts.h>
#include "accept.h"
#include <pmoas/turn.h>
#include "connection.h"
#include "report.h"
#include "books.h"
#include "connect.h"
#include "accepting.h"
#include "ending.h"
#include "turns.h"

/* What passes between open states, or between the steps of an end, costs nothing but this question. */
static __always_inline bool is_change_of_interest(int from, int to)
{
	return from == TCP_SYN_SENT || from == TCP_SYN_RECV || to == TCP_SYN_SENT || to == TCP_LISTEN ||
	       to == TCP_CLOSE || (is_open(from) && !is_open(to));
}

static __always_inline void state_change(const struct sock *sk, int from, int to)
{
	if (to == TCP_LISTEN)
		listening(sk);
	else if (to == TCP_SYN_SENT)
		connect_started(sk);
	else if (from == TCP_SYN_SENT && to == TCP_CLOSE)
		connect_failed(sk);
	else if (from == TCP_SYN_SENT && to == TCP_ESTABLISHED)
		connect_established(sk);
	else {
		/* A Fast Open socket that was closed before its handshake was over is never ESTABLISHED. */
		if (from == TCP_SYN_RECV && to != TCP_CLOSE)
			accept_established(sk);
		leaving(sk, from, to);
	}
}

/*
 * A connection's life as TCP sees it. Every change of state passes here, in task context (connect, listen, close) or in
 * softirq (a segment arrived), always under the socket's lock.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, const struct sock *sk, int from, int to)
{
	if (!is_change_of_interest(from, to) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	pmoas_once_begin(sk);
	state_change(sk, from, to);
	return 0;
}

/* The same for changes in a softirq that interrupted state_changed. Has to be attached after it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed_nested, const struct sock *sk, int from, int to)
{
	if (is_change_of_interest(from, to) && sk->sk_protocol == IPPROTO_TCP && !pmoas_once_end(sk))
		state_change(sk, from, to);
	return 0;
}

/* accept() returned a socket: three ways to see it, best first. */
SEC("fexit/inet_csk_accept")
int accept_fexit(__u64 *ctx)
{
	__u64 sk = 0;

	/* 6.10 folded the arguments into proto_accept_arg, which moved the result; the helper finds it in both. */
	if (!bpf_get_func_ret(ctx, &sk) && sk)
		accepted(sk);
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kretprobe, struct sock *sk)
{
	if (sk)
		accepted((__u64)sk);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept")
int accept_syscall(struct trace_event_raw_sys_exit *ctx)
{
	__u64 sk = pmoas_tcp_socket_of_fd(ctx->ret);

	if (sk)
		accepted(sk);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int accept4_syscall(struct trace_event_raw_sys_exit *ctx)
{
	__u64 sk = pmoas_tcp_socket_of_fd(ctx->ret);

	if (sk)
		accepted(sk);
	return 0;
}

/* A connect that found no route never leaves TCP_CLOSE, so no change of state tells of it. */
SEC("tracepoint/syscalls/sys_exit_connect")
int connect_syscall(struct trace_event_raw_sys_exit *ctx)
{
	if (ctx->ret == -ENETUNREACH || ctx->ret == -EHOSTUNREACH)
		connect_without_route();
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(message_received, struct sock *sk, int length, int flags)
{
	if (length > 0 && !(flags & MSG_PEEK))
		received(sk);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(message_sent, struct sock *sk, int length, int flags)
{
	if (length > 0)
		sent(sk);
	return 0;
}

/* The same where the two tracepoints are missing (before 6.3). */
SEC("fexit/inet_recvmsg")
int BPF_PROG(inet_received, struct socket *socket, struct msghdr *message, size_t size, int flags, int length)
{
	if (length > 0 && !(flags & MSG_PEEK))
		received(socket->sk);
	return 0;
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(inet6_received, struct socket *socket, struct msghdr *message, size_t size, int flags, int length)
{
	if (length > 0 && !(flags & MSG_PEEK))
		received(socket->sk);
	return 0;
}

SEC("fexit/inet_sendmsg")
int BPF_PROG(inet_sent, struct socket *socket, struct msghdr *message, size_t size, int length)
{
	if (length > 0)
		sent(socket->sk);
	return 0;
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(inet6_sent, struct socket *socket, struct msghdr *message, size_t size, int length)
{
	if (length > 0)
		sent(socket->sk);
	return 0;
}

/*
 * Run before each scrape over every tagged socket of the node, in all network namespaces: brings the byte counts of open
 * connections up to date, and takes in those that were open before the daemon was.
 */
SEC("iter/bpf_sk_storage_map")
int collect(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct pmoas_tag *tag = ctx->value;
	struct sock *sk = ctx->sk;

	if (sk && tag && sk->sk_protocol == IPPROTO_TCP)
		collect_socket(sk, tag);
	return 0;
}

/* The same where the kernel refuses that walk: over all of TCP in one network namespace, that of who starts it. */
SEC("iter/tcp")
int collect_namespace(struct bpf_iter__tcp *ctx)
{
	struct sock *sk = pmoas_tcp_socket(ctx->sk_common);
	struct pmoas_tag *tag;

	if (!sk)
		return 0;
	tag = pmoas_socket_tag(sk);
	if (tag)
		collect_socket(sk, tag);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
