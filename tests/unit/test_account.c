/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the records, in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/account.h"

static const struct record_classifier classes = { .names = { "data", "beacons", "management" } };

static void expect_with(const struct account *a, const struct record_classifier *c,
			const char *text)
{
	char out[1000];

	account_print(a, c, out, sizeof(out));
	assert_string_equal(out, text);
}

static void expect(const struct account *a, const char *text)
{
	expect_with(a, NULL, text);
}

static void quiet_session_is_one_short_line(void **state)
{
	struct account none = { .messages_dropped = 0 };
	struct account good = { .backlog = { .captured = 1200, .delivered = 1190,
					     .in_memory = 10 } };

	(void)state;
	expect(&none, "0 records: 0 delivered, 0 waiting, 0 lost");
	expect(&good, "1200 records: 1190 delivered, 10 waiting, 0 lost");
	assert_int_equal(account_lost(&good), 0);
	assert_true(account_adds_up(&good));
}

static const struct account all = {
	.backlog = { .captured = 200, .recovered = 30, .delivered = 105, .unconfirmed = 7,
		     .in_memory = 23, .on_disk = 44, .disk_bytes = 4096, .disk_broken = true,
		     .lost = { [LOSS_MEMORY] = { 20, 4, 1, 1 }, [LOSS_DISK_FULL] = { 0, 0, 10, 0 },
			       [LOSS_DISK_FAILED] = { 0, 12, 0, 0 },
			       [LOSS_TOO_LONG] = { 3, 0, 0, 0 } } },
	.queue = { .resent = 9 },
	.session = { .uncarried = 5, .cut_packets = 2 },
	.hopper = { .hops = 1000, .late = 11, .refused = 12 },
	.source = { .kernel_dropped = 14, .device_dropped = 15, .filtered = 16, .not_passed_on = 17,
		    .recorded = { .packets = 18, .dropped = 19, .not_packets = 20,
				  .broken = true } },
	.messages_dropped = 13,
};

static void every_loss_has_its_reason(void **state)
{
	(void)state;
	expect(&all, "230 records: 100 delivered, 67 waiting, 56 lost, 26 of these for want of "
	       "memory, 10 of these for want of room in the spool, 12 of these because of the "
	       "spool's disk, 3 of these too long for the queue, 5 of these not possible in the "
	       "protocol, 44 of those that wait on disk, 4096 bytes of disk in use, 30 recovered "
	       "from an earlier run, the spool's disk refuses, 7 sent but never confirmed, 9 sent "
	       "again, 2 packets cut, 14 more dropped by the system before us, 15 more dropped by "
	       "the device, 16 more filtered as told, 17 more not passed on, 18 packets recorded, "
	       "20 records that are no packets not recorded, 19 packets not recorded: the disk was "
	       "too slow or refused, the recording's disk refuses, 13 messages dropped, 11 hops "
	       "passed over, 12 channels refused");
	assert_int_equal(account_lost(&all), 56);
}

static void recording_alone_speaks_of_no_server(void **state)
{
	struct account a = { .solo = true, .source = { .kernel_dropped = 14, .filtered = 16,
			     .recorded = { .packets = 1200, .files = 1 } } };

	(void)state;
	expect(&a, "1200 packets recorded in 1 file, 14 more dropped by the system before us, 16 "
	       "more filtered as told");
	a.source = (struct source_stats){ .recorded = { .packets = 1200, .files = 7,
					  .removed_files = 4, .dropped = 19, .not_packets = 20,
					  .over = true } };
	expect(&a, "1200 packets recorded in 7 files, 4 of these removed, 20 records that are no "
	       "packets not recorded, 19 packets not recorded: the disk was too slow or refused, "
	       "nobody reads the recording any more");
}

static void losses_are_told_by_class_where_there_are_classes(void **state)
{
	struct account a = { .backlog = { .captured = 39,
					  .lost = { { 20, 4, 0, 1 }, { 0, 0, 14, 0 } } } };

	(void)state;
	expect_with(&a, &classes, "39 records: 0 delivered, 0 waiting, 39 lost, 25 of these for "
		    "want of memory (20 data, 4 beacons, 1 messages), 14 of these for want of "
		    "room in the spool (14 management)");
}

/* Whoever adds up the numbers of the line gets the first one. */
static void numbers_add_up(void **state)
{
	struct account a = all;

	(void)state;
	assert_true(account_adds_up(&all));
	for (a.session.uncarried = 0; a.session.uncarried < 170; a.session.uncarried++) {
		assert_true(account_adds_up(&a));
		assert_int_equal(account_records(&a), account_delivered(&a) + account_waiting(&a) +
				 account_lost(&a) + a.backlog.unconfirmed);
	}
	a.backlog.lost[LOSS_DISK_FAILED][RECORD_WORDS]++;
	assert_false(account_adds_up(&a));
	a.backlog.captured++;
	assert_true(account_adds_up(&a));
	a.backlog.recovered++;
	assert_false(account_adds_up(&a));
	a.backlog.on_disk++;
	assert_true(account_adds_up(&a));
	a.backlog.in_memory--;
	assert_false(account_adds_up(&a));
	a.backlog.unconfirmed++;
	assert_true(account_adds_up(&a));
}

/* Told of before the server has confirmed them: not 2^64 - 1 delivered, and not waiting. */
static void records_that_fit_nowhere_were_not_delivered(void **state)
{
	struct account a = { .backlog = { .captured = 1, .in_memory = 1 },
			     .session = { .uncarried = 1 } };

	(void)state;
	expect(&a, "1 records: 0 delivered, 0 waiting, 1 lost, "
		   "1 of these not possible in the protocol");
}

/* Each size: never longer, always ended, and as far as it goes the same. */
static void line_ends_where_the_buffer_does(void **state)
{
	struct account a = all;
	char whole[2000], out[2000];

	(void)state;
	a.queue.resent = a.messages_dropped = a.backlog.unconfirmed = UINT64_MAX;
	account_print(&a, &classes, whole, sizeof(whole));
	for (size_t size = 1; size <= strlen(whole) + 2; size++) {
		memset(out, '#', sizeof(out));
		account_print(&a, &classes, out, size);
		size_t len = strlen(out);

		assert_int_equal(len, size <= strlen(whole) ? size - 1 : strlen(whole));
		assert_memory_equal(out, whole, len);
		assert_int_equal(out[size], '#');
	}
	out[0] = '#';
	account_print(&a, NULL, out, 0);
	assert_int_equal(out[0], '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_session_is_one_short_line),
		cmocka_unit_test(every_loss_has_its_reason),
		cmocka_unit_test(recording_alone_speaks_of_no_server),
		cmocka_unit_test(losses_are_told_by_class_where_there_are_classes),
		cmocka_unit_test(numbers_add_up),
		cmocka_unit_test(records_that_fit_nowhere_were_not_delivered),
		cmocka_unit_test(line_ends_where_the_buffer_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
