/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 802.11 frames of all kinds, made to measure. */
#include "tests/lib/airframe.h"

#include <assert.h>
#include <string.h>

const uint8_t airframe_address[4][6] = {
	{ 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, { 2, 0, 0, 0, 0, 3 }, { 2, 0, 0, 0, 0, 4 },
};

void airframe_put(struct airframe *f, const void *bytes, size_t n)
{
	assert(f->len + n <= sizeof(f->b));
	memcpy(f->b + f->len, bytes, n);
	f->len += (uint32_t)n;
}

struct airframe airframe_radiotap(unsigned words, bool tsft, bool has_flags, uint8_t flags)
{
	struct airframe f = { .len = 4 };

	for (unsigned i = 0; i < words; i++) {
		uint8_t present[4] = { 0 };

		if (i == 0)
			present[0] = (uint8_t)((tsft ? 1 : 0) | (has_flags ? 2 : 0));
		if (i + 1 < words)
			present[3] = 0x80;
		airframe_put(&f, present, 4);
	}
	if (tsft) {
		if (f.len % 8)
			airframe_put(&f, "\0\0\0", 4);
		airframe_put(&f, "\x20\x20\x20\x20\x20\x20\x20\x20", 8);
	}
	if (has_flags)
		airframe_put(&f, &flags, 1);
	else
		airframe_put(&f, "\x20", 1);	/* no flags: must not be read as such */
	f.b[2] = (uint8_t)f.len;
	f.start = f.len;
	return f;
}

struct airframe airframe_begin(uint32_t dlt)
{
	struct airframe f = { .len = 0 };

	return dlt == AIRFRAME_RADIOTAP ? airframe_radiotap(1, true, true, 0) : f;
}

static void put_fc(struct airframe *f, uint8_t fc0, uint8_t fc1)
{
	const uint8_t fc[4] = { fc0, fc1, 0, 0 };

	airframe_put(f, fc, 4);
}

static void put_body(struct airframe *f, bool eapol, size_t n)
{
	static const uint8_t llc[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e };

	if (eapol)
		airframe_put(f, llc, sizeof(llc));
	for (size_t i = 0; i < n; i++)
		airframe_put(f, "x", 1);
}

struct airframe airframe_mgmt(uint32_t dlt, uint8_t fc0)
{
	struct airframe f = airframe_begin(dlt);

	put_fc(&f, fc0, 0);
	for (int i = 0; i < 3; i++)
		airframe_put(&f, airframe_address[i], 6);
	airframe_put(&f, "\0", 2);
	put_body(&f, false, 12);
	return f;
}

struct airframe airframe_control(uint32_t dlt, uint8_t fc0, int n_addresses)
{
	struct airframe f = airframe_begin(dlt);

	put_fc(&f, fc0, 0);
	for (int i = 0; i < n_addresses; i++)
		airframe_put(&f, airframe_address[i], 6);
	return f;
}

void airframe_put_data(struct airframe *f, uint8_t fc0, uint8_t fc1, bool eapol, size_t body,
		       bool pad)
{
	put_fc(f, fc0, fc1);
	for (int i = 0; i < 3; i++)
		airframe_put(f, airframe_address[i], 6);
	airframe_put(f, "\0", 2);
	if ((fc1 & 3) == 3)
		airframe_put(f, airframe_address[3], 6);
	if (fc0 & 0x80) {
		airframe_put(f, "\0", 2);
		if (fc1 & 0x80)
			airframe_put(f, "\0\0\0", 4);
	}
	while (pad && (f->len - f->start) % 4)
		airframe_put(f, "p", 1);
	put_body(f, eapol, body);
}

struct airframe airframe_data(uint32_t dlt, uint8_t fc0, uint8_t fc1, bool eapol)
{
	struct airframe f = airframe_begin(dlt);

	airframe_put_data(&f, fc0, fc1, eapol, fc0 & 0x40 ? 0 : 40, false);
	return f;
}

uint32_t airframe_addresses(const uint8_t *h)
{
	unsigned type = h[0] >> 2 & 3, subtype = h[0] >> 4;

	switch (type) {
	case 0:
		return 3;
	case 2:
		return (h[1] & 3) == 3 ? 4 : 3;
	case 1:
		return subtype < 2 || subtype == 6 || subtype == 7 || subtype == 12 ||
		       subtype == 13 ? 1 : 2;
	}
	return 1;
}

uint32_t airframe_header(const uint8_t *h)
{
	static const uint32_t end[] = { 0, 10, 16, 24, 30 };
	uint32_t n = end[airframe_addresses(h)];

	if ((h[0] & 0x8c) == 0x88)
		n += h[1] & 0x80 ? 6 : 2;
	return n;
}

struct airframe airframe_any(uint32_t dlt, unsigned fc0, unsigned fc1, bool eapol)
{
	switch (fc0 >> 2 & 3) {
	case 0:
		return airframe_mgmt(dlt, (uint8_t)fc0);
	case 2:
		return airframe_data(dlt, (uint8_t)fc0, (uint8_t)fc1, eapol);
	}
	return airframe_control(dlt, (uint8_t)fc0, 4);
}
