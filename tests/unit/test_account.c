/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the records, in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/account.h"

static void expect(const struct account *a, const char *text)
{
	char out[600];

	account_print(a, out, sizeof(out));
	assert_string_equal(out, text);
}

static void quiet_session_is_one_short_line(void **state)
{
	struct account none = { .messages_dropped = 0 };
	struct account good = { .queue = { .pushed = 1200, .released = 1190, .kept = 10,
					   .unsent = 4 } };

	(void)state;
	expect(&none, "0 records: 0 delivered, 0 waiting, 0 lost");
	expect(&good, "1200 records: 1190 delivered, 10 waiting, 0 lost");
	assert_int_equal(account_lost(&good), 0);
}

static void every_loss_has_its_reason(void **state)
{
	struct account a = {
		.queue = { .pushed = 100, .refused = 3, .released = 50, .dropped_unsent = 20,
			   .dropped_sent = 7, .kept = 23, .resent = 9 },
		.session = { .uncarried = 5, .cut_packets = 2 },
		.hopper = { .hops = 1000, .late = 11, .refused = 12 },
		.messages_dropped = 13,
	};

	(void)state;
	expect(&a, "103 records: 45 delivered, 23 waiting, 28 lost, 20 of these for want of room, "
		   "3 of these too long for the queue, 5 of these not possible in the protocol, "
		   "7 sent but never confirmed, 9 sent again, 2 packets cut, 13 messages dropped, "
		   "11 hops passed over, 12 channels refused");
	assert_int_equal(account_lost(&a), 28);
}

/* Told of before the server has confirmed them: not 2^64 - 1 delivered. */
static void records_that_fit_nowhere_were_not_delivered(void **state)
{
	struct account a = { .queue = { .pushed = 1, .kept = 1 }, .session = { .uncarried = 1 } };

	(void)state;
	expect(&a, "1 records: 0 delivered, 1 waiting, 1 lost, "
		   "1 of these not possible in the protocol");
}

/* Each size: never longer, always ended, and as far as it goes the same. */
static void line_ends_where_the_buffer_does(void **state)
{
	struct account a = { .queue = { .pushed = UINT64_MAX, .released = UINT64_MAX / 2,
					.resent = UINT64_MAX, .dropped_sent = UINT64_MAX },
			     .messages_dropped = UINT64_MAX };
	char whole[600], out[600];

	(void)state;
	account_print(&a, whole, sizeof(whole));
	for (size_t size = 1; size <= strlen(whole) + 2; size++) {
		memset(out, '#', sizeof(out));
		account_print(&a, out, size);
		size_t len = strlen(out);

		assert_int_equal(len, size <= strlen(whole) ? size - 1 : strlen(whole));
		assert_memory_equal(out, whole, len);
		assert_int_equal(out[size], '#');
	}
	out[0] = '#';
	account_print(&a, out, 0);
	assert_int_equal(out[0], '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_session_is_one_short_line),
		cmocka_unit_test(every_loss_has_its_reason),
		cmocka_unit_test(records_that_fit_nowhere_were_not_delivered),
		cmocka_unit_test(line_ends_where_the_buffer_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
