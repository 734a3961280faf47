/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCKET_H
#define PMOAS_SOCKET_H

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

/* Both ends of a TCP connection in one network namespace's eyes; IPv4 as v4-mapped IPv6, so that the two families meet. */
struct pmoas_tuple {
	__u64 netns; /* cookie */
	__u32 local_address[4]; /* network order */
	__u32 remote_address[4];
	__u16 local_port; /* host order */
	__u16 remote_port;
	__u32 unused; /* keys are compared byte by byte */
};

/* For a socket whose type the verifier knows: plain loads. */
static __always_inline __u64 pmoas_netns_cookie(const struct sock *sk)
{
	return sk->__sk_common.skc_net.net->net_cookie;
}

static __always_inline void pmoas_address_v4(__u32 *address, __u32 v4)
{
	address[0] = 0;
	address[1] = 0;
	address[2] = bpf_htonl(0xffff);
	address[3] = v4;
}

static __always_inline void pmoas_tuple_set_v4(struct pmoas_tuple *t, __u32 local, __u32 remote)
{
	pmoas_address_v4(t->local_address, local);
	pmoas_address_v4(t->remote_address, remote);
}

/* For a socket whose type the verifier knows: plain loads, but for inet_sport, which lies beyond what is typed. */
static __always_inline void pmoas_tuple_of(const struct sock *sk, struct pmoas_tuple *t)
{
	const struct sock_common *c = &sk->__sk_common;
	int i;

	t->netns = pmoas_netns_cookie(sk);
	t->unused = 0;
	/* inet_sport outlives skc_num, which close() clears with the port's release. */
	t->local_port = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	t->remote_port = bpf_ntohs(c->skc_dport);
	if (c->skc_family != AF_INET6) {
		pmoas_tuple_set_v4(t, c->skc_rcv_saddr, c->skc_daddr);
		return;
	}
	for (i = 0; i < 4; i++) {
		t->local_address[i] = c->skc_v6_rcv_saddr.in6_u.u6_addr32[i];
		t->remote_address[i] = c->skc_v6_daddr.in6_u.u6_addr32[i];
	}
}

/* The same for what is held as a mere address. */
static __always_inline void pmoas_tuple_at(const struct sock *sk, struct pmoas_tuple *t)
{
	t->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
	t->unused = 0;
	t->local_port = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	t->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET6) {
		pmoas_tuple_set_v4(t, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr),
				   BPF_CORE_READ(sk, __sk_common.skc_daddr));
		return;
	}
	BPF_CORE_READ_INTO(&t->local_address, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&t->remote_address, sk, __sk_common.skc_v6_daddr);
}

/* The same connection as its other end sees it. */
static __always_inline void pmoas_tuple_reverse(const struct pmoas_tuple *t, struct pmoas_tuple *r)
{
	int i;

	r->netns = t->netns;
	r->unused = 0;
	r->local_port = t->remote_port;
	r->remote_port = t->local_port;
	for (i = 0; i < 4; i++) {
		r->local_address[i] = t->remote_address[i];
		r->remote_address[i] = t->local_address[i];
	}
}

static __always_inline bool pmoas_is_v4_mapped(const __u32 *address)
{
	return !address[0] && !address[1] && address[2] == bpf_htonl(0xffff);
}

static __always_inline bool pmoas_is_loopback(const __u32 *address)
{
	if (pmoas_is_v4_mapped(address))
		return (bpf_ntohl(address[3]) >> 24) == 127;
	return !address[0] && !address[1] && !address[2] && address[3] == bpf_htonl(1);
}

static __always_inline bool pmoas_is_same_address(const __u32 *a, const __u32 *b)
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/* Does the connection stay in its network namespace: to a loopback address, or to the address it comes from? */
static __always_inline bool pmoas_tuple_is_local(const struct pmoas_tuple *t)
{
	return pmoas_is_loopback(t->remote_address) || pmoas_is_same_address(t->remote_address, t->local_address);
}

/* The same asked of a socket whose type the verifier knows: plain loads. */
static __always_inline bool pmoas_socket_is_local(const struct sock *sk)
{
	const __u32 *r = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32;
	const __u32 *l = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32;

	if (sk->__sk_common.skc_family == AF_INET)
		return (bpf_ntohl(sk->__sk_common.skc_daddr) >> 24) == 127 ||
		       sk->__sk_common.skc_daddr == sk->__sk_common.skc_rcv_saddr;
	return pmoas_is_loopback(r) || pmoas_is_same_address(r, l);
}

/* What an iterator over TCP shows, as a socket; NULL when it is none (a request, a connection in TIME_WAIT, the end of the walk). */
static __always_inline struct sock *pmoas_tcp_socket(struct sock_common *shown)
{
	return shown ? (struct sock *)bpf_skc_to_tcp_sock(shown) : NULL;
}

/* The socket of a file that an iterator shows; NULL when it is none. Some verifiers let it be read only, and not be asked for its storage. */
static __always_inline struct sock *pmoas_socket_of_file(struct file *file)
{
	struct socket *socket = file ? bpf_sock_from_file(file) : NULL;

	return socket ? socket->sk : NULL;
}

/* The socket behind a file descriptor of the running task, if it is TCP; 0 otherwise. */
static __always_inline __u64 pmoas_tcp_socket_of_fd(long fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **files, *file = NULL;
	struct socket *socket;
	struct sock *sk;

	if (fd < 0)
		return 0;
	files = task->files->fdt->fd;
	if (bpf_probe_read_kernel(&file, sizeof(file), &files[fd]) || !file)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	return (__u64)sk;
}

#endif
