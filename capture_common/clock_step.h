/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notices that the wall clock was set: a sensor without a battery-backed clock starts in some other
 * year, until NTP comes. Timers do not care, they are monotonic; time stamps do. Loop thread. */
#ifndef CAPTURE_COMMON_CLOCK_STEP_H
#define CAPTURE_COMMON_CLOCK_STEP_H

#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

/* NTP slews smaller differences; what is set by less than this is no step. */
#define CLOCK_STEP_MIN_US 500000

struct clock_step_config {
	struct loop *loop;
	/* Real and monotonic time, read together; NULL: the system's. For tests. */
	void (*now)(void *user, uint64_t *real_us, uint64_t *monotonic_us);
	/* The clock was set by delta_us; new_now_us is what it shows. Told about a second later:
	 * what was captured before may still be on its way. */
	void (*stepped)(void *user, int64_t delta_us, uint64_t new_now_us);
	void *user;
};

struct clock_step;

struct clock_step *clock_step_new(const struct clock_step_config *cfg, struct err *e);
void clock_step_free(struct clock_step *c);	/* NULL is fine */
uint64_t clock_steps(const struct clock_step *c);	/* noticed so far */

#endif
