/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of peers in terminals and file names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_receiver/safe_text.h"

static const char *safe(const char *s, size_t len)
{
	static char out[200];

	safe_text(out, sizeof(out), (struct text){ s, len });
	return out;
}

static void good_text_stays(void **state)
{
	(void)state;
	assert_string_equal(safe("roof 7", 6), "roof 7");
	assert_string_equal(safe("K\xc3\xbc" "che \xe2\x82\xac \xf0\x9f\x93\xa1", 15),
			    "K\xc3\xbc" "che \xe2\x82\xac \xf0\x9f\x93\xa1");
	assert_string_equal(safe("", 0), "");
	assert_string_equal(safe(NULL, 0), "");
}

static void terminals_are_not_steered(void **state)
{
	(void)state;
	assert_string_equal(safe("\x1b[2J\r\n\t\x7f", 8), "?[2J????");
	assert_string_equal(safe("a\0b", 3), "a?b");
	assert_string_equal(safe("\xc2\x9b" "2J", 4), "?2J");		/* CSI as one character */
	assert_string_equal(safe("\xe2\x80\xae" "x", 4), "?x");		/* right to left */
	assert_string_equal(safe("\xe2\x80\xa8" "x", 4), "?x");		/* line separator */
	assert_string_equal(safe("\xe2\x81\xa6" "x", 4), "?x");		/* isolate */
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
		"\xe2\x82", "\xf0\x9f\x93", "\xc3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *out = safe(bad[i], strlen(bad[i]));

		assert_int_equal(strspn(out, "?"), strlen(bad[i]));
		assert_int_equal(strlen(out), strlen(bad[i]));
	}
	assert_string_equal(safe("\xe2\x82z", 3), "??z");
}

static void characters_are_not_cut_in_two(void **state)
{
	char out[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(out); size++) {
		size_t n = safe_text(out, size, text_of("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"));

		assert_int_equal(n, (size - 1) / 3 * 3);
		assert_int_equal(strlen(out), n);
	}
}

static void file_names_have_no_ways_out(void **state)
{
	char out[200];

	(void)state;
	safe_name(out, sizeof(out), text_of("../../etc/passwd"));
	assert_string_equal(out, "_._.._etc_passwd");
	safe_name(out, sizeof(out), text_of("-rf"));
	assert_string_equal(out, "_rf");
	safe_name(out, sizeof(out), text_of(".."));
	assert_string_equal(out, "_.");
	safe_name(out, sizeof(out), text_of(""));
	assert_string_equal(out, "_");
	safe_name(out, sizeof(out), (struct text){ "a\0/b", 4 });
	assert_string_equal(out, "a__b");
	safe_name(out, sizeof(out), text_of("Wlan0_2.4-GHz"));
	assert_string_equal(out, "Wlan0_2.4-GHz");
	safe_name(out, 4, text_of("abcdef"));
	assert_string_equal(out, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_text_stays),
		cmocka_unit_test(terminals_are_not_steered),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(characters_are_not_cut_in_two),
		cmocka_unit_test(file_names_have_no_ways_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
