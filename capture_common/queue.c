/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record queue: a ring of bytes, each record a header and what it points to.
 *
 * Records lie in one piece. Where the next one does not fit before the end of the memory, it goes
 * to the front, and wrap_at says where the others turn round. Each has its number with it, so that
 * some can be taken out of the middle; three counts tell how many are kept and unsent. This is the
 * packet path; every instruction here is spent on every packet. */
#include "capture_common/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	q->wrap_at = QUEUE_NO_WRAP;
	set_limits(q, q->size);
}

void queue_set_policy(struct queue *q, enum queue_full policy)
{
	q->policy = policy;
	q->spare = policy == QUEUE_WAIT ? MESSAGE_ROOM : 0;
	q->closed_to = QUEUE_NOBODY;
	set_limits(q, q->limit);
}

enum queue_full queue_policy(const struct queue *q)
{
	return q->policy;
}

void queue_set_classifier(struct queue *q, const struct record_classifier *c)
{
	q->classes = c;
}

struct queue *queue_new(size_t bytes, enum queue_full policy, struct err *e)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (bytes < QUEUE_MIN_BYTES)
		bytes = QUEUE_MIN_BYTES;
	if (q && bytes <= UINT32_MAX / 2) {
		q->size = bytes & ~(size_t)(QUEUE_ALIGN - 1);
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
	queue_set_policy(q, policy);
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

void queue_tail_moved(struct queue *q)
{
	q->closed_to = QUEUE_NOBODY;
	if (q->n_tail == q->n_head) {
		make_empty(q);
	} else if (q->tail >= q->head) {
		set_limits(q, q->tail - QUEUE_ALIGN);	/* head never meets tail */
	} else {
		q->wrap_at = QUEUE_NO_WRAP;
		set_limits(q, q->size);
	}
}

/* Nearly always, what is covered ends at a mark; a walk through the headers, which are no longer in
 * the CPU's cache, is what costs a packet most. */
static bool move_tail_to_mark(struct queue *q, uint32_t number)
{
	for (size_t i = 0; i < QUEUE_MARKS; i++) {
		uint64_t n = q->marks[i].n;

		if (q->marks[i].number != number || n <= q->n_tail || n > q->n_next)
			continue;
		/* What came behind the mark may have gone to the front. */
		q->tail = q->marks[i].offset == q->wrap_at ? 0 : q->marks[i].offset;
		q->n_tail = n;
		return true;
	}
	return false;
}

static void move_tail_before(struct queue *q, uint32_t number)
{
	while (q->n_tail < q->n_next &&
	       (int32_t)(queue_slot_at(q, q->tail)->number - number) < 0) {
		q->tail = queue_after(q, q->tail);
		q->n_tail++;
	}
}

void queue_release(struct queue *q, uint32_t mark)
{
	uint64_t before = q->n_tail;

	if (!move_tail_to_mark(q, mark))
		move_tail_before(q, mark);
	if (q->n_tail == before)
		return;
	q->released += q->n_tail - before;
	queue_tail_moved(q);
}

void queue_rewind(struct queue *q)
{
	q->resent += q->n_next - q->n_tail;
	q->next = q->tail;
	q->n_next = q->n_tail;
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

static enum record_class class_of_newcomer(const struct queue *q, const struct msg_packet *p,
					   bool is_message)
{
	if (is_message)
		return RECORD_WORDS;
	return p && p->data && q->classes ? q->classes->class_of(p, NULL) : RECORD_PLAIN;
}

/* What is turned away is dropped as if it had been in the queue for a moment. */
static int turn_away(struct queue *q, enum record_class class)
{
	q->newest++;
	q->dropped[class]++;
	q->turned_away++;
	return QUEUE_TURNED_AWAY;
}

int queue_make_room(struct queue *q, size_t size, const struct msg_packet *p, bool is_message)
{
	size_t wanted = size + (is_message ? 0 : q->spare);

	if (wanted > q->size) {
		q->refused++;
		return -EMSGSIZE;
	}
	while (q->head + wanted > q->limit && !wrap(q, wanted)) {
		enum record_class newcomer;

		switch (q->policy) {
		case QUEUE_WAIT:
			return -EAGAIN;
		case QUEUE_DROP_OLDEST:
			queue_drop_oldest(q);
			break;
		case QUEUE_DROP_BY_CLASS:
			newcomer = class_of_newcomer(q, p, is_message);
			if (!queue_drop_by_class(q, wanted, newcomer))
				return turn_away(q, newcomer);
			break;
		}
	}
	return 0;
}

/* A place for a record with extra bytes after its header. */
static int reserve(struct queue *q, enum record_kind kind, size_t extra, const struct msg_packet *p,
		   struct queue_slot **out)
{
	size_t size = queue_slot_size(extra);
	int rc = queue_make_room(q, size, p, kind == RECORD_MESSAGE);

	if (rc != 0)
		return rc;
	*out = queue_slot_at(q, q->head);
	(*out)->size_kind = (uint32_t)size | kind;
	(*out)->number = ++q->newest;
	(*out)->packet.data = (uint8_t *)(*out + 1);
	(*out)->packet.len = (uint32_t)extra;
	q->head += size;
	q->n_head++;
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

void queue_slot_move(struct queue *q, size_t from, size_t to)
{
	struct queue_slot *slot = queue_slot_at(q, to);
	uint8_t *fixed = (uint8_t *)(slot + 1);
	struct msg_data d;
	struct part parts[DATA_PARTS];

	if (from == to)
		return;
	memmove(slot, q->mem + from, queue_slot_bytes(queue_slot_at(q, from)));
	slot->packet.data = fixed;
	if ((slot->size_kind & QUEUE_KIND) != RECORD_DATA)
		return;
	memcpy(&d, fixed, sizeof(d));
	list_parts(&d, parts);
	for (size_t i = 0; i < DATA_PARTS; i++) {
		if (*parts[i].at)
			*parts[i].at = q->mem + to +
				       ((const uint8_t *)*parts[i].at - (q->mem + from));
	}
	memcpy(fixed, &d, sizeof(d));
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
	int rc = reserve(q, RECORD_DATA, sizeof(copy) + len, d->packet.data ? &d->packet : NULL,
			 &slot);

	if (rc != 0)
		return rc == QUEUE_TURNED_AWAY ? 0 : rc;
	uint8_t *fixed = (uint8_t *)(slot + 1);

	copy_parts(parts, fixed + sizeof(copy));
	memcpy(fixed, &copy, sizeof(copy));
	return 0;
}

/* The class, then the text. */
int queue_push_message(struct queue *q, enum msg_class class, struct text text)
{
	struct queue_slot *slot;
	int rc = reserve(q, RECORD_MESSAGE, 1 + text.len, NULL, &slot);

	if (rc != 0)
		return rc == QUEUE_TURNED_AWAY ? 0 : rc;
	uint8_t *bytes = (uint8_t *)(slot + 1);

	bytes[0] = (uint8_t)class;
	if (text.len > 0)
		memcpy(bytes + 1, text.s, text.len);
	return 0;
}

/* --- numbers --- */

void queue_number_from(struct queue *q, uint32_t number)
{
	q->newest = number - 1;
}

int queue_push_record(struct queue *q, const struct record *r)
{
	switch (r->kind) {
	case RECORD_PACKET:
		return queue_push_packet(q, &r->packet);
	case RECORD_DATA:
		return queue_push_data(q, &r->data);
	case RECORD_MESSAGE:
		break;
	}
	return queue_push_message(q, r->message.class, r->message.text);
}

int queue_push_numbered(struct queue *q, const struct record *r)
{
	uint32_t before = q->newest;

	if ((int32_t)(r->number - before) <= 0)
		return -EINVAL;
	q->newest = r->number - 1;
	int rc = queue_push_record(q, r);

	if (rc < 0)
		q->newest = before;
	return rc;
}

uint32_t queue_oldest_number(const struct queue *q)
{
	return queue_empty(q) ? q->newest + 1 : queue_slot_at(q, q->tail)->number;
}

uint32_t queue_next_number(const struct queue *q)
{
	return queue_has_unsent(q) ? queue_slot_at(q, q->next)->number : q->newest + 1;
}

uint32_t queue_newest_number(const struct queue *q)
{
	return q->newest;
}

/* --- looking --- */

void queue_slot_record(const struct queue_slot *slot, struct record *out)
{
	const uint8_t *bytes = (const uint8_t *)(slot + 1);

	out->kind = (enum record_kind)(slot->size_kind & QUEUE_KIND);
	out->number = slot->number;
	switch (out->kind) {
	case RECORD_PACKET:
		out->packet = slot->packet;
		break;
	case RECORD_DATA:
		memcpy(&out->data, bytes, sizeof(out->data));
		break;
	case RECORD_MESSAGE:
		out->message = (struct msg_message){
			.class = (enum msg_class)bytes[0],
			.text = { (const char *)bytes + 1, slot->packet.len - 1 },
		};
		break;
	}
}

/* *at: 1 and the offset of the next one. */
bool queue_walk(const struct queue *q, size_t *at, struct record *out)
{
	size_t offset = *at == 0 ? q->tail : *at - 1;

	if (queue_empty(q) || offset == q->head)
		return false;
	queue_slot_record(queue_slot_at(q, offset), out);
	*at = 1 + queue_after(q, offset);
	return true;
}

/* --- sending --- */

bool queue_peek(const struct queue *q, struct record *out)
{
	if (q->n_next == q->n_head)
		return false;
	queue_slot_record(queue_slot_at(q, q->next), out);
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
	q->marks[at].number = queue_next_number(q);
	return q->marks[at].number;
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
		.pushed = q->n_head + q->turned_away,
		.refused = q->refused,
		.released = q->released,
		.dropped_sent = q->dropped_sent,
		.resent = q->resent,
		.kept = (size_t)(q->n_head - q->n_tail),
		.unsent = (size_t)(q->n_head - q->n_next),
	};
	memcpy(out->dropped, q->dropped, sizeof(out->dropped));
}
