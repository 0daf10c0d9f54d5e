/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet path through the record queue, inline because every instruction here is spent on every
 * packet. Included by queue.h; the structs are the queue's own. */
#ifndef CAPTURE_COMMON_QUEUE_PATH_H
#define CAPTURE_COMMON_QUEUE_PATH_H

#include <string.h>

#include "capture_common/queue.h"

#define QUEUE_ALIGN 8u
#define QUEUE_MARKS 32

/* In front of each record in memory; its bytes follow, and packet.data points to them. */
struct queue_slot {
	uint32_t size;			/* to the next slot, a multiple of QUEUE_ALIGN */
	uint32_t kind;			/* enum record_kind */
	struct msg_packet packet;	/* of other kinds: only data and len */
};

struct queue {
	uint8_t *mem;
	size_t size;
	enum queue_full policy;
	size_t spare;			/* bytes that packets and data leave to messages */

	/* Byte offsets; tail and next are never left at wrap_at. */
	size_t tail, next, head;	/* oldest kept, next to send, where the next one goes */
	size_t limit;			/* what is pushed ends here, at most */
	size_t packet_limit;		/* limit less spare */
	size_t wrap_at;			/* end of the records before the front; SIZE_MAX: none */
	/* Records ever let go of at tail, sent, pushed; a record's number is its count. */
	uint64_t n_tail, n_next, n_head;

	/* n_next and next when the last marks were made. */
	struct {
		uint64_t n;
		size_t offset;
	} marks[QUEUE_MARKS];
	unsigned n_marks;		/* ever made */

	uint64_t refused, released, dropped_unsent, dropped_sent, resent;
};

static inline size_t queue_slot_size(size_t extra)
{
	return (sizeof(struct queue_slot) + extra + QUEUE_ALIGN - 1) & ~(size_t)(QUEUE_ALIGN - 1);
}

static inline struct queue_slot *queue_slot_at(const struct queue *q, size_t offset)
{
	return (struct queue_slot *)(void *)(q->mem + offset);
}

/* The offset behind the slot at offset. */
static inline size_t queue_after(const struct queue *q, size_t offset)
{
	offset += queue_slot_at(q, offset)->size;
	return offset == q->wrap_at ? 0 : offset;
}

/* Makes room for size bytes behind head. Returns 0, -EAGAIN or -EMSGSIZE, as pushing does. */
int queue_make_room(struct queue *q, size_t size, size_t spare);

static inline int queue_push_packet(struct queue *q, const struct msg_packet *p)
{
	size_t size = queue_slot_size(p->len);

	if (q->head + size > q->packet_limit) {
		int rc = queue_make_room(q, size, q->spare);

		if (rc < 0)
			return rc;
	}
	struct queue_slot *slot = queue_slot_at(q, q->head);

	slot->size = (uint32_t)size;
	slot->kind = RECORD_PACKET;
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

	if (slot->kind != RECORD_PACKET)
		return NULL;
	q->next = queue_after(q, q->next);
	*number = (uint32_t)++q->n_next;
	return &slot->packet;
}

#endif
