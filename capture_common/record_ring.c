/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on their way through memory that two processes share. */
#include "capture_common/record_ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN 8u
#define CACHE_LINE 64

enum { SLOT_SKIP, SLOT_PACKET, SLOT_MESSAGE };

/* In front of each record; the record's bytes follow. */
struct slot {
	uint32_t size;			/* to the next slot, a multiple of ALIGN */
	uint8_t kind;
	uint8_t class;			/* of a message */
	uint8_t has_time;
	uint8_t unused;
	uint32_t len, orig_len, dlt, unused2;
	uint64_t time_us;
};

/* Positions count bytes for ever and wrap; modulo the ring's size they are places in it. 32 bits,
 * because some small CPUs have no larger atomics. */
struct shared {
	_Atomic uint32_t head;		/* written by the writer only */
	_Atomic uint32_t reader_waits;
	uint8_t pad1[CACHE_LINE - 8];
	_Atomic uint32_t tail;		/* written by the reader only */
	_Atomic uint32_t writer_waits;
	uint8_t pad2[CACHE_LINE - 8];
	uint8_t data[];
};

struct record_ring {
	struct shared *shared;
	size_t mapped;
	uint32_t size;
	uint32_t head, tail;		/* one's own position, which nobody else can change */
	bool writer_marked, reader_marked;	/* as waiting, by themselves */
	uint32_t peeked;		/* size of the slot last lent */
};

struct record_ring *record_ring_new(size_t bytes, struct err *e)
{
	struct record_ring *r = calloc(1, sizeof(*r));

	if (!r) {
		err_sys(e, ENOMEM, "record ring");
		return NULL;
	}
	r->size = (uint32_t)bytes;
	r->mapped = sizeof(struct shared) + bytes;
	r->shared = mmap(NULL, r->mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			 0);
	if (r->shared == MAP_FAILED) {
		err_sys(e, errno, "record ring of %zu bytes", bytes);
		free(r);
		return NULL;
	}
	return r;
}

void record_ring_free(struct record_ring *r)
{
	if (!r)
		return;
	munmap(r->shared, r->mapped);
	free(r);
}

static struct slot *slot_at(const struct record_ring *r, uint32_t pos)
{
	return (struct slot *)(void *)(r->shared->data + (pos & (r->size - 1)));
}

static uint32_t bytes_to_end(const struct record_ring *r, uint32_t pos)
{
	return r->size - (pos & (r->size - 1));
}

/* Positions are published without a fence, packet by packet. It is here, between what was published
 * and the look at who waits; who waits has one between saying so and looking again. */
static bool is_set_then_clear(_Atomic uint32_t *flag)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load_explicit(flag, memory_order_relaxed) && atomic_exchange(flag, 0);
}

