/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a phy allows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ieee80211/phy.h"

static struct phy phy;

static void add(enum channel_band band, unsigned first, unsigned last, unsigned step)
{
	for (unsigned n = first; n <= last; n += step)
		phy.channels[phy.n_channels++] = (struct phy_channel){
			.band = band, .freq_khz = channel_freq_khz(band, n),
		};
}

/* All bands and widths; 5 GHz without channel 144, as many old drivers. */
static int make_phy(void **state)
{
	(void)state;
	memset(&phy, 0, sizeof(phy));
	phy.bands[0] = (struct phy_band){ .band = BAND_2GHZ, .ht = true, .ht40 = true };
	phy.bands[1] = (struct phy_band){
		.band = BAND_5GHZ, .ht = true, .ht40 = true, .width80 = true, .width160 = true,
		.width80p80 = true, .narrow = true,
	};
	phy.bands[2] = (struct phy_band){
		.band = BAND_6GHZ, .ht40 = true, .width80 = true, .width160 = true,
		.width320 = true,
	};
	phy.n_bands = 3;
	add(BAND_2GHZ, 1, 14, 1);
	add(BAND_5GHZ, 36, 64, 4);
	add(BAND_5GHZ, 100, 140, 4);
	add(BAND_5GHZ, 149, 165, 4);
	add(BAND_6GHZ, 1, 233, 4);
	return 0;
}

static void set_flags(uint32_t mhz, uint32_t flags)
{
	for (size_t i = 0; i < phy.n_channels; i++) {
		if (phy.channels[i].freq_khz == mhz * 1000)
			phy.channels[i].flags = flags;
	}
}

static bool allows(const char *text)
{
	struct channel c;
	char why[128] = "";

	assert_int_equal(channel_parse(&c, text_of(text), why, sizeof(why)), 0);
	return phy_allows(&phy, &c, NULL, 0);
}

static void assert_refused(const char *text, const char *reason)
{
	struct channel c;
	char why[128] = "";

	assert_int_equal(channel_parse(&c, text_of(text), why, sizeof(why)), 0);
	assert_false(phy_allows(&phy, &c, why, sizeof(why)));
	assert_string_equal(why, reason);
}

static void bands_and_channels_are_found(void **state)
{
	(void)state;
	assert_ptr_equal(phy_find_band(&phy, BAND_6GHZ), &phy.bands[2]);
	assert_null(phy_find_band(&phy, BAND_60GHZ));
	assert_ptr_equal(phy_find_channel(&phy, 2412000), &phy.channels[0]);
	assert_null(phy_find_channel(&phy, 2413000));
}

