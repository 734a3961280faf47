/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_BOOKS_H
#define PMOAS_STACK_TRACE_BOOKS_H

/* Where results go. */

#define PMOAS_TOTALS stack_trace_totals
#define PMOAS_LOSSES stack_trace_losses
#include <pmoas/totals.h>

/* Only what occurs has an entry: four journeys a pod, and what stages it misses or the user asks for. Set by user space before load. */
#define MAX_JOURNEYS 4096
#define MAX_INTERVALS 16384
#define MAX_COUNTS 16384

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_JOURNEYS);
	__type(key, struct journey_key);
	__type(value, struct journeys);
} journeys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_INTERVALS);
	__type(key, struct interval_key);
	__type(value, struct pmoas_histogram);
} intervals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_COUNTS);
	__type(key, struct count_key);
	__type(value, __u64);
} counts SEC(".maps");

static const struct journeys no_journeys;
static const struct pmoas_histogram no_histogram;

/* NULL when there is no room, or the kernel has no memory ready for a value of this size; then map intervals, with small ones, does for it. */
static __always_inline struct journeys *journeys_of(const struct journey_key *key)
{
	struct journeys *j = bpf_map_lookup_elem(&journeys, key);

	if (j)
		return j;
	bpf_map_update_elem(&journeys, key, &no_journeys, BPF_NOEXIST);
	return bpf_map_lookup_elem(&journeys, key);
}

static __always_inline struct pmoas_pod *pod_of_netns(const struct net *net)
{
	__u64 netns = net->net_cookie;

	return bpf_map_lookup_elem(&pmoas_pods, &netns);
}

static __always_inline void observe_in(void *map, const void *key, __u64 nanoseconds)
{
	struct pmoas_histogram *h = bpf_map_lookup_elem(map, key);

	if (!h) {
		bpf_map_update_elem(map, key, &no_histogram, BPF_NOEXIST);
		h = bpf_map_lookup_elem(map, key);
		if (!h) {
			lost(LOST_INTERVALS);
			return;
		}
	}
	pmoas_histogram_observe(h, nanoseconds);
}

static __noinline int observe(const struct interval_key *key, __u64 nanoseconds)
{
	observe_in(&intervals, key, nanoseconds);
	return 0;
}

static __always_inline void count(const struct count_key *key, __u64 amount)
{
	__u64 *n = bpf_map_lookup_elem(&counts, key), zero = 0;

	if (!n) {
		bpf_map_update_elem(&counts, key, &zero, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&counts, key);
		if (!n) {
			lost(LOST_COUNTS);
			return;
		}
	}
	ADD(*n, amount);
}

static __always_inline void count_of_stream(const struct stream *s, enum count_kind kind, __u32 which, __u64 amount)
{
	struct count_key key = {};

	key.pod = s->pod;
	key.leg = s->leg;
	key.direction = s->direction;
	key.kind = kind;
	key.which = which;
	count(&key, amount);
}

/* What is counted in the stream itself, because it is counted often. */
static __always_inline void settle_unfollowed(struct stream *s)
{
	__u32 unfollowed;

	if (!s->unfollowed)
		return;
	unfollowed = __sync_fetch_and_and(&s->unfollowed, 0);
	if (unfollowed)
		count_of_stream(s, COUNT_UNFOLLOWED, 0, unfollowed);
}

#endif
