/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading MessagePack. */
#include "protocol/mpack.h"

#include <string.h>

#include "protocol/bytes.h"

enum kind { NIL, BOOL, UINT, NEGATIVE, FLOAT32, FLOAT64, STR, BIN, EXT, ARRAY, MAP, MALFORMED };

/* What a value starts with. The bytes of a str, bin or ext follow, and so do the values of an
 * array or map. */
struct head {
	enum kind kind;
	uint64_t value;		/* the number or its bits; a length in bytes; a count */
};

/* The formats from 0xc0 to 0xdf: width of the number that follows, and of which kind it is. */
static const struct format {
	uint8_t kind;
	uint8_t width;
	bool is_signed;
} formats[0x20] = {
	[0x00] = { NIL, 0, false },
	[0x01] = { MALFORMED, 0, false },
	[0x02] = { BOOL, 0, false },
	[0x03] = { BOOL, 0, false },
	[0x04] = { BIN, 1, false },
	[0x05] = { BIN, 2, false },
	[0x06] = { BIN, 4, false },
	[0x07] = { EXT, 1, false },
	[0x08] = { EXT, 2, false },
	[0x09] = { EXT, 4, false },
	[0x0a] = { FLOAT32, 4, false },
	[0x0b] = { FLOAT64, 8, false },
	[0x0c] = { UINT, 1, false },
	[0x0d] = { UINT, 2, false },
	[0x0e] = { UINT, 4, false },
	[0x0f] = { UINT, 8, false },
	[0x10] = { UINT, 1, true },
	[0x11] = { UINT, 2, true },
	[0x12] = { UINT, 4, true },
	[0x13] = { UINT, 8, true },
	[0x14] = { EXT, 0, false },	/* fixext: 1 to 16 bytes */
	[0x15] = { EXT, 0, false },
	[0x16] = { EXT, 0, false },
	[0x17] = { EXT, 0, false },
	[0x18] = { EXT, 0, false },
	[0x19] = { STR, 1, false },
	[0x1a] = { STR, 2, false },
	[0x1b] = { STR, 4, false },
	[0x1c] = { ARRAY, 2, false },
	[0x1d] = { ARRAY, 4, false },
	[0x1e] = { MAP, 2, false },
	[0x1f] = { MAP, 4, false },
};

void mpack_reader_init(struct mpack_reader *r, const uint8_t *data, size_t len)
{
	*r = (struct mpack_reader){ .pos = data, .end = data ? data + len : data };
}

static size_t left(const struct mpack_reader *r)
{
	return (size_t)(r->end - r->pos);
}

static uint64_t number_at(const uint8_t *p, uint8_t width)
{
	switch (width) {
	case 1:
		return p[0];
	case 2:
		return get_be16(p);
	case 4:
		return get_be32(p);
	case 8:
		return get_be64(p);
	}
	return 0;
}

/* The formats of one byte. */
static struct head head_short(uint8_t byte)
{
	if (byte < 0x80)
		return (struct head){ UINT, byte };
	if (byte < 0x90)
		return (struct head){ MAP, byte & 0x0f };
	if (byte < 0xa0)
		return (struct head){ ARRAY, byte & 0x0f };
	if (byte < 0xc0)
		return (struct head){ STR, byte & 0x1f };
	return (struct head){ NEGATIVE, 0 };	/* 0xe0 and above: -32 to -1 */
}

/* What is in a fixed number of bytes: nothing for a count of values. Values are no shorter than
 * one byte, so larger counts cannot be true. */
static bool fits(const struct mpack_reader *r, const struct head *h)
{
	switch (h->kind) {
	case STR:
	case BIN:
	case EXT:
	case ARRAY:
		return h->value <= left(r);
	case MAP:
		return h->value <= left(r) / 2;
	case NIL:
	case BOOL:
	case UINT:
	case NEGATIVE:
	case FLOAT32:
	case FLOAT64:
		return true;
	case MALFORMED:
		return false;
	}
	return false;
}

static struct head head_long(struct mpack_reader *r, uint8_t byte)
{
	const struct format *f = &formats[byte - 0xc0];
	struct head h = { (enum kind)f->kind, 0 };

	if (f->width > left(r))
		return (struct head){ MALFORMED, 0 };
	h.value = number_at(r->pos, f->width);
	if (f->is_signed && h.value >> (8 * f->width - 1) != 0)
		h.kind = NEGATIVE;
	r->pos += f->width;
	if (h.kind == BOOL)
		h.value = byte & 1;
	else if (h.kind == EXT)		/* the length does not count the type */
		h.value = 1 + (f->width > 0 ? h.value : (uint64_t)1 << (byte - 0xd4));
	return h;
}

/* Takes the head and leaves the bytes that belong to it. */
static struct head take_head(struct mpack_reader *r)
{
	struct head h = { MALFORMED, 0 };
	uint8_t byte;

	if (r->bad || r->pos == r->end) {
		r->bad = true;
		return h;
	}
	byte = *r->pos++;
	h = byte >= 0xc0 && byte < 0xe0 ? head_long(r, byte) : head_short(byte);
	if (!fits(r, &h)) {
		r->bad = true;
		h.kind = MALFORMED;
	}
	return h;
}

/* Most numbers, and nearly all keys, are this one byte. */
static bool is_fixint(const struct mpack_reader *r)
{
	return !r->bad && r->pos < r->end && *r->pos < 0x80;
}

