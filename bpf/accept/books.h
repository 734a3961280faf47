/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_BOOKS_H
#define PMOAS_ACCEPT_BOOKS_H

/* What a connection adds to its container's books while it is open: bytes, retransmits, round-trip time. */

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

#endif
