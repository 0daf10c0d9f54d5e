/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spool while it runs: order, bounds, sums. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/spool_segment.h"
#include "tests/lib/spool_rig.h"
#include "tests/lib/temp_folder.h"

static uint64_t sum(const uint64_t counts[RECORD_CLASSES])
{
	return counts[0] + counts[1] + counts[2] + counts[3];
}

/* --- order --- */

static void thousands_come_back_in_order(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 20000);
	spool_rig_pass(g, 2000);
	assert_true(spool_rig_stats(g).segments > 5);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 20001);
	assert_int_equal(spool_rig_stats(g).taken, 20000);
	spool_release(g->spool, 20000);
	spool_rig_settle(g);
	struct spool_stats s = spool_rig_stats(g);

	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.released, 20000);
	assert_int_equal(s.segments, 0);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
}

/* As fast as it is written it is read; no record is left in the segment that is being written. */
static void reader_catches_up_with_what_comes(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 3000);
	for (int i = 0; i < 3000 && !spool_all_taken(g->spool); i++) {
		spool_rig_append_n(g, 2);
		spool_rig_pass(g, 10);
		for (int k = 0; k < 4; k++)
			spool_rig_take(g);
	}
	assert_true(spool_all_taken(g->spool));
	spool_rig_stats(g);
}

static void trickle_never_touches_the_disk(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	for (int i = 0; i < 1000; i++) {
		spool_rig_append_n(g, 3);
		spool_rig_pass(g, 100);
		assert_true(spool_rig_take(g) && spool_rig_take(g) && spool_rig_take(g));
		assert_true(spool_all_taken(g->spool));
		spool_release(g->spool, g->expected - 1);
		assert_int_equal(spool_rig_stats(g).waiting, 0);
	}
	assert_int_equal(spool_rig_disk_bytes(g), 0);
}

static void what_waits_is_on_disk_after_a_second(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_pass(g, 333);
	spool_rig_append_n(g, 1);
	spool_rig_pass(g, 400);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
	spool_rig_pass(g, SPOOL_FLUSH_MS - 400);
	assert_true(spool_rig_disk_bytes(g) > 0);
	assert_true(g->changed > 0);
}

static bool goes_to_worker_at_once(struct spool_rig *g)
{
	struct record r;

	spool_rig_append_n(g, 10);
	spool_flush(g->spool);
	return !spool_peek(g->spool, &r);	/* it comes back with changed() */
}

static void chunk_with_the_worker_is_waited_for(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	assert_true(goes_to_worker_at_once(g));
	assert_false(spool_all_taken(g->spool));
	g->changed = 0;
	spool_rig_settle(g);
	assert_true(g->changed > 0);
	assert_true(spool_rig_take(g));
	spool_rig_append_n(g, 5);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 16);
}

static void numbers_may_wrap(void **state)
{
	struct spool_rig *g = *state;

	g->next_number = g->expected = UINT32_MAX - 3000;
	spool_rig_open(g);
	spool_rig_append_n(g, 6000);
	spool_flush(g->spool);
	spool_rig_take_all(g);
	spool_release(g->spool, UINT32_MAX);
	spool_rig_settle(g);
	assert_in_range(spool_rig_stats(g).waiting, 2900, 3100);
	spool_release(g->spool, g->expected - 1);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_stats(g).waiting, 0);
	assert_int_equal(spool_rig_stats(g).segments, 0);
}

/* --- whatever the order of calls --- */

struct model {
	uint32_t released;
};

static void random_step(struct spool_rig *g, struct model *m)
{
	uint32_t n = prng_below(&g->prng, 300);

	switch (prng_below(&g->prng, 9)) {
	case 0:
	case 1:
	case 2:
		while (n-- > 0 && spool_rig_append(g))
			;
		break;
	case 3:
	case 4:
		while (n-- > 0 && spool_rig_take(g))
			;
		break;
	case 5:
		m->released += prng_below(&g->prng, g->expected - m->released);
		spool_release(g->spool, m->released);
		break;
	case 6:
		spool_rig_pass(g, prng_below(&g->prng, 1500));
		break;
	case 7:
		spool_rig_settle(g);
		break;
	case 8:
		spool_flush(g->spool);
		break;
	}
}

