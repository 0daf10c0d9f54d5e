/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cursors over protobuf fields and over MessagePack values. */
#include "tests/bench/wire_fields.h"

/* --- protobuf --- */

static uint64_t varint(struct pb_in *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; in->at < in->end && shift < 64; shift += 7) {
		uint8_t byte = *in->at++;

		v |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return v;
	}
	in->bad = true;
	return 0;
}

static void skip_fixed(struct pb_in *in, size_t n)
{
	if ((size_t)(in->end - in->at) < n)
		in->bad = true;
	else
		in->at += n;
}

bool pb_in_next(struct pb_in *in, struct pb_value *v)
{
	if (in->bad || in->at >= in->end)
		return false;
	uint64_t key = varint(in);

	v->no = (unsigned)(key >> 3);
	v->is_bytes = (key & 7) == 2;
	v->number = 0;
	switch (key & 7) {
	case 0:
		v->number = varint(in);
		break;
	case 1:
		skip_fixed(in, 8);
		break;
	case 2:
		v->bytes.len = varint(in);
		v->bytes.at = in->at;
		skip_fixed(in, v->bytes.len);
		break;
	case 5:
		skip_fixed(in, 4);
		break;
	default:
		in->bad = true;
		break;
	}
	return !in->bad;
}

/* --- MessagePack --- */

enum class { CLASS_UINT, CLASS_BYTES, CLASS_MAP, CLASS_ARRAY, CLASS_OTHER };

/* One value: its class, and a number, a length or how many follow. */
struct value {
	enum class class;
	uint64_t n;
	struct wire_bytes bytes;
};

static uint64_t big_endian(struct mp_in *in, size_t n)
{
	uint64_t v = 0;

	if ((size_t)(in->end - in->at) < n) {
		in->bad = true;
		return 0;
	}
	while (n-- > 0)
		v = v << 8 | *in->at++;
	return v;
}

/* What a first byte of 0xc0 and more says: the class, and how wide the number behind it is. */
static const struct {
	uint8_t first, last;
	enum class class;
	uint8_t width[8];
} wide[] = {
	{ 0xc0, 0xc0, CLASS_OTHER, { 0 } },
	{ 0xc2, 0xc3, CLASS_OTHER, { 0, 0 } },
	{ 0xc4, 0xc6, CLASS_BYTES, { 1, 2, 4 } },
	{ 0xca, 0xcb, CLASS_OTHER, { 4, 8 } },
	{ 0xcc, 0xcf, CLASS_UINT, { 1, 2, 4, 8 } },
	{ 0xd0, 0xd3, CLASS_OTHER, { 1, 2, 4, 8 } },
	{ 0xd9, 0xdb, CLASS_BYTES, { 1, 2, 4 } },
	{ 0xdc, 0xdd, CLASS_ARRAY, { 2, 4 } },
	{ 0xde, 0xdf, CLASS_MAP, { 2, 4 } },
	{ 0xe0, 0xff, CLASS_OTHER, { 0 } },
};

static struct value head(struct mp_in *in)
{
	uint8_t t = (uint8_t)big_endian(in, 1);

	if (t < 0x80)
		return (struct value){ .class = CLASS_UINT, .n = t };
	if (t < 0x90)
		return (struct value){ .class = CLASS_MAP, .n = t & 15 };
	if (t < 0xa0)
		return (struct value){ .class = CLASS_ARRAY, .n = t & 15 };
	if (t < 0xc0)
		return (struct value){ .class = CLASS_BYTES, .n = t & 31 };
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		if (t >= wide[i].first && t <= wide[i].last) {
			size_t width = t < 0xe0 ? wide[i].width[t - wide[i].first] : 0;

			return (struct value){ .class = wide[i].class, .n = big_endian(in, width) };
		}
	}
	in->bad = true;
	return (struct value){ .class = CLASS_OTHER };
}

static struct value value(struct mp_in *in)
{
	struct value v = head(in);

	if (v.class == CLASS_BYTES && !in->bad) {
		v.bytes = (struct wire_bytes){ in->at, v.n };
		if ((uint64_t)(in->end - in->at) < v.n)
			in->bad = true;
		else
			in->at += v.n;
	}
	return v;
}

static struct value value_of(struct mp_in *in, enum class class)
{
	struct value v = value(in);

	if (v.class != class)
		in->bad = true;
	return in->bad ? (struct value){ .class = class } : v;
}

uint64_t mp_in_map(struct mp_in *in)
{
	return value_of(in, CLASS_MAP).n;
}

uint64_t mp_in_uint(struct mp_in *in)
{
	return value_of(in, CLASS_UINT).n;
}

struct wire_bytes mp_in_bytes(struct mp_in *in)
{
	return value_of(in, CLASS_BYTES).bytes;
}

void mp_in_skip(struct mp_in *in)
{
	uint64_t left = 1;

	/* Each value takes a byte at least, so this ends with the input. */
	for (; left > 0 && !in->bad; left--) {
		struct value v = value(in);

		if (v.class == CLASS_MAP)
			left += 2 * v.n;
		else if (v.class == CLASS_ARRAY)
			left += v.n;
	}
}
