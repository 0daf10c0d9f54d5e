/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When replayed packets are due. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_pcapfile/pacing.h"

#define S UINT64_C(1000000000)
#define START (1000 * S)

static struct pacing p;

static uint64_t due_s(double file_s, uint64_t now_ns)
{
	return pacing_due_ns(&p, true, (uint64_t)(file_s * 1e6 + 0.5), now_ns);
}

/* --- packets a second --- */

static void no_rate_is_no_waiting(void **state)
{
	static const double rates[] = { 0, -1, 1000001, 1e300 };
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		pacing_set_rate(&p, rates[i]);
		assert_int_equal(p.mode, PACING_OFF);
		assert_int_equal(pacing_due_ns(&p, true, 5, START), 0);
	}
}

static void packets_are_due_at_an_even_rate(void **state)
{
	uint64_t i;

	(void)state;
	pacing_set_rate(&p, 4);
	for (i = 0; i < 100; i++)
		assert_int_equal(due_s(7, START + i * S / 4), START + i * S / 4);
}

static void a_rate_below_one_waits_for_seconds(void **state)
{
	(void)state;
	pacing_set_rate(&p, 0.5);
	assert_int_equal(due_s(0, START), START);
	assert_int_equal(due_s(0, START), START + 2 * S);
	assert_int_equal(due_s(0, START + 2 * S), START + 4 * S);
}

/* A third of a second is no whole number of nanoseconds. */
static void a_rate_does_not_drift(void **state)
{
	uint64_t i, due = 0, late = 0;

	(void)state;
	pacing_set_rate(&p, 3000);
	/* Always woken up late, as it is in life. */
	for (i = 0; i <= 3000 * 3600; i++) {
		due = due_s(0, START + late);
		late = due - START + 300000;
	}
	assert_in_range(due, START + 3600 * S - 10, START + 3600 * S + 10);
}

static void a_long_stop_is_not_made_up_for(void **state)
{
	uint64_t now = START + 100 * S, due;
	unsigned n = 0;

	(void)state;
	pacing_set_rate(&p, 1000);
	due_s(0, START);
	while ((due = due_s(0, now)) <= now)
		n++;
	/* One second's worth at most. */
	assert_int_equal(n, 1001);
	assert_int_equal(due, now + S / 1000);
}

static void a_short_delay_is_made_up_for(void **state)
{
	(void)state;
	pacing_set_rate(&p, 10);
	due_s(0, START);
	assert_int_equal(due_s(0, START + S / 2), START + S / 10);
	assert_int_equal(due_s(0, START + S / 2), START + S / 5);
}

static void packets_that_are_close_share_a_wake_up(void **state)
{
	(void)state;
	assert_int_equal(pacing_wake_ns(START + 10, START), START + PACING_QUANTUM_NS);
	assert_int_equal(pacing_wake_ns(START + S, START), START + S);
}

/* --- real time --- */

static void pauses_are_those_of_the_file(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 1, 0);
	assert_int_equal(due_s(1700000000.25, START), START);
	assert_int_equal(due_s(1700000000.75, START), START + S / 2);
	assert_int_equal(due_s(1700000003.25, START + S / 2), START + 3 * S);
}

/* The original tool waited a second too long at each of these. */
static void the_second_boundary_costs_nothing(void **state)
{
	uint64_t i, due = 0;

	(void)state;
	pacing_set_realtime(&p, 1, 0);
	for (i = 0; i <= 120; i++)
		due = due_s(100.7 + (double)i / 2, due > START ? due : START);
	assert_int_equal(due, START + 60 * S);
}

static void packets_out_of_order_do_not_wait(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 1, 0);
	due_s(10, START);
	assert_int_equal(due_s(10.5, START), START + S / 2);
	assert_int_equal(due_s(9.9, START + S / 2), START + S / 2);
	assert_int_equal(due_s(10.6, START + S / 2), START + S * 6 / 10);
}

static void a_clock_set_back_begins_a_new_time_line(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 1, 0);
	due_s(5000, START);
	assert_int_equal(due_s(5001, START), START + S);
	assert_int_equal(due_s(100, START + S), START + S);
	assert_int_equal(due_s(102, START + S), START + 3 * S);
}

static void speed_divides_pauses(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 4, 0);
	due_s(50, START);
	assert_int_equal(due_s(52, START), START + S / 2);
	pacing_set_realtime(&p, 0.5, 0);
	due_s(50, START);
	assert_int_equal(due_s(52, START), START + 4 * S);
}

static void long_pauses_are_cut(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 2, 5000000);
	due_s(10, START);
	assert_int_equal(due_s(12, START), START + S);
	assert_int_equal(due_s(9000, START + S), START + S + 5 * S / 2);
	assert_int_equal(due_s(9001, START + S + 5 * S / 2), START + 4 * S);
}

static void packets_without_time_do_not_wait(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 1, 0);
	assert_int_equal(pacing_due_ns(&p, false, 0, START), 0);
	due_s(50, START);
	assert_int_equal(pacing_due_ns(&p, false, 0, START), 0);
	assert_int_equal(due_s(51, START), START + S);
}

static void real_time_does_not_catch_up_after_a_long_stop(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 1, 0);
	due_s(100, START);
	assert_int_equal(due_s(101, START + 50 * S), START + 49 * S);
	assert_int_equal(due_s(103, START + 50 * S), START + 51 * S);
}

static void nonsense_times_wait_long_but_do_not_overflow(void **state)
{
	uint64_t due;

	(void)state;
	pacing_set_realtime(&p, 0.001, 0);
	pacing_due_ns(&p, true, 0, START);
	due = pacing_due_ns(&p, true, UINT64_MAX, START);
	assert_true(due > START + 1000000 * S);
	assert_true(due < UINT64_MAX / 2);
	assert_true(pacing_due_ns(&p, true, 5, START) < UINT64_MAX / 2);
}

static void another_pass_begins_at_once(void **state)
{
	(void)state;
	pacing_set_realtime(&p, 1, 0);
	due_s(100, START);
	due_s(130, START + 30 * S);
	pacing_restart(&p);
	assert_int_equal(due_s(100, START + 31 * S), START + 31 * S);
	assert_int_equal(due_s(101, START + 31 * S), START + 32 * S);
	/* A rate just goes on. */
	pacing_set_rate(&p, 1);
	due_s(0, START);
	pacing_restart(&p);
	assert_int_equal(due_s(0, START), START + S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rate_is_no_waiting),
		cmocka_unit_test(packets_are_due_at_an_even_rate),
		cmocka_unit_test(a_rate_below_one_waits_for_seconds),
		cmocka_unit_test(a_rate_does_not_drift),
		cmocka_unit_test(a_long_stop_is_not_made_up_for),
		cmocka_unit_test(a_short_delay_is_made_up_for),
		cmocka_unit_test(packets_that_are_close_share_a_wake_up),
		cmocka_unit_test(pauses_are_those_of_the_file),
		cmocka_unit_test(the_second_boundary_costs_nothing),
		cmocka_unit_test(packets_out_of_order_do_not_wait),
		cmocka_unit_test(a_clock_set_back_begins_a_new_time_line),
		cmocka_unit_test(speed_divides_pauses),
		cmocka_unit_test(long_pauses_are_cut),
		cmocka_unit_test(packets_without_time_do_not_wait),
		cmocka_unit_test(real_time_does_not_catch_up_after_a_long_stop),
		cmocka_unit_test(nonsense_times_wait_long_but_do_not_overflow),
		cmocka_unit_test(another_pass_begins_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
