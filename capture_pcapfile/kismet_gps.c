/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The position that Kismet writes beside a packet into its pcapng logs. */
#include "capture_pcapfile/kismet_gps.h"

#include <string.h>

#include "protocol/bytes.h"

#define MAGIC 0x47
#define VERSION 1
#define HEADER 8

/* Bits of the mask; each stands for four bytes, in this order. */
enum field {
	FIELD_LON = 1,
	FIELD_LAT = 2,
	FIELD_ALT = 3,
	FIELD_GPS_S = 5,
	FIELD_GPS_NS = 6,
	FIELD_TIME_HIGH = 10,
	FIELD_TIME_LOW = 11,
};

struct fields {
	uint32_t mask;
	uint32_t value[32];
};

static bool has(const struct fields *f, enum field field)
{
	return f->mask & UINT32_C(1) << field;
}

/* False when the fields of the mask are not all there. */
static bool split(const uint8_t *data, size_t len, bool big, struct fields *f)
{
	const uint8_t *p = data + HEADER;
	unsigned bit;

	if (len < HEADER || data[0] != MAGIC || data[1] != VERSION)
		return false;
	f->mask = big ? get_be32(data + 4) : get_le32(data + 4);
	for (bit = 0; bit < 32; bit++) {
		if (!(f->mask & UINT32_C(1) << bit))
			continue;
		if (data + len - p < 4)
			return false;
		f->value[bit] = big ? get_be32(p) : get_le32(p);
		p += 4;
	}
	return true;
}

static uint64_t time_us(const struct fields *f)
{
	if (has(f, FIELD_TIME_HIGH) && has(f, FIELD_TIME_LOW))
		return (uint64_t)f->value[FIELD_TIME_HIGH] << 32 | f->value[FIELD_TIME_LOW];
	if (has(f, FIELD_GPS_S))
		return (uint64_t)f->value[FIELD_GPS_S] * 1000000 +
		       (has(f, FIELD_GPS_NS) ? f->value[FIELD_GPS_NS] / 1000 : 0);
	return 0;
}

bool kismet_gps_parse(const uint8_t *data, size_t len, bool big, struct msg_gps *out)
{
	struct fields f;

	if (!split(data, len, big, &f) || !has(&f, FIELD_LON) || !has(&f, FIELD_LAT))
		return false;
	memset(out, 0, sizeof(*out));
	out->lon_deg = f.value[FIELD_LON] / 1e7 - 180;
	out->lat_deg = f.value[FIELD_LAT] / 1e7 - 180;
	if (out->lon_deg > 180 || out->lat_deg > 90 || out->lat_deg < -90)
		return false;
	out->has_alt = has(&f, FIELD_ALT);
	if (out->has_alt)
		out->alt_m = f.value[FIELD_ALT] / 1e4 - 180000;
	out->fix = out->has_alt ? 3 : 2;
	out->time_us = time_us(&f);
	return true;
}
