/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes channels as users and servers know them: docs/linux-wifi.md 2. */
#include "ieee80211/channel.h"

#include <stdio.h>

#define MHZ(n) ((uint32_t)(n) * 1000)

static bool is_6ghz(const struct channel *c)
{
	return channel_band_of(c->freq_khz) == BAND_6GHZ;
}

static unsigned width_mhz(const struct channel *c)
{
	return (unsigned)(channel_width_khz(c->width) / MHZ(1));
}

/* "5180", or "902.5" where it is not a whole number. */
static void print_mhz(char out[16], uint32_t khz)
{
	unsigned mhz = khz / 1000, rest = khz % 1000;

	if (rest == 0)
		snprintf(out, 16, "%u", mhz);
	else if (rest % 100 == 0)
		snprintf(out, 16, "%u.%u", mhz, rest / 100);
	else
		snprintf(out, 16, "%u.%03u", mhz, rest);
}

/* The number under which the primary is found again, or 0. */
static unsigned usable_number(const struct channel *c)
{
	unsigned number = channel_number(c->freq_khz);

	if (c->by_mhz)
		return 0;
	if (is_6ghz(c))		/* W6e tells the band, and narrow widths have no W6e */
		return c->width == WIDTH_5 || c->width == WIDTH_10 ? 0 : number;
	return channel_band_guess(number) == channel_band_of(c->freq_khz) ? number : 0;
}

static void print_primary(char out[16], const struct channel *c)
{
	unsigned number = usable_number(c);

	if (number)
		snprintf(out, 16, "%u", number);
	else
		print_mhz(out, c->freq_khz);
}

/* -42 or -5210 of 36VHT80-42. */
static void print_center(char out[16], const struct channel *c)
{
	enum channel_band band = channel_band_of(c->freq_khz);
	uint32_t base_khz = band == BAND_6GHZ ? MHZ(5950) : MHZ(5000);
	unsigned number = c->center1_khz > base_khz ? (c->center1_khz - base_khz) / MHZ(5) : 0;

	if (!c->center_by_mhz && channel_freq_khz(band, number) == c->center1_khz)
		snprintf(out, 16, "%u", number);
	else
		print_mhz(out, c->center1_khz);
}

static bool has_standard_center(const struct channel *c)
{
	switch (c->width) {
	case WIDTH_40:
		return c->center1_khz ==
		       channel_ht40_center_khz(c->freq_khz, c->center1_khz > c->freq_khz);
	case WIDTH_80:
	case WIDTH_160:
		return c->center1_khz == channel_block_center_khz(c->freq_khz, c->width);
	case WIDTH_320:
		return c->center1_khz == channel_block_320_khz(c->freq_khz, 1) ||
		       c->center1_khz == channel_block_320_khz(c->freq_khz, 2);
	case WIDTH_80P80:
		return false;
	case WIDTH_20_NOHT:
	case WIDTH_20:
	case WIDTH_5:
	case WIDTH_10:
	case WIDTH_1:
	case WIDTH_2:
	case WIDTH_4:
	case WIDTH_8:
	case WIDTH_16:
		return c->center1_khz == 0 || c->center1_khz == c->freq_khz;
	}
	return false;
}

static bool needs_exact(const struct channel *c)
{
	if (c->explicit_center && (c->width == WIDTH_80 || c->width == WIDTH_160))
		return false;
	if (c->exact && c->width != WIDTH_20_NOHT)
		return true;
	return !has_standard_center(c);
}

static int print_exact(char *out, size_t size, const struct channel *c)
{
	unsigned mhz = c->width == WIDTH_80P80 ? 80 : width_mhz(c);
	char freq[16], center1[16], center2[16];

	print_mhz(freq, c->freq_khz);
	print_mhz(center1, c->center1_khz);
	print_mhz(center2, c->center2_khz);
	if (c->width == WIDTH_80P80)
		return snprintf(out, size, "%s:%u:%s:%s", freq, mhz, center1, center2);
	if (c->center1_khz && c->center1_khz != c->freq_khz)
		return snprintf(out, size, "%s:%u:%s", freq, mhz, center1);
	return snprintf(out, size, "%s:%u", freq, mhz);
}

static int print_wide(char *out, size_t size, const struct channel *c, const char *primary)
{
	const char *generation = is_6ghz(c) ? "W6e" : "VHT";
	char center[16];

	if (!c->explicit_center)
		return snprintf(out, size, "%s%s%u", primary, generation, width_mhz(c));
	print_center(center, c);
	return snprintf(out, size, "%s%s%u-%s", primary, generation, width_mhz(c), center);
}

static int print_named(char *out, size_t size, const struct channel *c)
{
	bool six = is_6ghz(c);
	char primary[16];

	print_primary(primary, c);
	switch (c->width) {
	case WIDTH_20_NOHT:
		/* 5975 and 5975W6e are the same, and existing tools cannot tune the second */
		return snprintf(out, size, six && usable_number(c) ? "%sW6e" : "%s", primary);
	case WIDTH_20:
		return snprintf(out, size, six ? "%sW6e20" : "%sHT20", primary);
	case WIDTH_40:
		if (six)
			return snprintf(out, size, "%sW6e40", primary);
		return snprintf(out, size, "%sHT40%c", primary,
				c->center1_khz > c->freq_khz ? '+' : '-');
	case WIDTH_80:
	case WIDTH_160:
		return print_wide(out, size, c, primary);
	case WIDTH_320:
		return snprintf(out, size, "%sW6e320-%d", primary,
				c->center1_khz == channel_block_320_khz(c->freq_khz, 1) ? 1 : 2);
	case WIDTH_5:
	case WIDTH_10:
		return snprintf(out, size, "%sW%u", primary, width_mhz(c));
	case WIDTH_1:
		return snprintf(out, size, "%s", primary);
	case WIDTH_2:
	case WIDTH_4:
	case WIDTH_8:
	case WIDTH_16:
		return snprintf(out, size, "%s@%u", primary, width_mhz(c));
	case WIDTH_80P80:
		break;		/* always exact */
	}
	return print_exact(out, size, c);
}

size_t channel_print(const struct channel *c, char *out, size_t size)
{
	int len = needs_exact(c) ? print_exact(out, size, c) : print_named(out, size, c);

	return len > 0 ? (size_t)len : 0;
}
