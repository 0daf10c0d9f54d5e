/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channel arithmetic, against the tables of the standard written out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ieee80211/channel.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MHZ(n) ((uint32_t)(n) * 1000)

static void numbers_of_2ghz_have_their_frequencies(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 13; n++)
		assert_int_equal(channel_freq_khz(BAND_2GHZ, n), MHZ(2407 + 5 * n));
	assert_int_equal(channel_freq_khz(BAND_2GHZ, 14), MHZ(2484));
	assert_int_equal(channel_freq_khz(BAND_2GHZ, 0), 0);
	assert_int_equal(channel_freq_khz(BAND_2GHZ, 15), 0);
}

static void a_frequency_finds_its_number_in_each_band(void **state)
{
	static const struct {
		uint32_t mhz;
		enum channel_band band;
		unsigned number;
	} t[] = {
		{ 2412, BAND_2GHZ, 1 }, { 2472, BAND_2GHZ, 13 }, { 2484, BAND_2GHZ, 14 },
		{ 4910, BAND_4_9GHZ, 182 }, { 4920, BAND_4_9GHZ, 184 }, { 4980, BAND_4_9GHZ, 196 },
		{ 5035, BAND_5GHZ, 7 }, { 5160, BAND_5GHZ, 32 }, { 5180, BAND_5GHZ, 36 },
		{ 5720, BAND_5GHZ, 144 }, { 5825, BAND_5GHZ, 165 }, { 5885, BAND_5GHZ, 177 },
		{ 5935, BAND_6GHZ, 2 }, { 5955, BAND_6GHZ, 1 }, { 6135, BAND_6GHZ, 37 },
		{ 7115, BAND_6GHZ, 233 }, { 58320, BAND_60GHZ, 1 }, { 69120, BAND_60GHZ, 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(channel_band_of(MHZ(t[i].mhz)), t[i].band);
		assert_int_equal(channel_number(MHZ(t[i].mhz)), t[i].number);
		assert_int_equal(channel_freq_khz(t[i].band, t[i].number), MHZ(t[i].mhz));
	}
}

static void every_20mhz_channel_of_6ghz_has_its_number(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 59; k++) {
		assert_int_equal(channel_freq_khz(BAND_6GHZ, 1 + 4 * k), MHZ(5955 + 20 * k));
		assert_int_equal(channel_number(MHZ(5955 + 20 * k)), 1 + 4 * k);
	}
	assert_int_equal(channel_freq_khz(BAND_6GHZ, 237), 0);
	assert_int_equal(channel_number(MHZ(7135)), 0);
}

static void frequencies_that_are_no_channel_have_no_number(void **state)
{
	static const uint32_t khz[] = {
		0, 1, 902500, MHZ(2407), MHZ(2413), MHZ(2477), 2412500, MHZ(3000), MHZ(4905),
		MHZ(4985), MHZ(5181), MHZ(5900), MHZ(5920), MHZ(5960), MHZ(57000), UINT32_MAX,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(khz); i++)
		assert_int_equal(channel_number(khz[i]), 0);
}

static void bands_end_where_they_should(void **state)
{
	(void)state;
	assert_int_equal(channel_band_of(0), BAND_UNKNOWN);
	assert_int_equal(channel_band_of(902500), BAND_S1G);
	assert_int_equal(channel_band_of(MHZ(2312)), BAND_UNKNOWN);
	assert_int_equal(channel_band_of(MHZ(4900)), BAND_UNKNOWN);
	assert_int_equal(channel_band_of(MHZ(5925)), BAND_5GHZ);
	assert_int_equal(channel_band_of(MHZ(7200)), BAND_UNKNOWN);
	assert_int_equal(channel_band_of(UINT32_MAX), BAND_UNKNOWN);
}

