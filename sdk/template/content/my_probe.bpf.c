// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <pmoas/identity.h>

const volatile bool sidecars_only = false; /* set by Probe.Configure */

/* What is counted of each container, and what could not be: ProbeMetrics names the members. */
struct my_probe_totals {
	__u64 resets;
};

enum lost_reason {
	LOST_TOTALS
};

struct my_probe_losses {
	__u64 lost[1]; /* by enum lost_reason */
};

#define PMOAS_TOTALS my_probe_totals
#define PMOAS_LOSSES my_probe_losses
#include <pmoas/totals.h>

/* A socket begins to listen or to connect: in the task that does it, so its container is known, and so is the socket's from here on. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tag_socket, const struct sock *sk, int from, int to)
{
	if (to == TCP_LISTEN || to == TCP_SYN_SENT)
		pmoas_tag_socket((void *)sk);
	return 0;
}

/* A segment with RST arrived for this socket. Softirq: the running task is anybody, only the socket says whose it is. */
SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(count_reset, const struct sock *sk)
{
	struct pmoas_tag *tag = pmoas_socket_tag(sk);
	struct my_probe_totals *t;

	if (!tag || (sidecars_only && tag->role != PMOAS_ROLE_SIDECAR))
		return 0;
	t = totals_of(tag->container);
	if (t)
		ADD(t->resets, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
