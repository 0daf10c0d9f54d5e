/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements: what was read is written as something that reads the same; and what is taken is
 * sound, well-meant for this machine and of now. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/autodetect.h"
#include "protocol/announce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOOPBACK 0x7f000001u
#define OURS 0xc000020au		/* 192.0.2.10 */
#define MINUTE_US (UINT64_C(60) * 1000000)

static uint32_t take_u32(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* The announcement, and behind it where it comes from: source, destination, interface. */
static void judge(const uint8_t *data, size_t size)
{
	static const struct autodetect_network networks[] = {
		{ LOOPBACK, 0xff000000, 1 },
		{ OURS, 0xffffff00, 2 },
	};
	struct autodetect_datagram d = { .data = data, .len = size, .source = OURS + 1,
					 .interface = 2, .networks = networks, .n_networks = 2,
					 .now_us = UINT64_C(1750000000) * 1000000 };
	struct announce a;

	if (size >= ANNOUNCE_SIZE + 9) {
		d.len = ANNOUNCE_SIZE;
		d.source = take_u32(data + ANNOUNCE_SIZE);
		d.destination = take_u32(data + ANNOUNCE_SIZE + 4);
		d.interface = data[ANNOUNCE_SIZE + 8];
	}
	if (autodetect_judge(&d, NULL, &a) != AUTODETECT_TAKEN)
		return;
	if (d.source >> 24 != 127 && d.source >> 8 != OURS >> 8)
		abort();
	if (a.time_us > d.now_us + MINUTE_US || a.time_us < d.now_us - MINUTE_US)
		abort();
	if (!uuid_valid(text_of(a.uuid)) || a.http_port > UINT16_MAX || a.tcp_port > UINT16_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t written[ANNOUNCE_SIZE];
	struct announce a, b;

	judge(data, size);
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
