/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records a step of the wall clock concerns: it is told of a second or so after it happened.
 * Used where records are kept: the queue, the spool. Pure. */
#ifndef CAPTURE_COMMON_QUEUE_TIME_H
#define CAPTURE_COMMON_QUEUE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/record.h"

struct queue_time_step {
	uint32_t first;			/* number of the first record that it may concern */
	int64_t delta_us, now_us;	/* the new clock's */
	int64_t new_from_us;		/* what was captured since has at least this time */
};

struct queue_time_step queue_time_step(uint32_t first, int64_t delta_us, uint64_t new_now_us);
/* The time at which a record was captured; false when it has none. */
bool queue_time_of(const struct record *r, int64_t *us);
/* The clock before the step can have told that time, or the one since. */
bool queue_time_can_be_before(const struct queue_time_step *s, uint32_t number, int64_t us);
bool queue_time_can_be_since(const struct queue_time_step *s, int64_t us);
/* Never below 0. */
uint64_t queue_time_shifted(uint64_t us, int64_t delta_us);
void queue_time_shift_data(struct msg_data *d, int64_t delta_us);

#endif
