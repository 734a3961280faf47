/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_PLACES_H
#define PMOAS_STACK_TRACE_PLACES_H

/* Where streams are kept: how one gets its place, how its second end finds it, and how the place is free again. */

/* A socket that sends a stream, or receives it. */
struct party {
	__u64 sender;
	__u64 receiver;
	__u32 container;
	__u32 pod;
	__u8 leg;
	__u8 direction;
	__u8 unused[6];
};

/* Of what the socket sends, or receives. */
static __always_inline void key_of(const struct pmoas_tuple *t, bool sends, struct stream_key *key)
{
	key->netns = t->netns;
	key->passes = PASSES_POD;
	key->source_port = bpf_htons(sends ? t->local_port : t->remote_port);
	key->destination_port = bpf_htons(sends ? t->remote_port : t->local_port);
	__builtin_memcpy(key->source, sends ? t->local_address : t->remote_address, sizeof(key->source));
	__builtin_memcpy(key->destination, sends ? t->remote_address : t->local_address, sizeof(key->destination));
}

/* What this socket is of a stream that is there. */
static __always_inline void stream_join(struct stream *s, const struct party *wanted)
{
	if (wanted->sender) {
		s->container = wanted->container;
		s->sender = wanted->sender;
	}
	if (wanted->receiver)
		s->receiver = wanted->receiver;
}

/* NO_PLACE when all are taken. */
static __always_inline __u32 place_take(void)
{
	__u32 place;

	if (!bpf_map_pop_elem(&free_streams, &place))
		return place;
	if (used_streams >= max_streams)
		return NO_PLACE;
	place = __sync_fetch_and_add(&used_streams, 1);
	return place < max_streams ? place : NO_PLACE;
}

/* Puts a stream into a free place; NO_PLACE when there is none. */
static __always_inline __u32 stream_place(const struct party *wanted)
{
	__u32 place = place_take();
	struct stream *s = stream_at(place);

	if (!s) {
		lost(LOST_STREAMS);
		return NO_PLACE;
	}
	__builtin_memset(s, 0, sizeof(*s));
	s->pod = wanted->pod;
	s->leg = wanted->leg;
	s->direction = wanted->direction;
	s->container = wanted->container;
	s->sender = wanted->sender;
	s->receiver = wanted->receiver;
	return place;
}

static __always_inline void place_free(__u32 place)
{
	bpf_map_push_elem(&free_streams, &place, BPF_ANY);
}

/* One end of a stream that others look for by its key: the other end may have been quicker. */
static __noinline __u32 stream_begin(const struct stream_key *key, const struct party *wanted)
{
	__u32 *other = bpf_map_lookup_elem(&places, key), place;
	struct stream *s;

	if (!other) {
		place = stream_place(wanted);
		if (place == NO_PLACE || !bpf_map_update_elem(&places, key, &place, BPF_NOEXIST))
			return place;
		s = stream_at(place);
		if (s)
			s->sender = s->receiver = 0;
		place_free(place);
		other = bpf_map_lookup_elem(&places, key);
		if (!other) {
			lost(LOST_STREAMS);
			return NO_PLACE;
		}
	}
	s = stream_at(*other);
	if (s)
		stream_join(s, wanted);
	return *other;
}

/* Packets that leave the pod, or come to it, are found in the node by this key of theirs too. */
static __noinline void node_knows(const struct stream_key *key, enum passes passes, __u32 place)
{
	struct stream_key there = *key;

	if (place == NO_PLACE)
		return;
	there.netns = 0;
	there.passes = passes;
	if (bpf_map_update_elem(&places, &there, &place, BPF_ANY))
		lost(LOST_STREAMS);
}

static __noinline void node_forgets(const struct stream_key *key, enum passes passes)
{
	struct stream_key there = *key;

	there.netns = 0;
	there.passes = passes;
	bpf_map_delete_elem(&places, &there);
}

/* The key of what goes the other way. */
static __always_inline void turn_around(const struct stream_key *key, struct stream_key *back)
{
	*back = *key;
	back->source_port = key->destination_port;
	back->destination_port = key->source_port;
	__builtin_memcpy(back->source, key->destination, sizeof(back->source));
	__builtin_memcpy(back->destination, key->source, sizeof(back->destination));
}

/* An end whose packets come in by this key, and go out by its reverse. */
static __noinline void node_knows_end(const struct stream_key *comes_as, const struct end *e)
{
	struct stream_key goes_as;

	node_knows(comes_as, PASSES_NODE_TO, e->receives);
	turn_around(comes_as, &goes_as);
	node_knows(&goes_as, PASSES_NODE_FROM, e->sends);
}

static __noinline void node_forgets_end(const struct stream_key *comes_as)
{
	struct stream_key goes_as;

	node_forgets(comes_as, PASSES_NODE_TO);
	turn_around(comes_as, &goes_as);
	node_forgets(&goes_as, PASSES_NODE_FROM);
}

/* Kprobes find what the socket sends, until it is closed: its memory may be another socket's before what it sent has been read. */
static __always_inline void sender_known(const struct sock *sk, __u32 place)
{
	__u64 sender = (__u64)sk;

	if (probed_senders && place != NO_PLACE && bpf_map_update_elem(&senders, &sender, &place, BPF_ANY))
		lost(LOST_STREAMS);
}

static __always_inline void sender_forgotten(const struct sock *sk)
{
	__u64 sender = (__u64)sk;

	if (probed_senders)
		bpf_map_delete_elem(&senders, &sender);
}

/* The byte that was followed arrives nowhere any more. */
static __always_inline void stream_end(struct stream *s, __u32 place)
{
	if (is_following(s))
		finish_or_give_up(s, byte_of(s));
	settle_unfollowed(s);
	s->sender = 0;
	s->receiver = 0;
	place_free(place);
}

#endif
