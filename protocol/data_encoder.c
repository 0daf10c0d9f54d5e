/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data reports in a hurry: what every packet has in common is prepared, and what differs is
 * written in one go. Counting instructions here pays (tests/bench). */
#include "protocol/data_encoder.h"

#include <assert.h>
#include <errno.h>

#include "protocol/data_codec.h"
#include "protocol/mpack_put.h"
#include "protocol/v2_fields.h"
#include "protocol/v3_ids.h"

/* The parts of a packet report around the data, without position; the bound in the header must
 * have room for them and a frame's head. */
#define PACKET_HEAD_MAX 40
#define NOINLINE __attribute__((noinline))

static void encode_gps_v3(struct data_encoder *e, const struct msg_gps *gps)
{
	struct mpack_writer w;

	mpack_writer_init(&w, e->gps, sizeof(e->gps));
	data_v3_put_gps_head(&w, gps);
	e->gps_cut = w.len;
	data_v3_put_gps_tail(&w, gps);
	e->gps_len = w.len;
}

static void encode_gps_v2(struct data_encoder *e, const struct msg_gps *gps)
{
	struct pb_writer w = { e->gps, sizeof(e->gps), 0 };

	data_v2_put_gps_head(&w, gps);
	e->gps_cut = w.len;
	data_v2_put_gps_tail(&w, gps);
	e->gps_len = w.len;
}

static struct data_gps_bytes fixed_gps(const struct data_encoder *e)
{
	return (struct data_gps_bytes){ e->gps, e->gps_len, e->gps_cut };
}

static uint8_t *put_gps_part(uint8_t *q, const struct data_encoder *e, size_t from, size_t to)
{
	memcpy(q, e->gps + from, to - from);
	return q + (to - from);
}

/* v3. Nearly all packets have a link type below 128, and a time whose two numbers take 32 bits
 * each: then everything up to the lengths is in its fixed place. */
enum {
	AT_DLT = FRAME_V3_HEADER + 4,
	AT_TS_S = AT_DLT + 3,
	AT_TS_US = AT_TS_S + 6,
	COMMON_SIZE = AT_TS_US + 4,
};

static const uint8_t common_v3[COMMON_SIZE] = {
	0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0x00, 0x03, 0, 0, 0, 0,
	0x00, V3_TYPE_PACKET, 0x00, 0x00, 0, 0, 0, 0,
	0x81, V3_REPORT_PACKET, 0x85, V3_PKT_DLT, 0,
	V3_PKT_TS_S, 0xce, 0, 0, 0, 0, V3_PKT_TS_US, 0xce, 0, 0, 0, 0,
};

static uint8_t *put_time_v3(uint8_t *q, uint8_t id_s, uint64_t time_us)
{
	*q++ = id_s;
	q = mpack_raw_uint(q, time_us / DATA_US_PER_S);
	*q++ = (uint8_t)(id_s + 1);
	return mpack_raw_uint(q, time_us % DATA_US_PER_S);
}

static uint8_t *put_gps_v3(uint8_t *q, const struct data_encoder *e, uint64_t time_us)
{
	*q++ = V3_REPORT_GPS;
	q = put_gps_part(q, e, 0, e->gps_cut);
	q = put_time_v3(q, V3_GPS_TS_S, time_us);
	return put_gps_part(q, e, e->gps_cut, e->gps_len);
}

/* The end of a report at q, and what the frame's header still lacks. The data is copied last:
 * nothing has to be kept for after the call. */
static inline size_t finish_v3(uint8_t *q, uint32_t seqno, const struct msg_packet *p,
			       uint8_t *buf)
{
	uint32_t len = p->len;
	const uint8_t *data = p->data;
	size_t total;

	*q++ = V3_PKT_LENGTH;
	q = mpack_raw_uint(q, p->orig_len);
	*q++ = V3_PKT_CONTENT;
	q = mpack_raw_bin_head(q, len);
	total = (size_t)(q - buf) + len;
	put_be32(buf + 8, (uint32_t)(total - FRAME_V3_HEADER));
	put_be32(buf + 16, seqno);
	memcpy(q, data, len);
	return total;
}

static NOINLINE size_t encode_any_v3(const struct data_encoder *e, uint32_t seqno,
				     const struct msg_packet *p, uint8_t *buf)
{
	uint8_t *q = buf + FRAME_V3_HEADER;

	memcpy(buf, common_v3, FRAME_V3_HEADER);
	*q++ = e->gps_len > 0 ? 0x82 : 0x81;
	if (e->gps_len > 0)
		q = put_gps_v3(q, e, p->time_us);
	*q++ = V3_REPORT_PACKET;
	*q++ = p->has_time ? 0x85 : 0x83;
	*q++ = V3_PKT_DLT;
	q = mpack_raw_uint(q, p->dlt);
	if (p->has_time)
		q = put_time_v3(q, V3_PKT_TS_S, p->time_us);
	return finish_v3(q, seqno, p, buf);
}

