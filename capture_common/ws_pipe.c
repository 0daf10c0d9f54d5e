/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Masked messages and bytes between two threads. */
#include "capture_common/ws_pipe.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/random.h"
#include "protocol/bytes.h"
#include "protocol/frame.h"

#define OPENING_BINARY 0x82		/* FIN, and the opcode of binary messages */
#define OPENING_MASKED 0x80		/* with the length */
#define MASK_BYTES 4
#define HEADER_MAX 14
#define MASKS 256			/* made at once */

/* One takes what a session sends at once, with the messages' headers; three are enough for the loop
 * to go on while the thread wakes up. */
#define SLOTS 3

struct slot {
	size_t len;
	uint8_t *bytes;			/* WS_PIPE_OUT_ROOM + WS_PIPE_OUT_BYTES */
};

/* The loop fills slots and counts head on, the thread sends them and counts tail on. */
struct ws_pipe {
	struct slot slots[SLOTS];
	_Atomic unsigned head, tail;
	_Atomic bool idle;		/* the thread found nothing to send */
	_Atomic bool wants_room;	/* the loop found no slot */

	/* the loop's */
	size_t masks_left;
	uint8_t masks[MASKS][MASK_BYTES];

	/* both, under lock */
	pthread_mutex_t lock;
	uint8_t *in;			/* in[in_at..in_len) was not read yet */
	size_t in_at, in_len;
};

/* --- making one --- */

static int make_slots(struct ws_pipe *p)
{
	for (size_t i = 0; i < SLOTS; i++) {
		p->slots[i].bytes = malloc(WS_PIPE_OUT_ROOM + WS_PIPE_OUT_BYTES);
		if (!p->slots[i].bytes)
			return -1;
	}
	p->in = malloc(2 * WS_PIPE_IN_BYTES);
	return p->in ? 0 : -1;
}

struct ws_pipe *ws_pipe_new(struct err *e)
{
	struct ws_pipe *p = calloc(1, sizeof(*p));

	if (p) {
		pthread_mutex_init(&p->lock, NULL);
		atomic_store(&p->idle, true);
	}
	if (p && make_slots(p) == 0)
		return p;
	ws_pipe_free(p);
	err_sys(e, ENOMEM, "WebSocket");
	return NULL;
}

void ws_pipe_free(struct ws_pipe *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	for (size_t i = 0; i < SLOTS; i++)
		free(p->slots[i].bytes);
	free(p->in);
	free(p);
}

/* --- masking --- */

/* Masks must not be foreseen by those whose frames are sent: proxies could be made to take part of
 * a message for another (RFC 6455 10.3). */
static const uint8_t *fresh_mask(struct ws_pipe *p)
{
	if (p->masks_left == 0) {
		random_bytes(p->masks, sizeof(p->masks));
		p->masks_left = MASKS;
	}
	return p->masks[--p->masks_left];
}

static size_t put_length(uint8_t *out, size_t len)
{
	if (len < 126) {
		out[0] = (uint8_t)(OPENING_MASKED | len);
		return 1;
	}
	if (len <= UINT16_MAX) {
		out[0] = OPENING_MASKED | 126;
		put_be16(out + 1, (uint16_t)len);
		return 3;
	}
	out[0] = OPENING_MASKED | 127;
	put_be64(out + 1, len);
	return 9;
}

/* Eight bytes at a time, the last ones once more with those before. As the mask is put together in
 * memory, the byte order of the machine does not matter. */
static void mask_bytes(uint8_t *restrict out, const uint8_t *restrict in, size_t len,
		       const uint8_t *mask)
{
	uint8_t again[3 * MASK_BYTES];
	uint64_t wide, word;
	size_t i;

	for (i = 0; i < sizeof(again); i++)
		again[i] = mask[i % MASK_BYTES];
	memcpy(&wide, again, sizeof(wide));
	for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, in + i, sizeof(word));
		word ^= wide;
		memcpy(out + i, &word, sizeof(word));
	}
	if (i == len)
		return;
	/* No frame is shorter than a word. */
	i = len - sizeof(word);
	memcpy(&wide, again + i % MASK_BYTES, sizeof(wide));
	memcpy(&word, in + i, sizeof(word));
	word ^= wide;
	memcpy(out + i, &word, sizeof(word));
}

_Static_assert(FRAME_V0_HEADER >= sizeof(uint64_t), "mask_bytes() reads a word");

