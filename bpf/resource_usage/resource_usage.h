/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_H
#define PMOAS_RESOURCE_USAGE_H

#include <pmoas/histogram.h>

/* Positions of the arrays below; the names are in plugins/ResourceUsage/KernelMetrics.cs. */
enum switch_kind {
	SWITCH_VOLUNTARY, /* the task waited for something or ended */
	SWITCH_INVOLUNTARY, /* it was made to leave the CPU */
	SWITCH_KINDS,
};

enum leg {
	LEG_INSIDE, /* both ends in this network namespace */
	LEG_OUTSIDE,
	LEG_UNKNOWN, /* a datagram of a socket that is not connected */
	LEGS,
};

enum block_direction {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_DIRECTIONS,
};

/* What one container used; the value of map totals. Every member is a metric. */
struct resource_usage_totals {
	__u64 context_switches[SWITCH_KINDS];
	__u64 oom_kills;
	__u64 received_bytes[LEGS];
	__u64 sent_bytes[LEGS];
	__u64 received_packets[LEGS];
	__u64 sent_packets[LEGS];
	__u64 block_requests[BLOCK_DIRECTIONS];
	struct pmoas_histogram run_queue_delay; /* all in nanoseconds */
	struct pmoas_histogram block_read;
	struct pmoas_histogram block_write;
};

enum socket_state {
	SOCKET_ESTABLISHED,
	SOCKET_SYN_SENT,
	SOCKET_SYN_RECV,
	SOCKET_FIN_WAIT1,
	SOCKET_FIN_WAIT2,
	SOCKET_CLOSE,
	SOCKET_CLOSE_WAIT,
	SOCKET_LAST_ACK,
	SOCKET_LISTEN,
	SOCKET_CLOSING,
	SOCKET_UDP,
	SOCKET_STATES,
};

/* A container's open sockets as the last walk met them; the value of map sockets. */
struct resource_usage_sockets {
	__u64 states[SOCKET_STATES];
	__u64 walk; /* that wrote it */
};

/* Positions of resource_usage_losses.lost. */
enum lost_reason {
	LOST_TOTALS, /* no room for a container's totals */
	LOST_THREAD, /* no room for what was counted of a thread */
	LOST_SOCKET, /* no memory for what was counted of a socket */
	LOST_IO_GROUP, /* no room for a block I/O group */
	LOST_REASONS,
};

/* Positions of resource_usage_losses.unattributed: block requests that may have been a container's. */
enum unattributed_reason {
	UNATTRIBUTED_ROOT, /* charged to the root group: writeback on cgroup v1, the journal, processes outside all groups */
	UNATTRIBUTED_SHARED, /* several containers share the group */
	UNATTRIBUTED_UNTIMED, /* the device keeps no times: its queue/iostats is 0 */
	UNATTRIBUTED_REASONS,
};

struct resource_usage_losses {
	__u64 lost[LOST_REASONS];
	__u64 unattributed[UNATTRIBUTED_REASONS];
};

#endif
