/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_HISTOGRAM_H
#define PMOAS_HISTOGRAM_H

/*
 * A histogram whose bucket bounds double, with an exact sum: each slot keeps how many values fell into it and what
 * they add up to, so that user space can replay them with their mean and lose nothing of _sum.
 * Slot 0 holds values up to 2^10; slot i those above 2^(9+i) and up to 2^(10+i); the last everything above.
 * sdk/Metrics/Buckets.cs has the same two numbers.
 */
#define PMOAS_HISTOGRAM_SLOTS 28
#define PMOAS_HISTOGRAM_FIRST_SHIFT 10

struct pmoas_histogram_slot {
	__u64 count;
	__u64 sum;
};

struct pmoas_histogram {
	struct pmoas_histogram_slot slots[PMOAS_HISTOGRAM_SLOTS];
};

/*
 * Index of the highest bit set, 0 for 0; v up to 2^63. Without a branch: BPF has no compare that yields a value, and the
 * verifier would follow both ways of all six. Bit 63 of (limit - v) says v > limit.
 */
static __always_inline __u32 pmoas_log2(__u64 v)
{
	__u64 r = 0, s;

	s = ((0xffffffffull - v) >> 63) << 5;
	v >>= s;
	r |= s;
	s = ((0xffffull - v) >> 63) << 4;
	v >>= s;
	r |= s;
	s = ((0xffull - v) >> 63) << 3;
	v >>= s;
	r |= s;
	s = ((0xfull - v) >> 63) << 2;
	v >>= s;
	r |= s;
	s = ((0x3ull - v) >> 63) << 1;
	v >>= s;
	r |= s;
	return r | (v >> 1);
}

/*
 * Atomic although the memory is per-CPU: a softirq may interrupt a task's program on the same CPU between its load and
 * its store, and a lost count would break "what was sent is what was counted".
 */
static __always_inline void pmoas_histogram_observe(struct pmoas_histogram *h, __u64 value)
{
	__u32 slot = 0;

	/* value - 1: a bound belongs to the slot below it, as in Prometheus (le). */
	if (value > (1ull << PMOAS_HISTOGRAM_FIRST_SHIFT))
		slot = pmoas_log2(value - 1) - PMOAS_HISTOGRAM_FIRST_SHIFT + 1;
	if (slot >= PMOAS_HISTOGRAM_SLOTS)
		slot = PMOAS_HISTOGRAM_SLOTS - 1;
	__sync_fetch_and_add(&h->slots[slot].count, 1);
	__sync_fetch_and_add(&h->slots[slot].sum, value);
}

#endif
