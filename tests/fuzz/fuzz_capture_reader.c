/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture reader with arbitrary files, compressed ones too, arriving in arbitrary pieces. The
 * first byte of the input chooses the pieces; the packets must be the same for all. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_pcapfile/capture_reader.h"
#include "capture_pcapfile/kismet_gps.h"
#include "capture_pcapfile/pcapng_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small inputs can hold a lot of compressed packets. */
#define PACKETS_MAX 20000

struct stream {
	struct byte_source base;
	const uint8_t *data;
	size_t len, pos;
	uint32_t random;		/* 0: everything at once */
};

static uint32_t next_random(struct stream *s)
{
	s->random = s->random * 1664525u + 1013904223u;
	return s->random >> 16;
}

static enum byte_status stream_read(struct byte_source *b, uint8_t *buf, size_t room, size_t *n,
				    struct err *e)
{
	struct stream *s = (struct stream *)b;
	size_t take = s->len - s->pos;

	(void)e;
	if (s->random != 0) {
		if (next_random(s) % 4 == 0)
			return BYTES_NOT_YET;
		if (take > next_random(s) % 64 + 1)
			take = next_random(s) % 64 + 1;
	}
	if (take > room)
		take = room;
	if (take > s->len - s->pos)
		take = s->len - s->pos;
	if (take == 0)
		return BYTES_END;
	memcpy(buf, s->data + s->pos, take);
	s->pos += take;
	*n = take;
	return BYTES_READ;
}

static void stream_free(struct byte_source *b)
{
	(void)b;
}

/* Touches everything that a packet points to. */
static uint64_t look_at(const struct reader_packet *p)
{
	uint64_t sum = p->packet.time_us ^ p->packet.dlt ^ p->interface;
	struct pcapng_option o;
	struct msg_gps gps;
	const uint8_t *data;
	size_t pos = 0, len;
	uint32_t i;

	assert(p->packet.orig_len >= p->packet.len);
	assert(p->packet.has_time || p->packet.time_us == 0);
	for (i = 0; i < p->packet.len; i++)
		sum = sum * 31 + p->packet.data[i];
	if (p->options_len == 0)
		return sum;
	while (pcapng_option_next(p->options, p->options_len, &pos, p->big, &o))
		for (i = 0; i < o.len; i++)
			sum = sum * 31 + o.value[i];
	if (pcapng_option_custom(p->options, p->options_len, p->big, KISMET_OPTION_GPS,
				 KISMET_ENTERPRISE, &data, &len) &&
	    kismet_gps_parse(data, len, p->big, &gps))
		assert(gps.lat_deg >= -90 && gps.lat_deg <= 90 && gps.lon_deg >= -180 &&
		       gps.lon_deg <= 180);
	return sum;
}

struct outcome {
	enum reader_status status;
	uint64_t packets, sum;
};

static struct outcome read_all(const uint8_t *data, size_t len, uint32_t random)
{
	struct stream s = { { stream_read, stream_free }, data, len, 0, random };
	struct outcome o = { READER_OK, 0, 0 };
	struct reader_packet p = { 0 };
	struct err e = { 0 };
	struct capture_reader *r = capture_reader_new(&s.base, &e);

	while (o.packets < PACKETS_MAX && (o.status == READER_OK || o.status == READER_NOT_YET ||
					   o.status == READER_BUSY)) {
		o.status = capture_reader_next(r, &p, &e);
		if (o.status != READER_OK)
			continue;
		o.sum = o.sum * 31 + look_at(&p);
		o.packets++;
	}
	if (o.status != READER_OK && o.status != READER_END)
		assert(e.text[0] != '\0');
	capture_reader_free(r);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome a, b;

	if (size < 1)
		return 0;
	a = read_all(data + 1, size - 1, 0);
	b = read_all(data + 1, size - 1, data[0] * 2654435761u + 1);
	assert(a.packets == b.packets && a.sum == b.sum && a.status == b.status);
	return 0;
}