static void a_number_alone_is_guessed_as_everybody_does(void **state)
{
	(void)state;
	assert_int_equal(channel_band_guess(0), BAND_UNKNOWN);
	assert_int_equal(channel_band_guess(1), BAND_2GHZ);
	assert_int_equal(channel_band_guess(14), BAND_2GHZ);
	assert_int_equal(channel_band_guess(36), BAND_5GHZ);
	assert_int_equal(channel_band_guess(177), BAND_5GHZ);
	assert_int_equal(channel_band_guess(178), BAND_UNKNOWN);
	assert_int_equal(channel_band_guess(182), BAND_4_9GHZ);
	assert_int_equal(channel_band_guess(196), BAND_4_9GHZ);
	assert_int_equal(channel_band_guess(197), BAND_UNKNOWN);
}

static const struct block {
	enum channel_width width;
	unsigned first, last, center_mhz;
} blocks_5ghz[] = {
	{ WIDTH_40, 36, 40, 5190 }, { WIDTH_40, 44, 48, 5230 }, { WIDTH_40, 52, 56, 5270 },
	{ WIDTH_40, 60, 64, 5310 }, { WIDTH_40, 100, 104, 5510 }, { WIDTH_40, 108, 112, 5550 },
	{ WIDTH_40, 116, 120, 5590 }, { WIDTH_40, 124, 128, 5630 },
	{ WIDTH_40, 132, 136, 5670 }, { WIDTH_40, 140, 144, 5710 },
	{ WIDTH_40, 149, 153, 5755 }, { WIDTH_40, 157, 161, 5795 },
	{ WIDTH_40, 165, 169, 5835 }, { WIDTH_40, 173, 177, 5875 },
	{ WIDTH_80, 36, 48, 5210 }, { WIDTH_80, 52, 64, 5290 }, { WIDTH_80, 100, 112, 5530 },
	{ WIDTH_80, 116, 128, 5610 }, { WIDTH_80, 132, 144, 5690 }, { WIDTH_80, 149, 161, 5775 },
	{ WIDTH_80, 165, 177, 5855 },
	{ WIDTH_160, 36, 64, 5250 }, { WIDTH_160, 100, 128, 5570 },
	{ WIDTH_160, 149, 177, 5815 },
};

static uint32_t expected_5ghz_khz(unsigned number, enum channel_width width)
{
	for (size_t i = 0; i < ARRAY_SIZE(blocks_5ghz); i++) {
		const struct block *b = &blocks_5ghz[i];

		if (b->width == width && number >= b->first && number <= b->last &&
		    (number - b->first) % 4 == 0)
			return MHZ(b->center_mhz);
	}
	return 0;
}

static void every_number_of_5ghz_is_in_the_block_of_the_table_or_in_none(void **state)
{
	static const enum channel_width widths[] = { WIDTH_40, WIDTH_80, WIDTH_160 };

	(void)state;
	for (unsigned n = 7; n <= 177; n++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++)
			assert_int_equal(channel_block_center_khz(MHZ(5000 + 5 * n), widths[w]),
					 expected_5ghz_khz(n, widths[w]));
	}
}

static void first_of_a_pair_is_plus_and_second_is_minus(void **state)
{
	(void)state;
	for (size_t i = 0; i < 14; i++) {
		const struct block *b = &blocks_5ghz[i];
		uint32_t first_khz = MHZ(5000 + 5 * b->first), last_khz = MHZ(5000 + 5 * b->last);

		assert_int_equal(channel_ht40_center_khz(first_khz, true), MHZ(b->center_mhz));
		assert_int_equal(channel_ht40_center_khz(first_khz, false), 0);
		assert_int_equal(channel_ht40_center_khz(last_khz, false), MHZ(b->center_mhz));
		assert_int_equal(channel_ht40_center_khz(last_khz, true), 0);
	}
}

static void ht40_of_2ghz_is_above_1_to_9_and_below_5_to_13(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 14; n++) {
		uint32_t khz = channel_freq_khz(BAND_2GHZ, n);

		assert_int_equal(channel_ht40_center_khz(khz, true), n <= 9 ? khz + 10000 : 0);
		assert_int_equal(channel_ht40_center_khz(khz, false),
				 n >= 5 && n <= 13 ? khz - 10000 : 0);
		assert_int_equal(channel_block_center_khz(khz, WIDTH_40), 0);
		assert_int_equal(channel_block_center_khz(khz, WIDTH_80), 0);
	}
}

