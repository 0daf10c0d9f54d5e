/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's timers: a binary heap of pointers to timers that their owners hold. */
#ifndef CAPTURE_COMMON_LOOP_TIMERS_H
#define CAPTURE_COMMON_LOOP_TIMERS_H

#include <stddef.h>

#include "capture_common/loop.h"

/* So many need no memory of their own: a tool with a few sources has no more. */
#define LOOP_TIMERS_FEW 64

/* Zeroed at first; must not be moved. */
struct loop_timers {
	struct loop_timer **heap;	/* heap[1] is the first to come; [0] is not used */
	struct loop_timer *few[LOOP_TIMERS_FEW];
	size_t n, cap;
	uint64_t turns;			/* how many were armed ever */
};

void loop_timers_free(struct loop_timers *t);
void loop_timers_set(struct loop_timers *t, struct loop_timer *timer, uint64_t at_ns);
void loop_timers_cancel(struct loop_timers *t, struct loop_timer *timer);
/* When the first one is due; LOOP_NEVER without any. */
uint64_t loop_timers_first_ns(const struct loop_timers *t);
/* Takes out the first one that is due at now_ns; NULL if none is. */
struct loop_timer *loop_timers_due(struct loop_timers *t, uint64_t now_ns);

#endif
