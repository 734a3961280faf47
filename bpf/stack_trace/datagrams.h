/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_DATAGRAMS_H
#define PMOAS_STACK_TRACE_DATAGRAMS_H

/*
 * Datagrams (UDP) are followed one by one, each by its packet buffer: over a virtual device the receiver gets the buffer that the sender filled. They
 * have no connection, so their direction is sent, from a socket of the pod, or received, from elsewhere. A journey ends where the receiver is told, for
 * which buffer an application reads no tracepoint says, or at the last stage of the sender where it leaves the pod.
 *
 * Of one in fragments the last is followed, for the kernel hands the receiver the buffer of that which arrived last; the others are counted as not
 * followed. What ends in another buffer (the receiver has one for each segment of UDP_SEGMENT) stays until it is found to have vanished.
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

/* No qdisc holds a packet longer than some seconds. */
#define DATAGRAM_VANISHED_NS 10000000000

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV6_MORE_FRAGMENTS 0x0001
#define NEXTHDR_FRAGMENT 44

enum datagram_part {
	NO_DATAGRAM,
	ONE_OF_SEVERAL, /* a fragment, and not the last */
	WHOLE_OR_LAST,
};

static __always_inline enum datagram_part part_of_ipv6(__u8 next_header, const unsigned char *behind)
{
	struct {
		__u8 next_header;
		__u8 reserved;
		__u16 offset;
	} fragment;

	if (next_header == IPPROTO_UDP)
		return WHOLE_OR_LAST;
	if (next_header != NEXTHDR_FRAGMENT || bpf_probe_read_kernel(&fragment, sizeof(fragment), behind) ||
	    fragment.next_header != IPPROTO_UDP)
		return NO_DATAGRAM;
	return fragment.offset & bpf_htons(IPV6_MORE_FRAGMENTS) ? ONE_OF_SEVERAL : WHOLE_OR_LAST;
}

/* Of UDP over IPv6 with no extension header but that of a fragment. */
static __always_inline enum datagram_part part_of(const unsigned char *ip)
{
	struct wire_ipv4 header;

	if (bpf_probe_read_kernel(&header, sizeof(header), ip))
		return NO_DATAGRAM;
	if (header.version_and_length >> 4 == 6)
		return part_of_ipv6(((const struct wire_ipv6 *)&header)->next_header, ip + sizeof(struct wire_ipv6));
	if (header.version_and_length >> 4 != 4 || header.protocol != IPPROTO_UDP)
		return NO_DATAGRAM;
	return header.fragment & bpf_htons(IPV4_MORE_FRAGMENTS) ? ONE_OF_SEVERAL : WHOLE_OR_LAST;
}

static __always_inline void datagram_lost(__u64 id, const struct stream *d)
{
	count_of_stream(d, COUNT_UNFINISHED, d->last, 1);
	bpf_map_delete_elem(&datagrams, &id);
}

/* Several datagrams in one buffer: UDP_SEGMENT, or put together by GRO. */
static __always_inline bool is_several(const struct sk_buff *skb)
{
	const struct skb_shared_info *shared = (const void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));

	return BPF_CORE_READ(shared, gso_size) != 0;
}

/* What is on its way in this buffer; of several that were cut to segments, whose memory is soon a segment's, none is any more. */
static __always_inline struct stream *datagram_in(const struct sk_buff *skb)
{
	__u64 id = (__u64)skb;
	struct stream *d = bpf_map_lookup_elem(&datagrams, &id);
	bool several;

	if (!d)
		return NULL;
	several = is_several(skb);
	if (d->is_several && !several) {
		datagram_lost(id, d);
		return NULL;
	}
	d->is_several = several;
	return d;
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
	d->is_several = is_several(packet.skb);
	d->at[stage] = bpf_ktime_get_ns();
}

static __always_inline void datagram_unfollowed(struct packet packet, __u32 pod, enum direction direction)
{
	struct count_key key = {};

	key.pod = pod;
	key.leg = leg_of(packet);
	key.direction = direction;
	key.kind = COUNT_UNFOLLOWED;
	count(&key, 1);
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
		if (tag && part_of(ip_header_of(packet)) == ONE_OF_SEVERAL)
			datagram_unfollowed(packet, tag->pod, DIRECTION_SENT);
		else if (tag)
			datagram_begin(packet, tag->pod, tag->container, DIRECTION_SENT, stage);
		return 0;
	}
	d = datagram_in(skb);
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
	__u64 netns;
	enum datagram_part part = part_of(ip);
	struct pmoas_pod *pod;
	struct stream *d;

	if (part == NO_DATAGRAM)
		return 0;
	d = datagram_in(skb);
	if (d && (d->direction == DIRECTION_RECEIVED || d->leg == LEG_INSIDE)) {
		datagram_pass(d, stage);
		return 0;
	}
	if (!dev)
		return 0;
	netns = netns_of(packet);
	pod = bpf_map_lookup_elem(&pmoas_pods, &netns);
	if (!pod)
		return 0;
	if (part == WHOLE_OR_LAST)
		datagram_begin(packet, pod->pod, 0, DIRECTION_RECEIVED, stage);
	else if (stage == STAGE(NETIF_RECEIVE_SKB) && leg_of(packet) == LEG_OUTSIDE)
		datagram_unfollowed(packet, pod->pod, DIRECTION_RECEIVED); /* inside, its sender was counted */
	return 0;
}

/* A receiver is told: of the last one in its queue. */
static __noinline int datagram_ready(const struct sock *sk)
{
	const struct sock___queue *queue = (const void *)sk;
	const struct sk_buff *skb = BPF_CORE_READ(queue, sk_receive_queue.prev);
	struct stream *d = datagram_in(skb);

	if (!d)
		return 0;
	datagram_pass(d, STAGE(SK_DATA_READY));
	datagram_finish(d, (__u64)skb);
	return 0;
}

/* A packet was thrown away: true when it was a datagram that is followed, which tells better than its device where. */
static __always_inline bool datagram_dropped(const struct sk_buff *skb, struct count_key *key)
{
	__u64 id = (__u64)skb;
	struct stream *d = datagram_in(skb);

	if (!d || part_of(skb->head + skb->network_header) == NO_DATAGRAM)
		return false;
	key->pod = d->pod;
	key->leg = d->leg;
	datagram_lost(id, d);
	return true;
}

static long find_vanished(struct bpf_map *map, const __u64 *id, struct stream *d, void *unused)
{
	if (d->last < STAGES && d->at[d->last] + DATAGRAM_VANISHED_NS < bpf_ktime_get_ns())
		datagram_lost(*id, d);
	return 0;
}

/* At each scrape: those whose end no stage will see. Not by an iterator over the map, which some kernels refuse. */
static __always_inline void find_vanished_datagrams(void)
{
	bpf_for_each_map_elem(&datagrams, find_vanished, NULL, 0);
}

#endif
