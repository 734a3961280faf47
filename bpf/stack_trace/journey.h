/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_JOURNEY_H
#define PMOAS_STACK_TRACE_JOURNEY_H

/* What a followed byte goes through: it begins at one stage, passes others, and ends at the last, or is given up. */

/*
 * The first and the last stage of what a watched socket sends, and the last of what is read from one. Set when the hooks are attached, for only
 * then is known which this kernel has; until then nothing is followed.
 */
__u32 first_sent = STAGE_NONE;
__u32 last_sent = STAGE_NONE;
__u32 last_of_leaving = STAGE_NONE; /* of what leaves the pod: also a function that not all of it passes */
__u32 last_received = STAGE_NONE;
bool follow = false;

/* Intervals beside those from one stage to the next, set before load; STAGE_NONE ends the list. */
#define MAX_PAIRS 16

struct stage_pair {
	__u8 from;
	__u8 to;
};

struct stage_pairs {
	struct stage_pair pair[MAX_PAIRS];
};

const volatile struct stage_pairs pairs = {};
const volatile __u32 pair_count = 0;

/* False when another CPU was quicker. */
static __always_inline bool claim(struct stream *s, enum following from)
{
	return __sync_val_compare_and_swap(&s->following, from, FOLLOWING_CHANGES) == from;
}

static __always_inline void release(struct stream *s, enum following to)
{
	__sync_lock_test_and_set(&s->following, to);
}

static __always_inline void begin(struct stream *s, __u32 stage, __u32 byte, __u64 now)
{
	__u32 i;

	if (!claim(s, FOLLOWING_NONE))
		return;
	for (i = 0; i < STAGES && i < path_length; i++)
		s->at[i] = 0;
	s->byte = byte;
	exchange_journey(s);
	s->at[stage] = now;
	s->stack = stack_at(stage);
	s->last = stage;
	s->number++;
	release(s, FOLLOWING);
}

/* Others hold a stream for a moment, or to report its journey, which then is no more. */
#define CLAIM_TRIES 64

/* Claims the journey of this byte; false when it is over. */
static __always_inline bool claim_byte(struct stream *s, __u32 byte)
{
	int i;

	for (i = 0; i < CLAIM_TRIES; i++) {
		if (!claim(s, FOLLOWING)) {
			if (*(volatile __u32 *)&s->following == FOLLOWING_NONE)
				return false;
			continue;
		}
		if (s->byte == byte)
			return true;
		release(s, FOLLOWING);
		return false;
	}
	return false;
}

/* The byte's journey does not end as it should. False when another CPU has just ended it. */
static __always_inline bool give_up(struct stream *s, __u32 byte)
{
	if (!claim_byte(s, byte))
		return false;
	count_of_stream(s, COUNT_UNFINISHED, s->last, 1);
	release(s, FOLLOWING_NONE);
	return true;
}

static __always_inline void interval_key_of(const struct stream *s, struct interval_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->pod = s->pod;
	key->leg = s->leg;
	key->direction = s->direction;
	key->phase = PHASE_DATA;
}

static __noinline int observe_pairs(const struct stream *s)
{
	struct interval_key key;
	__u32 i, from, to;

	interval_key_of(s, &key);
	for (i = 0; i < MAX_PAIRS && i < pair_count; i++) {
		from = pairs.pair[i].from;
		to = pairs.pair[i].to;
		if (from >= STAGES || to >= STAGES || !s->at[from] || s->at[to] < s->at[from])
			continue;
		key.from = from;
		key.to = to;
		observe(&key, s->at[to] - s->at[from]);
	}
	return 0;
}

/* An interval that does not begin where it usually does, for a stage between was missed; with both STAGE_NONE the whole of a journey. */
static __noinline int observe_other(const struct stream *s, __u32 from, __u32 to, __u64 nanoseconds)
{
	struct interval_key key;

	interval_key_of(s, &key);
	key.from = from;
	key.to = to;
	observe(&key, nanoseconds);
	return 0;
}

static __always_inline bool is_in_order(const struct stream *s)
{
	__u64 before = 0;
	__u32 i;

	for (i = 0; i < STAGES && i < path_length; i++) {
		if (!s->at[i])
			continue;
		if (s->at[i] < before)
			return false;
		before = s->at[i];
	}
	return true;
}

/* Does the interval that ends at this stage begin, on this CPU, where it always did? */
static __always_inline bool begins_as_ever(struct journeys *j, __u32 from, __u32 to)
{
	__u32 known = j->from[to];

	if (!known)
		known = __sync_val_compare_and_swap(&j->from[to], 0, from + 1) ?: from + 1;
	return known == from + 1;
}

