/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_ROUTES_H
#define PMOAS_STACK_TRACE_ROUTES_H

/* What routing costs a pod: how long each look-up in one of its routing tables takes. */

/* Look-ups under way at one time: one for each CPU and task at most. */
#define MAX_LOOK_UPS 4096

/* When each began, by the address of its result: that is on the stack of who asks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_LOOK_UPS);
	__type(key, __u64);
	__type(value, __u64);
} look_ups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_INTERVALS);
	__type(key, struct route_key);
	__type(value, struct pmoas_histogram);
} routes SEC(".maps");

static __always_inline void look_up_began(const void *result)
{
	__u64 key = (__u64)result, now;

	if (!follow)
		return;
	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&look_ups, &key, &now, BPF_ANY))
		lost(LOST_ROUTES);
}

/* NULL: of nobody who is watched, or whose it was nobody has said. */
static __always_inline void look_up_ended(const void *result, const struct net *net, __u32 table, __u8 family)
{
	__u64 began = (__u64)result, *since = bpf_map_lookup_elem(&look_ups, &began), took;
	struct route_key key = {.table = table, .family = family};
	struct pmoas_pod *pod;

	if (!since)
		return;
	took = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&look_ups, &began);
	pod = net ? pod_of_netns(net) : NULL;
	if (!pod)
		return;
	key.pod = pod->pod;
	observe_in(&routes, &key, took);
}

#endif
