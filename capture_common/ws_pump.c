/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between a stream of frames and WebSocket messages. */
#include "capture_common/ws_pump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/frame.h"

struct ws_split {
	size_t start, end;		/* what is in buf and was not handed out */
	bool bad;
	uint8_t buf[WS_SPLIT_ROOM + WS_SPLIT_BYTES];
};

/* --- frames out of a stream --- */

struct ws_split *ws_split_new(struct err *e)
{
	struct ws_split *s = malloc(sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "WebSocket");
		return NULL;
	}
	s->start = s->end = WS_SPLIT_ROOM;
	s->bad = false;
	return s;
}

void ws_split_free(struct ws_split *s)
{
	free(s);
}

static void make_room(struct ws_split *s)
{
	size_t len = s->end - s->start;

	if (s->start == WS_SPLIT_ROOM)
		return;
	memmove(s->buf + WS_SPLIT_ROOM, s->buf + s->start, len);
	s->start = WS_SPLIT_ROOM;
	s->end = WS_SPLIT_ROOM + len;
}

int ws_split_read(struct ws_split *s, int fd)
{
	make_room(s);
	if (s->end == sizeof(s->buf))
		return 0;
	ssize_t n = read(fd, s->buf + s->end, sizeof(s->buf) - s->end);

	if (n > 0) {
		s->end += (size_t)n;
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return -1;
}

/* The length of the next frame, 0 when it is not complete, -1 when it is none. */
static long next_length(struct ws_split *s)
{
	size_t have = s->end - s->start;

	if (s->bad)
		return -1;
	if (have < FRAME_PREFIX)
		return 0;
	uint64_t length = frame_length(s->buf + s->start);

	if (length == 0 || length > WS_SPLIT_BYTES) {
		s->bad = true;
		return -1;
	}
	return have < length ? 0 : (long)length;
}

uint8_t *ws_split_next(struct ws_split *s, long *len)
{
	uint8_t *frame = s->buf + s->start;

	*len = next_length(s);
	if (*len <= 0)
		return NULL;
	s->start += (size_t)*len;
	return frame;
}

/* --- messages that come --- */

int ws_check_bytes(struct ws_check *c, const uint8_t *data, size_t len, bool final)
{
	if (c->at < FRAME_PREFIX) {
		size_t missing = FRAME_PREFIX - (size_t)c->at;

		if (len > 0)
			memcpy(c->header + c->at, data, len < missing ? len : missing);
		if (len >= missing) {
			c->length = frame_length(c->header);
			if (c->length == 0)
				return -1;
		}
	}
	c->at += len;
	if (c->length > 0 && c->at > c->length)
		return -1;
	if (!final)
		return 0;
	bool whole = c->length > 0 && c->at == c->length;

	c->at = c->length = 0;
	return whole ? 0 : -1;
}
