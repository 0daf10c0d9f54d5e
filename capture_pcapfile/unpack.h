/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams inside compressed streams: gzip and zstd, as far as they were built in. */
#ifndef CAPTURE_PCAPFILE_UNPACK_H
#define CAPTURE_PCAPFILE_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "capture_pcapfile/byte_source.h"

/* More of a stream's first bytes than UNPACK_HEAD_MAX cannot be handed on. */
#define UNPACK_MAGIC 6
#define UNPACK_HEAD_MAX 256

/* Looks at the first len bytes of a stream. When they begin compressed data, *out becomes the
 * stream of what is inside; it reads on from packed, which it borrows and which must outlive it.
 * Otherwise *out is NULL. Returns 0, or -1 when it is compressed in a way that this build does
 * not read. */
int unpack_open(struct byte_source *packed, const uint8_t *head, size_t len,
		struct byte_source **out, struct err *e);

/* For unpack.c. NULL with e set: not built in (unpack_gzip_none.c), or no memory. */
struct byte_source *unpack_gzip_open(struct byte_source *packed, const uint8_t *head, size_t len,
				     struct err *e);
struct byte_source *unpack_zstd_open(struct byte_source *packed, const uint8_t *head, size_t len,
				     struct err *e);

#endif
