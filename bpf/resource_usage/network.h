/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_NETWORK_H
#define PMOAS_RESOURCE_USAGE_NETWORK_H

#define MSG_PEEK 2

/*
 * What a container's sockets carried, by leg. TCP counts itself, so its totals are brought up to date when a connection ends and
 * by a walk before each scrape: nothing is done per message. UDP does not, so each message is looked at.
 *
 * A connection that no walk has met has no state here: all it carried is new. What was open before us is met by the first walk.
 */

struct flow {
	__u64 sent_bytes; /* how much of each is in the totals already */
	__u64 received_bytes;
	__u64 walk; /* that met it last */
	__u32 sent_segments;
	__u32 received_segments;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow);
} flows SEC(".maps");

/* Walks begun so far, and whether one is under way. Written by who starts it. */
__u64 walks = 0;
bool walking = false;

/* As pmoas_count_up, for a count that wraps. */
static __always_inline void count_up_segments(__u32 *counted, __u32 current, __u64 *total)
{
	__u32 before = *(volatile __u32 *)counted;

	if (current != before && __sync_val_compare_and_swap(counted, before, current) == before)
		ADD(*total, (__u32)(current - before));
}

static __always_inline void account(const struct sock *sk, const struct pmoas_tag *tag, struct flow *f)
{
	enum leg leg = pmoas_socket_is_local(sk) ? LEG_INSIDE : LEG_OUTSIDE;
	struct resource_usage_totals *t;
	struct pmoas_tcp_counts n;

	if (!pmoas_tcp_counts_of(sk, &n))
		return;
	t = totals_of(tag->container);
	if (!t)
		return;
	if (f) {
		pmoas_count_up(&f->sent_bytes, n.sent_bytes, &t->sent_bytes[leg]);
		pmoas_count_up(&f->received_bytes, n.received_bytes, &t->received_bytes[leg]);
		count_up_segments(&f->sent_segments, n.sent_segments, &t->sent_packets[leg]);
		count_up_segments(&f->received_segments, n.received_segments, &t->received_packets[leg]);
		return;
	}
	ADD(t->sent_bytes[leg], n.sent_bytes);
	ADD(t->received_bytes[leg], n.received_bytes);
	ADD(t->sent_packets[leg], n.sent_segments);
	ADD(t->received_packets[leg], n.received_segments);
}

static __always_inline void connection_ended(const struct sock *sk)
{
	struct pmoas_tag *tag = pmoas_socket_tag(sk);

	/* While a walk may be meeting it, both have to see the same state; before the first one we cannot know what is new. */
	if (tag && walks)
		account(sk, tag, bpf_sk_storage_get(&flows, (void *)sk, 0, walking ? BPF_SK_STORAGE_GET_F_CREATE : 0));
}

/* The others, most of them, cost nothing but this question. */
static __always_inline bool is_change_of_interest(int to)
{
	return to == TCP_CLOSE || to == TCP_SYN_SENT || to == TCP_LISTEN;
}

static __always_inline void state_change(const struct sock *sk, int from, int to)
{
	if (to == TCP_CLOSE) {
		if (from != TCP_LISTEN && from != TCP_SYN_SENT)
			connection_ended(sk);
	} else if (to == TCP_LISTEN) {
		pmoas_tag_socket((void *)sk);
	} else if (to == TCP_SYN_SENT) {
		pmoas_tag_socket((void *)sk);
		bpf_sk_storage_delete(&flows, (void *)sk); /* it may have been connected before */
	}
}

/* The running task sent or received a datagram. */
static __always_inline struct pmoas_tag *datagram_tag(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;
	struct pmoas_tag *tag;

	if (sk->sk_protocol != IPPROTO_UDP || (family != AF_INET && family != AF_INET6))
		return NULL;
	tag = pmoas_socket_tag(sk);
	if (tag)
		return tag;
	pmoas_tag_socket((void *)sk);
	return pmoas_socket_tag(sk);
}

static __always_inline enum leg datagram_leg(const struct sock *sk)
{
	/* A UDP socket that is connected is in the state of that name. */
	if (sk->__sk_common.skc_state != TCP_ESTABLISHED)
		return LEG_UNKNOWN;
	return pmoas_socket_is_local(sk) ? LEG_INSIDE : LEG_OUTSIDE;
}

static __always_inline void datagram(struct sock *sk, int length, bool sent)
{
	struct pmoas_tag *tag = datagram_tag(sk);
	struct resource_usage_totals *t;
	enum leg leg;

	if (!tag)
		return;
	t = totals_of(tag->container);
	if (!t)
		return;
	leg = datagram_leg(sk);
	if (sent) {
		ADD(t->sent_bytes[leg], length);
		ADD(t->sent_packets[leg], 1);
	} else {
		ADD(t->received_bytes[leg], length);
		ADD(t->received_packets[leg], 1);
	}
}

/* At the end of UDP's function for sockets of this family. */
static __always_inline void datagram_returned(void *ctx, struct sock *sk, __u16 family, int flags, bool sent)
{
	__u64 length;

	if (sk->__sk_common.skc_family != family || flags & MSG_PEEK || bpf_get_func_ret(ctx, &length))
		return;
	if ((int)length >= 0)
		datagram(sk, (int)length, sent);
}

#endif
