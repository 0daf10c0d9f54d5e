/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a radio: which interface is captured from, and what happens to the others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "nl80211/nl80211.h"
#include "tests/lib/open_rig.h"

static struct open_rig rig;

static int setup(void **state)
{
	(void)state;
	open_rig_init(&rig);
	return 0;
}

/* --- the usual way --------------------------------------------------------------------------- */

static void monitor_interface_is_made_beside_the_base(void **state)
{
	(void)state;
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "wlan0mon");
	assert_int_equal(rig.radio.capture_ifindex,
			 fake_wifi_find(&rig.fake, "wlan0mon")->link.ifindex);
	assert_string_equal(rig.radio.base.name, "wlan0");
	assert_string_equal(rig.radio.driver, "fakewifi");
	assert_string_equal(rig.radio.wiphy.name, "phy0");
	assert_true(rig.radio.tunable);
	assert_true(fake_wifi_is_up(&rig.fake, "wlan0mon"));
	assert_false(fake_wifi_is_up(&rig.fake, "wlan0"));
	assert_true(fake_wifi_is_up(&rig.fake, "eth0"));
	assert_int_equal(rig.fake.radios[0].monitor_flags, 0);
	assert_int_equal(rig.radio.n_told, 1);
	assert_string_equal(rig.radio.told[0], "wlan0: taken down until the capture ends, because "
			    "the radio could not be tuned otherwise");
	open_rig_close(&rig);
	assert_null(fake_wifi_find(&rig.fake, "wlan0mon"));
}

static void base_goes_down_before_the_monitor_comes_up(void **state)
{
	(void)state;
	open_rig_open(&rig);
	assert_string_equal(rig.fake.calls[0], "new_monitor wlan0mon");
	assert_string_equal(rig.fake.calls[1], "set_up wlan0 down");
	assert_string_equal(rig.fake.calls[2], "set_up wlan0mon up");
	assert_int_equal(rig.fake.n_calls, 3);
	open_rig_close(&rig);
}

static void base_that_was_down_stays_down(void **state)
{
	(void)state;
	fake_wifi_set_up(&rig.fake, "wlan0", false);
	open_rig_open(&rig);
	assert_int_equal(rig.radio.n_told, 0);
	open_rig_close(&rig);
	assert_false(fake_wifi_is_up(&rig.fake, "wlan0"));
}

static void flags_of_the_monitor_are_as_asked(void **state)
{
	(void)state;
	rig.options.fcsfail = true;
	open_rig_open(&rig);
	assert_int_equal(rig.fake.radios[0].monitor_flags, NL80211_WANT_FCSFAIL);
	open_rig_close(&rig);
	rig.options.plcpfail = true;
	open_rig_open(&rig);
	assert_int_equal(rig.fake.radios[0].monitor_flags,
			 NL80211_WANT_FCSFAIL | NL80211_WANT_PLCPFAIL);
	open_rig_close(&rig);
}

static void channel_is_tuned_at_once(void **state)
{
	(void)state;
	open_rig_want_channel(&rig, "6HT40+");
	open_rig_open(&rig);
	assert_int_equal(fake_wifi_find(&rig.fake, "wlan0mon")->channel.freq_khz, 2437000);
	assert_int_equal(fake_wifi_find(&rig.fake, "wlan0mon")->channel.width, WIDTH_40);
	open_rig_close(&rig);
}

static void other_interfaces_of_the_radio_go_down_too(void **state)
{
	(void)state;
	fake_wifi_add(&rig.fake, "phy0", "ap0", FAKE_WIFI_AP);
	fake_wifi_add_radio(&rig.fake, "phy1");
	fake_wifi_add(&rig.fake, "phy1", "wlan1", FAKE_WIFI_STATION);
	open_rig_want_channel(&rig, "36VHT80");
	open_rig_open(&rig);
	assert_false(fake_wifi_is_up(&rig.fake, "ap0"));
	assert_true(fake_wifi_is_up(&rig.fake, "wlan1"));
	assert_true(open_rig_told(&rig, "wlan0, ap0: taken down"));
	open_rig_close(&rig);
}

