/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in the queue when the wall clock is set. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_common/queue.h"

#define SECOND INT64_C(1000000)
#define YEAR (365 * 86400 * SECOND)
/* What the old clock showed when it was set. */
#define STEP (1700000000 * SECOND)

static struct queue *queue;

static int setup(void **state)
{
	struct err e;

	(void)state;
	queue = queue_new(QUEUE_MIN_BYTES, QUEUE_DROP_OLDEST, &e);
	return queue ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	queue_free(queue);
	return 0;
}

static void push_at(int64_t us)
{
	const struct msg_packet p = { .has_time = true, .time_us = (uint64_t)us,
				      .data = (const uint8_t *)"x", .len = 1 };

	assert_int_equal(queue_push_packet(queue, &p), 0);
}

/* The n-th record, counted from 0. */
static struct record record_at(size_t n)
{
	size_t at = 0;
	struct record r;

	do
		assert_true(queue_walk(queue, &at, &r));
	while (n-- > 0);
	return r;
}

static void expect_at(size_t n, int64_t us)
{
	struct record r = record_at(n);

	assert_int_equal(r.packet.time_us, us);
}

/* 50 packets before the step, 100 ms apart up to the very moment, 10 in the second after it. */
static void step_sorts_them(int64_t delta)
{
	for (int i = 50; i > 0; i--)
		push_at(STEP - i * SECOND / 10);
	for (int i = 0; i < 10; i++)
		push_at(STEP + delta + i * SECOND / 10);
	queue_shift_times(queue, 1, delta, (uint64_t)(STEP + delta + SECOND));
	/* Now they are one line. */
	for (int i = 0; i < 60; i++)
		expect_at((size_t)i, STEP + delta + (i - 50) * SECOND / 10);
}

static void step_by_a_year_forward(void **state)
{
	(void)state;
	step_sorts_them(YEAR);
}

static void step_by_a_year_back(void **state)
{
	(void)state;
	step_sorts_them(-YEAR);
}

static void step_by_two_seconds_forward(void **state)
{
	(void)state;
	step_sorts_them(2 * SECOND);
}

static void step_by_two_seconds_back(void **state)
{
	(void)state;
	step_sorts_them(-2 * SECOND);
}

static void step_of_any_size(void **state)
{
	static const int64_t steps[] = { 3, 5, 8, 60, 3600, 86400 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		step_sorts_them(steps[i] * SECOND);
		teardown(state);
		setup(state);
		step_sorts_them(-steps[i] * SECOND);
		teardown(state);
		setup(state);
	}
}

static void two_steps_one_after_the_other(void **state)
{
	(void)state;
	push_at(STEP - SECOND);
	queue_shift_times(queue, 1, YEAR, (uint64_t)(STEP + YEAR + SECOND));
	push_at(STEP + YEAR + 30 * SECOND);
	queue_shift_times(queue, 1, -3600 * SECOND, (uint64_t)(STEP + YEAR - 3500 * SECOND));
	expect_at(0, STEP + YEAR - 3601 * SECOND);
	expect_at(1, STEP + YEAR - 3570 * SECOND);
}

/* A busy loop hears of it late. */
static void records_since_a_big_step_stay_even_if_it_is_told_late(void **state)
{
	(void)state;
	push_at(STEP - SECOND);
	push_at(STEP + YEAR);
	push_at(STEP + YEAR + 4 * SECOND);
	queue_shift_times(queue, 1, YEAR, (uint64_t)(STEP + YEAR + 49 * SECOND / 10));
	expect_at(0, STEP + YEAR - SECOND);
	expect_at(1, STEP + YEAR);
	expect_at(2, STEP + YEAR + 4 * SECOND);
}

