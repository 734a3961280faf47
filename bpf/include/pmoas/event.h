/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_EVENT_H
#define PMOAS_EVENT_H

/* Keeps struct T in the object's BTF: nothing else in the object names it, and clang drops what nothing names. */
#define PMOAS_EVENT(T) const struct T *__pmoas_event_##T __attribute__((unused))

/* Value of the per-CPU array R_count that belongs to ring R; delivered = attempts - dropped, exactly. */
struct pmoas_ring_count {
	__u64 attempts;
	__u64 dropped;
};

/* Declares ring buffer NAME of BYTES (a power of two, at least a page) and its loss count NAME_count. */
#define PMOAS_RING(NAME, BYTES)                                                                                        \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                                    \
		__uint(max_entries, BYTES);                                                                            \
	} NAME SEC(".maps");                                                                                           \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                               \
		__uint(max_entries, 1);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, struct pmoas_ring_count);                                                                \
	} NAME##_count SEC(".maps")

/* Room for SIZE bytes in RING, or NULL; counts the attempt and the loss. */
static __always_inline void *pmoas_event_reserve(void *ring, void *ring_count, __u64 size)
{
	__u32 zero = 0;
	struct pmoas_ring_count *count = bpf_map_lookup_elem(ring_count, &zero);
	void *event;

	if (!count)
		return NULL;
	__sync_fetch_and_add(&count->attempts, 1);
	event = bpf_ringbuf_reserve(ring, size, 0);
	if (!event)
		__sync_fetch_and_add(&count->dropped, 1);
	return event;
}

/* Hands the event over without waking anybody: the reader drains on a timer, which carries three times the events. */
static __always_inline void pmoas_event_submit(void *event)
{
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

#endif
