/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_TRIALS_H
#define PMOAS_SOCK_MAP_TRIALS_H

/*
 * A service's connections stay on TCP until so many answers were received over them. By then it is known whether one of its ends
 * reads in a way that the self-test found broken on redirected sockets: by splice(2), or blocking. Both are seen at every read, so
 * a container that begins later is found too, and its next connections are left alone.
 */

#define MSG_PEEK 2
#define MSG_DONTWAIT 0x40

/* Set by user space, from the self-test. */
__u32 bad_reads = 0; /* of READS_BY_SPLICE, READS_BLOCKING */
__u32 trial_answers = 0;

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

	if (!trial_answers)
		return false;
	seen = bpf_map_lookup_elem(&trials, service);
	return !seen || *seen < trial_answers;
}

/* A connection on trial has received something. */
static __always_inline void trial_answered(struct direction *d)
{
	struct service_key service = {.netns = d->netns, .port = d->port};
	__u32 *seen, one = 1;

	seen = bpf_map_lookup_elem(&trials, &service);
	if (!seen)
		bpf_map_update_elem(&trials, &service, &one, BPF_ANY);
	else if (__sync_fetch_and_add(seen, 1) + 1 >= trial_answers)
		d->is_trial = 0;
}

#endif