/* Centres as numbers, one after the other. */
static void check_6ghz(const unsigned *centers, size_t n, unsigned per_block,
		       enum channel_width width)
{
	for (unsigned k = 0; k < 59; k++) {
		uint32_t expected = k / per_block < n ? MHZ(5950 + 5 * centers[k / per_block]) : 0;

		assert_int_equal(channel_block_center_khz(MHZ(5955 + 20 * k), width), expected);
	}
}

static void blocks_of_6ghz_are_those_of_the_table(void **state)
{
	static const unsigned c40[] = {
		3, 11, 19, 27, 35, 43, 51, 59, 67, 75, 83, 91, 99, 107, 115, 123, 131, 139, 147,
		155, 163, 171, 179, 187, 195, 203, 211, 219, 227,
	};
	static const unsigned c80[] = {
		7, 23, 39, 55, 71, 87, 103, 119, 135, 151, 167, 183, 199, 215,
	};
	static const unsigned c160[] = { 15, 47, 79, 111, 143, 175, 207 };

	(void)state;
	check_6ghz(c40, ARRAY_SIZE(c40), 2, WIDTH_40);
	check_6ghz(c80, ARRAY_SIZE(c80), 4, WIDTH_80);
	check_6ghz(c160, ARRAY_SIZE(c160), 8, WIDTH_160);
	assert_int_equal(channel_block_center_khz(MHZ(5935), WIDTH_40), 0);
}

static void both_kinds_of_320mhz_blocks_are_those_of_the_table(void **state)
{
	static const unsigned one[] = { 31, 95, 159 }, two[] = { 63, 127, 191 };

	(void)state;
	for (unsigned k = 0; k < 59; k++) {
		uint32_t khz = MHZ(5955 + 20 * k);

		assert_int_equal(channel_block_320_khz(khz, 1),
				 k < 48 ? MHZ(5950 + 5 * one[k / 16]) : 0);
		assert_int_equal(channel_block_320_khz(khz, 2),
				 k >= 8 && k < 56 ? MHZ(5950 + 5 * two[(k - 8) / 16]) : 0);
		assert_int_equal(channel_block_320_khz(khz, 0), 0);
		assert_int_equal(channel_block_320_khz(khz, 3), 0);
	}
	assert_int_equal(channel_block_320_khz(MHZ(5180), 1), 0);
}

static void there_are_fifteen_preferred_scanning_channels(void **state)
{
	unsigned found = 0;

	(void)state;
	for (unsigned n = 1; n <= 233; n += 4)
		found += channel_is_psc(channel_freq_khz(BAND_6GHZ, n));
	assert_int_equal(found, 15);
	assert_true(channel_is_psc(MHZ(5975)));
	assert_true(channel_is_psc(MHZ(7095)));
	assert_false(channel_is_psc(MHZ(2432)));	/* number 5 of another band */
	assert_false(channel_is_psc(MHZ(5935)));
}

static void widths_are_in_khz(void **state)
{
	(void)state;
	assert_int_equal(channel_width_khz(WIDTH_20_NOHT), 20000);
	assert_int_equal(channel_width_khz(WIDTH_80P80), 160000);
	assert_int_equal(channel_width_khz(WIDTH_320), 320000);
	assert_int_equal(channel_width_khz((enum channel_width)14), 0);
}

