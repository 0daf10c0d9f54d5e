/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream reader. The first byte says in what pieces the rest arrives: the frames found must be
 * those that lie there end to end, and must be written as what they were read from. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 3000

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_same(const struct frame *a, const struct frame *b)
{
	check(a->gen == b->gen && a->seqno == b->seqno && a->type == b->type &&
	      a->code == b->code && text_equal(a->name, b->name) &&
	      a->payload_len == b->payload_len &&
	      memcmp(a->payload, b->payload, a->payload_len) == 0);
}

/* v0 envelopes may have been written in longer ways, so their names may be too long for us. */
static void check_writes_back(const struct frame *f)
{
	static uint8_t buf[LIMIT + 100];
	struct frame again;
	size_t len = frame_write(f, buf, sizeof(buf));

	if (len == 0) {
		check(f->gen == FRAME_V0 && f->name.len > FRAME_NAME_SIZE);
		return;
	}
	check(frame_parse(buf, len, sizeof(buf), &again) == FRAME_OK);
	check(again.total_len == len);
	check_same(f, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[LIMIT];
	struct frame_reader r;
	struct frame found, expected;
	enum frame_status status = FRAME_MORE;
	size_t at = 0, piece;

	if (size < 1)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	size--;
	frame_reader_init(&r, buf, sizeof(buf), LIMIT);
	for (size_t fed = 0; fed < size && status == FRAME_MORE;) {
		size_t room, n = size - fed < piece ? size - fed : piece;
		uint8_t *space = frame_reader_space(&r, &room);

		check(room > 0);
		n = n < room ? n : room;
		memcpy(space, data + fed, n);
		frame_reader_filled(&r, n);
		fed += n;
		while ((status = frame_reader_next(&r, &found)) == FRAME_OK) {
			check(frame_parse(data + at, size - at, LIMIT, &expected) == FRAME_OK);
			check_same(&found, &expected);
			check_writes_back(&found);
			at += found.total_len;
		}
	}
	if (status != FRAME_MORE)
		check(frame_reader_next(&r, &found) == status);
	check(frame_status_text(status) != NULL);
	return 0;
}
