/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and printing channels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ieee80211/channel.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *text;
	uint32_t freq_khz;
	enum channel_width width;
	uint32_t center1_khz, center2_khz;
	const char *printed;		/* NULL: as text */
};

static struct channel read_channel(const char *text)
{
	struct channel c;
	char why[128] = "";

	if (channel_parse(&c, text_of(text), why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return c;
}

static void assert_rows(const struct row *rows, size_t n)
{
	char printed[CHANNEL_TEXT_SIZE];
	size_t len;

	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct channel c = read_channel(r->text);

		if (c.freq_khz != r->freq_khz || c.width != r->width ||
		    c.center1_khz != r->center1_khz || c.center2_khz != r->center2_khz)
			fail_msg("%s: %u kHz, width %u, centres %u and %u", r->text,
				 (unsigned)c.freq_khz, (unsigned)c.width, (unsigned)c.center1_khz,
				 (unsigned)c.center2_khz);
		assert_int_equal(c.band, channel_band_of(c.freq_khz));
		len = channel_print(&c, printed, sizeof(printed));
		assert_int_equal(len, strlen(printed));
		assert_string_equal(printed, r->printed ? r->printed : r->text);
	}
}

static void known_spellings_mean_what_they_always_did(void **state)
{
	static const struct row rows[] = {
		{ "6", 2437000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "14", 2484000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "2412", 2412000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "6HT20", 2437000, WIDTH_20, 0, 0, NULL },
		{ "11HT40-", 2462000, WIDTH_40, 2452000, 0, NULL },
		{ "9HT40+", 2452000, WIDTH_40, 2462000, 0, NULL },
		{ "36HT40+", 5180000, WIDTH_40, 5190000, 0, NULL },
		{ "40HT40-", 5200000, WIDTH_40, 5190000, 0, NULL },
		{ "5180HT40+", 5180000, WIDTH_40, 5190000, 0, NULL },
		{ "140HT40+", 5700000, WIDTH_40, 5710000, 0, NULL },
		{ "165HT40+", 5825000, WIDTH_40, 5835000, 0, NULL },
		{ "36VHT80", 5180000, WIDTH_80, 5210000, 0, NULL },
		{ "5180VHT80", 5180000, WIDTH_80, 5210000, 0, NULL },
		{ "144VHT80", 5720000, WIDTH_80, 5690000, 0, NULL },
		{ "44VHT160", 5220000, WIDTH_160, 5250000, 0, NULL },
		{ "36VHT80-42", 5180000, WIDTH_80, 5210000, 0, NULL },
		{ "36VHT80-5210", 5180000, WIDTH_80, 5210000, 0, NULL },
		{ "5180VHT160-50", 5180000, WIDTH_160, 5250000, 0, NULL },
		{ "184", 4920000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "6W5", 2437000, WIDTH_5, 0, 0, NULL },
		{ "6W10", 2437000, WIDTH_10, 0, 0, NULL },
		{ "37W6e", 6135000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "2W6e", 5935000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "37-W6e", 6135000, WIDTH_20_NOHT, 0, 0, "37W6e" },
		{ "5975", 5975000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "6w5", 2437000, WIDTH_5, 0, 0, "6W5" },
		{ "37w6E", 6135000, WIDTH_20_NOHT, 0, 0, "37W6e" },
		{ "36vht80", 5180000, WIDTH_80, 5210000, 0, "36VHT80" },
	};

	(void)state;
	assert_rows(rows, ARRAY_SIZE(rows));
}

/* Servers send back what an existing tool printed for a fixed channel. */
static void six_ghz_by_frequency_is_that_frequency(void **state)
{
	static const struct row rows[] = {
		{ "6135W6e", 6135000, WIDTH_20_NOHT, 0, 0, "6135" },
		{ "5955W6e", 5955000, WIDTH_20_NOHT, 0, 0, "5955" },
		{ "6135W6e80", 6135000, WIDTH_80, 6145000, 0, NULL },
		{ "6135HT40-", 6135000, WIDTH_40, 6125000, 0, "6135W6e40" },
		{ "6135VHT80", 6135000, WIDTH_80, 6145000, 0, "6135W6e80" },
	};

	(void)state;
	assert_rows(rows, ARRAY_SIZE(rows));
}

static void wide_channels_of_6ghz_are_read(void **state)
{
	static const struct row rows[] = {
		{ "37W6e20", 6135000, WIDTH_20, 0, 0, NULL },
		{ "37W6e40", 6135000, WIDTH_40, 6125000, 0, NULL },
		{ "37W6e80", 6135000, WIDTH_80, 6145000, 0, NULL },
		{ "37W6e160", 6135000, WIDTH_160, 6185000, 0, NULL },
		{ "37W6e320-1", 6135000, WIDTH_320, 6105000, 0, NULL },
		{ "37W6e320-2", 6135000, WIDTH_320, 6265000, 0, NULL },
		{ "37W6e320", 6135000, WIDTH_320, 6105000, 0, "37W6e320-1" },
		{ "221W6e320", 7055000, WIDTH_320, 6905000, 0, "221W6e320-2" },
		{ "37W6eHT40-", 6135000, WIDTH_40, 6125000, 0, "37W6e40" },
		{ "37W6eHT40", 6135000, WIDTH_40, 6125000, 0, "37W6e40" },
		{ "37W6eVHT80", 6135000, WIDTH_80, 6145000, 0, "37W6e80" },
		{ "37W6eHE160", 6135000, WIDTH_160, 6185000, 0, "37W6e160" },
		{ "37EHT320-2", 6135000, WIDTH_320, 6265000, 0, "37W6e320-2" },
		{ "6135EHT320", 6135000, WIDTH_320, 6105000, 0, "6135W6e320-1" },
		{ "37W6e80-39", 6135000, WIDTH_80, 6145000, 0, NULL },
	};

	(void)state;
	assert_rows(rows, ARRAY_SIZE(rows));
}

/* "6e" also stands in 36EHT80 and 116EHT80, which are of 5 GHz. */
static void a_generation_behind_a_six_is_not_6ghz(void **state)
{
	static const struct row rows[] = {
		{ "36EHT80", 5180000, WIDTH_80, 5210000, 0, "36VHT80" },
		{ "36eht80", 5180000, WIDTH_80, 5210000, 0, "36VHT80" },
		{ "116EHT160", 5580000, WIDTH_160, 5570000, 0, "116VHT160" },
		{ "6EHT20", 2437000, WIDTH_20, 0, 0, "6HT20" },
		{ "5955W6e", 5955000, WIDTH_20_NOHT, 0, 0, "5955" },
	};

	(void)state;
	assert_rows(rows, ARRAY_SIZE(rows));
}

static void generations_are_widths_only(void **state)
{
	static const struct row rows[] = {
		{ "36HE20", 5180000, WIDTH_20, 0, 0, "36HT20" },
		{ "36HE40", 5180000, WIDTH_40, 5190000, 0, "36HT40+" },
		{ "40VHT40", 5200000, WIDTH_40, 5190000, 0, "40HT40-" },
		{ "1HE40", 2412000, WIDTH_40, 2422000, 0, "1HT40+" },
		{ "13HE40", 2472000, WIDTH_40, 2462000, 0, "13HT40-" },
		{ "6HE40+", 2437000, WIDTH_40, 2447000, 0, "6HT40+" },
		{ "36HE80", 5180000, WIDTH_80, 5210000, 0, "36VHT80" },
		{ "36HE160", 5180000, WIDTH_160, 5250000, 0, "36VHT160" },
		{ "36@80", 5180000, WIDTH_80, 5210000, 0, "36VHT80" },
		{ "36W80", 5180000, WIDTH_80, 5210000, 0, "36VHT80" },
		{ "5180@160", 5180000, WIDTH_160, 5250000, 0, "5180VHT160" },
		{ "6135@320", 6135000, WIDTH_320, 6105000, 0, "6135W6e320-1" },
		{ "6@5", 2437000, WIDTH_5, 0, 0, "6W5" },
	};

	(void)state;
	assert_rows(rows, ARRAY_SIZE(rows));
}

static void exact_frequencies_are_read(void **state)
{
	static const struct row rows[] = {
		{ "5180:20", 5180000, WIDTH_20, 0, 0, NULL },
		{ "5180:20:5180", 5180000, WIDTH_20, 0, 0, "5180:20" },
		{ "5180:40:5190", 5180000, WIDTH_40, 5190000, 0, NULL },
		{ "5180:80:5210", 5180000, WIDTH_80, 5210000, 0, NULL },
		{ "5180:80:5150", 5180000, WIDTH_80, 5150000, 0, NULL },
		{ "5180:80:5210:5775", 5180000, WIDTH_80P80, 5210000, 5775000, NULL },
		{ "5180:80+80:5210:5775", 5180000, WIDTH_80P80, 5210000, 5775000,
		  "5180:80:5210:5775" },
		{ "6135:320:6265", 6135000, WIDTH_320, 6265000, 0, NULL },
		{ "2412.5", 2412500, WIDTH_20_NOHT, 0, 0, NULL },
		{ "902.5", 902500, WIDTH_1, 0, 0, NULL },
		{ "902.125", 902125, WIDTH_1, 0, 0, NULL },
		{ "903@2", 903000, WIDTH_2, 0, 0, NULL },
		{ "902.5:2:903", 902500, WIDTH_2, 903000, 0, NULL },
		{ "58320", 58320000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "5035", 5035000, WIDTH_20_NOHT, 0, 0, NULL },
		{ "2312", 2312000, WIDTH_20_NOHT, 0, 0, NULL },
	};

	(void)state;
	assert_rows(rows, ARRAY_SIZE(rows));
}

static void what_is_no_channel_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {
		"", "x", "W6e", "HT40+", "-", "+", " 6", "6 ", "6,7", "-6", "+6", "0", "0W6e",
		"6.5", "178", "181", "197", "250", "36foo", "36HT", "36HT30", "36HT80", "36HE320",
		"36W7", "36W", "36@", "36@0", "36HT40+x", "36HT20+", "36HT40-38", "36VHT80-",
		"36VHT80-x", "36VHT80-42x", "36VHT80-58", "36VHT80-5290", "36VHT80-0",
		"36VHT160-58",
		"3W6e", "36W6e", "234W6e", "237W6e", "5180W6e", "37W6eW80", "37W6e10", "37W6eX",
		"37W6e320-3", "37W6e320-", "37W6e320+", "37W6e80-1x", "37W6eHT40+", "37W6e-",
		"2W6e40", "233W6e40", "225W6e80", "225W6e160", "1W6e320-2", "193W6e320-1",
		"229W6e320", "36EHT320", "6EHT320", "14HT20", "14W5", "6VHT80", "6HE40", "36W1",
		"58320HT20", "902.5HT20", "5180:", "5180:80", "5180:30:5210", "5180:80:5210:",
		"5180:80:5210:5290", "5180:80:5210:5775:1", "5180:80+80:5210", "5180:80:42",
		"5180:80:5230", "36:80:5210", "5180:20:5190", ":80:5210", "5180:160:5250:5570",
		"2412.", "2412.5555", "2412.x", "100000", "4294967297", "18446744073709551617",
		"36HT4294967336", "36VHT80-4294967338", "5180:80:4294972506",
	};
	struct channel c, before;
	char why[128];

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		c = before;
		why[0] = '\0';
		if (channel_parse(&c, text_of(bad[i]), why, sizeof(why)) != -EINVAL)
			fail_msg("%s was accepted", bad[i]);
		assert_memory_equal(&c, &before, sizeof(c));
		assert_true(strlen(why) > 10);
	}
}

