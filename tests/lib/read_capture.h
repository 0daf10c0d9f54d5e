/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a capture in memory with capture_reader, in pieces, and keeps what came out. */
#ifndef TESTS_LIB_READ_CAPTURE_H
#define TESTS_LIB_READ_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_pcapfile/byte_source.h"
#include "capture_pcapfile/capture_reader.h"

/* A stream of memory that comes in pieces. */
struct pieces {
	struct byte_source stream;	/* first */
	const uint8_t *data;
	size_t len, pos;
	size_t piece;			/* bytes at once; 0: as many as are asked for */
	bool pause;			/* BYTES_NOT_YET between two pieces */
	bool paused;
	size_t fail_at;			/* reading beyond it fails; 0: never */
};

void pieces_init(struct pieces *p, const void *data, size_t len, size_t piece, bool pause);

struct seen {
	uint32_t dlt, len, orig_len, interface;
	uint32_t number;		/* which packet of capfile_fill() it is; UINT32_MAX: none */
	bool has_time;
	uint64_t time_us;
	size_t options_len;
};

struct read_capture {
	enum reader_status status;	/* the last one */
	struct err e;
	struct seen *packets;
	size_t n;
	unsigned not_yet, busy;		/* how often that came */
};

/* Reads all of it. To be freed. */
void read_capture(struct read_capture *r, const void *data, size_t len);
void read_capture_pieces(struct read_capture *r, struct pieces *p);
void read_capture_free(struct read_capture *r);
bool read_capture_same(const struct read_capture *a, const struct read_capture *b);

#endif
