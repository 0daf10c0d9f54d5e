/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records a PONG covers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_common/ack.h"

static struct ack_window w;
static uint32_t mark;

static int setup(void **state)
{
	(void)state;
	w = (struct ack_window){ 0 };
	mark = 0;
	return 0;
}

static void pong_covers_what_went_before_its_ping(void **state)
{
	(void)state;
	ack_ping_sent(&w, 10, 100);
	ack_ping_sent(&w, 12, 200);
	assert_true(ack_pong(&w, 10, &mark));
	assert_int_equal(mark, 100);
	assert_true(ack_pong(&w, 12, &mark));
	assert_int_equal(mark, 200);
	assert_false(ack_pong(&w, 12, &mark));
}

/* Servers answer in order, so a PONG that was skipped will not come any more. */
static void skipped_pong_is_covered_by_the_next(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 5; i++)
		ack_ping_sent(&w, i, i * 10);
	assert_true(ack_pong(&w, 4, &mark));
	assert_int_equal(mark, 40);
	assert_false(ack_pong(&w, 3, &mark));
	assert_int_equal(mark, 40);
	assert_true(ack_pong(&w, 5, &mark));
}

static void servers_that_answer_with_16_bits_are_understood(void **state)
{
	(void)state;
	ack_ping_sent(&w, 0x00031234, 7);
	ack_ping_sent(&w, 0xffff5678, 8);
	assert_true(ack_pong(&w, 0x1234, &mark));
	assert_int_equal(mark, 7);
	assert_true(ack_pong(&w, 0xffff5678, &mark));
	assert_int_equal(mark, 8);
}

static void unknown_pongs_cover_nothing(void **state)
{
	(void)state;
	mark = 77;
	assert_false(ack_pong(&w, 0, &mark));
	ack_ping_sent(&w, 5, 50);
	assert_false(ack_pong(&w, 6, &mark));
	assert_false(ack_pong(&w, 0, &mark));
	assert_int_equal(mark, 77);
	assert_true(ack_pong(&w, 5, &mark));
}

static void window_is_full_at_its_limit_and_goes_round(void **state)
{
	uint32_t next = 1, oldest = 1;

	(void)state;
	for (int round = 0; round < 100; round++) {
		while (!ack_full(&w)) {
			ack_ping_sent(&w, next, next + 1000);
			next++;
		}
		assert_int_equal(next - oldest, ACK_MAX);
		oldest += (uint32_t)(1 + round % ACK_MAX);
		assert_true(ack_pong(&w, oldest - 1, &mark));
		assert_int_equal(mark, oldest - 1 + 1000);
		assert_false(ack_full(&w));
	}
}

static void new_connection_forgets_old_pings(void **state)
{
	(void)state;
	ack_ping_sent(&w, 5, 50);
	ack_reset(&w);
	assert_false(ack_pong(&w, 5, &mark));
	ack_ping_sent(&w, 5, 60);
	assert_true(ack_pong(&w, 5, &mark));
	assert_int_equal(mark, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pong_covers_what_went_before_its_ping, setup),
		cmocka_unit_test_setup(skipped_pong_is_covered_by_the_next, setup),
		cmocka_unit_test_setup(servers_that_answer_with_16_bits_are_understood, setup),
		cmocka_unit_test_setup(unknown_pongs_cover_nothing, setup),
		cmocka_unit_test_setup(window_is_full_at_its_limit_and_goes_round, setup),
		cmocka_unit_test_setup(new_connection_forgets_old_pings, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
