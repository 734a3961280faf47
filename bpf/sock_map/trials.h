/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_TRIALS_H
#define PMOAS_SOCK_MAP_TRIALS_H

/*
 * A service's first connections stay on TCP. By then it is known whether one of its ends reads in a way that the self-test found broken on
 * redirected sockets: by splice(2), or blocking. Both are seen at every read, so a container that begins later is found too, and its next
 * connections are left alone.
 */

#define MSG_PEEK 2
#define MSG_DONTWAIT 0x40

/* Set by user space, from the self-test. */
__u32 bad_reads = 0; /* of READS_BY_SPLICE, READS_BLOCKING */
__u32 trial_connections = 0;

/* The running task reads from a TCP socket. */
static __always_inline void reads_so(__u32 how)
{
	struct pmoas_tag *tag = pmoas_current_tag();
	__u32 *known;

	if (!tag || !(bad_reads & how))
		return;
	known = bpf_map_lookup_elem(&reads, &tag->container);
	if (!known)
		bpf_map_update_elem(&reads, &tag->container, &how, BPF_ANY);
	else if (!(*known & how))
		__sync_fetch_and_or(known, how);
}

static __always_inline bool is_trial(const struct service_key *service)
{
	__u32 *seen;

	if (!trial_connections)
		return false;
	seen = bpf_map_lookup_elem(&trials, service);
	return !seen || *seen < trial_connections;
}

/* A connection on trial has had an answer. */
static __always_inline void trial_over(struct direction *d)
{
	struct service_key service = {.netns = d->netns, .port = d->port};
	__u32 *seen, one = 1;

	d->is_trial = 0;
	seen = bpf_map_lookup_elem(&trials, &service);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		bpf_map_update_elem(&trials, &service, &one, BPF_ANY);
}

#endif
