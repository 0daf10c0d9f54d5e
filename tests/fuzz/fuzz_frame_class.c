/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames from the air: never read past their end, and what is said of one depends on it only. The
 * first byte chooses the link type. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ieee80211/frame_class.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t dlts[] = { 105, 127, 119, 163 };
	uint64_t key = 0, again = 0;

	if (size == 0)
		return 0;
	uint8_t *copy = malloc(size);
	struct msg_packet p = { .dlt = dlts[data[0] % 4], .len = (uint32_t)size - 1 };

	check(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	p.data = copy;
	enum record_class class = frame_classes.class_of(&p, &key);

	check(class == RECORD_BULK || class == RECORD_REPEATABLE || class == RECORD_PLAIN);
	check(frame_classes.class_of(&p, NULL) == class);
	p.data = data + 1;
	check(frame_classes.class_of(&p, &again) == class && again == key);
	free(copy);
	return 0;
}
