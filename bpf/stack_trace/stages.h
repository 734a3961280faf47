/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_STAGES_H
#define PMOAS_STACK_TRACE_STAGES_H

/* What is done at each stage. */

/*
 * The other end has the byte, and it did not pass the last stage here: the program there was not run, as it is not where it would interrupt
 * itself. Without this nothing of the stream would be followed any more.
 */
static __always_inline void end_arrived(struct stream *s, __u32 acknowledged)
{
	__u32 byte = byte_of(s);

	if (is_following(s) && !s->receiver && is_before(byte, acknowledged))
		finish_or_give_up(s, byte);
}

/* An application writes. */
static __always_inline void at_write(const struct sock *sk)
{
	__u32 stage = STAGE(TCP_SENDMSG_LOCKED);
	struct tcp_sock *tp;
	struct stream *s;
	struct end *e;

	if (!follow)
		return;
	e = end_of(sk);
	if (!e)
		return;
	s = stream_sent(e, sk);
	exchange_writes(sk, e, s);
	tp = s ? bpf_skc_to_tcp_sock((void *)sk) : NULL;
	if (!tp)
		return;
	if (is_following(s) && !s->receiver && s->last >= last_sent && claim(s, FOLLOWING))
		finish(s); /* it stayed in the pod, and nobody watches who got it */
	end_arrived(s, tp->snd_una);
	if (stage >= STAGES)
		return;
	if (s->following == FOLLOWING_NONE)
		begin(s, stage, tp->write_seq, bpf_ktime_get_ns());
	else if (is_following(s) && s->last == stage && s->byte == tp->write_seq)
		s->at[stage] = bpf_ktime_get_ns(); /* the write before wrote nothing */
}

/* True when the packet has the followed byte, and which it is. */
static __always_inline bool has_followed(const struct stream *s, const struct payload *p, __u32 *byte)
{
	*byte = byte_of(s);
	return is_following(s) && is_within(*byte, p->begin, p->end);
}

/* A packet with payload where its journey may begin: what is new in it is followed from here on. */
static __always_inline void at_first(struct stream *s, struct packet packet, const struct payload *p, __u32 stage)
{
	__u32 from = s->began && is_before(p->begin, s->highest) ? s->highest : p->begin;

	if (!is_before(from, p->end))
		return;
	s->highest = p->end;
	s->began = 1;
	if (s->following == FOLLOWING_NONE) {
		if (has_device(stage))
			s->leg = leg_of(packet);
		begin(s, stage, from, bpf_ktime_get_ns());
	} else {
		__sync_fetch_and_add(&s->unfollowed, 1);
	}
}

/* A bridge of the node does not take the socket from a packet, and hands it to another device. */
static __always_inline bool is_at_home(struct packet packet, const struct sock *sk)
{
	const struct net_device *dev = OF_PACKET(packet, dev);

	if (packet.probed)
		return BPF_CORE_READ(dev, nd_net.net) == BPF_CORE_READ(sk, __sk_common.skc_net.net);
	return dev->nd_net.net == sk->__sk_common.skc_net.net;
}

static __always_inline bool is_of_interest(struct packet packet, const struct sock *sk, __u32 stage)
{
	return follow && sk && !is_pure_ack(packet) && (!has_device(stage) || is_at_home(packet, sk));
}

/* A packet of this stream on its way out; of its sender there is no end where a kprobe has the packet. */
static __always_inline void at_sent_in(struct packet packet, const struct sock *sk, const struct end *e,
				       struct stream *s, __u32 stage)
{
	struct payload p;
	__u32 byte;

	if (!s || !payload_sent(packet, &p))
		return;
	if (e && stage == STAGE(NET_DEV_START_XMIT) && leg_of(packet) == LEG_INSIDE)
		remember(packet.skb, e->sends, &p);
	if (has_followed(s, &p, &byte)) {
		if (has_device(stage))
			s->leg = leg_of(packet);
		pass_in_packet(s, stage, byte);
	} else if (stage == first_sent) {
		end_arrived(s, BPF_CORE_READ((struct tcp_sock *)sk, snd_una));
		at_first(s, packet, &p, stage);
	} else if (stage == STAGE(NET_DEV_QUEUE)) {
		__sync_fetch_and_add(&s->unfollowed, 1);
	}
	if (STAGE(NET_DEV_XMIT) != STAGE_NONE && e && stage == STAGE(NET_DEV_START_XMIT) && has_followed(s, &p, &byte))
		transmit_begins(packet.skb, e->sends, byte);
}

