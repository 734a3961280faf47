// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What accelerators of sockets have done so far, to compare with: every connection enters the map when it is established, by its four
 * addresses, and every message is sent to whoever has them the other way round.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct four {
	__u32 local_ip, remote_ip, local_port, remote_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 65536);
	__type(key, struct four);
	__type(value, __u64);
} all_sockets SEC(".maps");

SEC("sockops")
int classic_enters(struct bpf_sock_ops *ops)
{
	struct four key = {};

	if (ops->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && ops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	key.local_ip = ops->local_ip4;
	key.remote_ip = ops->remote_ip4;
	key.local_port = ops->local_port;
	key.remote_port = bpf_ntohl(ops->remote_port);
	bpf_sock_hash_update(ops, &all_sockets, &key, BPF_NOEXIST);
	return 1;
}

SEC("sk_msg")
int classic_sends(struct sk_msg_md *msg)
{
	struct four key = {};

	key.local_ip = msg->remote_ip4;
	key.remote_ip = msg->local_ip4;
	key.local_port = bpf_ntohl(msg->remote_port);
	key.remote_port = msg->local_port;
	bpf_msg_redirect_hash(msg, &all_sockets, &key, BPF_F_INGRESS);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
