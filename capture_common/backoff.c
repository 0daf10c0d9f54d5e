/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long to wait before another attempt. */
#include "capture_common/backoff.h"

const struct backoff backoff_link = { .base_ms = 500, .cap_ms = 60000 };
const struct backoff backoff_refusal = { .base_ms = 5000, .cap_ms = 300000 };

uint32_t backoff_delay_ms(const struct backoff *b, unsigned attempt, uint32_t random)
{
	uint64_t delay_ms = b->base_ms;

	for (; attempt > 0 && delay_ms < b->cap_ms; attempt--)
		delay_ms *= 2;
	if (delay_ms > b->cap_ms)
		delay_ms = b->cap_ms;
	delay_ms = delay_ms / 2 + ((delay_ms * random) >> 32);
	return delay_ms < b->cap_ms ? (uint32_t)delay_ms : b->cap_ms;
}
