/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channels as text: what is read is valid, prints, and reads back as the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ieee80211/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char first[CHANNEL_TEXT_SIZE], second[CHANNEL_TEXT_SIZE], why[96] = "";
	struct channel c, again;
	size_t len;
	int ret;

	ret = channel_parse(&c, (struct text){ (const char *)data, size }, why, sizeof(why));
	if (ret != 0) {
		check(ret == -EINVAL && why[0] && strlen(why) < sizeof(why));
		return 0;
	}
	check(channel_valid(&c) && c.band == channel_band_of(c.freq_khz));
	len = channel_print(&c, first, sizeof(first));
	check(len > 0 && len < sizeof(first));
	check(channel_parse(&again, (struct text){ first, len }, why, sizeof(why)) == 0);
	check(channel_equal(&c, &again));
	channel_print(&again, second, sizeof(second));
	check(strcmp(first, second) == 0);
	return 0;
}
