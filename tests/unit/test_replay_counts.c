/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a replay counts, and what it calls the link types. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_pcapfile/linktype.h"
#include "capture_pcapfile/replay_counts.h"

static struct replay_counts c;
static char text[1024];

static int setup(void **state)
{
	(void)state;
	replay_counts_init(&c);
	return 0;
}

static const char *printed(size_t size)
{
	memset(text, 'x', sizeof(text));
	replay_counts_print(&c, text, size);
	assert_true(strlen(text) < size);
	return text;
}

static void nothing_counted_is_empty(void **state)
{
	(void)state;
	assert_string_equal(printed(sizeof(text)), "");
	assert_int_equal(replay_counts_sent(&c), 0);
	assert_false(replay_counts_any_decoded(&c));
}

static void link_types_are_counted_in_order_of_appearance(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		replay_counts_add(&c, 127);
		replay_counts_add(&c, 127);
		replay_counts_add(&c, 1);
		replay_counts_add(&c, 0);
	}
	assert_string_equal(printed(sizeof(text)), "127 (802.11 with radiotap): 10, 1: 5, 0: 5");
	assert_int_equal(replay_counts_sent(&c), 20);
}

static void too_many_link_types_share_a_place(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 60; i++)
		replay_counts_add(&c, 1000 + i % 30);
	assert_int_equal(replay_counts_sent(&c), 60);
	printed(sizeof(text));
	assert_int_equal(strncmp(text, "1000: 2, 1001: 2, ", 18), 0);
	assert_non_null(strstr(text, ", 1014: 2, others: 30"));
	/* There may be good ones among them. */
	assert_true(replay_counts_any_decoded(&c));
}

static void a_short_buffer_is_not_overrun(void **state)
{
	size_t size;

	(void)state;
	replay_counts_add(&c, 127);
	replay_counts_add(&c, 105);
	replay_counts_add(&c, 1);
	for (size = 1; size < 64; size++)
		printed(size);
}

static void link_types_of_servers_are_known(void **state)
{
	static const uint32_t decoded[] = { 127, 192, 105, 256, 251, 230, 283 };
	static const uint32_t others[] = { 0, 1, 119, 163, 195, 147 };
	size_t i;

	for (i = 0; i < sizeof(decoded) / sizeof(decoded[0]); i++) {
		assert_true(dlt_is_decoded(decoded[i]));
		assert_non_null(dlt_name(decoded[i]));
		setup(state);
		replay_counts_add(&c, 1);
		replay_counts_add(&c, decoded[i]);
		assert_true(replay_counts_any_decoded(&c));
	}
	setup(state);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(dlt_is_decoded(others[i]));
		replay_counts_add(&c, others[i]);
	}
	assert_false(replay_counts_any_decoded(&c));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_counted_is_empty),
		TEST(link_types_are_counted_in_order_of_appearance),
		TEST(too_many_link_types_share_a_place),
		TEST(a_short_buffer_is_not_overrun),
		TEST(link_types_of_servers_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
