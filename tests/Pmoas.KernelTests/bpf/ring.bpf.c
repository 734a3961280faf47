// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Events with a running number, as many as asked for. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <pmoas/event.h>

struct ring_event {
	__u64 number;
	__u64 payload[3];
};

PMOAS_EVENT(ring_event);
PMOAS_RING(events, 64 * 1024);

__u64 wanted;
__u64 discard_every;
__u64 number;

static long emit(__u32 index, void *ctx)
{
	struct ring_event *e = pmoas_event_reserve(&events, &events_count, sizeof(*e));

	number++;
	if (!e)
		return 0;
	if (discard_every && number % discard_every == 0) {
		bpf_ringbuf_discard(e, BPF_RB_NO_WAKEUP);
		return 0;
	}
	e->number = number;
	e->payload[0] = number * 3;
	pmoas_event_submit(e);
	return 0;
}

/* Run by hand (BPF_PROG_TEST_RUN). */
SEC("syscall")
int produce(void *ctx)
{
	bpf_loop(wanted, emit, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
