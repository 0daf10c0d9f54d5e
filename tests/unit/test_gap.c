/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gaps: each is told of once, with the right numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "capture_common/gap.h"

#define SECOND_NS ((uint64_t)1000000000)

static const struct record_classifier classes = { .names = { "data", "beacons", "management" } };

static struct gap gap;
static struct backlog_stats counts;
static struct source_stats source;
static uint64_t now_ns, told;
static char text[400];

static int setup(void **state)
{
	(void)state;
	memset(&gap, 0, sizeof(gap));
	memset(&counts, 0, sizeof(counts));
	memset(&source, 0, sizeof(source));
	now_ns = 1000 * SECOND_NS;
	told = 0;
	return 0;
}

/* Looks once a second, n times; returns how often there was something to say. */
static int look(int n, const struct record_classifier *c)
{
	int said = 0;

	while (n-- > 0) {
		said += gap_look(&gap, now_ns, &counts, &source, c, text, sizeof(text));
		now_ns += SECOND_NS;
	}
	return said;
}

static void nothing_is_said_where_nothing_is_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		counts.captured += 100;
		counts.delivered += 99;
		source.received += 100;
		source.filtered += 7;
		assert_int_equal(look(1, NULL), 0);
	}
	assert_false(gap_last_words(&gap, now_ns, NULL, text, sizeof(text)));
}

static void one_gap_is_one_message(void **state)
{
	(void)state;
	assert_int_equal(look(10, &classes), 0);
	for (int i = 0; i < 37; i++) {
		counts.lost[LOSS_MEMORY][RECORD_BULK] += i < 36 ? 110 : 140;
		assert_int_equal(look(1, &classes), 0);
	}
	assert_int_equal(look(GAP_QUIET_MS / 1000 - 1, &classes), 0);
	assert_int_equal(look(1, &classes), 1);
	assert_string_equal(text, "lost 4100 packets in 37 s, data only: the memory queue was "
			    "full");
	assert_int_equal(look(1000, &classes), 0);
	assert_false(gap_last_words(&gap, now_ns, &classes, text, sizeof(text)));
}

/* Each loss once, whether in this message or in the next. */
static void lasting_gap_is_told_of_every_minute(void **state)
{
	int said = 0;

	(void)state;
	for (int i = 0; i < 600; i++) {
		unsigned long long n;

		counts.lost[LOSS_MEMORY][RECORD_PLAIN] += 3;
		if (look(1, NULL) == 0)
			continue;
		said++;
		assert_int_equal(sscanf(text, "lost %llu packets in", &n), 1);
		told += n;
	}
	assert_in_range(said, 9, 10);
	if (gap_last_words(&gap, now_ns, NULL, text, sizeof(text))) {
		unsigned long long n;

		assert_int_equal(sscanf(text, "lost %llu packets in", &n), 1);
		told += n;
	}
	assert_int_equal(told, 1800);
}

static void reasons_and_classes_have_their_numbers_largest_first(void **state)
{
	(void)state;
	counts.lost[LOSS_MEMORY][RECORD_REPEATABLE] = 100;
	counts.lost[LOSS_DISK_FULL][RECORD_BULK] = 4000;
	counts.lost[LOSS_DISK_FULL][RECORD_REPEATABLE] = 1000;
	counts.lost[LOSS_TOO_LONG][RECORD_PLAIN] = 2;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, &classes), 1);
	assert_string_equal(text, "lost 5102 packets in 1 s (4000 data, 1100 beacons, 2 management)"
			    ": the spool was full (5000), the memory queue was full (100), too "
			    "long for the queue (2)");
}

