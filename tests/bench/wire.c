/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames, and messages of a server. What is in a data report is in wire_data.c. */
#include "tests/bench/wire.h"

#include <assert.h>

#include "protocol/bytes.h"
#include "tests/bench/wire_fields.h"

#define SIGNATURE 0xdecafbad
#define V2_WORD 0xabcd0002
#define V3_WORD 0xa9a90003
#define V0_HEAD 12
#define V2_HEAD 48
#define V3_HEAD 20
#define V2_NAME_AT 12
#define V2_NAME_SIZE 32

struct name {
	const char *name;		/* v0, v2 */
	uint16_t type;			/* v3 */
	enum wire_kind kind;
};

/* The most frequent first. */
static const struct name names[] = {
	{ "KDSDATAREPORT", 16, WIRE_DATA },
	{ "PING", 2, WIRE_PING },
	{ "PONG", 3, WIRE_PONG },
	{ "KDSNEWSOURCE", 19, WIRE_NEWSOURCE },
	{ "KDSOPENSOURCE", 12, WIRE_OPEN },
	{ "KDSOPENSOURCEREPORT", 13, WIRE_OPEN_REPORT },
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static enum wire_kind kind_of_type(uint16_t type)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		if (names[i].type == type)
			return names[i].kind;
	}
	return WIRE_OTHER;
}

static enum wire_kind kind_of_name(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		if (strlen(names[i].name) == len && memcmp(names[i].name, at, len) == 0)
			return names[i].kind;
	}
	return WIRE_OTHER;
}

/* --- reading --- */

static bool take_v3(const uint8_t *p, size_t len, struct wire_frame *f)
{
	f->kind = kind_of_type(get_be16(p + 12));
	f->seqno = get_be32(p + 16);
	f->payload = (struct wire_bytes){ p + V3_HEAD, len };
	return true;
}

static bool take_v2(const uint8_t *p, size_t len, struct wire_frame *f)
{
	size_t n = 0;

	while (n < V2_NAME_SIZE && p[V2_NAME_AT + n] != 0)
		n++;
	f->kind = kind_of_name(p + V2_NAME_AT, n);
	f->seqno = get_be32(p + 44);
	f->payload = (struct wire_bytes){ p + V2_HEAD, len };
	return true;
}

/* The envelope of a v0 frame: name, number and inner message. */
static bool take_v0(const uint8_t *p, size_t len, struct wire_frame *f)
{
	struct pb_in in = { p + V0_HEAD, p + V0_HEAD + len, false };
	struct pb_value v;
	unsigned seen = 0;

	while (pb_in_next(&in, &v)) {
		seen |= 1u << (v.no & 31);
		if (v.no == 1 && v.is_bytes)
			f->kind = kind_of_name(v.bytes.at, v.bytes.len);
		else if (v.no == 2 && !v.is_bytes)
			f->seqno = (uint32_t)v.number;
		else if (v.no == 3 && v.is_bytes)
			f->payload = v.bytes;
	}
	return !in.bad && seen == (1u << 1 | 1u << 2 | 1u << 3);
}

static enum wire_gen gen_of(const uint8_t *p)
{
	uint32_t word = get_be32(p + 4);

	return word == V3_WORD ? WIRE_V3 : word == V2_WORD ? WIRE_V2 : WIRE_V0;
}

int wire_next(const uint8_t *p, size_t have, struct wire_frame *f)
{
	static const size_t heads[] = {
		[WIRE_V0] = V0_HEAD, [WIRE_V2] = V2_HEAD, [WIRE_V3] = V3_HEAD,
	};
	static bool (*const take[])(const uint8_t *, size_t, struct wire_frame *) = {
		[WIRE_V0] = take_v0, [WIRE_V2] = take_v2, [WIRE_V3] = take_v3,
	};

	if (have < V0_HEAD)
		return 0;
	if (get_be32(p) != SIGNATURE)
		return -1;
	size_t len = get_be32(p + 8);

	f->gen = gen_of(p);
	f->total = heads[f->gen] + len;
	if (len > WIRE_FRAME_MAX || f->total > WIRE_FRAME_MAX)
		return -1;
	if (have < f->total)
		return 0;
	return take[f->gen](p, len, f) ? 1 : -1;
}

/* Two running sums; 0 for what is shorter than four bytes. */
static uint32_t checksum(const uint8_t *p, size_t len)
{
	uint32_t s1 = 0, s2 = 0;

	if (len < 4)
		return 0;
	for (size_t i = 0; i < len; i++) {
		s1 += p[i];
		s2 += s1;
	}
	return (s1 & 0xffff) | (s2 & 0xffff) << 16;
}

bool wire_checksum_ok(const uint8_t *p, const struct wire_frame *f)
{
	return f->gen != WIRE_V0 || checksum(p + V0_HEAD, f->total - V0_HEAD) == get_be32(p + 4);
}