static void everything_there_is_allowed(void **state)
{
	static const char *const t[] = {
		"1", "14", "6HT20", "6HT40+", "6HT40-", "36VHT80", "64VHT160", "36W5", "36W10",
		"5180:80:5210:5530", "37W6e", "37W6e20", "37W6e40", "37W6e80", "37W6e160",
		"37W6e320-1", "37W6e320-2", "6135",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_true(allows(t[i]));
}

static void a_block_with_a_missing_piece_is_refused(void **state)
{
	(void)state;
	assert_true(allows("132"));
	assert_true(allows("132HT40+"));
	assert_refused("132VHT80", "132VHT80: this radio has no channel at 5720 MHz");
	assert_refused("140HT40+", "140HT40+: this radio has no channel at 5720 MHz");
	assert_refused("165HT40+", "165HT40+: this radio has no channel at 5845 MHz");
	assert_refused("149VHT160", "149VHT160: this radio has no channel at 5845 MHz");
	assert_refused("5180:80:5210:5690",
		       "5180:80:5210:5690: this radio has no channel at 5720 MHz");
	assert_refused("169", "169: this radio has no channel at 5845 MHz");
	assert_refused("5180:80:5150", "5180:80:5150: this radio has no channel at 5120 MHz");
}

static void a_width_that_the_hardware_lacks_is_refused(void **state)
{
	(void)state;
	phy.bands[1].width160 = phy.bands[1].width80p80 = phy.bands[1].narrow = false;
	assert_refused("36VHT160", "36VHT160: in that band, this radio does not receive 160 MHz");
	assert_false(allows("5180:80:5210:5530"));
	assert_false(allows("36W5"));
	assert_false(allows("36W10"));
	assert_true(allows("36VHT80"));
	phy.bands[1].width80 = false;
	assert_false(allows("36VHT80"));
	phy.bands[1].ht40 = false;
	assert_false(allows("36HT40+"));
	assert_true(allows("36HT20"));
	phy.bands[1].ht = false;
	assert_false(allows("36HT20"));
	assert_true(allows("36"));
	phy.bands[2].width320 = false;
	assert_false(allows("37W6e320-1"));
}

static void a_disabled_piece_forbids_the_block(void **state)
{
	(void)state;
	set_flags(5220, PHY_DISABLED);
	assert_refused("44", "44: the regulatory domain forbids 5220 MHz");
	assert_refused("36VHT80", "36VHT80: the regulatory domain forbids 5220 MHz");
	assert_refused("48HT40-", "48HT40-: the regulatory domain forbids 5220 MHz");
	assert_false(allows("64VHT160"));
	assert_true(allows("36"));
	assert_true(allows("36HT40+"));
	assert_true(allows("52VHT80"));
}

static void a_disabled_channel_for_monitors_is_allowed(void **state)
{
	(void)state;
	set_flags(5220, PHY_DISABLED | PHY_CAN_MONITOR);
	assert_true(phy_channel_usable(phy_find_channel(&phy, 5220000)));
	assert_true(allows("44"));
	assert_true(allows("36VHT80"));
}

static void listening_needs_neither_transmission_nor_radar_detection(void **state)
{
	(void)state;
	set_flags(5260, PHY_NO_IR | PHY_RADAR);
	assert_true(allows("52"));
	assert_true(allows("52VHT80"));
}

static void a_flag_on_any_piece_forbids_the_width(void **state)
{
	(void)state;
	set_flags(5240, PHY_NO_80MHZ);
	assert_refused("36VHT80", "36VHT80: the regulatory domain forbids this width at 5240 MHz");
	assert_false(allows("5180:80:5210:5530"));
	assert_true(allows("36VHT160"));
	set_flags(5240, PHY_NO_160MHZ);
	assert_true(allows("36VHT80"));
	assert_false(allows("36VHT160"));
	set_flags(6255, PHY_NO_320MHZ);
	assert_false(allows("37W6e320-1"));
	assert_false(allows("37W6e320-2"));
	assert_true(allows("1W6e160"));
	set_flags(5240, PHY_NO_20MHZ);
	assert_false(allows("48"));
	assert_false(allows("48HT20"));
	assert_true(allows("48HT40-"));
	set_flags(5240, PHY_NO_10MHZ);
	assert_false(allows("48W10"));
	assert_true(allows("48W5"));
}

/* A flag of the second half is about that channel as a primary. */
static void ht40_flags_count_on_the_primary_and_its_side(void **state)
{
	(void)state;
	set_flags(2437, PHY_NO_HT40_PLUS);
	assert_false(allows("6HT40+"));
	assert_true(allows("6HT40-"));
	assert_true(allows("10HT40-"));
	assert_true(allows("2HT40+"));
	set_flags(2437, PHY_NO_HT40_MINUS);
	assert_true(allows("6HT40+"));
	assert_false(allows("6HT40-"));
}

static void flags_of_a_block_are_those_of_all_pieces(void **state)
{
	struct channel c;
	char why[64];

	(void)state;
	set_flags(5180, PHY_NO_IR);
	set_flags(5320, PHY_RADAR);
	assert_int_equal(channel_parse(&c, text_of("44VHT160"), why, sizeof(why)), 0);
	assert_int_equal(phy_block_flags(&phy, &c), PHY_NO_IR | PHY_RADAR);
	assert_int_equal(channel_parse(&c, text_of("44VHT80"), why, sizeof(why)), 0);
	assert_int_equal(phy_block_flags(&phy, &c), PHY_NO_IR);
	assert_int_equal(channel_parse(&c, text_of("44"), why, sizeof(why)), 0);
	assert_int_equal(phy_block_flags(&phy, &c), 0);
}

static void an_invalid_channel_or_an_empty_phy_is_refused(void **state)
{
	static const struct phy empty;
	struct channel c = { .width = WIDTH_80, .freq_khz = 5180000 };
	char why[128] = "", small[5] = "";

	(void)state;
	assert_false(phy_allows(&phy, &c, why, sizeof(why)));
	assert_string_equal(why, "5180:80: this width and centre do not fit to 5180 MHz");
	c.width = WIDTH_20;
	assert_false(phy_allows(&empty, &c, small, sizeof(small)));
	assert_string_equal(small, "36HT");
	c.width = (enum channel_width)99;
	assert_false(phy_allows(&phy, &c, why, sizeof(why)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bands_and_channels_are_found, make_phy),
		cmocka_unit_test_setup(everything_there_is_allowed, make_phy),
		cmocka_unit_test_setup(a_block_with_a_missing_piece_is_refused, make_phy),
		cmocka_unit_test_setup(a_width_that_the_hardware_lacks_is_refused, make_phy),
		cmocka_unit_test_setup(a_disabled_piece_forbids_the_block, make_phy),
		cmocka_unit_test_setup(a_disabled_channel_for_monitors_is_allowed, make_phy),
		cmocka_unit_test_setup(listening_needs_neither_transmission_nor_radar_detection,
				       make_phy),
		cmocka_unit_test_setup(a_flag_on_any_piece_forbids_the_width, make_phy),
		cmocka_unit_test_setup(ht40_flags_count_on_the_primary_and_its_side, make_phy),
		cmocka_unit_test_setup(flags_of_a_block_are_those_of_all_pieces, make_phy),
		cmocka_unit_test_setup(an_invalid_channel_or_an_empty_phy_is_refused, make_phy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
