/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_PAIRS_H
#define PMOAS_SOCK_MAP_PAIRS_H

/* The sockets that may be redirected to, and what is known of each end beyond its bytes. */

/* Cookies, not addresses: IPv4, IPv6, v4-mapped and what NAT makes of them are all the same case. */
struct end_key {
	__u64 pair;
	__u32 side;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 2 * PMOAS_MAX_PAIRS);
	__type(key, struct end_key);
	__type(value, __u64);
} sockets SEC(".maps");

/* Written by the task that sends on the socket, under its lock. */
struct direction {
	__u32 clean_seq; /* write_seq up to which the other end has read what went by TCP */
	__u32 is_control; /* the pair stays on TCP, to compare with */
	__u64 in_flight; /* bytes, when looked at last; */
	__u64 since; /* and redirected since */
	__u64 messages; /* in flight, as far as is known, */
	__u64 of_bytes; /* in so many bytes */
	__u64 turn_began; /* 0: no turn is under way */
	__u32 is_trial; /* no pair: it stays on TCP, to see how its ends behave */
	__u32 small; /* messages in a row, with nothing received between them */
	__u32 port; /* that the accepting end listens at */
	__u64 netns; /* it listens in */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct direction);
} directions SEC(".maps");

/* Services that are better left alone. LRU: pods come and go, and what is forgotten is learned anew. */
struct service_key {
	__u64 netns; /* cookie */
	__u32 port;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct service_key);
	__type(value, __u32);
} opted_out SEC(".maps");

/* How containers were seen to read from TCP sockets, where redirected ones do not bear it. LRU as above. */
#define READS_BY_SPLICE 1
#define READS_BLOCKING 2

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* container */
	__type(value, __u32);
} reads SEC(".maps");

/* Answers of a service over connections that stayed on TCP to see it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct service_key);
	__type(value, __u32);
} trials SEC(".maps");

#endif
