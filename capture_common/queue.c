/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record queue: a ring of bytes, each record a header and what it points to.
 *
 * Records lie in one piece. Where the next one does not fit before the end of the memory, a
 * wrap header fills the rest and the record starts at the front again. */
#include "capture_common/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 8u

/* Kinds in the ring; the last one is ours. */
enum slot_kind { SLOT_PACKET, SLOT_DATA, SLOT_MESSAGE, SLOT_WRAP };

struct slot {
	uint32_t size;		/* to the next slot, a multiple of ALIGN */
	uint32_t number;
	uint64_t time_us;
	uint32_t dlt;
	uint32_t orig_len;
	uint32_t len;		/* bytes of data or text that follow */
	uint8_t kind;
	uint8_t has_time;
	uint8_t class;
	uint8_t unused;
};

struct queue {
	uint8_t *mem;
	size_t size;
	enum queue_full policy;

	/* Byte offsets. tail: oldest kept; next: next to send, if any is unsent; head: where the
	 * next one goes. */
	size_t tail, next, head;
	uint32_t next_number;	/* of the record at next */
	uint32_t head_number;	/* for the next record pushed */
	struct queue_stats stats;
};

static size_t aligned(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

struct queue *queue_new(size_t bytes, enum queue_full policy, struct err *e)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (bytes < QUEUE_MIN_BYTES)
		bytes = QUEUE_MIN_BYTES;
	if (q) {
		q->size = aligned(bytes);
		q->policy = policy;
		q->next_number = q->head_number = 1;
		q->mem = malloc(q->size);
	}
	if (!q || !q->mem || bytes > UINT32_MAX / 2) {
		err_set(e, ERR_NO_MEMORY, "no memory for a queue of %zu bytes; use a smaller "
			"--queue-size", bytes);
		queue_free(q);
		return NULL;
	}
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	free(q->mem);
	free(q);
}

static struct slot *slot_at(const struct queue *q, size_t offset)
{
	return (struct slot *)(void *)(q->mem + offset);
}

/* The end of the memory that is too short for a header counts as wrapped as well. */
static size_t skip_wrap(const struct queue *q, size_t offset)
{
	if (q->size - offset < sizeof(struct slot) || slot_at(q, offset)->kind == SLOT_WRAP)
		return 0;
	return offset;
}

/* --- leaving --- */

static void reset_when_empty(struct queue *q)
{
	if (q->stats.kept == 0)
		q->tail = q->next = q->head = 0;
}

/* Takes the oldest record out; the caller counts why. */
static void drop_tail(struct queue *q)
{
	q->tail = skip_wrap(q, q->tail);
	bool unsent = q->stats.kept == q->stats.unsent;
	size_t after = q->tail + slot_at(q, q->tail)->size;

	if (unsent) {
		q->next = after;
		q->next_number++;
		q->stats.unsent--;
	}
	q->tail = after;
	q->stats.kept--;
	reset_when_empty(q);
}

void queue_release(struct queue *q, uint32_t mark)
{
	while (q->stats.kept > q->stats.unsent) {
		q->tail = skip_wrap(q, q->tail);
		if ((int32_t)(slot_at(q, q->tail)->number - mark) >= 0)
			break;
		drop_tail(q);
		q->stats.released++;
	}
}

void queue_rewind(struct queue *q)
{
	size_t again = q->stats.kept - q->stats.unsent;

	if (again == 0)
		return;
	q->next = q->tail;
	q->next_number -= (uint32_t)again;
	q->stats.unsent = q->stats.kept;
	q->stats.resent += again;
}

static void drop_oldest(struct queue *q)
{
	if (q->stats.kept == q->stats.unsent)
		q->stats.dropped_unsent++;
	else
		q->stats.dropped_sent++;
	drop_tail(q);
}

/* --- coming --- */

/* Where size bytes in one piece can go, writing a wrap header if that is at the front; NULL when
 * there is no such place now. The last free place stays free, so that head never meets tail. */
static struct slot *find_room(struct queue *q, size_t size)
{
	if (q->stats.kept == 0 || q->head > q->tail) {
		size_t left = q->size - q->head;

		if (size <= left)
			return slot_at(q, q->head);
		if (q->stats.kept == 0 || size >= q->tail)
			return NULL;
		if (left >= sizeof(struct slot)) {
			slot_at(q, q->head)->kind = SLOT_WRAP;
			slot_at(q, q->head)->size = (uint32_t)left;
		}
		q->head = 0;
		return slot_at(q, 0);
	}
	return size < q->tail - q->head ? slot_at(q, q->head) : NULL;
}

/* A place for a record with extra bytes after its header. */
static int reserve(struct queue *q, size_t extra, struct slot **out)
{
	size_t size = aligned(sizeof(struct slot) + extra);

	if (extra > q->size / 2) {
		q->stats.refused++;
		return -EMSGSIZE;
	}
	while ((*out = find_room(q, size)) == NULL) {
		if (q->policy == QUEUE_WAIT)
			return -EAGAIN;
		drop_oldest(q);
	}
	(*out)->size = (uint32_t)size;
	(*out)->number = q->head_number;
	return 0;
}

static void commit(struct queue *q, const struct slot *slot)
{
	if (q->stats.unsent == 0) {
		q->next = q->head;
		q->next_number = slot->number;
	}
	q->head += slot->size;
	q->head_number++;
	q->stats.pushed++;
	q->stats.kept++;
	q->stats.unsent++;
}

