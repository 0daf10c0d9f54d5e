/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of the protocol as a server needs to be fed (docs/protocol.md 1 and 2), in all three
 * generations. Written for itself, so that what it finds in a packet does not rest on the code
 * that is measured. */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_gen { WIRE_V0, WIRE_V2, WIRE_V3 };

enum wire_kind {
	WIRE_DATA,
	WIRE_PING,
	WIRE_PONG,
	WIRE_NEWSOURCE,
	WIRE_OPEN,
	WIRE_OPEN_REPORT,
	WIRE_OTHER,
};

struct wire_bytes {
	const uint8_t *at;
	size_t len;
};

struct wire_frame {
	enum wire_gen gen;
	enum wire_kind kind;
	uint32_t seqno;
	struct wire_bytes payload;	/* the inner message */
	size_t total;			/* header and all */
};

struct wire_packet {
	struct wire_bytes data;
	uint64_t orig_len, dlt, time_s, time_us;
};

/* A frame of a tool is never longer than servers accept. */
#define WIRE_FRAME_MAX 16383

/* Reads the frame at p without looking into data. Returns 1, 0 when it is not complete, or -1 when
 * there is none. */
int wire_next(const uint8_t *p, size_t have, struct wire_frame *f);
/* Whether the checksum of the v0 frame at p is right; other generations have none. */
bool wire_checksum_ok(const uint8_t *p, const struct wire_frame *f);

/* Takes a data report apart. False when anything in it is not as the protocol wants it. */
bool wire_read_packet(const struct wire_frame *f, struct wire_packet *out);
/* The definition in a NEWSOURCE; at is NULL when there is none. */
struct wire_bytes wire_read_definition(const struct wire_frame *f);

/* Frames of a server; both return the length. at has room for WIRE_FRAME_MAX bytes. */
size_t wire_put_open(uint8_t *at, enum wire_gen gen, uint32_t seqno, struct wire_bytes definition);
/* A PING, or the PONG to number. */
size_t wire_put_ping(uint8_t *at, enum wire_gen gen, uint32_t seqno);
size_t wire_put_pong(uint8_t *at, enum wire_gen gen, uint32_t seqno, uint32_t number);

#endif
