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
#include <pmoas/turn.h>
#include "stack_trace.h"
#include "path.h"
#include "stacks.h"
#include "stream.h"
#include "books.h"
#include "packet.h"
#include "show.h"
#include "exchange.h"
#include "journey.h"
#include "places.h"
#include "phases.h"
#include "connection.h"
#include "translation.h"
#include "datagrams.h"
#include "transmit.h"
#include "stages.h"
#include "traffic_control.h"
#include "functions.h"
#include "netfilter.h"
#include "routes.h"

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

SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(tcp_sendmsg_locked, const struct sock *sk)
{
	note_stack(ctx, STAGE(TCP_SENDMSG_LOCKED));
	at_write(sk);
	return 0;
}

/* The same before 6.16, where the tracepoint is missing. */
SEC("fentry/tcp_sendmsg_locked")
int BPF_PROG(tcp_sendmsg_locked_entered, struct sock *sk)
{
	note_stack(ctx, STAGE(TCP_SENDMSG_LOCKED));
	at_write(sk);
	return 0;
}

SEC("tc")
int tc_egress(struct __sk_buff *context)
{
	at_tc_egress(context);
	return TCX_NEXT;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(net_dev_queue, struct sk_buff *skb)
{
	note_stack(ctx, STAGE(NET_DEV_QUEUE));
	at_sent(typed(skb), STAGE(NET_DEV_QUEUE));
	return 0;
}

SEC("tp_btf/qdisc_enqueue")
int BPF_PROG(qdisc_enqueue, struct Qdisc *qdisc, const struct netdev_queue *queue, struct sk_buff *skb)
{
	note_stack(ctx, STAGE(QDISC_ENQUEUE));
	at_sent(typed(skb), STAGE(QDISC_ENQUEUE));
	return 0;
}

SEC("tp_btf/qdisc_dequeue")
int BPF_PROG(qdisc_dequeue, struct Qdisc *qdisc, const struct netdev_queue *queue, int packets, struct sk_buff *skb)
{
	if (!skb)
		return 0;
	note_stack(ctx, STAGE(QDISC_DEQUEUE));
	at_sent(typed(skb), STAGE(QDISC_DEQUEUE));
	return 0;
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(net_dev_start_xmit, const struct sk_buff *skb)
{
	note_stack(ctx, STAGE(NET_DEV_START_XMIT));
	at_sent(typed(skb), STAGE(NET_DEV_START_XMIT));
	return 0;
}

SEC("tp_btf/netif_rx")
int BPF_PROG(netif_rx, struct sk_buff *skb)
{
	note_stack(ctx, STAGE(NETIF_RX));
	at_received(typed(skb), skb->data, STAGE(NETIF_RX));
	return 0;
}

SEC("tp_btf/napi_gro_receive_entry")
int BPF_PROG(napi_gro_receive_entry, const struct sk_buff *skb)
{
	note_stack(ctx, STAGE(NAPI_GRO_RECEIVE_ENTRY));
	at_received(typed(skb), skb->data, STAGE(NAPI_GRO_RECEIVE_ENTRY));
	return 0;
}

SEC("tp_btf/net_dev_xmit")
int BPF_PROG(net_dev_xmit, const struct sk_buff *skb, int error, const struct net_device *dev)
{
	note_stack(ctx, STAGE(NET_DEV_XMIT));
	transmit_ended(skb, dev, error);
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(netif_receive_skb, struct sk_buff *skb)
{
	note_stack(ctx, STAGE(NETIF_RECEIVE_SKB));
	at_received(typed(skb), skb->data, STAGE(NETIF_RECEIVE_SKB));
	return 0;
}

SEC("tc")
int tc_ingress(struct __sk_buff *context)
{
	at_tc_ingress(context);
	return TCX_NEXT;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(tcp_probe, struct sock *sk, const struct sk_buff *skb)
{
	note_stack(ctx, STAGE(TCP_PROBE));
	at_tcp(sk, skb);
	return 0;
}

SEC("tp_btf/sk_data_ready")
int BPF_PROG(sk_data_ready, const struct sock *sk)
{
	note_stack(ctx, STAGE(SK_DATA_READY));
	at_ready(sk);
	return 0;
}

/* The same before 6.3. */
SEC("fentry/sock_def_readable")
int BPF_PROG(sock_def_readable_entered, struct sock *sk)
{
	note_stack(ctx, STAGE(SK_DATA_READY));
	at_ready(sk);
	return 0;
}

SEC("tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(skb_copy_datagram_iovec, const struct sk_buff *skb, int length)
{
	note_stack(ctx, STAGE(SKB_COPY_DATAGRAM_IOVEC));
	at_copy(skb, length);
	return 0;
}

/* However the application reads: recv, splice, or mapped. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(tcp_rcv_space_adjust, struct sock *sk)
{
	note_stack(ctx, STAGE(TCP_RCV_SPACE_ADJUST));
	at_read(sk, STAGE(TCP_RCV_SPACE_ADJUST));
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock *sk, int length)
{
	if (length <= 0)
		return 0;
	note_stack(ctx, STAGE(SOCK_RECV_LENGTH));
	at_read(sk, STAGE(SOCK_RECV_LENGTH));
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, const struct sock *sk, const struct sk_buff *skb)
{
	at_retransmit(sk, skb);
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb, struct sk_buff *skb, void *location, int reason)
{
	at_drop(skb, reason);
	return 0;
}

PACKET_FUNCTION(0)
PACKET_FUNCTION(1)
PACKET_FUNCTION(2)
PACKET_FUNCTION(3)
PACKET_FUNCTION(4)
PACKET_FUNCTION(5)
PACKET_FUNCTION(6)
PACKET_FUNCTION(7)
PACKET_FUNCTION(8)
PACKET_FUNCTION(9)
PACKET_FUNCTION(10)
PACKET_FUNCTION(11)

SEC("fentry/nf_hook_slow")
int BPF_PROG(nf_hook_slow_entered, struct sk_buff *skb, struct nf_hook_state *state)
{
	netfilter_entered(skb, state, NETFILTER_HOOK);
	return 0;
}

SEC("fexit/nf_hook_slow")
int BPF_PROG(nf_hook_slow_left, struct sk_buff *skb, struct nf_hook_state *state)
{
	netfilter_left(skb, state, NETFILTER_HOOK, NULL, NULL);
	return 0;
}

SEC("fentry/ipt_do_table")
int BPF_PROG(ipt_do_table_entered, void *table, struct sk_buff *skb, const struct nf_hook_state *state)
{
	netfilter_entered(skb, state, NETFILTER_TABLE);
	return 0;
}

SEC("fexit/ipt_do_table")
int BPF_PROG(ipt_do_table_left, void *table, struct sk_buff *skb, const struct nf_hook_state *state)
{
	netfilter_left(skb, state, NETFILTER_TABLE, ((struct xt_table *)table)->name, NULL);
	return 0;
}

SEC("fentry/ip6t_do_table")
int BPF_PROG(ip6t_do_table_entered, void *table, struct sk_buff *skb, const struct nf_hook_state *state)
{
	netfilter_entered(skb, state, NETFILTER_TABLE);
	return 0;
}

SEC("fexit/ip6t_do_table")
int BPF_PROG(ip6t_do_table_left, void *table, struct sk_buff *skb, const struct nf_hook_state *state)
{
	netfilter_left(skb, state, NETFILTER_TABLE, ((struct xt_table *)table)->name, NULL);
	return 0;
}

SEC("fentry/nft_do_chain")
int BPF_PROG(nft_do_chain_entered, struct nft_pktinfo *packet)
{
	netfilter_entered(packet->skb, packet->state, NETFILTER_CHAIN);
	return 0;
}

SEC("fexit/nft_do_chain")
int BPF_PROG(nft_do_chain_left, struct nft_pktinfo *packet, void *chain)
{
	netfilter_left(packet->skb, packet->state, NETFILTER_CHAIN,
		       BPF_CORE_READ((struct nft_chain *)chain, table, name),
		       BPF_CORE_READ((struct nft_chain *)chain, name));
	return 0;
}

/* IPv4 says whose look-up it was only when it has found something: whose the route is. */
SEC("fentry/fib_table_lookup")
int BPF_PROG(fib_table_lookup_entered, struct fib_table *table, const void *flow, struct fib_result *result)
{
	look_up_began(result);
	return 0;
}

SEC("fexit/fib_table_lookup")
int BPF_PROG(fib_table_lookup_left, struct fib_table *table, const void *flow, struct fib_result *result, int flags,
	     int error)
{
	look_up_ended(result, error ? NULL : result->fi->fib_net, table->tb_id, NFPROTO_IPV4);
	return 0;
}

SEC("fentry/fib6_table_lookup")
int BPF_PROG(fib6_table_lookup_entered, struct net *net, void *table, int oif, void *flow, void *result)
{
	if (pod_of_netns(net))
		look_up_began(result);
	return 0;
}

SEC("fexit/fib6_table_lookup")
int BPF_PROG(fib6_table_lookup_left, struct net *net, struct fib6_table *table, int oif, void *flow, void *result)
{
	look_up_ended(result, net, table->tb6_id, NFPROTO_IPV6);
	return 0;
}

/* Once more at its end, without a socket. */
SEC("iter/bpf_sk_storage_map")
int collect(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct pmoas_tag *tag = ctx->value;
	struct sock *sk = ctx->sk;

	if (!sk && follow_datagrams)
		find_vanished_datagrams();
	if (sk && tag && sk->sk_protocol == IPPROTO_TCP)
		collect_socket(sk, tag);
	return 0;
}

/* The same where the kernel refuses that walk: over all of TCP in one network namespace, that of who starts it. */
SEC("iter/tcp")
int collect_namespace(struct bpf_iter__tcp *ctx)
{
	struct sock_common *shown = ctx->sk_common;
	struct sock *sk = pmoas_tcp_socket(shown);
	struct pmoas_tag *tag;

	if (!shown && follow_datagrams)
		find_vanished_datagrams();
	if (!sk)
		return 0;
	tag = pmoas_socket_tag(sk);
	if (tag)
		collect_socket(sk, tag);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
