/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_ENROL_H
#define PMOAS_SOCK_MAP_ENROL_H

/*
 * Which connections have both ends here. A socket can only be enrolled by a program that runs for this very socket as it becomes
 * ESTABLISHED, and of the two ends the one that connects is first, when the other is no socket yet. So the listener's side leaves
 * word when the SYN comes, before the answer goes; the connecting end finds it and enrols; the accepting end finds that, and enrols
 * when the sequence numbers of both prove that they are one connection. NAT changes addresses and not those.
 */

#define E2BIG 7
#define EBUSY 16

/* Off: nobody new is enrolled. Written by user space at any time; so is the next. */
__u32 enabled = 0;
__u32 control_percent = 0;

/* The end that connects, as both see it: NAT inside a pod changes only where it connects to. */
struct handshake_key {
	__u64 netns; /* cookie; 0 where the ends are in different ones */
	__u32 address[4];
	__u32 port;
	__u32 unused;
};

struct handshake {
	__u64 pair; /* 0: the end that connects has not come by yet */
	__u64 netns; /* of the listener */
	__u32 port; /* of the listener */
	__u32 listener; /* its container; 0: not known */
	__u32 listener_role;
	__u32 snd_una; /* of the end that connects, as it became ESTABLISHED */
	__u32 rcv_nxt;
	__u32 is_control;
	struct pmoas_tag connecting; /* container 0: nobody's */
	__u32 unused;
};

/* LRU: a handshake that is never completed leaves its entry behind. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct handshake_key);
	__type(value, struct handshake);
} handshakes SEC(".maps");

/* Whose the listeners are, so that a connection which is not to be is not begun. What is not known here is asked of the accepted socket. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct service_key);
	__type(value, struct pmoas_tag);
} listeners SEC(".maps");

/* A context's member has to be read at a fixed offset: volatile keeps the compiler from choosing between two by pointer. */
#define MEMBER(ops, member) (*(volatile typeof((ops)->member) *)&(ops)->member)

static __always_inline void addresses(struct bpf_sock_ops *ops, __u32 *local, __u32 *remote)
{
	local[0] = MEMBER(ops, local_ip6[0]);
	local[1] = MEMBER(ops, local_ip6[1]);
	local[2] = MEMBER(ops, local_ip6[2]);
	local[3] = MEMBER(ops, local_ip6[3]);
	remote[0] = MEMBER(ops, remote_ip6[0]);
	remote[1] = MEMBER(ops, remote_ip6[1]);
	remote[2] = MEMBER(ops, remote_ip6[2]);
	remote[3] = MEMBER(ops, remote_ip6[3]);
	if (MEMBER(ops, family) == AF_INET6)
		return;
	pmoas_address_v4(local, MEMBER(ops, local_ip4));
	pmoas_address_v4(remote, MEMBER(ops, remote_ip4));
}

static __always_inline void handshake_key(struct handshake_key *k, const __u32 *address, __u32 port, __u64 netns)
{
	k->netns = scope == SCOPE_INSIDE_LEG || pmoas_is_loopback(address) ? netns : 0;
	k->address[0] = address[0];
	k->address[1] = address[1];
	k->address[2] = address[2];
	k->address[3] = address[3];
	k->port = port;
	k->unused = 0;
}

static __always_inline void listening(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct service_key service = {};
	struct pmoas_tag *tag;

	if (!sk)
		return;
	tag = pmoas_tag_socket(sk);
	service.netns = bpf_get_netns_cookie(ops);
	service.port = ops->local_port;
	if (tag)
		bpf_map_update_elem(&listeners, &service, tag, BPF_ANY);
	else
		bpf_map_delete_elem(&listeners, &service);
}

