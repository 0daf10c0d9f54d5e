/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between the two processes of a source. What is read is written again and read to the
 * same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture_common/source_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[4 * SOURCE_WIRE_MAX];
	struct source_wire m, again;

	if (size > SOURCE_WIRE_MAX || source_wire_decode(&m, data, size) < 0)
		return 0;
	long len = source_wire_encode(&m, buf, sizeof(buf));

	assert(len > 0);
	assert(source_wire_decode(&again, buf, (size_t)len) == 0);
	assert(again.type == m.type && again.id == m.id);
	assert(text_equal(again.text, m.text) && text_equal(again.uplink, m.uplink));
	assert(strlist_equal(&again.info.channels, &m.info.channels));
	source_info_free(&m.info);
	source_info_free(&again.info);
	return 0;
}
