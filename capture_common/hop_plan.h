/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order, and how fast, a list of channels is visited (docs/protocol.md 7.3). Pure: knows
 * indices, no channels, and never looks at a clock.
 *
 * Whatever is asked for, n hops visit each of the n channels exactly once:
 *
 *	without shuffle	the list's order, from offset on, over and over
 *	with shuffle	every step-th channel, from offset on; step is the smallest number from the
 *			wanted skip on that has no common divisor with n. The search goes on at the
 *			smallest sensible step when it reaches n.
 *
 * A shuffle never steps by 1 when there are more than 3 channels: neighbouring channels overlap,
 * and visiting them one after the other is what shuffling is to avoid. */
#ifndef CAPTURE_COMMON_HOP_PLAN_H
#define CAPTURE_COMMON_HOP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A plain value: copy it, forget it. */
struct hop_plan {
	size_t n;		/* channels in the list */
	size_t pos;		/* the index that hop_plan_next() returns next */
	size_t step;		/* from one to the next; what to report as the skip in use */
	bool shuffle;
	uint32_t skip;		/* as wanted */
};

/* skip 0 is taken as 1; offset is taken modulo n. n may be 0: then there is no next. */
void hop_plan_init(struct hop_plan *p, size_t n, bool shuffle, uint32_t skip, uint32_t offset);
/* The index to visit now. p->n must not be 0. */
size_t hop_plan_next(struct hop_plan *p);
/* The channel at index has left the list, and those behind it have moved up by one. The next visit
 * is the one that was due, or the one behind it when that left; step is chosen anew. */
void hop_plan_remove(struct hop_plan *p, size_t index);

/* How long to stay on a channel. 0: do not hop at all (a rate of 0, below 0, or no number). Never
 * less than min_dwell_ms or 1 ms, never more than a day. */
uint64_t hop_plan_dwell_ns(double rate_hps, unsigned min_dwell_ms);

#endif
