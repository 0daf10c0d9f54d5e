/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queue and spool together: the order, the sums, outages, new starts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/lib/backlog_rig.h"
#include "tests/lib/prng.h"
#include "tests/lib/temp_folder.h"

static void without_a_spool_the_policy_counts(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 0, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_push(g, 2000);
	s = backlog_rig_sums(g);
	assert_true(s.lost[LOSS_MEMORY][RECORD_PLAIN] > 0);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 2000 - s.lost[LOSS_MEMORY][RECORD_PLAIN]);
}

static void full_memory_goes_to_disk(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	for (int i = 0; i < 100; i++) {
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 50);
	}
	s = backlog_rig_sums(g);
	assert_true(s.on_disk > 5000);
	assert_true(s.spooling);
	backlog_rig_take_all(g);
	s = backlog_rig_sums(g);
	assert_int_equal(g->n_taken, 10000);
	assert_int_equal(s.delivered, 10000);
	assert_false(s.spooling);
}

static void spooling_ends_and_packets_go_straight_again(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 20; i++) {
			backlog_rig_push(g, 100);
			backlog_rig_pass(g, SECOND_NS / 50);
		}
		backlog_rig_take_all(g);
		assert_false(backlog_rig_sums(g).spooling);
		backlog_rig_push(g, 10);
		assert_int_equal(backlog_rig_take(g, 100), 10);
		backlog_rig_confirm(g);
	}
	assert_int_equal(g->n_taken, 5 * 2010);
}

/* While it is drained, new ones trickle in: it has to come to an end. */
static void trickle_does_not_keep_it_spooling(void **state)
{
	struct backlog_rig *g = *state;
	int rounds = 0;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 2000);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 300);
	backlog_rig_pass(g, SECOND_NS);
	backlog_set_streaming(g->backlog, true);
	while (backlog_rig_sums(g).spooling) {
		backlog_rig_push(g, 1);
		backlog_rig_pass(g, SECOND_NS / 100);
		backlog_rig_take(g, 100000);
		backlog_rig_confirm(g);
		assert_true(rounds++ < 1000);
	}
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, g->next_id);
}

static void drained_no_faster_than_asked(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 500);
	backlog_rig_pass(g, 4 * SECOND_NS);
	for (int i = 0; i < 100; i++) {
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 50);
	}
	backlog_rig_pass(g, 3 * SECOND_NS);		/* what is captured counts no more */
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take(g, 100000);		/* what never left the memory */
	backlog_rig_confirm(g);
	uint64_t before = g->n_taken;

	for (int i = 0; i < 100; i++) {
		backlog_rig_pass(g, SECOND_NS / 10);
		backlog_rig_take(g, 100000);
		backlog_rig_confirm(g);
	}
	assert_in_range(g->n_taken - before, 4000, 5100);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 10000);
}

static void absence_brings_the_queue_to_disk(void **state)
{
	struct backlog_rig *g = *state;
	struct spool_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_push(g, 100);
	backlog_set_streaming(g->backlog, false);
	backlog_rig_pass(g, 5 * SECOND_NS);
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.waiting, 100);
	assert_int_equal(backlog_rig_sums(g).in_memory, 100);
	assert_int_equal(backlog_rig_sums(g).on_disk, 0);
	backlog_rig_push(g, 50);
	backlog_rig_pass(g, 2 * SECOND_NS);
	assert_int_equal(backlog_rig_sums(g).on_disk, 50);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 150);
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.segments, 0);
}

static void attempts_to_connect_do_not_put_it_off(void **state)
{
	struct backlog_rig *g = *state;
	struct spool_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_push(g, 100);
	for (int i = 0; i < 6; i++) {
		backlog_set_streaming(g->backlog, false);
		backlog_rig_pass(g, SECOND_NS);
	}
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.waiting, 100);
}

static void short_absence_leaves_the_disk_alone(void **state)
{
	struct backlog_rig *g = *state;
	struct spool_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	for (int i = 0; i < 10; i++) {
		backlog_set_streaming(g->backlog, false);
		backlog_rig_push(g, 10);
		backlog_rig_pass(g, 2 * SECOND_NS);
		backlog_set_streaming(g->backlog, true);
		backlog_rig_take_all(g);
	}
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.appended, 0);
	assert_int_equal(g->n_taken, 100);
}

