/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_TURNS_H
#define PMOAS_SOCK_MAP_TURNS_H

/*
 * How long the connecting end waits for an answer: from its first send to the first thing it receives after that. Of redirected pairs
 * and of the control group alike, so that the two can be compared in the same pod at the same time.
 */

/* 1: both groups are seen as a send begins. 0: as it ends, where the kernel has no tracepoint at its beginning. Set by user space. */
__u32 starts_early = 0;

static __always_inline struct direction *direction_of(struct sock *sk)
{
	/* Asked of every message on the machine: most sockets keep nothing. */
	if (!sk->sk_bpf_storage || sk->sk_protocol != IPPROTO_TCP)
		return NULL;
	return bpf_sk_storage_get(&directions, sk, 0, 0);
}

static __always_inline void turn_begins(struct sock *sk)
{
	struct direction *d = direction_of(sk);

	if (d && !d->turn_began)
		d->turn_began = bpf_ktime_get_ns();
}

static __always_inline void turn_ends(struct sock *sk)
{
	struct direction *d = direction_of(sk);
	struct sock_map_totals *t;
	struct pmoas_pair *pair;
	struct pmoas_end *e;
	__u64 took;

	if (!d)
		return;
	if (d->is_trial)
		trial_answered(d);
	d->small = 0;
	if (!d->turn_began)
		return;
	took = bpf_ktime_get_ns() - d->turn_began;
	d->turn_began = 0;
	e = bpf_sk_storage_get(&pmoas_ends, sk, 0, 0);
	if (!e || e->side)
		return;
	pair = bpf_map_lookup_elem(&pmoas_pairs, &e->pair);
	if (!pair || !pair->complete)
		return;
	t = totals_of(pair->container[0]);
	if (t)
		pmoas_histogram_observe(d->is_control ? &t->control_turn : &t->accelerated_turn, took);
}

#endif