static void mark_waiting(bool *marked, _Atomic uint32_t *flag)
{
	*marked = true;
	atomic_store_explicit(flag, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

/* The flag is beside what the other side writes all the time: it is left alone unless it is set. */
static void unmark_waiting(bool *marked, _Atomic uint32_t *flag)
{
	if (*marked)
		atomic_store_explicit(flag, 0, memory_order_relaxed);
	*marked = false;
}

/* --- writer --- */

/* Free bytes, or -EPROTO. */
static int64_t room(const struct record_ring *r)
{
	uint32_t used = r->head - atomic_load_explicit(&r->shared->tail, memory_order_acquire);

	return used > r->size || used % ALIGN ? -EPROTO : (int64_t)(r->size - used);
}

/* Makes room for size bytes in one piece. */
static int make_room(struct record_ring *r, uint32_t size)
{
	uint32_t to_end = bytes_to_end(r, r->head);
	uint32_t wanted = to_end < size ? to_end + size : size;
	int64_t have = room(r);

	if (have >= 0 && have < wanted) {
		/* Mark first, then look again: the reader may have made room in between. */
		mark_waiting(&r->writer_marked, &r->shared->writer_waits);
		have = room(r);
	}
	if (have < 0)
		return (int)have;
	if (have < wanted)
		return -EAGAIN;
	unmark_waiting(&r->writer_marked, &r->shared->writer_waits);
	if (to_end < size) {
		struct slot *skip = slot_at(r, r->head);

		skip->size = to_end;
		skip->kind = SLOT_SKIP;
		r->head += to_end;
	}
	return 0;
}

static int push(struct record_ring *r, struct slot slot, const void *bytes)
{
	uint64_t size = (sizeof(slot) + (uint64_t)slot.len + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);

	if (size > r->size / 2)
		return -EMSGSIZE;
	int rc = make_room(r, (uint32_t)size);

	if (rc < 0)
		return rc;
	struct slot *to = slot_at(r, r->head);

	slot.size = (uint32_t)size;
	*to = slot;
	if (slot.len)
		memcpy(to + 1, bytes, slot.len);
	r->head += slot.size;
	atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
	return 0;
}

int record_ring_push_packet(struct record_ring *r, const struct msg_packet *p)
{
	return push(r, (struct slot){ .kind = SLOT_PACKET, .len = p->len, .orig_len = p->orig_len,
				      .dlt = p->dlt, .has_time = p->has_time,
				      .time_us = p->time_us }, p->data);
}

int record_ring_push_message(struct record_ring *r, enum msg_class class, struct text text)
{
	if (text.len > r->size)
		return -EMSGSIZE;
	return push(r, (struct slot){ .kind = SLOT_MESSAGE, .class = (uint8_t)class,
				      .len = (uint32_t)text.len }, text.s);
}

bool record_ring_wakes_reader(struct record_ring *r)
{
	return is_set_then_clear(&r->shared->reader_waits);
}

/* --- reader --- */

/* Bytes that were written, or -EPROTO. */
static int64_t filled(const struct record_ring *r)
{
	uint32_t used = atomic_load_explicit(&r->shared->head, memory_order_acquire) - r->tail;

	return used > r->size || used % ALIGN ? -EPROTO : (int64_t)used;
}

static bool sound(const struct record_ring *r, const struct slot *s, int64_t have)
{
	if (s->size % ALIGN || s->size == 0 || s->size > have || s->size > bytes_to_end(r, r->tail))
		return false;
	if (s->kind == SLOT_SKIP)
		return s->size == bytes_to_end(r, r->tail);
	if (s->kind > SLOT_MESSAGE || s->class > MSG_CLASS_FATAL)
		return false;
	return s->size >= sizeof(*s) && s->len <= s->size - sizeof(*s);
}

static void lend(const struct slot *s, const uint8_t *bytes, struct record *out)
{
	out->number = 0;
	if (s->kind == SLOT_MESSAGE) {
		out->kind = RECORD_MESSAGE;
		out->message = (struct msg_message){
			.class = (enum msg_class)s->class,
			.text = { (const char *)bytes, s->len },
		};
		return;
	}
	out->kind = RECORD_PACKET;
	out->packet = (struct msg_packet){ .dlt = s->dlt, .has_time = s->has_time != 0,
					   .time_us = s->time_us, .orig_len = s->orig_len,
					   .data = bytes, .len = s->len };
}

/* A copy of the slot at tail: what was checked cannot be changed afterwards. The end of the ring
 * may have room for a size and a kind only. */
static struct slot copy_of_slot(const struct record_ring *r)
{
	struct slot copy = { .size = 0 };

	memcpy(&copy, slot_at(r, r->tail),
	       bytes_to_end(r, r->tail) < sizeof(copy) ? ALIGN : sizeof(copy));
	return copy;
}

int record_ring_peek(struct record_ring *r, struct record *out)
{
	int64_t have = filled(r);

	for (;;) {
		if (have == 0) {
			/* Mark first, then look again: the writer may have come in between. */
			mark_waiting(&r->reader_marked, &r->shared->reader_waits);
			have = filled(r);
		}
		if (have <= 0)
			return (int)have;
		struct slot copy = copy_of_slot(r);

		if (!sound(r, &copy, have))
			return -EPROTO;
		if (copy.kind != SLOT_SKIP) {
			r->peeked = copy.size;
			lend(&copy, (const uint8_t *)(slot_at(r, r->tail) + 1), out);
			return 1;
		}
		r->tail += copy.size;
		atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
		have -= copy.size;
	}
}

void record_ring_pop(struct record_ring *r)
{
	unmark_waiting(&r->reader_marked, &r->shared->reader_waits);
	r->tail += r->peeked;
	r->peeked = 0;
	atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
}

bool record_ring_wakes_writer(struct record_ring *r)
{
	return is_set_then_clear(&r->shared->writer_waits);
}
