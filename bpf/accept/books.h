/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_ACCEPT_BOOKS_H
#define PMOAS_ACCEPT_BOOKS_H

/* What a connection adds to its container's books while it is open: bytes, retransmits, round-trip time. */

/* Adds what the connection did since it was last counted; its round-trip time too, when it carried data or is at its end. */
static __always_inline void account(const struct sock *sk, struct connection *c, struct accept_totals *t, bool end)
{
	struct pmoas_tcp_counts n;

	if (!pmoas_tcp_counts_of(sk, &n))
		return;
	if (n.rtt_ns && (end || n.sent_bytes > c->sent_bytes))
		pmoas_histogram_observe(&t->rtt, n.rtt_ns);
	pmoas_count_up(&c->sent_bytes, n.sent_bytes, &t->sent_bytes);
	pmoas_count_up(&c->received_bytes, n.received_bytes, &t->received_bytes);
	pmoas_count_up(&c->retransmits, n.retransmits, &t->retransmits);
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
	c = bpf_sk_storage_get(&connections, (void *)sk, &blank, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c) {
		lost(LOST_CONNECTION);
		return NULL;
	}
	*c = blank; /* a socket may connect again */
	return c;
}

#endif