static void alternative_name_finds_the_interface(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&rig.fake, "wlan0")->alternative, "the-one-in-the-attic");
	strcpy(rig.options.interface, "the-one-in-the-attic");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.base.name, "wlan0");
	assert_string_equal(rig.radio.capture, "wlan0mon");
	open_rig_close(&rig);
}

static void closing_twice_is_harmless(void **state)
{
	(void)state;
	open_rig_open(&rig);
	open_rig_close(&rig);
	open_rig_close(&rig);
}

static void unplugged_radio_is_closed_in_silence(void **state)
{
	(void)state;
	rig.fake.nm_runs = fake_wifi_find(&rig.fake, "wlan0")->managed = true;
	open_rig_open(&rig);
	fake_wifi_remove(&rig.fake, "wlan0");
	fake_wifi_remove(&rig.fake, "wlan0mon");
	fake_wifi_print(&rig.fake, rig.before, sizeof(rig.before));
	open_rig_close(&rig);
}

/* --- names ----------------------------------------------------------------------------------- */

static void long_name_gets_kismon(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&rig.fake, "wlan0")->link.name, "wlx00c0ca12345");
	strcpy(rig.options.interface, "wlx00c0ca12345");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "kismon0");
	open_rig_close(&rig);
}

static void name_of_fifteen_characters_still_fits(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&rig.fake, "wlan0")->link.name, "wlx00c0ca123");
	strcpy(rig.options.interface, "wlx00c0ca123");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "wlx00c0ca123mon");
	open_rig_close(&rig);
}

static void names_of_others_are_left_to_them(void **state)
{
	(void)state;
	fake_wifi_add_link(&rig.fake, "wlan0mon", ARPHRD_ETHER);
	fake_wifi_add_link(&rig.fake, "kismon0", ARPHRD_ETHER);
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "kismon1");
	open_rig_close(&rig);
}

static void name_taken_meanwhile_is_passed_over(void **state)
{
	(void)state;
	rig.fake.fail_nth = 1;
	rig.fake.fail_errno = EEXIST;
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "kismon0");
	open_rig_close(&rig);
}

static void no_free_name_is_said(void **state)
{
	char name[32];

	(void)state;
	fake_wifi_add_link(&rig.fake, "wlan0mon", ARPHRD_ETHER);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "kismon%d", i);
		fake_wifi_add_link(&rig.fake, name, ARPHRD_ETHER);
	}
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, "vif=");
	fake_wifi_remove(&rig.fake, "kismon99");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "kismon99");
	open_rig_close(&rig);
}

/* --- vif= ------------------------------------------------------------------------------------ */

static void vif_names_the_interface(void **state)
{
	(void)state;
	strcpy(rig.options.vif, "ears0");
	fake_wifi_add(&rig.fake, "phy0", "mon7", FAKE_WIFI_MONITOR);	/* not this one */
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "ears0");
	open_rig_close(&rig);
}

static void vif_that_is_there_is_used_and_kept(void **state)
{
	(void)state;
	strcpy(rig.options.vif, "ears0");
	fake_wifi_add(&rig.fake, "phy0", "ears0", FAKE_WIFI_MONITOR);
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "ears0");
	assert_int_equal(fake_wifi_called(&rig.fake, "new_monitor"), 0);
	open_rig_close(&rig);
	assert_non_null(fake_wifi_find(&rig.fake, "ears0"));
}

static void vif_that_is_the_base_switches_it(void **state)
{
	(void)state;
	strcpy(rig.options.vif, "wlan0");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "wlan0");
	assert_int_equal(open_rig_type(&rig, "wlan0"), FAKE_WIFI_MONITOR);
	open_rig_close(&rig);
}

static void vif_of_somebody_else_is_refused(void **state)
{
	(void)state;
	strcpy(rig.options.vif, "eth0");
	open_rig_refused(&rig, ERR_USAGE);
	open_rig_says(&rig, "vif=eth0");
	fake_wifi_add(&rig.fake, "phy0", "ap0", FAKE_WIFI_AP);
	strcpy(rig.options.vif, "ap0");
	open_rig_refused(&rig, ERR_USAGE);
	fake_wifi_add_radio(&rig.fake, "phy1");
	fake_wifi_add(&rig.fake, "phy1", "mon1", FAKE_WIFI_MONITOR);
	strcpy(rig.options.vif, "mon1");
	open_rig_refused(&rig, ERR_USAGE);
}

