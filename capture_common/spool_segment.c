/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a spool's segment, written and read. */
#include "capture_common/spool_segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/crc32.h"
#include "protocol/bytes.h"

/*	offset	header				record, end
 *	0	"KCSPOOL1"			length, all of it
 *	4					CRC-32 of what follows
 *	8	length, all of it		number (of the end: the last record's)
 *	12	CRC-32 of what follows		class (of the end: 0)
 *	13					kind
 *	14					0
 *	16	instance			the record (of the end: counts by class)
 *	24	UUID, padded with NULs
 *	64	flags, and fix of the position
 *	72	the position's numbers
 *	128	its texts, each behind its length */
#define MAGIC "KCSPOOL1"
#define MAGIC_BYTES 8
#define HEADER_FIXED 128
#define UUID_AT 24
#define FLAGS_AT 64
#define NUMBERS_AT 72
#define HEAD 16

enum { FLAG_GPS = 1, FLAG_ALT = 2, FLAG_SPEED = 4, FLAG_HEADING = 8, FLAG_PRECISION = 16 };
_Static_assert(SPOOL_END_BYTES == HEAD + 8 * RECORD_CLASSES, "the end has a count by class");

/* Absent text. */
#define NO_TEXT 0xffffu

/* On disk: the numbers stay as they are, whatever enum record_kind becomes. */
enum { KIND_PACKET = 1, KIND_DATA = 2, KIND_MESSAGE = 3, KIND_END = 4 };

/* A plain packet, behind the head: link type, flags, time, length on air, bytes. */
#define PACKET_FIXED 20
enum { PACKET_HAS_TIME = 1, PACKET_HAS_DATA = 2 };

/* --- header --- */

static void put_double(uint8_t *p, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_le64(p, bits);
}

