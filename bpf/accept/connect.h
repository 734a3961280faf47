/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_CONNECT_H
#define PMOAS_ACCEPT_CONNECT_H

/* The end that connects: from connect() to established or failed. */

#define ENETUNREACH 101
#define ECONNRESET 104
#define ETIMEDOUT 110
#define ECONNREFUSED 111
#define EHOSTUNREACH 113

static __always_inline enum connect_result result_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
		return CONNECT_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
		return CONNECT_UNREACHABLE;
	case ECONNRESET:
		return CONNECT_RESET;
	default:
		return CONNECT_OTHER;
	}
}

static __always_inline void connect_started(const struct sock *sk)
{
	struct pmoas_tag *tag = pmoas_tag_socket((void *)sk);
	struct pmoas_tuple tuple;
	struct connection *c;

	if (!tag)
		return;
	c = connection_begin(sk, tag, DIRECTION_ACTIVE);
	if (!c)
		return;
	c->connect_ns = bpf_ktime_get_ns();
	if (tag->role != PMOAS_ROLE_SIDECAR)
		return;
	pmoas_tuple_of(sk, &tuple);
	c->inside = pmoas_tuple_is_local(&tuple);
	pmoas_turn_connect(&c->turn, tag->container);
}

static __always_inline void connect_failed(const struct sock *sk)
{
	struct connection *c = connection_of(sk);
	enum connect_result result;
	struct accept_totals *t;
	struct accept_event *e;
	__u64 now;

	if (!c)
		return;
	t = totals_of(c->tag.container);
	result = result_of(sk->sk_err);
	now = bpf_ktime_get_ns();
	if (t)
		ADD(t->connected[result], 1);
	if (c->tag.role == PMOAS_ROLE_SIDECAR)
		pmoas_turn_connect_failed(&c->turn, c->tag.container);
	e = event_begin(sk, EVENT_CONNECT, c->tag.container, now, now - c->connect_ns);
	if (e) {
		e->result = result;
		pmoas_event_submit(e);
	}
}

static __always_inline void connect_established(const struct sock *sk)
{
	struct connection *c = connection_of(sk);
	struct accept_totals *t;
	struct pmoas_tuple tuple;
	struct leg leg;

	if (!c)
		return;
	t = totals_of(c->tag.container);
	if (!t)
		return;
	c->established_ns = bpf_ktime_get_ns();
	ADD(t->connected[CONNECT_OK], 1);
	pmoas_histogram_observe(&t->connect, c->established_ns - c->connect_ns);
	set_open(c, t, true);
	event(sk, EVENT_CONNECT, c->tag.container, c->established_ns, c->established_ns - c->connect_ns);
	if (!c->inside)
		return;
	pmoas_tuple_of(sk, &tuple);
	leg.connect_ns = c->connect_ns;
	leg.forward_began = c->turn.began;
	leg.container = c->tag.container;
	leg.taken = c->turn.taken;
	if (bpf_map_update_elem(&legs, &tuple, &leg, BPF_ANY))
		ADD(t->unpaired[UNPAIRED_TABLE_FULL], 1);
}

/* connect() failed at once for want of a route. */
static __always_inline void connect_without_route(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct pmoas_tag *tag = pmoas_current_tag();
	struct accept_totals *t;
	__u64 sk;

	if (!tag)
		return;
	sk = pmoas_tcp_socket_of_fd(PT_REGS_PARM1_CORE_SYSCALL(regs));
	/* A socket that tried has a first sequence number; one that found no route has none yet. */
	if (!sk || BPF_CORE_READ((struct tcp_sock *)sk, write_seq))
		return;
	t = totals_of(tag->container);
	if (t)
		ADD(t->connected[CONNECT_UNREACHABLE], 1);
}

#endif
