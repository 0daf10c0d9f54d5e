/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Borrowed text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "protocol/text.h"

static void absent_and_empty_are_told_apart(void **state)
{
	(void)state;
	assert_null(text_of(NULL).s);
	assert_int_equal(text_of(NULL).len, 0);
	assert_non_null(text_of("").s);
	assert_int_equal(text_of("").len, 0);
}

static void equal_looks_at_every_byte(void **state)
{
	(void)state;
	assert_true(text_equal(text_of("wlan0"), text_of("wlan0")));
	assert_false(text_equal(text_of("wlan0"), text_of("wlan1")));
	assert_false(text_equal(text_of("wlan0"), text_of("wlan")));
	assert_false(text_equal(text_of("a"), text_of("A")));
	assert_true(text_equal((struct text){ "a\0b", 3 }, (struct text){ "a\0b", 3 }));
	assert_false(text_equal((struct text){ "a\0b", 3 }, (struct text){ "a\0c", 3 }));
}

static void absent_text_equals_empty_text(void **state)
{
	(void)state;
	assert_true(text_equal(text_of(NULL), text_of("")));
	assert_true(text_equal_nocase(text_of(NULL), text_of("")));
	assert_true(text_is(text_of(NULL), ""));
	assert_false(text_is(text_of(NULL), "x"));
}

static void nocase_folds_ascii_letters_only(void **state)
{
	(void)state;
	assert_true(text_equal_nocase(text_of("Channel_HOP"), text_of("channel_hop")));
	assert_true(text_equal_nocase(text_of("AZ"), text_of("az")));
	/* the characters around the letters, and those beyond ASCII */
	assert_false(text_equal_nocase(text_of("@"), text_of("`")));
	assert_false(text_equal_nocase(text_of("["), text_of("{")));
	assert_false(text_equal_nocase(text_of("\xc4"), text_of("\xe4")));
	assert_false(text_equal_nocase(text_of("ab"), text_of("abc")));
}

static void prints_as_printf_arguments(void **state)
{
	char out[16];

	(void)state;
	snprintf(out, sizeof(out), "<%.*s>", TEXT_ARG(((struct text){ "wlan0:x", 5 })));
	assert_string_equal(out, "<wlan0>");
	snprintf(out, sizeof(out), "<%.*s>", TEXT_ARG(text_of(NULL)));
	assert_string_equal(out, "<>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_and_empty_are_told_apart),
		cmocka_unit_test(equal_looks_at_every_byte),
		cmocka_unit_test(absent_text_equals_empty_text),
		cmocka_unit_test(nocase_folds_ascii_letters_only),
		cmocka_unit_test(prints_as_printf_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
