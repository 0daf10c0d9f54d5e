/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a spool notes beside its segments: how much of the oldest one the server has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/spool_rig.h"
#include "tests/lib/temp_folder.h"

/* --- helpers --- */

static void notes_path(const struct spool_rig *g, char *path, size_t size)
{
	snprintf(path, size, "%s/notes", g->folder);
}

static bool has_notes(const struct spool_rig *g)
{
	char path[300];
	struct stat st;

	notes_path(g, path, sizeof(path));
	return stat(path, &st) == 0;
}

/* So many in one segment, all taken. */
static void write_and_take(struct spool_rig *g, unsigned n)
{
	spool_rig_open(g);
	spool_rig_append_n(g, n);
	spool_flush(g->spool);
	spool_rig_settle(g);
	spool_rig_take_all(g);
}

/* What is found now begins with this record. */
static void expect_from(struct spool_rig *g, uint32_t first)
{
	g->expected = first;
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, g->next_number - first);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, g->next_number);
}

/* --- new starts --- */

static void released_part_does_not_come_again_after_the_end(void **state)
{
	struct spool_rig *g = *state;

	write_and_take(g, 1000);
	spool_release(g->spool, 400);
	spool_rig_close(g);
	expect_from(g, 401);
	/* Nothing more was released: it is not forgotten. */
	spool_rig_close(g);
	expect_from(g, 401);
	spool_release(g->spool, 700);
	spool_rig_close(g);
	expect_from(g, 701);
	spool_release(g->spool, 1000);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_stats(g).waiting, 0);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
}

/* A queue begins with a number far before the leftover's. */
static void old_number_does_not_take_the_release_back(void **state)
{
	struct spool_rig *g = *state;

	write_and_take(g, 1000);
	spool_release(g->spool, 400);
	spool_rig_close(g);
	expect_from(g, 401);
	spool_release(g->spool, 1000 - (1 << 30));
	spool_rig_close(g);
	expect_from(g, 401);
}

static void what_was_in_memory_only_is_noted_at_the_end(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 300);
	spool_skip_to(g->spool, 300);
	spool_release(g->spool, 100);
	spool_rig_close(g);
	expect_from(g, 101);
}

static void released_part_does_not_come_again_after_a_crash(void **state)
{
	struct spool_rig *g = *state;

	write_and_take(g, 1000);
	spool_release(g->spool, 300);
	spool_rig_pass(g, SPOOL_SYNC_MS + 100);
	assert_true(has_notes(g));
	spool_release(g->spool, 500);	/* too late for the disk */
	spool_rig_settle(g);
	spool_rig_crash(g);
	expect_from(g, 301);
}

static void more_segments_than_one(void **state)
{
	struct spool_rig *g = *state;

	write_and_take(g, 8000);
	assert_true(spool_rig_stats(g).segments > 3);
	spool_release(g->spool, 5000);
	spool_rig_pass(g, SPOOL_SYNC_MS + 100);
	spool_rig_crash(g);
	expect_from(g, 5001);
	spool_rig_append_n(g, 100);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 8101);
}

/* A crash between the note and the segments' end: what is with the server as a whole goes. */
static void segment_that_is_released_as_a_whole_goes_at_the_start(void **state)
{
	struct spool_rig *g = *state;
	char path[300], kept[310];
	struct stat st;

	write_and_take(g, 8000);
	spool_rig_segment(g, 0, path, sizeof(path));
	snprintf(kept, sizeof(kept), "%s.kept", path);
	assert_int_equal(link(path, kept), 0);
	spool_release(g->spool, 5000);
	spool_rig_close(g);
	assert_int_equal(rename(kept, path), 0);
	expect_from(g, 5001);
	spool_rig_settle(g);
	assert_int_not_equal(stat(path, &st), 0);
}

static void numbers_around_the_wrap(void **state)
{
	struct spool_rig *g = *state;

	for (uint32_t released = UINT32_MAX - 2; released != 3; released++) {
		g->next_number = g->expected = UINT32_MAX - 499;
		write_and_take(g, 1000);
		spool_release(g->spool, released);
		spool_rig_close(g);
		expect_from(g, released + 1);
		spool_release(g->spool, g->next_number - 1);
		spool_rig_settle(g);
		assert_int_equal(spool_rig_disk_bytes(g), 0);
		spool_rig_close(g);
	}
}

