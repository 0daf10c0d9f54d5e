/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bound for log lines that strangers can cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/report.h"

#define SECOND UINT64_C(1000000000)

static void lines_beyond_the_limit_are_counted_not_forgotten(void **state)
{
	struct report_limit l = { 0 };
	uint64_t withheld = 99;
	unsigned allowed = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		allowed += report_allowed(&l, 5 * SECOND + (uint64_t)i, &withheld);
	assert_int_equal(allowed, REPORT_BURST);
	assert_int_equal(withheld, 0);
	assert_true(report_allowed(&l, 6 * SECOND, &withheld));
	assert_int_equal(withheld, 1000 - REPORT_BURST);
	assert_true(report_allowed(&l, 6 * SECOND, &withheld));
	assert_int_equal(withheld, 0);
}

static void count(void *user)
{
	++*(int *)user;
}

static void table_is_taken_away_only_for_lines_that_are_written(void **state)
{
	int n = 0;

	(void)state;
	report_before_line(count, &n);
	report_debug("not shown");
	report_info("not shown");
	assert_int_equal(n, 0);
	log_set_level(LOG_LEVEL_WARN);
	report_info("not shown");
	report_warn("this line is %s", "wanted");
	assert_int_equal(n, 1);
	report_before_line(NULL, NULL);
	report_warn("this one, too");
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_beyond_the_limit_are_counted_not_forgotten),
		cmocka_unit_test(table_is_taken_away_only_for_lines_that_are_written),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
