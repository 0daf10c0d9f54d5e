/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet path: data reports written straight into a batch, many to one send. No memory is
 * taken, nothing is converted twice, and a fixed position is encoded once.
 *
 * The bytes are the ones that msg_encode() writes for the same message: a test holds the two
 * against each other. */
#ifndef PROTOCOL_DATA_ENCODER_H
#define PROTOCOL_DATA_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/frame.h"
#include "protocol/msg.h"

#define DATA_ENCODER_GPS_SIZE 256

/* A plain value; set up by data_encoder_init(), then only read. */
struct data_encoder {
	enum frame_gen gen;
	/* Writes a packet that is surely not cut. */
	size_t (*encode_whole)(const struct data_encoder *e, uint32_t seqno,
			       const struct msg_packet *p, uint8_t *buf);
	size_t frame_limit;		/* longest frame that the server accepts */
	uint32_t whole_len;		/* packets of up to this length are surely not cut */
	/* The fixed position in the generation's encoding, without its time. */
	uint8_t gps[DATA_ENCODER_GPS_SIZE];
	size_t gps_len;			/* 0: none */
	size_t gps_cut;			/* where the time goes in */
};

/* gps (or NULL): the position for every report that has none of its own; its time_us is not
 * used, the record's time stands in for it. Returns 0, or -EMSGSIZE when its texts are too
 * long for the encoder. */
int data_encoder_init(struct data_encoder *e, enum frame_gen gen, size_t frame_limit,
		      const struct msg_gps *gps);

/* The most bytes that a report of this packet can take, headers included: a cheap bound to
 * decide whether it still fits in the batch. */
static inline size_t data_encoder_bound(const struct data_encoder *e, uint32_t len)
{
	size_t bytes = len < e->frame_limit ? len : e->frame_limit;

	return bytes + e->gps_len + 160;
}

/* The part of data_encode_packet() for packets that may have to be cut. */
size_t data_encode_long(const struct data_encoder *e, uint32_t seqno, const struct msg_packet *p,
			uint8_t *buf, uint32_t *cut_bytes);

/* Writes a packet report without signal and own position: the common case. Bytes that would
 * make the frame longer than the limit are cut off the end and orig_len kept; *cut_bytes tells
 * how many. Returns the frame's length; cap must be at least data_encoder_bound(). */
static inline size_t data_encode_packet(const struct data_encoder *e, uint32_t seqno,
					const struct msg_packet *p, uint8_t *buf,
					uint32_t *cut_bytes)
{
	if (p->len > e->whole_len)
		return data_encode_long(e, seqno, p, buf, cut_bytes);
	*cut_bytes = 0;
	return e->encode_whole(e, seqno, p, buf);
}

/* Writes any data report. Returns 0 when it cannot be carried: longer than cap or the limit
 * (JSON cannot be cut), or a buffer in v3. */
size_t data_encode(const struct data_encoder *e, uint32_t seqno, const struct msg_data *d,
		   uint8_t *buf, size_t cap, uint32_t *cut_bytes);

#endif
