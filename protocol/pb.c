/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the protobuf wire format, and writing it with checks. */
#include "protocol/pb.h"

void pb_reader_init(struct pb_reader *r, const uint8_t *data, size_t len)
{
	*r = (struct pb_reader){ .pos = data, .end = data ? data + len : data };
}

static bool fail(struct pb_reader *r)
{
	r->bad = true;
	return false;
}

static size_t left(const struct pb_reader *r)
{
	return (size_t)(r->end - r->pos);
}

static bool get_varint(struct pb_reader *r, uint64_t *v)
{
	unsigned int shift = 0;
	uint8_t byte;

	if (r->pos < r->end && *r->pos < 0x80) {
		*v = *r->pos++;
		return true;
	}
	*v = 0;
	do {
		if (r->pos == r->end || shift >= 7 * PB_VARINT_MAX)
			return fail(r);
		byte = *r->pos++;
		*v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return true;
}

static bool get_value(struct pb_reader *r, struct pb_field *f)
{
	uint64_t len;

	switch (f->wire) {
	case PB_VARINT:
		return get_varint(r, &f->value);
	case PB_FIXED64:
		if (left(r) < 8)
			return fail(r);
		f->value = get_le64(r->pos);
		r->pos += 8;
		return true;
	case PB_FIXED32:
		if (left(r) < 4)
			return fail(r);
		f->value = get_le32(r->pos);
		r->pos += 4;
		return true;
	case PB_BYTES:
		if (!get_varint(r, &len) || len > left(r))
			return fail(r);
		f->data = r->pos;
		f->len = (size_t)len;
		r->pos += len;
		return true;
	}
	return fail(r);
}

/* A tag has no more than five bytes, and is cut to 32 bits: as in every protobuf reader. */
static bool get_tag(struct pb_reader *r, uint32_t *tag)
{
	const uint8_t *start = r->pos;
	uint64_t v;

	if (!get_varint(r, &v) || r->pos - start > 5)
		return fail(r);
	*tag = (uint32_t)v;
	return true;
}

bool pb_next(struct pb_reader *r, struct pb_field *f)
{
	uint32_t tag;

	if (r->bad || r->pos == r->end || !get_tag(r, &tag))
		return false;
	if (tag >> 3 == 0)
		return fail(r);
	f->no = tag >> 3;
	f->wire = (enum pb_wire)(tag & 7);
	return get_value(r, f);
}

uint64_t pb_u64(struct pb_reader *r, const struct pb_field *f)
{
	if (f->wire != PB_VARINT) {
		r->bad = true;
		return 0;
	}
	return f->value;
}

uint32_t pb_u32(struct pb_reader *r, const struct pb_field *f)
{
	return (uint32_t)pb_u64(r, f);
}

double pb_double(struct pb_reader *r, const struct pb_field *f)
{
	double v;

	if (f->wire != PB_FIXED64) {
		r->bad = true;
		return 0;
	}
	memcpy(&v, &f->value, sizeof(v));
	return v;
}

struct text pb_text(struct pb_reader *r, const struct pb_field *f)
{
	if (f->wire != PB_BYTES) {
		r->bad = true;
		return (struct text){ "", 0 };
	}
	return (struct text){ (const char *)f->data, f->len };
}

void pb_write_raw(struct pb_writer *w, const void *data, size_t len)
{
	if (len > 0 && w->len <= w->cap && len <= w->cap - w->len)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
}

void pb_write_uint(struct pb_writer *w, unsigned int no, uint64_t v)
{
	uint8_t field[1 + PB_VARINT_MAX];

	pb_write_raw(w, field, (size_t)(pb_put_uint(field, no, v) - field));
}

void pb_write_double(struct pb_writer *w, unsigned int no, double v)
{
	uint8_t field[1 + sizeof(v)];

	pb_write_raw(w, field, (size_t)(pb_put_double(field, no, v) - field));
}

static void write_length(struct pb_writer *w, unsigned int no, size_t len)
{
	uint8_t head[1 + PB_VARINT_MAX];
	uint8_t *end = pb_put_varint(pb_put_tag(head, no, PB_BYTES), len);

	pb_write_raw(w, head, (size_t)(end - head));
}

void pb_write_bytes(struct pb_writer *w, unsigned int no, const void *data, size_t len)
{
	write_length(w, no, len);
	pb_write_raw(w, data, len);
}

void pb_write_text(struct pb_writer *w, unsigned int no, struct text t)
{
	pb_write_bytes(w, no, t.s, t.len);
}

void pb_write_message(struct pb_writer *w, unsigned int no,
		      void (*fn)(struct pb_writer *w, const void *arg), const void *arg)
{
	struct pb_writer count = { NULL, 0, 0 };

	fn(&count, arg);
	write_length(w, no, count.len);
	fn(w, arg);
}
