// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Fills a ring with events of the size of a real one. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <pmoas/event.h>

struct ring_load_event {
	__u64 number;
	__u64 payload[7];
};

PMOAS_EVENT(ring_load_event);
PMOAS_RING(events, 4 * 1024 * 1024);

__u64 wanted;
__u64 number;

static long emit(__u32 index, void *ctx)
{
	struct ring_load_event *e = pmoas_event_reserve(&events, &events_count, sizeof(*e));

	if (!e)
		return 1;
	e->number = ++number;
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
