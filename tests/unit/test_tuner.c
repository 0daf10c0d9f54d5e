/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tuning thread. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "capture_common/tuner.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_radio.h"

static struct fake_clock fake;
static struct fake_radio radio;
static struct loop *loop;
static struct tuner *tuner;
static struct err e;
static int answers, failures;
static struct err last_err;
static bool free_when_done;
static const char *next_channel;	/* asked for from within done() */

static void on_done(void *user, const struct err *err)
{
	assert_ptr_equal(user, &radio);
	answers++;
	if (err) {
		failures++;
		last_err = *err;
	}
	assert_false(tuner_busy(tuner));
	if (free_when_done) {
		tuner_free(tuner);
		tuner = NULL;
	} else if (next_channel) {
		tuner_request(tuner, next_channel);
		next_channel = NULL;
	}
	loop_stop(loop);
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fake = (struct fake_clock){ .now_ns = 1, .hold = true };
	loop = fake.loop = loop_new(&clock, &e);
	if (!loop)
		return -1;
	fake_radio_init(&radio);
	answers = failures = 0;
	free_when_done = false;
	next_channel = NULL;
	tuner = tuner_new(loop, fake_radio_tune, &radio, on_done, &radio, &e);
	return tuner ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	tuner_free(tuner);
	loop_free(loop);
	fake_radio_end(&radio);
	return 0;
}

static void request_is_carried_out_and_answered_once(void **state)
{
	(void)state;
	assert_false(tuner_busy(tuner));
	tuner_request(tuner, "6");
	assert_true(tuner_busy(tuner));
	loop_run(loop);
	assert_int_equal(answers, 1);
	assert_int_equal(failures, 0);
	assert_string_equal(radio.channels[0], "6");
	loop_step(loop, 0);
	assert_int_equal(answers, 1);
}

static void driver_s_reason_comes_through(void **state)
{
	(void)state;
	fake_radio_refuse(&radio, "14");
	tuner_request(tuner, "14");
	loop_run(loop);
	assert_int_equal(failures, 1);
	assert_string_equal(last_err.text, "no channel 14 here");
	tuner_request(tuner, "13");
	loop_run(loop);
	assert_int_equal(answers, 2);
	assert_int_equal(failures, 1);
}

static void on_tick(void *user)
{
	(*(int *)user)++;
	loop_stop(loop);
}

/* A driver that takes 900 ms: 90 turns of the loop meanwhile. */
static void slow_driver_does_not_block_the_loop(void **state)
{
	struct loop_timer timer = { .slot = 0 };
	int ticks = 0;

	(void)state;
	fake_radio_hold(&radio, true);
	tuner_request(tuner, "6");
	fake_radio_wait_started(&radio, 1);
	fake.hold = false;
	for (int i = 1; i <= 90; i++) {
		loop_timer_set(loop, &timer, loop_now_ns(loop) + 10000000, on_tick, &ticks);
		loop_run(loop);
		assert_int_equal(ticks, i);
	}
	assert_int_equal(answers, 0);
	assert_true(tuner_busy(tuner));
	fake.hold = true;
	fake_radio_hold(&radio, false);
	loop_run(loop);
	assert_int_equal(answers, 1);
}

static void next_request_may_come_from_the_answer(void **state)
{
	(void)state;
	for (int i = 1; i < 500; i++) {
		next_channel = "11";
		tuner_request(tuner, "1");
		loop_run(loop);
		loop_run(loop);
		assert_int_equal(answers, 2 * i);
	}
	assert_string_equal(radio.channels[0], "1");
	assert_string_equal(radio.channels[1], "11");
	assert_int_equal(fake_radio_started(&radio), 2 * 499);
}

static void tuner_may_be_freed_from_its_answer(void **state)
{
	(void)state;
	free_when_done = true;
	tuner_request(tuner, "1");
	fake_radio_wait_started(&radio, 1);
	while (answers == 0)
		loop_step(loop, LOOP_NEVER);
	assert_null(tuner);
	loop_step(loop, 0);
}

static void *release_soon(void *arg)
{
	fake_radio_wait_started(arg, 1);
	fake_radio_hold(arg, false);
	return NULL;
}

/* The driver uses the source's state: nobody may take that away under it. */
static void freeing_waits_for_a_running_tune(void **state)
{
	pthread_t thread;

	(void)state;
	fake_radio_hold(&radio, true);
	tuner_request(tuner, "1");
	fake_radio_wait_started(&radio, 1);
	assert_int_equal(pthread_create(&thread, NULL, release_soon, &radio), 0);
	tuner_free(tuner);
	tuner = NULL;
	assert_int_equal(fake_radio_finished(&radio), 1);
	pthread_join(thread, NULL);
	loop_step(loop, 0);
	assert_int_equal(answers, 0);
}

/* At each moment between asking and answering. */
static void freeing_at_any_moment_is_quiet(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		int before = fake_radio_started(&radio);

		tuner_request(tuner, "1");
		if (i % 3 > 0)
			fake_radio_wait_started(&radio, before + 1);
		if (i % 3 > 1) {
			while (fake_radio_finished(&radio) == before)
				;
		}
		tuner_free(tuner);
		loop_step(loop, 0);
		assert_int_equal(answers, 0);
		tuner = tuner_new(loop, fake_radio_tune, &radio, on_done, &radio, &e);
		assert_non_null(tuner);
	}
	tuner_free(NULL);
}

static int tune_long(void *self, const char *channel, struct err *err)
{
	size_t *len = self;

	(void)err;
	*len = strlen(channel);
	return 0;
}

static void too_long_a_channel_is_cut(void **state)
{
	char channel[200];
	size_t len = 0;

	(void)state;
	memset(channel, 'c', sizeof(channel));
	channel[199] = '\0';
	tuner_free(tuner);
	tuner = tuner_new(loop, tune_long, &len, on_done, &radio, &e);
	assert_non_null(tuner);
	tuner_request(tuner, channel);
	loop_run(loop);
	assert_int_equal(answers, 1);
	assert_int_equal(len, TUNER_CHANNEL_SIZE - 1);
}

static int tune_and_look(void *self, const char *channel, struct err *err)
{
	sigset_t blocked;

	(void)channel;
	(void)err;
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	*(bool *)self = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
	return 0;
}

static void thread_leaves_signals_to_the_loop(void **state)
{
	bool blocked = false;
	sigset_t ours;

	(void)state;
	tuner_free(tuner);
	tuner = tuner_new(loop, tune_and_look, &blocked, on_done, &radio, &e);
	assert_non_null(tuner);
	tuner_request(tuner, "1");
	loop_run(loop);
	assert_true(blocked);
	pthread_sigmask(SIG_BLOCK, NULL, &ours);
	assert_false(sigismember(&ours, SIGTERM));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_is_carried_out_and_answered_once),
		TEST(driver_s_reason_comes_through),
		TEST(slow_driver_does_not_block_the_loop),
		TEST(next_request_may_come_from_the_answer),
		TEST(tuner_may_be_freed_from_its_answer),
		TEST(freeing_waits_for_a_running_tune),
		TEST(freeing_at_any_moment_is_quiet),
		TEST(too_long_a_channel_is_cut),
		TEST(thread_leaves_signals_to_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
