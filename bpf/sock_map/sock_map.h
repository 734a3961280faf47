/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_H
#define PMOAS_SOCK_MAP_H

#include <pmoas/histogram.h>

/* Which connections may be redirected; the numbers are those of Pmoas.SockMap.SockMapScope. */
enum scope {
	SCOPE_INSIDE_LEG, /* between the sidecar and the service of a pod */
	SCOPE_NODE, /* between containers of this node */
	SCOPE_ALL_LOCAL, /* whatever stays on this node */
};

/* Positions of sock_map_totals.refused; the names are in plugins/SockMap/SockMapMetrics.cs. */
enum refused_reason {
	REFUSED_ROLES, /* not between a sidecar and a service */
	REFUSED_SCOPE, /* container, namespace or port not chosen */
	REFUSED_MPTCP,
	REFUSED_ULP, /* kTLS or another upper layer protocol */
	REFUSED_OWNER, /* somebody else's program has the socket */
	REFUSED_FULL, /* a table of ours is */
	REFUSED_MISMATCH, /* the two ends do not have the same sequence numbers: they are not one connection */
	REFUSED_ROLLED_BACK, /* redirection made this container slower, or its connections fail */
	REFUSED_OPTED_OUT, /* learned: the service streams small messages, which redirection makes slower */
	REFUSED_SPLICE, /* learned: a container uses splice(2) on sockets, which does not see what was redirected */
	REFUSED_BLOCKING, /* learned: a container reads blocking, and such a read may come back with nothing */
	REFUSED_TRIAL, /* one of a service's first connections, which show both */
	REFUSED_OTHER,
	REFUSED_REASONS,
};

/* Positions of sock_map_totals.passed. */
enum passed_reason {
	PASSED_UNPAIRED, /* the other end is not there yet, or no more */
	PASSED_DRAINING, /* bytes that went by TCP are not read yet: what follows must not overtake them */
	PASSED_BOUND, /* as much is unread as may be */
	PASSED_MEMORY, /* the reader's container is short of memory */
	PASSED_ULP,
	PASSED_REASONS,
};

/* Positions of sock_map_totals.failed. */
enum group {
	GROUP_ACCELERATED,
	GROUP_CONTROL, /* stays on TCP, to compare with */
	GROUPS,
};

/* What one container did; the value of map totals. Every member is a metric. */
struct sock_map_totals {
	__u64 enrolled; /* pairs, at the end that connected; so are the next three */
	__u64 control;
	__u64 refused[REFUSED_REASONS];
	__s64 open;
	__u64 sent_bytes; /* redirected, at the end that sent; so are the rest */
	__u64 sent_messages;
	__u64 passed[PASSED_REASONS]; /* messages */
	__u64 passed_bytes;
	__u64 failed[GROUPS]; /* ends that closed with an error */
	struct pmoas_histogram in_flight; /* bytes, each time they are looked at */
	struct pmoas_histogram accelerated_turn; /* nanoseconds, at the end that connected */
	struct pmoas_histogram control_turn;
};

/* Positions of sock_map_losses.lost. */
enum lost_reason {
	LOST_TOTALS, /* no room for a container's totals */
	LOST_HANDSHAKE, /* no room to remember a handshake */
	LOST_REASONS,
};

struct sock_map_losses {
	__u64 lost[LOST_REASONS];
	__u64 opted_out; /* services learned */
};

#endif
