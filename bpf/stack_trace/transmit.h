/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_TRANSMIT_H
#define PMOAS_STACK_TRACE_TRANSMIT_H

/*
 * The device's function returns. The packet has another owner by then and may be freed: what it had is kept from net_dev_start_xmit, which is just
 * before on the same CPU.
 */

struct transmit {
	__u64 skb;
	__u64 dev; /* another that this one hands the packet to returns before it does */
	__u32 place; /* in streams */
	__u32 byte;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct transmit);
} transmits SEC(".maps");

/* A device is handed a packet that has the followed byte. */
static __always_inline void transmit_begins(const struct sk_buff *skb, __u32 place, __u32 byte)
{
	__u32 zero = 0;
	struct transmit *t = bpf_map_lookup_elem(&transmits, &zero);

	if (!t)
		return;
	t->skb = (__u64)skb;
	t->dev = (__u64)skb->dev;
	t->place = place;
	t->byte = byte;
}

/* It has taken it, or not. */
static __always_inline void transmit_ended(const struct sk_buff *skb, const struct net_device *dev, int error)
{
	__u32 zero = 0;
	struct transmit *t = bpf_map_lookup_elem(&transmits, &zero);
	struct stream *s;

	if (!t || t->skb != (__u64)skb || t->dev != (__u64)dev)
		return;
	t->skb = 0;
	s = error ? NULL : stream_at(t->place);
	/* Out of the pod the stages of the node come after this one, which has its number for the way within it. */
	if (s && !(node_stages && s->leg == LEG_OUTSIDE))
		pass_unless_beyond(s, STAGE(NET_DEV_XMIT), t->byte);
}

#endif
