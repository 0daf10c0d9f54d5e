/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A radio that is open: drops, silence, how tuning goes, and addresses that change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "tests/lib/tap_device.h"
#include "tests/lib/watch_rig.h"

static struct watch_rig *const rig = &watch_rig;

/* --- drops --- */

/* More than 64 KiB at once. */
static void cause_drops(void)
{
	static uint8_t b[4000] = { 0, 0, 8, 0, 0, 0, 0, 0, 0x08 };

	for (int i = 0; i < 500; i++)
		assert_int_equal(write(rig->tap, b, sizeof(b)), sizeof(b));
}

static unsigned long dropped_so_far(void)
{
	struct source_stats stats;

	wifi_source_ops.stats(&rig->source, &stats);
	return (unsigned long)stats.kernel_dropped;
}

static void drops_are_told_every_ten_seconds_and_add_up(void **state)
{
	unsigned long sum = 0;

	(void)state;
	rig->source.options.buffer_bytes = 1 << 16;
	watch_rig_open();
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("dropped"), 0);
	cause_drops();
	watch_rig_pass(3);
	assert_int_equal(watch_rig_told("packets were dropped by the kernel"), 1);
	sum += strtoul(rig->last_told + strlen("roof: "), NULL, 10);
	assert_true(sum > 0 && sum == dropped_so_far());
	for (int i = 0; i < 3; i++) {
		cause_drops();
		watch_rig_pass(2);
		assert_int_equal(watch_rig_told("dropped"), 0);
	}
	watch_rig_pass(10);
	assert_int_equal(watch_rig_told("dropped"), 1);
	sum += strtoul(rig->last_told + strlen("roof: "), NULL, 10);
	assert_int_equal(sum, dropped_so_far());
	watch_rig_pass(30);
	assert_int_equal(watch_rig_told("dropped"), 0);
}

/* They were not told yet when it had to be opened anew. */
static void drops_from_before_it_was_mended_are_told(void **state)
{
	unsigned long sum = 0;

	(void)state;
	rig->source.options.buffer_bytes = 1 << 16;
	watch_rig_open();
	watch_rig_pass(4);
	cause_drops();
	watch_rig_pass(3);
	assert_int_equal(watch_rig_told("dropped"), 1);
	sum += strtoul(rig->last_told + strlen("roof: "), NULL, 10);
	cause_drops();
	watch_rig_pass(1);
	tap_device_set_up("tap0", false);
	watch_rig_pass(20);
	assert_int_equal(watch_rig_told("dropped"), 1);
	sum += strtoul(rig->last_told + strlen("roof: "), NULL, 10);
	assert_int_equal(sum, dropped_so_far());
}

/* --- silence --- */

static void silence_is_told_once_and_its_end_too(void **state)
{
	(void)state;
	watch_rig_open();
	watch_rig_hears();
	watch_rig_pass(55);
	assert_int_equal(watch_rig_told("nothing was heard"), 0);
	watch_rig_pass(10);
	assert_int_equal(watch_rig_told("roof: nothing was heard for 60 s"), 1);
	assert_non_null(strstr(rig->last_told, "fakewifi"));
	watch_rig_pass(300);
	assert_int_equal(watch_rig_told("nothing was heard"), 0);
	watch_rig_send();
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("roof: hears something again"), 1);
	watch_rig_pass(50);
	assert_int_equal(watch_rig_told("hear"), 0);
	watch_rig_pass(20);
	assert_int_equal(watch_rig_told("nothing was heard"), 1);
}

static void one_frame_a_minute_is_no_silence(void **state)
{
	(void)state;
	watch_rig_open();
	for (int i = 0; i < 5; i++) {
		watch_rig_send();
		watch_rig_pass(55);
	}
	assert_int_equal(watch_rig_told("nothing was heard"), 0);
}

static void radio_that_never_heard_anything_is_silent_too(void **state)
{
	(void)state;
	rig->source.radio.driver[0] = '\0';
	watch_rig_open();
	watch_rig_pass(70);
	assert_int_equal(watch_rig_told("nothing was heard"), 1);
	assert_non_null(strstr(rig->last_told, "unknown"));
}

/* What it does not let through is not counted. */
static void silence_behind_a_filter_is_no_alarm(void **state)
{
	(void)state;
	rig->source.options.filter_mgmt = true;
	watch_rig_open();
	watch_rig_send();	/* data */
	watch_rig_pass(70);
	assert_int_equal(watch_rig_told("nothing"), 1);
	assert_string_equal(rig->last_told, "roof: nothing passed the filter for 60 s (management "
			    "frames)");
	watch_rig_pass(300);
	assert_int_equal(watch_rig_told("nothing"), 0);
}

