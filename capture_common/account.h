/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the records, in words: for the log at the end and on SIGUSR1, and for the line at
 * the bottom of a terminal. */
#ifndef CAPTURE_COMMON_ACCOUNT_H
#define CAPTURE_COMMON_ACCOUNT_H

#include <stddef.h>

#include "capture_common/backlog.h"
#include "capture_common/hopper.h"
#include "capture_common/queue.h"
#include "capture_common/session.h"
#include "capture_common/source.h"

struct account {
	struct backlog_stats backlog;
	struct queue_stats queue;
	struct session_stats session;
	struct hopper_stats hopper;
	struct source_stats source;
	uint64_t messages_dropped;
	uint64_t gaps;				/* times that a loss was told of */
	size_t queue_used, queue_size;		/* bytes */
	bool connected;
};

/* "1200 records: 1200 delivered, 0 waiting, 0 lost, ..."; other counts only if they are not 0,
 * the lost ones by reason and class. c: names of the classes, or NULL. */
void account_print(const struct account *a, const struct record_classifier *c, char *out,
		   size_t size);
/* Records that the server will never have. What was dropped before it became a record is told
 * apart. */
uint64_t account_lost(const struct account *a);

#endif