/* A packet on its way out of a watched socket. */
static __always_inline void at_sent(struct packet packet, __u32 stage)
{
	struct sock *sk = OF_PACKET(packet, sk);
	struct end *e;

	if (!is_of_interest(packet, sk, stage))
		return;
	e = packet.probed ? NULL : end_of(sk);
	if (follow_datagrams && !e)
		datagram_sent(packet.skb, packet.probed, stage);
	at_sent_in(packet, sk, e, packet.probed ? stream_sent_by(sk) : e ? stream_sent(e, sk) : NULL, stage);
}

/* Where the stream of a packet is that has come in; NO_PLACE when it has no payload, or nobody watches its receiver. */
static __always_inline __u32 place_of(struct packet packet, const unsigned char *ip, struct payload *p)
{
	__u32 place = recall(packet, p), *found;
	struct stream_key key;

	if (place != NO_PLACE)
		return place;
	if (!payload_arrived(packet, ip, &key, p))
		return NO_PLACE;
	found = bpf_map_lookup_elem(&places, &key);
	if (!found) {
		remember_stranger(packet.skb, p, NO_PLACE, &key);
		return NO_PLACE;
	}
	remember(packet.skb, *found, p);
	return *found;
}

/* A packet on its way in, and where its IP header is. False when it is of no stream. */
static __always_inline bool at_received_in_stream(struct packet packet, const unsigned char *ip, __u32 stage)
{
	struct payload p = {};
	struct stream *s;
	__u32 byte, place;

	if (!follow || is_pure_ack(packet))
		return true;
	place = place_of(packet, ip, &p);
	s = stream_at(place);
	if (!s)
		return false;
	if (!s->receiver)
		remember_stranger(packet.skb, &p, place, NULL);
	if (has_followed(s, &p, &byte))
		pass_in_packet(s, stage, byte);
	else if (!s->sender || first_sent == STAGE_NONE)
		at_first(s, packet, &p, stage);
	return true;
}

static __always_inline void at_received(struct packet packet, const unsigned char *ip, __u32 stage)
{
	if (!at_received_in_stream(packet, ip, stage) && follow_datagrams)
		datagram_received(packet.skb, packet.probed, ip, stage);
}

/* The stream of a packet that the node has, on its way out of a pod or into one. */
static __always_inline struct stream *stream_in_node(struct stream_key *key, enum passes passes)
{
	__u32 *place;

	key->netns = 0;
	key->passes = passes;
	place = bpf_map_lookup_elem(&places, key);
	return place ? stream_at(*place) : NULL;
}

/* A packet in the node, where it may be on its way out of one pod and into another. */
static __always_inline void at_node(struct packet packet, __u32 stage)
{
	struct stream_key key;
	struct payload p = {};
	struct stream *s;
	__u32 byte;

	if (!follow || !payload_arrived(packet, ip_header_of(packet), &key, &p))
		return;
	s = stream_in_node(&key, PASSES_NODE_FROM);
	if (s && has_followed(s, &p, &byte))
		pass_in_packet(s, stage, byte);
	s = stream_in_node(&key, PASSES_NODE_TO);
	if (!s)
		return;
	if (has_followed(s, &p, &byte))
		pass_in_packet(s, stage, byte);
	else if (!s->sender)
		at_first(s, packet, &p, stage);
}

/* TCP has found the socket of a packet. */
static __always_inline void at_tcp(const struct sock *sk, const struct sk_buff *skb)
{
	struct payload p;
	struct stream *s;
	struct end *e;
	__u32 byte;

	if (!follow || is_pure_ack(typed(skb)) || !payload_at_tcp(skb, &p))
		return;
	e = end_of(sk);
	s = e ? stream_received(e, sk) : NULL;
	if (s && !s->began && !s->sender)
		s = translated(sk, skb, &p, e, s);
	if (s && has_followed(s, &p, &byte))
		pass(s, STAGE(TCP_PROBE), byte, bpf_ktime_get_ns());
}