static void impossible_combinations_are_not_valid(void **state)
{
	static const struct channel bad[] = {
		{ .width = WIDTH_20 },
		{ .width = WIDTH_20, .freq_khz = 5180000, .center1_khz = 5190000 },
		{ .width = WIDTH_20, .freq_khz = 5180000, .center2_khz = 5190000 },
		{ .width = WIDTH_40, .freq_khz = 5180000 },
		{ .width = WIDTH_40, .freq_khz = 5180000, .center1_khz = 5200000 },
		{ .width = WIDTH_80, .freq_khz = 5180000, .center1_khz = 5200000 },
		{ .width = WIDTH_80, .freq_khz = 5180000, .center1_khz = 5230000 },
		{ .width = WIDTH_80, .freq_khz = 5180000, .center1_khz = 5210000,
		  .center2_khz = 5775000 },
		{ .width = WIDTH_80, .freq_khz = 2437000, .center1_khz = 2447000 },
		{ .width = WIDTH_80P80, .freq_khz = 5180000, .center1_khz = 5210000 },
		{ .width = WIDTH_80P80, .freq_khz = 5180000, .center1_khz = 5210000,
		  .center2_khz = 5290000 },
		{ .width = WIDTH_20, .freq_khz = 2484000 },
		{ .width = WIDTH_1, .freq_khz = 5180000 },
		{ .width = WIDTH_20, .freq_khz = 902500 },
		{ .width = WIDTH_20, .freq_khz = 58320000 },
		{ .width = WIDTH_20_NOHT, .freq_khz = UINT32_MAX },
		{ .width = (enum channel_width)14, .freq_khz = 5180000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(channel_valid(&bad[i]));
}

static void unusual_but_possible_combinations_are_valid(void **state)
{
	static const struct channel good[] = {
		{ .width = WIDTH_20_NOHT, .freq_khz = 2484000 },
		{ .width = WIDTH_20, .freq_khz = 5180000, .center1_khz = 5180000 },
		{ .width = WIDTH_40, .freq_khz = 5180000, .center1_khz = 5170000 },
		{ .width = WIDTH_80P80, .freq_khz = 5180000, .center1_khz = 5210000,
		  .center2_khz = 5775000 },
		{ .width = WIDTH_320, .freq_khz = 6135000, .center1_khz = 6265000 },
		{ .width = WIDTH_2, .freq_khz = 902500, .center1_khz = 903000 },
		{ .width = WIDTH_20_NOHT, .freq_khz = 2312000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(channel_valid(&good[i]));
}

static void the_way_of_writing_makes_no_difference(void **state)
{
	struct channel a = { .width = WIDTH_20, .freq_khz = 5180000 };
	struct channel b = { .width = WIDTH_20, .freq_khz = 5180000, .center1_khz = 5180000,
			     .by_mhz = true, .exact = true };

	(void)state;
	assert_true(channel_equal(&a, &b));
	b.width = WIDTH_20_NOHT;
	assert_false(channel_equal(&a, &b));
	b = a;
	b.center1_khz = 5190000;
	assert_false(channel_equal(&a, &b));
	b = a;
	b.center2_khz = 5775000;
	assert_false(channel_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_2ghz_have_their_frequencies),
		cmocka_unit_test(a_frequency_finds_its_number_in_each_band),
		cmocka_unit_test(every_20mhz_channel_of_6ghz_has_its_number),
		cmocka_unit_test(frequencies_that_are_no_channel_have_no_number),
		cmocka_unit_test(bands_end_where_they_should),
		cmocka_unit_test(a_number_alone_is_guessed_as_everybody_does),
		cmocka_unit_test(every_number_of_5ghz_is_in_the_block_of_the_table_or_in_none),
		cmocka_unit_test(first_of_a_pair_is_plus_and_second_is_minus),
		cmocka_unit_test(ht40_of_2ghz_is_above_1_to_9_and_below_5_to_13),
		cmocka_unit_test(blocks_of_6ghz_are_those_of_the_table),
		cmocka_unit_test(both_kinds_of_320mhz_blocks_are_those_of_the_table),
		cmocka_unit_test(there_are_fifteen_preferred_scanning_channels),
		cmocka_unit_test(widths_are_in_khz),
		cmocka_unit_test(impossible_combinations_are_not_valid),
		cmocka_unit_test(unusual_but_possible_combinations_are_valid),
		cmocka_unit_test(the_way_of_writing_makes_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
