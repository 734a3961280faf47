/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_HANDSHAKE_H
#define PMOAS_ACCEPT_HANDSHAKE_H

/* connect, accept and close: what one connection adds to its container's totals. */

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

/* Brings *counted up to current and *total with it. A scrape and a close may do so at once: only who moves *counted adds. */
static __always_inline void count_up(__u64 *counted, __u64 current, __u64 *total)
{
	__u64 before;
	int i;

	for (i = 0; i < 4; i++) {
		before = *(volatile __u64 *)counted;
		if (current <= before)
			return;
		if (__sync_val_compare_and_swap(counted, before, current) == before) {
			ADD(*total, current - before);
			return;
		}
	}
}

/* Data bytes and retransmits of a connection so far, from the counters TCP keeps anyway. */
struct tcp_counts {
	__u64 sent_bytes;
	__u64 received_bytes;
	__u64 retransmits;
	__u64 rtt_ns;
};

static __always_inline bool tcp_counts_of(const struct sock *sk, struct tcp_counts *n)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
	__u64 fin;

	if (!tp)
		return false;
	/* tcp_fin() sets SOCK_DONE; the FIN it saw took one of the sequence numbers that bytes_received counts */
	fin = (sk->__sk_common.skc_flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE)) & 1;
	n->sent_bytes = tp->bytes_sent - tp->bytes_retrans;
	n->received_bytes = tp->bytes_received;
	if (n->received_bytes >= fin)
		n->received_bytes -= fin;
	n->retransmits = tp->total_retrans;
	n->rtt_ns = (__u64)tp->srtt_us * 125; /* kept as 8 × µs */
	return true;
}

/* Adds what the connection did since it was last counted; its round-trip time too, when it carried data or is at its end. */
static __always_inline void account(const struct sock *sk, struct connection *c, struct accept_totals *t, bool end)
{
	struct tcp_counts n;

	if (!tcp_counts_of(sk, &n))
		return;
	if (n.rtt_ns && (end || n.sent_bytes > c->sent_bytes))
		pmoas_histogram_observe(&t->rtt, n.rtt_ns);
	count_up(&c->sent_bytes, n.sent_bytes, &t->sent_bytes);
	count_up(&c->received_bytes, n.received_bytes, &t->received_bytes);
	count_up(&c->retransmits, n.retransmits, &t->retransmits);
}

static __always_inline void set_open(struct connection *c, struct accept_totals *t, bool open)
{
	if (open == !!c->open)
		return;
	c->open = open;
	ADD(t->open, open ? 1 : -1);
}

static __always_inline struct connection *connection_begin(const struct sock *sk, const struct pmoas_tag *tag,
							   __u8 direction)
{
	struct connection blank = {};
	struct connection *c;

	blank.tag = *tag;
	blank.direction = direction;
	blank.turn_slot = PMOAS_PENDING_NO_SLOT;
	c = bpf_sk_storage_get(&connections, (void *)sk, &blank, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c) {
		lost(LOST_CONNECTION);
		return NULL;
	}
	*c = blank; /* a socket may connect again */
	return c;
}

static __always_inline struct pmoas_tag *tag_socket(const struct sock *sk)
{
	struct pmoas_tag *tag = pmoas_current_tag(), *held;

	if (!tag)
		return NULL;
	held = bpf_sk_storage_get(&pmoas_sockets, (void *)sk, tag, BPF_SK_STORAGE_GET_F_CREATE);
	if (held)
		*held = *tag;
	return tag;
}

static __always_inline void listening(const struct sock *sk)
{
	tag_socket(sk);
}

static __always_inline void connect_started(const struct sock *sk)
{
	struct pmoas_tag *tag = tag_socket(sk);
	struct pmoas_pending *p;
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
	p = pmoas_pending_of(tag->container);
	c->taken = PMOAS_TAKEN_AMBIGUOUS;
	if (!p)
		return;
	c->begun = p->begun;
	c->taken = pmoas_pending_connect(p, &c->forward_began, &c->turn_slot);
}

static __always_inline void connect_failed(const struct sock *sk)
{
	struct connection *c = connection_of(sk);
	struct pmoas_pending *p;
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
	if (c->tag.role == PMOAS_ROLE_SIDECAR && c->taken == PMOAS_TAKEN) {
		p = pmoas_pending_of(c->tag.container);
		if (p)
			pmoas_pending_give_back(p, c->turn_slot, c->forward_began);
	}
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
	leg.forward_began = c->forward_began;
	leg.container = c->tag.container;
	leg.taken = c->taken;
	if (bpf_map_update_elem(&legs, &tuple, &leg, BPF_ANY))
		ADD(t->unpaired[UNPAIRED_TABLE_FULL], 1);
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
	struct pmoas_tag *tag = bpf_sk_storage_get(&pmoas_sockets, (void *)sk, 0, 0);
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

/* The socket behind a file descriptor of the running task, if it is TCP; 0 otherwise. */
static __always_inline __u64 tcp_socket_of_fd(long fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file **files, *file = NULL;
	struct socket *socket;
	struct sock *sk;

	if (fd < 0)
		return 0;
	files = BPF_CORE_READ(task, files, fdt, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), &files[fd]) || !file)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	return (__u64)sk;
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
	sk = tcp_socket_of_fd(PT_REGS_PARM1_CORE_SYSCALL(regs));
	/* A socket that tried has a first sequence number; one that found no route has none yet. */
	if (!sk || BPF_CORE_READ((struct tcp_sock *)sk, write_seq))
		return;
	t = totals_of(tag->container);
	if (t)
		ADD(t->connected[CONNECT_UNREACHABLE], 1);
}

static __always_inline void connection_ended(const struct sock *sk, struct connection *c, struct accept_totals *t)
{
	__u64 now = bpf_ktime_get_ns(), key = (__u64)sk;
	struct pmoas_pending *p;
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
	if (c->turn && c->direction == DIRECTION_PASSIVE) {
		c->turn = 0;
		p = pmoas_pending_of(c->tag.container);
		if (p)
			pmoas_pending_end(p, c->turn_slot, c->turn_began, false);
	}
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
	struct tcp_counts n;

	if (!c)
		return NULL;
	c->before_us = 1;
	c->settled = 1;
	c->established_ns = bpf_ktime_get_ns();
	pmoas_tuple_of(sk, &tuple);
	c->inside = pmoas_tuple_is_local(&tuple);
	if (tcp_counts_of(sk, &n)) {
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
	struct listening_port l;
	__u32 one = 1;

	if (state == TCP_LISTEN) {
		listening_port_of(sk, &l);
		bpf_map_update_elem(&listening_ports, &l, &one, BPF_ANY);
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