static void write_take_release(struct spool_rig *g, uint32_t *released)
{
	uint32_t n = prng_below(&g->prng, 3000);

	for (uint32_t i = prng_below(&g->prng, 2000); i > 0; i--)
		spool_rig_append_n(g, 1);
	spool_flush(g->spool);
	spool_rig_settle(g);
	while (n > 0 && !spool_all_taken(g->spool)) {
		if (spool_rig_take(g))
			n--;
		else
			spool_rig_settle(g);
	}
	if ((int32_t)(g->expected - 1 - *released) > 0)
		*released += prng_below(&g->prng, g->expected - *released);
	spool_release(g->spool, *released);
	spool_rig_pass(g, prng_below(&g->prng, 2 * SPOOL_SYNC_MS));
}

/* Whatever happens: what is not released comes, and after an orderly end nothing else does. */
static void many_new_starts_lose_nothing(void **state)
{
	struct spool_rig *g = *state;
	uint32_t released = UINT32_MAX - 30000, found;

	g->next_number = g->expected = released + 1;
	spool_rig_open(g);
	for (int i = 0; i < 120; i++) {
		bool crash = prng_below(&g->prng, 2) == 0;

		write_take_release(g, &released);
		if (crash)
			spool_rig_crash(g);
		else
			spool_rig_close(g);
		spool_rig_open(g);
		found = (uint32_t)spool_rig_stats(g).recovered;
		if (crash)
			assert_true(found >= g->next_number - 1 - released);
		else
			assert_int_equal(found, g->next_number - 1 - released);
		g->expected = g->next_number - found;
	}
	assert_true(g->next_number < UINT32_MAX / 2);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, g->next_number);
}

/* --- several runs --- */

static void forget_newest(const struct spool_rig *g)
{
	char path[300];

	spool_rig_segment(g, -1, path, sizeof(path));
	unlink(path);
}

#define RUNS 5
#define OF_EACH 700u

/* What each run has left, the first ones of them, up to released, being with the server. */
static void expect_runs(struct spool_rig *g, uint32_t released)
{
	struct spool_leftover left;
	struct record r;

	spool_rig_open(g);
	spool_set_instance(g->spool, 4711);
	assert_int_equal(spool_rig_stats(g).recovered, RUNS * OF_EACH - released);
	for (uint32_t i = released + 1; i <= RUNS * OF_EACH; i++) {
		while (!spool_peek(g->spool, &r))
			spool_rig_settle(g);
		assert_int_equal(r.number, i);
		assert_true(spool_peeked_instance(g->spool) == 100 + (i - 1) / OF_EACH);
		assert_true(spool_leftover(g->spool, &left));
		assert_int_equal(left.first_number, i);
		assert_true(left.instance == 100 + (i - 1) / OF_EACH);
		assert_int_equal(left.last_number, RUNS * OF_EACH);
		spool_take(g->spool);
	}
	assert_false(spool_leftover(g->spool, &left));
}

/* The number that is noted counts for all runs before as well. */
static void runs_with_instances_of_their_own(void **state)
{
	struct spool_rig *g = *state;
	struct record r;

	for (uint64_t run = 0; run < RUNS; run++) {
		spool_rig_open(g);
		spool_set_instance(g->spool, 100 + run);
		spool_rig_append_n(g, OF_EACH);
		spool_rig_close(g);
	}
	for (uint32_t released = 0; released < RUNS * OF_EACH; released += 350) {
		expect_runs(g, released);
		spool_release(g->spool, released + 350);
		spool_rig_settle(g);
		spool_rig_append_n(g, 1);
		assert_true(spool_peek(g->spool, &r));
		assert_true(spool_peeked_instance(g->spool) == 4711);
		spool_skip_to(g->spool, g->next_number - 1);
		g->next_number--;
		spool_rig_close(g);
		forget_newest(g);
	}
}

/* --- when not --- */

struct file {
	char path[300];
	uint8_t bytes[100];
	ssize_t len;
};

static void read_notes(const struct spool_rig *g, struct file *f)
{
	int fd;

	notes_path(g, f->path, sizeof(f->path));
	fd = open(f->path, O_RDONLY);
	assert_true(fd >= 0);
	f->len = read(fd, f->bytes, sizeof(f->bytes));
	close(fd);
}

static void put_notes(const struct file *f, ssize_t len)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f->bytes, (size_t)len), len);
	close(fd);
}

static void note_of_a_run_that_left_nothing_does_not_count(void **state)
{
	struct spool_rig *g = *state;
	struct file f;

	write_and_take(g, 1000);
	spool_release(g->spool, 400);
	spool_rig_close(g);
	read_notes(g, &f);
	expect_from(g, 401);
	spool_release(g->spool, 1000);
	spool_rig_close(g);
	assert_int_equal(spool_rig_disk_bytes(g), 0);
	spool_rig_open(g);
	spool_set_instance(g->spool, 4711);
	g->next_number = 1;
	spool_rig_append_n(g, 1000);
	spool_rig_close(g);
	put_notes(&f, f.len);
	expect_from(g, 1);
	spool_rig_settle(g);
	assert_false(has_notes(g));	/* nobody's */
}

