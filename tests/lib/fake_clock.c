/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A clock for the loop that jumps instead of waiting. */
#include "tests/lib/fake_clock.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t now_ns(void *user)
{
	const struct fake_clock *c = user;

	return c->now_ns;
}

static bool skip(void *user, uint64_t until_ns)
{
	struct fake_clock *c = user;

	if (c->hold)
		return false;
	if (until_ns != LOOP_NEVER) {
		c->now_ns = until_ns;
		return true;
	}
	c->stuck = true;
	if (!c->loop) {
		fputs("fake clock: the loop would wait for ever\n", stderr);
		abort();
	}
	loop_stop(c->loop);
	return true;
}

struct loop_clock fake_clock_make(struct fake_clock *c)
{
	return (struct loop_clock){ .now_ns = now_ns, .skip = skip, .user = c };
}