int queue_push_packet(struct queue *q, const struct msg_packet *p)
{
	struct slot *slot;
	int rc = reserve(q, p->len, &slot);

	if (rc < 0)
		return rc;
	slot->kind = SLOT_PACKET;
	slot->time_us = p->time_us;
	slot->has_time = p->has_time;
	slot->dlt = p->dlt;
	slot->orig_len = p->orig_len;
	slot->len = p->len;
	if (p->len > 0)
		memcpy(slot + 1, p->data, p->len);
	commit(q, slot);
	return 0;
}

/* Everything in msg_data that points somewhere, always in the same order. */
#define DATA_PARTS 11

struct part {
	const void **at;
	size_t len;
};

static void list_parts(struct msg_data *d, struct part out[DATA_PARTS])
{
	struct text *texts[] = {
		&d->gps.type, &d->gps.name, &d->gps.uuid, &d->signal.channel, &d->json.type,
		&d->json.json, &d->buffer.type, &d->message, &d->warning,
	};
	size_t n = 0;

	for (; n < sizeof(texts) / sizeof(texts[0]); n++)
		out[n] = (struct part){ (const void **)(void *)&texts[n]->s, texts[n]->len };
	out[n++] = (struct part){ (const void **)(void *)&d->packet.data, d->packet.len };
	out[n++] = (struct part){ (const void **)(void *)&d->buffer.data, d->buffer.len };
}

/* Copies what the parts point to behind one another, and lets them point there. */
static void copy_parts(const struct part parts[DATA_PARTS], uint8_t *bytes)
{
	for (size_t i = 0; i < DATA_PARTS; i++) {
		if (!*parts[i].at)
			continue;
		if (parts[i].len > 0)
			memcpy(bytes, *parts[i].at, parts[i].len);
		*parts[i].at = bytes;
		bytes += parts[i].len;
	}
}

int queue_push_data(struct queue *q, const struct msg_data *d)
{
	struct msg_data copy = *d;
	struct part parts[DATA_PARTS];
	size_t len = 0;
	struct slot *slot;

	list_parts(&copy, parts);
	for (size_t i = 0; i < DATA_PARTS; i++)
		len += *parts[i].at ? parts[i].len : 0;
	int rc = reserve(q, sizeof(copy) + len, &slot);

	if (rc < 0)
		return rc;
	slot->kind = SLOT_DATA;
	slot->len = (uint32_t)len;
	uint8_t *fixed = (uint8_t *)(slot + 1);

	copy_parts(parts, fixed + sizeof(copy));
	memcpy(fixed, &copy, sizeof(copy));
	commit(q, slot);
	return 0;
}

int queue_push_message(struct queue *q, enum msg_class class, struct text text)
{
	struct slot *slot;
	int rc = reserve(q, text.len, &slot);

	if (rc < 0)
		return rc;
	slot->kind = SLOT_MESSAGE;
	slot->class = (uint8_t)class;
	slot->len = (uint32_t)text.len;
	if (text.len > 0)
		memcpy(slot + 1, text.s, text.len);
	commit(q, slot);
	return 0;
}

/* --- sending --- */

bool queue_peek(const struct queue *q, struct record *out)
{
	if (q->stats.unsent == 0)
		return false;
	const struct slot *slot = slot_at(q, skip_wrap(q, q->next));

	out->number = slot->number;
	switch ((enum slot_kind)slot->kind) {
	case SLOT_PACKET:
		out->kind = RECORD_PACKET;
		out->packet = (struct msg_packet){
			.dlt = slot->dlt,
			.has_time = slot->has_time,
			.time_us = slot->time_us,
			.orig_len = slot->orig_len,
			.data = (const uint8_t *)(slot + 1),
			.len = slot->len,
		};
		return true;
	case SLOT_DATA:
		out->kind = RECORD_DATA;
		memcpy(&out->data, slot + 1, sizeof(out->data));
		return true;
	case SLOT_MESSAGE:
		out->kind = RECORD_MESSAGE;
		out->message = (struct msg_message){
			.class = (enum msg_class)slot->class,
			.text = { (const char *)(slot + 1), slot->len },
		};
		return true;
	case SLOT_WRAP:
		break;
	}
	return false;
}

void queue_sent(struct queue *q)
{
	q->next = skip_wrap(q, q->next);
	q->next += slot_at(q, q->next)->size;
	q->next_number++;
	q->stats.unsent--;
}

uint32_t queue_mark(const struct queue *q)
{
	return q->stats.unsent ? q->next_number : q->head_number;
}

/* --- state --- */

bool queue_has_unsent(const struct queue *q)
{
	return q->stats.unsent > 0;
}

bool queue_empty(const struct queue *q)
{
	return q->stats.kept == 0;
}

static size_t bytes_from(const struct queue *q, size_t offset)
{
	return q->head > offset ? q->head - offset : q->size - offset + q->head;
}

size_t queue_used_bytes(const struct queue *q)
{
	return q->stats.kept ? bytes_from(q, q->tail) : 0;
}

size_t queue_unsent_bytes(const struct queue *q)
{
	return q->stats.unsent ? bytes_from(q, q->next) : 0;
}

size_t queue_size_bytes(const struct queue *q)
{
	return q->size;
}

void queue_get_stats(const struct queue *q, struct queue_stats *out)
{
	*out = q->stats;
}
