/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_WALK_H
#define PMOAS_RESOURCE_USAGE_WALK_H

/* The walk over all open files before each scrape: brings TCP's counts up to date and counts open sockets by state. */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_CONTAINERS);
	__type(key, __u32); /* container */
	__type(value, struct resource_usage_sockets);
} sockets SEC(".maps");

static const struct resource_usage_sockets no_sockets;

static __always_inline struct resource_usage_sockets *sockets_of(__u32 container)
{
	struct resource_usage_sockets *s = bpf_map_lookup_elem(&sockets, &container);

	if (!s) {
		bpf_map_update_elem(&sockets, &container, &no_sockets, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&sockets, &container);
		if (!s) {
			lost(LOST_TOTALS);
			return NULL;
		}
	}
	if (s->walk != walks) {
		*s = no_sockets;
		s->walk = walks;
	}
	return s;
}

static __always_inline int state_of(const struct sock *sk)
{
	if (sk->sk_protocol == IPPROTO_UDP)
		return SOCKET_UDP;
	switch (sk->__sk_common.skc_state) {
	case TCP_ESTABLISHED:
		return SOCKET_ESTABLISHED;
	case TCP_SYN_SENT:
		return SOCKET_SYN_SENT;
	case TCP_SYN_RECV:
		return SOCKET_SYN_RECV;
	case TCP_FIN_WAIT1:
		return SOCKET_FIN_WAIT1;
	case TCP_FIN_WAIT2:
		return SOCKET_FIN_WAIT2;
	case TCP_CLOSE_WAIT:
		return SOCKET_CLOSE_WAIT;
	case TCP_LAST_ACK:
		return SOCKET_LAST_ACK;
	case TCP_LISTEN:
		return SOCKET_LISTEN;
	case TCP_CLOSING:
		return SOCKET_CLOSING;
	default:
		return SOCKET_CLOSE;
	}
}

/* Of what was open before us only what it carries from now on is counted, whoever turns out to own it. */
static __always_inline void meet_first(const struct sock *sk, struct flow *f)
{
	struct pmoas_tcp_counts n;

	if (!pmoas_tcp_counts_of(sk, &n))
		return;
	f->sent_bytes = n.sent_bytes;
	f->received_bytes = n.received_bytes;
	f->sent_segments = n.sent_segments;
	f->received_segments = n.received_segments;
}

static __always_inline void meet(struct sock *sk, struct task_struct *holder)
{
	bool tcp = sk->sk_protocol == IPPROTO_TCP;
	__u8 state = sk->__sk_common.skc_state;
	struct resource_usage_sockets *s;
	struct pmoas_tag *tag;
	struct flow *f;

	tag = pmoas_socket_tag(sk);
	if (!tag) {
		tag = pmoas_task_tag(holder);
		if (tag)
			tag = bpf_sk_storage_get(&pmoas_sockets, sk, tag, BPF_SK_STORAGE_GET_F_CREATE);
	}
	if (!tag && walks > 1)
		return;
	f = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!f) {
		lost(LOST_SOCKET);
		return;
	}
	if (f->walk == walks) /* several processes or descriptors hold it */
		return;
	f->walk = walks;
	if (walks == 1 && tcp)
		meet_first(sk, f);
	if (!tag)
		return;
	s = sockets_of(tag->container);
	if (s)
		s->states[state_of(sk)]++;
	if (tcp && state != TCP_LISTEN && state != TCP_CLOSE && walks > 1)
		account(sk, tag, f);
}

/* Containers that the walk did not meet have no sockets any more. */
static long clear_unmet(struct bpf_map *map, const void *key, struct resource_usage_sockets *s, void *unused)
{
	if (s->walk != walks) {
		*s = no_sockets;
		s->walk = walks;
	}
	return 0;
}

static __always_inline void walk_begins(void)
{
	walking = true;
	walks++;
}

static __always_inline void walk_ends(void)
{
	walking = false;
	bpf_for_each_map_elem(&sockets, clear_unmet, NULL, 0);
}

#endif