static void what_was_captured_hours_before_is_shifted_too(void **state)
{
	(void)state;
	push_at(STEP - 7200 * SECOND);
	push_at(STEP - 10 * SECOND);
	queue_shift_times(queue, 1, -3600 * SECOND, (uint64_t)(STEP - 3599 * SECOND));
	expect_at(0, STEP - 10800 * SECOND);
	expect_at(1, STEP - 3610 * SECOND);
}

static void records_of_an_earlier_run_stay(void **state)
{
	(void)state;
	push_at(STEP - 9 * SECOND);
	push_at(STEP - 8 * SECOND);
	push_at(STEP - 7 * SECOND);
	queue_shift_times(queue, 2, YEAR, (uint64_t)(STEP + YEAR + SECOND));
	expect_at(0, STEP - 9 * SECOND);
	expect_at(1, STEP + YEAR - 8 * SECOND);
	expect_at(2, STEP + YEAR - 7 * SECOND);
}

static void every_time_of_this_machine_is_shifted_and_no_other(void **state)
{
	const uint64_t before = (uint64_t)(STEP - SECOND), after = (uint64_t)(STEP - SECOND + YEAR);
	struct msg_data d = { .has_gps = true, .gps = { .time_us = before },
			      .packet = { .has_time = true, .time_us = before } };

	(void)state;
	assert_int_equal(queue_push_data(queue, &d), 0);
	d = (struct msg_data){ .json = { .has_time = true, .time_us = before } };
	assert_int_equal(queue_push_data(queue, &d), 0);
	d = (struct msg_data){ .buffer = { .data = (const uint8_t *)"", .time_us = before } };
	assert_int_equal(queue_push_data(queue, &d), 0);
	assert_int_equal(queue_push_packet(queue, &(struct msg_packet){ .time_us = before }), 0);
	assert_int_equal(queue_push_message(queue, MSG_CLASS_INFO, text_of("words")), 0);
	queue_shift_times(queue, 1, YEAR, (uint64_t)(STEP + YEAR + SECOND));
	struct record r = record_at(0);

	assert_int_equal(r.data.packet.time_us, after);
	assert_int_equal(r.data.gps.time_us, before);
	r = record_at(1);
	assert_int_equal(r.data.json.time_us, after);
	r = record_at(2);
	assert_int_equal(r.data.buffer.time_us, after);
	r = record_at(3);
	assert_false(r.packet.has_time);
	assert_int_equal(r.packet.time_us, before);
}

/* Whatever a driver tells. */
static void absurd_times_harm_nobody(void **state)
{
	(void)state;
	queue_shift_times(queue, 1, YEAR, (uint64_t)(STEP + YEAR));
	push_at(STEP - SECOND);
	push_at(-1);
	push_at(0);
	push_at(INT64_MAX);
	push_at(STEP + YEAR);
	push_at(5);			/* after the step, and looks like before */
	queue_shift_times(queue, 1, YEAR, (uint64_t)(STEP + YEAR + SECOND));
	expect_at(0, STEP + YEAR - SECOND);
	expect_at(1, -1);
	expect_at(2, 0);
	expect_at(3, INT64_MAX);
	expect_at(4, STEP + YEAR);
	queue_shift_times(queue, 1, -YEAR * 60, (uint64_t)(STEP - 59 * YEAR + SECOND));
	expect_at(4, 0);		/* not before 1970 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(step_by_a_year_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(step_by_a_year_back, setup, teardown),
		cmocka_unit_test_setup_teardown(step_by_two_seconds_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(step_by_two_seconds_back, setup, teardown),
		cmocka_unit_test_setup_teardown(step_of_any_size, setup, teardown),
		cmocka_unit_test_setup_teardown(two_steps_one_after_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(
			records_since_a_big_step_stay_even_if_it_is_told_late, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_captured_hours_before_is_shifted_too,
						setup, teardown),
		cmocka_unit_test_setup_teardown(records_of_an_earlier_run_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(every_time_of_this_machine_is_shifted_and_no_other,
						setup, teardown),
		cmocka_unit_test_setup_teardown(absurd_times_harm_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
