/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors as values: texts, codes, exit statuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "capture_common/err.h"

static struct err e;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0xa5, sizeof(e));	/* whatever was there before must not matter */
	return 0;
}

static void set_fills_code_and_text(void **state)
{
	(void)state;
	assert_int_equal(err_set(&e, ERR_PROTOCOL, "frame of %d bytes", 9), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_int_equal(e.sys, 0);
	assert_string_equal(e.text, "frame of 9 bytes");
}

static void sys_appends_the_systems_words(void **state)
{
	char expected[320];

	(void)state;
	snprintf(expected, sizeof(expected), "open /dev/x: %s", strerror(EACCES));
	assert_int_equal(err_sys(&e, EACCES, "open %s", "/dev/x"), -1);
	assert_string_equal(e.text, expected);
	assert_int_equal(e.sys, EACCES);
	assert_int_equal(e.code, ERR_PERMISSION);
}

static void sys_words_of_an_unknown_number_name_it(void **state)
{
	(void)state;
	err_sys(&e, 54321, "tune");
	assert_non_null(strstr(e.text, "tune: "));
	assert_non_null(strstr(e.text, "54321"));
	assert_int_equal(e.code, ERR_SYSTEM);
}

static void wrap_puts_the_attempt_in_front(void **state)
{
	(void)state;
	err_set(&e, ERR_BUSY, "device busy");
	assert_int_equal(err_wrap(&e, "open %s", "wlan0"), -1);
	assert_string_equal(e.text, "open wlan0: device busy");
	assert_int_equal(e.code, ERR_BUSY);
	err_wrap(&e, "source %d", 2);
	assert_string_equal(e.text, "source 2: open wlan0: device busy");
}

static void wrap_keeps_the_system_error(void **state)
{
	(void)state;
	err_sys(&e, ENODEV, "tune");
	err_wrap(&e, "wlan0");
	assert_int_equal(e.sys, ENODEV);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void wrap_of_an_empty_text_has_no_colon(void **state)
{
	(void)state;
	err_set(&e, ERR_DATA, "%s", "");
	err_wrap(&e, "reading x");
	assert_string_equal(e.text, "reading x");
}

static void own_text_may_be_an_argument(void **state)
{
	(void)state;
	err_set(&e, ERR_DATA, "first");
	err_set(&e, ERR_DATA, "second after %s", e.text);
	assert_string_equal(e.text, "second after first");
	err_wrap(&e, "[%s]", e.text);
	assert_string_equal(e.text, "[second after first]: second after first");
}

static void errno_survives(void **state)
{
	(void)state;
	errno = EINTR;
	err_set(&e, ERR_DATA, "x");
	assert_int_equal(errno, EINTR);
	err_sys(&e, 54321, "x");
	assert_int_equal(errno, EINTR);
	err_wrap(&e, "x");
	assert_int_equal(errno, EINTR);
}

static const char *repeat(const char *piece, size_t times)
{
	static char text[2000];

	text[0] = '\0';
	while (times--)
		strcat(text, piece);
	return text;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static void long_text_ends_in_dots(void **state)
{
	(void)state;
	err_set(&e, ERR_DATA, "%s", repeat("a", 319));
	assert_int_equal(strlen(e.text), 319);
	assert_true(ends_with(e.text, "aaaa"));
	err_set(&e, ERR_DATA, "%s", repeat("a", 320));
	assert_int_equal(strlen(e.text), 319);
	assert_true(ends_with(e.text, "a..."));
}

static void long_attempt_does_not_push_the_cause_out(void **state)
{
	(void)state;
	err_sys(&e, ENOENT, "open %s", repeat("d/", 500));
	assert_true(ends_with(e.text, strerror(ENOENT)));
	assert_non_null(strstr(e.text, "...: "));
	assert_int_equal(strlen(e.text), 319);
	err_wrap(&e, "config %s", repeat("e/", 500));
	assert_true(ends_with(e.text, strerror(ENOENT)));
	assert_memory_equal(e.text, "config e/", 9);
}

static void every_length_of_attempt_and_cause_fits(void **state)
{
	size_t front, cause;

	(void)state;
	for (front = 1; front < 340; front += 3) {
		for (cause = 0; cause < 340; cause += 3) {
			err_set(&e, ERR_DATA, "%s", repeat("c", cause));
			err_wrap(&e, "%s", repeat("f", front));
			assert_true(strlen(e.text) < sizeof(e.text));
			assert_int_equal(e.text[0], 'f');
			if (front + cause + 2 < sizeof(e.text))
				assert_null(strstr(e.text, "..."));
			if (cause > 0)
				assert_true(ends_with(e.text, "c") || ends_with(e.text, "c..."));
		}
	}
}

static void cut_text_stays_utf8(void **state)
{
	size_t shift, n;

	(void)state;
	for (shift = 0; shift < 3; shift++) {
		err_set(&e, ERR_DATA, "%.*s%s", (int)shift, "abc", repeat("\xe2\x82\xac", 200));
		n = strlen(e.text);
		assert_true(ends_with(e.text, "\xe2\x82\xac..."));
		assert_int_equal((n - 3 - shift) % 3, 0);
	}
}

static void cut_causes_stay_utf8(void **state)
{
	size_t shift;

	(void)state;
	for (shift = 0; shift < 3; shift++) {
		err_set(&e, ERR_DATA, "%s%.*s", repeat("\xe2\x82\xac", 90), (int)shift, "abc");
		err_wrap(&e, "%s", repeat("f", 80));
		assert_non_null(strstr(e.text, "ff: ...\xe2\x82\xac"));
	}
}

static void system_errors_become_codes(void **state)
{
	static const struct { int sys; enum err_code code; } table[] = {
		{ ENOENT, ERR_NOT_FOUND }, { ENODEV, ERR_NOT_FOUND }, { ENXIO, ERR_NOT_FOUND },
		{ EACCES, ERR_PERMISSION }, { EPERM, ERR_PERMISSION },
		{ EBUSY, ERR_BUSY }, { EADDRINUSE, ERR_BUSY },
		{ ENOMEM, ERR_NO_MEMORY },
		{ ECONNREFUSED, ERR_NETWORK }, { ETIMEDOUT, ERR_NETWORK },
		{ EHOSTUNREACH, ERR_NETWORK }, { ENETUNREACH, ERR_NETWORK },
		{ ECONNRESET, ERR_NETWORK }, { EPIPE, ERR_NETWORK },
		{ EIO, ERR_SYSTEM }, { ENOSPC, ERR_SYSTEM }, { EINVAL, ERR_SYSTEM },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		err_sys(&e, table[i].sys, "x");
		assert_int_equal(e.code, table[i].code);
	}
}

static void codes_become_exit_statuses(void **state)
{
	static const struct { enum err_code code; int status; } table[] = {
		{ ERR_NONE, 0 }, { ERR_USAGE, 64 }, { ERR_DATA, 65 }, { ERR_NOT_FOUND, 66 },
		{ ERR_NETWORK, 69 }, { ERR_UNSUPPORTED, 69 }, { ERR_SYSTEM, 71 },
		{ ERR_GONE, 71 },
		{ ERR_NO_MEMORY, 71 }, { ERR_BUSY, 75 }, { ERR_PROTOCOL, 76 },
		{ ERR_PERMISSION, 77 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		err_set(&e, table[i].code, "x");
		assert_int_equal(err_exit_status(&e), table[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(set_fills_code_and_text, setup),
		cmocka_unit_test_setup(sys_appends_the_systems_words, setup),
		cmocka_unit_test_setup(sys_words_of_an_unknown_number_name_it, setup),
		cmocka_unit_test_setup(wrap_puts_the_attempt_in_front, setup),
		cmocka_unit_test_setup(wrap_keeps_the_system_error, setup),
		cmocka_unit_test_setup(wrap_of_an_empty_text_has_no_colon, setup),
		cmocka_unit_test_setup(own_text_may_be_an_argument, setup),
		cmocka_unit_test_setup(errno_survives, setup),
		cmocka_unit_test_setup(long_text_ends_in_dots, setup),
		cmocka_unit_test_setup(long_attempt_does_not_push_the_cause_out, setup),
		cmocka_unit_test_setup(every_length_of_attempt_and_cause_fits, setup),
		cmocka_unit_test_setup(cut_text_stays_utf8, setup),
		cmocka_unit_test_setup(cut_causes_stay_utf8, setup),
		cmocka_unit_test_setup(system_errors_become_codes, setup),
		cmocka_unit_test_setup(codes_become_exit_statuses, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
