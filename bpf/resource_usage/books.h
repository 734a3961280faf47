/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_RESOURCE_USAGE_BOOKS_H
#define PMOAS_RESOURCE_USAGE_BOOKS_H

/* Where results go: the totals of each container, and the count of what was lost. */

#define PMOAS_TOTALS resource_usage_totals
#define PMOAS_LOSSES resource_usage_losses
#include <pmoas/totals.h>

static __always_inline void unattributed(enum unattributed_reason reason)
{
	__u32 zero = 0;
	struct resource_usage_losses *l = bpf_map_lookup_elem(&losses, &zero);

	if (l)
		ADD(l->unattributed[reason], 1);
}

#endif