static size_t encode_v3(const struct data_encoder *e, uint32_t seqno, const struct msg_packet *p,
			uint8_t *buf)
{
	uint64_t s = p->time_us / DATA_US_PER_S;
	uint64_t us = p->time_us % DATA_US_PER_S;
	uint32_t dlt = p->dlt;

	if (e->gps_len > 0 || !p->has_time || dlt >= 0x80 || us <= UINT16_MAX ||
	    s <= UINT16_MAX || s > UINT32_MAX)
		return encode_any_v3(e, seqno, p, buf);
	memcpy(buf, common_v3, sizeof(common_v3));
	buf[AT_DLT] = (uint8_t)dlt;
	put_be32(buf + AT_TS_S, (uint32_t)s);
	put_be32(buf + AT_TS_US, (uint32_t)us);
	return finish_v3(buf + COMMON_SIZE, seqno, p, buf);
}

/* v0 and v2 */

static const uint8_t v2_header[FRAME_V2_HEADER] = {
	0xDE, 0xCA, 0xFB, 0xAD, 0xAB, 0xCD, 0x00, 0x02, 0, 0, 0, 0,
	'K', 'D', 'S', 'D', 'A', 'T', 'A', 'R', 'E', 'P', 'O', 'R', 'T',
};

static uint8_t *put_time_v2(uint8_t *q, unsigned int no_sec, uint64_t time_us)
{
	q = pb_put_uint(q, no_sec, time_us / DATA_US_PER_S);
	return pb_put_uint(q, no_sec + 1, time_us % DATA_US_PER_S);
}

static NOINLINE uint8_t *put_gps_v2(uint8_t *q, const struct data_encoder *e, uint64_t time_us)
{
	uint8_t time[4 * PB_VARINT_MAX];
	size_t time_len = (size_t)(put_time_v2(time, V2_GPS_TIME_SEC, time_us) - time);

	q = pb_put_varint(pb_put_tag(q, V2_REPORT_GPS, PB_BYTES), e->gps_len + time_len);
	q = put_gps_part(q, e, 0, e->gps_cut);
	memcpy(q, time, time_len);
	return put_gps_part(q + time_len, e, e->gps_cut, e->gps_len);
}

/* Time and link type as nearly all packets have them: the seconds take five bytes (years 1978 to
 * 3058), the microseconds three (all but the first 16 ms of a second), the link type one. */
#define COMMON_V2_SIZE 12

static inline bool is_common_v2(uint64_t s, uint64_t us, uint32_t dlt)
{
	return s >> 28 != 0 && s >> 35 == 0 && us >> 14 != 0 && dlt < 0x80;
}

/* Numbers go in groups of seven bits, the lowest first, with the top bit set in all but the last
 * byte. All twelve bytes are made in registers. */
static inline uint8_t *put_common_v2(uint8_t *q, uint64_t s, uint64_t us, uint32_t dlt)
{
	uint64_t groups = (s & 0x7f) | (s & 0x3f80) << 1 | (s & 0x1fc000) << 2 |
			  (s & 0xfe00000) << 3 | s >> 28 << 32 | UINT64_C(0x80808080);

	put_le64(q, V2_PACKET_TIME_SEC << 3 | groups << 8 |
		 (uint64_t)(V2_PACKET_TIME_USEC << 3) << 48 | (us | 0x80) << 56);
	put_le32(q + 8, (uint32_t)(us >> 7 & 0x7f) | 0x80 | (uint32_t)(us >> 14) << 8 |
		 V2_PACKET_DLT << 3 << 16 | dlt << 24);
	return q + COMMON_V2_SIZE;
}

/* Where the data of a packet goes, and where the report ends. */
struct place {
	uint8_t *data, *end;
};

/* The head of a packet whose numbers have any size is made elsewhere, and copied once its length
 * is known, which comes first. */
static NOINLINE uint8_t *put_any_head_v2(uint8_t *q, const struct msg_packet *p, size_t tail_len)
{
	uint8_t head[PACKET_HEAD_MAX];
	uint8_t *h = put_time_v2(head, V2_PACKET_TIME_SEC, p->time_us);

	h = pb_put_uint(h, V2_PACKET_DLT, p->dlt);
	h = pb_put_uint(h, V2_PACKET_SIZE, p->len);
	h = pb_put_varint(pb_put_tag(h, V2_PACKET_DATA, PB_BYTES), p->len);
	q = pb_put_tag(q, V2_REPORT_PACKET, PB_BYTES);
	q = pb_put_varint(q, (size_t)(h - head) + p->len + tail_len);
	memcpy(q, head, (size_t)(h - head));
	return q + (h - head);
}

static inline uint8_t *put_head_v2(uint8_t *q, const struct msg_packet *p, size_t tail_len)
{
	uint64_t s = p->time_us / DATA_US_PER_S, us = p->time_us % DATA_US_PER_S;
	uint32_t dlt = p->dlt, len = p->len;

	if (!is_common_v2(s, us, dlt) || len >= 0x4000)
		return put_any_head_v2(q, p, tail_len);
	q = pb_put_tag(q, V2_REPORT_PACKET, PB_BYTES);
	q = pb_put_varint(q, COMMON_V2_SIZE + (len < 0x80 ? 4 : 6) + len + tail_len);
	q = put_common_v2(q, s, us, dlt);
	q = pb_put_uint(q, V2_PACKET_SIZE, len);
	return pb_put_varint(pb_put_tag(q, V2_PACKET_DATA, PB_BYTES), len);
}

