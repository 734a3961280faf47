/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_REDIRECT_H
#define PMOAS_SOCK_MAP_REDIRECT_H

/*
 * Where a message goes: to the other end's queue, past the stack, or by TCP. The order of bytes is kept by one rule: a reader takes
 * what was redirected before what TCP brought, so nothing is redirected while TCP's bytes are unread.
 */

/*
 * Memory that what is redirected and unread may take, per direction; beyond it the rest goes by TCP, which stops the writer. The kernel
 * keeps a struct sk_msg for each message, however small it is. Set before load.
 */
const volatile __u64 bound = 16 << 20;
#define MESSAGE_MEMORY 1024

/* A message of this size gains nothing by redirection if another follows without an answer: TCP would send them in one segment. */
#define SMALL_MESSAGE 1024
#define SMALL_MESSAGES 256 /* in a row, that make a stream of them */

/* The low bits of sk_user_data are flags. */
#define USER_DATA_POINTER (~7ull)

/* The other end's socket, as an address; NULL when it is no more what it was. */
static __always_inline struct tcp_sock *other_end(const struct pmoas_pair *pair, __u32 other)
{
	struct tcp_sock *tp = (struct tcp_sock *)pair->socket[other];

	/* A freed socket's memory is a socket's again, with another cookie. */
	if ((__u64)BPF_CORE_READ((struct sock *)tp, __sk_common.skc_cookie.counter) != pair->cookie[other])
		return NULL;
	return tp;
}

/* Has the other end read all that went by TCP? Both count in the same sequence numbers: the handshake has shown it. */
static __always_inline bool is_drained(const struct tcp_sock *tp, const struct pmoas_pair *pair, __u32 other)
{
	struct tcp_sock *reader = other_end(pair, other);

	return reader && BPF_CORE_READ(reader, copied_seq) == tp->write_seq;
}

/* Bytes that wait at the other end. */
static __always_inline __u64 unread(const struct pmoas_pair *pair, __u32 other)
{
	struct tcp_sock *reader = other_end(pair, other);
	struct sk_psock *psock;

	if (!reader)
		return 0;
	psock = (struct sk_psock *)((__u64)BPF_CORE_READ((struct sock *)reader, sk_user_data) & USER_DATA_POINTER);
	if (!psock)
		return 0;
	if (bpf_core_field_exists(psock->msg_tot_len))
		return BPF_CORE_READ(psock, msg_tot_len);
	/* Older kernels charge it to the reader's receive memory. */
	return (__u32)BPF_CORE_READ((struct sock___backlog *)reader, sk_backlog.rmem_alloc.counter);
}

/* To look costs as much as the rest of the program, and there are never more than there were and came since. */
#define LOOK_EVERY (1 << 20)

static __always_inline bool has_room(const struct direction *d, __u32 size)
{
	return d->in_flight + d->since + size + (d->messages + 1) * MESSAGE_MEMORY <= bound;
}

static __always_inline bool is_within_bound(struct direction *d, const struct pmoas_pair *pair, __u32 other, __u32 size,
					    struct sock_map_totals *t)
{
	if (d->since < LOOK_EVERY && has_room(d, size))
		return true;
	d->in_flight = unread(pair, other);
	d->since = 0;
	/* How many messages the unread bytes are in is not kept: as many as they are of all bytes that were counted. */
	d->messages = d->in_flight < d->of_bytes ? d->messages * d->in_flight / d->of_bytes : d->messages;
	d->of_bytes = d->in_flight;
	if (t)
		pmoas_histogram_observe(&t->in_flight, d->in_flight);
	return has_room(d, size);
}

static __always_inline void learn(struct direction *d, __u32 size)
{
	struct service_key service = {.netns = d->netns, .port = d->port};
	struct sock_map_losses *l;
	__u32 zero = 0, one = 1;

	if (size > SMALL_MESSAGE) {
		d->small = 0;
		return;
	}
	if (++d->small != SMALL_MESSAGES)
		return;
	if (bpf_map_update_elem(&opted_out, &service, &one, BPF_NOEXIST))
		return;
	l = bpf_map_lookup_elem(&losses, &zero);
	if (l)
		ADD(l->opted_out, 1);
}

/* Why this message has to go by TCP; PASSED_REASONS when it need not. */
static __always_inline enum passed_reason obstacle(struct bpf_sock *sk, struct direction *d,
						   const struct pmoas_pair *pair, __u32 other, __u32 size,
						   struct sock_map_totals *t)
{
	struct tcp_sock *tp;

	if (!pair->complete || pair->closed)
		return PASSED_UNPAIRED;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || tp->inet_conn.icsk_ulp_ops) /* kTLS hands over what is not encrypted yet */
		return PASSED_ULP;
	if (tp->write_seq != d->clean_seq) {
		if (!is_drained(tp, pair, other))
			return PASSED_DRAINING;
		d->clean_seq = tp->write_seq;
	}
	return is_within_bound(d, pair, other, size, t) ? PASSED_REASONS : PASSED_BOUND;
}

static __always_inline void redirect_message(struct sk_msg_md *msg)
{
	struct bpf_sock *sk = msg->sk;
	struct sock_map_totals *t;
	enum passed_reason passed;
	struct end_key key = {};
	struct pmoas_pair *pair;
	struct pmoas_end *e;
	struct direction *d;
	__u32 size = msg->size, side;

	if (!sk)
		return;
	e = bpf_sk_storage_get(&pmoas_ends, sk, 0, 0);
	d = bpf_sk_storage_get(&directions, sk, 0, 0);
	if (!e || !d)
		return;
	pair = bpf_map_lookup_elem(&pmoas_pairs, &e->pair);
	if (!pair)
		return;
	side = e->side & 1;
	if (!d->turn_began && starts_early)
		d->turn_began = bpf_ktime_get_ns();
	learn(d, size);
	t = totals_of(pair->container[side]);
	passed = obstacle(sk, d, pair, !side, size, t);
	if (passed == PASSED_REASONS) {
		key.pair = e->pair;
		key.side = !side;
		if (bpf_msg_redirect_hash(msg, &sockets, &key, BPF_F_INGRESS) == SK_PASS) {
			d->since += size;
			d->of_bytes += size;
			d->messages++;
			__sync_fetch_and_add(&pair->sent_bytes[side], size);
			if (t) {
				ADD(t->sent_bytes, size);
				ADD(t->sent_messages, 1);
			}
			return;
		}
		passed = PASSED_UNPAIRED;
	}
	if (t) {
		ADD(t->passed[passed], 1);
		ADD(t->passed_bytes, size);
	}
}

#endif
