/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_PACKET_H
#define PMOAS_STACK_TRACE_PACKET_H

/* Which bytes of a stream a packet has, read from its headers. */

#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_ACK 0x10

/* include/net/tcp.h, skb_set_tcp_pure_ack(): what has no payload has this truesize from its sender to loopback's or veth's other end. */
#define PURE_ACK_TRUESIZE 2

struct wire_ipv4 {
	__u8 version_and_length; /* in 4 bytes */
	__u8 tos;
	__u16 total_length;
	__u16 id;
	__u16 fragment;
	__u8 ttl;
	__u8 protocol;
	__u16 checksum;
	__u32 source;
	__u32 destination;
};

struct wire_ipv6 {
	__u32 version_and_flow;
	__u16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__u32 source[4];
	__u32 destination[4];
};

struct wire_tcp {
	__u16 source_port;
	__u16 destination_port;
	__u32 sequence;
	__u32 acknowledged;
	__u8 length; /* in 4 bytes, upper half */
	__u8 flags;
	__u16 window;
};

/* The payload of a packet: from the first sequence number to the one after the last. */
struct payload {
	__u32 begin;
	__u32 end;
	__u32 ports; /* both, as the header has them */
};

/* A packet, and how it may be read. */
struct packet {
	const struct sk_buff *skb;
	bool probed; /* a kprobe has it, and knows no types: it is read by helper, which costs more */
};

/* A field of a packet. */
#define OF_PACKET(packet, field)                                                                                       \
	({                                                                                                             \
		const struct sk_buff *__skb = (packet).skb;                                                            \
		(packet).probed ? BPF_CORE_READ(__skb, field) : __skb->field;                                          \
	})

static __always_inline struct packet typed(const struct sk_buff *skb)
{
	return (struct packet){.skb = skb, .probed = false};
}

static __always_inline struct packet probed(const struct sk_buff *skb)
{
	return (struct packet){.skb = skb, .probed = true};
}

/* Of the device it is at. */
static __always_inline __u64 netns_of(struct packet packet)
{
	const struct net_device *dev = OF_PACKET(packet, dev);

	return packet.probed ? BPF_CORE_READ(dev, nd_net.net, net_cookie) : dev->nd_net.net->net_cookie;
}

static __always_inline const unsigned char *ip_header_of(struct packet packet)
{
	return OF_PACKET(packet, head) + OF_PACKET(packet, network_header);
}

/* The packet that this CPU looked at last: over a virtual device it is the next it looks at, and need not be looked for again. */
struct recent {
	__u64 skb;
	__u32 place; /* of its stream */
	struct payload payload;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recent);
} recent SEC(".maps");

/* Packets without payload cost no more than this question, where they can be told at once. */
static __always_inline bool is_pure_ack(struct packet packet)
{
	return OF_PACKET(packet, truesize) == PURE_ACK_TRUESIZE;
}

/* Of a packet on its way out: TCP has set where its header is. False when there is none. */
static __always_inline bool payload_sent(struct packet packet, struct payload *p)
{
	const unsigned char *tcp = OF_PACKET(packet, head) + OF_PACKET(packet, transport_header);
	__u32 before, bytes = OF_PACKET(packet, len);
	struct wire_tcp header;

	if (bpf_probe_read_kernel(&header, sizeof(header), tcp))
		return false;
	before = (__u32)(tcp - OF_PACKET(packet, data)) + (header.length >> 4) * 4;
	if (bytes <= before)
		return false;
	p->begin = bpf_ntohl(header.sequence);
	p->end = p->begin + bytes - before;
	__builtin_memcpy(&p->ports, &header.source_port, sizeof(p->ports));
	return true;
}

/* IPv4 without options, as TCP has it, and IPv6 without extension headers. */
static __always_inline bool parse_ipv4(const struct wire_ipv4 *ip, const struct wire_tcp *tcp, __u32 packet_bytes,
				       struct stream_key *key, struct payload *p)
{
	__u32 total = ip->total_length ? bpf_ntohs(ip->total_length) : packet_bytes; /* 0: more than 64 KiB (BIG TCP) */
	__u32 before = sizeof(*ip) + (tcp->length >> 4) * 4;