static void sums_hold_at_every_step(void **state)
{
	struct spool_rig *g = *state;

	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct model m = { 0 };

		g->prng.state = seed;
		g->next_number = g->expected = 1;
		g->taken = 0;
		spool_rig_open(g);
		for (int i = 0; i < 1500; i++) {
			random_step(g, &m);
			struct spool_stats s = spool_rig_stats(g);

			assert_int_equal(s.appended, g->next_number - 1);
			assert_int_equal(s.untaken, s.appended - g->taken);
			assert_int_equal(sum(s.full) + sum(s.failed), 0);
			assert_true(s.released <= m.released);
		}
		spool_rig_take_all(g);
		assert_int_equal(g->expected, g->next_number);
		spool_release(g->spool, g->expected - 1);
		spool_rig_settle(g);
		assert_int_equal(spool_rig_stats(g).waiting, 0);
		assert_int_equal(spool_rig_stats(g).segments, 0);
		assert_int_equal(spool_rig_disk_bytes(g), 0);
		spool_rig_close(g);
	}
}

/* --- what is in the queue already --- */

static void skipped_records_are_written_but_not_lent(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	for (int i = 0; i < 500; i++) {
		spool_rig_append_n(g, 1);
		spool_skip_to(g->spool, g->next_number - 1);
	}
	assert_true(spool_all_taken(g->spool));
	assert_int_equal(spool_rig_stats(g).taken, 500);
	g->expected = 501;
	spool_rig_append_n(g, 10);
	assert_true(spool_rig_take(g));
	spool_rig_pass(g, 2000);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 511);
	spool_rig_crash(g);
	g->expected = 1;
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 510);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 511);
}

static void skipped_records_go_when_released(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 3000);
	spool_skip_to(g->spool, 3000);
	spool_rig_pass(g, 2000);
	assert_true(spool_rig_disk_bytes(g) > 100000);
	spool_release(g->spool, 3000);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
	assert_int_equal(spool_rig_stats(g).waiting, 0);
}

/* The queue is in memory: what is there, and not with the server, is written all the same. */
static void taken_out_of_memory_is_still_written(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 100);
	for (int i = 0; i < 80; i++)
		assert_true(spool_rig_take(g));
	assert_int_equal(spool_rig_stats(g).unwritten, 100);
	spool_release(g->spool, 30);
	assert_int_equal(spool_rig_stats(g).unwritten, 70);
	assert_int_equal(spool_rig_stats(g).untaken_segments, 0);
	spool_rig_pass(g, 2000);
	assert_int_equal(spool_rig_stats(g).unwritten, 0);
	assert_int_equal(spool_rig_stats(g).untaken_segments, 1);
	spool_rig_crash(g);
	g->expected = 31;
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 70);
	spool_rig_take_all(g);
	spool_rig_append_n(g, 20);
	spool_rig_take_all(g);
	spool_rig_close(g);
	g->expected = 31;
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 90);
	spool_rig_take_all(g);
	spool_release(g->spool, 120);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
}

/* --- bounds --- */

