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

static const uint8_t v2_head[FRAME_V2_HEADER] = {
	0xDE, 0xCA, 0xFB, 0xAD, 0xAB, 0xCD, 0x00, 0x02, 0, 0, 0, 0,
	'K', 'D', 'S', 'D', 'A', 'T', 'A', 'R', 'E', 'P', 'O', 'R', 'T',
};

static int encode_gps_v3(struct data_encoder *e, const struct msg_gps *gps)
{
	struct mpack_writer w;

	mpack_writer_init(&w, e->gps, sizeof(e->gps));
	data_v3_put_gps_head(&w, gps);
	e->gps_cut = w.len;
	data_v3_put_gps_tail(&w, gps);
	e->gps_len = w.len;
	return w.len > w.cap ? -EMSGSIZE : 0;
}

static int encode_gps_v2(struct data_encoder *e, const struct msg_gps *gps)
{
	struct pb_writer w = { e->gps, sizeof(e->gps), 0 };

	data_v2_put_gps_head(&w, gps);
	e->gps_cut = w.len;
	data_v2_put_gps_tail(&w, gps);
	e->gps_len = w.len;
	return w.len > w.cap ? -EMSGSIZE : 0;
}

int data_encoder_init(struct data_encoder *e, enum frame_gen gen, size_t frame_limit,
		      const struct msg_gps *gps)
{
	memset(e, 0, sizeof(*e));
	e->gen = gen;
	e->frame_limit = frame_limit;
	assert(frame_limit >= data_encoder_bound(e, 0) + DATA_ENCODER_GPS_SIZE);
	if (!gps)
		return 0;
	return gen == FRAME_V3 ? encode_gps_v3(e, gps) : encode_gps_v2(e, gps);
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

static uint8_t *put_uint_v3(uint8_t *q, uint8_t id, uint64_t v)
{
	*q = id;
	return mpack_raw_uint(q + 1, v);
}

static uint8_t *put_time_v3(uint8_t *q, uint8_t id_s, uint64_t time_us)
{
	q = put_uint_v3(q, id_s, time_us / DATA_US_PER_S);
	return put_uint_v3(q, (uint8_t)(id_s + 1), time_us % DATA_US_PER_S);
}

static uint8_t *put_gps_v3(uint8_t *q, const struct data_encoder *e, uint64_t time_us)
{
	*q++ = V3_REPORT_GPS;
	q = put_gps_part(q, e, 0, e->gps_cut);
	q = put_time_v3(q, V3_GPS_TS_S, time_us);
	return put_gps_part(q, e, e->gps_cut, e->gps_len);
}

static size_t encode_packet_v3(const struct data_encoder *e, uint32_t seqno,
			       const struct msg_packet *p, uint32_t len, uint8_t *buf)
{
	uint8_t *q = buf + FRAME_V3_HEADER;

	*q++ = e->gps_len > 0 ? 0x82 : 0x81;
	if (e->gps_len > 0)
		q = put_gps_v3(q, e, p->time_us);
	*q++ = V3_REPORT_PACKET;
	*q++ = p->has_time ? 0x85 : 0x83;
	q = put_uint_v3(q, V3_PKT_DLT, p->dlt);
	if (p->has_time)
		q = put_time_v3(q, V3_PKT_TS_S, p->time_us);
	q = put_uint_v3(q, V3_PKT_LENGTH, p->orig_len);
	*q++ = V3_PKT_CONTENT;
	q = mpack_raw_bin_head(q, len);
	memcpy(q, p->data, len);
	q += len;
	frame_put_v3(buf, V3_TYPE_PACKET, 0, seqno, (uint32_t)(q - buf - FRAME_V3_HEADER));
	return (size_t)(q - buf);
}

static uint8_t *put_time_v2(uint8_t *q, unsigned int no_sec, uint64_t time_us)
{
	q = pb_put_uint(q, no_sec, time_us / DATA_US_PER_S);
	return pb_put_uint(q, no_sec + 1, time_us % DATA_US_PER_S);
}

static uint8_t *put_gps_v2(uint8_t *q, const struct data_encoder *e, uint64_t time_us)
{
	uint8_t time[4 * PB_VARINT_MAX];
	size_t time_len = (size_t)(put_time_v2(time, V2_GPS_TIME_SEC, time_us) - time);

	q = pb_put_varint(pb_put_tag(q, V2_REPORT_GPS, PB_BYTES), e->gps_len + time_len);
	q = put_gps_part(q, e, 0, e->gps_cut);
	memcpy(q, time, time_len);
	return put_gps_part(q + time_len, e, e->gps_cut, e->gps_len);
}

/* What comes before the data goes into a scratch buffer first: its length is in front of it. */
static uint8_t *put_packet_v2(uint8_t *q, const struct msg_packet *p, uint32_t len)
{
	uint8_t head[PACKET_HEAD_MAX] = { 0 }, tail[1 + PB_VARINT_MAX];
	uint8_t *h = head, *t = tail;

	h = put_time_v2(h, V2_PACKET_TIME_SEC, p->time_us);
	h = pb_put_uint(h, V2_PACKET_DLT, p->dlt);
	h = pb_put_uint(h, V2_PACKET_SIZE, len);
	h = pb_put_varint(pb_put_tag(h, V2_PACKET_DATA, PB_BYTES), len);
	if (p->orig_len != len)
		t = pb_put_uint(t, V2_PACKET_CAP_SIZE, p->orig_len);
	q = pb_put_tag(q, V2_REPORT_PACKET, PB_BYTES);
	q = pb_put_varint(q, (size_t)(h - head) + len + (size_t)(t - tail));
	memcpy(q, head, sizeof(head));	/* all of it: a fixed size is quicker */
	q += h - head;
	memcpy(q, p->data, len);
	q += len;
	for (const uint8_t *from = tail; from < t; from++)
		*q++ = *from;
	return q;
}

static uint8_t *put_report_v2(uint8_t *q, const struct data_encoder *e,
			      const struct msg_packet *p, uint32_t len)
{
	if (e->gps_len > 0)
		q = put_gps_v2(q, e, p->time_us);
	return put_packet_v2(q, p, len);
}

static size_t encode_packet_v2(const struct data_encoder *e, uint32_t seqno,
			       const struct msg_packet *p, uint32_t len, uint8_t *buf)
{
	uint8_t *end = put_report_v2(buf + FRAME_V2_HEADER, e, p, len);

	memcpy(buf, v2_head, sizeof(v2_head));
	put_be32(buf + 8, (uint32_t)(end - buf - FRAME_V2_HEADER));
	put_be32(buf + 44, seqno);
	return (size_t)(end - buf);
}

static size_t encode_packet_v0(const struct data_encoder *e, uint32_t seqno,
			       const struct msg_packet *p, uint32_t len, uint8_t *buf)
{
	struct frame head = {
		.gen = FRAME_V0,
		.seqno = seqno,
		.name = text_of(V2_NAME_DATA),
		.payload_len = e->gps_len + PACKET_HEAD_MAX + len,
	};
	size_t at = frame_head_size(&head);
	uint8_t *end = put_report_v2(buf + at, e, p, len);

	head.payload_len = (size_t)(end - buf) - at;
	return frame_finish(&head, at, buf, data_encoder_bound(e, p->len));
}

/* How many bytes of the packet go into one frame. Shorter lengths take fewer bytes themselves, so
 * the second try may leave room for one byte more; never less. */
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

size_t data_encode_packet(const struct data_encoder *e, uint32_t seqno,
			  const struct msg_packet *p, uint8_t *buf, uint32_t *cut_bytes)
{
	uint32_t len = p->len;

	if (data_encoder_bound(e, len) > e->frame_limit) {
		struct msg_data d = { .packet = *p };

		len = fitting(e, seqno, &d);
	}
	*cut_bytes = p->len - len;
	switch (e->gen) {
	case FRAME_V0:
		return encode_packet_v0(e, seqno, p, len, buf);
	case FRAME_V2:
		return encode_packet_v2(e, seqno, p, len, buf);
	case FRAME_V3:
		break;
	}
	return encode_packet_v3(e, seqno, p, len, buf);
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
