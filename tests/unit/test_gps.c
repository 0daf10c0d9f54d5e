/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --fixed-gps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/gps.h"

static struct err e;
static struct gps_fixed g;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	memset(&g, 0, sizeof(g));
	return 0;
}

static void reads_two_numbers(void **state)
{
	(void)state;
	assert_int_equal(gps_opt_fixed(&g, "52.5163,-13.25", &e), 0);
	assert_true(g.set);
	assert_true(g.lat_deg == 52.5163 && g.lon_deg == -13.25);
	assert_false(g.has_alt);
	assert_true(g.alt_m == 0);
}

static void reads_three_numbers(void **state)
{
	(void)state;
	assert_int_equal(gps_opt_fixed(&g, " -33.5 , +151 ,\t-3.25e1 ", &e), 0);
	assert_true(g.lat_deg == -33.5 && g.lon_deg == 151);
	assert_true(g.has_alt && g.alt_m == -32.5);
}

static void equator_and_greenwich_are_a_place(void **state)
{
	(void)state;
	assert_int_equal(gps_opt_fixed(&g, "0,0,0", &e), 0);
	assert_true(g.set && g.has_alt);
	assert_true(g.lat_deg == 0 && g.lon_deg == 0);
}

static void poles_and_date_line_are_valid(void **state)
{
	(void)state;
	assert_int_equal(gps_opt_fixed(&g, "90,180", &e), 0);
	assert_int_equal(gps_opt_fixed(&g, "-90,-180", &e), 0);
}

static void refuse(const char *value, const char *reason)
{
	struct gps_fixed before = { .lat_deg = 7 };

	g = before;
	if (gps_opt_fixed(&g, value, &e) != -1)
		fail_msg("'%s' was taken", value);
	assert_int_equal(e.code, ERR_USAGE);
	if (!strstr(e.text, reason))
		fail_msg("'%s': '%s' does not say '%s'", value, e.text, reason);
	assert_memory_equal(&g, &before, sizeof(g));
}

static void places_off_the_globe_are_refused(void **state)
{
	(void)state;
	refuse("90.0001,0", "latitude 90.0001 is not between -90 and 90");
	refuse("-91,0", "latitude -91 is");
	refuse("0,180.5", "longitude 180.5 is not between -180 and 180");
	refuse("0,-181", "longitude -181 is");
	refuse("151.2,-33.5", "the latitude comes first");
}

static void what_is_no_position_is_refused_with_an_example(void **state)
{
	static const char *const bad[] = {
		"", ",", "1", "1,", ",1", "1,2,", "1,2,3,", "1,2,3,4", "52,5,13,4", "x,1", "1,x",
		"1;2", "1 2", "1,2 3", "1,2m", "1,2,30m", "1N,2E", "1.2.3,4", "--1,2", "1,+-2",
		"nan,1", "1,nan", "inf,1", "1,2,inf", "0x10,1", "1e999,1", "1,2,1e999", "e,1",
		".,1", "-,1", "1e,1", "lat,lon",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(bad[i], "write lat,lon or lat,lon,alt in degrees and metres");
}

static void long_junk_fits_in_the_message(void **state)
{
	char junk[5000];

	(void)state;
	memset(junk, '1', sizeof(junk) - 1);
	junk[sizeof(junk) - 1] = '\0';
	refuse(junk, "write lat,lon");
}

static void block_has_what_servers_expect(void **state)
{
	struct msg_gps out;

	(void)state;
	gps_opt_fixed(&g, "1.5,2.5", &e);
	memset(&out, 0xff, sizeof(out));
	gps_fill(&g, "roof", 1234567, &out);
	assert_true(out.lat_deg == 1.5 && out.lon_deg == 2.5);
	assert_false(out.has_alt);
	assert_true(out.alt_m == 0);
	assert_false(out.has_speed || out.has_heading || out.has_precision);
	assert_int_equal(out.fix, 3);
	assert_int_equal(out.time_us, 1234567);
	assert_true(text_is(out.type, "remote-fixed"));
	assert_true(text_is(out.name, "roof"));
	assert_null(out.uuid.s);
}

static void altitude_is_carried(void **state)
{
	struct msg_gps out;

	(void)state;
	gps_opt_fixed(&g, "1.5,2.5,120", &e);
	gps_fill(&g, "roof", 0, &out);
	assert_true(out.has_alt && out.alt_m == 120);
}

static void nameless_position_gets_the_default_name(void **state)
{
	struct msg_gps out;

	(void)state;
	gps_fill(&g, NULL, 0, &out);
	assert_true(text_is(out.name, "fixed-remote"));
	gps_fill(&g, "", 0, &out);
	assert_true(text_is(out.name, "fixed-remote"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_two_numbers, setup),
		cmocka_unit_test_setup(reads_three_numbers, setup),
		cmocka_unit_test_setup(equator_and_greenwich_are_a_place, setup),
		cmocka_unit_test_setup(poles_and_date_line_are_valid, setup),
		cmocka_unit_test_setup(places_off_the_globe_are_refused, setup),
		cmocka_unit_test_setup(what_is_no_position_is_refused_with_an_example, setup),
		cmocka_unit_test_setup(long_junk_fits_in_the_message, setup),
		cmocka_unit_test_setup(block_has_what_servers_expect, setup),
		cmocka_unit_test_setup(altitude_is_carried, setup),
		cmocka_unit_test_setup(nameless_position_gets_the_default_name, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
