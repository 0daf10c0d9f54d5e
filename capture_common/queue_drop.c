/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making room in the record queue: the oldest goes, or what is worth least.
 *
 * By class, room is made for many records at once: what has to go is marked in walks over all that
 * is kept, each of which stops as soon as an eighth of the memory is won, and what stays moves
 * together. So a push costs a constant amount on average: a purge takes four walks and one move at
 * most, and comes once in an eighth of the memory. Where it wins less, because nearly everything is
 * worth more than the newcomer, such newcomers are turned away (closed_to) until records leave. */
#include "capture_common/queue.h"

/* Records whose rank is higher never make room for those of a lower one. */
enum rank { RANK_BULK, RANK_PACKETS, RANK_WORDS };

/* The newest packet known of each key; more keys than places: the older is forgotten, so that one
 * that repeats it is not recognized. */
#define KEYS_BITS 9
#define KEYS_PROBES 4

struct known_key {
	uint64_t key;
	size_t at;			/* 1 and the offset; 0: free */
};

struct purge {
	struct queue *q;
	size_t goal, freed;		/* bytes */
};

static enum record_class class_of(const struct queue *q, const struct queue_slot *slot,
				  uint64_t *key)
{
	struct record r;

	queue_slot_record(slot, &r);
	return record_class(q->classes, &r, key);
}

static enum rank rank_of(enum record_class class)
{
	switch (class) {
	case RECORD_BULK:
		return RANK_BULK;
	case RECORD_REPEATABLE:
	case RECORD_PLAIN:
		return RANK_PACKETS;
	case RECORD_WORDS:
	case RECORD_CLASSES:
		break;
	}
	return RANK_WORDS;
}

void queue_drop_oldest(struct queue *q)
{
	const struct queue_slot *slot = queue_slot_at(q, q->tail);
	bool unsent = q->n_tail == q->n_next;

	if (unsent)
		q->dropped[class_of(q, slot, NULL)]++;
	else
		q->dropped_sent++;
	q->tail = queue_after(q, q->tail);
	q->n_tail++;
	if (unsent) {
		q->next = q->tail;
		q->n_next++;
	}
	queue_tail_moved(q);
}

/* --- what has to go --- */

static bool won_enough(const struct purge *p)
{
	return p->freed >= p->goal;
}

static void doom(struct purge *p, struct queue_slot *slot)
{
	p->freed += queue_slot_bytes(slot);
	slot->size_kind |= QUEUE_DOOMED;
}

static void doom_rank(struct purge *p, enum rank rank)
{
	struct queue *q = p->q;
	size_t at = q->tail;

	for (uint64_t n = q->n_tail; n < q->n_head && !won_enough(p); n++) {
		struct queue_slot *slot = queue_slot_at(q, at);

		at = queue_after(q, at);
		if (!(slot->size_kind & QUEUE_DOOMED) && rank_of(class_of(q, slot, NULL)) == rank)
			doom(p, slot);
	}
}

/* Where key is, or the place for it. */
static struct known_key *look_up(struct known_key *keys, uint64_t key)
{
	const size_t last = ((size_t)1 << KEYS_BITS) - 1;
	size_t first = (size_t)(key * 0x9e3779b97f4a7c15u >> (64 - KEYS_BITS));

	for (size_t i = 0; i < KEYS_PROBES; i++) {
		struct known_key *k = &keys[(first + i) & last];

		if (k->at == 0 || k->key == key)
			return k;
	}
	keys[first].at = 0;
	return &keys[first];
}

/* Of the records that say the same, the newest stays. */
static void doom_repeated(struct purge *p)
{
	struct known_key keys[(size_t)1 << KEYS_BITS] = { { 0, 0 } };
	struct queue *q = p->q;
	size_t at = q->tail;

	for (uint64_t n = q->n_tail; n < q->n_head && !won_enough(p); n++) {
		struct queue_slot *slot = queue_slot_at(q, at);
		uint64_t key = 0;

		if (class_of(q, slot, &key) == RECORD_REPEATABLE) {
			struct known_key *known = look_up(keys, key);

			if (known->at != 0)
				doom(p, queue_slot_at(q, known->at - 1));
			known->key = key;
			known->at = 1 + at;
		}
		at = queue_after(q, at);
	}
}

