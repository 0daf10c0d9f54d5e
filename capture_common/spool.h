/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on disk, for the time in which the server cannot take them: a queue in a folder of its
 * own, bounded, first in first out, that survives kill -9 and a power cut.
 *
 *	append -> chunk in memory -> segment files, oldest ... newest -> chunk in memory -> peek
 *
 * A segment is a file that is understood without the others (spool_segment.h). Files are written,
 * read and removed by a worker thread, so a slow disk holds up nothing; what happens there comes
 * back as changed(). Records keep the numbers they have: those that were sent and not confirmed
 * are known to our receiver by them, after a new start as well.
 *
 * A record stays on disk until spool_release() says that the server has it. Segments go as a whole;
 * how much of the oldest one was released is noted beside it after SPOOL_SYNC_MS and at the end, so
 * that no more than that comes again after a new start. Everything here is for the loop thread. */
#ifndef CAPTURE_COMMON_SPOOL_H
#define CAPTURE_COMMON_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/record.h"

#define SPOOL_DEFAULT_BYTES ((uint64_t)64 << 20)
#define SPOOL_MIN_BYTES ((uint64_t)1 << 20)
/* A segment grows to this, or to 1/8 of max_bytes. */
#define SPOOL_SEGMENT_BYTES ((size_t)256 << 10)
#define SPOOL_FLUSH_MS 1000	/* an appended record is with the system after this: kill -9 */
#define SPOOL_SYNC_MS 5000	/* and after this on the disk: a power cut */

struct spool_config {
	struct loop *loop;
	const char *folder;		/* created if its parent exists; locked: one spool each */
	uint64_t max_bytes;		/* of all files together */
	const char *uuid;		/* of the source; leftovers of another one are an error */
	const struct record_classifier *classes;	/* may be NULL */
	const struct msg_gps *gps;	/* position of what is appended, or NULL; must stay valid */
	/* There may be something to peek at, or room, or neither any more. Never called from
	 * within a function of the spool. */
	void (*changed)(void *user);
	void *user;
};

struct spool_stats {
	uint64_t appended;		/* by this process */
	uint64_t recovered;		/* found from an earlier run, and not released then */
	uint64_t released;		/* with the server */
	/* Given up, by class: for want of room on the disk (max_bytes: the oldest go first), and
	 * because it could not be written or read back. */
	uint64_t full[RECORD_CLASSES];
	uint64_t failed[RECORD_CLASSES];
	uint64_t waiting;		/* appended + recovered - all of the above */
	uint64_t taken;			/* of waiting: taken, and not released yet */
	uint64_t untaken;		/* of waiting, not taken: in no queue yet */
	uint64_t unwritten;		/* of waiting, on no disk yet, taken or not */
	uint64_t untaken_segments;	/* with records on disk that were not taken */
	uint64_t bytes, segments;	/* on disk now, or on their way to it */
	bool broken;			/* the disk refuses; tried again every 5 s */
};

struct spool;

/* Looks at what an earlier run left; a segment whose end is torn counts as far as it is whole: how
 * much was behind that nobody knows. Files that are no segments stay alone. NULL with e: no such
 * parent folder, locked by another process (ERR_BUSY), records of another source (ERR_DATA), no
 * memory, no right to write (the text says as which user). A full disk or a read-only one is no
 * error here: broken is set, *e says why (code ERR_NONE otherwise). */
struct spool *spool_open(const struct spool_config *cfg, struct err *e);
/* Writes what is in memory, and waits for that; for a disk that does not answer about 10 s: then a
 * thread and memory are left behind. Returns how many records could not be written; 0 for NULL. */
uint64_t spool_close(struct spool *s);

/* What earlier runs left: the instance (struct msg_newsource) and the number of the oldest record,
 * and the last number of all. False when there is nothing. Each run has an instance of its own, and
 * numbers that are later than those of the runs before, so numbers alone tell the order. */
struct spool_leftover {
	uint64_t instance;
	uint32_t first_number, last_number;
};

bool spool_leftover(const struct spool *s, struct spool_leftover *out);
/* This run's; written into each segment from now on; before the first append. */
void spool_set_instance(struct spool *s, uint64_t instance);

/* Whether a record is short enough for a segment. */
bool spool_can_hold(const struct record *r);
/* Takes a copy. False when it cannot: the disk is slower than what comes, or broken, or the record
 * is longer than SPOOL_RECORD_MAX. Then the caller counts it. */
bool spool_append(struct spool *s, const struct record *r);
/* Gets what is in memory to the system soon, not only after SPOOL_FLUSH_MS. */
void spool_flush(struct spool *s);
/* For the end: the same, and waits for it, for as long as spool_close(). False: the disk refuses,
 * or does not answer: then spool_close() does not wait again. */
bool spool_flush_now(struct spool *s);

/* Lends the oldest record that was not taken yet; false when there is none, or none yet. It points
 * into the spool's memory and is valid until the next call. Records of another position than
 * cfg.gps carry theirs: they come as RECORD_DATA. */
bool spool_peek(struct spool *s, struct record *out);
/* Of the record last peeked: the instance that its number belongs to. */
uint64_t spool_peeked_instance(const struct spool *s);
/* The record last peeked is in the queue now; no other call between the two. One that was in memory
 * only is still written, unless it is released before that. */
void spool_take(struct spool *s);
/* Records up to number, all that were appended, are in the queue already: they are on disk for the
 * case of a crash only, count as taken and will not be lent. */
void spool_skip_to(struct spool *s, uint32_t number);
/* Everything was taken, what is in memory included. */
bool spool_all_taken(const struct spool *s);
/* All records up to number are with the server: their segments go. */
void spool_release(struct spool *s, uint32_t number);

/* The wall clock was set by delta_us and shows new_now_us: what was appended so far, from number
 * first to last, is given the time that the new clock would have told, where it does not have that
 * already (as queue_shift_times()). What earlier runs left has lower numbers, and its own time.
 * Remembered on disk. */
void spool_shift_times(struct spool *s, uint32_t first, uint32_t last, int64_t delta_us,
		       uint64_t new_now_us);

/* The disk is at work: changed() follows. */
bool spool_busy(const struct spool *s);
void spool_get_stats(const struct spool *s, struct spool_stats *out);
/* Why it is broken; "" if it is not. */
const char *spool_problem(const struct spool *s);

#endif
