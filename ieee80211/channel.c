/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic of 802.11 channels: numbers, frequencies, and the blocks that the standard bonds. */
#include "ieee80211/channel.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MHZ(n) ((uint32_t)(n) * 1000)

#define FREQ_END_KHZ MHZ(100000)	/* our notation has five digits */

static const struct {
	enum channel_band band;
	uint32_t first_khz, last_khz;
} band_table[] = {
	{ BAND_S1G, 1, MHZ(1000) - 1 },
	{ BAND_2GHZ, MHZ(2407), MHZ(2495) },
	{ BAND_4_9GHZ, MHZ(4910), MHZ(4980) },
	{ BAND_5GHZ, MHZ(5005), MHZ(5925) },
	{ BAND_6GHZ, MHZ(5930), MHZ(7130) },
	{ BAND_60GHZ, MHZ(57000), MHZ(74000) },
};

/* Frequencies of numbers: start + number * step. Where two rows are for the same number, the first
 * one holds. Above 177, the numbers of 5 GHz would be those of 4.9 GHz. */
static const struct number_row {
	enum channel_band band;
	uint32_t start_khz, step_khz;
	unsigned first, last;
	unsigned every;		/* of them, 20 MHz channels are first, first + every... */
} number_table[] = {
	{ BAND_2GHZ, MHZ(2407), MHZ(5), 1, 13, 1 },
	{ BAND_2GHZ, MHZ(2484), 0, 14, 14, 1 },
	{ BAND_4_9GHZ, MHZ(4000), MHZ(5), 182, 196, 1 },
	{ BAND_5GHZ, MHZ(5000), MHZ(5), 7, 177, 1 },
	{ BAND_6GHZ, MHZ(5935), 0, 2, 2, 1 },	/* operating class 136 */
	{ BAND_6GHZ, MHZ(5950), MHZ(5), 1, 233, 4 },
	{ BAND_60GHZ, MHZ(56160), MHZ(2160), 1, 8, 1 },
};

/* Runs of neighbouring 20 MHz channels. Blocks are counted from the first of a run. */
static const struct run {
	uint32_t first_khz, last_khz;
} run_table[] = {
	{ MHZ(5180), MHZ(5320) },	/* 36 to 64 */
	{ MHZ(5500), MHZ(5720) },	/* 100 to 144 */
	{ MHZ(5745), MHZ(5885) },	/* 149 to 177 */
	{ MHZ(5955), MHZ(7115) },	/* 6 GHz, 1 to 233 */
};

static const struct run run_320[2] = {
	{ MHZ(5955), MHZ(7115) },
	{ MHZ(6115), MHZ(7115) },
};

uint32_t channel_width_khz(enum channel_width width)
{
	static const uint32_t table[] = {
		[WIDTH_20_NOHT] = MHZ(20), [WIDTH_20] = MHZ(20), [WIDTH_40] = MHZ(40),
		[WIDTH_80] = MHZ(80), [WIDTH_80P80] = MHZ(160), [WIDTH_160] = MHZ(160),
		[WIDTH_5] = MHZ(5), [WIDTH_10] = MHZ(10), [WIDTH_1] = MHZ(1),
		[WIDTH_2] = MHZ(2), [WIDTH_4] = MHZ(4), [WIDTH_8] = MHZ(8),
		[WIDTH_16] = MHZ(16), [WIDTH_320] = MHZ(320),
	};

	return (size_t)width < ARRAY_SIZE(table) ? table[width] : 0;
}

enum channel_band channel_band_of(uint32_t freq_khz)
{
	for (size_t i = 0; i < ARRAY_SIZE(band_table); i++) {
		if (freq_khz >= band_table[i].first_khz && freq_khz <= band_table[i].last_khz)
			return band_table[i].band;
	}
	return BAND_UNKNOWN;
}

static uint32_t row_freq_khz(const struct number_row *row, unsigned number)
{
	return row->start_khz + number * row->step_khz;
}

unsigned channel_number(uint32_t freq_khz)
{
	for (size_t i = 0; i < ARRAY_SIZE(number_table); i++) {
		const struct number_row *row = &number_table[i];

		for (unsigned n = row->first; n <= row->last; n += row->every) {
			if (row_freq_khz(row, n) == freq_khz)
				return n;
		}
	}
	return 0;
}

uint32_t channel_freq_khz(enum channel_band band, unsigned number)
{
	for (size_t i = 0; i < ARRAY_SIZE(number_table); i++) {
		const struct number_row *row = &number_table[i];

		if (row->band == band && number >= row->first && number <= row->last)
			return row_freq_khz(row, number);
	}
	return 0;
}

enum channel_band channel_band_guess(unsigned number)
{
	if (number == 0)
		return BAND_UNKNOWN;
	if (number <= 14)
		return BAND_2GHZ;
	if (number <= 177)
		return BAND_5GHZ;
	return number >= 182 && number <= 196 ? BAND_4_9GHZ : BAND_UNKNOWN;
}

/* The centre of the block of width_khz that freq_khz is in, or 0. */
static uint32_t block_of_run(const struct run *run, uint32_t freq_khz, uint32_t width_khz)
{
	uint32_t first_khz;

	if (freq_khz < run->first_khz || freq_khz > run->last_khz)
		return 0;
	if ((freq_khz - run->first_khz) % MHZ(20) != 0)
		return 0;
	first_khz = freq_khz - (freq_khz - run->first_khz) % width_khz;
	if (first_khz + width_khz - MHZ(20) > run->last_khz)
		return 0;
	return first_khz + (width_khz - MHZ(20)) / 2;
}

