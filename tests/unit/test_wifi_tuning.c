/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tuning a radio that is open, and the figures of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "capture_linux_wifi/wifi_tuning.h"
#include "tests/lib/open_rig.h"

static struct open_rig rig;
static struct wifi_system own;		/* the tuning thread's */
static struct wifi_tuning tuning;
static struct wifi_tuning_figures figures;

static int setup(void **state)
{
	(void)state;
	open_rig_init(&rig);
	open_rig_open(&rig);
	own = rig.fake.ops;
	wifi_tuning_init(&tuning, &own, &rig.radio);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	own.self = NULL;		/* nothing of it is to be given back */
	wifi_tuning_finish(&tuning);
	wifi_tuning_finish(&tuning);	/* fine */
	open_rig_close(&rig);
	return 0;
}

static void tune(const char *channel)
{
	if (wifi_tuning_tune(&tuning, channel, &rig.e) != 0)
		fail_msg("%s: %s", channel, rig.e.text);
}

static void is_refused(const char *channel)
{
	assert_int_equal(wifi_tuning_tune(&tuning, channel, &rig.e), -1);
}

static void driver_fails(int with)
{
	rig.fake.fail_call = with ? "set_channel" : NULL;
	rig.fake.fail_call_errno = with;
}

static void take(void)
{
	wifi_tuning_take_figures(&tuning, &figures);
}

static void channel_is_set_on_the_capture_interface(void **state)
{
	(void)state;
	tune("6");
	assert_int_equal(fake_wifi_find(&rig.fake, "wlan0mon")->channel.freq_khz, 2437000);
	tune("36VHT80");
	assert_int_equal(fake_wifi_find(&rig.fake, "wlan0mon")->channel.freq_khz, 5180000);
	assert_int_equal(fake_wifi_called(&rig.fake, "set_channel wlan0mon"), 2);
}

static void nonsense_is_refused_without_asking_the_kernel(void **state)
{
	(void)state;
	is_refused("6HT");
	assert_int_equal(rig.e.code, ERR_USAGE);
	open_rig_says(&rig, "channel ");
	is_refused("");
	assert_int_equal(fake_wifi_called(&rig.fake, "set_channel"), 0);
	take();
	assert_int_equal(figures.refused, 2);
	assert_int_equal(figures.stuck, 0);
}

static void busy_radio_says_who_is_there(void **state)
{
	(void)state;
	fake_wifi_set_up(&rig.fake, "wlan0", true);
	is_refused("6");
	open_rig_says(&rig, "wlan0");
	fake_wifi_set_up(&rig.fake, "wlan0", false);
	tune("6");
}

static void interface_without_radio_cannot_be_tuned(void **state)
{
	struct wifi_radio bare = { .capture = "mon9" };

	(void)state;
	tuning.radio = &bare;
	is_refused("6");
	assert_int_equal(rig.e.code, ERR_UNSUPPORTED);
	open_rig_says(&rig, "mon9");
}

static void figures_begin_anew_when_they_were_asked_for(void **state)
{
	(void)state;
	tune("1");
	tune("6");
	tune("11");
	driver_fails(EINVAL);
	is_refused("6");
	take();
	assert_int_equal(figures.tuned, 3);
	assert_int_equal(figures.refused, 1);
	assert_true(figures.longest_us <= figures.total_us);
	if (figures.longest_us > 0)	/* it may well have taken no microsecond */
		assert_true(figures.longest[0]);
	take();
	assert_int_equal(figures.tuned + figures.refused, 0);
	assert_int_equal(figures.total_us + figures.longest_us, 0);
	assert_string_equal(figures.longest, "");
}

/* What the user is told ends up as "6 took 400 ms". */
static void slowest_channel_is_named(void **state)
{
	(void)state;
	tuning.figures.longest_us = UINT64_MAX;
	strcpy(tuning.figures.longest, "44");
	tune("1");
	take();
	assert_string_equal(figures.longest, "44");
}

static void failures_of_the_driver_count_in_a_row(void **state)
{
	(void)state;
	driver_fails(EIO);
	is_refused("1");
	is_refused("6");
	take();
	assert_int_equal(figures.stuck, 2);
	driver_fails(ETIMEDOUT);
	is_refused("11");
	take();
	assert_int_equal(figures.stuck, 3);	/* being asked does not end the row */
	assert_int_equal(figures.refused, 1);
	driver_fails(0);
	tune("6");
	take();
	assert_int_equal(figures.stuck, 0);
}

/* A radio that says "busy" or "no such channel" works. */
static void refusals_do_not_count_as_stuck(void **state)
{
	static const int causes[] = { EBUSY, EINVAL, EOPNOTSUPP, ENETDOWN };

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		driver_fails(EIO);
		is_refused("1");
		driver_fails(causes[i]);
		is_refused("1");
		take();
		assert_int_equal(figures.stuck, 0);
	}
}

static void *take_often(void *arg)
{
	unsigned *sum = arg;

	for (int i = 0; i < 2000; i++) {
		struct wifi_tuning_figures f;

		wifi_tuning_take_figures(&tuning, &f);
		*sum += f.tuned;
	}
	return NULL;
}

/* For the thread sanitizer, and for the count. */
static void figures_may_be_asked_for_on_another_thread(void **state)
{
	pthread_t other;
	unsigned sum = 0;

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, take_often, &sum), 0);
	for (int i = 0; i < 2000; i++)
		tune(i % 2 ? "1" : "6");
	pthread_join(other, NULL);
	take();
	assert_int_equal(sum + figures.tuned, 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(channel_is_set_on_the_capture_interface),
		TEST(nonsense_is_refused_without_asking_the_kernel),
		TEST(busy_radio_says_who_is_there),
		TEST(interface_without_radio_cannot_be_tuned),
		TEST(figures_begin_anew_when_they_were_asked_for),
		TEST(slowest_channel_is_named),
		TEST(failures_of_the_driver_count_in_a_row),
		TEST(refusals_do_not_count_as_stuck),
		TEST(figures_may_be_asked_for_on_another_thread),
	};

	return cmocka_run_group_tests_name("wifi_tuning", tests, NULL, NULL);
}