/* As after kill -9: nothing is said to the backlog, another one begins on a copy of its folder. */
static void crash_loses_what_was_not_flushed_only(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog *dead;
	struct queue *dead_queue;
	char first[sizeof(g->folder)];

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_push(g, 100);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 1000);
	backlog_rig_pass(g, 2 * SECOND_NS);
	memcpy(first, g->folder, sizeof(first));
	temp_folder_make(g->folder, sizeof(g->folder));
	temp_folder_copy(first, g->folder);
	dead = g->backlog;
	dead_queue = g->queue;
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_int_equal(backlog_rig_sums(g).recovered, 1100);
	backlog_rig_push(g, 5);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 1105);
	backlog_free(dead);
	queue_free(dead_queue);
	temp_folder_remove(first);
}

/* Two runs may give out the same numbers, but never under one instance. */
static void new_start_is_announced_anew(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 100);
	backlog_rig_pass(g, 2 * SECOND_NS);
	backlog_rig_end(g);
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_int_equal(g->announced, 1);
	backlog_rig_push(g, 1);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 101);
	assert_int_equal(g->announced, 2);
	assert_int_equal(g->announcements, 1);
	assert_false(backlog_rig_sums(g).spooling);
}

static void many_new_starts_in_one_outage_lose_nothing(void **state)
{
	struct backlog_rig *g = *state;

	for (int i = 0; i < 40; i++) {
		backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
		backlog_rig_push(g, 10);
		backlog_rig_pass(g, 4 * SECOND_NS);
		backlog_rig_end(g);
	}
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 400);
	assert_int_equal(g->announcements, 40);
}

static void end_writes_down_what_waits(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_push(g, 500);
	assert_int_equal(backlog_rig_take(g, 200), 200);
	backlog_rig_confirm(g);
	backlog_rig_end(g);
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_int_equal(backlog_rig_sums(g).recovered, 300);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 500);
}

static void full_disk_loses_the_oldest_and_counts(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, SPOOL_MIN_BYTES, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	for (int i = 0; i < 200; i++) {
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 50);
	}
	s = backlog_rig_sums(g);
	assert_true(s.lost[LOSS_DISK_FULL][RECORD_PLAIN] > 10000);
	assert_true(s.disk_bytes <= SPOOL_MIN_BYTES);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->taken_id, 19999);
	s = backlog_rig_sums(g);
	assert_int_equal(g->n_taken + backlog_lost(&s), 20000);
}

/* The next try to write is seconds away; what memory holds goes out before that. */
static void broken_disk_keeps_no_server_waiting(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog_stats s;
	uint64_t back_ns;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 1000);
	backlog_rig_pass(g, 2 * SECOND_NS);
	temp_folder_limit_files(1000);
	for (int i = 0; i < 30; i++) {
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 10);
	}
	s = backlog_rig_sums(g);
	assert_true(s.disk_broken && s.lost[LOSS_DISK_FAILED][RECORD_PLAIN] > 0);
	back_ns = g->clock.now_ns;
	backlog_set_streaming(g->backlog, true);
	backlog_rig_settle(g);
	while (backlog_rig_take(g, 100000) > 0) {
		backlog_rig_confirm(g);
		backlog_rig_settle(g);
	}
	assert_true(g->clock.now_ns == back_ns);
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	s = backlog_rig_sums(g);
	assert_true(s.disk_broken);
	assert_true(backlog_empty(g->backlog));
	assert_int_equal(g->n_taken + backlog_lost(&s), 4000);
}

/* The link is up, but nothing passes: what is on disk waits there. */
static void stalled_link_does_not_empty_a_broken_disk(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 1000);
	backlog_rig_pass(g, 2 * SECOND_NS);
	temp_folder_limit_files(1000);
	backlog_set_streaming(g->backlog, true);
	for (int i = 0; i < 50; i++) {
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 10);
	}
	s = backlog_rig_sums(g);
	assert_true(s.disk_broken);
	assert_int_equal(s.lost[LOSS_MEMORY][RECORD_PLAIN], 0);
	assert_true(s.in_memory + s.on_disk >= 1000);
	while (backlog_rig_take(g, 100000) > 0) {
		backlog_rig_confirm(g);
		backlog_rig_settle(g);
	}
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	s = backlog_rig_sums(g);
	assert_int_equal(g->n_taken + backlog_lost(&s), 6000);
}

