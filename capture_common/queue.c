/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record queue: a ring of bytes, each record a header and what it points to.
 *
 * Records lie in one piece. Where the next one does not fit before the end of the memory, it goes
 * to the front, and wrap_at says where the others turn round. Records are counted, not numbered in
 * memory: the three counts tell how many are kept and unsent, and which number each has. This is
 * the packet path; every instruction here is spent on every packet. */
#include "capture_common/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 8u
#define NO_WRAP SIZE_MAX
/* A full queue that waits still takes a few messages: "end of file" must not be what is lost. */
#define MESSAGE_ROOM ((size_t)4096)

struct slot {
	uint32_t size;		/* to the next slot, a multiple of ALIGN */
	uint32_t kind;		/* enum record_kind */
	uint64_t time_us;
	uint32_t dlt;
	uint32_t orig_len;
	uint32_t len;		/* bytes of data or text that follow */
	uint16_t has_time;
	uint16_t class;
};

struct queue {
	uint8_t *mem;
	size_t size;
	enum queue_full policy;
	size_t spare;			/* bytes that packets and data leave free */

	/* Byte offsets; none is ever left at wrap_at. */
	size_t tail, next, head;	/* oldest kept, next to send, where the next one goes */
	size_t limit;			/* head + size must stay at or below it */
	size_t wrap_at;			/* end of the records before the front; NO_WRAP: none */
	/* Records that were ever taken out at tail, sent, pushed; a record's number is its count. */
	uint64_t n_tail, n_next, n_head;

	uint64_t refused, released, dropped_unsent, dropped_sent, resent;
};

