/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_NETFILTER_H
#define PMOAS_STACK_TRACE_NETFILTER_H

/* What the pod's own netfilter costs: how long each of its hooks holds a packet, and each table or chain there. */

/* Packets that are in a hook or in a table at one time. */
#define MAX_IN_NETFILTER 4096

struct in_netfilter {
	__u64 skb;
	__u64 part; /* enum netfilter_part */
};

/* When each came in. By packet and not by CPU: between coming in and going out a softirq may do the same, or the task move to another CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_IN_NETFILTER);
	__type(key, struct in_netfilter);
	__type(value, __u64);
} in_netfilter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_INTERVALS);
	__type(key, struct netfilter_key);
	__type(value, struct pmoas_histogram);
} netfilter SEC(".maps");

static __always_inline void netfilter_entered(const struct sk_buff *skb, const struct nf_hook_state *state,
					      enum netfilter_part part)
{
	struct in_netfilter key = {.skb = (__u64)skb, .part = part};
	__u64 now;

	if (!follow || !pod_of_netns(state->net))
		return;
	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&in_netfilter, &key, &now, BPF_ANY))
		lost(LOST_NETFILTER);
}

/* The packet may be freed by now. */
static __always_inline void netfilter_left(const struct sk_buff *skb, const struct nf_hook_state *state,
					   enum netfilter_part part, const char *table, const char *chain)
{
	struct in_netfilter begun = {.skb = (__u64)skb, .part = part};
	struct netfilter_key key = {};
	struct pmoas_pod *pod;
	__u64 *since, took;

	if (!follow)
		return;
	pod = pod_of_netns(state->net);
	since = pod ? bpf_map_lookup_elem(&in_netfilter, &begun) : NULL;
	if (!since)
		return;
	took = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&in_netfilter, &begun);
	key.pod = pod->pod;
	key.hook = state->hook;
	key.family = state->pf;
	key.part = part;
	if (table)
		bpf_probe_read_kernel_str(key.table, sizeof(key.table), table);
	if (chain)
		bpf_probe_read_kernel_str(key.chain, sizeof(key.chain), chain);
	observe_in(&netfilter, &key, took);
}

#endif