/* A SYN has come and its answer is about to go. */
static __always_inline void syn_received(struct bpf_sock_ops *ops)
{
	__u32 local[4], remote[4];
	struct handshake h = {};
	struct handshake_key key;
	struct service_key service = {};
	struct pmoas_tag *tag;

	if (!enabled)
		return;
	addresses(ops, local, remote);
	if (scope == SCOPE_INSIDE_LEG && !pmoas_is_loopback(local) && !pmoas_is_loopback(remote) &&
	    !pmoas_is_same_address(local, remote))
		return;
	h.netns = bpf_get_netns_cookie(ops);
	if (scope != SCOPE_ALL_LOCAL && !bpf_map_lookup_elem(&pmoas_pods, &h.netns))
		return;
	h.port = ops->local_port;
	service.netns = h.netns;
	service.port = h.port;
	tag = bpf_map_lookup_elem(&listeners, &service);
	if (tag) {
		h.listener = tag->container;
		h.listener_role = tag->role;
	}
	handshake_key(&key, remote, bpf_ntohl(ops->remote_port), h.netns);
	if (bpf_map_update_elem(&handshakes, &key, &h, BPF_ANY))
		lost(LOST_HANDSHAKE);
}

/* What keeps this socket from being redirected; REFUSED_REASONS when nothing does. */
static __always_inline enum refused_reason socket_fault(struct bpf_sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (!tp)
		return REFUSED_OTHER;
	if (bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp)
		return REFUSED_MPTCP;
	if (tp->inet_conn.icsk_ulp_ops)
		return REFUSED_ULP;
	return REFUSED_REASONS;
}

static __always_inline enum refused_reason put_in_place(struct bpf_sock_ops *ops, struct bpf_sock *sk, __u64 pair,
							__u32 side, const struct handshake *h)
{
	struct end_key key = {.pair = pair, .side = side};
	struct pmoas_end end = {.pair = pair, .side = side};
	struct direction direction = {.is_control = h->is_control, .port = h->port, .netns = h->netns};
	struct pmoas_end *e;
	struct direction *d;
	long result;

	direction.clean_seq = ops->snd_nxt;
	e = bpf_sk_storage_get(&pmoas_ends, sk, &end, BPF_SK_STORAGE_GET_F_CREATE);
	d = bpf_sk_storage_get(&directions, sk, &direction, BPF_SK_STORAGE_GET_F_CREATE);
	if (!e || !d)
		return REFUSED_FULL;
	*e = end; /* a socket may connect again */
	*d = direction;
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	if (h->is_control)
		return REFUSED_REASONS;
	result = bpf_sock_hash_update(ops, &sockets, &key, BPF_NOEXIST);
	if (!result)
		return REFUSED_REASONS;
	return result == -EBUSY ? REFUSED_OWNER : result == -E2BIG ? REFUSED_FULL : REFUSED_OTHER;
}

static __always_inline void try(struct bpf_sock *sk, const struct handshake *h)
{
	struct direction direction = {.is_trial = 1, .port = h->port, .netns = h->netns};
	struct direction *d = bpf_sk_storage_get(&directions, sk, &direction, BPF_SK_STORAGE_GET_F_CREATE);

	if (d)
		*d = direction; /* a socket may connect again */
}

static __always_inline enum refused_reason enrol_connecting(struct bpf_sock_ops *ops, struct bpf_sock *sk,
							    struct handshake *h, const struct pmoas_tag *tag)
{
	struct service_key service = {.netns = h->netns, .port = h->port};
	struct pmoas_pair pair = {};
	enum refused_reason fault;

	fault = container_fault(tag);
	if (fault != REFUSED_REASONS)
		return fault;
	if (!is_port_right(h->port))
		return REFUSED_SCOPE;
	if (tag && h->listener && !are_roles_right(tag->role, h->listener_role))
		return REFUSED_ROLES;
	if (bpf_map_lookup_elem(&opted_out, &service))
		return REFUSED_OPTED_OUT;
	fault = socket_fault(sk);
	if (fault != REFUSED_REASONS)
		return fault;
	if (is_trial(&service)) {
		try(sk, h);
		return REFUSED_TRIAL;
	}
	h->pair = bpf_get_socket_cookie(ops);
	h->snd_una = ops->snd_una;
	h->rcv_nxt = ops->rcv_nxt;
	h->is_control = bpf_get_prandom_u32() % 100 < control_percent;
	pair.socket[0] = (__u64)sk;
	pair.cookie[0] = h->pair;
	if (tag)
		h->connecting = *tag;
	pair.container[0] = h->connecting.container;
	if (bpf_map_update_elem(&pmoas_pairs, &h->pair, &pair, BPF_ANY))
		return REFUSED_FULL;
	fault = put_in_place(ops, sk, h->pair, 0, h);
	if (fault != REFUSED_REASONS)
		bpf_map_delete_elem(&pmoas_pairs, &h->pair);
	return fault;
}

