/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_REDIRECTED_H
#define PMOAS_REDIRECTED_H

/*
 * Connections whose payload passes TCP by (see bpf/sock_map). TCP does not count it, so what it was is kept here for every
 * object that counts bytes. Both maps are made by bpf/identity and shared.
 */
#define PMOAS_MAX_PAIRS 65536

/* What both ends share, by the socket cookie of the end that connected. Index 0 is that end, 1 the one that accepted. */
struct pmoas_pair {
	__u64 socket[2]; /* addresses */
	__u64 cookie[2];
	__u64 sent_bytes[2]; /* redirected, by each end */
	__u32 container[2]; /* 0: nobody's */
	__u32 complete; /* both ends are known and in their places */
	__u32 closed; /* one end is */
};

/* One end, kept by its socket. */
struct pmoas_end {
	__u64 pair;
	__u32 side;
	__u32 done; /* the end has closed: the two below are final, and the pair may be gone */
	__u64 sent_bytes;
	__u64 received_bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PMOAS_MAX_PAIRS);
	__type(key, __u64);
	__type(value, struct pmoas_pair);
} pmoas_pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pmoas_end);
} pmoas_ends SEC(".maps");

/* Adds to what TCP counted of a connection what it did not see. */
static __always_inline void pmoas_add_redirected(const struct sock *sk, __u64 *sent_bytes, __u64 *received_bytes)
{
	struct pmoas_end *e = bpf_sk_storage_get(&pmoas_ends, (void *)sk, 0, 0);
	struct pmoas_pair *p;

	if (!e)
		return;
	if (e->done) {
		*sent_bytes += e->sent_bytes;
		*received_bytes += e->received_bytes;
		return;
	}
	p = bpf_map_lookup_elem(&pmoas_pairs, &e->pair);
	if (!p)
		return;
	*sent_bytes += p->sent_bytes[e->side & 1];
	*received_bytes += p->sent_bytes[!(e->side & 1)];
}

#endif
