/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_DATAGRAMS_H
#define PMOAS_STACK_TRACE_DATAGRAMS_H

/*
 * Datagrams (UDP) are followed one by one, each by its packet buffer: over a virtual device the receiver gets the buffer that the sender filled. They
 * have no connection, so their direction is sent, from a socket of the pod, or received, from elsewhere. A journey ends where the receiver is told, for
 * which buffer an application reads no tracepoint says, or at the last stage of the sender where it leaves the pod.
 */

/* Set before load: when false the verifier removes all of this. */
const volatile bool follow_datagrams = false;

/* The first stage that a datagram passes on its way out; set with those of journey.h. */
__u32 first_queued = STAGE_NONE;

/* Those on their way at one time: between the device and the receiver's queue. */
#define MAX_DATAGRAMS 8192

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_DATAGRAMS);
	__type(key, __u64); /* address of the packet buffer */
	__type(value, struct stream);
} datagrams SEC(".maps");

static const struct stream no_stream;

static __always_inline bool is_udp(const unsigned char *ip)
{
	struct wire_ipv4 header;

	if (bpf_probe_read_kernel(&header, sizeof(header), ip))
		return false;
	if (header.version_and_length >> 4 == 4)
		return header.protocol == IPPROTO_UDP;
	return header.version_and_length >> 4 == 6 && ((const struct wire_ipv6 *)&header)->next_header == IPPROTO_UDP;
}

static __always_inline void datagram_lost(__u64 id, struct stream *d)
{
	count_of_stream(d, COUNT_UNFINISHED, d->last, 1);
	bpf_map_delete_elem(&datagrams, &id);
}

static __noinline int datagram_finish(struct stream *d, __u64 id)
{
	if (is_in_order(d))
		report(d);
	else
		lost(LOST_DISORDER);
	bpf_map_delete_elem(&datagrams, &id);
	return 0;
}

static __always_inline void datagram_begin(struct packet packet, __u32 pod, __u32 container, enum direction direction,
					   __u32 stage)
{
	__u64 id = (__u64)packet.skb;
	struct stream *d = bpf_map_lookup_elem(&datagrams, &id);

	if (d)
		datagram_lost(id, d); /* one before it had the same buffer, and went where no stage is */
	bpf_map_update_elem(&datagrams, &id, &no_stream, BPF_NOEXIST);
	d = bpf_map_lookup_elem(&datagrams, &id);
	if (!d || stage >= STAGES) {
		lost(LOST_DATAGRAMS);
		return;
	}
	d->pod = pod;
	d->container = container;
	d->leg = leg_of(packet);
	d->direction = direction;
	d->last = stage;
	d->at[stage] = bpf_ktime_get_ns();
}

static __always_inline void datagram_pass(struct stream *d, __u32 stage)
{
	if (stage >= STAGES || d->at[stage])
		return;
	d->at[stage] = bpf_ktime_get_ns();
	d->last = stage;
}

/* On its way out of a socket that has no connection of TCP. */
static __noinline int datagram_sent(const struct sk_buff *skb, bool probed, __u32 stage)
{
	struct packet packet = {.skb = skb, .probed = probed};
	struct sock *sk = OF_PACKET(packet, sk);
	__u64 id = (__u64)skb;
	struct pmoas_tag *tag;
	struct stream *d;

	if (!sk || (probed ? BPF_CORE_READ(sk, sk_protocol) : sk->sk_protocol) != IPPROTO_UDP)
		return 0;
	if (!probed && stage == first_queued) { /* a tracepoint */
		tag = pmoas_socket_tag(sk);
		if (!tag)
			tag = pmoas_tag_socket(sk);
		if (tag)
			datagram_begin(packet, tag->pod, tag->container, DIRECTION_SENT, stage);
		return 0;
	}
	d = bpf_map_lookup_elem(&datagrams, &id);
	if (!d)
		return 0;
	datagram_pass(d, stage);
	if (stage == last_sent && d->leg == LEG_OUTSIDE)
		datagram_finish(d, id);
	return 0;
}

/* On its way in, and of no connection that is followed. */
static __noinline int datagram_received(const struct sk_buff *skb, bool probed, const unsigned char *ip, __u32 stage)
{
	struct packet packet = {.skb = skb, .probed = probed};
	struct net_device *dev = OF_PACKET(packet, dev);
	__u64 id = (__u64)skb, netns;
	struct pmoas_pod *pod;
	struct stream *d;

	if (!is_udp(ip))
		return 0;
	d = bpf_map_lookup_elem(&datagrams, &id);
	if (d && (d->direction == DIRECTION_RECEIVED || d->leg == LEG_INSIDE)) {
		datagram_pass(d, stage);
		return 0;
	}
	if (!dev)
		return 0;
	netns = netns_of(packet);
	pod = bpf_map_lookup_elem(&pmoas_pods, &netns);
	if (pod)
		datagram_begin(packet, pod->pod, 0, DIRECTION_RECEIVED, stage);
	return 0;
}

/* A receiver is told: of the last one in its queue. */
static __noinline int datagram_ready(const struct sock *sk)
{
	const struct sock___queue *queue = (const void *)sk;
	__u64 id = (__u64)BPF_CORE_READ(queue, sk_receive_queue.prev);
	struct stream *d = bpf_map_lookup_elem(&datagrams, &id);

	if (!d)
		return 0;
	datagram_pass(d, STAGE(SK_DATA_READY));
	datagram_finish(d, id);
	return 0;
}

/* A packet was thrown away: true when it was a datagram that is followed, which tells better than its device where. */
static __always_inline bool datagram_dropped(const struct sk_buff *skb, struct count_key *key)
{
	__u64 id = (__u64)skb;
	struct stream *d = bpf_map_lookup_elem(&datagrams, &id);

	if (!d || !is_udp(skb->head + skb->network_header))
		return false;
	key->pod = d->pod;
	key->leg = d->leg;
	datagram_lost(id, d);
	return true;
}

#endif
