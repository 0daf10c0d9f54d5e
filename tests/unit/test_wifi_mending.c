/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A radio that is open, and what others do to its interfaces. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "tests/lib/tap_device.h"
#include "tests/lib/watch_rig.h"

static struct watch_rig *const rig = &watch_rig;

/* --- somebody takes it down --- */

static void interface_taken_down_is_brought_up_again(void **state)
{
	(void)state;
	watch_rig_open();
	watch_rig_hears();
	tap_device_set_up("tap0", false);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("roof: somebody took tap0 down; bringing it up again"), 1);
	assert_true(watch_rig_is_up("tap0"));
	watch_rig_hears();
	assert_int_equal(watch_rig_pass(10), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("took"), 0);
}

static void somebody_who_insists_gets_it(void **state)
{
	(void)state;
	watch_rig_open();
	for (int i = 0; i < 5; i++) {
		tap_device_set_up("tap0", false);
		assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
		assert_true(watch_rig_is_up("tap0"));
		assert_int_equal(watch_rig_told("took tap0 down"), 1);
	}
	tap_device_set_up("tap0", false);
	assert_int_equal(watch_rig_pass(2), SOURCE_FAILED);
	assert_non_null(strstr(rig->e.text, "tap0"));
	assert_non_null(strstr(rig->e.text, "down"));
	assert_false(watch_rig_is_up("tap0"));
}

static void a_minute_later_it_is_mended_again(void **state)
{
	(void)state;
	watch_rig_open();
	for (int i = 0; i < 12; i++) {
		tap_device_set_up("tap0", false);
		assert_int_equal(watch_rig_pass(15), SOURCE_WAIT);
		assert_true(watch_rig_is_up("tap0"));
	}
}

static void interface_that_is_gone_ends_it(void **state)
{
	(void)state;
	watch_rig_open();
	close(rig->tap);
	rig->tap = -1;
	assert_int_equal(watch_rig_pass(2), SOURCE_FAILED);
	assert_non_null(strstr(rig->e.text, "tap0"));
	assert_int_equal(watch_rig_told("bringing"), 0);
}

static int refuse_to_set_up(void *self, uint32_t ifindex, bool up, struct err *err)
{
	(void)self;
	(void)ifindex;
	return err_set(err, ERR_PERMISSION, "cannot bring it %s", up ? "up" : "down");
}

static void interface_that_stays_down_ends_it_with_the_reason(void **state)
{
	struct source_stats stats;

	(void)state;
	watch_rig_open();
	rig->system.set_up = refuse_to_set_up;
	tap_device_set_up("tap0", false);
	assert_int_equal(watch_rig_pass(2), SOURCE_FAILED);
	assert_string_equal(rig->e.text, "cannot bring it up");
	wifi_source_ops.stats(&rig->source, &stats);
}

/* What the server is told of goes on, and never backwards. */
static void counts_go_on_after_it_was_mended(void **state)
{
	struct source_stats before, now;

	(void)state;
	watch_rig_open();
	for (int i = 0; i < 3; i++)
		watch_rig_hears();
	wifi_source_ops.stats(&rig->source, &before);
	assert_true(before.received >= 3);
	tap_device_set_up("tap0", false);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	wifi_source_ops.stats(&rig->source, &now);
	assert_true(now.received >= before.received);
	watch_rig_hears();
	wifi_source_ops.stats(&rig->source, &now);
	assert_true(now.received > before.received);
}

static void rename_interface(const char *from, const char *to)
{
	struct ifreq req = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(req.ifr_name, from);
	strcpy(req.ifr_newname, to);
	assert_int_equal(ioctl(fd, SIOCSIFNAME, &req), 0);
	close(fd);
}

static void interface_with_a_new_name_is_opened_by_it(void **state)
{
	(void)state;
	watch_rig_open();
	watch_rig_hears();
	tap_device_set_up("tap0", false);
	rename_interface("tap0", "attic0");
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("roof: somebody took attic0 down"), 1);
	assert_string_equal(rig->source.radio.capture, "attic0");
	watch_rig_hears();
}

/* --- somebody brings the base up --- */

static void base_that_comes_up_is_taken_down_again(void **state)
{
	(void)state;
	watch_rig_open();
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("somebody brought base0 up"), 1);
	assert_false(watch_rig_is_up("base0"));
	assert_int_equal(watch_rig_pass(5), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("base0"), 0);
	watch_rig_hears();
}

