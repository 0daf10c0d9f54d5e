/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet path through the record queue, inline because every instruction here is spent on every
 * packet. Included by queue.h; the structs, and all that is not in queue.h, are the queue's own. */
#ifndef CAPTURE_COMMON_QUEUE_PATH_H
#define CAPTURE_COMMON_QUEUE_PATH_H

#include <string.h>

#include "capture_common/queue.h"

#define QUEUE_ALIGN 8u
#define QUEUE_MARKS 32
#define QUEUE_NO_WRAP SIZE_MAX

/* In front of each record in memory; its bytes follow, and packet.data points to them. */
struct queue_slot {
	/* To the next slot, a multiple of QUEUE_ALIGN; in the low bits enum record_kind and
	 * QUEUE_DOOMED. */
	uint32_t size_kind;
	uint32_t number;
	struct msg_packet packet;	/* of other kinds: only data and len */
};

#define QUEUE_KIND 3u
#define QUEUE_DOOMED 4u			/* while queue_drop.c makes room: this one goes */

#define QUEUE_NOBODY -1			/* see closed_to */

struct queue {
	uint8_t *mem;
	size_t size;
	enum queue_full policy;
	const struct record_classifier *classes;
	size_t spare;			/* bytes that packets and data leave to messages */
	int closed_to;			/* the highest rank for which nobody makes room now */

	/* Byte offsets; tail and next are never left at wrap_at. */
	size_t tail, next, head;	/* oldest kept, next to send, where the next one goes */
	size_t limit;			/* what is pushed ends here, at most */
	size_t packet_limit;		/* limit less spare */
	size_t wrap_at;			/* end of the records before the front; or QUEUE_NO_WRAP */
	uint32_t newest;		/* number of the last one pushed */
	/* Records ever put in; of these, gone; of these, gone or sent. */
	uint64_t n_head, n_tail, n_next;

	/* What queue_mark() returned, and n_next and next at that time. n 0: forgotten. */
	struct {
		uint64_t n;
		size_t offset;
		uint32_t number;
	} marks[QUEUE_MARKS];
	unsigned n_marks;		/* ever made */

	uint64_t refused, released, dropped_sent, resent;
	uint64_t dropped[RECORD_CLASSES];
	uint64_t turned_away;		/* of these, never put in */
};

static inline size_t queue_slot_size(size_t extra)
{
	return (sizeof(struct queue_slot) + extra + QUEUE_ALIGN - 1) & ~(size_t)(QUEUE_ALIGN - 1);
}

static inline struct queue_slot *queue_slot_at(const struct queue *q, size_t offset)
{
	return (struct queue_slot *)(void *)(q->mem + offset);
}

static inline size_t queue_slot_bytes(const struct queue_slot *slot)
{
	return slot->size_kind & ~(uint32_t)(QUEUE_ALIGN - 1);
}

/* The offset behind the slot at offset. */
static inline size_t queue_after(const struct queue *q, size_t offset)
{
	offset += queue_slot_bytes(queue_slot_at(q, offset));
	return offset == q->wrap_at ? 0 : offset;
}

/* Makes room for size bytes behind head. p: the packet that wants it; NULL: another record of the
 * source, or with is_message a message. Returns 0; QUEUE_TURNED_AWAY when the newcomer was dropped,
 * and counted, instead of others; -EAGAIN or -EMSGSIZE, as pushing does. */
#define QUEUE_TURNED_AWAY 1
int queue_make_room(struct queue *q, size_t size, const struct msg_packet *p, bool is_message);

static inline int queue_push_packet(struct queue *q, const struct msg_packet *p)
{
	size_t size = queue_slot_size(p->len);

	if (q->head + size > q->packet_limit) {
		int rc = queue_make_room(q, size, p, false);

		if (rc != 0)
			return rc == QUEUE_TURNED_AWAY ? 0 : rc;
	}
	struct queue_slot *slot = queue_slot_at(q, q->head);

	slot->size_kind = (uint32_t)size | RECORD_PACKET;
	slot->number = ++q->newest;
	slot->packet = *p;
	slot->packet.data = (uint8_t *)(slot + 1);
	q->head += size;
	q->n_head++;
	if (p->len > 0)
		memcpy(slot + 1, p->data, p->len);
	return 0;
}

static inline const struct msg_packet *queue_take_packet(struct queue *q, uint32_t *number)
{
	if (q->n_next == q->n_head)
		return NULL;
	const struct queue_slot *slot = queue_slot_at(q, q->next);

	if ((slot->size_kind & QUEUE_KIND) != RECORD_PACKET)
		return NULL;
	q->next = queue_after(q, q->next);
	q->n_next++;
	*number = slot->number;
	return &slot->packet;
}

/* --- between the queue's own files --- */

void queue_slot_record(const struct queue_slot *slot, struct record *out);
/* Moves a record to another place, which may overlap with the old one. */
void queue_slot_move(struct queue *q, size_t from, size_t to);
/* What queue_mark() returns, without a mark. */
uint32_t queue_next_number(const struct queue *q);
/* What tail has left behind can be written to. */
void queue_tail_moved(struct queue *q);
void queue_drop_oldest(struct queue *q);
/* Drops records, so that one of size bytes has room, if need be after several calls. Returns false
 * when the newcomer is worth less than what would have to go. */
bool queue_drop_by_class(struct queue *q, size_t size, enum record_class newcomer);

#endif
