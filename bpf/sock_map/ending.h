/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_ENDING_H
#define PMOAS_SOCK_MAP_ENDING_H

/* How a pair ends: its bytes are kept by the ends that outlive it, and its place is free. */

static __always_inline void count_failure(struct bpf_sock *sk, const struct pmoas_pair *pair, __u32 side)
{
	struct direction *d = bpf_sk_storage_get(&directions, sk, 0, 0);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct sock_map_totals *t;

	if (!d || !tp || !tp->inet_conn.icsk_inet.sk.sk_err)
		return;
	t = totals_of(pair->container[side]);
	if (t)
		ADD(t->failed[d->is_control ? GROUP_CONTROL : GROUP_ACCELERATED], 1);
}

/* One end is closed for good. The kernel takes it out of the map by itself. */
static __always_inline void closed(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct sock_map_totals *t;
	struct pmoas_pair *pair;
	struct pmoas_end *e;

	if (!sk)
		return;
	e = bpf_sk_storage_get(&pmoas_ends, sk, 0, 0);
	if (!e || e->done)
		return;
	pair = bpf_map_lookup_elem(&pmoas_pairs, &e->pair);
	e->done = 1;
	if (!pair)
		return;
	e->sent_bytes = pair->sent_bytes[e->side & 1];
	e->received_bytes = pair->sent_bytes[!(e->side & 1)];
	count_failure(sk, pair, e->side & 1);
	if (pair->complete && !__sync_lock_test_and_set(&pair->closed, 1))
		return; /* the other end is still there */
	if (pair->complete) {
		t = totals_of(pair->container[0]);
		if (t)
			ADD(t->open, -1);
	}
	bpf_map_delete_elem(&pmoas_pairs, &e->pair);
}

#endif
