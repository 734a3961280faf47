/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_PATH_H
#define PMOAS_STACK_TRACE_PATH_H

/* The stages that the user has chosen, numbered in the order a byte passes them. All of this is set before load, so the verifier knows it. */

/* Tracepoints and hooks of TC that can be stages; plugins/StackTrace/Stages.cs has them in this order. */
enum tracepoint {
	TRACEPOINT_TCP_SENDMSG_LOCKED,
	TRACEPOINT_TC_EGRESS,
	TRACEPOINT_NET_DEV_QUEUE,
	TRACEPOINT_QDISC_ENQUEUE,
	TRACEPOINT_QDISC_DEQUEUE,
	TRACEPOINT_NET_DEV_START_XMIT,
	TRACEPOINT_NETIF_RX,
	TRACEPOINT_NAPI_GRO_RECEIVE_ENTRY,
	TRACEPOINT_NET_DEV_XMIT,
	TRACEPOINT_NETIF_RECEIVE_SKB,
	TRACEPOINT_TC_INGRESS,
	TRACEPOINT_TCP_PROBE,
	TRACEPOINT_SK_DATA_READY,
	TRACEPOINT_SKB_COPY_DATAGRAM_IOVEC,
	TRACEPOINT_TCP_RCV_SPACE_ADJUST,
	TRACEPOINT_SOCK_RECV_LENGTH,
	TRACEPOINTS,
};

/* Functions that can be stages: those the user names. */
#define FUNCTIONS 12

/* Whose a part of the path is. */
enum side {
	SIDE_SENDER,
	SIDE_NODE, /* outside of the pod's network namespace: what leaves the pod passes it after the sender, what comes to it before the receiver */
	SIDE_RECEIVER,
};

struct packet_function {
	__u8 stage;
	__u8 argument; /* which of its arguments is the packet, from 0 */
	__u8 side; /* enum side */
	__u8 unused;
};

struct path {
	__u8 tracepoint[TRACEPOINTS]; /* the number of each; STAGE_NONE: it is no stage */
	struct packet_function function[FUNCTIONS];
};

const volatile struct path path = {};
const volatile __u32 path_length = STAGES;

/* A stage of the node is on. */
const volatile bool node_stages = false;

/* The first stage that is passed when TCP has the packet, or later. */
const volatile __u32 first_at_tcp = STAGES;

/* Sender's stages from this one on are passed with a device. */
const volatile __u32 first_with_device = 0;

#define STAGE(name) (path.tracepoint[TRACEPOINT_##name])

static __always_inline bool has_device(__u32 stage)
{
	return stage >= first_with_device;
}

#endif
