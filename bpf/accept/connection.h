/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_CONNECTION_H
#define PMOAS_ACCEPT_CONNECTION_H

/* What Accept remembers of a socket, and the tables where its two ends and its two contexts find each other. */

enum connection_direction {
	DIRECTION_UNKNOWN, /* open before us, and not needed yet */
	DIRECTION_ACTIVE, /* this end connected */
	DIRECTION_PASSIVE, /* this end accepted */
};

/*
 * Kept by the socket itself and freed with it. Members of one writer each: state changes (under the socket's lock) write
 * the first group, the task that reads and writes the socket the second.
 */
struct connection {
	struct pmoas_tag tag;
	__u32 open; /* counted in accept_totals.open */
	__u64 connect_ns;
	__u64 established_ns;
	__u64 sent_bytes; /* how much of each is in the totals already */
	__u64 received_bytes;
	__u64 retransmits;
	__u8 direction; /* enum connection_direction */
	__u8 inside; /* both ends in this network namespace */
	__u8 before_us; /* open before the daemon was: never counted as new */
	__u8 unused[5];

	__u64 accepted_ns;
	struct pmoas_turn turn; /* begun with the time its delay is counted from */
	__u8 settled; /* passive: accept() is known to have returned it */
	__u8 served; /* passive: an upstream connection was used for it before */
	__u8 unused2[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection);
} connections SEC(".maps");

/*
 * Established and not yet accepted (for a sidecar: not yet read from), by the address of the socket: what sees accept()
 * is of a kind that cannot reach socket storage. Holds what waits in all watched accept queues together; the
 * default somaxconn is 4096 each.
 */
#define MAX_UNACCEPTED 32768

struct unaccepted {
	__u64 established_ns;
	__u64 connect_ns; /* when the sidecar's end of this connection began to connect; 0: it is not a sidecar's */
	__u64 accepted_ns; /* 0: not yet */
	struct pmoas_tag tag;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_UNACCEPTED);
	__type(key, __u64);
	__type(value, struct unaccepted);
} unaccepted SEC(".maps");

/*
 * The sidecar's end of an inside connection, left for the service's end to find when its handshake completes a moment
 * later. An entry stays only while the other end is in no watched container.
 */
#define MAX_LEGS 16384

struct leg {
	__u64 connect_ns;
	__u64 forward_began;
	__u32 container;
	__u32 taken; /* enum pmoas_taken */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_LEGS);
	__type(key, struct pmoas_tuple);
	__type(value, struct leg);
} legs SEC(".maps");

static __always_inline struct connection *connection_of(const struct sock *sk)
{
	return bpf_sk_storage_get(&connections, (void *)sk, 0, 0);
}

static __always_inline bool is_open(int state)
{
	/* tcpCurrEstab of the TCP-MIB (RFC 4022) */
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

#endif
