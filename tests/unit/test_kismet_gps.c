/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Positions in Kismet's pcapng logs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "capture_pcapfile/kismet_gps.h"
#include "tests/lib/capfile.h"

#define LON 0x2u
#define LAT 0x4u
#define ALT 0x8u

static struct capfile c;
static struct msg_gps gps;

static int teardown(void **state)
{
	(void)state;
	capfile_free(&c);
	return 0;
}

static void begin(uint32_t mask)
{
	bool big = c.big;

	capfile_free(&c);
	c.big = big;
	capfile_bytes(&c, "\x47\x01", 2);
	capfile_u16(&c, 0);
	capfile_u32(&c, mask);
}

static uint32_t degrees(double d)
{
	return (uint32_t)((d + 180) * 1e7 + 0.5);
}

/* From memory of exactly that size, so that a sanitizer sees what is too far. */
static bool parse(size_t len)
{
	uint8_t *copy = malloc(len + 1);
	bool ok;

	memcpy(copy, c.data, len);
	copy = realloc(copy, len ? len : 1);
	ok = kismet_gps_parse(copy, len, c.big, &gps);
	free(copy);
	return ok;
}

static void both_byte_orders_are_read(void **state)
{
	int big;

	(void)state;
	for (big = 0; big < 2; big++) {
		c.big = big;
		begin(LON | LAT | ALT);
		capfile_u32(&c, degrees(-71.0942));
		capfile_u32(&c, degrees(42.3601));
		capfile_u32(&c, (uint32_t)((180000 - 3.5) * 1e4));
		assert_true(parse(c.len));
		assert_float_equal(gps.lon_deg, -71.0942, 1e-6);
		assert_float_equal(gps.lat_deg, 42.3601, 1e-6);
		assert_true(gps.has_alt);
		assert_float_equal(gps.alt_m, -3.5, 1e-3);
		assert_int_equal(gps.fix, 3);
		assert_int_equal(gps.time_us, 0);
	}
}

static void unknown_fields_are_passed_over(void **state)
{
	uint32_t bit;

	(void)state;
	begin(UINT32_MAX);
	for (bit = 0; bit < 32; bit++)
		capfile_u32(&c, bit == 1 || bit == 2 ? degrees(bit) : bit);
	assert_true(parse(c.len));
	assert_float_equal(gps.lon_deg, 1, 1e-6);
	assert_float_equal(gps.lat_deg, 2, 1e-6);
	/* The halves of the time stamp win over the time of the GPS. */
	assert_int_equal(gps.time_us, UINT64_C(10) << 32 | 11);
}

static void a_cut_position_is_none(void **state)
{
	size_t len;

	(void)state;
	begin(LON | LAT | ALT);
	capfile_u32(&c, degrees(1));
	capfile_u32(&c, degrees(1));
	capfile_u32(&c, 1800000000);
	for (len = 0; len < c.len; len++)
		assert_false(parse(len));
	assert_true(parse(c.len));
}

static void a_position_on_no_planet_is_none(void **state)
{
	static const double bad[][2] = { { 0, 90.1 }, { 0, -90.1 }, { 180.1, 0 }, { 0, 200 } };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin(LON | LAT);
		capfile_u32(&c, degrees(bad[i][0]));
		capfile_u32(&c, degrees(bad[i][1]));
		assert_false(parse(c.len));
	}
	begin(LON | LAT);
	capfile_u32(&c, degrees(0));
	capfile_u32(&c, degrees(0));
	assert_true(parse(c.len));
	assert_int_equal(gps.fix, 2);
}

static void half_a_position_is_none(void **state)
{
	(void)state;
	begin(LON | ALT);
	capfile_u32(&c, degrees(1));
	capfile_u32(&c, degrees(1));
	assert_false(parse(c.len));
	begin(LAT);
	capfile_u32(&c, degrees(1));
	assert_false(parse(c.len));
}

static void other_versions_are_none(void **state)
{
	(void)state;
	begin(LON | LAT);
	capfile_u32(&c, degrees(1));
	capfile_u32(&c, degrees(1));
	c.data[1] = 2;
	assert_false(parse(c.len));
	c.data[1] = 1;
	c.data[0] = 0x48;
	assert_false(parse(c.len));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_byte_orders_are_read),
		TEST(unknown_fields_are_passed_over),
		TEST(a_cut_position_is_none),
		TEST(a_position_on_no_planet_is_none),
		TEST(half_a_position_is_none),
		TEST(other_versions_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