/* The receiver is told that there is something to read. */
static __always_inline void at_ready(const struct sock *sk)
{
	struct tcp_sock *tp;
	struct stream *s;
	struct end *e;
	__u64 now;
	__u32 byte;

	if (!follow)
		return;
	e = end_of(sk);
	if (follow_datagrams && !e && sk->sk_protocol == IPPROTO_UDP)
		datagram_ready(sk);
	tp = e ? bpf_skc_to_tcp_sock((void *)sk) : NULL;
	if (!tp || tp->rcv_nxt == tp->copied_seq)
		return;
	now = bpf_ktime_get_ns();
	if (!e->ready_ns)
		e->ready_ns = now;
	s = stream_received(e, sk);
	if (!s)
		return;
	byte = byte_of(s);
	if (is_following(s) && is_before(byte, tp->rcv_nxt))
		pass(s, STAGE(SK_DATA_READY), byte, now);
	else if (!s->began && !s->sender) /* no stage before has seen its packets */
		begin(s, STAGE(SK_DATA_READY), tp->copied_seq, now);
}

/* So many bytes are being copied to the application, from where it has read to. */
static __always_inline void at_copy(const struct sk_buff *skb, int length)
{
	struct sock *sk = skb->sk;
	struct stream *s;
	struct end *e;
	__u32 from;
	__u32 byte;

	if (!follow || !sk)
		return;
	e = end_of(sk);
	s = e ? stream_received(e, sk) : NULL;
	if (!s || !is_following(s))
		return;
	from = BPF_CORE_READ((struct tcp_sock *)sk,
			     copied_seq); /* the verifier does not let a packet's socket be one of TCP */
	byte = byte_of(s);
	if (is_within(byte, from, from + length))
		pass(s, STAGE(SKB_COPY_DATAGRAM_IOVEC), byte, bpf_ktime_get_ns());
}

/* The application has read. */
static __always_inline void at_read(const struct sock *sk, __u32 stage)
{
	struct stack_trace_totals *t;
	struct tcp_sock *tp;
	struct stream *s;
	struct end *e;
	__u64 now;
	__u32 byte;

	if (!follow)
		return;
	e = end_of(sk);
	tp = e ? bpf_skc_to_tcp_sock((void *)sk) : NULL;
	if (!tp)
		return;
	now = bpf_ktime_get_ns();
	if (e->ready_ns && stage == STAGE(TCP_RCV_SPACE_ADJUST)) {
		t = totals_of(e->container);
		if (t)
			pmoas_histogram_observe(&t->receive_queue_wait, now - e->ready_ns);
		e->ready_ns = 0;
	}
	s = stream_received(e, sk);
	exchange_reads(e, s, tp->copied_seq, now, stage == last_received);
	if (!s)
		return;
	byte = byte_of(s);
	if (is_following(s) && is_before(byte, tp->copied_seq))
		pass(s, stage, byte, now);
}

/* A packet of a watched socket has been sent again. */
static __always_inline void at_retransmit(const struct sock *sk, const struct sk_buff *skb)
{
	struct payload p;
	struct stream *s;
	struct end *e;
	__u32 byte;

	if (!follow)
		return;
	e = end_of(sk);
	s = e ? stream_sent(e, sk) : NULL;
	if (!s)
		return;
	count_of_stream(s, COUNT_RETRANSMITS, 0, 1);
	if (payload_at_tcp(skb, &p) && has_followed(s, &p, &byte) && s->last < first_at_tcp)
		give_up(s, byte);
}

/* A packet was thrown away in a watched pod. */
static __always_inline void at_drop(const struct sk_buff *skb, __u32 reason)
{
	struct count_key key = {};
	struct net_device *dev = skb->dev;
	struct pmoas_pod *pod;
	__u64 netns;

	if (!follow)
		return;
	key.kind = COUNT_DROPPED;
	key.which = reason;
	if (follow_datagrams && datagram_dropped(skb, &key)) {
		count(&key, 1);
		return;
	}
	if (!dev)
		return;
	netns = dev->nd_net.net->net_cookie;
	pod = bpf_map_lookup_elem(&pmoas_pods, &netns);
	if (!pod)
		return;
	key.pod = pod->pod;
	key.leg = leg_of(typed(skb));
	count(&key, 1);
}

#endif
