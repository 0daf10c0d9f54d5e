/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits between attempts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>

#include "capture_common/backoff.h"

#define HALF UINT32_C(0x80000000)	/* the random number that leaves a delay as it is */

static void delays_double_up_to_the_cap(void **state)
{
	static const uint32_t link[] = { 500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	static const uint32_t refusal[] = { 5000, 10000, 20000, 40000, 80000, 160000, 300000 };
	unsigned k;

	(void)state;
	for (k = 0; k < 9; k++)
		assert_int_equal(backoff_delay_ms(&backoff_link, k, HALF), link[k]);
	for (k = 0; k < 7; k++)
		assert_int_equal(backoff_delay_ms(&backoff_refusal, k, HALF), refusal[k]);
}

static void first_retry_comes_within_a_second(void **state)
{
	(void)state;
	assert_int_equal(backoff_delay_ms(&backoff_link, 0, 0), 250);
	assert_true(backoff_delay_ms(&backoff_link, 0, UINT32_MAX) < 750);
}

/* Every delay is in [50 %, 150 %) of the plain one, never above the cap, and grows with random. */
static void jitter_stays_within_bounds(void **state)
{
	static const struct backoff *const rules[] = { &backoff_link, &backoff_refusal };
	uint32_t plain, delay, last;
	uint64_t random;
	unsigned r, k;

	(void)state;
	for (r = 0; r < 2; r++) {
		for (k = 0; k < 40; k++) {
			plain = backoff_delay_ms(rules[r], k, HALF);
			last = 0;
			for (random = 0; random <= UINT32_MAX; random += 40503001) {
				delay = backoff_delay_ms(rules[r], k, (uint32_t)random);
				assert_true(delay >= plain / 2);
				assert_true(delay < plain + plain / 2);
				assert_true(delay <= rules[r]->cap_ms);
				assert_true(delay >= last);
				last = delay;
			}
			assert_true(last > plain / 2);	/* it does vary */
		}
	}
}

static void days_of_failures_stay_at_the_cap(void **state)
{
	(void)state;
	assert_int_equal(backoff_delay_ms(&backoff_link, 31, UINT32_MAX), 60000);
	assert_int_equal(backoff_delay_ms(&backoff_link, 32, 0), 30000);
	assert_int_equal(backoff_delay_ms(&backoff_link, 64, HALF), 60000);
	assert_int_equal(backoff_delay_ms(&backoff_link, UINT_MAX, HALF), 60000);
	assert_int_equal(backoff_delay_ms(&backoff_refusal, UINT_MAX, HALF), 300000);
}

static void other_rules_work(void **state)
{
	static const struct backoff high = { UINT32_MAX, UINT32_MAX }, never = { 0, 0 };
	static const struct backoff base_above_cap = { 1000, 100 };

	(void)state;
	assert_int_equal(backoff_delay_ms(&high, 5, UINT32_MAX), UINT32_MAX);
	assert_int_equal(backoff_delay_ms(&never, 5, UINT32_MAX), 0);
	assert_int_equal(backoff_delay_ms(&base_above_cap, 0, HALF), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_double_up_to_the_cap),
		cmocka_unit_test(first_retry_comes_within_a_second),
		cmocka_unit_test(jitter_stays_within_bounds),
		cmocka_unit_test(days_of_failures_stay_at_the_cap),
		cmocka_unit_test(other_rules_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