/* Each interval once, so they add up to the whole; where there is no j, each in map intervals. Returns the whole. */
static __always_inline __u64 observe_in_turn(const struct stream *s, struct journeys *j)
{
	__u64 first = 0, before = 0;
	__u32 i, from = 0;

	for (i = 0; i < STAGES && i < path_length; i++) {
		if (!s->at[i])
			continue;
		if (!first)
			first = s->at[i];
		else if (j && begins_as_ever(j, from, i))
			pmoas_histogram_observe(&j->interval[i], s->at[i] - before);
		else
			observe_other(s, from, i, s->at[i] - before);
		before = s->at[i];
		from = i;
	}
	return before - first;
}

static __noinline __u64 observe_without_journeys(const struct stream *s)
{
	__u64 took = observe_in_turn(s, NULL);

	observe_other(s, STAGE_NONE, STAGE_NONE, took);
	return took;
}

static __noinline int report(struct stream *s)
{
	struct journey_key key = {};
	struct journeys *j;
	__u64 took;

	key.pod = s->pod;
	key.leg = s->leg;
	key.direction = s->direction;
	key.phase = PHASE_DATA;
	j = journeys_of(&key);
	if (j) {
		took = observe_in_turn(s, j);
		pmoas_histogram_observe(&j->journey, took);
	} else {
		took = observe_without_journeys(s);
	}
	if (s->last < STAGES)
		s->ended_ns = s->at[s->last];
	if (live || traced)
		tell_journey(s, &key, took, s->ended_ns);
	if (pair_count)
		observe_pairs(s);
	return 0;
}

/* Of a stream that is claimed. */
static __always_inline void finish(struct stream *s)
{
	if (is_in_order(s))
		report(s);
	else
		lost(LOST_DISORDER);
	release(s, FOLLOWING_NONE);
}

/*
 * Of a byte that is known to have arrived, or will be seen at no stage any more: it has passed the sender's last stage, and what is missing is stages of
 * the node, which not every packet passes, or a receiver that nobody watches. Otherwise it was lost here.
 */
static __always_inline void finish_or_give_up(struct stream *s, __u32 byte)
{
	if (!s->receiver && s->last >= last_sent) {
		if (claim_byte(s, byte))
			finish(s);
	} else {
		give_up(s, byte);
	}
}

/* The two halves of passing a stage, of a stream that is claimed. */
static __always_inline void note(struct stream *s, __u32 stage, __u64 now)
{
	__u32 handed = STAGE(NET_DEV_XMIT);

	if (handed < STAGES && s->last == handed && now < s->at[handed])
		s->at[handed] = 0; /* it was too late, see below, and only took the stream first */
	s->at[stage] = now;
	s->last = stage;
	if (stage == want_stack)
		s->stack = stack_at(stage);
}

static __always_inline void arrive(struct stream *s, __u32 stage)
{
	if (stage == last_received || (stage == last_of_leaving && !s->receiver && s->leg == LEG_OUTSIDE))
		finish(s);
	else
		release(s, FOLLOWING);
}

/* The followed byte passes a stage; only the first time counts. False when its journey is over, or it was here before. */
static __always_inline bool pass(struct stream *s, __u32 stage, __u32 byte, __u64 now)
{
	if (stage >= STAGES || s->at[stage] || !claim_byte(s, byte))
		return false;
	if (!s->at[stage])
		note(s, stage, now);
	arrive(s, stage);
	return true;
}

/* The same where another CPU may have the packet already: who comes too late is not counted. */
static __always_inline void pass_unless_beyond(struct stream *s, __u32 stage, __u32 byte)
{
	if (stage >= STAGES || !claim_byte(s, byte))
		return;
	if (s->last < stage)
		note(s, stage, bpf_ktime_get_ns());
	arrive(s, stage);
}

/* The same in a packet on its way. A byte that comes by once more was sent again: which of the two packets arrives cannot be told. */
static __always_inline void pass_in_packet(struct stream *s, __u32 stage, __u32 byte)
{
	if (stage >= STAGES)
		return;
	if (!s->at[stage]) {
		if (pass(s, stage, byte, bpf_ktime_get_ns()))
			return;
	} else if (s->last < first_at_tcp && give_up(s, byte)) {
		return;
	}
	if (stage == STAGE(NET_DEV_QUEUE))
		__sync_fetch_and_add(&s->unfollowed, 1); /* for nothing: the byte is there */
}

#endif
