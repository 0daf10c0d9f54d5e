/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a stream that is in memory: what was read and not yet used up, in one piece.
 *
 * Its memory is WINDOW_BYTES, more only around records that need more. */
#ifndef CAPTURE_PCAPFILE_WINDOW_H
#define CAPTURE_PCAPFILE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_pcapfile/byte_source.h"

#define WINDOW_BYTES ((size_t)128 << 10)

struct window {
	struct byte_source *stream;	/* borrowed */
	uint8_t *buf;
	size_t cap;
	size_t start, end;		/* not yet used: buf[start..end) */
	uint64_t base;			/* where in the stream buf[0] is */
	size_t read_max;		/* never ask the stream for more at once */
	bool cut;			/* the stream ended early */
	unsigned small_fills;		/* since a record last needed more */
};

int window_init(struct window *w, struct byte_source *stream, struct err *e);
/* Starts over with this stream, which is at its beginning. */
void window_restart(struct window *w, struct byte_source *stream);
void window_free(struct window *w);

static inline size_t window_have(const struct window *w)
{
	return w->end - w->start;
}

/* The next byte. Valid, as all that came from here, until window_need() or window_skip(). */
static inline const uint8_t *window_at(const struct window *w)
{
	return w->buf + w->start;
}

static inline void window_use(struct window *w, size_t n)
{
	w->start += n;
}

/* Where in the stream the next byte is. */
static inline uint64_t window_offset(const struct window *w)
{
	return w->base + w->start;
}

/* Reads until there are n bytes. BYTES_READ: they are there. BYTES_END: the stream ended before
 * (w->cut tells whether too early); what is left of it can be used. */
enum byte_status window_need(struct window *w, size_t n, struct err *e);

/* Drops *left bytes, counting down. BYTES_READ: all of them; BYTES_NOT_YET: go on later. *busy is
 * set when there is more to drop right now. */
enum byte_status window_skip(struct window *w, uint64_t *left, bool *busy, struct err *e);

#endif