struct wire_bytes wire_read_definition(const struct wire_frame *f)
{
	const uint8_t *end = f->payload.at + f->payload.len;
	struct wire_bytes none = { NULL, 0 };

	if (f->gen == WIRE_V3) {
		struct mp_in in = { f->payload.at, end, false };
		struct wire_bytes out = none;

		for (uint64_t n = mp_in_map(&in); n > 0 && !in.bad; n--) {
			if (mp_in_uint(&in) == 1)
				out = mp_in_bytes(&in);
			else
				mp_in_skip(&in);
		}
		return in.bad ? none : out;
	}
	struct pb_in in = { f->payload.at, end, false };
	struct pb_value v;

	while (pb_in_next(&in, &v)) {
		if (v.no == 1 && v.is_bytes)
			return v.bytes;
	}
	return none;
}

/* --- writing --- */

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
	for (; v > 127; v >>= 7)
		*p++ = (uint8_t)(v | 128);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put_pb_bytes(uint8_t *p, unsigned no, const void *bytes, size_t len)
{
	p = put_varint(put_varint(p, no << 3 | 2), len);
	memcpy(p, bytes, len);
	return p + len;
}

static size_t put_v3(uint8_t *at, uint16_t type, uint32_t seqno, const uint8_t *body, size_t len)
{
	put_be32(at, SIGNATURE);
	put_be32(at + 4, V3_WORD);
	put_be32(at + 8, (uint32_t)len);
	put_be16(at + 12, type);
	put_be16(at + 14, 1);		/* from a server */
	put_be32(at + 16, seqno);
	memcpy(at + V3_HEAD, body, len);
	return V3_HEAD + len;
}

static size_t put_v2(uint8_t *at, const char *name, uint32_t seqno, const uint8_t *body, size_t len)
{
	memset(at, 0, V2_HEAD);
	put_be32(at, SIGNATURE);
	put_be32(at + 4, V2_WORD);
	put_be32(at + 8, (uint32_t)len);
	memcpy(at + V2_NAME_AT, name, strlen(name));
	put_be32(at + 44, seqno);
	memcpy(at + V2_HEAD, body, len);
	return V2_HEAD + len;
}

static size_t put_v0(uint8_t *at, const char *name, uint32_t seqno, const uint8_t *body, size_t len)
{
	uint8_t *p = put_pb_bytes(at + V0_HEAD, 1, name, strlen(name));

	p = put_varint(put_varint(p, 2 << 3), seqno);
	p = put_pb_bytes(p, 3, body, len);
	len = (size_t)(p - at) - V0_HEAD;
	put_be32(at, SIGNATURE);
	put_be32(at + 4, checksum(at + V0_HEAD, len));
	put_be32(at + 8, (uint32_t)len);
	return V0_HEAD + len;
}

static size_t put_frame(uint8_t *at, enum wire_gen gen, enum wire_kind kind, uint32_t seqno,
			const uint8_t *body, size_t len)
{
	const struct name *n = names;

	while (n->kind != kind)
		n++;
	assert(n < names + N_NAMES);
	switch (gen) {
	case WIRE_V0:
		return put_v0(at, n->name, seqno, body, len);
	case WIRE_V2:
		return put_v2(at, n->name, seqno, body, len);
	case WIRE_V3:
		break;
	}
	return put_v3(at, n->type, seqno, body, len);
}

#define DEFINITION_MAX 8000

size_t wire_put_open(uint8_t *at, enum wire_gen gen, uint32_t seqno, struct wire_bytes definition)
{
	uint8_t body[DEFINITION_MAX + 16], *p = body;
	size_t len = definition.len < DEFINITION_MAX ? definition.len : DEFINITION_MAX;

	if (gen != WIRE_V3) {
		p = put_pb_bytes(p, 1, definition.at, len);
		return put_frame(at, gen, WIRE_OPEN, seqno, body, (size_t)(p - body));
	}
	*p++ = 0x81;			/* a map of one: 1 is the text that follows */
	*p++ = 1;
	*p++ = 0xda;
	put_be16(p, (uint16_t)len);
	memcpy(p + 2, definition.at, len);
	return put_frame(at, gen, WIRE_OPEN, seqno, body, (size_t)(p - body) + 2 + len);
}

size_t wire_put_ping(uint8_t *at, enum wire_gen gen, uint32_t seqno)
{
	return put_frame(at, gen, WIRE_PING, seqno, (const uint8_t *)"", 0);
}

size_t wire_put_pong(uint8_t *at, enum wire_gen gen, uint32_t seqno, uint32_t number)
{
	uint8_t body[16] = { 0 };

	if (gen == WIRE_V3)		/* the number is in the header */
		return put_frame(at, gen, WIRE_PONG, number, body, 0);
	size_t len = (size_t)(put_varint(put_varint(body, 1 << 3), number) - body);

	return put_frame(at, gen, WIRE_PONG, seqno, body, len);
}
