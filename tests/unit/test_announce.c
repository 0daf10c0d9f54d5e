/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The announcement datagram. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "protocol/announce.h"

static const struct announce sample = {
	.http_port = 2501,
	.tcp_port = 3501,
	.time_us = UINT64_C(1700000000123456),
	.uuid = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE",
	.name = "example",
};

static int reads(const uint8_t *data, size_t len)
{
	struct announce a;

	return announce_parse(data, len, &a);
}

static void written_announcement_reads_back(void **state)
{
	uint8_t data[ANNOUNCE_SIZE];
	struct announce a;

	(void)state;
	announce_write(&sample, data);
	assert_memory_equal(data, "\0\0KISMET\0\1\0\0\x09\xc5\0\0\x0d\xad", 18);
	assert_memory_equal(data + 34, "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEEexample\0", 44);
	assert_int_equal(announce_parse(data, sizeof(data), &a), 0);
	assert_int_equal(a.http_port, 2501);
	assert_int_equal(a.tcp_port, 3501);
	assert_int_equal(a.time_us, sample.time_us);
	assert_string_equal(a.uuid, sample.uuid);
	assert_string_equal(a.name, "example");
}

static void other_lengths_are_refused(void **state)
{
	uint8_t data[ANNOUNCE_SIZE + 1] = { 0 };

	(void)state;
	announce_write(&sample, data);
	assert_int_equal(reads(data, 0), -EPROTO);
	assert_int_equal(reads(data, ANNOUNCE_SIZE - 1), -EPROTO);
	assert_int_equal(reads(data, ANNOUNCE_SIZE + 1), -EPROTO);
}

static void wrong_tag_version_ports_and_uuid_are_refused(void **state)
{
	/* every byte of tag, version, upper halves of the ports, and a digit of the UUID */
	static const size_t places[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 34, 42 };
	uint8_t data[ANNOUNCE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		announce_write(&sample, data);
		assert_int_equal(reads(data, sizeof(data)), 0);
		data[places[i]] ^= 0x81;
		assert_int_equal(reads(data, sizeof(data)), -EPROTO);
	}
}

static void ports_may_be_missing(void **state)
{
	struct announce a = sample;
	uint8_t data[ANNOUNCE_SIZE];

	(void)state;
	a.http_port = a.tcp_port = 0;
	announce_write(&a, data);
	assert_int_equal(announce_parse(data, sizeof(data), &a), 0);
	assert_int_equal(a.http_port, 0);
	assert_int_equal(a.tcp_port, 0);
}

static void name_without_an_end_is_cut(void **state)
{
	uint8_t data[ANNOUNCE_SIZE];
	struct announce a;

	(void)state;
	announce_write(&sample, data);
	memset(data + 70, 'n', 32);
	assert_int_equal(announce_parse(data, sizeof(data), &a), 0);
	assert_int_equal(strlen(a.name), ANNOUNCE_NAME_SIZE - 1);
	announce_write(&a, data);
	assert_int_equal(data[ANNOUNCE_SIZE - 1], 0);
}

static void lower_case_uuid_comes_out_in_upper_case(void **state)
{
	uint8_t data[ANNOUNCE_SIZE];
	struct announce a;

	(void)state;
	announce_write(&sample, data);
	memcpy(data + 34, "aaaa", 4);
	assert_int_equal(announce_parse(data, sizeof(data), &a), 0);
	assert_string_equal(a.uuid, sample.uuid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_announcement_reads_back),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(wrong_tag_version_ports_and_uuid_are_refused),
		cmocka_unit_test(ports_may_be_missing),
		cmocka_unit_test(name_without_an_end_is_cut),
		cmocka_unit_test(lower_case_uuid_comes_out_in_upper_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