static void vif_too_long_is_refused(void **state)
{
	(void)state;
	strcpy(rig.options.vif, "sixteen-letters-");
	open_rig_refused(&rig, ERR_USAGE);
	open_rig_says(&rig, "15");
}

/* --- monitors that are there ----------------------------------------------------------------- */

static void monitor_that_was_there_is_used_and_kept(void **state)
{
	(void)state;
	fake_wifi_add(&rig.fake, "phy0", "mon0", FAKE_WIFI_MONITOR);
	fake_wifi_set_up(&rig.fake, "mon0", false);
	open_rig_want_channel(&rig, "1");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "mon0");
	assert_true(fake_wifi_is_up(&rig.fake, "mon0"));
	assert_true(open_rig_told(&rig, "the monitor interface mon0"));
	open_rig_close(&rig);
	assert_int_equal(fake_wifi_called(&rig.fake, "del_iface"), 0);
	assert_non_null(fake_wifi_find(&rig.fake, "mon0"));
}

static void monitor_of_another_radio_is_not_taken(void **state)
{
	(void)state;
	fake_wifi_add_radio(&rig.fake, "phy1");
	fake_wifi_add(&rig.fake, "phy1", "mon1", FAKE_WIFI_MONITOR);
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "wlan0mon");
	open_rig_close(&rig);
}

static void base_that_is_a_monitor_is_used_itself(void **state)
{
	(void)state;
	fake_wifi_add(&rig.fake, "phy0", "mon0", FAKE_WIFI_MONITOR);
	strcpy(rig.options.interface, "mon0");
	open_rig_want_channel(&rig, "11");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "mon0");
	assert_false(fake_wifi_is_up(&rig.fake, "wlan0"));
	assert_true(open_rig_told(&rig, "wlan0"));
	open_rig_close(&rig);
}

/* --- switching the base ---------------------------------------------------------------------- */

static void driver_without_vif_has_its_base_switched(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&rig.fake, "wlan0")->driver, "rtl8812au");
	open_rig_want_channel(&rig, "6");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "wlan0");
	assert_int_equal(open_rig_type(&rig, "wlan0"), FAKE_WIFI_MONITOR);
	assert_true(fake_wifi_is_up(&rig.fake, "wlan0"));
	assert_int_equal(fake_wifi_called(&rig.fake, "new_monitor"), 0);
	assert_true(open_rig_told(&rig, "wlan0 itself is in monitor mode"));
	open_rig_close(&rig);
	assert_int_equal(open_rig_type(&rig, "wlan0"), FAKE_WIFI_STATION);
}

static void driver_that_must_be_up_is_switched_while_up(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&rig.fake, "wlan0")->driver, "rtl88x2bu");
	fake_wifi_set_up(&rig.fake, "wlan0", false);
	for (int i = 0; i < 2; i++) {	/* it was down, it was up */
		rig.fake.radios[0].type_while_up = true;
		rig.fake.n_calls = 0;
		open_rig_open(&rig);
		assert_string_equal(rig.radio.capture, "wlan0");
		assert_int_equal(fake_wifi_called(&rig.fake, "set_up wlan0"), 1 - i);
		assert_string_equal(rig.fake.calls[1 - i], "set_type wlan0 6");
		rig.fake.radios[0].type_while_up = false;
		open_rig_close(&rig);
		fake_wifi_set_up(&rig.fake, "wlan0", true);
	}
}

