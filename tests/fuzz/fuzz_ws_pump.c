/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a WebSocket: whatever pieces they come in, those are accepted that are one frame. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/ws_pump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_one_frame(const uint8_t *data, size_t size)
{
	return size >= FRAME_PREFIX && frame_length(data) == size;
}

/* The first byte says how long the pieces are, the rest is a message, twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_check check = { .at = 0 };

	if (size < 2)
		return 0;
	size_t piece = data[0] + 1u;

	data++;
	size--;
	for (int i = 0; i < 2; i++) {
		int rc = 0;

		for (size_t at = 0; at < size && rc == 0; at += piece) {
			size_t len = size - at < piece ? size - at : piece;

			rc = ws_check_bytes(&check, data + at, len, at + len == size);
		}
		if ((rc == 0) != is_one_frame(data, size))
			abort();
		if (rc < 0)
			break;		/* the connection ends there */
	}
	return 0;
}
