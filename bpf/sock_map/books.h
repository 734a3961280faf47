/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_SOCK_MAP_BOOKS_H
#define PMOAS_SOCK_MAP_BOOKS_H

/* Of container 0 too, which is nobody: a connection between processes outside all pods (SCOPE_ALL_LOCAL). */
#define PMOAS_TOTALS sock_map_totals
#define PMOAS_LOSSES sock_map_losses
#include <pmoas/totals.h>

static __always_inline void refused(__u32 container, enum refused_reason reason)
{
	struct sock_map_totals *t = totals_of(container);

	if (t)
		ADD(t->refused[reason], 1);
}

#endif