static void pairs_that_do_not_exist_are_refused(void **state)
{
	char text[16], why[128];
	struct channel c;

	(void)state;
	for (unsigned n = 1; n <= 196; n++) {
		uint32_t khz = channel_freq_khz(channel_band_guess(n), n);

		for (int above = 0; above < 2; above++) {
			snprintf(text, sizeof(text), "%uHT40%c", n, above ? '+' : '-');
			assert_int_equal(channel_parse(&c, text_of(text), why, sizeof(why)) == 0,
					 channel_ht40_center_khz(khz, above) != 0);
		}
	}
	assert_int_equal(channel_parse(&c, text_of("140HT40-"), why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "140HT40-: this channel has its second half above");
}

static void over_long_and_hostile_text_is_refused_and_shown_safely(void **state)
{
	char text[200], why[256], small[8];
	struct channel c;

	(void)state;
	memset(text, '6', sizeof(text));
	assert_int_equal(channel_parse(&c, (struct text){ text, 200 }, why, sizeof(why)), -EINVAL);
	assert_int_equal(channel_parse(&c, (struct text){ text, 64 }, why, sizeof(why)), -EINVAL);
	assert_int_equal(channel_parse(&c, (struct text){ "6\0x", 3 }, why, sizeof(why)), -EINVAL);
	assert_int_equal(channel_parse(&c, (struct text){ "6\033[2J\n", 6 }, why, sizeof(why)),
			 -EINVAL);
	assert_null(strpbrk(why, "\033\n"));
	assert_int_equal(channel_parse(&c, (struct text){ NULL, 0 }, why, sizeof(why)), -EINVAL);
	assert_int_equal(channel_parse(&c, text_of("6foo bar"), small, sizeof(small)), -EINVAL);
	assert_int_equal(strlen(small), 7);
	assert_int_equal(channel_parse(&c, text_of("x"), NULL, 0), -EINVAL);
	/* no byte behind the text is read */
	assert_int_equal(channel_parse(&c, (struct text){ "36VHT80", 2 }, why, sizeof(why)), 0);
	assert_int_equal(c.width, WIDTH_20_NOHT);
}

static unsigned accepted;

static void check_again(const char *text)
{
	struct channel c, again;
	char first[CHANNEL_TEXT_SIZE], second[CHANNEL_TEXT_SIZE], why[128] = "";

	if (channel_parse(&c, text_of(text), why, sizeof(why)) != 0)
		return;
	accepted++;
	channel_print(&c, first, sizeof(first));
	if (channel_parse(&again, text_of(first), why, sizeof(why)) != 0)
		fail_msg("%s was printed as %s: %s", text, first, why);
	assert_true(channel_equal(&c, &again));
	channel_print(&again, second, sizeof(second));
	assert_string_equal(first, second);
}

static void whatever_is_read_is_printed_so_that_it_reads_the_same(void **state)
{
	static const char *const suffixes[] = {
		"", "W6e", "HT20", "HT40+", "HT40-", "HE40", "VHT80", "VHT160", "EHT80", "EHT320",
		"EHT320-1", "EHT320-2", "W5", "W10", "W6e20", "W6e40", "W6e80", "W6e160",
		"W6e320-1", "W6e320-2", "@20", "@40", "@80", "@160", "@320", "VHT80-42",
		"VHT80-5775", "W6e80-39", "VHT80-6145", ":20", ":5", ":80:5210",
		":80:5210:5775", ":160:5250", ":320:6265",
	};
	char text[64];

	(void)state;
	accepted = 0;
	for (unsigned n = 0; n <= 7200; n++) {
		if (n == 260)
			n = 2300;
		for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
			snprintf(text, sizeof(text), "%u%s", n, suffixes[i]);
			check_again(text);
		}
	}
	assert_true(accepted > 10000);
}

