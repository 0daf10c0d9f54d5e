/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of timers, against a model that searches a plain array. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "capture_common/loop_timers.h"

#define TIMERS 200
#define STEPS 200000

static uint64_t random_state;

static uint32_t next_random(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33);
}

/* What the heap should hold: for each timer whether it is armed, and since when. */
struct model {
	bool armed[TIMERS];
	uint64_t at_ns[TIMERS], turn[TIMERS];
	uint64_t turns;
};

/* The index of the first to come; -1 without any. */
static int model_first(const struct model *m)
{
	int first = -1;

	for (int i = 0; i < TIMERS; i++) {
		if (!m->armed[i])
			continue;
		if (first < 0 || m->at_ns[i] < m->at_ns[first] ||
		    (m->at_ns[i] == m->at_ns[first] && m->turn[i] < m->turn[first]))
			first = i;
	}
	return first;
}

static void check(const struct loop_timers *heap, const struct model *m,
		  const struct loop_timer timers[TIMERS])
{
	int first = model_first(m);
	size_t armed = 0;

	for (int i = 0; i < TIMERS; i++) {
		assert_int_equal(loop_timer_armed(&timers[i]), m->armed[i]);
		armed += m->armed[i];
	}
	assert_int_equal(heap->n, armed);
	assert_true(loop_timers_first_ns(heap) == (first < 0 ? LOOP_NEVER : m->at_ns[first]));
}

static void set(struct loop_timers *heap, struct model *m, struct loop_timer *timers, int i,
		uint64_t at_ns)
{
	loop_timers_set(heap, &timers[i], at_ns);
	m->armed[i] = true;
	m->at_ns[i] = at_ns;
	m->turn[i] = m->turns++;
}

static void take_due(struct loop_timers *heap, struct model *m, struct loop_timer *timers,
		     uint64_t now_ns)
{
	struct loop_timer *t;

	while ((t = loop_timers_due(heap, now_ns)) != NULL) {
		int first = model_first(m);

		assert_true(first >= 0);
		assert_ptr_equal(t, &timers[first]);
		assert_true(m->at_ns[first] <= now_ns);
		m->armed[first] = false;
	}
	int first = model_first(m);

	assert_true(first < 0 || m->at_ns[first] > now_ns);
}

/* Few different times, so that many are equal. */
static void heap_agrees_with_a_sorted_model(void **state)
{
	static struct loop_timer timers[TIMERS];
	static struct model m;
	struct loop_timers heap = { 0 };
	uint64_t now_ns = 0;

	(void)state;
	random_state = 1;
	for (int step = 0; step < STEPS; step++) {
		int i = (int)(next_random() % TIMERS);

		switch (next_random() % 8) {
		case 0:
			now_ns += next_random() % 4;
			take_due(&heap, &m, timers, now_ns);
			break;
		case 1:
		case 2:
			loop_timers_cancel(&heap, &timers[i]);
			m.armed[i] = false;
			break;
		default:
			set(&heap, &m, timers, i, now_ns + next_random() % 40);
			break;
		}
		if (step % 16 == 0)
			check(&heap, &m, timers);
	}
	take_due(&heap, &m, timers, LOOP_NEVER);
	check(&heap, &m, timers);
	loop_timers_free(&heap);
}

static void never_is_a_time_like_any_other(void **state)
{
	struct loop_timers heap = { 0 };
	struct loop_timer a = { .slot = 0 }, b = { .slot = 0 };

	(void)state;
	assert_true(loop_timers_first_ns(&heap) == LOOP_NEVER);
	assert_null(loop_timers_due(&heap, LOOP_NEVER));
	loop_timers_set(&heap, &a, LOOP_NEVER);
	loop_timers_set(&heap, &b, 0);
	assert_ptr_equal(loop_timers_due(&heap, 0), &b);
	assert_null(loop_timers_due(&heap, LOOP_NEVER - 1));
	loop_timers_free(&heap);
	assert_int_equal(heap.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_agrees_with_a_sorted_model),
		cmocka_unit_test(never_is_a_time_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
