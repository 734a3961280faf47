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
static __always_inline __u64 unread(struct tcp_sock *reader)
{
	struct sk_psock *psock =
		(struct sk_psock *)((__u64)BPF_CORE_READ((struct sock *)reader, sk_user_data) & USER_DATA_POINTER);

	if (!psock)
		return 0;
	if (bpf_core_field_exists(psock->msg_tot_len))
		return BPF_CORE_READ(psock, msg_tot_len);
	/* Older kernels charge it to the reader's receive memory. */
	return (__u32)BPF_CORE_READ((struct sock___backlog *)reader, sk_backlog.rmem_alloc.counter);
}

/* To look costs as much as the rest of the program, and there are never more than there were and came since. */
#define LOOK_EVERY (1 << 20)

/*
 * Where the reader's memory has a limit, a share of it is left alone, and the rest is for as many connections as may be redirected before
 * the next of them looks: between our look and the kernel's charge others take some, TCP's own queues above all.
 */
#define SPARED_SHIFT 3 /* an eighth */
#define SHARES 1024
#define LOOK_EVERY_WHEN_LIMITED (64 << 10)

/*
 * Bytes for a connection that waits to be accepted. Nobody is charged for them before, and a backlog is thousands of connections;
 * then the reader is charged for all at once, whatever its limit.
 */
#define UNACCEPTED_BYTES (256 << 10)

#define UNLIMITED_PAGES (1ll << 40)
#define MEMCG_POINTER (~7ull) /* the low bits are flags on newer kernels */
#define MEMCG_LEVELS 8
#define MEMCG_PAGE_SHIFT 12
#define MOST_ZONES 8
#define LRU_LISTS 5
#define LRU_INACTIVE_FILE 2

/* Pages that are left below a limit. */
static __always_inline __s64 below(const struct page_counter *counter)
{
	__s64 limit = BPF_CORE_READ(counter, max);

	if (limit >= UNLIMITED_PAGES)
		return UNLIMITED_PAGES;
	return limit - (limit >> SPARED_SHIFT) - BPF_CORE_READ(counter, usage.counter);
}

/* Pages of files not used lately, which the kernel takes away before it refuses any; of the first node, which most machines have only. */
static __always_inline __s64 inactive_file_pages(const struct mem_cgroup *memcg)
{
	struct mem_cgroup_per_node *node = BPF_CORE_READ(memcg, nodeinfo[0]);
	unsigned long zones[MOST_ZONES * LRU_LISTS] = {};
	__u32 size = bpf_core_field_size(node->lru_zone_size);
	__s64 pages = 0;

	bpf_probe_read_kernel(zones, size < sizeof(zones) ? size : sizeof(zones), &node->lru_zone_size);
	for (int i = 0; i < MOST_ZONES; i++)
		pages += zones[i * LRU_LISTS + LRU_INACTIVE_FILE];
	return pages;
}

/* The least that any cgroup from this one up may still use for sockets. On v1 these have a limit of their own. */
static __always_inline __s64 socket_pages_left(const struct mem_cgroup *memcg)
{
	const struct page_counter *counter = &memcg->tcpmem;
	__s64 least = UNLIMITED_PAGES, left;

	for (int i = 0; i < MEMCG_LEVELS && counter; i++) {
		left = below(counter);
		if (left < least)
			least = left;
		counter = BPF_CORE_READ(counter, parent);
	}
	return least;
}

/*
 * Pages that may still wait at the other end before its memory is short; UNLIMITED_PAGES where nothing limits it. The kernel charges
 * what waits to the reader; when that fails the writer's send does, with ENOMEM, and a container at its limit may lose a process. TCP
 * would only have dropped a segment.
 */
static __always_inline __s64 pages_left(struct tcp_sock *reader)
{
	struct sock *sk = (struct sock *)reader;
	struct mem_cgroup *memcg = (struct mem_cgroup *)((__u64)BPF_CORE_READ(sk, sk_memcg) & MEMCG_POINTER);
	unsigned long *pressure = BPF_CORE_READ(sk, __sk_common.skc_prot, memory_pressure), is_short = 0;
	__s64 left;

	bpf_probe_read_kernel(&is_short, sizeof(is_short), pressure); /* all TCP sockets of the machine */
	if (is_short)
		return 0;
	if (!memcg)
		return UNLIMITED_PAGES;
	if (pmoas_cgroup_v1) {
		if (!bpf_core_field_exists(memcg->tcpmem))
			return UNLIMITED_PAGES;
		left = socket_pages_left(memcg);
	} else {
		left = below(&memcg->memory);
		if (left < UNLIMITED_PAGES)
			left += inactive_file_pages(memcg);
	}
	return left > 0 ? left : 0;
}

static __always_inline bool is_within_bound(const struct direction *d, __u32 size)
{
	return d->in_flight + d->since + size + (d->messages + 1) * MESSAGE_MEMORY <= bound;
}

static __always_inline void look(struct direction *d, struct tcp_sock *reader)
{
	d->in_flight = unread(reader);
	d->since = 0;
	/* How many messages the unread bytes are in is not kept: as many as they are of all bytes that were counted. */
	d->messages = d->in_flight < d->of_bytes ? d->messages * d->in_flight / d->of_bytes : d->messages;
	d->of_bytes = d->in_flight;
}

/* Why the other end may not be given so much more; PASSED_REASONS when it may. */
static __always_inline enum passed_reason shortage(struct direction *d, const struct pmoas_pair *pair, __u32 other,
						   __u32 size, struct sock_map_totals *t)
{
	struct tcp_sock *reader;
	__s64 left;

	if (d->since + size <= d->until_look && is_within_bound(d, size))
		return PASSED_REASONS;
	reader = other_end(pair, other);
	if (!reader)
		return PASSED_UNPAIRED;
	look(d, reader);
	if (!BPF_CORE_READ((struct sock *)reader, sk_socket)) {
		d->until_look = 0;
		return d->in_flight + size <= UNACCEPTED_BYTES ? PASSED_REASONS : PASSED_BOUND;
	}
	left = pages_left(reader);
	d->until_look = LOOK_EVERY;
	if (left < UNLIMITED_PAGES) {
		left <<= MEMCG_PAGE_SHIFT;
		d->until_look = left / SHARES < LOOK_EVERY_WHEN_LIMITED ? left / SHARES : LOOK_EVERY_WHEN_LIMITED;
	}
	if (t)
		pmoas_histogram_observe(&t->in_flight, d->in_flight);
	if (!is_within_bound(d, size))
		return PASSED_BOUND;
	return left >= size ? PASSED_REASONS : PASSED_MEMORY;
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
	return shortage(d, pair, other, size, t);
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
