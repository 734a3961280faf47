/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_ACCEPTING_H
#define PMOAS_ACCEPT_ACCEPTING_H

/* The end that accepts: from listen() over established to the return of accept(), and the pair it makes with a sidecar's connect. */

static __always_inline void listening(const struct sock *sk)
{
	pmoas_tag_socket((void *)sk);
}

/* The service's end of an inside connection is established: what the sidecar's end left is now known to be a pair. */
static __always_inline void pair(const struct sock *sk, const struct pmoas_tag *tag, struct unaccepted *u, __u64 now)
{
	struct pmoas_tuple tuple, reverse;
	struct accept_totals *t;
	struct leg *leg;

	pmoas_tuple_of(sk, &tuple);
	if (!pmoas_tuple_is_local(&tuple))
		return;
	pmoas_tuple_reverse(&tuple, &reverse);
	leg = bpf_map_lookup_elem(&legs, &reverse);
	if (!leg)
		return;
	t = totals_of(leg->container);
	if (tag->role != PMOAS_ROLE_SERVICE) {
		if (t)
			ADD(t->unpaired[UNPAIRED_NO_SERVICE], 1);
	} else {
		u->connect_ns = leg->connect_ns;
		if (t && leg->taken == PMOAS_TAKEN) {
			pmoas_histogram_observe(&t->forward, leg->connect_ns - leg->forward_began);
			event(sk, EVENT_FORWARD, leg->container, now, leg->connect_ns - leg->forward_began);
		} else if (t) {
			ADD(t->unpaired[leg->taken == PMOAS_TAKEN_AMBIGUOUS ? UNPAIRED_AMBIGUOUS : UNPAIRED_NO_REQUEST],
			    1);
		}
	}
	bpf_map_delete_elem(&legs, &reverse);
}

/* accept() has returned a connection that is known to be established. */
static __always_inline void count_accept(__u64 sk, const struct unaccepted *u, struct accept_totals *t, __u64 now)
{
	__u64 queued = now > u->established_ns ? now - u->established_ns : 0;

	pmoas_histogram_observe(&t->queue, queued);
	event((const struct sock *)sk, EVENT_ACCEPT, u->tag.container, now, queued);
	if (u->connect_ns) {
		pmoas_histogram_observe(&t->handoff, now - u->connect_ns);
		event((const struct sock *)sk, EVENT_HANDOFF, u->tag.container, now, now - u->connect_ns);
	}
}

static __always_inline void accept_established(const struct sock *sk)
{
	struct pmoas_tag *tag = pmoas_socket_tag(sk);
	__u64 key = (__u64)sk, now = bpf_ktime_get_ns();
	struct unaccepted u = {}, *early;
	struct accept_totals *t;
	struct connection *c;

	if (!tag)
		return;
	c = connection_of(sk);
	if (c && c->direction == DIRECTION_ACTIVE) { /* both ends sent a SYN, as when a socket connects to itself */
		connect_established(sk);
		return;
	}
	c = connection_begin(sk, tag, DIRECTION_PASSIVE);
	if (!c)
		return;
	c->established_ns = now;
	t = totals_of(tag->container);
	if (t)
		set_open(c, t, true);
	u.established_ns = now;
	u.tag = *tag;
	pair(sk, tag, &u, now);
	if (!bpf_map_update_elem(&unaccepted, &key, &u, BPF_NOEXIST))
		return;
	early = bpf_map_lookup_elem(&unaccepted, &key);
	if (!early || !early->accepted_ns) { /* no room, or what a socket left whose end was not seen */
		if (bpf_map_update_elem(&unaccepted, &key, &u, BPF_ANY))
			lost(LOST_UNACCEPTED);
		return;
	}
	if (t)
		count_accept(key, &u, t, early->accepted_ns);
	early->established_ns = now;
	if (tag->role != PMOAS_ROLE_SIDECAR)
		bpf_map_delete_elem(&unaccepted, &key);
}

/*
 * accept() returned a socket whose handshake is not over: TCP Fast Open, or a hook that runs before the kernel has waited for
 * the softirq that ends it. What is left here is found by accept_established(). False when that was quicker.
 */
static __always_inline bool accepted_early(__u64 sk, const struct pmoas_tag *tag, __u64 now)
{
	struct unaccepted u = {};

	if (BPF_CORE_READ((const struct sock *)sk, __sk_common.skc_state) != TCP_SYN_RECV)
		return true;
	u.accepted_ns = now;
	u.tag = *tag;
	return !bpf_map_update_elem(&unaccepted, &sk, &u, BPF_NOEXIST);
}

/* accept() returned this socket to the running task. */
static __always_inline void accepted(__u64 sk)
{
	struct unaccepted *u = bpf_map_lookup_elem(&unaccepted, &sk);
	struct pmoas_tag *tag = pmoas_current_tag();
	struct accept_totals *t;
	__u64 now;

	if (tag)
		t = totals_of(tag->container);
	else if (u)
		t = totals_of(u->tag.container);
	else
		return;
	if (!t)
		return;
	now = bpf_ktime_get_ns();
	if (!u && tag && !accepted_early(sk, tag, now))
		u = bpf_map_lookup_elem(&unaccepted, &sk);
	if (u && u->accepted_ns)
		return;
	ADD(t->accepted, 1);
	/* Without u the connection is gone again, or its listener is not tagged: it was accepted all the same. */
	if (!u)
		return;
	count_accept(sk, u, t, now);
	/* Only a sidecar's first read will ask for it again. */
	if (u->tag.role == PMOAS_ROLE_SIDECAR)
		u->accepted_ns = now;
	else
		bpf_map_delete_elem(&unaccepted, &sk);
}

/* First read or write of an accepted connection: from here on the connection itself knows when it was accepted. */
static __always_inline void settle(const struct sock *sk, struct connection *c)
{
	__u64 key = (__u64)sk;
	struct unaccepted *u;

	c->settled = 1;
	u = bpf_map_lookup_elem(&unaccepted, &key);
	if (!u)
		return;
	if (!u->accepted_ns) /* accepted in a way no hook saw: io_uring, where only system calls can be watched */
		accepted(key);
	u = bpf_map_lookup_elem(&unaccepted, &key);
	if (!u)
		return;
	c->accepted_ns = u->accepted_ns;
	bpf_map_delete_elem(&unaccepted, &key);
}

#endif