/* --- tuning --- */

static void stuck_firmware_ends_it(void **state)
{
	(void)state;
	watch_rig_open();
	rig->source.tuning.figures.stuck = 4;
	assert_int_equal(watch_rig_pass(4), SOURCE_WAIT);
	rig->source.tuning.figures.stuck = 5;
	assert_int_equal(watch_rig_pass(4), SOURCE_FAILED);
	assert_non_null(strstr(rig->e.text, "roof: the radio's firmware did not react to 5"));
}

static void slow_and_refused_channels_are_told_when_asked_for(void **state)
{
	const struct wifi_tuning_figures f = { .tuned = 99, .refused = 3, .total_us = 990000,
					       .longest_us = 400000, .longest = "44" };

	(void)state;
	watch_rig_open();
	rig->source.tuning.figures = f;
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("channel"), 0);
	rig->source.options.verbose = true;
	rig->source.tuning.figures = f;
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("roof: changing to channel 44 took 400 ms"), 1);
	rig->source.tuning.figures = f;
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("roof: 3 channel changes were refused"), 1);
	watch_rig_pass(10);
	assert_int_equal(watch_rig_told("channel"), 0);
}

static void statistics_come_every_hundred_channels(void **state)
{
	(void)state;
	rig->source.options.statistics = true;
	watch_rig_open();
	watch_rig_pass(4);
	rig->source.tuning.figures = (struct wifi_tuning_figures){ .tuned = 60, .total_us = 60000 };
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("channel"), 0);
	rig->source.tuning.figures = (struct wifi_tuning_figures){ .tuned = 60, .total_us = 60000 };
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("roof: 120 channel changes took 1000 us each"), 1);
	watch_rig_pass(10);
	assert_int_equal(watch_rig_told("channel"), 0);
}

/* --- addresses --- */

static uint8_t filtered_address(void)
{
	const struct filter_mac *macs;

	assert_int_equal(wifi_filter_macs(rig->source.filter, &macs), 1);
	return macs[0].addr[5];
}

static void changed_address_changes_the_filter(void **state)
{
	(void)state;
	strlist_add(&rig->source.options.filter_interfaces, text_of("base0"));
	watch_rig_open();
	assert_int_equal(filtered_address(), 1);
	watch_rig_pass(4);
	watch_rig_set_address("base0", 7);
	assert_int_equal(watch_rig_pass(4), SOURCE_WAIT);
	assert_int_equal(filtered_address(), 7);
	watch_rig_hears();
}

static void interface_with_an_address_may_go_and_capturing_goes_on(void **state)
{
	const struct filter_mac *macs;

	(void)state;
	rig->source.radio.tunable = false;
	strlist_add(&rig->source.options.filter_interfaces, text_of("base0"));
	watch_rig_open();
	close(rig->base);
	rig->base = -1;
	assert_int_equal(watch_rig_pass(4), SOURCE_WAIT);
	assert_int_equal(wifi_filter_macs(rig->source.filter, &macs), 0);
	watch_rig_hears();
	rig->base = tap_device_make("base0", TAP_DEVICE_ETHERNET);
	watch_rig_set_address("base0", 9);
	watch_rig_pass(4);
	assert_int_equal(filtered_address(), 9);
}

/* --- what was done while opening --- */

static void what_was_done_is_told_once(void **state)
{
	(void)state;
	strcpy(rig->source.radio.told[0], "wlan0: taken down until the capture ends");
	strcpy(rig->source.radio.told[1], "wlan0: switched on");
	rig->source.radio.n_told = 2;
	watch_rig_open();
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("wlan0: "), 2);
	watch_rig_pass(4);
	assert_int_equal(watch_rig_told("wlan0: "), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, watch_rig_setup, watch_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(drops_are_told_every_ten_seconds_and_add_up),
		TEST(drops_from_before_it_was_mended_are_told),
		TEST(silence_is_told_once_and_its_end_too),
		TEST(one_frame_a_minute_is_no_silence),
		TEST(radio_that_never_heard_anything_is_silent_too),
		TEST(silence_behind_a_filter_is_no_alarm),
		TEST(stuck_firmware_ends_it),
		TEST(slow_and_refused_channels_are_told_when_asked_for),
		TEST(statistics_come_every_hundred_channels),
		TEST(changed_address_changes_the_filter),
		TEST(interface_with_an_address_may_go_and_capturing_goes_on),
		TEST(what_was_done_is_told_once),
	};

	log_init("test_wifi_watch", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("wifi_watch", tests, tap_device_group_setup, NULL);
}
