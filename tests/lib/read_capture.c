/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a capture in memory with capture_reader, in pieces, and keeps what came out. */
#include "tests/lib/read_capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/capfile.h"

static enum byte_status pieces_read(struct byte_source *b, uint8_t *buf, size_t room, size_t *n,
				    struct err *e)
{
	struct pieces *p = (struct pieces *)b;
	size_t take = p->len - p->pos;

	p->paused = p->pause && !p->paused;
	if (p->paused)
		return BYTES_NOT_YET;
	if (p->fail_at != 0 && p->pos >= p->fail_at) {
		err_sys(e, EIO, "read");
		return BYTES_FAILED;
	}
	if (take == 0)
		return BYTES_END;
	if (p->piece != 0 && take > p->piece)
		take = p->piece;
	if (take > room)
		take = room;
	memcpy(buf, p->data + p->pos, take);
	p->pos += take;
	*n = take;
	return BYTES_READ;
}

static void pieces_free(struct byte_source *b)
{
	(void)b;
}

void pieces_init(struct pieces *p, const void *data, size_t len, size_t piece, bool pause)
{
	*p = (struct pieces){
		.stream = { pieces_read, pieces_free },
		.data = data,
		.len = len,
		.piece = piece,
		.pause = pause,
	};
}

/* The number is in the first bytes, as far as they tell: tests use numbers below 100. */
static uint32_t number_of(const uint8_t *data, uint32_t len)
{
	uint8_t *want = malloc(len + 1);
	uint32_t n;

	for (n = 0; n < 100; n++) {
		capfile_fill(want, len, n);
		if (memcmp(data, want, len) == 0)
			break;
	}
	free(want);
	return n < 100 ? n : UINT32_MAX;
}

static void keep(struct read_capture *r, const struct reader_packet *p)
{
	r->packets = realloc(r->packets, (r->n + 1) * sizeof(*r->packets));
	if (!r->packets)
		abort();
	r->packets[r->n++] = (struct seen){
		.dlt = p->packet.dlt,
		.len = p->packet.len,
		.orig_len = p->packet.orig_len,
		.interface = p->interface,
		.number = number_of(p->packet.data, p->packet.len),
		.has_time = p->packet.has_time,
		.time_us = p->packet.time_us,
		.options_len = p->options_len,
	};
}

void read_capture_pieces(struct read_capture *r, struct pieces *p)
{
	struct reader_packet packet = { 0 };
	struct capture_reader *reader;

	memset(r, 0, sizeof(*r));
	reader = capture_reader_new(&p->stream, &r->e);
	if (!reader)
		abort();
	for (;;) {
		r->status = capture_reader_next(reader, &packet, &r->e);
		if (r->status == READER_OK)
			keep(r, &packet);
		else if (r->status == READER_NOT_YET)
			r->not_yet++;
		else if (r->status == READER_BUSY)
			r->busy++;
		else
			break;
	}
	if (capture_reader_packets(reader) != r->n)
		abort();
	capture_reader_free(reader);
}

void read_capture(struct read_capture *r, const void *data, size_t len)
{
	struct pieces p;

	pieces_init(&p, data, len, 0, false);
	read_capture_pieces(r, &p);
}

void read_capture_free(struct read_capture *r)
{
	free(r->packets);
	r->packets = NULL;
	r->n = 0;
}

static bool same_packet(const struct seen *a, const struct seen *b)
{
	return a->dlt == b->dlt && a->len == b->len && a->orig_len == b->orig_len &&
	       a->interface == b->interface && a->number == b->number &&
	       a->has_time == b->has_time && a->time_us == b->time_us &&
	       a->options_len == b->options_len;
}

bool read_capture_same(const struct read_capture *a, const struct read_capture *b)
{
	size_t i;

	if (a->n != b->n || a->status != b->status)
		return false;
	for (i = 0; i < a->n; i++)
		if (!same_packet(&a->packets[i], &b->packets[i]))
			return false;
	return true;
}
