/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_LISTENING_H
#define PMOAS_LISTENING_H

#include <pmoas/socket.h>

/*
 * Ports that watched containers listen on: tells which end of a connection older than us is the accepting one. LRU: pods come
 * and go, and each scrape writes those that are listened on anew.
 */
#define PMOAS_MAX_LISTENING_PORTS 8192

struct pmoas_listening_port {
	__u64 netns; /* cookie */
	__u32 port;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PMOAS_MAX_LISTENING_PORTS);
	__type(key, struct pmoas_listening_port);
	__type(value, __u32);
} listening_ports SEC(".maps");

static __always_inline void pmoas_listening_port_of(const struct sock *sk, struct pmoas_listening_port *l)
{
	l->netns = pmoas_netns_cookie(sk);
	l->port = sk->__sk_common.skc_num;
	l->unused = 0;
}

static __always_inline void pmoas_note_listening(const struct sock *sk)
{
	struct pmoas_listening_port l;
	__u32 one = 1;

	pmoas_listening_port_of(sk, &l);
	bpf_map_update_elem(&listening_ports, &l, &one, BPF_ANY);
}

/* Does anybody watched listen at this socket's own port? */
static __always_inline bool pmoas_is_listening(const struct sock *sk)
{
	struct pmoas_listening_port l;

	pmoas_listening_port_of(sk, &l);
	return bpf_map_lookup_elem(&listening_ports, &l);
}

#endif
