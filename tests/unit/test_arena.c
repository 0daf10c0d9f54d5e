/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arena. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "protocol/arena.h"

static bool all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

static void takes_nothing_before_the_first_use(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1000);
	assert_null(a.blocks);
	assert_int_equal(a.used_bytes, 0);
	arena_reset(&a);
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena a;
	uint8_t *last = NULL;

	(void)state;
	arena_init(&a, ARENA_LIMIT_BYTES);
	for (size_t size = 0; size < 300; size++) {
		uint8_t *p = arena_alloc(&a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_true(all_zero(p, size));
		memset(p, 0xff, size);
		if (last && size > 0)
			assert_ptr_not_equal(p, last);
		last = p;
	}
	arena_reset(&a);
}

static void memory_used_before_comes_back_zeroed(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 100000);
	for (int round = 0; round < 3; round++) {
		uint8_t *p = arena_alloc(&a, 5000);

		assert_non_null(p);
		assert_true(all_zero(p, 5000));
		memset(p, 0xaa, 5000);
		arena_reset(&a);
		assert_int_equal(a.used_bytes, 0);
	}
}

static void one_large_allocation_gets_its_own_block(void **state)
{
	struct arena a;
	uint8_t *p;

	(void)state;
	arena_init(&a, ARENA_LIMIT_BYTES);
	p = arena_alloc(&a, 1000000);
	assert_non_null(p);
	memset(p, 1, 1000000);
	assert_non_null(arena_alloc(&a, 16));
	arena_reset(&a);
}

static void never_takes_more_than_the_limit(void **state)
{
	struct arena a;
	size_t sum = 0;

	(void)state;
	for (size_t limit = 0; limit < 20000; limit += 777) {
		arena_init(&a, limit);
		for (sum = 0; arena_alloc(&a, 48); sum += 48)
			assert_true(a.used_bytes <= limit);
		assert_true(sum <= limit);
		assert_true(sum + 48 + 48 * 8 > limit);	/* and little of it is wasted */
		arena_reset(&a);
	}
}

static void sizes_beyond_the_limit_are_refused(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	assert_null(arena_alloc(&a, 4097));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_non_null(arena_alloc(&a, 4096));
	assert_null(arena_alloc(&a, 1));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1));
	arena_reset(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_nothing_before_the_first_use),
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(memory_used_before_comes_back_zeroed),
		cmocka_unit_test(one_large_allocation_gets_its_own_block),
		cmocka_unit_test(never_takes_more_than_the_limit),
		cmocka_unit_test(sizes_beyond_the_limit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
