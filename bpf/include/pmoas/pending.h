/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_PENDING_H
#define PMOAS_PENDING_H

#include <pmoas/histogram.h>

/*
 * Which request made the sidecar open (or use) an inside connection?
 *
 * A request is pending from the moment the sidecar read its first bytes from a downstream connection until it is taken: the
 * sidecar connects upstream for it, or writes to an upstream connection it already had. There is no id to follow, so the
 * answer is by exclusion, and only given when it is certain:
 *   - one request is pending in the whole sidecar: it is that one, whichever thread acts;
 *   - several are, but this thread read exactly one of them, and this sidecar has never been seen to answer on another
 *     thread than it read on: it is that one (an event loop that works through its connections one by one);
 *   - a connect of a sidecar that connects before it reads (a TCP proxy) is for none of those pending;
 *   - otherwise it cannot be told. A loop that reads several and then connects several (haproxy) takes them all in the end:
 *     when as many were taken as were pending, none of them is pending any more.
 *
 * A pending request has a slot in its sidecar's table; the table is small because slots are held for microseconds.
 */
#define PMOAS_PENDING_SLOTS 64
#define PMOAS_PENDING_NO_SLOT 0xffffffff
#define PMOAS_PENDING_MAX_SIDECARS 4096

struct pmoas_pending {
	__u64 slots; /* bit per slot in use */
	__u64 began[PMOAS_PENDING_SLOTS]; /* what each was begun with: a time or a number, of each another; never 0 */
	__u32 thread[PMOAS_PENDING_SLOTS]; /* who read it */
	__u32 untracked; /* requests in progress that found no slot */
	__u32 changes_threads; /* seen to answer on another thread than it read on */
	__u32 begun; /* requests so far */
	__u32 connects; /* so far */
	__u32 connects_ahead; /* seen to connect before it has read what the connection is for, as a TCP proxy does */
	__u32 unused;
};

enum pmoas_taken {
	PMOAS_TAKEN, /* certain */
	PMOAS_TAKEN_NONE_PENDING, /* no request led to this: a health check, a retry, a pool filled ahead */
	PMOAS_TAKEN_AMBIGUOUS, /* several could have */
};

/* LRU: sidecars come and go for as long as the daemon runs, and an entry is made once in a sidecar's life. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PMOAS_PENDING_MAX_SIDECARS);
	__type(key, __u32); /* container */
	__type(value, struct pmoas_pending);
} pending SEC(".maps");

/* Requests a thread took without it being certain which: how many of which slots. Freed with the thread. */
struct pmoas_doubt {
	__u64 slots;
	__u32 taken;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pmoas_doubt);
} doubts SEC(".maps");

static const struct pmoas_pending no_pending;

static __always_inline struct pmoas_pending *pmoas_pending_of(__u32 container)
{
	struct pmoas_pending *p = bpf_map_lookup_elem(&pending, &container);

	if (p)
		return p;
	bpf_map_update_elem(&pending, &container, &no_pending, BPF_NOEXIST);
	return bpf_map_lookup_elem(&pending, &container);
}

