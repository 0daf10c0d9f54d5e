/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing MessagePack, with checks. */
#include "protocol/mpack.h"

#include <string.h>

#include "protocol/mpack_put.h"

void mpack_writer_init(struct mpack_writer *w, uint8_t *buf, size_t cap)
{
	*w = (struct mpack_writer){ .buf = buf, .cap = cap };
}

void mpack_put_raw(struct mpack_writer *w, const void *data, size_t len)
{
	if (len > 0 && w->len <= w->cap && len <= w->cap - w->len)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
}

/* The head of a value, from where it was made up to end. */
static void put_head(struct mpack_writer *w, const uint8_t *head, const uint8_t *end)
{
	mpack_put_raw(w, head, (size_t)(end - head));
}

void mpack_put_uint(struct mpack_writer *w, uint64_t v)
{
	uint8_t head[MPACK_HEAD_MAX];

	put_head(w, head, mpack_raw_uint(head, v));
}

void mpack_put_bool(struct mpack_writer *w, bool v)
{
	uint8_t head = v ? 0xc3 : 0xc2;

	mpack_put_raw(w, &head, 1);
}

void mpack_put_float(struct mpack_writer *w, float v)
{
	uint8_t head[MPACK_HEAD_MAX];
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_head(w, head, mpack_raw_u32(head, 0xca, bits));
}

void mpack_put_double(struct mpack_writer *w, double v)
{
	uint8_t head[MPACK_HEAD_MAX];
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_head(w, head, mpack_raw_u64(head, 0xcb, bits));
}

void mpack_put_text(struct mpack_writer *w, struct text t)
{
	uint8_t head[MPACK_HEAD_MAX];
	uint8_t *end;

	if (t.len < 32) {
		head[0] = (uint8_t)(0xa0 | t.len);
		end = head + 1;
	} else if (t.len <= UINT8_MAX) {
		end = mpack_raw_u8(head, 0xd9, (uint8_t)t.len);
	} else if (t.len <= UINT16_MAX) {
		end = mpack_raw_u16(head, 0xda, (uint16_t)t.len);
	} else {
		end = mpack_raw_u32(head, 0xdb, (uint32_t)t.len);
	}
	put_head(w, head, end);
	mpack_put_raw(w, t.s, t.len);
}

void mpack_put_bin(struct mpack_writer *w, const void *data, size_t len)
{
	uint8_t head[MPACK_HEAD_MAX];

	put_head(w, head, mpack_raw_bin_head(head, (uint32_t)len));
	mpack_put_raw(w, data, len);
}

static void put_count(struct mpack_writer *w, uint32_t n, uint8_t fix, uint8_t wide)
{
	uint8_t head[MPACK_HEAD_MAX];
	uint8_t *end;

	if (n < 16) {
		head[0] = (uint8_t)(fix | n);
		end = head + 1;
	} else if (n <= UINT16_MAX) {
		end = mpack_raw_u16(head, wide, (uint16_t)n);
	} else {
		end = mpack_raw_u32(head, (uint8_t)(wide + 1), n);
	}
	put_head(w, head, end);
}

void mpack_put_array(struct mpack_writer *w, uint32_t n)
{
	put_count(w, n, 0x90, 0xdc);
}

void mpack_put_map(struct mpack_writer *w, uint32_t n)
{
	put_count(w, n, 0x80, 0xde);
}