static size_t put_message(struct ws_pipe *p, uint8_t *out, const uint8_t *frame, size_t len)
{
	const uint8_t *mask = fresh_mask(p);
	size_t at = 1;

	out[0] = OPENING_BINARY;
	at += put_length(out + at, len);
	memcpy(out + at, mask, MASK_BYTES);
	at += MASK_BYTES;
	mask_bytes(out + at, frame, len, mask);
	return at + len;
}

/* --- the loop's side --- */

/* The length of the whole frame that data begins with; 0 when it does not. */
static size_t frame_at(const uint8_t *data, size_t len)
{
	uint64_t length = len < FRAME_PREFIX ? 0 : frame_length(data);

	return length <= len ? (size_t)length : 0;
}

/* Returns how many bytes of data were taken. */
static size_t fill(struct ws_pipe *p, struct slot *slot, const uint8_t *data, size_t len)
{
	size_t at = 0, frame;

	slot->len = 0;
	while ((frame = frame_at(data + at, len - at)) > 0 &&
	       frame + HEADER_MAX <= WS_PIPE_OUT_BYTES - slot->len) {
		slot->len += put_message(p, slot->bytes + WS_PIPE_OUT_ROOM + slot->len, data + at,
					 frame);
		at += frame;
	}
	return at;
}

static unsigned slots_used(const struct ws_pipe *p)
{
	return atomic_load(&p->head) - atomic_load(&p->tail);
}

long ws_pipe_put(struct ws_pipe *p, const uint8_t *data, size_t len, bool *tell)
{
	size_t first = frame_at(data, len);

	*tell = false;
	if (first == 0 || first + HEADER_MAX > WS_PIPE_OUT_BYTES)
		return -1;
	if (slots_used(p) == SLOTS)
		return 0;
	unsigned head = atomic_load(&p->head);
	size_t used = fill(p, &p->slots[head % SLOTS], data, len);

	atomic_store(&p->head, head + 1);
	*tell = atomic_exchange(&p->idle, false);
	return (long)used;
}

bool ws_pipe_want_room(struct ws_pipe *p, bool want)
{
	atomic_store(&p->wants_room, want);
	/* A slot may have become free before the thread could see the wish. */
	return want && slots_used(p) < SLOTS && atomic_exchange(&p->wants_room, false);
}

static size_t unread(const struct ws_pipe *p)
{
	return p->in_len - p->in_at;
}

size_t ws_pipe_get(struct ws_pipe *p, uint8_t *buf, size_t size, bool *tell, bool *more)
{
	pthread_mutex_lock(&p->lock);
	bool full = unread(p) >= WS_PIPE_IN_BYTES;
	size_t n = unread(p) < size ? unread(p) : size;

	memcpy(buf, p->in + p->in_at, n);
	p->in_at += n;
	if (unread(p) == 0)
		p->in_at = p->in_len = 0;
	*tell = full && unread(p) < WS_PIPE_IN_BYTES;
	*more = unread(p) > 0;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* --- the thread's side --- */

uint8_t *ws_pipe_take(struct ws_pipe *p, size_t *len)
{
	unsigned tail = atomic_load(&p->tail);

	if (tail == atomic_load(&p->head)) {
		atomic_store(&p->idle, true);
		/* A slot may have been filled before the loop could see that. */
		if (tail == atomic_load(&p->head) || !atomic_exchange(&p->idle, false))
			return NULL;
	}
	*len = p->slots[tail % SLOTS].len;
	return p->slots[tail % SLOTS].bytes + WS_PIPE_OUT_ROOM;
}

bool ws_pipe_sent(struct ws_pipe *p)
{
	atomic_fetch_add(&p->tail, 1);
	return atomic_exchange(&p->wants_room, false);
}

bool ws_pipe_has_output(const struct ws_pipe *p)
{
	return slots_used(p) > 0;
}

static void make_room(struct ws_pipe *p)
{
	memmove(p->in, p->in + p->in_at, unread(p));
	p->in_len -= p->in_at;
	p->in_at = 0;
}

int ws_pipe_give(struct ws_pipe *p, const uint8_t *data, size_t len, bool *tell)
{
	int rc = -1;

	pthread_mutex_lock(&p->lock);
	*tell = unread(p) == 0;
	if (len > 2 * WS_PIPE_IN_BYTES - p->in_len)
		make_room(p);
	if (len <= 2 * WS_PIPE_IN_BYTES - p->in_len) {
		memcpy(p->in + p->in_len, data, len);
		p->in_len += len;
		rc = 0;
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

bool ws_pipe_is_full(struct ws_pipe *p)
{
	pthread_mutex_lock(&p->lock);
	bool full = unread(p) >= WS_PIPE_IN_BYTES;

	pthread_mutex_unlock(&p->lock);
	return full;
}