uint64_t mpack_get_uint(struct mpack_reader *r, uint64_t max)
{
	struct head h;

	if (is_fixint(r) && *r->pos <= max)
		return *r->pos++;
	h = take_head(r);
	if (h.kind != UINT || h.value > max) {
		r->bad = true;
		return 0;
	}
	return h.value;
}

bool mpack_get_bool(struct mpack_reader *r)
{
	struct head h = take_head(r);

	if (h.kind != BOOL)
		r->bad = true;
	return h.kind == BOOL && h.value;
}

/* The value of the negative integer that ends before the reader's place. */
static double negative_before(const uint8_t *end, uint8_t width)
{
	switch (width) {
	case 1:
		return (double)(int8_t)end[-1];
	case 2:
		return (double)(int16_t)get_be16(end - 2);
	case 4:
		return (double)(int32_t)get_be32(end - 4);
	case 8:
		return (double)(int64_t)get_be64(end - 8);
	}
	return 0;
}

double mpack_get_number(struct mpack_reader *r)
{
	const uint8_t *start = r->pos;
	struct head h = take_head(r);
	size_t width = (size_t)(r->pos - start);
	uint32_t bits32 = (uint32_t)h.value;
	double d;
	float f;

	switch (h.kind) {
	case UINT:
		return (double)h.value;
	case NEGATIVE:	/* the one-byte format is the number itself */
		return negative_before(r->pos, width == 1 ? 1 : (uint8_t)(width - 1));
	case FLOAT32:
		memcpy(&f, &bits32, sizeof(f));
		return (double)f;
	case FLOAT64:
		memcpy(&d, &h.value, sizeof(d));
		return d;
	case NIL:
	case BOOL:
	case STR:
	case BIN:
	case EXT:
	case ARRAY:
	case MAP:
	case MALFORMED:
		break;
	}
	r->bad = true;
	return 0;
}

static struct text take_bytes(struct mpack_reader *r, size_t len)
{
	struct text t = { (const char *)r->pos, len };

	r->pos += len;
	return t;
}

struct text mpack_get_text(struct mpack_reader *r)
{
	struct head h = take_head(r);

	if (h.kind != STR) {
		r->bad = true;
		return (struct text){ NULL, 0 };
	}
	return take_bytes(r, (size_t)h.value);
}

struct text mpack_get_bytes(struct mpack_reader *r)
{
	struct head h = take_head(r);

	switch (h.kind) {
	case EXT:
		take_bytes(r, 1);	/* its type */
		return take_bytes(r, (size_t)h.value - 1);
	case STR:
	case BIN:
		return take_bytes(r, (size_t)h.value);
	case NIL:
	case BOOL:
	case UINT:
	case NEGATIVE:
	case FLOAT32:
	case FLOAT64:
	case ARRAY:
	case MAP:
	case MALFORMED:
		break;
	}
	r->bad = true;
	return (struct text){ NULL, 0 };
}

static uint32_t take_count(struct mpack_reader *r, enum kind kind)
{
	struct head h = take_head(r);

	if (h.kind != kind) {
		r->bad = true;
		return 0;
	}
	return (uint32_t)h.value;
}

uint32_t mpack_get_array(struct mpack_reader *r)
{
	return take_count(r, ARRAY);
}

uint32_t mpack_get_map(struct mpack_reader *r)
{
	return take_count(r, MAP);
}

bool mpack_is_text(const struct mpack_reader *r)
{
	struct mpack_reader copy = *r;

	return take_head(&copy).kind == STR;
}

/* Counts the values still to be skipped instead of descending: any depth, no stack. A count is
 * never more than the bytes left, so the sum cannot wrap. */
void mpack_skip(struct mpack_reader *r)
{
	for (uint64_t todo = 1; todo > 0 && !r->bad; todo--) {
		struct head h = take_head(r);

		if (h.kind == ARRAY)
			todo += h.value;
		else if (h.kind == MAP)
			todo += 2 * h.value;
		else if (h.kind == STR || h.kind == BIN || h.kind == EXT)
			take_bytes(r, (size_t)h.value);
	}
}

void mpack_map_open(struct mpack_map *m, struct mpack_reader *r, uint32_t known)
{
	*m = (struct mpack_map){ .r = r, .left = mpack_get_map(r), .known = known };
}

/* The bit of a key; 0 for those that cannot be looked up. */
static unsigned int key_id(uint64_t key)
{
	if (key < MPACK_OWN(0))
		return (unsigned int)key;
	if (key >= MPACK_OWN_FIRST && key < MPACK_OWN_FIRST + 8)
		return MPACK_OWN(0) + (unsigned int)(key - MPACK_OWN_FIRST);
	return 0;
}

unsigned int mpack_map_next(struct mpack_map *m)
{
	while (m->left > 0 && !m->r->bad) {
		unsigned int id = key_id(mpack_get_uint(m->r, UINT64_MAX));

		m->left--;
		if (m->r->bad)
			return 0;
		if (m->known & MPACK_ID(id)) {
			m->r->bad = m->seen & MPACK_ID(id);
			m->seen |= MPACK_ID(id);
			return m->r->bad ? 0 : id;
		}
		mpack_skip(m->r);
	}
	return 0;
}