/* As they come from a phy, without any of the flags of spelling. */
static void every_primary_of_every_block_is_printed_and_read_again(void **state)
{
	static const enum channel_width widths[] = { WIDTH_40, WIDTH_80, WIDTH_160 };
	char text[CHANNEL_TEXT_SIZE];
	unsigned blocks = 0;

	(void)state;
	for (uint32_t khz = 2412000; khz <= 7115000; khz += 1000) {
		for (size_t i = 0; i < ARRAY_SIZE(widths) + 2; i++) {
			struct channel again, c = { .freq_khz = khz, .width = WIDTH_320 };

			if (i < ARRAY_SIZE(widths)) {
				c.width = widths[i];
				c.center1_khz = channel_block_center_khz(khz, c.width);
			} else {
				c.center1_khz = channel_block_320_khz(khz, (int)i - 2);
			}
			if (!c.center1_khz)
				continue;
			assert_true(channel_valid(&c));
			channel_print(&c, text, sizeof(text));
			assert_null(strchr(text, ':'));
			again = read_channel(text);
			assert_true(channel_equal(&c, &again));
			blocks++;
		}
	}
	/* 5 GHz: 28, 28, 24; 6 GHz: 58, 56, 56 and two times 48 */
	assert_int_equal(blocks, 28 + 28 + 24 + 58 + 56 + 56 + 48 + 48);
}

