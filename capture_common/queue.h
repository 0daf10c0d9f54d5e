/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record queue between a source and the link.
 *
 * It holds records, not frames, so the generation may change between two connections. Records
 * leave it when the server has them (queue_release), not when they were written to a socket: what
 * was sent and not covered yet is sent again after a reconnect (queue_rewind).
 *
 *	oldest kept ............ next to send ............ newest
 *	   | sent, not covered yet | waiting               |
 *
 * Memory is taken once, in queue_new(). Loop thread only. */
#ifndef CAPTURE_COMMON_QUEUE_H
#define CAPTURE_COMMON_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/record.h"

enum queue_full {
	QUEUE_WAIT,		/* refuse new records: a replay waits, or the spool takes them */
	QUEUE_DROP_OLDEST,	/* make room: a live radio never waits */
	/* Make room, but let go of the least worth first: bulk; then what repeats another record
	 * that is kept; then plain records, and what is left of the repeatable ones; messages last.
	 * Within a class, the oldest. A newcomer does not push out what is worth more: if there is
	 * hardly anything else, it is dropped itself. */
	QUEUE_DROP_BY_CLASS,
};

/* Records by where they went; always
 * pushed == released + the sum of dropped[] + dropped_sent + kept. */
struct queue_stats {
	uint64_t pushed;		/* with the newcomers that were dropped at once */
	uint64_t refused;		/* too long for the queue: never pushed */
	uint64_t released;		/* covered by the server */
	uint64_t dropped[RECORD_CLASSES];	/* never sent: lost */
	uint64_t dropped_sent;		/* sent, but not covered: lost only if the link was */
	uint64_t resent;		/* put back by rewind */
	size_t kept;			/* in the queue now */
	size_t unsent;			/* of these, not sent yet */
};

struct queue;

#define QUEUE_MIN_BYTES ((size_t)128 << 10)

struct queue *queue_new(size_t bytes, enum queue_full policy, struct err *e);
void queue_free(struct queue *q);	/* NULL is fine */
/* What QUEUE_DROP_BY_CLASS and the counts go by; NULL: all packets are plain. Must stay valid. */
void queue_set_classifier(struct queue *q, const struct record_classifier *c);
void queue_set_policy(struct queue *q, enum queue_full policy);
enum queue_full queue_policy(const struct queue *q);

/* Copy the record. Return 0; -EAGAIN when there is no room and the policy is to wait; -EMSGSIZE
 * when it is longer than the queue (counted as refused). A queue that waits keeps some room for
 * messages, so that "end of file" is not what is lost. */
static inline int queue_push_packet(struct queue *q, const struct msg_packet *p);
int queue_push_data(struct queue *q, const struct msg_data *d);
int queue_push_message(struct queue *q, enum msg_class class, struct text text);
/* Whatever it is; its number does not count. */
int queue_push_record(struct queue *q, const struct record *r);

/* --- numbers: one more for each record, but for gaps --- */

/* The next record pushed gets this number; later than all so far. */
void queue_number_from(struct queue *q, uint32_t number);
/* A record that has its number already (out of the spool). As pushing; -EINVAL, uncounted, when its
 * number is not later than all so far. */
int queue_push_numbered(struct queue *q, const struct record *r);
/* Of the oldest kept; of the next to be pushed when there is none. */
uint32_t queue_oldest_number(const struct queue *q);
/* Of the newest ever pushed; one less than the first one's before that. */
uint32_t queue_newest_number(const struct queue *q);

/* Goes through all that is kept, oldest first: *at is 0 at the beginning. False at the end. The
 * record is valid until the next call that changes q. */
bool queue_walk(const struct queue *q, size_t *at, struct record *out);
/* The wall clock was set by delta_us, a second ago or so, and shows new_now_us now. What was
 * captured before that is given the time that the new clock would have told: packet, JSON and
 * buffer; a GPS has a clock of its own.
 *
 * Records come in order, so the last one whose time the new clock cannot have told - later than
 * now, or from before the step - ends what was captured before. All up to it is shifted, but for
 * times that the old clock cannot have told. When the clock was set by seconds only, what was
 * captured in the last second or two before may be taken for later: it is off by as much as it
 * was. Nothing is ever shifted that was captured since, unless the loop was busy for longer.
 * Records before number first stay as they are: an earlier run captured them. */
void queue_shift_times(struct queue *q, uint32_t first, int64_t delta_us, uint64_t new_now_us);

/* --- sending --- */

/* Lends the next record to send; false when there is none. It points into the queue and is valid
 * until the next call that changes q. */
bool queue_peek(const struct queue *q, struct record *out);
/* Peeks and sends in one go, if the next record is a plain packet; NULL if it is not. The packet is
 * valid until the next call that pushes, drops or releases. */
static inline const struct msg_packet *queue_take_packet(struct queue *q, uint32_t *number);
/* The record last peeked was sent. */
void queue_sent(struct queue *q);
/* The number that the next record to send has: everything before it was sent. */
uint32_t queue_mark(struct queue *q);
/* The server has every record before mark. */
void queue_release(struct queue *q, uint32_t mark);
/* Everything kept is to be sent (again). */
void queue_rewind(struct queue *q);

bool queue_has_unsent(const struct queue *q);
bool queue_empty(const struct queue *q);
/* Bytes in use and in all, for the status. */
size_t queue_used_bytes(const struct queue *q);
size_t queue_unsent_bytes(const struct queue *q);
size_t queue_size_bytes(const struct queue *q);
void queue_get_stats(const struct queue *q, struct queue_stats *out);

#include "capture_common/queue_path.h"

#endif
