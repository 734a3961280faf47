// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Where StackTrace looks by default, without looking: what the kernel takes to get there. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define EMPTY(tracepoint)                                                                                              \
	SEC("tp_btf/" #tracepoint)                                                                                     \
	int at_##tracepoint(void *ctx)                                                                                 \
	{                                                                                                              \
		return 0;                                                                                              \
	}

EMPTY(tcp_sendmsg_locked)
EMPTY(net_dev_queue)
EMPTY(net_dev_start_xmit)
EMPTY(netif_receive_skb)
EMPTY(tcp_probe)
EMPTY(sk_data_ready)
EMPTY(tcp_rcv_space_adjust)

char LICENSE[] SEC("license") = "Dual MIT/GPL";
