/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_H
#define PMOAS_ACCEPT_H

#include <pmoas/histogram.h>

/* Positions of accept_totals.connected; the names are in plugins/Accept/AcceptMetrics.cs. */
enum connect_result {
	CONNECT_OK,
	CONNECT_REFUSED,
	CONNECT_TIMEOUT,
	CONNECT_UNREACHABLE,
	CONNECT_RESET,
	CONNECT_OTHER,
	CONNECT_RESULTS,
};

/* Positions of accept_totals.unpaired. */
enum unpaired_reason {
	UNPAIRED_NO_REQUEST, /* an inside connect that no request led to */
	UNPAIRED_AMBIGUOUS, /* an inside connect that several requests could have led to */
	UNPAIRED_NO_SERVICE, /* an inside connection whose other end is in no watched container */
	UNPAIRED_TABLE_FULL, /* no room to remember the connect */
	UNPAIRED_REASONS,
};

/* What one container did; the value of map totals. Every member is a metric. */
struct accept_totals {
	__u64 accepted;
	__u64 connected[CONNECT_RESULTS];
	__u64 closed;
	__s64 open;
	__u64 sent_bytes;
	__u64 received_bytes;
	__u64 retransmits;
	__u64 reused_requests;
	__u64 unpaired[UNPAIRED_REASONS];
	struct pmoas_histogram connect; /* all in nanoseconds */
	struct pmoas_histogram connection;
	struct pmoas_histogram rtt;
	struct pmoas_histogram queue;
	struct pmoas_histogram forward;
	struct pmoas_histogram handoff;
};

/* Positions of accept_losses.lost. */
enum lost_reason {
	LOST_TOTALS, /* no room for a container's totals */
	LOST_CONNECTION, /* no memory for a connection's state */
	LOST_UNACCEPTED, /* more connections waiting to be accepted than the table holds */
	LOST_REASONS,
};

struct accept_losses {
	__u64 lost[LOST_REASONS];
};

enum accept_event_kind {
	EVENT_ACCEPT = 1,
	EVENT_CONNECT,
	EVENT_CLOSE,
	EVENT_FORWARD,
	EVENT_HANDOFF,
	EVENT_REUSE,
};

/* One thing that happened, for those who watch; see plugins/Accept/AcceptEvent.cs. */
struct accept_event {
	__u64 time_ns; /* since boot */
	__u64 duration_ns; /* accept: in the queue; connect: until established; close: open; forward, handoff: the delay */
	__u64 sent_bytes; /* close only */
	__u64 received_bytes; /* close only */
	__u32 local_address[4];
	__u32 remote_address[4];
	__u32 container;
	__u32 kind; /* enum accept_event_kind */
	__u32 result; /* connect: enum connect_result */
	__u16 local_port;
	__u16 remote_port;
};

#endif