static void full_disk_is_never_more_than_that(void **state)
{
	struct spool_rig *g = *state;
	uint64_t by_class[RECORD_CLASSES] = { 0 };
	uint8_t bytes[2000];
	struct record r;

	g->cfg.max_bytes = SPOOL_MIN_BYTES;
	spool_rig_open(g);
	for (int i = 0; i < 300; i++) {
		spool_rig_append_n(g, 100);
		assert_true(spool_rig_disk_bytes(g) <= SPOOL_MIN_BYTES);
		assert_true(spool_rig_stats(g).bytes <= SPOOL_MIN_BYTES);
	}
	spool_rig_pass(g, 2000);
	assert_true(spool_rig_disk_bytes(g) <= SPOOL_MIN_BYTES);
	struct spool_stats s = spool_rig_stats(g);

	assert_true(sum(s.full) > 10000);
	assert_true(s.bytes > SPOOL_MIN_BYTES / 2);
	g->may_skip = true;
	assert_false(spool_rig_take(g));
	spool_rig_settle(g);
	assert_true(spool_rig_take(g));
	for (uint32_t i = 1; i < g->expected - 1; i++) {
		uint64_t key;

		spool_rig_record(i, &r, bytes, sizeof(bytes));
		by_class[record_class(&spool_rig_classes, &r, &key)]++;
	}
	assert_memory_equal(by_class, s.full, sizeof(by_class));
	g->may_skip = false;
	spool_rig_take_all(g);
	assert_int_equal(g->expected, g->next_number);
}

/* The one that is being read stays; what goes is behind it. */
static void segment_being_read_stays(void **state)
{
	struct spool_rig *g = *state;

	g->cfg.max_bytes = SPOOL_MIN_BYTES;
	spool_rig_open(g);
	spool_rig_append_n(g, 3000);
	spool_rig_take(g);
	spool_rig_settle(g);
	assert_true(spool_rig_take(g));
	spool_rig_append_n(g, 20000);
	assert_true(spool_rig_take(g));
	g->may_skip = true;
	spool_rig_take_all(g);
	struct spool_stats s = spool_rig_stats(g);

	assert_int_equal(g->taken + sum(s.full), g->next_number - 1);
	assert_int_equal(sum(s.failed), 0);
}

static void taken_ones_that_go_are_not_lost(void **state)
{
	struct spool_rig *g = *state;

	g->cfg.max_bytes = SPOOL_MIN_BYTES;
	spool_rig_open(g);
	for (int i = 0; i < 30; i++) {
		spool_rig_append_n(g, 500);
		spool_flush(g->spool);
		spool_rig_take_all(g);
		assert_true(spool_rig_disk_bytes(g) <= SPOOL_MIN_BYTES);
	}
	assert_int_equal(sum(spool_rig_stats(g).full), 0);
	assert_int_equal(spool_rig_stats(g).taken, 15000);
	spool_release(g->spool, 15000);
	assert_int_equal(spool_rig_stats(g).waiting, 0);
}

static void too_long_record_is_refused(void **state)
{
	static uint8_t bytes[SPOOL_SEGMENT_BYTES];
	struct spool_rig *g = *state;
	struct record r = { .kind = RECORD_PACKET };

	r.packet = (struct msg_packet){ .data = bytes, .len = sizeof(bytes) };
	spool_rig_open(g);
	spool_rig_append_n(g, 5);
	assert_false(spool_append(g->spool, &r));
	assert_false(spool_can_hold(&r));
	spool_rig_append_n(g, 5);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 11);
}

/* Around the limit, each kind. */
static void what_can_be_held_is_taken(void **state)
{
	static uint8_t bytes[SPOOL_RECORD_MAX];
	struct spool_rig *g = *state;
	unsigned held = 0;

	spool_rig_open(g);
	for (uint32_t less = 0; less < 300; less++) {
		uint32_t len = SPOOL_RECORD_MAX - less;
		struct record r[3] = {
			{ .kind = RECORD_PACKET, .packet = { .data = bytes, .len = len } },
			{ .kind = RECORD_DATA, .data.packet = { .data = bytes, .len = len } },
			{ .kind = RECORD_MESSAGE, .message.text = { (char *)bytes, len } },
		};

		for (int i = 0; i < 3; i++) {
			r[i].number = g->next_number++;
			held += spool_can_hold(&r[i]);
			assert_int_equal(spool_append(g->spool, &r[i]), spool_can_hold(&r[i]));
			spool_rig_settle(g);
		}
	}
	assert_in_range(held, 300, 899);
}