	if (total <= before)
		return false;
	pmoas_address_v4(key->source, ip->source);
	pmoas_address_v4(key->destination, ip->destination);
	key->source_port = tcp->source_port;
	key->destination_port = tcp->destination_port;
	__builtin_memcpy(&p->ports, &tcp->source_port, sizeof(p->ports));
	p->begin = bpf_ntohl(tcp->sequence);
	p->end = p->begin + total - before;
	return true;
}

static __always_inline bool parse_ipv6(const struct wire_ipv6 *ip, const struct wire_tcp *tcp, __u32 packet_bytes,
				       struct stream_key *key, struct payload *p)
{
	__u32 total = ip->payload_length ? bpf_ntohs(ip->payload_length) : packet_bytes - sizeof(*ip);
	__u32 before = (tcp->length >> 4) * 4;

	if (total <= before)
		return false;
	__builtin_memcpy(key->source, ip->source, sizeof(key->source));
	__builtin_memcpy(key->destination, ip->destination, sizeof(key->destination));
	key->source_port = tcp->source_port;
	key->destination_port = tcp->destination_port;
	__builtin_memcpy(&p->ports, &tcp->source_port, sizeof(p->ports));
	p->begin = bpf_ntohl(tcp->sequence);
	p->end = p->begin + total - before;
	return true;
}

/* Of a packet that has arrived. False when it is not TCP, or has no payload. */
static __always_inline bool payload_arrived(struct packet packet, const unsigned char *ip, struct stream_key *key,
					    struct payload *p)
{
	union {
		struct {
			struct wire_ipv4 ip;
			struct wire_tcp tcp;
		} v4;
		struct wire_ipv6 ip;
	} headers;
	struct wire_tcp tcp;
	__u32 bytes = OF_PACKET(packet, len) + (__u32)(OF_PACKET(packet, data) - ip);

	if (bpf_probe_read_kernel(&headers, sizeof(headers), ip))
		return false;
	key->netns = netns_of(packet);
	key->passes = PASSES_POD;
	if (headers.v4.ip.version_and_length == 0x45)
		return headers.v4.ip.protocol == IPPROTO_TCP &&
		       parse_ipv4(&headers.v4.ip, &headers.v4.tcp, bytes, key, p);
	if (headers.v4.ip.version_and_length >> 4 != 6 || headers.ip.next_header != IPPROTO_TCP)
		return false;
	if (bpf_probe_read_kernel(&tcp, sizeof(tcp), ip + sizeof(headers.ip)))
		return false;
	return parse_ipv6(&headers.ip, &tcp, bytes, key, p);
}

/* Of a packet that TCP looks at: what TCP itself has read of it. A FIN counts as a byte, which nobody follows. */
static __always_inline bool payload_at_tcp(const struct sk_buff *skb, struct payload *p)
{
	const struct tcp_skb_cb *cb = (const void *)skb->cb;
	__u32 both[2]; /* end_seq follows seq */

	if (bpf_core_read(&both, sizeof(both), &cb->seq))
		return false;
	p->begin = both[0];
	p->end = both[1];
	return p->begin != p->end;
}

static __always_inline void remember(const struct sk_buff *skb, __u32 place, const struct payload *p)
{
	__u32 zero = 0;
	struct recent *r = bpf_map_lookup_elem(&recent, &zero);

	if (!r)
		return;
	r->skb = (__u64)skb;
	r->place = place;
	r->payload = *p;
}

/* NO_PLACE when it is another packet. The memory of one that is gone is soon another's, so what it says counts too. */
static __always_inline __u32 recall(struct packet packet, struct payload *p)
{
	__u32 zero = 0, header[2]; /* ports, sequence number */
	struct recent *r = bpf_map_lookup_elem(&recent, &zero);

	if (!r || r->skb != (__u64)packet.skb ||
	    bpf_probe_read_kernel(&header, sizeof(header),
				  OF_PACKET(packet, head) + OF_PACKET(packet, transport_header)) ||
	    header[0] != r->payload.ports || bpf_ntohl(header[1]) != r->payload.begin)
		return NO_PLACE;
	*p = r->payload;
	return r->place;
}

static __always_inline enum leg leg_of(struct packet packet)
{
	const struct net_device *dev = OF_PACKET(packet, dev);

	return (packet.probed ? BPF_CORE_READ(dev, flags) : dev->flags) & IFF_LOOPBACK ? LEG_INSIDE : LEG_OUTSIDE;
}

#endif
