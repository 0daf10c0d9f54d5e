/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a stream that is in memory. */
#include "capture_pcapfile/window.h"

#include <stdlib.h>
#include <string.h>

/* How often window_skip() reads before it gives others a turn. */
#define SKIP_READS 8
/* Refills after which a buffer that had to grow shrinks again. */
#define SHRINK_AFTER 32

int window_init(struct window *w, struct byte_source *stream, struct err *e)
{
	memset(w, 0, sizeof(*w));
	w->buf = malloc(WINDOW_BYTES);
	if (!w->buf)
		return err_set(e, ERR_NO_MEMORY, "no memory for a read buffer");
	w->cap = WINDOW_BYTES;
	window_restart(w, stream);
	return 0;
}

void window_restart(struct window *w, struct byte_source *stream)
{
	w->stream = stream;
	w->start = w->end = 0;
	w->base = 0;
	w->read_max = SIZE_MAX;
	w->cut = false;
}

void window_free(struct window *w)
{
	free(w->buf);
	w->buf = NULL;
}

/* The size that the buffer should have for n bytes. A large one is kept for a while, because one
 * large record seldom comes alone. */
static size_t wanted_cap(struct window *w, size_t n)
{
	if (n > WINDOW_BYTES) {
		w->small_fills = 0;
		n = (n + WINDOW_BYTES - 1) / WINDOW_BYTES * WINDOW_BYTES;
		return n > w->cap ? n : w->cap;
	}
	if (w->cap > WINDOW_BYTES && ++w->small_fills < SHRINK_AFTER)
		return w->cap;
	return WINDOW_BYTES;
}

/* Moves what is left to the front of the buffer, or of another one. */
static int make_room(struct window *w, size_t n, struct err *e)
{
	size_t left = window_have(w);
	size_t cap = wanted_cap(w, n);
	uint8_t *buf = w->buf;

	if (cap != w->cap) {
		buf = malloc(cap);
		if (!buf)
			return err_set(e, ERR_NO_MEMORY, "no memory for a record of %zu bytes", n);
	}
	if (w->start != 0 || buf != w->buf)
		memmove(buf, w->buf + w->start, left);
	if (buf != w->buf) {
		free(w->buf);
		w->buf = buf;
		w->cap = cap;
	}
	w->base += w->start;
	w->start = 0;
	w->end = left;
	return 0;
}

enum byte_status window_need(struct window *w, size_t n, struct err *e)
{
	/* A grown buffer is only filled as far as it has to be. */
	const size_t limit = n > WINDOW_BYTES ? n : WINDOW_BYTES;
	enum byte_status status;
	size_t room, got;

	if (window_have(w) >= n)
		return BYTES_READ;
	if (make_room(w, n, e) < 0)
		return BYTES_FAILED;
	while (w->end < n) {
		room = limit - w->end;
		status = w->stream->read(w->stream, w->buf + w->end,
					 room < w->read_max ? room : w->read_max, &got, e);
		if (status == BYTES_CUT) {
			w->cut = true;
			return BYTES_END;
		}
		if (status != BYTES_READ)
			return status;
		w->end += got;
	}
	return BYTES_READ;
}

enum byte_status window_skip(struct window *w, uint64_t *left, bool *busy, struct err *e)
{
	enum byte_status status;
	size_t take;
	int i;

	*busy = false;
	for (i = 0; i < SKIP_READS; i++) {
		take = *left < window_have(w) ? (size_t)*left : window_have(w);
		window_use(w, take);
		*left -= take;
		if (*left == 0)
			return BYTES_READ;
		status = window_need(w, 1, e);
		if (status != BYTES_READ)
			return status;
	}
	*busy = true;
	return BYTES_NOT_YET;
}
