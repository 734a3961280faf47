/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_TCP_COUNTS_H
#define PMOAS_TCP_COUNTS_H

#include <pmoas/redirected.h>

/* What TCP itself counts of a connection, what passed it by included, and how a total follows it. */

/* Brings *counted up to current and *total with it. A scrape and a close may do so at once: only who moves *counted adds. */
static __always_inline void pmoas_count_up(__u64 *counted, __u64 current, __u64 *total)
{
	__u64 before;
	int i;

	for (i = 0; i < 4; i++) {
		before = *(volatile __u64 *)counted;
		if (current <= before)
			return;
		if (__sync_val_compare_and_swap(counted, before, current) == before) {
			__sync_fetch_and_add(total, current - before);
			return;
		}
	}
}

/* Data bytes and retransmits of a connection so far, from the counters TCP keeps anyway. */
struct pmoas_tcp_counts {
	__u64 sent_bytes;
	__u64 received_bytes;
	__u64 retransmits;
	__u64 rtt_ns;
	__u64 received_segments; /* wrap after 2^32, as TCP counts them; those without data too */
	__u64 sent_segments;
};

static __always_inline bool pmoas_tcp_counts_of(const struct sock *sk, struct pmoas_tcp_counts *n)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
	__u64 fin;

	if (!tp)
		return false;
	/* tcp_fin() sets SOCK_DONE; the FIN it saw took one of the sequence numbers that bytes_received counts */
	fin = (sk->__sk_common.skc_flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE)) & 1;
	n->sent_bytes = tp->bytes_sent - tp->bytes_retrans;
	n->received_bytes = tp->bytes_received;
	if (n->received_bytes >= fin)
		n->received_bytes -= fin;
	pmoas_add_redirected(sk, &n->sent_bytes, &n->received_bytes);
	n->retransmits = tp->total_retrans;
	n->received_segments = tp->segs_in;
	n->sent_segments = tp->segs_out;
	n->rtt_ns = (__u64)tp->srtt_us * 125; /* kept as 8 × µs */
	return true;
}

#endif