static double get_double(const uint8_t *p)
{
	uint64_t bits = get_le64(p);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static size_t put_text(uint8_t *buf, size_t at, size_t cap, struct text t)
{
	if (at == 0 || cap - at < 2 || (t.s && t.len > cap - at - 2))
		return 0;
	put_le16(buf + at, (uint16_t)(t.s ? t.len : NO_TEXT));
	if (t.s && t.len > 0)
		memcpy(buf + at + 2, t.s, t.len);
	return at + 2 + (t.s ? t.len : 0);
}

static size_t put_gps(const struct msg_gps *g, uint8_t *buf, size_t cap)
{
	size_t at = HEADER_FIXED;

	buf[FLAGS_AT] = (uint8_t)(FLAG_GPS | (g->has_alt ? FLAG_ALT : 0) |
				  (g->has_speed ? FLAG_SPEED : 0) |
				  (g->has_heading ? FLAG_HEADING : 0) |
				  (g->has_precision ? FLAG_PRECISION : 0));
	buf[FLAGS_AT + 1] = g->fix;
	put_double(buf + NUMBERS_AT, g->lat_deg);
	put_double(buf + NUMBERS_AT + 8, g->lon_deg);
	put_double(buf + NUMBERS_AT + 16, g->alt_m);
	put_double(buf + NUMBERS_AT + 24, g->speed_kmh);
	put_double(buf + NUMBERS_AT + 32, g->heading_deg);
	put_double(buf + NUMBERS_AT + 40, g->precision_m);
	put_le64(buf + NUMBERS_AT + 48, g->time_us);
	at = put_text(buf, at, cap, g->type);
	at = put_text(buf, at, cap, g->name);
	return put_text(buf, at, cap, g->uuid);
}

size_t spool_segment_put_header(const struct spool_segment *s, uint8_t *buf, size_t cap)
{
	size_t len = HEADER_FIXED;

	if (cap > SPOOL_HEADER_MAX)
		cap = SPOOL_HEADER_MAX;
	if (cap < len)
		return 0;
	memset(buf, 0, len);
	memcpy(buf, MAGIC, MAGIC_BYTES);
	put_le64(buf + 16, s->instance);
	memcpy(buf + UUID_AT, s->uuid, strnlen(s->uuid, UUID_LEN));
	if (s->has_gps)
		len = put_gps(&s->gps, buf, cap);
	if (len == 0)
		return 0;
	put_le32(buf + 8, (uint32_t)len);
	put_le32(buf + 12, crc32_of(buf + 16, len - 16));
	return len;
}

static bool get_text(const uint8_t *buf, size_t *at, size_t len, struct text *t)
{
	size_t n;

	if (len - *at < 2)
		return false;
	n = get_le16(buf + *at);
	*at += 2;
	*t = (struct text){ NULL, 0 };
	if (n == NO_TEXT)
		return true;
	if (n > len - *at)
		return false;
	*t = (struct text){ (const char *)buf + *at, n };
	*at += n;
	return true;
}

static bool get_gps(struct msg_gps *g, const uint8_t *buf, size_t len)
{
	size_t at = HEADER_FIXED;

	g->has_alt = buf[FLAGS_AT] & FLAG_ALT;
	g->has_speed = buf[FLAGS_AT] & FLAG_SPEED;
	g->has_heading = buf[FLAGS_AT] & FLAG_HEADING;
	g->has_precision = buf[FLAGS_AT] & FLAG_PRECISION;
	g->fix = buf[FLAGS_AT + 1];
	g->lat_deg = get_double(buf + NUMBERS_AT);
	g->lon_deg = get_double(buf + NUMBERS_AT + 8);
	g->alt_m = get_double(buf + NUMBERS_AT + 16);
	g->speed_kmh = get_double(buf + NUMBERS_AT + 24);
	g->heading_deg = get_double(buf + NUMBERS_AT + 32);
	g->precision_m = get_double(buf + NUMBERS_AT + 40);
	g->time_us = get_le64(buf + NUMBERS_AT + 48);
	return get_text(buf, &at, len, &g->type) && get_text(buf, &at, len, &g->name) &&
	       get_text(buf, &at, len, &g->uuid);
}

long spool_segment_get_header(struct spool_segment *s, const uint8_t *buf, size_t len)
{
	size_t own;

	memset(s, 0, sizeof(*s));
	if (len < HEADER_FIXED || memcmp(buf, MAGIC, MAGIC_BYTES) != 0)
		return -EPROTO;
	own = get_le32(buf + 8);
	if (own < HEADER_FIXED || own > len || own > SPOOL_HEADER_MAX ||
	    get_le32(buf + 12) != crc32_of(buf + 16, own - 16))
		return -EPROTO;
	s->instance = get_le64(buf + 16);
	memcpy(s->uuid, buf + UUID_AT, UUID_LEN);
	s->has_gps = buf[FLAGS_AT] & FLAG_GPS;
	if (s->has_gps && !get_gps(&s->gps, buf, own))
		return -EPROTO;
	return (long)own;
}

bool spool_segment_is_stub(const uint8_t *buf, size_t len)
{
	static const uint8_t zeros[MAGIC_BYTES];

	if (len < HEADER_FIXED || memcmp(buf, zeros, MAGIC_BYTES) == 0)
		return true;
	return memcmp(buf, MAGIC, MAGIC_BYTES) == 0 && get_le32(buf + 8) > len &&
	       get_le32(buf + 8) <= SPOOL_HEADER_MAX;
}

/* --- records --- */

/* Writes what is in front of the len bytes at buf + HEAD. Returns the length of all. */
static size_t finish(uint8_t *buf, size_t len, uint32_t number, unsigned class, unsigned kind)
{
	put_le32(buf, (uint32_t)(HEAD + len));
	put_le32(buf + 8, number);
	buf[12] = (uint8_t)class;
	buf[13] = (uint8_t)kind;
	put_le16(buf + 14, 0);
	put_le32(buf + 4, crc32_of(buf + 8, HEAD - 8 + len));
	return HEAD + len;
}

static size_t put_packet(const struct msg_packet *p, uint8_t *buf, size_t cap)
{
	if (cap < PACKET_FIXED || p->len > cap - PACKET_FIXED)
		return 0;
	put_le32(buf, p->dlt);
	put_le32(buf + 4, (p->has_time ? PACKET_HAS_TIME : 0u) | (p->data ? PACKET_HAS_DATA : 0u));
	put_le64(buf + 8, p->time_us);
	put_le32(buf + 16, p->orig_len);
	if (p->len > 0)
		memcpy(buf + PACKET_FIXED, p->data, p->len);
	return PACKET_FIXED + p->len;
}

static size_t put_frame(const struct record *r, uint8_t *buf, size_t cap)
{
	struct msg m = { .seqno = r->number };

	if (r->kind == RECORD_MESSAGE) {
		m.type = MSG_MESSAGE;
		m.message = r->message;
	} else {
		m.type = MSG_DATA;
		m.data = r->data;
	}
	return msg_encode(FRAME_V3, MSG_FROM_TOOL, &m, buf, cap);
}

static unsigned kind_on_disk(enum record_kind kind)
{
	switch (kind) {
	case RECORD_PACKET:
		return KIND_PACKET;
	case RECORD_DATA:
		return KIND_DATA;
	case RECORD_MESSAGE:
		break;
	}
	return KIND_MESSAGE;
}

size_t spool_segment_put_record(const struct record *r, enum record_class class, uint8_t *buf,
				size_t cap)
{
	size_t len;

	if (cap > SPOOL_RECORD_MAX)
		cap = SPOOL_RECORD_MAX;
	if (cap < HEAD)
		return 0;
	if (r->kind == RECORD_PACKET)
		len = put_packet(&r->packet, buf + HEAD, cap - HEAD);
	else
		len = put_frame(r, buf + HEAD, cap - HEAD);
	return len > 0 ? finish(buf, len, r->number, class, kind_on_disk(r->kind)) : 0;
}

/* More than a frame has beside texts and bytes. */
#define FRAME_SPARE 2048

static size_t texts_of(const struct msg_data *d)
{
	return d->gps.type.len + d->gps.name.len + d->gps.uuid.len + d->signal.channel.len +
	       d->json.type.len + d->buffer.type.len + d->buffer.len + d->message.len +
	       d->warning.len;
}

/* Only near the limit it is written to see. */
static bool frame_fits(const struct record *r)
{
	bool is_data = r->kind == RECORD_DATA;
	size_t least = is_data ? (size_t)r->data.packet.len + r->data.json.json.len :
				 r->message.text.len;
	uint8_t *buf;
	bool fits;

	if (least > SPOOL_RECORD_MAX)
		return false;
	if (least + (is_data ? texts_of(&r->data) : 0) <= SPOOL_RECORD_MAX - FRAME_SPARE)
		return true;
	buf = malloc(SPOOL_RECORD_MAX);
	fits = buf && put_frame(r, buf, SPOOL_RECORD_MAX - HEAD) > 0;
	free(buf);
	return fits;
}

bool spool_segment_fits(const struct record *r)
{
	return r->kind == RECORD_PACKET ?
	       r->packet.len <= SPOOL_RECORD_MAX - HEAD - PACKET_FIXED : frame_fits(r);
}

size_t spool_segment_put_end(const uint64_t counts[RECORD_CLASSES], uint32_t last_number,
			     uint8_t *buf, size_t cap)
{
	if (cap < SPOOL_END_BYTES)
		return 0;
	for (size_t i = 0; i < RECORD_CLASSES; i++)
		put_le64(buf + HEAD + 8 * i, counts[i]);
	return finish(buf, SPOOL_END_BYTES - HEAD, last_number, 0, KIND_END);
}

static bool get_packet(struct msg_packet *p, const uint8_t *buf, size_t len)
{
	uint32_t flags;

	if (len < PACKET_FIXED || len - PACKET_FIXED > SPOOL_RECORD_MAX)
		return false;
	flags = get_le32(buf + 4);
	*p = (struct msg_packet){
		.dlt = get_le32(buf),
		.has_time = flags & PACKET_HAS_TIME,
		.time_us = get_le64(buf + 8),
		.orig_len = get_le32(buf + 16),
		.data = flags & PACKET_HAS_DATA ? buf + PACKET_FIXED : NULL,
		.len = (uint32_t)(len - PACKET_FIXED),
	};
	return p->data || p->len == 0;
}

static bool get_frame(struct record *r, unsigned kind, const uint8_t *buf, size_t len,
		      struct arena *arena)
{
	struct frame f;
	struct msg m;

	if (frame_parse(buf, len, SPOOL_RECORD_MAX, &f) != FRAME_OK || f.total_len != len ||
	    f.gen != FRAME_V3 || msg_decode(&f, arena, &m) != 0)
		return false;
	if (kind == KIND_MESSAGE && m.type == MSG_MESSAGE) {
		r->kind = RECORD_MESSAGE;
		r->message = m.message;
		return true;
	}
	r->kind = RECORD_DATA;
	r->data = m.data;
	return kind == KIND_DATA && m.type == MSG_DATA;
}

static bool get_body(struct spool_item *out, unsigned kind, const uint8_t *buf, size_t len,
		     struct arena *arena)
{
	if (kind == KIND_PACKET) {
		out->record.kind = RECORD_PACKET;
		return get_packet(&out->record.packet, buf, len);
	}
	if (kind != KIND_END)
		return get_frame(&out->record, kind, buf, len, arena);
	out->is_end = true;
	for (size_t i = 0; i < RECORD_CLASSES && len == SPOOL_END_BYTES - HEAD; i++)
		out->counts[i] = get_le64(buf + 8 * i);
	return len == SPOOL_END_BYTES - HEAD;
}

long spool_segment_get(const uint8_t *buf, size_t len, struct arena *arena,
		       struct spool_item *out, size_t *skip)
{
	size_t own;

	memset(out, 0, sizeof(*out));
	if (len < HEAD)
		return 0;
	own = get_le32(buf);
	if (own < HEAD || own > len || own > SPOOL_RECORD_MAX ||
	    get_le32(buf + 4) != crc32_of(buf + 8, own - 8))
		return 0;
	out->record.number = get_le32(buf + 8);
	out->class = buf[12] < RECORD_CLASSES ? (enum record_class)buf[12] : RECORD_PLAIN;
	if (get_body(out, buf[13], buf + HEAD, own - HEAD, arena))
		return (long)own;
	*skip = own;
	return -EPROTO;
}

size_t spool_segment_skim(const uint8_t *buf, uint32_t *number, enum record_class *class)
{
	*number = get_le32(buf + 8);
	*class = buf[12] < RECORD_CLASSES ? (enum record_class)buf[12] : RECORD_PLAIN;
	return get_le32(buf);
}

/* How far it is to the next whole record, from one that is damaged; 0: that is not known. */
static size_t over_damage(const uint8_t *buf, size_t len, struct arena *arena)
{
	struct spool_item item;
	size_t own, skip;

	if (len < HEAD)
		return 0;
	own = get_le32(buf);
	if (own < HEAD || own >= len || own > SPOOL_RECORD_MAX ||
	    spool_segment_get(buf + own, len - own, arena, &item, &skip) == 0)
		return 0;
	return own;
}

bool spool_segment_next(const uint8_t *buf, size_t len, size_t *at, struct arena *arena,
			struct spool_item *out)
{
	for (;;) {
		size_t skip = 0;
		long n = spool_segment_get(buf + *at, len - *at, arena, out, &skip);

		if (n > 0) {
			*at += (size_t)n;
			return true;
		}
		if (n == 0)
			skip = over_damage(buf + *at, len - *at, arena);
		if (skip == 0)
			return false;
		*at += skip;
	}
}