static void doom_up_to(struct purge *p, enum rank rank)
{
	if (p->q->classes)
		doom_rank(p, RANK_BULK);
	if (p->q->classes && rank > RANK_BULK)
		doom_repeated(p);
	if (rank > RANK_BULK)
		doom_rank(p, RANK_PACKETS);
	if (rank > RANK_PACKETS)
		doom_rank(p, RANK_WORDS);
}

/* It would have been for nothing. */
static void spare_all(struct queue *q)
{
	size_t at = q->tail;

	for (uint64_t n = q->n_tail; n < q->n_head; n++) {
		queue_slot_at(q, at)->size_kind &= ~QUEUE_DOOMED;
		at = queue_after(q, at);
	}
}

/* --- what stays --- */

/* Where records move to. */
struct packed {
	/* As those of the queue; SIZE_MAX as tail or next: there is none yet. */
	size_t tail, next, head, wrap_at;
};

/* A record never moves over one that has not moved yet: it is written where records were that are
 * gone, or have moved. */
static void pack(struct queue *q, size_t from, bool sent, struct packed *to)
{
	size_t size = queue_slot_bytes(queue_slot_at(q, from));

	if (to->head + size > q->size) {
		to->wrap_at = to->tail == SIZE_MAX ? QUEUE_NO_WRAP : to->head;
		to->head = 0;
	}
	if (to->tail == SIZE_MAX)
		to->tail = to->head;
	if (!sent && to->next == SIZE_MAX)
		to->next = to->head;
	queue_slot_move(q, from, to->head);
	to->head += size;
}

static void count_gone(struct queue *q, const struct queue_slot *slot, bool sent)
{
	if (sent)
		q->dropped_sent++;
	else
		q->dropped[class_of(q, slot, NULL)]++;
}

/* Without the doomed ones, everything moves together behind tail, or to the beginning of the memory
 * when it does not go round its end. */
static void compact(struct queue *q)
{
	struct packed to = { SIZE_MAX, SIZE_MAX, q->wrap_at == QUEUE_NO_WRAP ? 0 : q->tail,
			     QUEUE_NO_WRAP };
	size_t at = q->tail;
	uint64_t sent_gone = 0, unsent_gone = 0;

	for (uint64_t n = q->n_tail; n < q->n_head; n++) {
		const struct queue_slot *slot = queue_slot_at(q, at);
		size_t after = queue_after(q, at);
		bool sent = n < q->n_next;

		if (slot->size_kind & QUEUE_DOOMED) {
			count_gone(q, slot, sent);
			sent_gone += sent;
			unsent_gone += !sent;
		} else {
			pack(q, at, sent, &to);
		}
		at = after;
	}
	q->head = to.head;
	q->tail = to.tail == SIZE_MAX ? to.head : to.tail;
	q->next = to.next == SIZE_MAX ? to.head : to.next;
	q->wrap_at = to.wrap_at;
	q->n_tail += sent_gone + unsent_gone;
	q->n_next += unsent_gone;
	memset(q->marks, 0, sizeof(q->marks));
	queue_tail_moved(q);
}

/* Bytes that records have; without those that a wrap leaves unused. */
static size_t kept_bytes(const struct queue *q)
{
	return queue_used_bytes(q) - (q->wrap_at == QUEUE_NO_WRAP ? 0 : q->size - q->wrap_at);
}

bool queue_drop_by_class(struct queue *q, size_t size, enum record_class newcomer)
{
	const size_t share = q->size / 8, kept = kept_bytes(q);
	enum rank rank = rank_of(newcomer);
	struct purge p = { .q = q, .goal = size > share ? size : share };

	/* Free memory may be in two pieces, behind all records and before them. */
	if (q->wrap_at == QUEUE_NO_WRAP && q->tail > 0 && kept + size <= q->size) {
		compact(q);
		return true;
	}
	if ((int)rank <= q->closed_to)
		return false;
	doom_up_to(&p, rank);
	bool enough = p.freed > 0 && kept - p.freed + size <= q->size;

	if (enough)
		compact(q);
	else
		spare_all(q);
	if (kept - p.freed > q->size - share)
		q->closed_to = (int)rank;
	return enough;
}