static __always_inline __u32 pmoas_thread(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

static __always_inline __u32 pmoas_count_bits(__u64 v)
{
	v -= (v >> 1) & 0x5555555555555555ull;
	v = (v & 0x3333333333333333ull) + ((v >> 2) & 0x3333333333333333ull);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (v * 0x0101010101010101ull) >> 56;
}

static __always_inline __u32 pmoas_lowest_slot(__u64 slots)
{
	__u64 slot = pmoas_log2(slots & -slots);

	/* clang knows that it fits and would drop the mask; the verifier of 6.1 does not and has to see it. */
	barrier_var(slot);
	return slot & (PMOAS_PENDING_SLOTS - 1);
}

/* A request has begun. Returns its slot, or PMOAS_PENDING_NO_SLOT when all are held (pmoas_pending_end counts that back). */
static __always_inline __u32 pmoas_pending_begin(struct pmoas_pending *p, __u64 began)
{
	__u32 i, slot;
	__u64 bit;

	__sync_fetch_and_add(&p->begun, 1);
	/* Another CPU may take the slot between the look and the claim; four tries settle any real race. */
	for (i = 0; i < 4 && ~p->slots; i++) {
		slot = pmoas_lowest_slot(~p->slots);
		bit = 1ull << slot;
		if (__sync_fetch_and_or(&p->slots, bit) & bit)
			continue;
		p->began[slot] = began;
		p->thread[slot] = pmoas_thread();
		return slot;
	}
	__sync_fetch_and_add(&p->untracked, 1);
	return PMOAS_PENDING_NO_SLOT;
}

/*
 * The pending slots that this thread read. No branch on the comparison: the verifier would follow both ways at each of
 * the slots, two to the power of their number.
 */
static __always_inline __u64 pmoas_pending_mine(struct pmoas_pending *p)
{
	__u64 rest = p->slots, mine = 0, differs;
	__u32 i, slot, thread = pmoas_thread();

	for (i = 0; i < PMOAS_PENDING_SLOTS && rest; i++) {
		slot = pmoas_lowest_slot(rest);
		differs = p->thread[slot] ^ thread;
		mine |= (((differs - 1) >> 63) & 1) << slot;
		barrier_var(mine);
		rest &= rest - 1;
		barrier_var(rest);
	}
	return mine;
}

/* Takes the one slot of this mask; false when somebody else was quicker. */
static __always_inline bool pmoas_pending_claim(struct pmoas_pending *p, __u64 one, __u64 *began, __u32 *taken)
{
	__u32 slot = pmoas_lowest_slot(one);

	*taken = slot;
	*began = p->began[slot];
	return __sync_fetch_and_and(&p->slots, ~one) & one;
}

/* This thread took one of several: when it has taken as many as there are, none is pending any more. */
static __always_inline void pmoas_pending_doubt(struct pmoas_pending *p, __u64 mine)
{
	struct pmoas_doubt *d =
		bpf_task_storage_get(&doubts, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!d)
		return;
	if (!(d->slots & mine))
		d->taken = 0;
	d->slots = mine;
	d->taken++;
	if (d->taken >= pmoas_count_bits(mine)) {
		__sync_fetch_and_and(&p->slots, ~mine);
		d->slots = 0;
		d->taken = 0;
	}
}

/* The sidecar goes upstream: for which request? *began and *slot are set when it is certain. */
static __always_inline enum pmoas_taken pmoas_pending_take(struct pmoas_pending *p, __u64 *began, __u32 *slot)
{
	__u64 all = p->slots, mine;

	if (!all)
		return p->untracked ? PMOAS_TAKEN_AMBIGUOUS : PMOAS_TAKEN_NONE_PENDING;
	if (!(all & (all - 1)) && !p->untracked)
		return pmoas_pending_claim(p, all, began, slot) ? PMOAS_TAKEN : PMOAS_TAKEN_AMBIGUOUS;
	if (p->changes_threads)
		return PMOAS_TAKEN_AMBIGUOUS;
	mine = pmoas_pending_mine(p);
	if (!mine)
		return p->untracked ? PMOAS_TAKEN_AMBIGUOUS : PMOAS_TAKEN_NONE_PENDING;
	if (!(mine & (mine - 1)))
		return pmoas_pending_claim(p, mine, began, slot) ? PMOAS_TAKEN : PMOAS_TAKEN_AMBIGUOUS;
	pmoas_pending_doubt(p, mine);
	return PMOAS_TAKEN_AMBIGUOUS;
}

/* The same for a connect. One that comes before the request was read is for none of those that are pending. */
static __always_inline enum pmoas_taken pmoas_pending_connect(struct pmoas_pending *p, __u64 *began, __u32 *slot)
{
	if (!__sync_fetch_and_add(&p->connects, 1) && !p->slots)
		p->connects_ahead = 1;
	if (p->connects_ahead && p->slots)
		return PMOAS_TAKEN_AMBIGUOUS;
	return pmoas_pending_take(p, began, slot);
}

/*
 * The first data goes over a connection; begun is what p->begun was at its connect. If no request has begun since, the
 * sidecar had read this one before it connected.
 */
static __always_inline void pmoas_pending_learn(struct pmoas_pending *p, __u32 begun, bool none_pending)
{
	if (none_pending && begun != p->begun && p->slots)
		p->connects_ahead = 1;
	else if (!none_pending && begun == p->begun)
		p->connects_ahead = 0;
}

/* The connect for a request taken failed: it is pending again, for the sidecar may try elsewhere, unless it has ended. */
static __always_inline void pmoas_pending_give_back(struct pmoas_pending *p, __u32 slot, __u64 began)
{
	slot &= PMOAS_PENDING_SLOTS - 1;
	if (p->began[slot] == began)
		__sync_fetch_and_or(&p->slots, 1ull << slot);
}

/*
 * The sidecar answered (in its own thread), or the connection closed (anywhere). Returns whether the request had been
 * taken; one that had not was answered by the sidecar itself.
 */
static __always_inline bool pmoas_pending_end(struct pmoas_pending *p, __u32 slot, __u64 began, bool answered)
{
	struct pmoas_doubt *d;
	__u64 bit;

	if (slot == PMOAS_PENDING_NO_SLOT) {
		__sync_fetch_and_sub(&p->untracked, 1);
		return true;
	}
	slot &= PMOAS_PENDING_SLOTS - 1;
	bit = 1ull << slot;
	if (p->began[slot] != began)
		return true;
	p->began[slot] = 0; /* not to be given back */
	if (!(p->slots & bit))
		return true;
	__sync_fetch_and_and(&p->slots, ~bit);
	if (!answered)
		return false;
	d = bpf_task_storage_get(&doubts, bpf_get_current_task_btf(), 0, 0);
	if (!d || !(d->slots & bit))
		return false;
	/* One of those taken in doubt; an answer is the sign that it was this one. */
	d->slots &= ~bit;
	if (d->taken)
		d->taken--;
	return true;
}

#endif
