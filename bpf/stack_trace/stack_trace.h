/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_H
#define PMOAS_STACK_TRACE_H

#include <pmoas/histogram.h>

/*
 * A stage is a point that a byte passes on its way from one application to the other. The user chooses which there are: tracepoints of the kernel,
 * and functions of it. Together they are the path; a stage's number is its place in it, see path.h and plugins/StackTrace/StagePath.cs.
 */
#define STAGES 24 /* at most */
#define STAGE_TCP_STATE 32 /* and above: the states of TCP, which handshake and close pass instead */
#define STAGE_NONE 0xff /* not that far, or not this pair */

enum leg {
	LEG_INSIDE, /* over the loopback device of the pod */
	LEG_OUTSIDE, /* over another of its devices */
};

enum direction {
	DIRECTION_REQUEST, /* from the end that connected */
	DIRECTION_RESPONSE, /* to it */
	DIRECTION_SENT, /* a datagram, from a socket of the pod */
	DIRECTION_RECEIVED, /* a datagram, from elsewhere */
};

enum phase {
	PHASE_HANDSHAKE,
	PHASE_DATA,
	PHASE_CLOSE,
	PHASES,
	PHASE_EXCHANGE = PHASES, /* of samples only: an exchange as a whole */
};

/* Key of map journeys. */
struct journey_key {
	__u32 pod;
	__u8 leg; /* enum leg */
	__u8 direction; /* enum direction */
	__u8 phase; /* enum phase */
	__u8 unused;
};

/* Value of map journeys, nanoseconds. One entry for all intervals: looked up once at the end of a journey. */
struct journeys {
	struct pmoas_histogram interval[STAGES]; /* by the stage where it ends */
	struct pmoas_histogram journey; /* from the first stage to the last */
	__u32 from[STAGES]; /* one more than the stage where the interval begins; 0: there was none yet */
};

/*
 * Key of map intervals, whose values are histograms: those that do not begin as above, those the user asks for, and those between states of TCP; with
 * both STAGE_NONE the whole of the latter.
 */
struct interval_key {
	__u32 pod;
	__u8 leg; /* enum leg */
	__u8 direction; /* enum direction */
	__u8 phase; /* enum phase */
	__u8 from; /* stage */
	__u8 to; /* stage */
	__u8 unused[3];
};

enum netfilter_part {
	NETFILTER_HOOK, /* all that is registered at a hook */
	NETFILTER_TABLE, /* one table of iptables there */
	NETFILTER_CHAIN, /* one base chain of nftables there, with what it jumps to */
};

/* Key of map netfilter, whose values are histograms. */
struct netfilter_key {
	__u32 pod;
	__u8 hook; /* enum nf_inet_hooks, and its like of other families */
	__u8 family; /* NFPROTO_IPV4 and so on */
	__u8 part; /* enum netfilter_part */
	__u8 unused;
	char table[32]; /* longer names are cut, so that two may become one */
	char chain[32];
};

/* Key of map routes, whose values are histograms. */
struct route_key {
	__u32 pod;
	__u32 table; /* number of the routing table */
	__u8 family; /* NFPROTO_IPV4 or NFPROTO_IPV6 */
	__u8 unused[3];
};

enum count_kind {
	COUNT_UNFINISHED, /* which: the last stage seen */
	COUNT_UNFOLLOWED,
	COUNT_RETRANSMITS,
	COUNT_DROPPED, /* which: enum skb_drop_reason; no direction */
};

/* Key of map counts. */
struct count_key {
	__u32 pod;
	__u8 leg; /* enum leg */
	__u8 direction; /* enum direction */
	__u8 kind; /* enum count_kind */
	__u8 unused;
	__u32 which;
};

/* One more than the last state of TCP that a socket can be seen in: TCP_CLOSING. */
#define TCP_STATES 12

/*
 * A journey, for those who watch and for traces; see plugins/StackTrace/JourneyEvent.cs. Told when it ended; for traces a second time when its
 * connection closed right after. For those who watch also the handshake or the close of an end, which have no journey in it.
 */
struct journey_event {
	__u64 at[STAGES]; /* ns since boot; 0: not passed */
	__u64 opened_ns; /* first journey of its connection: when the handshake began, as its sender saw it, or where that is elsewhere its receiver */
	__u64 established_ns; /* when it was over; 0: not the first, or not seen */
	__u64 since
		[TCP_STATES]; /* when the end that closed first began to be in a state of TCP that closes; 0: not at all, or not told yet */
	__u64 closed_ns;
	__u64 exchange; /* of those with one number each is a part of one request's way through a sidecar and back; 0: of none */
	__u32 source_address[4];
	__u32 destination_address[4];
	__u32 container; /* the sender's where it is watched, otherwise the receiver's */
	__u32 byte; /* sequence number of the followed one */
	__u32 stack; /* one more than its key in map stacks; 0: none */
	__u32 unused;
	__u16 source_port;
	__u16 destination_port;
	__u8 leg; /* enum leg */
	__u8 direction; /* enum direction */
	__u8 opening; /* TCP_SYN_SENT or TCP_SYN_RECV */
	__u8 phase; /* enum phase */
};

/* What one container did; the value of map totals. Every member is a metric. */
struct stack_trace_totals {
	struct pmoas_histogram receive_queue_wait; /* nanoseconds */
};

/* Positions of stack_trace_losses.lost. */
enum lost_reason {
	LOST_TOTALS, /* no room for a container's totals */
	LOST_INTERVALS, /* no room for the histograms of a journey */
	LOST_COUNTS, /* no room for a count */
	LOST_STREAMS, /* more directions of open connections than are followed at once */
	LOST_ENDS, /* no memory for a socket's state */
	LOST_DISORDER, /* a journey whose times went backwards */
	LOST_DATAGRAMS, /* more datagrams on their way than are followed at once */
	LOST_NETFILTER, /* more packets in netfilter than are timed at once */
	LOST_ROUTES, /* more look-ups of routes than are timed at once */
	LOST_REASONS,
};

struct stack_trace_losses {
	__u64 lost[LOST_REASONS];
};

#endif