/* Everything of a packet but the data. */
static inline struct place put_packet_v2(uint8_t *q, const struct msg_packet *p)
{
	uint32_t len = p->len, orig_len = p->orig_len;
	size_t tail_len = 0;

	if (orig_len != len)
		tail_len = 1 + pb_varint_size(orig_len);
	q = put_head_v2(q, p, tail_len);
	if (orig_len != len)
		pb_put_uint(q + len, V2_PACKET_CAP_SIZE, orig_len);
	return (struct place){ q, q + len + tail_len };
}

static size_t encode_v2(const struct data_encoder *e, uint32_t seqno, const struct msg_packet *p,
			uint8_t *buf)
{
	uint8_t *q = buf + FRAME_V2_HEADER;
	struct place place;

	if (e->gps_len > 0)
		q = put_gps_v2(q, e, p->time_us);
	place = put_packet_v2(q, p);
	memcpy(buf, v2_header, sizeof(v2_header));
	put_be32(buf + 8, (uint32_t)(place.end - buf - FRAME_V2_HEADER));
	put_be32(buf + 44, seqno);
	memcpy(place.data, p->data, p->len);
	return (size_t)(place.end - buf);
}

static size_t encode_v0(const struct data_encoder *e, uint32_t seqno, const struct msg_packet *p,
			uint8_t *buf)
{
	struct frame head = {
		.gen = FRAME_V0,
		.seqno = seqno,
		.name = text_of(V2_NAME_DATA),
		.payload_len = e->gps_len + PACKET_HEAD_MAX + p->len,
	};
	size_t at = frame_head_size(&head);
	uint8_t *q = buf + at;
	struct place place;

	if (e->gps_len > 0)
		q = put_gps_v2(q, e, p->time_us);
	place = put_packet_v2(q, p);
	memcpy(place.data, p->data, p->len);
	head.payload_len = (size_t)(place.end - buf) - at;
	return frame_finish(&head, at, buf, data_encoder_bound(e, p->len));
}

static size_t (*const encoders[FRAME_GENS])(const struct data_encoder *e, uint32_t seqno,
					    const struct msg_packet *p, uint8_t *buf) = {
	[FRAME_V0] = encode_v0,
	[FRAME_V2] = encode_v2,
	[FRAME_V3] = encode_v3,
};

int data_encoder_init(struct data_encoder *e, enum frame_gen gen, size_t frame_limit,
		      const struct msg_gps *gps)
{
	memset(e, 0, sizeof(*e));
	e->gen = gen;
	e->encode_whole = encoders[gen];
	e->frame_limit = frame_limit;
	if (gps && gen == FRAME_V3)
		encode_gps_v3(e, gps);
	else if (gps)
		encode_gps_v2(e, gps);
	if (e->gps_len > sizeof(e->gps))
		return -EMSGSIZE;
	assert(frame_limit > data_encoder_bound(e, 0));
	e->whole_len = (uint32_t)(frame_limit - data_encoder_bound(e, 0));
	return 0;
}

/* How many bytes of the packet go into one frame: less by what the frame is too long, until it
 * fits. A shorter length may itself take fewer bytes, hence the loop. */
static uint32_t fitting(const struct data_encoder *e, uint32_t seqno, const struct msg_data *d)
{
	struct msg_data shorter = *d;
	size_t total, excess;

	for (;;) {
		total = data_frame_put(e->gen, seqno, &shorter, fixed_gps(e), NULL, 0);
		if (total <= e->frame_limit)
			return shorter.packet.len;
		excess = total - e->frame_limit;
		if (excess >= shorter.packet.len)
			return 0;
		shorter.packet.len -= (uint32_t)excess;
	}
}

size_t data_encode_long(const struct data_encoder *e, uint32_t seqno, const struct msg_packet *p,
			uint8_t *buf, uint32_t *cut_bytes)
{
	struct msg_data d = { .packet = *p };

	d.packet.len = fitting(e, seqno, &d);
	*cut_bytes = p->len - d.packet.len;
	return e->encode_whole(e, seqno, &d.packet, buf);
}

size_t data_encode(const struct data_encoder *e, uint32_t seqno, const struct msg_data *d,
		   uint8_t *buf, size_t cap, uint32_t *cut_bytes)
{
	size_t limit = cap < e->frame_limit ? cap : e->frame_limit;
	struct msg_data cut = *d;
	size_t total;

	*cut_bytes = 0;
	total = data_frame_put(e->gen, seqno, d, fixed_gps(e), buf, limit);
	if (total > e->frame_limit && d->packet.data) {
		cut.packet.len = fitting(e, seqno, d);
		total = data_frame_put(e->gen, seqno, &cut, fixed_gps(e), buf, limit);
	}
	if (total > limit)
		return 0;
	*cut_bytes = d->packet.len - cut.packet.len;
	return total;
}
