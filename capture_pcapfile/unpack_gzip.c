/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside a gzip stream (RFC 1952), all its members one after the other. */
#include "capture_pcapfile/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INPUT_BYTES 16384

struct gzip {
	struct byte_source stream;	/* first: the stream is the whole */
	struct byte_source *packed;
	z_stream z;
	bool between;			/* a member has ended, no other one has begun */
	bool over;			/* what follows the last member is no gzip */
	uint8_t input[INPUT_BYTES];
};

/* Makes input available. BYTES_READ: it is. */
static enum byte_status more_input(struct gzip *g, struct err *e)
{
	enum byte_status status;
	size_t got;

	if (g->z.avail_in > 0)
		return BYTES_READ;
	status = g->packed->read(g->packed, g->input, sizeof(g->input), &got, e);
	if (status == BYTES_READ) {
		g->z.next_in = g->input;
		g->z.avail_in = (uInt)got;
	} else if (status == BYTES_END && !g->between) {
		return BYTES_CUT;
	}
	return status;
}

/* After a member: another one, or padding, which gzip(1) ignores too. */
static enum byte_status next_member(struct gzip *g, struct err *e)
{
	if (g->z.next_in[0] != 0x1f) {
		g->over = true;
		return BYTES_END;
	}
	if (inflateReset(&g->z) != Z_OK) {
		err_set(e, ERR_NO_MEMORY, "gzip: cannot start over");
		return BYTES_FAILED;
	}
	g->between = false;
	return BYTES_READ;
}

static enum byte_status inflate_some(struct gzip *g, struct err *e)
{
	int result = inflate(&g->z, Z_NO_FLUSH);

	if (result == Z_OK || result == Z_BUF_ERROR)
		return BYTES_READ;
	if (result == Z_STREAM_END) {
		g->between = true;
		return BYTES_READ;
	}
	if (result == Z_MEM_ERROR)
		err_set(e, ERR_NO_MEMORY, "gzip: out of memory");
	else
		err_set(e, ERR_DATA, "gzip: %s", g->z.msg ? g->z.msg : "damaged");
	return BYTES_FAILED;
}

static enum byte_status gzip_read(struct byte_source *b, uint8_t *buf, size_t room, size_t *n,
				  struct err *e)
{
	struct gzip *g = (struct gzip *)b;
	enum byte_status status = g->over ? BYTES_END : BYTES_READ;

	g->z.next_out = buf;
	g->z.avail_out = (uInt)room;
	while (status == BYTES_READ && g->z.next_out == buf) {
		status = more_input(g, e);
		if (status == BYTES_READ && g->between)
			status = next_member(g, e);
		if (status == BYTES_READ)
			status = inflate_some(g, e);
	}
	*n = (size_t)(g->z.next_out - buf);
	return *n > 0 ? BYTES_READ : status;
}

static void gzip_free(struct byte_source *b)
{
	struct gzip *g = (struct gzip *)b;

	inflateEnd(&g->z);
	free(g);
}

struct byte_source *unpack_gzip_open(struct byte_source *packed, const uint8_t *head, size_t len,
				     struct err *e)
{
	struct gzip *g = calloc(1, sizeof(*g));

	/* 15: the largest window there is, 32 KiB; 16: with a gzip header. */
	if (!g || inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g);
		err_set(e, ERR_NO_MEMORY, "gzip: out of memory");
		return NULL;
	}
	g->stream = (struct byte_source){ gzip_read, gzip_free };
	g->packed = packed;
	memcpy(g->input, head, len);
	g->z.next_in = g->input;
	g->z.avail_in = (uInt)len;
	return &g->stream;
}