static size_t aligned(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void make_empty(struct queue *q)
{
	q->tail = q->next = q->head = 0;
	q->limit = q->size;
	q->wrap_at = NO_WRAP;
}

struct queue *queue_new(size_t bytes, enum queue_full policy, struct err *e)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (bytes < QUEUE_MIN_BYTES)
		bytes = QUEUE_MIN_BYTES;
	if (q && bytes <= UINT32_MAX / 2) {
		q->size = aligned(bytes);
		q->policy = policy;
		q->spare = policy == QUEUE_WAIT ? MESSAGE_ROOM : 0;
		q->mem = malloc(q->size);
	}
	if (!q || !q->mem) {
		err_set(e, ERR_NO_MEMORY, "no memory for a queue of %zu bytes; use a smaller "
			"--queue-size", bytes);
		queue_free(q);
		return NULL;
	}
	make_empty(q);
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

/* The offset behind the slot at offset. */
static size_t after(const struct queue *q, size_t offset)
{
	offset += slot_at(q, offset)->size;
	return offset == q->wrap_at ? 0 : offset;
}

/* --- leaving --- */

/* tail has moved: what it left can be written to. */
static void set_limit(struct queue *q)
{
	if (q->n_tail == q->n_head) {
		make_empty(q);
	} else if (q->tail >= q->head) {
		q->limit = q->tail - ALIGN;	/* head never meets tail */
	} else {
		q->limit = q->size;
		q->wrap_at = NO_WRAP;
	}
}

void queue_release(struct queue *q, uint32_t mark)
{
	uint64_t before = q->n_tail;

	while (q->n_tail < q->n_next && (int32_t)((uint32_t)q->n_tail + 1 - mark) < 0) {
		q->tail = after(q, q->tail);
		q->n_tail++;
	}
	q->released += q->n_tail - before;
	set_limit(q);
}

void queue_rewind(struct queue *q)
{
	q->resent += q->n_next - q->n_tail;
	q->next = q->tail;
	q->n_next = q->n_tail;
}

static void drop_oldest(struct queue *q)
{
	bool unsent = q->n_tail == q->n_next;

	q->tail = after(q, q->tail);
	q->n_tail++;
	if (unsent) {
		q->next = q->tail;
		q->n_next++;
		q->dropped_unsent++;
	} else {
		q->dropped_sent++;
	}
	set_limit(q);
}

/* --- coming --- */

/* Goes on at the front, if size bytes fit there. */
static bool wrap(struct queue *q, size_t size)
{
	if (q->limit != q->size || q->tail < size + ALIGN)
		return false;		/* wrapped already, or no room there */
	q->wrap_at = q->head;
	/* What is to be sent next is the record that comes, if all others were sent. */
	if (q->next == q->wrap_at)
		q->next = 0;
	q->head = 0;
	q->limit = q->tail - ALIGN;
	return true;
}

/* Finds a place for size bytes where there is none behind head. */
static int make_room(struct queue *q, size_t size)
{
	while (q->head + size > q->limit && !wrap(q, size)) {
		if (q->policy == QUEUE_WAIT)
			return -EAGAIN;
		drop_oldest(q);
	}
	return 0;
}

static int refuse(struct queue *q)
{
	q->refused++;
	return -EMSGSIZE;
}

/* A place for a record with extra bytes after its header, that leaves spare bytes free. */
static inline int reserve(struct queue *q, size_t extra, size_t spare, struct slot **out)
{
	size_t size = aligned(sizeof(struct slot) + extra);

	if (extra > q->size / 2)
		return refuse(q);
	if (q->head + size + spare > q->limit) {
		int rc = make_room(q, size + spare);

		if (rc < 0)
			return rc;
	}
	*out = slot_at(q, q->head);
	(*out)->size = (uint32_t)size;
	return 0;
}

static inline void commit(struct queue *q, const struct slot *slot)
{
	q->head += slot->size;
	q->n_head++;
}

int queue_push_packet(struct queue *q, const struct msg_packet *p)
{
	struct slot *slot;
	int rc = reserve(q, p->len, q->spare, &slot);

	if (rc < 0)
		return rc;
	slot->kind = RECORD_PACKET;
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
	int rc = reserve(q, sizeof(copy) + len, q->spare, &slot);

	if (rc < 0)
		return rc;
	slot->kind = RECORD_DATA;
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
	int rc = reserve(q, text.len, 0, &slot);

	if (rc < 0)
		return rc;
	slot->kind = RECORD_MESSAGE;
	slot->class = (uint16_t)class;
	slot->len = (uint32_t)text.len;
	if (text.len > 0)
		memcpy(slot + 1, text.s, text.len);
	commit(q, slot);
	return 0;
}

/* --- sending --- */

static struct msg_packet packet_of(const struct slot *slot)
{
	return (struct msg_packet){
		.dlt = slot->dlt,
		.has_time = slot->has_time,
		.time_us = slot->time_us,
		.orig_len = slot->orig_len,
		.data = (const uint8_t *)(slot + 1),
		.len = slot->len,
	};
}

bool queue_peek_packet(const struct queue *q, struct msg_packet *out, uint32_t *number)
{
	if (q->n_next == q->n_head)
		return false;
	const struct slot *slot = slot_at(q, q->next);

	if (slot->kind != RECORD_PACKET)
		return false;
	*out = packet_of(slot);
	*number = (uint32_t)q->n_next + 1;
	return true;
}

bool queue_peek(const struct queue *q, struct record *out)
{
	if (q->n_next == q->n_head)
		return false;
	const struct slot *slot = slot_at(q, q->next);

	out->kind = (enum record_kind)slot->kind;
	out->number = (uint32_t)q->n_next + 1;
	switch (out->kind) {
	case RECORD_PACKET:
		out->packet = packet_of(slot);
		break;
	case RECORD_DATA:
		memcpy(&out->data, slot + 1, sizeof(out->data));
		break;
	case RECORD_MESSAGE:
		out->message = (struct msg_message){
			.class = (enum msg_class)slot->class,
			.text = { (const char *)(slot + 1), slot->len },
		};
		break;
	}
	return true;
}

void queue_sent(struct queue *q)
{
	q->next = after(q, q->next);
	q->n_next++;
}

uint32_t queue_mark(const struct queue *q)
{
	return (uint32_t)q->n_next + 1;
}

/* --- state --- */

bool queue_has_unsent(const struct queue *q)
{
	return q->n_next != q->n_head;
}

bool queue_empty(const struct queue *q)
{
	return q->n_tail == q->n_head;
}

/* With the bytes that a wrap leaves unused. */
static size_t bytes_from(const struct queue *q, size_t offset)
{
	return q->head > offset ? q->head - offset : q->size - offset + q->head;
}

size_t queue_used_bytes(const struct queue *q)
{
	return queue_empty(q) ? 0 : bytes_from(q, q->tail);
}

size_t queue_unsent_bytes(const struct queue *q)
{
	return queue_has_unsent(q) ? bytes_from(q, q->next) : 0;
}

size_t queue_size_bytes(const struct queue *q)
{
	return q->size;
}

void queue_get_stats(const struct queue *q, struct queue_stats *out)
{
	*out = (struct queue_stats){
		.pushed = q->n_head,
		.refused = q->refused,
		.released = q->released,
		.dropped_unsent = q->dropped_unsent,
		.dropped_sent = q->dropped_sent,
		.resent = q->resent,
		.kept = (size_t)(q->n_head - q->n_tail),
		.unsent = (size_t)(q->n_head - q->n_next),
	};
}
