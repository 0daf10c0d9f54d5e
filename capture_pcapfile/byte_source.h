/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of bytes that is read without ever waiting: a file, a pipe, or what one of them holds
 * in compressed form. Implementations put this struct first in their own. */
#ifndef CAPTURE_PCAPFILE_BYTE_SOURCE_H
#define CAPTURE_PCAPFILE_BYTE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

enum byte_status {
	BYTES_READ,
	BYTES_NOT_YET,		/* none at the moment */
	BYTES_END,
	BYTES_CUT,		/* the stream ended, but not where it should have */
	BYTES_FAILED,		/* e says why; ERR_DATA when the content is at fault */
};

struct byte_source {
	/* BYTES_READ: 1 to room bytes were put at buf, *n says how many. room is not 0. */
	enum byte_status (*read)(struct byte_source *b, uint8_t *buf, size_t room, size_t *n,
				 struct err *e);
	void (*free)(struct byte_source *b);
};

static inline void byte_source_free(struct byte_source *b)	/* NULL is fine */
{
	if (b)
		b->free(b);
}

#endif
