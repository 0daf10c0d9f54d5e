/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside protocol/: how each generation writes and reads the payload of a data report. */
#ifndef PROTOCOL_DATA_CODEC_H
#define PROTOCOL_DATA_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/mpack.h"
#include "protocol/msg.h"
#include "protocol/pb.h"

#define DATA_US_PER_S 1000000u

/* A position that is encoded already: the time of the report goes in at cut. In v3 bytes starts
 * with the map's head; in v2 it is the fields without the message's length. */
struct data_gps_bytes {
	const uint8_t *bytes;
	size_t len;			/* 0: none */
	size_t cut;
};

/* Write the report; fixed stands in for a position that d does not have. */
void data_v2_put(struct pb_writer *w, const struct msg_data *d, struct data_gps_bytes fixed);
void data_v3_put(struct mpack_writer *w, const struct msg_data *d, struct data_gps_bytes fixed);

/* The two parts of a position, as struct data_gps_bytes wants them. */
void data_v2_put_gps_head(struct pb_writer *w, const struct msg_gps *g);
void data_v2_put_gps_tail(struct pb_writer *w, const struct msg_gps *g);
void data_v3_put_gps_head(struct mpack_writer *w, const struct msg_gps *g);
void data_v3_put_gps_tail(struct mpack_writer *w, const struct msg_gps *g);

/* Read the report into a zeroed d. Return 0 or -EPROTO. */
int data_v2_get(const uint8_t *payload, size_t len, struct msg_data *d);
int data_v3_get(const uint8_t *payload, size_t len, struct msg_data *d);

/* The whole frame of a data report. Returns its length; > cap when it did not fit, and 0 when gen
 * cannot carry it. */
size_t data_frame_put(enum frame_gen gen, uint32_t seqno, const struct msg_data *d,
		      struct data_gps_bytes fixed, uint8_t *buf, size_t cap);

/* Whether servers know this display class (docs/protocol.md 2.3). */
static inline bool msg_class_valid(uint64_t class)
{
	return class == MSG_CLASS_DEBUG || class == MSG_CLASS_INFO || class == MSG_CLASS_ERROR ||
	       class == MSG_CLASS_ALERT || class == MSG_CLASS_FATAL;
}

/* The time that a report is of. */
static inline uint64_t data_time_us(const struct msg_data *d)
{
	if (d->packet.data)
		return d->packet.time_us;
	return d->json.type.s ? d->json.time_us : d->buffer.time_us;
}

#endif