/* One who configures it causes many events. */
static void base_with_many_events_is_taken_down_once(void **state)
{
	(void)state;
	watch_rig_open();
	tap_device_set_up("base0", true);
	for (int i = 0; i < 8; i++)
		watch_rig_set_mtu("base0", 1400 + i);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("somebody brought base0 up"), 1);
	assert_false(watch_rig_is_up("base0"));
}

static void base_of_somebody_who_insists_stays_up(void **state)
{
	(void)state;
	watch_rig_open();
	for (int i = 0; i < 5; i++) {
		tap_device_set_up("base0", true);
		assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
		assert_false(watch_rig_is_up("base0"));
	}
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);		/* capturing goes on */
	assert_true(watch_rig_is_up("base0"));
	watch_rig_hears();
}

/* They are two people. */
static void who_insists_on_the_base_does_not_get_the_radio(void **state)
{
	(void)state;
	watch_rig_open();
	for (int i = 0; i < 6; i++) {
		tap_device_set_up("base0", true);
		assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
	}
	tap_device_set_up("tap0", false);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_true(watch_rig_is_up("tap0"));
	watch_rig_hears();
}

/* There is nobody to be told of it then. */
static void base_that_came_up_while_opening_is_taken_down(void **state)
{
	(void)state;
	tap_device_need();
	tap_device_set_up("base0", true);
	watch_rig_open();
	assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("somebody brought base0 up"), 1);
	assert_false(watch_rig_is_up("base0"));
}

static void base_whose_event_was_lost_is_taken_down(void **state)
{
	(void)state;
	watch_rig_open();
	assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
	for (int i = 0; i < 5000; i++)		/* more than the socket keeps */
		watch_rig_set_mtu("base0", 1400 + i % 2);
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("somebody brought base0 up"), 1);
	assert_false(watch_rig_is_up("base0"));
}

/* It does not keep the radio from being tuned, and was not taken down for opening either. */
static void base_that_is_a_monitor_interface_stays_up(void **state)
{
	(void)state;
	tap_device_need();
	close(rig->base);
	rig->base = tap_device_make("base0", TAP_DEVICE_RADIOTAP);
	rig->source.radio.base.ifindex = if_nametoindex("base0");
	watch_rig_open();
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_true(watch_rig_is_up("base0"));
	assert_int_equal(watch_rig_told("base0"), 0);
}

static void base_that_cannot_be_taken_down_is_told(void **state)
{
	(void)state;
	watch_rig_open();
	rig->system.set_up = refuse_to_set_up;
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(1), SOURCE_WAIT);
	assert_int_equal(watch_rig_told("roof: cannot bring it down"), 1);
}

static void base_is_left_alone_when_that_was_asked_for(void **state)
{
	(void)state;
	rig->source.options.ignoreprimary = true;
	watch_rig_open();
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_true(watch_rig_is_up("base0"));
	assert_int_equal(watch_rig_told("base0"), 0);
}

static void base_of_an_interface_without_radio_is_left_alone(void **state)
{
	(void)state;
	rig->source.radio.tunable = false;
	watch_rig_open();
	tap_device_set_up("base0", true);
	assert_int_equal(watch_rig_pass(2), SOURCE_WAIT);
	assert_true(watch_rig_is_up("base0"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, watch_rig_setup, watch_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interface_taken_down_is_brought_up_again),
		TEST(somebody_who_insists_gets_it),
		TEST(a_minute_later_it_is_mended_again),
		TEST(interface_that_is_gone_ends_it),
		TEST(interface_that_stays_down_ends_it_with_the_reason),
		TEST(counts_go_on_after_it_was_mended),
		TEST(interface_with_a_new_name_is_opened_by_it),
		TEST(base_that_comes_up_is_taken_down_again),
		TEST(base_with_many_events_is_taken_down_once),
		TEST(base_of_somebody_who_insists_stays_up),
		TEST(who_insists_on_the_base_does_not_get_the_radio),
		TEST(base_that_came_up_while_opening_is_taken_down),
		TEST(base_whose_event_was_lost_is_taken_down),
		TEST(base_that_is_a_monitor_interface_stays_up),
		TEST(base_that_cannot_be_taken_down_is_told),
		TEST(base_is_left_alone_when_that_was_asked_for),
		TEST(base_of_an_interface_without_radio_is_left_alone),
	};

	log_init("test_wifi_mending", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("wifi_mending", tests, tap_device_group_setup, NULL);
}
