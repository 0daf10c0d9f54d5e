/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What backlog.c (in and out of the queue, into the spool), backlog_drain.c (out of the spool) and
 * backlog_stats.c share. */
#ifndef CAPTURE_COMMON_BACKLOG_INT_H
#define CAPTURE_COMMON_BACKLOG_INT_H

#include "capture_common/backlog.h"

struct backlog {
	struct backlog_config cfg;
	enum queue_full policy;		/* the queue's own, for when the disk is broken */
	uint64_t announced;		/* instance that the queue's records belong to */
	bool streaming;
	bool broken;			/* the disk, as last told */
	bool writing_down;		/* what is in the queue, before spooling begins */
	bool spooling;			/* what comes goes to the spool */
	uint32_t first_number;		/* of this run: those before are an earlier one's */
	uint32_t last_number;		/* on disk, or meant to be */
	uint32_t hole_after, hole_to;	/* these are not on disk, though spooling has begun */
	struct queue *direct;		/* the queue, if nothing stands between; or NULL */
	struct loop_timer away_timer, drain_timer;
	struct loop_post drain_post;
	double allowance;		/* records that may be taken out of the spool now */
	uint64_t drained_ns;		/* when that was reckoned */
	uint64_t live, live_before;	/* captured in this second, in the one before */
	uint64_t second_ns;		/* when this second began */

	uint64_t appended;		/* straight from the source */
	uint64_t loaded;		/* from the spool into the queue */
	uint64_t loaded_too_long;	/* ... that the queue has refused */
	uint64_t out_of_order;		/* ... that should not have been there */
	uint64_t not_appended[LOSSES][RECORD_CLASSES];
};

/* Numbers wrap. */
static inline bool backlog_later(uint32_t number, uint32_t than)
{
	return (int32_t)(number - than) > 0;
}

/* A source that waits needs no disk: its records wait where they come from. */
static inline bool backlog_can_spool(const struct backlog *b)
{
	return b->cfg.spool && b->policy != QUEUE_WAIT;
}

/* The queue drops only what comes straight to it while the disk refuses; what comes out of the
 * spool waits there. */
static inline void backlog_settle_policy(struct backlog *b)
{
	queue_set_policy(b->cfg.queue, b->broken && !b->spooling ? b->policy : QUEUE_WAIT);
}

/* backlog_drain.c */
void backlog_drain_soon(struct backlog *b);
void backlog_count_live(struct backlog *b);
/* The disk refuses, and nothing that is older is on it: memory does what it can. */
void backlog_retreat(struct backlog *b);

#endif