static void note_without_leftovers_goes(void **state)
{
	struct spool_rig *g = *state;
	struct file f;
	char path[300];

	write_and_take(g, 1000);
	spool_shift_times(g->spool, 1, 1000, 5000000, SPOOL_RIG_TIME + 60000000);
	spool_release(g->spool, 400);
	spool_rig_close(g);
	read_notes(g, &f);
	spool_rig_segment(g, 0, path, sizeof(path));
	unlink(path);
	for (f.len = 56; f.len >= 0; f.len -= 7) {
		put_notes(&f, f.len);
		spool_rig_open(g);
		spool_rig_settle(g);
		assert_false(has_notes(g));
		spool_rig_close(g);
	}
	/* The times that were to be shifted were those of others. */
	spool_rig_open(g);
	g->next_number = g->expected = 1;
	spool_rig_append_n(g, 1000);
	spool_rig_take_all(g);
}

static void damaged_note_costs_repetition_only(void **state)
{
	struct spool_rig *g = *state;
	struct file f;

	write_and_take(g, 200);
	spool_release(g->spool, 100);
	spool_rig_close(g);
	read_notes(g, &f);
	assert_int_equal(f.len, 32);
	for (ssize_t i = 0; i < f.len; i++) {
		f.bytes[i] ^= 0x10;
		put_notes(&f, f.len);
		expect_from(g, 1);
		spool_rig_close(g);
		f.bytes[i] ^= 0x10;
	}
	for (ssize_t i = 0; i < f.len; i++) {
		put_notes(&f, i);
		expect_from(g, 1);
		spool_rig_close(g);
	}
	put_notes(&f, f.len);
	expect_from(g, 101);
	spool_rig_close(g);
	unlink(f.path);
	expect_from(g, 1);
}

/* --- the card's life --- */

static void nothing_is_noted_of_what_goes_soon(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	for (uint32_t i = 0; i < 20; i++) {
		spool_rig_append_n(g, 200);
		spool_flush(g->spool);
		spool_rig_take_all(g);
		spool_release(g->spool, g->expected - 100);
		spool_rig_pass(g, 1000);
		assert_false(has_notes(g));
		spool_release(g->spool, g->expected - 1);
		spool_rig_settle(g);
	}
	spool_rig_pass(g, 2 * SPOOL_SYNC_MS);
	assert_false(has_notes(g));
}

static void note_is_not_written_again_when_nothing_is_new(void **state)
{
	struct spool_rig *g = *state;
	char path[300];

	write_and_take(g, 1000);
	spool_release(g->spool, 400);
	spool_rig_pass(g, SPOOL_SYNC_MS + 100);
	notes_path(g, path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	spool_release(g->spool, 400);
	spool_rig_pass(g, 10 * SPOOL_SYNC_MS);
	assert_false(has_notes(g));
	spool_release(g->spool, 401);
	spool_rig_pass(g, SPOOL_SYNC_MS - 100);
	assert_false(has_notes(g));
	spool_rig_pass(g, 200);
	assert_true(has_notes(g));
}

/* Both are in one file. */
static void shifted_times_and_the_number_live_together(void **state)
{
	struct spool_rig *g = *state;
	struct record r;

	write_and_take(g, 1000);
	spool_shift_times(g->spool, 1, 1000, 5000000, SPOOL_RIG_TIME + 60000000);
	spool_release(g->spool, 400);
	spool_rig_close(g);
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 600);
	while (!spool_peek(g->spool, &r) || r.kind != RECORD_PACKET) {
		if (spool_peek(g->spool, &r))
			spool_take(g->spool);
		else
			spool_rig_settle(g);
	}
	assert_true(r.number > 400);
	assert_true(r.packet.time_us == SPOOL_RIG_TIME + r.number + 5000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, spool_rig_setup, spool_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(released_part_does_not_come_again_after_the_end),
		TEST(old_number_does_not_take_the_release_back),
		TEST(what_was_in_memory_only_is_noted_at_the_end),
		TEST(released_part_does_not_come_again_after_a_crash),
		TEST(more_segments_than_one),
		TEST(segment_that_is_released_as_a_whole_goes_at_the_start),
		TEST(numbers_around_the_wrap),
		TEST(many_new_starts_lose_nothing),
		TEST(runs_with_instances_of_their_own),
		TEST(note_of_a_run_that_left_nothing_does_not_count),
		TEST(note_without_leftovers_goes),
		TEST(damaged_note_costs_repetition_only),
		TEST(nothing_is_noted_of_what_goes_soon),
		TEST(note_is_not_written_again_when_nothing_is_new),
		TEST(shifted_times_and_the_number_live_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
