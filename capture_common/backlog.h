/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records wait for the server: the queue in memory and, if one is configured, the spool on
 * disk behind it.
 *
 *	plain:     source -> queue -> session
 *	spooling:  source -> spool -> queue -> session
 *
 * With a spool, the queue is the beginning of the line and the spool the rest of it, so records
 * leave in the order in which they came. Spooling begins when the queue is half full, or when the
 * server has been away for a moment: what is in the queue is then written down as well, so that a
 * crash loses the last second and not the last megabyte. It ends when all was taken back into the
 * queue. Without a spool, a full queue does what its policy says.
 *
 * It is also where records are counted: captured + recovered is always
 * delivered + waiting + all that was lost. Loop thread only. */
#ifndef CAPTURE_COMMON_BACKLOG_H
#define CAPTURE_COMMON_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/queue.h"
#include "capture_common/record.h"
#include "capture_common/spool.h"

/* The server has been away for so long: what waits goes to disk. */
#define BACKLOG_SPOOL_AFTER_MS 3000
/* An unlimited rate would be more than servers take (docs/protocol.md 4): their queues drop. */
#define BACKLOG_DRAIN_PER_S 2000

struct backlog_config {
	struct loop *loop;
	struct queue *queue;
	/* NULL: none. Owned by the backlog; its changed() is backlog_spool_changed(). */
	struct spool *spool;
	const struct record_classifier *classes;	/* may be NULL */
	/* This run's (struct msg_newsource), which its own records have; and what to do when
	 * records of another one follow: the session begins anew and announces that. Not called
	 * from within a function here. With a spool only. */
	uint64_t own_instance;
	void (*instance)(void *user, uint64_t instance);
	/* Records a second out of the spool, or twice what comes in if that is more; 0: as fast as
	 * it goes. */
	unsigned drain_per_s;
	/* Records came into the queue, out of the spool. */
	void (*records)(void *user);
	/* There is room for a source that waits. */
	void (*room)(void *user);
	void *user;
};

/* Why a record was lost. */
enum loss {
	LOSS_MEMORY,		/* the queue was full */
	LOSS_DISK_FULL,		/* the spool had no room for it */
	LOSS_DISK_FAILED,	/* the spool's disk refused, or was too slow */
	LOSS_TOO_LONG,		/* for the queue, or the spool */
	LOSSES
};

struct backlog_stats {
	uint64_t captured;		/* handed over by the source, messages included */
	uint64_t recovered;		/* out of the spool of an earlier run */
	uint64_t delivered;		/* confirmed by the server */
	uint64_t lost[LOSSES][RECORD_CLASSES];
	/* Sent, dropped before they were confirmed: lost only if the link was. Not in delivered. */
	uint64_t unconfirmed;
	/* Waiting. What is in memory may be on disk as well, in case of a crash; it counts once. */
	uint64_t in_memory, on_disk;
	uint64_t disk_bytes;
	bool spooling, disk_broken;
};

struct backlog;

/* Takes the spool, also when it fails. */
struct backlog *backlog_new(const struct backlog_config *cfg, struct err *e);
/* What is in memory goes to the spool, if there is one. NULL is fine. */
void backlog_free(struct backlog *b);

/* As those of the queue; for struct capture. -EAGAIN: the source is to wait. */
int backlog_push_packet(struct backlog *b, const struct msg_packet *p);
int backlog_push_data(struct backlog *b, const struct msg_data *d);
int backlog_push_message(struct backlog *b, enum msg_class class, struct text text);

/* Without a spool: the queue, to which records may be pushed without asking here. Else NULL. */
struct queue *backlog_direct(const struct backlog *b);

/* Whether the server takes records now: what drains the spool. */
void backlog_set_streaming(struct backlog *b, bool streaming);
/* The server has confirmed records: there may be room. */
void backlog_released(struct backlog *b);
/* The wall clock was set: see queue_shift_times(). */
void backlog_shift_times(struct backlog *b, int64_t delta_us, uint64_t new_now_us);

/* To be announced: this run's instance, or that of an earlier run whose records come first. */
uint64_t backlog_announced(const struct backlog *b);
/* For the end: what is in memory goes to disk. Returns how many records are on none: lost. */
uint64_t backlog_finish(struct backlog *b);

/* Told by the spool. */
void backlog_spool_changed(struct backlog *b);

/* Nothing waits any more, neither in memory nor on disk. */
bool backlog_empty(const struct backlog *b);
/* Something waits on disk that was not taken into the queue yet. */
bool backlog_on_disk(const struct backlog *b);

void backlog_get_stats(const struct backlog *b, struct backlog_stats *out);
uint64_t backlog_lost(const struct backlog_stats *s);	/* over all reasons and classes */

#endif
