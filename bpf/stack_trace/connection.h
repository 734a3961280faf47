/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_CONNECTION_H
#define PMOAS_STACK_TRACE_CONNECTION_H

/* How connections come and go, and their two streams with them. */

static __always_inline struct end *end_begin(const struct sock *sk, const struct pmoas_tag *tag)
{
	struct end *e = bpf_sk_storage_get(&ends, (void *)sk, (void *)&blank_end, BPF_SK_STORAGE_GET_F_CREATE);

	if (!e) {
		lost(LOST_ENDS);
		return NULL;
	}
	*e = blank_end; /* a socket may connect again */
	e->container = tag->container;
	e->pod = tag->pod;
	e->role = tag->role;
	return e;
}

static __always_inline void connect_started(const struct sock *sk)
{
	struct pmoas_tag *tag = pmoas_tag_socket((void *)sk);
	struct end *e = tag ? end_begin(sk, tag) : NULL;

	if (!e)
		return;
	e->since[TCP_SYN_SENT] = bpf_ktime_get_ns();
	exchange_connects(e);
}

static __always_inline struct end *connection_begin(const struct sock *sk, const struct pmoas_tag *tag, bool connected)
{
	struct end *e = connected ? end_of(sk) : NULL;
	struct party wanted = {};
	struct stream_key key;
	struct pmoas_tuple t;

	if (!e)
		e = end_begin(sk, tag);
	if (!e)
		return NULL;
	pmoas_tuple_of(sk, &t);
	wanted.pod = tag->pod;
	wanted.leg = pmoas_tuple_is_local(&t) ? LEG_INSIDE : LEG_OUTSIDE;
	wanted.direction = connected ? DIRECTION_REQUEST : DIRECTION_RESPONSE;
	wanted.sender = (__u64)sk;
	wanted.container = tag->container;
	e->leg = wanted.leg;
	e->direction = wanted.direction;
	if (wanted.leg == LEG_INSIDE) {
		key_of(&t, true, &key);
		e->sends = stream_begin(&key, &wanted);
	} else {
		e->sends = stream_place(&wanted);
	}
	sender_known(sk, e->sends);
	wanted.direction = connected ? DIRECTION_RESPONSE : DIRECTION_REQUEST;
	wanted.sender = 0;
	wanted.receiver = (__u64)sk;
	key_of(&t, false, &key);
	e->receives = stream_begin(&key, &wanted);
	if (node_stages && e->leg == LEG_OUTSIDE)
		node_knows_end(&key, e);
	return e;
}

/* A stream ends with its receiver, for what was written before the sender closed is read after; one that leaves the pod with its sender. */
static __always_inline void connection_end(const struct sock *sk, struct end *e)
{
	struct stream_key key;
	struct pmoas_tuple t;
	struct stream *s;

	s = stream_received(e, sk);
	if (s) {
		pmoas_tuple_of(sk, &t);
		key_of(&t, false, &key);
		bpf_map_delete_elem(&places, &key);
		if (e->is_translated)
			bpf_map_delete_elem(&places, &e->comes_as);
		if (node_stages && e->leg == LEG_OUTSIDE) {
			node_forgets_end(&key);
			if (e->is_translated)
				node_forgets_end(&e->comes_as);
		}
		stream_end(s, e->receives);
	}
	sender_forgotten(sk);
	s = stream_sent(e, sk);
	if (s && !s->receiver) {
		if (s->leg == LEG_INSIDE) {
			pmoas_tuple_of(sk, &t);
			key_of(&t, true, &key);
			bpf_map_delete_elem(&places, &key);
		}
		stream_end(s, e->sends);
	}
	e->sends = NO_PLACE; /* it is freed with its socket, which costs less */
	e->receives = NO_PLACE;
	e->is_translated = 0;
}

static __always_inline bool is_change_of_interest(int from, int to)
{
	return from != to && to != TCP_SYN_RECV && to != TCP_TIME_WAIT && to != TCP_NEW_SYN_RECV;
}

static __always_inline void established(const struct sock *sk, bool by_connect)
{
	struct pmoas_tag *tag = pmoas_socket_tag(sk);
	struct end *e = tag ? connection_begin(sk, tag, by_connect) : NULL;

	if (!e)
		return;
	if (by_connect)
		connected(sk, e, bpf_ktime_get_ns());
	else
		was_connected_to(sk, e, bpf_ktime_get_ns());
}

static __always_inline void leaving(const struct sock *sk, int from, int to)
{
	struct end *e = end_of(sk);

	if (!e)
		return;
	closing(e, from, to, bpf_ktime_get_ns());
	if (to != TCP_CLOSE)
		return;
	exchange_ends(e, from);
	if (traced)
		tell_close(sk, e);
	if (live && e->close_ns)
		tell_phase(sk, e, PHASE_CLOSE, 0, e->since[TCP_CLOSE] - e->close_ns);
	connection_end(sk, e);
}

static __always_inline void state_change(const struct sock *sk, int from, int to)
{
	if (to == TCP_LISTEN) {
		if (pmoas_tag_socket((void *)sk))
			pmoas_note_listening(sk);
	} else if (to == TCP_SYN_SENT) {
		connect_started(sk);
	} else if (to == TCP_ESTABLISHED) {
		established(sk, from == TCP_SYN_SENT);
	} else {
		leaving(sk, from, to);
	}
}

/* Before each scrape, for every watched socket: what is counted in its streams; and connections open before we were are taken in. */
static __always_inline void collect_socket(const struct sock *sk, const struct pmoas_tag *tag)
{
	int state = sk->__sk_common.skc_state;
	struct stream *s;
	struct end *e;

	if (state == TCP_LISTEN) {
		pmoas_note_listening(sk);
		return;
	}
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
		return;
	e = end_of(sk);
	if (!e) {
		if (!follow)
			return;
		e = connection_begin(sk, tag, !pmoas_is_listening(sk));
		if (!e)
			return;
		exchange_takes_in(e);
		/* It may have been closed meanwhile, before there was anything to end. */
		if (*(volatile unsigned char *)&sk->__sk_common.skc_state == TCP_CLOSE)
			connection_end(sk, e);
		return;
	}
	s = stream_sent(e, sk);
	if (s)
		settle_unfollowed(s);
	s = stream_received(e, sk);
	if (s)
		settle_unfollowed(s);
}

#endif
