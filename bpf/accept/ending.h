/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_ENDING_H
#define PMOAS_ACCEPT_ENDING_H

/* How a connection stops being open, and how one that was open before us is taken in. */

static __always_inline void connection_ended(const struct sock *sk, struct connection *c, struct accept_totals *t)
{
	__u64 now = bpf_ktime_get_ns(), key = (__u64)sk;
	struct pmoas_tuple tuple;
	struct accept_event *e;

	ADD(t->closed, 1);
	if (!c->before_us)
		pmoas_histogram_observe(&t->connection, now - c->established_ns);
	account(sk, c, t, true);
	e = event_begin(sk, EVENT_CLOSE, c->tag.container, now, c->before_us ? 0 : now - c->established_ns);
	if (e) {
		e->sent_bytes = c->sent_bytes;
		e->received_bytes = c->received_bytes;
		pmoas_event_submit(e);
	}
	c->established_ns = 0;
	if (c->direction == DIRECTION_PASSIVE && !c->settled)
		bpf_map_delete_elem(&unaccepted, &key);
	if (c->inside) {
		pmoas_tuple_of(sk, &tuple);
		if (!bpf_map_delete_elem(&legs, &tuple))
			ADD(t->unpaired[UNPAIRED_NO_SERVICE], 1);
	}
	if (c->direction == DIRECTION_PASSIVE)
		pmoas_turn_abandon(&c->turn, c->tag.container);
}

/* Any other change of state: the connection may stop being open, and may end. */
static __always_inline void leaving(const struct sock *sk, int from, int to)
{
	__u64 key = (__u64)sk;
	struct connection *c;
	struct accept_totals *t;

	if (is_open(to) || to == TCP_SYN_RECV)
		return;
	if (from == TCP_SYN_RECV && to == TCP_CLOSE) /* perhaps accepted early */
		bpf_map_delete_elem(&unaccepted, &key);
	c = connection_of(sk);
	if (!c || !c->established_ns)
		return;
	t = totals_of(c->tag.container);
	if (!t)
		return;
	set_open(c, t, false);
	if (to == TCP_CLOSE)
		connection_ended(sk, c, t);
}

/* A connection that was open before we were: known from now on, never counted as new. */
static __always_inline struct connection *take_in(const struct sock *sk, const struct pmoas_tag *tag,
						  struct accept_totals *t)
{
	struct connection *c = connection_begin(sk, tag, DIRECTION_UNKNOWN);
	struct pmoas_tuple tuple;
	struct pmoas_tcp_counts n;

	if (!c)
		return NULL;
	c->before_us = 1;
	c->turn.requests = 1;
	c->settled = 1;
	c->established_ns = bpf_ktime_get_ns();
	pmoas_tuple_of(sk, &tuple);
	c->inside = pmoas_tuple_is_local(&tuple);
	if (pmoas_tcp_counts_of(sk, &n)) {
		c->sent_bytes = n.sent_bytes;
		c->received_bytes = n.received_bytes;
		c->retransmits = n.retransmits;
	}
	set_open(c, t, true);
	return c;
}

static __always_inline void collect_socket(const struct sock *sk, const struct pmoas_tag *tag)
{
	int state = sk->__sk_common.skc_state;
	struct connection *c;
	struct accept_totals *t;

	if (state == TCP_LISTEN) {
		pmoas_note_listening(sk);
		return;
	}
	if (!is_open(state))
		return;
	t = totals_of(tag->container);
	if (!t)
		return;
	c = connection_of(sk);
	if (c && c->established_ns)
		account(sk, c, t, false);
	else if (!c)
		take_in(sk, tag, t);
}

#endif
