/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole frames of data reports. */
#include "protocol/data_codec.h"
#include "protocol/v2_fields.h"
#include "protocol/v3_ids.h"

static size_t put_v3(uint32_t seqno, const struct msg_data *d, struct data_gps_bytes fixed,
		     uint8_t *buf, size_t cap)
{
	struct mpack_writer w;

	if (d->buffer.data)
		return 0;
	if (cap < FRAME_V3_HEADER)
		mpack_writer_init(&w, NULL, 0);
	else
		mpack_writer_init(&w, buf + FRAME_V3_HEADER, cap - FRAME_V3_HEADER);
	data_v3_put(&w, d, fixed);
	if (FRAME_V3_HEADER + w.len <= cap)
		frame_put_v3(buf, V3_TYPE_PACKET, 0, seqno, (uint32_t)w.len);
	return FRAME_V3_HEADER + w.len;
}

static size_t put_v2(struct frame *head, const struct msg_data *d, struct data_gps_bytes fixed,
		     uint8_t *buf, size_t cap)
{
	struct pb_writer w = { NULL, 0, 0 };
	size_t at;

	data_v2_put(&w, d, fixed);
	head->payload_len = w.len;
	at = frame_head_size(head);
	if (at + w.len > cap)
		return at + w.len;
	w = (struct pb_writer){ buf + at, w.len, 0 };
	data_v2_put(&w, d, fixed);
	return frame_finish(head, at, buf, cap);
}

size_t data_frame_put(enum frame_gen gen, uint32_t seqno, const struct msg_data *d,
		      struct data_gps_bytes fixed, uint8_t *buf, size_t cap)
{
	struct frame head = { .gen = gen, .seqno = seqno, .name = text_of(V2_NAME_DATA) };

	if (gen == FRAME_V3)
		return put_v3(seqno, d, fixed, buf, cap);
	return put_v2(&head, d, fixed, buf, cap);
}