/* A disk that does nothing for a while: memory is what there is. */
static void memory_is_bounded(void **state)
{
	struct spool_rig *g = *state;
	unsigned n = 0;

	spool_rig_open(g);
	while (n < 100000 && spool_rig_append(g))
		n++;
	/* How many depends on the worker; the loop has not turned, so no chunk has come back. */
	assert_in_range(n, 500, 3000);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, n + 1);
}

/* --- time and place --- */

static void shifted_times_are_those_of_the_new_clock(void **state)
{
	struct spool_rig *g = *state;
	struct record r;

	spool_rig_open(g);
	spool_rig_append_n(g, 2000);
	spool_shift_times(g->spool, 1000, 1999, 5000000, SPOOL_RIG_TIME + 60000000);
	spool_shift_times(g->spool, 1500, 2000, -1000000, SPOOL_RIG_TIME + 60000000);
	spool_flush(g->spool);
	for (int crash = 0; crash < 2; crash++) {
		g->expected = 1;
		for (uint32_t i = 1; i <= 2000; i++) {
			int64_t shift = (i >= 1000 && i <= 1999 ? 5000000 : 0) -
					(i >= 1500 ? 1000000 : 0);

			while (!spool_peek(g->spool, &r))
				spool_rig_settle(g);
			assert_int_equal(r.number, i);
			if (r.kind == RECORD_PACKET)
				assert_true(r.packet.time_us ==
					    SPOOL_RIG_TIME + i + (uint64_t)shift);
			if (r.kind == RECORD_DATA)
				assert_true(r.data.packet.time_us ==
					    SPOOL_RIG_TIME + i + (uint64_t)shift);
			spool_take(g->spool);
		}
		if (crash == 0) {
			spool_rig_crash(g);
			spool_rig_open(g);
		}
	}
	spool_release(g->spool, 2000);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
}

/* The step is told of a second later: what has the new time already keeps it. */
static void what_came_since_the_step_is_not_shifted(void **state)
{
	const uint64_t hour_us = 3600000000, now_us = SPOOL_RIG_TIME + hour_us;
	const uint64_t times_us[] = { SPOOL_RIG_TIME - 5000000, SPOOL_RIG_TIME - 900000,
				      now_us - 700000, now_us };
	struct spool_rig *g = *state;
	struct record r = { .kind = RECORD_PACKET };

	spool_rig_open(g);
	for (uint32_t i = 0; i < 4; i++) {
		r.number = 1 + i;
		r.packet = (struct msg_packet){ .has_time = true, .time_us = times_us[i] };
		assert_true(spool_append(g->spool, &r));
	}
	spool_shift_times(g->spool, 1, 4, (int64_t)hour_us, now_us);
	spool_rig_close(g);
	spool_rig_open(g);
	for (uint32_t i = 0; i < 4; i++) {
		while (!spool_peek(g->spool, &r))
			spool_rig_settle(g);
		assert_int_equal(r.number, 1 + i);
		assert_true(r.packet.time_us == times_us[i] + (i < 2 ? hour_us : 0));
		spool_take(g->spool);
	}
}

/* Set back by 10 s: what was captured 10 s ago looks like new. */
static void old_records_are_not_taken_for_new_ones(void **state)
{
	const int64_t step_us = -10000000;
	struct spool_rig *g = *state;
	struct record r = { .kind = RECORD_PACKET };

	spool_rig_open(g);
	for (uint32_t i = 0; i < 20; i++) {
		r.number = 1 + i;
		r.packet = (struct msg_packet){ .has_time = true,
						.time_us = SPOOL_RIG_TIME + i * 1000000 };
		assert_true(spool_append(g->spool, &r));
		spool_rig_pass(g, 1000);
	}
	spool_shift_times(g->spool, 1, 20, step_us, SPOOL_RIG_TIME + 10 * 1000000);
	spool_rig_close(g);
	spool_rig_open(g);
	for (uint32_t i = 0; i < 20; i++) {
		while (!spool_peek(g->spool, &r))
			spool_rig_settle(g);
		assert_true(r.packet.time_us == SPOOL_RIG_TIME + i * 1000000 + (uint64_t)step_us);
		spool_take(g->spool);
	}
}

