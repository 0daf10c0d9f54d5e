/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of a phy's channels, and sets that users write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "ieee80211/channel_list.h"

static struct phy phy;
static struct strlist list;
static char why[128];

static void add(enum channel_band band, unsigned first, unsigned last, unsigned step,
		uint32_t flags)
{
	for (unsigned n = first; n <= last; n += step)
		phy.channels[phy.n_channels++] = (struct phy_channel){
			.band = band, .freq_khz = channel_freq_khz(band, n), .flags = flags,
		};
}

static void add_mhz(enum channel_band band, uint32_t khz)
{
	phy.channels[phy.n_channels++] = (struct phy_channel){ .band = band, .freq_khz = khz };
}

static int setup(void **state)
{
	(void)state;
	memset(&phy, 0, sizeof(phy));
	why[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	strlist_free(&list);
	return 0;
}

static void add_2ghz(bool ht)
{
	phy.bands[phy.n_bands++] = (struct phy_band){ BAND_2GHZ, .ht = ht, .ht40 = ht };
	add(BAND_2GHZ, 1, 13, 1, 0);
	add(BAND_2GHZ, 14, 14, 1, PHY_DISABLED);
}

static void add_5ghz(void)
{
	phy.bands[phy.n_bands++] = (struct phy_band){
		BAND_5GHZ, .ht = true, .ht40 = true, .width80 = true, .width160 = true,
	};
	add(BAND_5GHZ, 36, 48, 4, 0);
	add(BAND_5GHZ, 52, 64, 4, PHY_RADAR | PHY_NO_IR);
	add(BAND_5GHZ, 132, 140, 4, PHY_RADAR);
}

static void add_6ghz(uint32_t flags)
{
	phy.bands[phy.n_bands++] = (struct phy_band){
		BAND_6GHZ, .ht40 = true, .width80 = true, .width160 = true, .width320 = true,
	};
	add(BAND_6GHZ, 2, 2, 1, flags);
	add(BAND_6GHZ, 1, 61, 4, flags);
}

static void assert_list(const char *joined)
{
	static char text[8192];

	text[0] = '\0';
	for (size_t i = 0; i < list.n; i++) {
		if (i)
			strcat(text, " ");
		strcat(text, list.items[i]);
	}
	assert_string_equal(text, joined);
	strlist_free(&list);
}

static void assert_offers(struct channel_choice w, const char *joined)
{
	assert_int_equal(channel_list_of_phy(&list, &phy, &w), 0);
	assert_list(joined);
}

static void assert_expands(const char *words, const char *joined)
{
	if (channel_list_expand(&list, &phy, text_of(words), why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_list(joined);
}

static void assert_refused(const char *words, const char *reason)
{
	assert_int_equal(channel_list_expand(&list, &phy, text_of(words), why, sizeof(why)),
			 -EINVAL);
	assert_string_equal(why, reason);
	strlist_free(&list);
}

static const struct channel_choice usual = { .ht = true, .vht = true };

static void a_radio_without_ht_offers_plain_channels(void **state)
{
	struct channel_choice w = usual;

	(void)state;
	add_2ghz(false);
	assert_offers(usual, "1 2 3 4 5 6 7 8 9 10 11 12 13");
	w.default_ht20 = w.expand_ht20 = true;
	assert_offers(w, "1 2 3 4 5 6 7 8 9 10 11 12 13");
}

static void ht40_of_2ghz_is_offered_on_both_sides(void **state)
{
	(void)state;
	add_2ghz(true);
	assert_offers(usual, "1 1HT40+ 2 2HT40+ 3 3HT40+ 4 4HT40+ 5 5HT40- 5HT40+ 6 6HT40- 6HT40+ "
		      "7 7HT40- 7HT40+ 8 8HT40- 8HT40+ 9 9HT40- 9HT40+ 10 10HT40- 11 11HT40- "
		      "12 12HT40- 13 13HT40-");
}

static void a_dual_band_radio_offers_what_the_blocks_allow(void **state)
{
	struct channel_choice w = usual;

	(void)state;
	add_5ghz();
	assert_offers(usual, "36 36HT40+ 36VHT80 36VHT160 40 40HT40- 40VHT80 40VHT160 "
		      "44 44HT40+ 44VHT80 44VHT160 48 48HT40- 48VHT80 48VHT160 "
		      "52 52HT40+ 52VHT80 52VHT160 56 56HT40- 56VHT80 56VHT160 "
		      "60 60HT40+ 60VHT80 60VHT160 64 64HT40- 64VHT80 64VHT160 "
		      "132 132HT40+ 136 136HT40- 140");
	w.vht = false;
	w.exclude_dfs = true;
	assert_offers(w, "36 36HT40+ 40 40HT40- 44 44HT40+ 48 48HT40-");
	w.ht = false;
	assert_offers(w, "36 40 44 48");
}

static void excluding_dfs_excludes_blocks_that_reach_into_it(void **state)
{
	struct channel_choice w = usual;

	(void)state;
	add_5ghz();
	w.exclude_dfs = true;
	assert_offers(w, "36 36HT40+ 36VHT80 40 40HT40- 40VHT80 44 44HT40+ 44VHT80 "
		      "48 48HT40- 48VHT80");
	w = (struct channel_choice){ .exclude_no_ir = true };
	assert_offers(w, "36 40 44 48 132 136 140");
}

static void one_entry_a_channel_when_only_primaries_are_wanted(void **state)
{
	struct channel_choice w = usual;

	(void)state;
	add_5ghz();
	add_6ghz(0);
	w.primary_only = w.expand_ht20 = w.wide6 = w.psc_only = true;
	assert_offers(w, "36 40 44 48 52 56 60 64 132 136 140 5W6e 21W6e 37W6e 53W6e");
	w.default_ht20 = true;
	w.bands = 1u << BAND_5GHZ;
	assert_offers(w, "36HT20 40HT20 44HT20 48HT20 52HT20 56HT20 60HT20 64HT20 132HT20 136HT20 "
		      "140HT20");
}

static void no_option_makes_ht20_of_6ghz(void **state)
{
	struct channel_choice w = { .ht = true, .expand_ht20 = true };

	(void)state;
	phy.bands[phy.n_bands++] = (struct phy_band){ BAND_5GHZ, .ht = true };
	add(BAND_5GHZ, 36, 40, 4, 0);
	add_6ghz(0);
	phy.bands[1].ht = true;
	w.psc_only = true;
	assert_offers(w, "36 36HT20 40 40HT20 5W6e 21W6e 37W6e 53W6e");
	w.default_ht20 = true;
	assert_offers(w, "36HT20 40HT20 5W6e 21W6e 37W6e 53W6e");
	w.ht = false;
	assert_offers(w, "36 40 5W6e 21W6e 37W6e 53W6e");
}

static void six_ghz_for_monitors_only_is_offered(void **state)
{
	(void)state;
	add_6ghz(PHY_DISABLED | PHY_CAN_MONITOR);
	assert_offers(usual, "2W6e 1W6e 5W6e 9W6e 13W6e 17W6e 21W6e 25W6e 29W6e 33W6e 37W6e 41W6e "
		      "45W6e 49W6e 53W6e 57W6e 61W6e");
	for (size_t i = 0; i < phy.n_channels; i++)
		phy.channels[i].flags = PHY_DISABLED;
	assert_offers(usual, "");
}

static void wide_channels_of_6ghz_are_offered_when_wanted(void **state)
{
	struct channel_choice w = usual;

	(void)state;
	add_6ghz(0);
	w.wide6 = w.psc_only = true;
	assert_offers(w, "5W6e 5W6e40 5W6e80 5W6e160 5W6e320-1 21W6e 21W6e40 21W6e80 21W6e160 "
		      "21W6e320-1 37W6e 37W6e40 37W6e80 37W6e160 37W6e320-1 "
		      "53W6e 53W6e40 53W6e80 53W6e160 53W6e320-1");
}

static void unusual_bands_are_offered_only_when_asked_for(void **state)
{
	struct channel_choice w = usual;

	(void)state;
	phy.bands[phy.n_bands++] = (struct phy_band){ .band = BAND_S1G };
	phy.bands[phy.n_bands++] = (struct phy_band){ .band = BAND_60GHZ };
	phy.bands[phy.n_bands++] = (struct phy_band){ .band = BAND_5GHZ };
	add_mhz(BAND_S1G, 902500);
	add_mhz(BAND_60GHZ, 58320000);
	add_mhz(BAND_5GHZ, 5035000);
	add_mhz(BAND_5GHZ, 5900000);
	assert_offers(usual, "5035 5900");
	w.bands = 1u << BAND_S1G | 1u << BAND_60GHZ;
	assert_offers(w, "902.5 58320");
}

static void bands_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned bands;
	} t[] = {
		{ "2.4", 1u << BAND_2GHZ }, { "2g", 1u << BAND_2GHZ }, { "5", 1u << BAND_5GHZ },
		{ "6GHz", 1u << BAND_6GHZ }, { "4.9", 1u << BAND_4_9GHZ },
		{ "s1g", 1u << BAND_S1G }, { "60ghz", 1u << BAND_60GHZ },
		{ "2.4+5", 1u << BAND_2GHZ | 1u << BAND_5GHZ },
		{ "5,6", 1u << BAND_5GHZ | 1u << BAND_6GHZ },
	};
	static const char *const bad[] = { "", "abg", "5+", "+5", "7", "5 ", "ghz", "2.45" };
	unsigned bands;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(channel_bands_parse(&bands, text_of(t[i].text), why, sizeof(why)),
				 0);
		assert_int_equal(bands, t[i].bands);
	}
	bands = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(channel_bands_parse(&bands, text_of(bad[i]), why, sizeof(why)),
				 -EINVAL);
	assert_int_equal(channel_bands_parse(&bands, text_of(NULL), why, sizeof(why)), -EINVAL);
	assert_int_equal(channel_bands_parse(&bands, text_of("2.4+x"), why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "\"x\" is no band: write 2.4, 5, 6, or 2.4+5");
	assert_int_equal(bands, 77);
}

static void single_names_stay_as_they_were_written(void **state)
{
	(void)state;
	add_2ghz(true);
	assert_expands("6, 36ht40+ ,5180:80:5210,37W6e80,,6,36HT40+",
		       "6 36ht40+ 5180:80:5210 37W6e80");
	assert_expands("", "");
	assert_expands("36VHT80-42,37W6e320-1,1HT40+", "36VHT80-42 37W6e320-1 1HT40+");
}

static void sets_are_what_the_radio_has(void **state)
{
	(void)state;
	add_2ghz(true);
	add_5ghz();
	add_6ghz(PHY_DISABLED | PHY_CAN_MONITOR);
	assert_expands("2g", "1 2 3 4 5 6 7 8 9 10 11 12 13");
	assert_expands("5G", "36 40 44 48 52 56 60 64 132 136 140");
	assert_expands("psc", "5W6e 21W6e 37W6e 53W6e");
	assert_expands("dfs", "52 56 60 64 132 136 140");
	assert_expands("1-3,36-48", "1 2 3 36 40 44 48");
	assert_expands("3,1-3,dfs,5g", "3 1 2 52 56 60 64 132 136 140 36 40 44 48");
	assert_expands("5180-5240", "36 40 44 48");
	assert_expands("1W6e-13W6e", "1W6e 5W6e 9W6e 13W6e");
	assert_expands("12-36", "12 13 36");
	assert_int_equal(channel_list_expand(&list, &phy, text_of("all"), why, sizeof(why)), 0);
	assert_int_equal(list.n, 13 + 11 + 17);
	strlist_free(&list);
	assert_int_equal(channel_list_expand(&list, &phy, text_of("nodfs,6g"), why, sizeof(why)),
			 0);
	assert_int_equal(list.n, 13 + 4 + 17);
}

static void a_bad_piece_is_named(void **state)
{
	(void)state;
	add_2ghz(true);
	assert_refused("1,7x,3", "7x: \"x\" is not understood");
	assert_refused("5g", "5g: this radio has none of these channels");
	assert_refused("1,36-64", "36-64: this radio has none of these channels");
	assert_refused("13-1", "13-1: \"-1\" is not understood");
	assert_refused("1-3HT40+", "1-3HT40+: \"-3HT40+\" is not understood");
	assert_refused("1-", "1-: \"-\" is not understood");
	assert_refused("7g", "7g: \"g\" is not understood");
	assert_refused("14-14", "14-14: this radio has none of these channels");
}

static void sets_are_told_from_channels(void **state)
{
	static const char *const with[] = { "5g", "1, 1-13", "6,PSC", "36-64", "x,all", ",dfs ," };
	static const char *const without[] = {
		"", ",", "1,6,11", "36VHT80-42", "5180", "36HT40-", "13-1", "x", "7g",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		assert_true(channel_list_has_set(text_of(with[i])));
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		assert_false(channel_list_has_set(text_of(without[i])));
	assert_false(channel_list_has_set(text_of(NULL)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_radio_without_ht_offers_plain_channels),
		TEST(ht40_of_2ghz_is_offered_on_both_sides),
		TEST(a_dual_band_radio_offers_what_the_blocks_allow),
		TEST(excluding_dfs_excludes_blocks_that_reach_into_it),
		TEST(one_entry_a_channel_when_only_primaries_are_wanted),
		TEST(no_option_makes_ht20_of_6ghz),
		TEST(six_ghz_for_monitors_only_is_offered),
		TEST(wide_channels_of_6ghz_are_offered_when_wanted),
		TEST(unusual_bands_are_offered_only_when_asked_for),
		TEST(bands_are_read),
		TEST(single_names_stay_as_they_were_written),
		TEST(sets_are_what_the_radio_has),
		TEST(a_bad_piece_is_named),
		TEST(sets_are_told_from_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