static void disk_that_refuses_leaves_the_memory(void **state)
{
	struct backlog_rig *g = *state;
	struct backlog_stats s;

	temp_folder_limit_files(100);
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	for (int i = 0; i < 30; i++) {
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 10);
	}
	s = backlog_rig_sums(g);
	assert_true(s.disk_broken);
	assert_true(s.in_memory > 400);
	backlog_set_streaming(g->backlog, true);
	while (backlog_rig_take(g, 100000) > 0)
		backlog_rig_confirm(g);
	assert_int_equal(g->taken_id, 2999);
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	s = backlog_rig_sums(g);
	assert_int_equal(g->n_taken + backlog_lost(&s), 3000);
}

static void waiting_source_is_not_spooled(void **state)
{
	struct backlog_rig *g = *state;
	struct spool_stats s;

	backlog_rig_begin(g, QUEUE_WAIT, 64 << 20, 0);
	backlog_rig_pass(g, 10 * SECOND_NS);
	assert_int_equal(backlog_rig_push(g, 100000), -11);
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.appended, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take(g, 100000);
	backlog_rig_confirm(g);
	assert_true(g->rooms > 0);
	assert_int_equal(g->n_taken, g->next_id);
}

static void lost_link_repeats_but_loses_nothing(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	g->may_repeat = true;
	for (int i = 0; i < 60; i++) {
		backlog_set_streaming(g->backlog, true);
		backlog_rig_push(g, 100);
		backlog_rig_pass(g, SECOND_NS / 10);
		backlog_rig_take(g, 60);
		if (i % 3 == 0)
			backlog_rig_confirm(g);
		backlog_rig_sums(g);
		queue_rewind(g->queue);
		backlog_set_streaming(g->backlog, false);
		backlog_rig_pass(g, (uint64_t)(i % 5) * SECOND_NS);
	}
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 6000);
}

/* Whatever happens in whatever order: sums, order, and with room enough nothing is lost. */
static void sums_hold_whatever_happens(void **state)
{
	struct backlog_rig *g = *state;
	struct prng prng = { 12345 };
	struct backlog_stats s;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 2000);
	g->may_repeat = true;
	for (int i = 0; i < 1500; i++) {
		switch (prng_below(&prng, 8)) {
		case 0:
			backlog_set_streaming(g->backlog, true);
			break;
		case 1:
			queue_rewind(g->queue);
			backlog_set_streaming(g->backlog, false);
			break;
		case 2:
		case 3:
			backlog_rig_push(g, (uint32_t)prng_below(&prng, 150));
			break;
		case 4:
			backlog_rig_take(g, (uint32_t)prng_below(&prng, 300));
			break;
		case 5:
			backlog_rig_confirm(g);
			break;
		case 6:
			backlog_rig_pass(g, prng_below(&prng, 100) * SECOND_NS / 100);
			break;
		default:
			backlog_rig_pass(g, SECOND_NS / 50);
			break;
		}
		backlog_rig_sums(g);
	}
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	s = backlog_rig_sums(g);
	assert_int_equal(s.in_memory + s.on_disk, 0);
	assert_int_equal(g->n_taken + backlog_lost(&s), g->next_id);
}

static void set_clock_does_not_touch_an_earlier_run(void **state)
{
	const uint64_t year_us = (uint64_t)365 * 86400 * 1000000;
	struct backlog_rig *g = *state;
	struct record r;
	int old = 0, shifted = 0;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 10);
	backlog_rig_pass(g, 2 * SECOND_NS);
	backlog_rig_end(g);
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_push(g, 20);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_shift_times(g->backlog, (int64_t)year_us, year_us + 5000000);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_pass(g, SECOND_NS);
	for (int i = 0; i < 20; i++) {
		while (queue_peek(g->queue, &r)) {
			if (r.packet.time_us > year_us)
				shifted++;
			else
				old++;
			queue_sent(g->queue);
		}
		backlog_rig_confirm(g);
		backlog_rig_pass(g, SECOND_NS / 10);
	}
	assert_int_equal(old, 10);
	assert_int_equal(shifted, 20);
}

