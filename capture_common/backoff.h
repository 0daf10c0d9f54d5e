/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long to wait before another attempt. Pure: the caller counts attempts, brings the random
 * number and does the waiting. */
#ifndef CAPTURE_COMMON_BACKOFF_H
#define CAPTURE_COMMON_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint32_t base_ms;		/* before jitter, after the first failure */
	uint32_t cap_ms;		/* never longer */
};

/* The server cannot be reached, or the connection broke: 0.5 s, 1 s, 2 s ... 60 s. The first wait
 * is below 1 s, whatever the jitter. */
extern const struct backoff backoff_link;
/* The server is there and refuses us; it will hardly change its mind soon: 5 s ... 300 s. */
extern const struct backoff backoff_refusal;

/* The wait after so many failures before this one (0 for the first failure). Doubles each time up
 * to the cap; random, any 32 bits, then spreads it over 50 to 150 per cent, so that sensors that
 * lost the same server do not return in step; the cap holds after that, too. */
uint32_t backoff_delay_ms(const struct backoff *b, unsigned attempt, uint32_t random);

#endif
