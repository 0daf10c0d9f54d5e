/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol's checksum. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "protocol/checksum.h"

/* As docs/protocol.md 1.2 says it. */
static uint32_t by_definition(const uint8_t *data, size_t len)
{
	uint32_t s1 = 0, s2 = 0;

	if (len < 4)
		return 0;
	for (size_t i = 0; i < len; i++) {
		s1 += data[i];
		s2 += s1;
	}
	return s1 % 65536 + s2 % 65536 * 65536;
}

static uint32_t of(const char *text)
{
	return checksum(text, strlen(text));
}

static void published_values(void **state)
{
	(void)state;
	assert_int_equal(of("abcd"), 0x03D4018A);
	assert_int_equal(of("abcde"), 0x05C301EF);
	assert_int_equal(of("kismet"), 0x08E0028D);
	assert_int_equal(of("kismet_cap_pcapfile"), 0x4E1D07C3);
	assert_int_equal(of("kismet_cap_linux_wifi"), 0x5FE308BD);
	assert_int_equal(of("kismet_cap_linux_bluetooth"), 0x91DD0AE4);
	assert_int_equal(of("kismet_cap_ubertooth_one"), 0x7C9009FC);
}

static void fewer_than_four_bytes_have_none(void **state)
{
	(void)state;
	assert_int_equal(of(""), 0);
	assert_int_equal(of("a"), 0);
	assert_int_equal(of("abc"), 0);
	assert_int_equal(checksum("\xff\xff\xff", 3), 0);
	assert_int_not_equal(checksum("\0\0\0\1", 4), 0);
}

static void sums_wrap_in_long_data(void **state)
{
	static uint8_t data[300000];

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(checksum(data, sizeof(data)), 0x24104C20);
	for (size_t i = 0; i < 1024; i++)
		data[i] = (uint8_t)i;
	assert_int_equal(checksum(data, 1024), 0xAA00FE00);
}

/* Every length, so every rest after the blocks that the code reads, at odd addresses too. */
static void all_lengths_are_as_defined(void **state)
{
	static uint8_t data[700];
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		random = random * 1103515245 + 12345;
		data[i] = (uint8_t)(random >> 16);
	}
	for (size_t len = 0; len <= sizeof(data) - 3; len++) {
		for (size_t at = 0; at < 3; at++)
			assert_int_equal(checksum(data + at, len), by_definition(data + at, len));
	}
}

static void largest_bytes_do_not_spill_between_lanes(void **state)
{
	static uint8_t data[2000];

	(void)state;
	memset(data, 0xff, sizeof(data));
	for (size_t len = 0; len <= sizeof(data); len++)
		assert_int_equal(checksum(data, len), by_definition(data, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_values),
		cmocka_unit_test(fewer_than_four_bytes_have_none),
		cmocka_unit_test(sums_wrap_in_long_data),
		cmocka_unit_test(all_lengths_are_as_defined),
		cmocka_unit_test(largest_bytes_do_not_spill_between_lanes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
