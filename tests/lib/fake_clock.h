/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A clock for the loop that jumps instead of waiting: hours pass in a millisecond. */
#ifndef TESTS_LIB_FAKE_CLOCK_H
#define TESTS_LIB_FAKE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/loop.h"

/* Start with { 0 } and the time it shall be. */
struct fake_clock {
	uint64_t now_ns;
	/* Time stands still, and the loop really waits for descriptors: for a test in which
	 * another thread has something to do first. */
	bool hold;
	/* With no timer and no ready descriptor a loop would wait for ever: this is set then, and
	 * the loop stopped. Without a loop to stop the program aborts. */
	bool stuck;
	struct loop *loop;		/* set by the test, after loop_new() */
};

/* What to give to loop_new(); c lives as long as the loop. */
struct loop_clock fake_clock_make(struct fake_clock *c);

#endif
