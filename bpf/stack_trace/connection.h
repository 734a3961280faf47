/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_CONNECTION_H
#define PMOAS_STACK_TRACE_CONNECTION_H

/* How the two streams of a connection come into being and go. */

/* Ports that watched containers listen on: which end of a connection older than us connected? LRU: pods come and go, and walks write them anew. */
#define MAX_LISTENING_PORTS 8192

struct listening_port {
	__u64 netns; /* cookie */
	__u32 port;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_LISTENING_PORTS);
	__type(key, struct listening_port);
	__type(value, __u32);
} listening_ports SEC(".maps");

static __always_inline void listening_port_of(const struct sock *sk, struct listening_port *l)
{
	l->netns = pmoas_netns_cookie(sk);
	l->port = sk->__sk_common.skc_num;
	l->unused = 0;
}

static __always_inline void note_listening(const struct sock *sk)
{
	struct listening_port l;
	__u32 one = 1;

	listening_port_of(sk, &l);
	bpf_map_update_elem(&listening_ports, &l, &one, BPF_ANY);
}

static __always_inline bool is_listening(const struct sock *sk)
{
	struct listening_port l;

	listening_port_of(sk, &l);
	return bpf_map_lookup_elem(&listening_ports, &l);
}

static __always_inline void keys_of(const struct sock *sk, struct end *e)
{
	struct pmoas_tuple t;

	pmoas_tuple_of(sk, &t);
	e->sends.netns = t.netns;
	e->sends.source_port = bpf_htons(t.local_port);
	e->sends.destination_port = bpf_htons(t.remote_port);
	__builtin_memcpy(e->sends.source, t.local_address, sizeof(t.local_address));
	__builtin_memcpy(e->sends.destination, t.remote_address, sizeof(t.remote_address));
	e->receives.netns = t.netns;
	e->receives.source_port = e->sends.destination_port;
	e->receives.destination_port = e->sends.source_port;
	__builtin_memcpy(e->receives.source, t.remote_address, sizeof(t.remote_address));
	__builtin_memcpy(e->receives.destination, t.local_address, sizeof(t.local_address));
}

/* One end of a stream; the other may be known already. */
static __always_inline void stream_begin(const struct stream_key *key, const struct stream *wanted)
{
	struct stream *s;

	if (!bpf_map_update_elem(&streams, key, wanted, BPF_NOEXIST))
		return;
	s = stream_of(key);
	if (!s) {
		lost(LOST_STREAMS);
		return;
	}
	if (wanted->sender)
		s->sender = wanted->sender;
	if (wanted->receiver)
		s->receiver = wanted->receiver;
}

static __always_inline void connection_begin(const struct sock *sk, const struct pmoas_tag *tag, bool connected)
{
	struct stream wanted = no_stream;
	struct end blank = {}, *e;

	keys_of(sk, &blank);
	blank.container = tag->container;
	blank.pod = tag->pod;
	e = bpf_sk_storage_get(&ends, (void *)sk, &blank, BPF_SK_STORAGE_GET_F_CREATE);
	if (!e) {
		lost(LOST_ENDS);
		return;
	}
	*e = blank; /* a socket may connect again */
	wanted.pod = tag->pod;
	wanted.leg = pmoas_socket_is_local(sk) ? LEG_INSIDE : LEG_OUTSIDE;
	wanted.direction = connected ? DIRECTION_REQUEST : DIRECTION_RESPONSE;
	wanted.sender = (__u64)sk;
	stream_begin(&e->sends, &wanted);
	wanted.direction = connected ? DIRECTION_RESPONSE : DIRECTION_REQUEST;
	wanted.sender = 0;
	wanted.receiver = (__u64)sk;
	stream_begin(&e->receives, &wanted);
}

/* The byte that was followed arrives nowhere any more. */
static __always_inline void stream_end(const struct stream_key *key, struct stream *s)
{
	if (is_following(s))
		give_up(s);
	settle_unfollowed(s);
	bpf_map_delete_elem(&streams, key);
}

/* A stream ends with its receiver, for what was written before the sender closed is read after; one that leaves the pod with its sender. */
static __always_inline void connection_end(const struct sock *sk)
{
	struct end *e = end_of(sk);
	struct stream *s;

	if (!e)
		return;
	s = stream_of(&e->receives);
	if (s && s->receiver == (__u64)sk)
		stream_end(&e->receives, s);
	s = stream_of(&e->sends);
	if (s && s->sender == (__u64)sk && !s->receiver)
		stream_end(&e->sends, s);
	bpf_sk_storage_delete(&ends, (void *)sk);
}

static __always_inline struct pmoas_tag *socket_tag(const struct sock *sk)
{
	return bpf_sk_storage_get(&pmoas_sockets, (void *)sk, 0, 0);
}

static __always_inline bool is_change_of_interest(int to)
{
	return to == TCP_ESTABLISHED || to == TCP_CLOSE || to == TCP_SYN_SENT || to == TCP_LISTEN;
}

static __always_inline void state_change(const struct sock *sk, int from, int to)
{
	struct pmoas_tag *tag;

	switch (to) {
	case TCP_LISTEN:
		if (pmoas_tag_socket((void *)sk))
			note_listening(sk);
		break;
	case TCP_SYN_SENT:
		pmoas_tag_socket((void *)sk);
		break;
	case TCP_ESTABLISHED:
		tag = socket_tag(sk);
		if (tag)
			connection_begin(sk, tag, from == TCP_SYN_SENT);
		break;
	case TCP_CLOSE:
		connection_end(sk);
		break;
	}
}

/* Before each scrape, for every watched socket: what is counted in its streams; and connections open before we were are taken in. */
static __always_inline void collect_socket(const struct sock *sk, const struct pmoas_tag *tag)
{
	int state = sk->__sk_common.skc_state;
	struct stream *s;
	struct end *e;

	if (state == TCP_LISTEN) {
		note_listening(sk);
		return;
	}
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
		return;
	e = end_of(sk);
	if (!e) {
		if (!follow)
			return;
		connection_begin(sk, tag, !is_listening(sk));
		/* It may have been closed meanwhile, before there was anything to end. */
		if (*(volatile unsigned char *)&sk->__sk_common.skc_state == TCP_CLOSE)
			connection_end(sk);
		return;
	}
	s = stream_of(&e->sends);
	if (s)
		settle_unfollowed(s);
	s = stream_of(&e->receives);
	if (s)
		settle_unfollowed(s);
}

#endif
