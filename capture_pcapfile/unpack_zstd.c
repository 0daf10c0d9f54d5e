/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is inside a zstd stream (RFC 8878), all its frames one after the other. */
#include "capture_pcapfile/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define INPUT_BYTES 16384

/* 8 MiB, what zstd(1) uses up to level 19: the memory is taken only when a file asks for it. */
#define WINDOW_LOG_MAX 23

struct zstd {
	struct byte_source stream;	/* first: the stream is the whole */
	struct byte_source *packed;
	ZSTD_DCtx *d;
	ZSTD_inBuffer in;
	bool inside;			/* of a frame */
	bool pending;			/* the last output filled its buffer */
	uint8_t input[INPUT_BYTES];
};

static enum byte_status more_input(struct zstd *z, struct err *e)
{
	enum byte_status status;
	size_t got;

	if (z->pending || z->in.pos < z->in.size)
		return BYTES_READ;
	status = z->packed->read(z->packed, z->input, sizeof(z->input), &got, e);
	if (status == BYTES_READ) {
		z->in.size = got;
		z->in.pos = 0;
	} else if (status == BYTES_END && z->inside) {
		return BYTES_CUT;
	}
	return status;
}

static enum byte_status failed(size_t code, struct err *e)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		err_set(e, ERR_UNSUPPORTED, "zstd: it needs a window of more than %d MiB: send it "
			"through \"zstd -dc --long=31\" and standard input",
			1 << (WINDOW_LOG_MAX - 20));
		break;
	case ZSTD_error_memory_allocation:
		err_set(e, ERR_NO_MEMORY, "zstd: out of memory");
		break;
	default:
		err_set(e, ERR_DATA, "zstd: %s", ZSTD_getErrorName(code));
		break;
	}
	return BYTES_FAILED;
}

static enum byte_status zstd_read(struct byte_source *b, uint8_t *buf, size_t room, size_t *n,
				  struct err *e)
{
	struct zstd *z = (struct zstd *)b;
	ZSTD_outBuffer out = { buf, room, 0 };
	enum byte_status status = BYTES_READ;
	size_t result;

	while (status == BYTES_READ && out.pos == 0) {
		status = more_input(z, e);
		if (status != BYTES_READ)
			break;
		result = ZSTD_decompressStream(z->d, &out, &z->in);
		if (ZSTD_isError(result)) {
			status = failed(result, e);
			break;
		}
		z->inside = result != 0;
		z->pending = z->inside && out.pos == out.size;
	}
	*n = out.pos;
	return out.pos > 0 ? BYTES_READ : status;
}

static void zstd_free(struct byte_source *b)
{
	struct zstd *z = (struct zstd *)b;

	ZSTD_freeDCtx(z->d);
	free(z);
}

struct byte_source *unpack_zstd_open(struct byte_source *packed, const uint8_t *head, size_t len,
				     struct err *e)
{
	struct zstd *z = calloc(1, sizeof(*z));

	if (z)
		z->d = ZSTD_createDCtx();
	if (!z || !z->d) {
		free(z);
		err_set(e, ERR_NO_MEMORY, "zstd: out of memory");
		return NULL;
	}
	ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	z->stream = (struct byte_source){ zstd_read, zstd_free };
	z->packed = packed;
	memcpy(z->input, head, len);
	z->in = (ZSTD_inBuffer){ z->input, len, 0 };
	return &z->stream;
}
