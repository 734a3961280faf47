/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_WALK_H
#define PMOAS_RESOURCE_USAGE_WALK_H

/* The walk before each scrape: brings TCP's counts up to date and counts open sockets by state. Its number is set by user space. */

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

static __always_inline void count_state(const struct sock *sk, const struct pmoas_tag *tag)
{
	struct resource_usage_sockets *s = sockets_of(tag->container);

	if (s)
		s->states[state_of(sk)]++;
}

/* Brings the counts of a connection up to date. True when the socket is a container's and was not met in this walk before. */
static __always_inline bool meet(struct sock *sk, const struct pmoas_tag *tag)
{
	bool tcp = sk->sk_protocol == IPPROTO_TCP;
	__u8 state = sk->__sk_common.skc_state;
	struct flow *f;

	if (!tag && walks > 1)
		return false;
	f = bpf_sk_storage_get(&flows, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!f) {
		lost(LOST_SOCKET);
		return false;
	}
	if (f->walk == walks) /* several processes or descriptors hold it */
		return false;
	f->walk = walks;
	if (walks == 1 && tcp)
		meet_first(sk, f);
	if (!tag)
		return false;
	if (tcp && state != TCP_LISTEN && state != TCP_CLOSE && walks > 1)
		account(sk, tag, f);
	return true;
}

/* Whose a held socket is: who made it, or else who holds it. */
static __always_inline struct pmoas_tag *tag_of_held(struct sock *sk, struct task_struct *holder)
{
	struct pmoas_tag *tag = pmoas_socket_tag(sk);

	if (tag)
		return tag;
	tag = pmoas_task_tag(holder);
	return tag ? bpf_sk_storage_get(&pmoas_sockets, sk, tag, BPF_SK_STORAGE_GET_F_CREATE) : NULL;
}

/* Where a held socket can be read only: in which walk it was met, by its address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} held SEC(".maps");

/* True when a container holds the socket and it was not met in this walk before. */
static __always_inline bool meet_held(const struct sock *sk, const struct pmoas_tag *tag)
{
	__u64 address = (__u64)sk, walk = walks, *before;

	if (!tag)
		return false;
	before = bpf_map_lookup_elem(&held, &address);
	if (before && *before == walk)
		return false;
	if (bpf_map_update_elem(&held, &address, &walk, BPF_ANY))
		lost(LOST_SOCKET);
	return true;
}

static long forget_unmet(struct bpf_map *map, const __u64 *address, const __u64 *walk, void *unused)
{
	if (*walk != walks)
		bpf_map_delete_elem(map, address);
	return 0;
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

static __always_inline void walk_ends(void)
{
	bpf_for_each_map_elem(&sockets, clear_unmet, NULL, 0);
	bpf_for_each_map_elem(&held, forget_unmet, NULL, 0);
}

/* An internet socket that this program counts, or NULL. */
static __always_inline struct sock *socket_of_interest(struct file *file)
{
	struct sock *sk = pmoas_socket_of_file(file);
	__u16 family;

	if (!sk)
		return NULL;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return NULL;
	return sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_UDP ? sk : NULL;
}

#endif
