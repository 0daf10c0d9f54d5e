/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hop planner: every channel gets its turn, whatever the list and the step. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "capture_common/hop_plan.h"

#define MAX_N 200

/* n hops from where the plan is visit each index once. */
static bool visits_all_once(struct hop_plan *p)
{
	bool seen[MAX_N] = { false };
	size_t i, index;

	for (i = 0; i < p->n; i++) {
		index = hop_plan_next(p);
		if (index >= p->n || seen[index])
			return false;
		seen[index] = true;
	}
	return true;
}

static void visits_every_channel_for_any_list_skip_and_offset(void **state)
{
	static const uint32_t offsets[] = { 0, 1, 7, 199, 200, 1000003, UINT32_MAX };
	struct hop_plan p;
	uint32_t skip;
	size_t n, o;

	(void)state;
	for (n = 1; n <= MAX_N; n++) {
		for (skip = 0; skip <= 210; skip++) {
			for (o = 0; o < sizeof(offsets) / sizeof(offsets[0]); o++) {
				hop_plan_init(&p, n, true, skip, offsets[o]);
				assert_int_equal(p.pos, offsets[o] % n);
				assert_true(visits_all_once(&p));
				assert_true(visits_all_once(&p));
			}
		}
	}
}

static void step_is_the_smallest_that_works_from_the_skip_on(void **state)
{
	struct hop_plan p;
	uint32_t skip;
	size_t n, s, a, b, t;

	(void)state;
	for (n = 5; n <= MAX_N; n++) {
		for (skip = 2; skip < n - 1; skip++) {
			hop_plan_init(&p, n, true, skip, 0);
			assert_in_range(p.step, skip, n - 1);
			for (s = skip; s < p.step; s++) {
				for (a = n, b = s; b; t = a % b, a = b, b = t)
					;
				assert_true(a > 1);	/* what was passed over shares a divisor */
			}
		}
	}
}

static void huge_skip_is_harmless(void **state)
{
	struct hop_plan p;
	size_t n;

	(void)state;
	for (n = 1; n <= MAX_N; n++) {
		hop_plan_init(&p, n, true, UINT32_MAX, UINT32_MAX);
		assert_true(visits_all_once(&p));
	}
}

static void shuffle_is_never_the_plain_order(void **state)
{
	struct hop_plan p;
	uint32_t skip;
	size_t n;

	(void)state;
	for (n = 4; n <= MAX_N; n++) {
		for (skip = 0; skip <= 210; skip++) {
			hop_plan_init(&p, n, true, skip, 0);
			assert_true(p.step > 1);
		}
	}
}

static void without_shuffle_the_order_is_the_lists(void **state)
{
	struct hop_plan p;
	size_t i;

	(void)state;
	hop_plan_init(&p, 5, false, 3, 12);
	assert_int_equal(p.step, 1);
	for (i = 0; i < 12; i++)
		assert_int_equal(hop_plan_next(&p), (2 + i) % 5);
}

static void assert_order(size_t n, uint32_t skip, uint32_t offset, const size_t *expected)
{
	struct hop_plan p;
	size_t i;

	hop_plan_init(&p, n, true, skip, offset);
	for (i = 0; i < n; i++)
		assert_int_equal(hop_plan_next(&p) + 1, expected[i]);
}

/* docs/protocol.md 7.3 */
static void recorded_orders_come_out_the_same(void **state)
{
	static const size_t eleven[] = { 1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10 };
	static const size_t thirteen[] = { 3, 7, 11, 2, 6, 10, 1, 5, 9, 13, 4, 8, 12 };

	(void)state;
	assert_order(11, 1, 0, eleven);
	assert_order(11, 0, 0, eleven);
	assert_order(13, 4, 2, thirteen);
}

/* The list length at which the original visits half of the channels for ever. */
static void fourteen_channels_with_skip_4_are_all_visited(void **state)
{
	static const size_t order[] = { 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14, 5, 10 };

	(void)state;
	assert_order(14, 4, 0, order);
}

static void short_lists_work(void **state)
{
	struct hop_plan p;

	(void)state;
	hop_plan_init(&p, 1, true, 4, 9);
	assert_int_equal(hop_plan_next(&p), 0);
	assert_int_equal(hop_plan_next(&p), 0);
	hop_plan_init(&p, 2, true, 4, 1);
	assert_int_equal(hop_plan_next(&p), 1);
	assert_int_equal(hop_plan_next(&p), 0);
	hop_plan_init(&p, 3, true, 2, 0);
	assert_int_equal(hop_plan_next(&p), 0);
	assert_int_equal(hop_plan_next(&p), 2);
	assert_int_equal(hop_plan_next(&p), 1);
}

static void empty_list_can_be_planned(void **state)
{
	struct hop_plan p;

	(void)state;
	hop_plan_init(&p, 0, true, 4, 9);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.pos, 0);
}

/* --- a channel leaves --- */

