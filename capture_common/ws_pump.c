/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between a stream of frames and WebSocket messages. */
#include "capture_common/ws_pump.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "capture_common/random.h"
#include "protocol/frame.h"

#define OPENING_BINARY 0x82		/* FIN, and the opcode of binary messages */
#define OPENING_MASKED 0x80		/* with the length */
#define MASK_BYTES 4
#define MASKS 64			/* from the system at once: as much as it gives */

struct ws_split {
	size_t start, end;		/* what is in buf and was not handed out */
	bool bad;
	size_t masks_left;
	uint8_t masks[MASKS][MASK_BYTES];
	uint8_t buf[WS_SPLIT_ROOM + WS_SPLIT_BYTES];
};

/* The length of the frame that begins with these bytes; 0 when they are no frame. */
static uint64_t frame_length(const uint8_t prefix[WS_CHECK_BYTES])
{
	uint32_t word = get_be32(prefix + 4);
	uint64_t payload = get_be32(prefix + 8);

	if (get_be32(prefix) != FRAME_SIGNATURE)
		return 0;
	if (word == FRAME_V2_WORD)
		return payload + FRAME_V2_HEADER;
	return payload + (word == FRAME_V3_WORD ? FRAME_V3_HEADER : FRAME_V0_HEADER);
}

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
	s->masks_left = 0;
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
	if (have < WS_CHECK_BYTES)
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

/* --- masking --- */

static void refill_masks(struct ws_split *s)
{
	if (getentropy(s->masks, sizeof(s->masks)) < 0) {
		for (size_t i = 0; i < MASKS; i++) {
			uint64_t value = random_u64();

			memcpy(s->masks[i], &value, MASK_BYTES);
		}
	}
	s->masks_left = MASKS;
}

static const uint8_t *fresh_mask(struct ws_split *s)
{
	if (s->masks_left == 0)
		refill_masks(s);
	return s->masks[--s->masks_left];
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

/* Eight bytes at a time; as the mask's bytes are put together in memory, the byte order of the
 * machine does not matter. */
static void mask_bytes(uint8_t *out, const uint8_t *in, size_t len, const uint8_t *mask)
{
	uint8_t twice[2 * MASK_BYTES];
	uint64_t wide, word;
	size_t i = 0;

	memcpy(twice, mask, MASK_BYTES);
	memcpy(twice + MASK_BYTES, mask, MASK_BYTES);
	memcpy(&wide, twice, sizeof(wide));
	for (; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, in + i, sizeof(word));
		word ^= wide;
		memcpy(out + i, &word, sizeof(word));
	}
	for (; i < len; i++)
		out[i] = in[i] ^ mask[i % MASK_BYTES];
}

static size_t put_message(struct ws_split *s, uint8_t *out, size_t len)
{
	const uint8_t *mask = fresh_mask(s);
	size_t at = 1;

	out[0] = OPENING_BINARY;
	at += put_length(out + at, len);
	memcpy(out + at, mask, MASK_BYTES);
	at += MASK_BYTES;
	mask_bytes(out + at, s->buf + s->start, len, mask);
	s->start += len;
	return at + len;
}

long ws_split_masked(struct ws_split *s, uint8_t *out, size_t size)
{
	size_t header_max = WS_MASKED_BYTES - WS_SPLIT_BYTES;
	size_t at = 0;
	long len;

	assert(size >= WS_MASKED_BYTES);
	while ((len = next_length(s)) > 0 && size - at >= (size_t)len + header_max)
		at += put_message(s, out + at, (size_t)len);
	return len < 0 && at == 0 ? -1 : (long)at;
}

/* --- messages that come --- */

int ws_check_bytes(struct ws_check *c, const uint8_t *data, size_t len, bool final)
{
	if (c->at < WS_CHECK_BYTES) {
		size_t missing = WS_CHECK_BYTES - (size_t)c->at;

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