static void other_position_comes_with_the_record(void **state)
{
	struct msg_gps there = { .lat_deg = 1.25, .lon_deg = 2.5, .fix = 2, .name = text_of("x") };
	struct msg_gps here = { .lat_deg = 3, .lon_deg = 4, .fix = 2, .name = text_of("x") };
	struct spool_rig *g = *state;
	struct record r;

	g->cfg.gps = &there;
	spool_rig_open(g);
	spool_rig_append_n(g, 50);
	spool_flush(g->spool);
	spool_rig_take_all(g);		/* the same position: as they were */
	spool_rig_close(g);
	g->cfg.gps = &here;
	spool_rig_open(g);
	for (uint32_t i = 1; i <= 50; i++) {
		while (!spool_peek(g->spool, &r))
			spool_rig_settle(g);
		assert_int_equal(r.number, i);
		assert_int_not_equal(r.kind, RECORD_PACKET);
		if (r.kind == RECORD_DATA) {
			assert_true(r.data.has_gps && r.data.gps.lat_deg == 1.25);
			assert_true(text_is(r.data.gps.name, "x"));
			assert_true(r.data.gps.time_us == SPOOL_RIG_TIME + i);
			assert_true(r.data.packet.time_us == SPOOL_RIG_TIME + i);
		}
		spool_take(g->spool);
	}
}

/* --- rights, locks --- */

static void one_process_a_folder(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	assert_null(spool_open(&g->cfg, &g->e));
	assert_int_equal(g->e.code, ERR_BUSY);
	spool_rig_close(g);
	spool_rig_open(g);
}

static void folder_is_made_for_its_owner_alone(void **state)
{
	struct spool_rig *g = *state;
	char parent[sizeof(g->folder)], path[300];
	struct stat st;

	memcpy(parent, g->folder, sizeof(parent));
	snprintf(path, sizeof(path), "%s/new", parent);
	g->cfg.folder = path;
	spool_rig_open(g);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	spool_rig_append_n(g, 1);
	spool_rig_close(g);
	snprintf(path, sizeof(path), "%s/new/0000000001.spool", parent);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s/no/new", parent);
	assert_null(spool_open(&g->cfg, &g->e));
	assert_int_equal(g->e.code, ERR_NOT_FOUND);
	snprintf(path, sizeof(path), "%s/new", parent);
	temp_folder_remove(path);
}

static void symbolic_link_is_not_followed(void **state)
{
	struct spool_rig *g = *state;
	char path[300];

	snprintf(path, sizeof(path), "%s/link", g->folder);
	assert_int_equal(symlink(g->folder, path), 0);
	g->cfg.folder = path;
	assert_null(spool_open(&g->cfg, &g->e));
	unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, spool_rig_setup, spool_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(thousands_come_back_in_order),
		TEST(reader_catches_up_with_what_comes),
		TEST(trickle_never_touches_the_disk),
		TEST(what_waits_is_on_disk_after_a_second),
		TEST(chunk_with_the_worker_is_waited_for),
		TEST(numbers_may_wrap),
		TEST(sums_hold_at_every_step),
		TEST(skipped_records_are_written_but_not_lent),
		TEST(skipped_records_go_when_released),
		TEST(taken_out_of_memory_is_still_written),
		TEST(full_disk_is_never_more_than_that),
		TEST(segment_being_read_stays),
		TEST(taken_ones_that_go_are_not_lost),
		TEST(too_long_record_is_refused),
		TEST(what_can_be_held_is_taken),
		TEST(memory_is_bounded),
		TEST(shifted_times_are_those_of_the_new_clock),
		TEST(what_came_since_the_step_is_not_shifted),
		TEST(old_records_are_not_taken_for_new_ones),
		TEST(other_position_comes_with_the_record),
		TEST(one_process_a_folder),
		TEST(folder_is_made_for_its_owner_alone),
		TEST(symbolic_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
