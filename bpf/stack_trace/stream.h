/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_STREAM_H
#define PMOAS_STACK_TRACE_STREAM_H

/*
 * A stream is one direction of a connection. Of each, one byte at a time is followed: the first that is written while none is. A stage
 * is passed when a packet that has this byte passes it, or a read that takes it: which packet that is, how it was cut (GSO), put
 * together (GRO), cloned or sent again does not matter. When the byte has been read, or has left the pod, the next one is followed.
 *
 * So what is kept is bounded by the connections, nothing is put into a table for a packet, and of a protocol of requests and responses every
 * message is followed. Packets without the followed byte are counted.
 */
#define MAX_STREAMS 32768

/* Both ports in network order, as packets and sockets have them. */
struct stream_key {
	__u64 netns; /* cookie */
	__u32 source[4]; /* network order; IPv4 is v4-mapped */
	__u32 destination[4];
	__u16 source_port;
	__u16 destination_port;
	__u32 passes; /* enum passes */
};

/* Where packets are that are looked for by a key. */
enum passes {
	PASSES_POD,
	/* The node, on its way out of a pod or into one: both, with the same addresses, between two pods of the node. There netns is 0. */
	PASSES_NODE_FROM,
	PASSES_NODE_TO,
};

/* In the number of an exchange, see exchange.h: it is told, in the first journey of each of its messages. */
#define EXCHANGE_TOLD 1

enum following {
	FOLLOWING_NONE,
	FOLLOWING_CHANGES, /* one CPU is beginning or ending it */
	FOLLOWING,
};

struct stream {
	__u64 sender; /* address of the socket, where its container is watched; 0: elsewhere */
	__u64 receiver; /* both 0: not in use */
	__u32 pod;
	__u8 leg; /* enum leg */
	__u8 direction; /* enum direction */
	__u8 last; /* stage that the followed byte passed last */
	__u8 began; /* highest is known */
	__u32 following; /* enum following */
	__u32 byte; /* sequence number of the followed byte */
	__u32 highest; /* what comes from elsewhere: the sequence number after all that was seen */
	__u32 unfollowed; /* packets not counted yet */
	__u32 container; /* the sender's where it is watched, otherwise the receiver's */
	__u32 number; /* of journeys that have begun */
	__u64 at[STAGES]; /* ns since boot; 0: not passed */
	__u64 ended_ns; /* when a journey last ended */
	__u64 opened_ns; /* of the sender's end where it is watched, otherwise of the receiver's: when its handshake began */
	__u64 established_ns; /* when that was over; 0: not seen */
	__u64 exchange; /* that the journey is a part of, see exchange.h; 0: of none */
	__u64 next_exchange; /* that the one is which begins next */
	__u32 told; /* number of the journey that was told last */
	__u32 stack; /* as in struct journey_event */
	__u8 opening; /* TCP_SYN_SENT or TCP_SYN_RECV */
	__u8 is_several; /* datagrams in one packet buffer */
	__u8 unused[6];
};

/* An array, because a look-up in it costs next to nothing. Places that were used and are free again are on the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_STREAMS);
	__type(key, __u32);
	__type(value, struct stream);
} streams SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, MAX_STREAMS);
	__type(value, __u32);
} free_streams SEC(".maps");

const volatile __u32 max_streams = MAX_STREAMS; /* set with the sizes of the three maps */
__u32 used_streams = 0; /* places that were ever used */

/* Where the two ends of a stream, and packets on their way in, find its place. What leaves the pod needs no entry. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_STREAMS);
	__type(key, struct stream_key);
	__type(value, __u32);
} places SEC(".maps");

#define NO_PLACE 0xffffffff

/* States of TCP and room for more: a power of two, so that a mask keeps any index within. */
#define TCP_STATE_SLOTS 16

/* One end of a connection: kept by its socket, where its container is watched, and freed with it. */
struct end {
	__u64 ready_ns; /* data waits to be read since; 0: none does */
	__u64 since[TCP_STATE_SLOTS]; /* when it entered each state of TCP; 0: not seen */
	__u64 close_ns; /* when it began to close */
	__u32 sends; /* places in streams */
	__u32 receives;
	__u32 container;
	__u32 pod;
	__u8 leg; /* enum leg */
	__u8 direction; /* enum direction, of what it sends */
	__u8 is_translated; /* its packets come in under another key */
	__u8 role; /* enum pmoas_role */
	__u8 is_told; /* of a sidecar's: the first journey of the request under way has ended */
	__u8 unused[3];
	struct pmoas_turn turn; /* of a sidecar's */
	struct stream_key comes_as; /* that key */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct end);
} ends SEC(".maps");

/* Where a sender's stream is, for kprobes, which cannot ask a socket: by the address of the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_STREAMS);
	__type(key, __u64);
	__type(value, __u32);
} senders SEC(".maps");

/* Whether it is kept. Set when the hooks are attached, for only then is known whether one of them needs it; until then as set before load. */
bool probed_senders = false;

static const struct end blank_end = {.sends = NO_PLACE, .receives = NO_PLACE};

static __always_inline struct end *end_of(const struct sock *sk)
{
	return bpf_sk_storage_get(&ends, (void *)sk, 0, 0);
}

static __always_inline struct stream *stream_at(__u32 place)
{
	return bpf_map_lookup_elem(&streams, &place);
}

/* NULL when it has ended: its place may be another's by now. */
static __always_inline struct stream *stream_sent_at(__u32 place, const struct sock *sk)
{
	struct stream *s = stream_at(place);

	return s && s->sender == (__u64)sk ? s : NULL;
}

static __always_inline struct stream *stream_sent(const struct end *e, const struct sock *sk)
{
	return stream_sent_at(e->sends, sk);
}

/* The same for a kprobe. */
static __always_inline struct stream *stream_sent_by(const struct sock *sk)
{
	__u64 sender = (__u64)sk;
	__u32 *place = bpf_map_lookup_elem(&senders, &sender);

	return place ? stream_sent_at(*place, sk) : NULL;
}

static __always_inline struct stream *stream_received(const struct end *e, const struct sock *sk)
{
	struct stream *s = stream_at(e->receives);

	return s && s->receiver == (__u64)sk ? s : NULL;
}

/* Sequence numbers wrap. */
static __always_inline bool is_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

static __always_inline bool is_within(__u32 byte, __u32 begin, __u32 end)
{
	return byte - begin < end - begin;
}

static __always_inline bool is_following(const struct stream *s)
{
	return s->following == FOLLOWING;
}

/*
 * The followed byte, as it was before anything was asked of it: meanwhile another CPU may end its journey and begin the next one. Whoever changes
 * something says which byte it is about.
 */
static __always_inline __u32 byte_of(const struct stream *s)
{
	return *(volatile __u32 *)&s->byte;
}

#endif
