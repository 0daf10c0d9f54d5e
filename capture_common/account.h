/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the records, in words: for the log at the end and on SIGUSR1, and for the line at
 * the bottom of a terminal. Pure. */
#ifndef CAPTURE_COMMON_ACCOUNT_H
#define CAPTURE_COMMON_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	bool solo;				/* there is no server: only the recording counts */
};

/* "1200 records: 1200 delivered, 0 waiting, 0 lost, ...", or, without a server, "1200 packets
 * recorded in 3 files, ..."; other counts only if they are not 0, the lost ones by reason and
 * class. c: names of the classes, or NULL. */
void account_print(const struct account *a, const struct record_classifier *c, char *out,
		   size_t size);

/* Where each record is. A record that the protocol cannot carry leaves the queue as a delivered one
 * does, later than it is counted as uncarried; here it is lost and nothing else. */
uint64_t account_records(const struct account *a);	/* captured and recovered */
uint64_t account_delivered(const struct account *a);
uint64_t account_waiting(const struct account *a);	/* in memory and on disk */
/* Records that the server will never have. What was dropped before it became a record is told
 * apart, and what was sent but never confirmed is in neither of them. */
uint64_t account_lost(const struct account *a);

/* The law: each record that came is in one place, at any time. Of the backlog's own counts, in
 * which uncarried records are delivered or still waiting:
 *	captured + recovered == delivered + unconfirmed + in_memory + on_disk + all lost[][] */
bool account_adds_up(const struct account *a);

/* For users: "for want of memory", "the memory queue was full". */
const char *account_loss_short(enum loss loss);
const char *account_loss_cause(enum loss loss);

#endif