static void refused_monitor_interface_leads_to_switching(void **state)
{
	static const int causes[] = { EOPNOTSUPP, EINVAL, EBUSY, ENFILE, EIO };

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		rig.fake.radios[0].refuse_monitor = causes[i];
		open_rig_open(&rig);
		assert_string_equal(rig.radio.capture, "wlan0");
		assert_int_equal(open_rig_type(&rig, "wlan0"), FAKE_WIFI_MONITOR);
		assert_true(open_rig_told(&rig, strerror(causes[i])));
		open_rig_close(&rig);
	}
	fake_wifi_set_up(&rig.fake, "wlan0", false);
	open_rig_open(&rig);
	open_rig_close(&rig);
}

static void both_reasons_are_in_the_error(void **state)
{
	(void)state;
	rig.fake.radios[0].refuse_monitor = EOPNOTSUPP;
	rig.fake.radios[0].refuse_type = EIO;
	open_rig_refused(&rig, ERR_SYSTEM);
	open_rig_says(&rig, "making the monitor interface");
	open_rig_says(&rig, strerror(EOPNOTSUPP));
	open_rig_says(&rig, strerror(EIO));
}

static void missing_privilege_is_named_and_nothing_else_tried(void **state)
{
	(void)state;
	rig.fake.radios[0].refuse_monitor = EPERM;
	open_rig_refused(&rig, ERR_PERMISSION);
	open_rig_says(&rig, "CAP_NET_ADMIN");
	assert_int_equal(fake_wifi_called(&rig.fake, "set_type"), 0);
	assert_int_equal(fake_wifi_called(&rig.fake, "set_up"), 0);
}

static void driver_that_lies_is_found_out(void **state)
{
	(void)state;
	rig.fake.radios[0].lies = true;
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "wlan0mon is not in monitor mode");
	open_rig_says(&rig, "vif=wlan0");
	strcpy(rig.options.vif, "wlan0");
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "wlan0 is not in monitor mode");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(monitor_interface_is_made_beside_the_base, setup),
		cmocka_unit_test_setup(base_goes_down_before_the_monitor_comes_up, setup),
		cmocka_unit_test_setup(base_that_was_down_stays_down, setup),
		cmocka_unit_test_setup(flags_of_the_monitor_are_as_asked, setup),
		cmocka_unit_test_setup(channel_is_tuned_at_once, setup),
		cmocka_unit_test_setup(other_interfaces_of_the_radio_go_down_too, setup),
		cmocka_unit_test_setup(alternative_name_finds_the_interface, setup),
		cmocka_unit_test_setup(closing_twice_is_harmless, setup),
		cmocka_unit_test_setup(unplugged_radio_is_closed_in_silence, setup),
		cmocka_unit_test_setup(long_name_gets_kismon, setup),
		cmocka_unit_test_setup(name_of_fifteen_characters_still_fits, setup),
		cmocka_unit_test_setup(names_of_others_are_left_to_them, setup),
		cmocka_unit_test_setup(name_taken_meanwhile_is_passed_over, setup),
		cmocka_unit_test_setup(no_free_name_is_said, setup),
		cmocka_unit_test_setup(vif_names_the_interface, setup),
		cmocka_unit_test_setup(vif_that_is_there_is_used_and_kept, setup),
		cmocka_unit_test_setup(vif_that_is_the_base_switches_it, setup),
		cmocka_unit_test_setup(vif_of_somebody_else_is_refused, setup),
		cmocka_unit_test_setup(vif_too_long_is_refused, setup),
		cmocka_unit_test_setup(monitor_that_was_there_is_used_and_kept, setup),
		cmocka_unit_test_setup(monitor_of_another_radio_is_not_taken, setup),
		cmocka_unit_test_setup(base_that_is_a_monitor_is_used_itself, setup),
		cmocka_unit_test_setup(driver_without_vif_has_its_base_switched, setup),
		cmocka_unit_test_setup(driver_that_must_be_up_is_switched_while_up, setup),
		cmocka_unit_test_setup(refused_monitor_interface_leads_to_switching, setup),
		cmocka_unit_test_setup(both_reasons_are_in_the_error, setup),
		cmocka_unit_test_setup(missing_privilege_is_named_and_nothing_else_tried, setup),
		cmocka_unit_test_setup(driver_that_lies_is_found_out, setup),
	};

	return cmocka_run_group_tests_name("wifi_open", tests, NULL, NULL);
}
