/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live table's text, and its place on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "capture_receiver/table.h"

static char text[8192];

static const struct table_row row = {
	.name = "roof", .type = "linuxwifi", .peer = "192.0.2.7:41234", .gen = "v3",
	.state = "open", .age_s = 75.9, .packets_per_s = 12.6,
	.stats = { .packets = 1234, .bytes = 345678, .lost = 5, .repeated = 6 },
};

static const char *short_number(uint64_t n)
{
	static char out[8];

	table_short_number(out, n);
	return out;
}

static void numbers_are_at_most_six_columns(void **state)
{
	(void)state;
	assert_string_equal(short_number(0), "0");
	assert_string_equal(short_number(9999), "9999");
	assert_string_equal(short_number(10000), "10.0k");
	assert_string_equal(short_number(999949), "999.9k");
	assert_string_equal(short_number(999951), "1.0M");
	assert_string_equal(short_number(UINT64_C(1234567890123)), "1.2T");
	assert_string_equal(short_number(UINT64_MAX), "18.4E");
	for (uint64_t n = 1; n; n *= 2)
		assert_true(strlen(short_number(n)) <= 6);
}

static void row_shows_everything(void **state)
{
	size_t len;

	(void)state;
	len = table_render(text, sizeof(text), &row, 1, 0, 200);
	assert_int_equal(len, strlen(text));
	assert_string_equal(text,
"NAME            TYPE       PACKETS  PKT/S  BYTES   LOST REPEAT GEN STATE         PEER\n"
"roof            linuxwifi     1234     13 345.7k      5      6 v3  open 1:15     "
"192.0.2.7:41234\n");
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	struct table_row wide = row;

	(void)state;
	wide.name = "a very long name of a source that nobody wants to see in full";
	for (unsigned width = TABLE_MIN_WIDTH; width < 130; width++) {
		table_render(text, sizeof(text), &wide, 1, 3, width);
		for (char *s = text, *end; (end = strchr(s, '\n')) != NULL; s = end + 1)
			assert_true(end - s <= (long)width);
	}
}

static void everything_but_the_peer_fits_into_80_columns(void **state)
{
	struct table_row r = row;

	(void)state;
	r.age_s = 36000 * 3;
	table_render(text, sizeof(text), &r, 1, 0, 80);
	assert_non_null(strstr(text, "GEN STATE\n"));
	assert_non_null(strstr(text, "v3  open 30:00:00\n"));
}

static void columns_count_characters_not_bytes(void **state)
{
	struct table_row r = row;
	const char *second;

	(void)state;
	r.name = "K\xc3\xbc" "che \xe2\x82\xac";
	table_render(text, sizeof(text), &r, 1, 0, 200);
	second = strchr(text, '\n') + 1;
	assert_memory_equal(second, "K\xc3\xbc" "che \xe2\x82\xac         linuxwifi", 28);
}

static void what_is_not_shown_is_counted(void **state)
{
	(void)state;
	table_render(text, sizeof(text), &row, 1, 17, 80);
	assert_non_null(strstr(text, "\nand 17 more\n"));
	table_render(text, sizeof(text), NULL, 0, 0, 80);
	assert_int_equal(strncmp(text, "NAME", 4), 0);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void small_buffer_cuts_whole_lines(void **state)
{
	struct table_row rows[] = { row, row, row };

	(void)state;
	for (size_t size = 0; size < 600; size++) {
		char *small = malloc(size + 1);
		size_t len = table_render(small, size, rows, 3, 2, 120);

		assert_true(size == 0 ? len == 0 : len < size);
		assert_true(len == 0 || small[len - 1] == '\n');
		free(small);
	}
}

static void long_ages_and_states_fit(void **state)
{
	struct table_row r = row;

	(void)state;
	r.age_s = 86400 * 5 + 4000;
	table_render(text, sizeof(text), &r, 1, 0, 200);
	assert_non_null(strstr(text, "open 5d "));
	r.age_s = -1;
	table_render(text, sizeof(text), &r, 1, 0, 200);
	assert_non_null(strstr(text, "open 0:00 "));
}

static void new_picture_covers_the_old_one(void **state)
{
	struct table_screen *s;
	size_t rows;
	unsigned width;
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	s = table_screen_new(fds[1]);
	table_screen_size(s, &rows, &width);
	assert_int_equal(width, 80);
	assert_true(rows > 2);
	table_screen_erase(s);
	table_screen_draw(s, "a\nb\n", 4);
	table_screen_draw(s, "c\n", 2);
	table_screen_free(s);
	n = read(fds[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	assert_string_equal(text, "a\nb\n\r\x1b[2A\x1b[Jc\n\r\x1b[1A\x1b[J");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_at_most_six_columns),
		cmocka_unit_test(row_shows_everything),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(everything_but_the_peer_fits_into_80_columns),
		cmocka_unit_test(columns_count_characters_not_bytes),
		cmocka_unit_test(what_is_not_shown_is_counted),
		cmocka_unit_test(small_buffer_cuts_whole_lines),
		cmocka_unit_test(long_ages_and_states_fit),
		cmocka_unit_test(new_picture_covers_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
