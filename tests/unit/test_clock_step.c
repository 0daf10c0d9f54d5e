/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps of the wall clock are noticed, told of once, and with the right size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "capture_common/clock_alarm.h"
#include "capture_common/clock_step.h"
#include "tests/lib/fake_clock.h"

#define SECOND_NS ((uint64_t)1000000000)
#define YEAR_US ((int64_t)365 * 86400 * 1000000)

static struct fake_clock fake;
static struct loop *loop;
static struct clock_step *step;
static int64_t set_by_us;		/* the wall clock, since 1970 in the beginning */
static int told;
static int64_t told_delta_us;
static uint64_t told_now_us, told_at_ns;
static struct err e;

static void now(void *user, uint64_t *real_us, uint64_t *monotonic_us)
{
	(void)user;
	*monotonic_us = fake.now_ns / 1000;
	*real_us = *monotonic_us + (uint64_t)set_by_us;
}

static void on_stepped(void *user, int64_t delta_us, uint64_t new_now_us)
{
	assert_ptr_equal(user, &fake);
	told++;
	told_delta_us = delta_us;
	told_now_us = new_now_us;
	told_at_ns = fake.now_ns;
}

static void make(void (*now_fn)(void *user, uint64_t *real_us, uint64_t *monotonic_us))
{
	const struct clock_step_config cfg = { .loop = loop, .now = now_fn, .stepped = on_stepped,
					       .user = &fake };

	step = clock_step_new(&cfg, &e);
	assert_non_null(step);
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fake = (struct fake_clock){ .now_ns = 1000 * SECOND_NS };
	loop = fake.loop = loop_new(&clock, &e);
	set_by_us = 0;
	told = 0;
	step = NULL;
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	clock_step_free(step);
	loop_free(loop);
	return 0;
}

static void run_s(uint64_t seconds)
{
	uint64_t end = fake.now_ns + seconds * SECOND_NS;

	while (fake.now_ns < end)
		loop_step(loop, end - fake.now_ns);
}

static void clock_that_is_left_alone_is_no_news(void **state)
{
	(void)state;
	make(now);
	run_s(100000);
	assert_int_equal(told, 0);
	assert_int_equal(clock_steps(step), 0);
}

static void step_by_a_year_is_told_a_second_later(void **state)
{
	static const int64_t by[] = { YEAR_US, -YEAR_US, CLOCK_STEP_MIN_US, -CLOCK_STEP_MIN_US,
				      50 * YEAR_US };

	(void)state;
	set_by_us = 3 * YEAR_US;
	make(now);
	run_s(10);
	for (int i = 0; i < 5; i++) {
		uint64_t set_ns = fake.now_ns;

		set_by_us += by[i];
		run_s(10);
		assert_int_equal(told, i + 1);
		assert_int_equal(clock_steps(step), i + 1);
		assert_true(told_delta_us == by[i]);
		assert_true(told_now_us == told_at_ns / 1000 + (uint64_t)set_by_us);
		assert_in_range(told_at_ns - set_ns, SECOND_NS, 2 * SECOND_NS);
	}
}

static void two_steps_at_once_are_one(void **state)
{
	(void)state;
	make(now);
	run_s(5);
	set_by_us = YEAR_US;
	loop_step(loop, SECOND_NS);		/* it has seen the first */
	set_by_us = 2 * YEAR_US;
	run_s(10);
	assert_int_equal(told, 1);
	assert_true(told_delta_us == 2 * YEAR_US);
}

static void clock_that_is_set_back_at_once_is_no_step(void **state)
{
	(void)state;
	make(now);
	run_s(5);
	set_by_us = YEAR_US;
	loop_step(loop, SECOND_NS);
	set_by_us = 1000;
	run_s(10);
	assert_int_equal(told, 0);
	set_by_us += YEAR_US;
	run_s(10);
	assert_true(told_delta_us == YEAR_US);
}

/* 500 ppm for a day, as NTP does it. */
static void slow_adjustment_is_no_step(void **state)
{
	(void)state;
	make(now);
	for (int i = 0; i < 86400; i++) {
		set_by_us += 500;
		run_s(1);
	}
	assert_int_equal(told, 0);
	set_by_us += CLOCK_STEP_MIN_US - 1;
	run_s(10);
	assert_int_equal(told, 0);
	set_by_us -= 2 * CLOCK_STEP_MIN_US;
	run_s(10);
	assert_int_equal(told, 1);
	assert_true(told_delta_us == -2 * CLOCK_STEP_MIN_US);
}

static void it_can_be_freed_at_any_time(void **state)
{
	(void)state;
	make(now);
	set_by_us = YEAR_US;
	loop_step(loop, SECOND_NS);
	clock_step_free(step);
	step = NULL;
	loop_step(loop, 10 * SECOND_NS);
	assert_int_equal(told, 0);
	clock_step_free(NULL);
}

/* What the system has for it: nothing is set here, so nothing is told. */
static void systems_own_clock_can_be_watched(void **state)
{
	int fd;

	(void)state;
	make(NULL);
	loop_step(loop, SECOND_NS);
	loop_step(loop, SECOND_NS);
	assert_int_equal(told, 0);
	fd = clock_alarm_open();
	if (fd < 0)
		skip();
	assert_true(clock_alarm_again(fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_false(clock_alarm_again(fd));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clock_that_is_left_alone_is_no_news,
						setup, teardown),
		cmocka_unit_test_setup_teardown(step_by_a_year_is_told_a_second_later,
						setup, teardown),
		cmocka_unit_test_setup_teardown(two_steps_at_once_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(clock_that_is_set_back_at_once_is_no_step,
						setup, teardown),
		cmocka_unit_test_setup_teardown(slow_adjustment_is_no_step, setup, teardown),
		cmocka_unit_test_setup_teardown(it_can_be_freed_at_any_time, setup, teardown),
		cmocka_unit_test_setup_teardown(systems_own_clock_can_be_watched, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
