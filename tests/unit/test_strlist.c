/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An owned list of strings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "capture_common/strlist.h"

static struct strlist l;

static int teardown(void **state)
{
	(void)state;
	strlist_free(&l);
	return 0;
}

static void assert_items(const struct strlist *list, const char *joined)
{
	char text[256] = "";
	size_t i;

	for (i = 0; i < list->n; i++) {
		strcat(text, i ? "|" : "");
		strcat(text, list->items[i]);
	}
	assert_string_equal(text, joined);
}

static void add_copies(void **state)
{
	char word[] = "first";

	(void)state;
	assert_int_equal(strlist_add(&l, text_of(word)), 0);
	word[0] = 'X';
	assert_int_equal(strlist_add(&l, (struct text){ "second half", 6 }), 0);
	assert_items(&l, "first|second");
}

static void absent_and_empty_text_are_empty_items(void **state)
{
	(void)state;
	assert_int_equal(strlist_add(&l, text_of(NULL)), 0);
	assert_int_equal(strlist_add(&l, text_of("")), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[0], "");
	assert_string_equal(l.items[1], "");
}

static void thousands_of_items_keep_their_order(void **state)
{
	char word[16];
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		snprintf(word, sizeof(word), "%d", i);
		assert_int_equal(strlist_add(&l, text_of(word)), 0);
	}
	assert_int_equal(l.n, 5000);
	for (i = 0; i < 5000; i++) {
		snprintf(word, sizeof(word), "%d", i);
		assert_string_equal(l.items[i], word);
	}
}

static void split_drops_spaces_and_empty_pieces(void **state)
{
	(void)state;
	assert_int_equal(strlist_add_split(&l, text_of(" 1, 6 ,,\t11HT40- ,  ,a b,")), 0);
	assert_items(&l, "1|6|11HT40-|a b");
}

static void split_of_nothing_adds_nothing(void **state)
{
	(void)state;
	assert_int_equal(strlist_add_split(&l, text_of(NULL)), 0);
	assert_int_equal(strlist_add_split(&l, text_of("")), 0);
	assert_int_equal(strlist_add_split(&l, text_of(",")), 0);
	assert_int_equal(l.n, 0);
}

static void split_appends(void **state)
{
	(void)state;
	strlist_add(&l, text_of("0"));
	strlist_add_split(&l, text_of("1,2"));
	assert_items(&l, "0|1|2");
}

static void split_stays_within_the_length(void **state)
{
	(void)state;
	strlist_add_split(&l, (struct text){ "1,23,4", 4 });
	assert_items(&l, "1|23");
}

static void has_ignores_case_only(void **state)
{
	(void)state;
	strlist_add_split(&l, text_of("6HT40+,11"));
	assert_true(strlist_has(&l, text_of("6ht40+")));
	assert_true(strlist_has(&l, text_of("11")));
	assert_false(strlist_has(&l, text_of("1")));
	assert_false(strlist_has(&l, text_of("111")));
	assert_false(strlist_has(&l, text_of("")));
}

static void remove_keeps_the_order(void **state)
{
	(void)state;
	strlist_add_split(&l, text_of("a,b,c,d"));
	strlist_remove(&l, 1);
	assert_items(&l, "a|c|d");
	strlist_remove(&l, 2);
	assert_items(&l, "a|c");
	strlist_remove(&l, 0);
	assert_items(&l, "c");
	strlist_remove(&l, 1);
	assert_items(&l, "c");
	strlist_remove(&l, 0);
	assert_int_equal(l.n, 0);
}

/* The room of the list follows from its length, so shrinking must not confuse it. */
static void adding_after_removing_stays_in_bounds(void **state)
{
	size_t up, down;

	(void)state;
	for (up = 1; up < 40; up++) {
		for (down = 0; down <= up; down++) {
			while (l.n < up)
				assert_int_equal(strlist_add(&l, text_of("x")), 0);
			while (l.n > down)
				strlist_remove(&l, 0);
		}
	}
}

static void copy_is_independent_and_replaces(void **state)
{
	struct strlist other = STRLIST_INIT;

	(void)state;
	strlist_add_split(&l, text_of("1,2"));
	strlist_add(&other, text_of("old"));
	assert_int_equal(strlist_copy(&other, &l), 0);
	strlist_remove(&l, 0);
	assert_items(&other, "1|2");
	assert_items(&l, "2");
	assert_int_equal(strlist_copy(&other, &other), 0);
	assert_items(&other, "1|2");
	strlist_free(&other);
}

static void equal_compares_order_and_case(void **state)
{
	struct strlist other = STRLIST_INIT;

	(void)state;
	assert_true(strlist_equal(&l, &other));
	strlist_add_split(&l, text_of("a,b"));
	assert_false(strlist_equal(&l, &other));
	strlist_add_split(&other, text_of("a,b"));
	assert_true(strlist_equal(&l, &other));
	strlist_free(&other);
	strlist_add_split(&other, text_of("b,a"));
	assert_false(strlist_equal(&l, &other));
	strlist_free(&other);
	strlist_add_split(&other, text_of("a,B"));
	assert_false(strlist_equal(&l, &other));
	strlist_free(&other);
}

static void freed_list_is_empty_and_usable(void **state)
{
	(void)state;
	strlist_add(&l, text_of("x"));
	strlist_free(&l);
	assert_int_equal(l.n, 0);
	assert_null(l.items);
	strlist_free(&l);
	assert_int_equal(strlist_add(&l, text_of("y")), 0);
	assert_items(&l, "y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(add_copies, teardown),
		cmocka_unit_test_teardown(absent_and_empty_text_are_empty_items, teardown),
		cmocka_unit_test_teardown(thousands_of_items_keep_their_order, teardown),
		cmocka_unit_test_teardown(split_drops_spaces_and_empty_pieces, teardown),
		cmocka_unit_test_teardown(split_of_nothing_adds_nothing, teardown),
		cmocka_unit_test_teardown(split_appends, teardown),
		cmocka_unit_test_teardown(split_stays_within_the_length, teardown),
		cmocka_unit_test_teardown(has_ignores_case_only, teardown),
		cmocka_unit_test_teardown(remove_keeps_the_order, teardown),
		cmocka_unit_test_teardown(adding_after_removing_stays_in_bounds, teardown),
		cmocka_unit_test_teardown(copy_is_independent_and_replaces, teardown),
		cmocka_unit_test_teardown(equal_compares_order_and_case, teardown),
		cmocka_unit_test_teardown(freed_list_is_empty_and_usable, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