static __always_inline void connected(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	__u32 local[4], remote[4];
	struct handshake_key key;
	struct handshake *known, h;
	struct pmoas_tag *tag;
	enum refused_reason fault;

	if (!enabled || !sk)
		return;
	addresses(ops, local, remote);
	handshake_key(&key, local, ops->local_port, bpf_get_netns_cookie(ops));
	known = bpf_map_lookup_elem(&handshakes, &key);
	if (!known || known->pair) /* the other end is not here, or not in scope */
		return;
	h = *known;
	tag = pmoas_socket_tag(sk);
	fault = enrol_connecting(ops, sk, &h, tag);
	if (fault == REFUSED_REASONS) {
		*known = h;
		return;
	}
	bpf_map_delete_elem(&handshakes, &key);
	refused(tag ? tag->container : 0, fault);
}

static __always_inline enum refused_reason enrol_accepting(struct bpf_sock_ops *ops, struct bpf_sock *sk,
							   const struct handshake *h, struct pmoas_pair *pair)
{
	struct pmoas_tag *tag = pmoas_socket_tag(sk);
	enum refused_reason fault;

	/* Each end has sent nothing but its SYN, and has had the other's. */
	if (h->snd_una != ops->rcv_nxt || h->rcv_nxt != ops->snd_nxt)
		return REFUSED_MISMATCH;
	fault = container_fault(tag);
	if (fault != REFUSED_REASONS)
		return fault;
	if (scope == SCOPE_INSIDE_LEG && tag &&
	    (tag->pod != h->connecting.pod || !are_roles_right(h->connecting.role, tag->role)))
		return REFUSED_ROLES;
	fault = socket_fault(sk);
	if (fault != REFUSED_REASONS)
		return fault;
	pair->container[1] = tag ? tag->container : 0;
	pair->socket[1] = (__u64)sk;
	pair->cookie[1] = bpf_get_socket_cookie(ops);
	return put_in_place(ops, sk, h->pair, 1, h);
}

static __always_inline void accepted(struct bpf_sock_ops *ops)
{
	struct end_key connecting = {};
	struct bpf_sock *sk = ops->sk;
	__u32 local[4], remote[4];
	struct sock_map_totals *t;
	struct handshake_key key;
	struct handshake *known, h;
	enum refused_reason fault;
	struct pmoas_pair *pair;
	__u32 container;

	if (!sk)
		return;
	addresses(ops, local, remote);
	handshake_key(&key, remote, bpf_ntohl(ops->remote_port), bpf_get_netns_cookie(ops));
	known = bpf_map_lookup_elem(&handshakes, &key);
	if (!known)
		return;
	h = *known;
	bpf_map_delete_elem(&handshakes, &key);
	if (!h.pair)
		return;
	pair = bpf_map_lookup_elem(&pmoas_pairs, &h.pair);
	if (!pair) /* the connecting end is closed already */
		return;
	container = pair->container[0];
	fault = enrol_accepting(ops, sk, &h, pair);
	if (fault != REFUSED_REASONS) {
		connecting.pair = h.pair;
		bpf_map_delete_elem(&sockets, &connecting);
		bpf_map_delete_elem(&pmoas_pairs, &h.pair);
		refused(container, fault);
		return;
	}
	pair->complete = 1;
	t = totals_of(container);
	if (!t)
		return;
	if (h.is_control)
		ADD(t->control, 1);
	else
		ADD(t->enrolled, 1);
	ADD(t->open, 1);
}

#endif
