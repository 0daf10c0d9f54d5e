/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MessagePack over the caller's memory: a writer and a reading cursor, just what v3 needs
 * (docs/protocol.md 2.6). Own code, because this is the packet path: no allocation, and
 * nothing that a hostile length could make us reserve. Tests hold it against msgpack-c.
 *
 * Check once, at the end: a writer goes on counting when its memory is full (as snprintf()
 * does), a reader does nothing after the first error. */
#ifndef PROTOCOL_MPACK_H
#define PROTOCOL_MPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/text.h"

struct mpack_writer {
	uint8_t *buf;
	size_t cap;
	size_t len;			/* > cap: did not fit, this much would have been needed */
};

void mpack_writer_init(struct mpack_writer *w, uint8_t *buf, size_t cap);
/* Integers take the shortest encoding, as the original tools write them. */
void mpack_put_uint(struct mpack_writer *w, uint64_t v);
void mpack_put_bool(struct mpack_writer *w, bool v);
void mpack_put_float(struct mpack_writer *w, float v);
void mpack_put_double(struct mpack_writer *w, double v);
void mpack_put_text(struct mpack_writer *w, struct text t);
void mpack_put_bin(struct mpack_writer *w, const void *data, size_t len);
void mpack_put_array(struct mpack_writer *w, uint32_t n);	/* n values follow */
void mpack_put_map(struct mpack_writer *w, uint32_t n);		/* n pairs follow */
/* Bytes that are MessagePack already. */
void mpack_put_raw(struct mpack_writer *w, const void *data, size_t len);

struct mpack_reader {
	const uint8_t *pos, *end;
	bool bad;			/* malformed, or not of the type asked for */
};

void mpack_reader_init(struct mpack_reader *r, const uint8_t *data, size_t len);
/* An integer of any width and signedness from 0 to max. Negative ones and floats are errors. */
uint64_t mpack_get_uint(struct mpack_reader *r, uint64_t max);
bool mpack_get_bool(struct mpack_reader *r);
double mpack_get_number(struct mpack_reader *r);	/* float32, float64 or any integer */
struct text mpack_get_text(struct mpack_reader *r);	/* str */
struct text mpack_get_bytes(struct mpack_reader *r);	/* str, bin or ext */
uint32_t mpack_get_array(struct mpack_reader *r);	/* how many values follow */
uint32_t mpack_get_map(struct mpack_reader *r);		/* how many pairs follow */
bool mpack_is_text(const struct mpack_reader *r);	/* whether a str comes next */
void mpack_skip(struct mpack_reader *r);		/* one value, however deep (bounded) */

/* The pairs of one map whose keys are small numbers. Keys that are not looked up are skipped,
 * value and all; one that is looked up may occur only once (docs/protocol.md 2.6).
 *
 *	mpack_map_open(&m, r, MPACK_ID(1) | MPACK_ID(2));
 *	while ((id = mpack_map_next(&m)) != 0)
 *		read the value of id from r
 */
struct mpack_map {
	struct mpack_reader *r;
	uint32_t left;			/* pairs to come */
	uint32_t known, seen;		/* bit n: id n */
};

#define MPACK_ID(id) ((uint32_t)1 << (id))
/* Ids of our own are 1000 to 1007; mpack_map_next() returns them as MPACK_OWN(0) to (7). */
#define MPACK_OWN_FIRST 1000
#define MPACK_OWN(n) (24 + (n))

void mpack_map_open(struct mpack_map *m, struct mpack_reader *r, uint32_t known);
/* The next id looked up; 0 at the end and when the input is bad. */
unsigned int mpack_map_next(struct mpack_map *m);

#endif