static void one_is_not_said_in_the_plural(void **state)
{
	(void)state;
	counts.lost[LOSS_DISK_FAILED][RECORD_PLAIN] = 1;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	assert_string_equal(text, "lost 1 packet in 1 s: the spool's disk failed");
	counts.lost[LOSS_MEMORY][RECORD_WORDS] = 1;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, &classes), 1);
	assert_string_equal(text, "lost 1 message in 1 s: the memory queue was full");
	counts.lost[LOSS_MEMORY][RECORD_WORDS] += 2;
	counts.lost[LOSS_MEMORY][RECORD_PLAIN] += 5;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	assert_string_equal(text, "lost 7 records in 1 s (5 packets, 2 messages): the memory queue "
			    "was full");
}

static void losses_before_the_tool_are_told_of(void **state)
{
	(void)state;
	source.kernel_dropped = 100;
	look(1, NULL);
	source.kernel_dropped = 120;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	assert_string_equal(text, "the system dropped 120 packets before the tool could read them, "
			    "in 2 s");
	source.device_dropped = 1;
	source.not_passed_on = 3;
	source.recorded.dropped = 4;
	counts.lost[LOSS_MEMORY][RECORD_PLAIN] = 9;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	assert_string_equal(text, "lost 9 packets in 1 s: the memory queue was full; the device "
			    "dropped 1 packet; 3 packets could not be passed on for want of room; "
			    "4 packets could not be recorded");
}

static void source_that_is_opened_anew_has_lost_nothing(void **state)
{
	(void)state;
	source.received = 1000;
	source.kernel_dropped = 50;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	memset(&source, 0, sizeof(source));
	assert_int_equal(look(100, NULL), 0);
	source.received = 1;
	source.kernel_dropped = 7;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	assert_string_equal(text, "the system dropped 7 packets before the tool could read them, "
			    "in 1 s");
}

/* Even though it has dropped more than the one before by the time of the next look. */
static void source_opened_anew_within_a_gap_counts_on(void **state)
{
	(void)state;
	source.received = 1000;
	source.kernel_dropped = 50;
	look(1, NULL);
	source.received = 10;
	source.kernel_dropped = 60;
	look(1, NULL);
	source.kernel_dropped = 65;
	assert_int_equal(look(1 + GAP_QUIET_MS / 1000, NULL), 1);
	assert_string_equal(text, "the system dropped 115 packets before the tool could read them, "
			    "in 3 s");
}

static void what_was_not_told_yet_is_said_at_the_end(void **state)
{
	(void)state;
	counts.lost[LOSS_MEMORY][RECORD_BULK] = 12;
	assert_int_equal(look(1, &classes), 0);
	assert_true(gap_last_words(&gap, now_ns, &classes, text, sizeof(text)));
	assert_string_equal(text, "lost 12 packets in 1 s, data only: the memory queue was full");
	assert_false(gap_last_words(&gap, now_ns, &classes, text, sizeof(text)));
	assert_int_equal(look(100, &classes), 0);
}

static void small_buffer_is_not_overrun(void **state)
{
	char small[21];

	(void)state;
	for (size_t size = 1; size < sizeof(small); size++) {
		setup(NULL);
		source.kernel_dropped = counts.lost[0][0] = 12345;
		memset(small, '#', sizeof(small));
		look(1, NULL);
		assert_true(gap_last_words(&gap, now_ns, NULL, small, size));
		assert_int_equal(strlen(small), size - 1);
		assert_int_equal(small[size], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_said_where_nothing_is_lost, setup),
		cmocka_unit_test_setup(one_gap_is_one_message, setup),
		cmocka_unit_test_setup(lasting_gap_is_told_of_every_minute, setup),
		cmocka_unit_test_setup(reasons_and_classes_have_their_numbers_largest_first, setup),
		cmocka_unit_test_setup(one_is_not_said_in_the_plural, setup),
		cmocka_unit_test_setup(losses_before_the_tool_are_told_of, setup),
		cmocka_unit_test_setup(source_that_is_opened_anew_has_lost_nothing, setup),
		cmocka_unit_test_setup(source_opened_anew_within_a_gap_counts_on, setup),
		cmocka_unit_test_setup(what_was_not_told_yet_is_said_at_the_end, setup),
		cmocka_unit_test_setup(small_buffer_is_not_overrun, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