/* The channel that is due stays due; if it is the one that leaves, the one behind it is. */
static void removal_keeps_the_next_visit(void **state)
{
	struct hop_plan p;
	size_t n, done, gone, due, expected;

	(void)state;
	for (n = 2; n <= 30; n++) {
		for (done = 0; done < n; done++) {
			for (gone = 0; gone < n; gone++) {
				hop_plan_init(&p, n, true, 4, 0);
				for (due = 0; due < done; due++)
					hop_plan_next(&p);
				due = p.pos;
				expected = gone < due ? due - 1 : due;
				hop_plan_remove(&p, gone);
				assert_int_equal(p.n, n - 1);
				assert_int_equal(p.pos, expected == n - 1 ? 0 : expected);
				assert_true(visits_all_once(&p));
			}
		}
	}
}

static void removal_down_to_nothing_stays_complete(void **state)
{
	struct hop_plan p;
	size_t refused;

	(void)state;
	hop_plan_init(&p, MAX_N, true, 4, 17);
	while (p.n > 1) {
		refused = hop_plan_next(&p);
		hop_plan_remove(&p, refused);
		assert_true(visits_all_once(&p));
	}
	hop_plan_remove(&p, 0);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.pos, 0);
}

static void removal_without_shuffle_keeps_the_plain_order(void **state)
{
	struct hop_plan p;

	(void)state;
	hop_plan_init(&p, 5, false, 4, 3);
	assert_int_equal(hop_plan_next(&p), 3);
	hop_plan_remove(&p, 3);			/* 0 1 2 4: the last one is due */
	assert_int_equal(hop_plan_next(&p), 3);
	assert_int_equal(hop_plan_next(&p), 0);
	hop_plan_remove(&p, 3);			/* 0 1 2 */
	assert_int_equal(hop_plan_next(&p), 1);
	assert_int_equal(hop_plan_next(&p), 2);
	assert_int_equal(hop_plan_next(&p), 0);
}

/* --- how long --- */

#define MS UINT64_C(1000000)
#define DAY (UINT64_C(86400) * 1000 * MS)

static void dwell_is_the_inverse_of_the_rate(void **state)
{
	(void)state;
	assert_int_equal(hop_plan_dwell_ns(5, 50), 200 * MS);
	assert_int_equal(hop_plan_dwell_ns(1, 50), 1000 * MS);
	assert_int_equal(hop_plan_dwell_ns(0.5, 50), 2000 * MS);
	assert_int_equal(hop_plan_dwell_ns(0.125, 50), 8000 * MS);
}

static void dwell_has_a_floor(void **state)
{
	(void)state;
	assert_int_equal(hop_plan_dwell_ns(20, 50), 50 * MS);
	assert_int_equal(hop_plan_dwell_ns(21, 50), 50 * MS);
	assert_int_equal(hop_plan_dwell_ns(1e300, 10), 10 * MS);
	assert_int_equal(hop_plan_dwell_ns(INFINITY, 10), 10 * MS);
	assert_int_equal(hop_plan_dwell_ns(INFINITY, 0), MS);
}

static void dwell_has_a_ceiling(void **state)
{
	(void)state;
	assert_int_equal(hop_plan_dwell_ns(1e-9, 10), DAY);
	assert_int_equal(hop_plan_dwell_ns(1e-300, 10), DAY);
	assert_int_equal(hop_plan_dwell_ns(5e-324, 10), DAY);
}

static void no_rate_means_no_hopping(void **state)
{
	(void)state;
	assert_int_equal(hop_plan_dwell_ns(0, 50), 0);
	assert_int_equal(hop_plan_dwell_ns(-0.0, 50), 0);
	assert_int_equal(hop_plan_dwell_ns(-5, 50), 0);
	assert_int_equal(hop_plan_dwell_ns(-INFINITY, 50), 0);
	assert_int_equal(hop_plan_dwell_ns(NAN, 50), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits_every_channel_for_any_list_skip_and_offset),
		cmocka_unit_test(step_is_the_smallest_that_works_from_the_skip_on),
		cmocka_unit_test(huge_skip_is_harmless),
		cmocka_unit_test(shuffle_is_never_the_plain_order),
		cmocka_unit_test(without_shuffle_the_order_is_the_lists),
		cmocka_unit_test(recorded_orders_come_out_the_same),
		cmocka_unit_test(fourteen_channels_with_skip_4_are_all_visited),
		cmocka_unit_test(short_lists_work),
		cmocka_unit_test(empty_list_can_be_planned),
		cmocka_unit_test(removal_keeps_the_next_visit),
		cmocka_unit_test(removal_down_to_nothing_stays_complete),
		cmocka_unit_test(removal_without_shuffle_keeps_the_plain_order),
		cmocka_unit_test(dwell_is_the_inverse_of_the_rate),
		cmocka_unit_test(dwell_has_a_floor),
		cmocka_unit_test(dwell_has_a_ceiling),
		cmocka_unit_test(no_rate_means_no_hopping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
