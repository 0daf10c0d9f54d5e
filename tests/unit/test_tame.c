/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of others: what reaches a terminal, and what does not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "capture_common/tame.h"

static void expect(const char *text, const char *tamed)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "%s", text);
	assert_int_equal(tame_text(buf), strlen(tamed));
	assert_string_equal(buf, tamed);
}

static void letters_of_all_alphabets_stay(void **state)
{
	(void)state;
	expect("", "");
	expect("plain ~", "plain ~");
	expect("\xc3\xa9 \xd0\x96 \xe2\x82\xac \xf0\x9f\x93\xa1", "\xc3\xa9 \xd0\x96 \xe2\x82\xac "
	       "\xf0\x9f\x93\xa1");
	expect("\xc2\xa0", "\xc2\xa0");
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
	(void)state;
	expect("a\nb\r\x1b[31m\x7f", "a?b??[31m?");
	expect("\xc2\x9b" "31m \xc2\x80\xc2\x9f.", "?31m ??.");
}

static void direction_of_writing_is_not_changed(void **state)
{
	(void)state;
	expect("a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\xa8", "a?b?c?");
}

static void bytes_that_are_no_utf_8_are_replaced(void **state)
{
	(void)state;
	expect("\x9b" "31m", "?31m");
	expect("caf\xe9 au lait", "caf? au lait");
	expect("\xc0\x9b \xe0\x82\x9b \xed\xa0\x80 \xf5\x80\x80\x80", "?? ??? ??? ????");
	expect("cut \xe2\x82", "cut ??");
	expect("cut \xc3", "cut ?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_all_alphabets_stay),
		cmocka_unit_test(control_characters_do_not_reach_a_terminal),
		cmocka_unit_test(direction_of_writing_is_not_changed),
		cmocka_unit_test(bytes_that_are_no_utf_8_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