/* Out of the spool's memory into the queue, and never confirmed. */
static void what_was_drained_but_not_confirmed_is_on_disk(void **state)
{
	struct backlog_rig *g = *state;

	g->may_repeat = true;
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 100);
	backlog_rig_pass(g, 2 * SECOND_NS);
	backlog_rig_push(g, 50);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_pass(g, SECOND_NS / 10);
	backlog_set_streaming(g->backlog, false);
	queue_rewind(g->queue);
	backlog_rig_pass(g, 10 * SECOND_NS);
	assert_int_equal(backlog_finish(g->backlog), 0);
	backlog_rig_end(g);
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 150);
}

static void numbers_of_long_ago_do_not_matter(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	queue_number_from(g->queue, 0x80000010u);	/* as after 2^31 records */
	backlog_rig_push(g, 100);
	backlog_set_streaming(g->backlog, false);
	backlog_rig_pass(g, 10 * SECOND_NS);
	backlog_rig_end(g);
	g->last_number = 0x80000000u;
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	backlog_rig_take_all(g);
	assert_int_equal(g->n_taken, 100);
}

static void slow_rate_is_kept(void **state)
{
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 5);
	backlog_rig_pass(g, 4 * SECOND_NS);
	backlog_rig_push(g, 2000);
	backlog_rig_pass(g, 5 * SECOND_NS);
	backlog_set_streaming(g->backlog, true);
	for (int i = 0; i < 100; i++) {
		backlog_rig_take(g, 1000);
		backlog_rig_confirm(g);
		backlog_rig_pass(g, SECOND_NS / 10);
	}
	assert_in_range(g->n_taken, 40, 55);
}

/* Longer than a segment's records may be: it is passed over, and the rest is written. */
static void record_too_long_for_the_disk_holds_up_nothing(void **state)
{
	static const uint8_t bytes[70000];
	struct msg_packet p = { .dlt = 105, .data = bytes, .len = sizeof(bytes),
				.orig_len = sizeof(bytes) };
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	assert_int_equal(backlog_push_packet(g->backlog, &p), 0);
	backlog_rig_push(g, 10);
	assert_int_equal(backlog_finish(g->backlog), 1);
	backlog_rig_end(g);
	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_int_equal(backlog_rig_sums(g).recovered, 10);
	backlog_rig_pass(g, 4 * SECOND_NS);
	assert_int_equal(backlog_push_packet(g->backlog, &p), 0);
	assert_int_equal(backlog_rig_sums(g).lost[LOSS_TOO_LONG][RECORD_PLAIN], 1);
}

static void reports_are_written_down_in_time(void **state)
{
	static const char json[2000] = "{}";
	struct msg_data d = { .json = { .type = { "t", 1 }, .json = { json, sizeof(json) } } };
	struct backlog_rig *g = *state;

	backlog_rig_begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	for (int i = 0; i < 100; i++) {
		backlog_push_data(g->backlog, &d);
		backlog_rig_settle(g);
	}
	backlog_set_streaming(g->backlog, false);
	backlog_rig_pass(g, 20 * SECOND_NS);
	assert_int_equal(backlog_finish(g->backlog), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, backlog_rig_setup, backlog_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_spool_the_policy_counts),
		TEST(full_memory_goes_to_disk),
		TEST(spooling_ends_and_packets_go_straight_again),
		TEST(trickle_does_not_keep_it_spooling),
		TEST(drained_no_faster_than_asked),
		TEST(absence_brings_the_queue_to_disk),
		TEST(attempts_to_connect_do_not_put_it_off),
		TEST(short_absence_leaves_the_disk_alone),
		TEST(crash_loses_what_was_not_flushed_only),
		TEST(new_start_is_announced_anew),
		TEST(many_new_starts_in_one_outage_lose_nothing),
		TEST(end_writes_down_what_waits),
		TEST(full_disk_loses_the_oldest_and_counts),
		TEST(broken_disk_keeps_no_server_waiting),
		TEST(stalled_link_does_not_empty_a_broken_disk),
		TEST(disk_that_refuses_leaves_the_memory),
		TEST(waiting_source_is_not_spooled),
		TEST(lost_link_repeats_but_loses_nothing),
		TEST(sums_hold_whatever_happens),
		TEST(what_was_drained_but_not_confirmed_is_on_disk),
		TEST(numbers_of_long_ago_do_not_matter),
		TEST(slow_rate_is_kept),
		TEST(record_too_long_for_the_disk_holds_up_nothing),
		TEST(reports_are_written_down_in_time),
		TEST(set_clock_does_not_touch_an_earlier_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
