/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protobuf wire format over the caller's memory: a cursor over fields, and writing them.
 * For what must not allocate: the v0 envelope and data reports. Other v0 and v2 messages go
 * through protobuf-c. */
#ifndef PROTOCOL_PB_H
#define PROTOCOL_PB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/text.h"

enum pb_wire {
	PB_VARINT = 0,
	PB_FIXED64 = 1,
	PB_BYTES = 2,
	PB_FIXED32 = 5,
};

/* Reading. The first error sticks: no further fields come, check bad once at the end. */
struct pb_reader {
	const uint8_t *pos, *end;
	bool bad;			/* malformed, or a field of another wire type */
};

struct pb_field {
	uint32_t no;
	enum pb_wire wire;
	uint64_t value;			/* all but PB_BYTES */
	const uint8_t *data;		/* PB_BYTES; never NULL */
	size_t len;
};

void pb_reader_init(struct pb_reader *r, const uint8_t *data, size_t len);
/* The next field; false at the end and when the input is bad. Groups are bad. */
bool pb_next(struct pb_reader *r, struct pb_field *f);
/* The field's value; bad when the wire type is another. Varints are cut to the width, as in
 * every protobuf reader. */
uint32_t pb_u32(struct pb_reader *r, const struct pb_field *f);
uint64_t pb_u64(struct pb_reader *r, const struct pb_field *f);
double pb_double(struct pb_reader *r, const struct pb_field *f);
struct text pb_text(struct pb_reader *r, const struct pb_field *f);

/* Writing with checks. Goes on counting when the memory is full, as snprintf() does. */
struct pb_writer {
	uint8_t *buf;
	size_t cap;
	size_t len;			/* > cap: did not fit, this much would have been needed */
};

/* Fields are numbered 1 to 15: all that we write by hand. */
void pb_write_uint(struct pb_writer *w, unsigned int no, uint64_t v);
void pb_write_double(struct pb_writer *w, unsigned int no, double v);
void pb_write_bytes(struct pb_writer *w, unsigned int no, const void *data, size_t len);
void pb_write_text(struct pb_writer *w, unsigned int no, struct text t);
/* Bytes that are fields already. */
void pb_write_raw(struct pb_writer *w, const void *data, size_t len);
/* A message in the field: what fn writes. It is called twice, the first time to count. */
void pb_write_message(struct pb_writer *w, unsigned int no,
		      void (*fn)(struct pb_writer *w, const void *arg), const void *arg);

/* Writing without checks, for those who know that there is room. The functions return the place
 * after what they wrote. */

#define PB_VARINT_MAX 10

static inline size_t pb_varint_size(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static inline uint8_t *pb_put_varint(uint8_t *p, uint64_t v)
{
	if (v < 0x80) {
		*p = (uint8_t)v;
		return p + 1;
	}
	if (v < 0x4000) {
		p[0] = (uint8_t)(v | 0x80);
		p[1] = (uint8_t)(v >> 7);
		return p + 2;
	}
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static inline uint8_t *pb_put_tag(uint8_t *p, unsigned int no, enum pb_wire wire)
{
	*p = (uint8_t)(no << 3 | wire);
	return p + 1;
}

static inline uint8_t *pb_put_uint(uint8_t *p, unsigned int no, uint64_t v)
{
	return pb_put_varint(pb_put_tag(p, no, PB_VARINT), v);
}

static inline uint8_t *pb_put_double(uint8_t *p, unsigned int no, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	p = pb_put_tag(p, no, PB_FIXED64);
	put_le64(p, bits);
	return p + 8;
}

static inline uint8_t *pb_put_bytes(uint8_t *p, unsigned int no, const void *data, size_t len)
{
	p = pb_put_varint(pb_put_tag(p, no, PB_BYTES), len);
	if (len > 0)
		memcpy(p, data, len);
	return p + len;
}

#endif
