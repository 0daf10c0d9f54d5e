/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes on their way to the link. */
#include "capture_common/sender.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/frame.h"

struct bytes {
	uint8_t *buf;
	size_t start, end, cap;
};

struct sender {
	struct bytes batch, control;
};

static int take_memory(struct bytes *b, size_t cap)
{
	b->buf = malloc(cap);
	b->cap = cap;
	return b->buf ? 0 : -1;
}

struct sender *sender_new(size_t batch_bytes, struct err *e)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s || take_memory(&s->batch, batch_bytes) < 0 ||
	    take_memory(&s->control, SENDER_CONTROL_BYTES) < 0) {
		err_set(e, ERR_NO_MEMORY, "out of memory for the send buffer");
		sender_free(s);
		return NULL;
	}
	return s;
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	free(s->batch.buf);
	free(s->control.buf);
	free(s);
}

void sender_reset(struct sender *s)
{
	s->batch.start = s->batch.end = 0;
	s->control.start = s->control.end = 0;
}

uint8_t *sender_batch(struct sender *s, size_t *room)
{
	*room = s->batch.cap;
	return s->batch.buf;
}

void sender_batch_filled(struct sender *s, size_t len)
{
	s->batch.start = 0;
	s->batch.end = len;
}

uint8_t *sender_control_space(struct sender *s, size_t *room)
{
	struct bytes *c = &s->control;

	if (c->start > 0) {
		memmove(c->buf, c->buf + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
	*room = c->cap - c->end;
	return c->buf + c->end;
}

void sender_control_filled(struct sender *s, size_t len)
{
	s->control.end += len;
}

int sender_control(struct sender *s, const uint8_t *frame, size_t len)
{
	size_t room;
	uint8_t *at = sender_control_space(s, &room);

	if (len > room)
		return -ENOBUFS;
	memcpy(at, frame, len);
	sender_control_filled(s, len);
	return 0;
}

bool sender_idle(const struct sender *s)
{
	return s->batch.start == s->batch.end;
}

bool sender_empty(const struct sender *s)
{
	return sender_idle(s) && s->control.start == s->control.end;
}

/* The first boundary between two frames of the batch that is not before its start. Once in 2^31
 * frames the checksum of one of v0 looks like another generation: then the end is good enough. */
static size_t next_boundary(const struct bytes *batch)
{
	size_t at = 0;

	while (at < batch->start) {
		size_t left = batch->end - at;
		uint64_t len = left < FRAME_PREFIX ? 0 : frame_length(batch->buf + at);

		at += len > 0 && len < left ? (size_t)len : left;
	}
	return at;
}

/* Sends b up to the offset end. */
static int send_until(struct bytes *b, size_t end, sender_write_fn *write_fn, void *user,
		      struct err *e)
{
	while (b->start < end) {
		long n = write_fn(user, b->buf + b->start, end - b->start, e);

		if (n < 0)
			return -1;
		if (n == 0)
			return 1;
		b->start += (size_t)n;
	}
	return 0;
}

int sender_flush(struct sender *s, sender_write_fn *write_fn, void *user, struct err *e)
{
	int rc = 0;

	if (s->control.start < s->control.end) {
		if (!sender_idle(s))
			rc = send_until(&s->batch, next_boundary(&s->batch), write_fn, user, e);
		if (rc == 0)
			rc = send_until(&s->control, s->control.end, write_fn, user, e);
	}
	if (rc == 0)
		rc = send_until(&s->batch, s->batch.end, write_fn, user, e);
	return rc;
}
