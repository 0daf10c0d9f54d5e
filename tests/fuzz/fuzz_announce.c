/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements: what was read is written as something that reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/announce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t written[ANNOUNCE_SIZE];
	struct announce a, b;

	if (announce_parse(data, size, &a) != 0)
		return 0;
	if (!uuid_valid(text_of(a.uuid)) || strlen(a.name) >= sizeof(a.name))
		abort();
	announce_write(&a, written);
	if (announce_parse(written, sizeof(written), &b) != 0)
		abort();
	if (a.http_port != b.http_port || a.tcp_port != b.tcp_port || a.time_us != b.time_us ||
	    strcmp(a.uuid, b.uuid) != 0 || strcmp(a.name, b.name) != 0)
		abort();
	return 0;
}