static void a_channel_without_a_short_name_is_printed_exactly(void **state)
{
	static const struct {
		struct channel c;
		const char *text;
	} t[] = {
		{ { .freq_khz = 5180000, .width = WIDTH_40, .center1_khz = 5170000 },
		  "5180:40:5170" },
		{ { .freq_khz = 5180000, .width = WIDTH_80, .center1_khz = 5190000 },
		  "5180:80:5190" },
		{ { .freq_khz = 5180000, .width = WIDTH_320, .center1_khz = 5190000 },
		  "5180:320:5190" },
		{ { .freq_khz = 5900000, .width = WIDTH_20_NOHT }, "5900" },
		{ { .freq_khz = 5035000, .width = WIDTH_20_NOHT }, "5035" },
		{ { .freq_khz = 5935000, .width = WIDTH_20_NOHT }, "2W6e" },
		{ { .freq_khz = 6135000, .width = WIDTH_5 }, "6135W5" },
		{ { .freq_khz = 58320000, .width = WIDTH_20_NOHT }, "58320" },
	};
	char text[CHANNEL_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct channel again;

		channel_print(&t[i].c, text, sizeof(text));
		assert_string_equal(text, t[i].text);
		again = read_channel(text);
		assert_true(channel_equal(&again, &t[i].c));
	}
}

static void a_small_buffer_is_not_overrun(void **state)
{
	struct channel c = read_channel("36VHT80");
	char out[4] = "###";

	(void)state;
	assert_int_equal(channel_print(&c, out, sizeof(out)), 7);
	assert_string_equal(out, "36V");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_spellings_mean_what_they_always_did),
		cmocka_unit_test(six_ghz_by_frequency_is_that_frequency),
		cmocka_unit_test(wide_channels_of_6ghz_are_read),
		cmocka_unit_test(a_generation_behind_a_six_is_not_6ghz),
		cmocka_unit_test(generations_are_widths_only),
		cmocka_unit_test(exact_frequencies_are_read),
		cmocka_unit_test(what_is_no_channel_is_refused_with_a_reason),
		cmocka_unit_test(pairs_that_do_not_exist_are_refused),
		cmocka_unit_test(over_long_and_hostile_text_is_refused_and_shown_safely),
		cmocka_unit_test(whatever_is_read_is_printed_so_that_it_reads_the_same),
		cmocka_unit_test(every_primary_of_every_block_is_printed_and_read_again),
		cmocka_unit_test(a_channel_without_a_short_name_is_printed_exactly),
		cmocka_unit_test(a_small_buffer_is_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