uint32_t channel_block_center_khz(uint32_t freq_khz, enum channel_width width)
{
	uint32_t center_khz = 0;

	if (width != WIDTH_40 && width != WIDTH_80 && width != WIDTH_160)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(run_table) && !center_khz; i++)
		center_khz = block_of_run(&run_table[i], freq_khz, channel_width_khz(width));
	return center_khz;
}

uint32_t channel_block_320_khz(uint32_t freq_khz, int which)
{
	if (which != 1 && which != 2)
		return 0;
	return block_of_run(&run_320[which - 1], freq_khz, MHZ(320));
}

static uint32_t ht40_center_2ghz_khz(uint32_t freq_khz, bool above)
{
	unsigned number = channel_number(freq_khz);

	if (above)
		return number >= 1 && number <= 9 ? freq_khz + MHZ(10) : 0;
	return number >= 5 && number <= 13 ? freq_khz - MHZ(10) : 0;
}

uint32_t channel_ht40_center_khz(uint32_t freq_khz, bool above)
{
	uint32_t center_khz;

	if (channel_band_of(freq_khz) == BAND_2GHZ)
		return ht40_center_2ghz_khz(freq_khz, above);
	center_khz = channel_block_center_khz(freq_khz, WIDTH_40);
	return center_khz && (center_khz > freq_khz) == above ? center_khz : 0;
}

bool channel_is_psc(uint32_t freq_khz)
{
	unsigned number = channel_number(freq_khz);

	return channel_band_of(freq_khz) == BAND_6GHZ && number <= 229 && number % 16 == 5;
}

static uint32_t distance_khz(uint32_t a_khz, uint32_t b_khz)
{
	return a_khz > b_khz ? a_khz - b_khz : b_khz - a_khz;
}

/* Whether freq_khz is one of the 20 MHz pieces of a block. */
static bool is_piece(uint32_t freq_khz, uint32_t center_khz, uint32_t width_khz)
{
	uint32_t away_khz = distance_khz(freq_khz, center_khz);

	if (center_khz <= width_khz / 2 || center_khz >= FREQ_END_KHZ)
		return false;
	return away_khz < width_khz / 2 && away_khz % MHZ(20) == MHZ(10);
}

static bool valid_s1g(const struct channel *c)
{
	uint32_t width_khz = channel_width_khz(c->width);

	if (width_khz > MHZ(16) || c->width == WIDTH_5 || c->width == WIDTH_10 || c->center2_khz)
		return false;
	if (c->center1_khz == 0)
		return true;
	return c->center1_khz > width_khz / 2 && c->center1_khz < FREQ_END_KHZ &&
	       distance_khz(c->freq_khz, c->center1_khz) <= (width_khz - MHZ(1)) / 2;
}

static bool valid_80p80(const struct channel *c)
{
	return is_piece(c->freq_khz, c->center1_khz, MHZ(80)) &&
	       c->center2_khz > MHZ(40) && c->center2_khz < FREQ_END_KHZ &&
	       /* neighbours would be 160 MHz */
	       distance_khz(c->center1_khz, c->center2_khz) > MHZ(80);
}

static bool valid_width(const struct channel *c)
{
	bool simple = (c->center1_khz == 0 || c->center1_khz == c->freq_khz) && !c->center2_khz;

	switch (c->width) {
	case WIDTH_20_NOHT:
	case WIDTH_20:
	case WIDTH_5:
	case WIDTH_10:
		return simple;
	case WIDTH_40:
	case WIDTH_80:
	case WIDTH_160:
	case WIDTH_320:
		return !c->center2_khz &&
		       is_piece(c->freq_khz, c->center1_khz, channel_width_khz(c->width));
	case WIDTH_80P80:
		return valid_80p80(c);
	case WIDTH_1:
	case WIDTH_2:
	case WIDTH_4:
	case WIDTH_8:
	case WIDTH_16:
		return false;	/* S1G only */
	}
	return false;
}

bool channel_valid(const struct channel *c)
{
	enum channel_band band = channel_band_of(c->freq_khz);

	if (c->freq_khz == 0 || c->freq_khz >= FREQ_END_KHZ)
		return false;
	if (band == BAND_S1G)
		return valid_s1g(c);
	if (band == BAND_60GHZ && c->width != WIDTH_20_NOHT)
		return false;
	if (band == BAND_2GHZ && channel_width_khz(c->width) > MHZ(40))
		return false;
	/* channel 14 is for 802.11b only, and Linux refuses the rest */
	if (c->freq_khz == MHZ(2484) && c->width != WIDTH_20_NOHT)
		return false;
	return valid_width(c);
}

static uint32_t center1_khz(const struct channel *c)
{
	return c->center1_khz ? c->center1_khz : c->freq_khz;
}

bool channel_equal(const struct channel *a, const struct channel *b)
{
	return a->width == b->width && a->freq_khz == b->freq_khz &&
	       center1_khz(a) == center1_khz(b) && a->center2_khz == b->center2_khz;
}
