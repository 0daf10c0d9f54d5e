/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding frames in a stream of bytes. */
#include "protocol/frame.h"

#include <assert.h>
#include <string.h>

void frame_reader_init(struct frame_reader *r, uint8_t *buf, size_t cap, size_t limit)
{
	assert(cap >= limit && limit > 0);
	*r = (struct frame_reader){ .buf = buf, .cap = cap, .limit = limit };
}

/* What is left is less than one frame, so moving it every time is cheap, and it leaves room:
 * an incomplete frame is shorter than the limit, and the limit no larger than the buffer. */
uint8_t *frame_reader_space(struct frame_reader *r, size_t *room)
{
	if (r->start > 0) {
		memmove(r->buf, r->buf + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	*room = r->cap - r->end;
	return r->buf + r->end;
}

void frame_reader_filled(struct frame_reader *r, size_t n)
{
	assert(n <= r->cap - r->end);
	r->end += n;
}

enum frame_status frame_reader_next(struct frame_reader *r, struct frame *out)
{
	enum frame_status status;

	status = frame_parse(r->buf + r->start, r->end - r->start, r->limit, out);
	if (status == FRAME_OK)
		r->start += out->total_len;
	return status;
}
