/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_SCOPE_H
#define PMOAS_SOCK_MAP_SCOPE_H

/* Which connections the configuration chooses, and who is left alone. */

const volatile __u32 scope = SCOPE_INSIDE_LEG;
const volatile __u64 only_netns = 0; /* cookie; 0: all. The self-test keeps to its own. */
const volatile bool chosen_only = false; /* only containers that are in chosen */
const volatile bool ports_only = false; /* only services at ports that are in ports */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32); /* container */
	__type(value, __u32); /* 0: it was rolled back */
} chosen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32); /* port */
	__type(value, __u32); /* 0: never */
} ports SEC(".maps");

/* What keeps a container from being accelerated; REFUSED_REASONS when nothing does. */
static __always_inline enum refused_reason container_fault(const struct pmoas_tag *tag)
{
	__u32 *c;

	if (!tag)
		return scope == SCOPE_ALL_LOCAL && !chosen_only ? REFUSED_REASONS : REFUSED_SCOPE;
	c = bpf_map_lookup_elem(&reads, &tag->container);
	if (c)
		return *c & READS_BY_SPLICE ? REFUSED_SPLICE : REFUSED_BLOCKING;
	c = bpf_map_lookup_elem(&chosen, &tag->container);
	if (c)
		return *c ? REFUSED_REASONS : REFUSED_ROLLED_BACK;
	return chosen_only ? REFUSED_SCOPE : REFUSED_REASONS;
}

static __always_inline bool is_port_right(__u32 port)
{
	__u32 *p = bpf_map_lookup_elem(&ports, &port);

	return p ? *p : !ports_only;
}

static __always_inline bool are_roles_right(__u32 one, __u32 other)
{
	if (scope != SCOPE_INSIDE_LEG)
		return true;
	return (one == PMOAS_ROLE_SIDECAR && other == PMOAS_ROLE_SERVICE) ||
	       (one == PMOAS_ROLE_SERVICE && other == PMOAS_ROLE_SIDECAR);
}

#endif
