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

#define NO_WRAP SIZE_MAX
/* A full queue that waits still takes a few messages. */
#define MESSAGE_ROOM ((size_t)4096)

static void set_limits(struct queue *q, size_t limit)
{
	q->limit = limit;
	q->packet_limit = limit > q->spare ? limit - q->spare : 0;
}

static void make_empty(struct queue *q)
{
	q->tail = q->next = q->head = 0;
	q->wrap_at = NO_WRAP;
	set_limits(q, q->size);
}

struct queue *queue_new(size_t bytes, enum queue_full policy, struct err *e)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (bytes < QUEUE_MIN_BYTES)
		bytes = QUEUE_MIN_BYTES;
	if (q && bytes <= UINT32_MAX / 2) {
		q->size = bytes & ~(size_t)(QUEUE_ALIGN - 1);
		q->policy = policy;
		q->spare = policy == QUEUE_WAIT ? MESSAGE_ROOM : 0;
		q->mem = malloc(q->size);
		/* All that will ever be needed is taken now, and not when it is scarce. */
		if (q->mem)
			memset(q->mem, 0, q->size);
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

/* --- leaving --- */

/* What tail has left behind can be written to. */
static void tail_moved(struct queue *q)
{
	if (q->n_tail == q->n_head) {
		make_empty(q);
	} else if (q->tail >= q->head) {
		set_limits(q, q->tail - QUEUE_ALIGN);	/* head never meets tail */
	} else {
		q->wrap_at = NO_WRAP;
		set_limits(q, q->size);
	}
}

/* Moves tail to where n records will have left. Nearly always that is at a mark; a walk through
 * their headers, which are no longer in the CPU's cache, is what costs a packet most. */
static void move_tail(struct queue *q, uint64_t n)
{
	for (size_t i = 0; i < QUEUE_MARKS; i++) {
		if (q->marks[i].n != n)
			continue;
		/* What came behind the mark may have gone to the front. */
		q->tail = q->marks[i].offset == q->wrap_at ? 0 : q->marks[i].offset;
		q->n_tail = n;
		return;
	}
	for (; q->n_tail < n; q->n_tail++)
		q->tail = queue_after(q, q->tail);
}

void queue_release(struct queue *q, uint32_t mark)
{
	int32_t covered = (int32_t)(mark - (uint32_t)q->n_tail - 1);
	uint64_t sent = q->n_next - q->n_tail;

	if (covered <= 0 || sent == 0)
		return;
	uint64_t n = (uint64_t)covered < sent ? (uint64_t)covered : sent;

	move_tail(q, q->n_tail + n);
	q->released += n;
	tail_moved(q);
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

	q->tail = queue_after(q, q->tail);
	q->n_tail++;
	if (unsent) {
		q->next = q->tail;
		q->n_next++;
		q->dropped_unsent++;
	} else {
		q->dropped_sent++;
	}
	tail_moved(q);
}

/* --- coming --- */

/* Goes on at the front, if size bytes fit there. */
static bool wrap(struct queue *q, size_t size)
{
	if (q->limit != q->size || q->tail < size + QUEUE_ALIGN)
		return false;		/* wrapped already, or no room there */
	q->wrap_at = q->head;
	/* What is to be sent next is the record that comes, if all others were sent. */
	if (q->next == q->wrap_at)
		q->next = 0;
	q->head = 0;
	set_limits(q, q->tail - QUEUE_ALIGN);
	return true;
}

int queue_make_room(struct queue *q, size_t size, size_t spare)
{
	if (size + spare > q->size) {
		q->refused++;
		return -EMSGSIZE;
	}
	while (q->head + size + spare > q->limit && !wrap(q, size + spare)) {
		if (q->policy == QUEUE_WAIT)
			return -EAGAIN;
		drop_oldest(q);
	}
	return 0;
}

/* A place for a record with extra bytes after its header, that leaves spare bytes free. */
static int reserve(struct queue *q, size_t extra, size_t spare, struct queue_slot **out)
{
	size_t size = queue_slot_size(extra);
	int rc = queue_make_room(q, size, spare);

	if (rc < 0)
		return rc;
	*out = queue_slot_at(q, q->head);
	(*out)->size = (uint32_t)size;
	(*out)->packet.data = (uint8_t *)(*out + 1);
	(*out)->packet.len = (uint32_t)extra;
	return 0;
}

static void commit(struct queue *q, const struct queue_slot *slot)
{
	q->head += slot->size;
	q->n_head++;
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
	struct queue_slot *slot;

	list_parts(&copy, parts);
	for (size_t i = 0; i < DATA_PARTS; i++)
		len += *parts[i].at ? parts[i].len : 0;
	int rc = reserve(q, sizeof(copy) + len, q->spare, &slot);

	if (rc < 0)
		return rc;
	slot->kind = RECORD_DATA;
	uint8_t *fixed = (uint8_t *)(slot + 1);

	copy_parts(parts, fixed + sizeof(copy));
	memcpy(fixed, &copy, sizeof(copy));
	commit(q, slot);
	return 0;
}

/* The class, then the text. */
int queue_push_message(struct queue *q, enum msg_class class, struct text text)
{
	struct queue_slot *slot;
	int rc = reserve(q, 1 + text.len, 0, &slot);

	if (rc < 0)
		return rc;
	uint8_t *bytes = (uint8_t *)(slot + 1);

	slot->kind = RECORD_MESSAGE;
	bytes[0] = (uint8_t)class;
	if (text.len > 0)
		memcpy(bytes + 1, text.s, text.len);
	commit(q, slot);
	return 0;
}

/* --- sending --- */

bool queue_peek(const struct queue *q, struct record *out)
{
	if (q->n_next == q->n_head)
		return false;
	const struct queue_slot *slot = queue_slot_at(q, q->next);

	out->kind = (enum record_kind)slot->kind;
	out->number = (uint32_t)q->n_next + 1;
	switch (out->kind) {
	case RECORD_PACKET:
		out->packet = slot->packet;
		break;
	case RECORD_DATA:
		memcpy(&out->data, slot + 1, sizeof(out->data));
		break;
	case RECORD_MESSAGE:
		out->message = (struct msg_message){
			.class = (enum msg_class)slot->packet.data[0],
			.text = { (const char *)slot->packet.data + 1, slot->packet.len - 1 },
		};
		break;
	}
	return true;
}

void queue_sent(struct queue *q)
{
	q->next = queue_after(q, q->next);
	q->n_next++;
}

uint32_t queue_mark(struct queue *q)
{
	unsigned at = q->n_marks++ % QUEUE_MARKS;

	q->marks[at].n = q->n_next;
	q->marks[at].offset = q->next;
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
