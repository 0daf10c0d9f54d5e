/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers from the system. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_common/random.c"	/* for mix() */

static void numbers_differ_and_are_not_0(void **state)
{
	uint64_t seen[100], ones = 0, zeros = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		seen[i] = random_u64();
		assert_true(seen[i] != 0);
		ones |= seen[i];
		zeros |= ~seen[i];
		for (int k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
	}
	assert_true(ones == UINT64_MAX && zeros == UINT64_MAX);	/* every bit varies */
}

static void neighbours_are_spread_over_all_bits(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 1000; i++) {
		int bits = __builtin_popcountll(mix(i) ^ mix(i + 1));

		assert_in_range(bits, 10, 54);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_differ_and_are_not_0),
		cmocka_unit_test(neighbours_are_spread_over_all_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
