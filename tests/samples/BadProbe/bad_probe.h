/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef BAD_PROBE_H
#define BAD_PROBE_H

struct bad_event {
	__u64 time;
	__u32 old_state;
	__u32 new_state;
};

struct bad_totals {
	__u64 transitions;
};

#endif
