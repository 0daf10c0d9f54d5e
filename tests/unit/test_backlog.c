/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queue and spool together: the order, the sums, outages, new starts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capture_common/backlog.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/prng.h"
#include "tests/lib/temp_folder.h"

#define SECOND_NS ((uint64_t)1000000000)
#define UUID "DEADBEEF-0000-0000-0000-0123456789AB"
#define PACKET_BYTES 200
#define INSTANCE 77

struct rig {
	struct fake_clock clock;
	struct loop *loop;
	struct queue *queue;
	struct spool *spool;
	struct backlog *backlog;
	char folder[256];
	uint32_t next_id;		/* of the next packet */
	uint32_t taken_id;		/* of the last one that the server saw */
	uint64_t n_taken;
	uint32_t last_number;
	unsigned rooms;
	bool may_repeat;		/* the link was lost: some come again */
};

static void on_room(void *user)
{
	((struct rig *)user)->rooms++;
}

static void on_records(void *user)
{
	(void)user;
}

static void on_changed(void *user)
{
	struct rig *g = user;

	if (g->backlog)
		backlog_spool_changed(g->backlog);
}

/* --- making it --- */

static void begin(struct rig *g, enum queue_full policy, uint64_t spool_bytes, unsigned per_s)
{
	struct spool_config spool = { .loop = g->loop, .folder = g->folder, .uuid = UUID,
				      .max_bytes = spool_bytes, .changed = on_changed, .user = g };
	struct backlog_config cfg = { .loop = g->loop, .drain_per_s = per_s,
				      .records = on_records, .room = on_room, .user = g };
	struct err e;

	g->queue = queue_new(QUEUE_MIN_BYTES, policy, &e);
	g->spool = NULL;
	if (spool_bytes > 0) {
		g->spool = spool_open(&spool, &e);
		assert_non_null(g->spool);
		spool_set_instance(g->spool, INSTANCE);
	}
	cfg.queue = g->queue;
	cfg.spool = g->spool;
	g->backlog = backlog_new(&cfg, &e);
	assert_non_null(g->backlog);
}

static void end(struct rig *g)
{
	backlog_free(g->backlog);
	queue_free(g->queue);
	g->backlog = NULL;
}

static int setup(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct loop_clock clock = fake_clock_make(&g->clock);
	struct err e;

	g->clock.now_ns = 1000 * SECOND_NS;
	g->loop = g->clock.loop = loop_new(&clock, &e);
	temp_folder_make(g->folder, sizeof(g->folder));
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	if (g->backlog)
		end(g);
	loop_free(g->loop);
	temp_folder_remove(g->folder);
	free(g);
	return 0;
}

/* --- the sums --- */

static struct backlog_stats check_sums(struct rig *g)
{
	struct backlog_stats s;

	backlog_get_stats(g->backlog, &s);
	assert_int_equal(s.captured + s.recovered, s.delivered + s.unconfirmed + s.in_memory +
			 s.on_disk + backlog_lost(&s));
	return s;
}

/* --- the world --- */

/* The worker's jobs are done, at the time that it is now. */
static void settle(struct rig *g)
{
	g->clock.hold = true;
	for (int quiet = 0; quiet < 3;) {
		bool busy = g->spool && spool_busy(g->spool);

		loop_step(g->loop, busy ? SECOND_NS / 100 : 0);
		quiet = busy ? 0 : quiet + 1;
	}
	g->clock.hold = false;
}

static void pass(struct rig *g, uint64_t ns)
{
	uint64_t until = g->clock.now_ns + ns;

	settle(g);
	while (g->clock.now_ns < until) {
		uint64_t left = until - g->clock.now_ns;

		loop_step(g->loop, left < SECOND_NS / 50 ? left : SECOND_NS / 50);
		settle(g);
	}
}

static int push(struct rig *g, uint32_t n)
{
	uint8_t bytes[PACKET_BYTES] = { 0 };
	struct msg_packet p = { .dlt = 105, .has_time = true, .data = bytes,
				.len = sizeof(bytes), .orig_len = sizeof(bytes) };
	int rc = 0;

	for (uint32_t i = 0; i < n; i++) {
		p.time_us = 1000000 + g->next_id;
		memcpy(bytes, &g->next_id, sizeof(g->next_id));
		rc = backlog_push_packet(g->backlog, &p);
		if (rc < 0)
			break;
		g->next_id++;
	}
	return rc;
}

/* Sends up to n records; the server sees them in order, each once unless the link was lost. */
static uint32_t take(struct rig *g, uint32_t n)
{
	const struct msg_packet *p;
	uint32_t number, id, taken = 0;

	while (taken < n && (p = queue_take_packet(g->queue, &number)) != NULL) {
		taken++;
		memcpy(&id, p->data, sizeof(id));
		if (g->may_repeat && g->n_taken > 0 && id <= g->taken_id)
			continue;
		if (g->n_taken > 0)
			assert_true(id > g->taken_id);
		assert_true((int32_t)(number - g->last_number) > 0);
		g->last_number = number;
		g->taken_id = id;
		g->n_taken++;
	}
	return taken;
}

static void confirm(struct rig *g)
{
	queue_release(g->queue, queue_mark(g->queue));
	backlog_released(g->backlog);
}

static void take_all(struct rig *g)
{
	for (int quiet = 0; quiet < 3;) {
		uint32_t n = take(g, 100000);

		confirm(g);
		pass(g, SECOND_NS / 10);
		quiet = n > 0 || !backlog_empty(g->backlog) ? 0 : quiet + 1;
	}
}

/* --- tests --- */

static void without_a_spool_the_policy_counts(void **state)
{
	struct rig *g = *state;
	struct backlog_stats s;

	begin(g, QUEUE_DROP_OLDEST, 0, 0);
	backlog_set_streaming(g->backlog, true);
	push(g, 2000);
	s = check_sums(g);
	assert_true(s.lost[LOSS_MEMORY][RECORD_PLAIN] > 0);
	take_all(g);
	assert_int_equal(g->n_taken, 2000 - s.lost[LOSS_MEMORY][RECORD_PLAIN]);
}

static void full_memory_goes_to_disk(void **state)
{
	struct rig *g = *state;
	struct backlog_stats s;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	for (int i = 0; i < 100; i++) {
		push(g, 100);
		pass(g, SECOND_NS / 50);
	}
	s = check_sums(g);
	assert_true(s.on_disk > 5000);
	assert_true(s.spooling);
	take_all(g);
	s = check_sums(g);
	assert_int_equal(g->n_taken, 10000);
	assert_int_equal(s.delivered, 10000);
	assert_false(s.spooling);
}

static void spooling_ends_and_packets_go_straight_again(void **state)
{
	struct rig *g = *state;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 20; i++) {
			push(g, 100);
			pass(g, SECOND_NS / 50);
		}
		take_all(g);
		assert_false(check_sums(g).spooling);
		push(g, 10);
		assert_int_equal(take(g, 100), 10);
		confirm(g);
	}
	assert_int_equal(g->n_taken, 5 * 2010);
}

/* While it is drained, new ones trickle in: it has to come to an end. */
static void trickle_does_not_keep_it_spooling(void **state)
{
	struct rig *g = *state;
	int rounds = 0;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 2000);
	pass(g, 4 * SECOND_NS);
	push(g, 300);
	pass(g, SECOND_NS);
	backlog_set_streaming(g->backlog, true);
	while (check_sums(g).spooling) {
		push(g, 1);
		pass(g, SECOND_NS / 100);
		take(g, 100000);
		confirm(g);
		assert_true(rounds++ < 1000);
	}
	take_all(g);
	assert_int_equal(g->n_taken, g->next_id);
}

static void drained_no_faster_than_asked(void **state)
{
	struct rig *g = *state;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 500);
	pass(g, 4 * SECOND_NS);
	for (int i = 0; i < 100; i++) {
		push(g, 100);
		pass(g, SECOND_NS / 50);
	}
	pass(g, 3 * SECOND_NS);		/* what is captured counts no more */
	backlog_set_streaming(g->backlog, true);
	take(g, 100000);		/* what never left the memory */
	confirm(g);
	uint64_t before = g->n_taken;

	for (int i = 0; i < 100; i++) {
		pass(g, SECOND_NS / 10);
		take(g, 100000);
		confirm(g);
	}
	assert_in_range(g->n_taken - before, 4000, 5100);
	take_all(g);
	assert_int_equal(g->n_taken, 10000);
}

static void absence_brings_the_queue_to_disk(void **state)
{
	struct rig *g = *state;
	struct spool_stats s;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	push(g, 100);
	backlog_set_streaming(g->backlog, false);
	pass(g, 5 * SECOND_NS);
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.waiting, 100);
	assert_int_equal(check_sums(g).in_memory, 100);
	assert_int_equal(check_sums(g).on_disk, 0);
	push(g, 50);
	pass(g, 2 * SECOND_NS);
	assert_int_equal(check_sums(g).on_disk, 50);
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	assert_int_equal(g->n_taken, 150);
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.segments, 0);
}

static void attempts_to_connect_do_not_put_it_off(void **state)
{
	struct rig *g = *state;
	struct spool_stats s;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	push(g, 100);
	for (int i = 0; i < 6; i++) {
		backlog_set_streaming(g->backlog, false);
		pass(g, SECOND_NS);
	}
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.waiting, 100);
}

static void short_absence_leaves_the_disk_alone(void **state)
{
	struct rig *g = *state;
	struct spool_stats s;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	for (int i = 0; i < 10; i++) {
		backlog_set_streaming(g->backlog, false);
		push(g, 10);
		pass(g, 2 * SECOND_NS);
		backlog_set_streaming(g->backlog, true);
		take_all(g);
	}
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.appended, 0);
	assert_int_equal(g->n_taken, 100);
}

/* As after kill -9: nothing is said to the backlog, another one begins on a copy of its folder. */
static void crash_loses_what_was_not_flushed_only(void **state)
{
	struct rig *g = *state;
	struct backlog *dead;
	struct queue *dead_queue;
	char first[sizeof(g->folder)];

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	push(g, 100);
	pass(g, 4 * SECOND_NS);
	push(g, 1000);
	pass(g, 2 * SECOND_NS);
	memcpy(first, g->folder, sizeof(first));
	temp_folder_make(g->folder, sizeof(g->folder));
	temp_folder_copy(first, g->folder);
	dead = g->backlog;
	dead_queue = g->queue;
	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_int_equal(check_sums(g).recovered, 1100);
	push(g, 5);
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	assert_int_equal(g->n_taken, 1105);
	backlog_free(dead);
	queue_free(dead_queue);
	temp_folder_remove(first);
}

/* What followed the spool's last record may be with the server already, under its number. */
static void numbers_after_a_new_start_are_new(void **state)
{
	struct rig *g = *state;
	uint64_t instance = 0;
	uint32_t last = 0;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	pass(g, 4 * SECOND_NS);
	push(g, 100);
	pass(g, 2 * SECOND_NS);
	end(g);
	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_true(spool_leftover(g->spool, &instance, &last));
	assert_int_equal(instance, INSTANCE);
	assert_int_equal(last, 100);
	push(g, 1);
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	assert_int_equal(g->n_taken, 101);
	assert_true(g->last_number - last > 1000000);
}

static void end_writes_down_what_waits(void **state)
{
	struct rig *g = *state;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	backlog_set_streaming(g->backlog, true);
	push(g, 500);
	assert_int_equal(take(g, 200), 200);
	confirm(g);
	end(g);
	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	assert_int_equal(check_sums(g).recovered, 300);
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	assert_int_equal(g->n_taken, 500);
}

static void full_disk_loses_the_oldest_and_counts(void **state)
{
	struct rig *g = *state;
	struct backlog_stats s;

	begin(g, QUEUE_DROP_OLDEST, SPOOL_MIN_BYTES, 0);
	pass(g, 4 * SECOND_NS);
	for (int i = 0; i < 200; i++) {
		push(g, 100);
		pass(g, SECOND_NS / 50);
	}
	s = check_sums(g);
	assert_true(s.lost[LOSS_DISK_FULL][RECORD_PLAIN] > 10000);
	assert_true(s.disk_bytes <= SPOOL_MIN_BYTES);
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	assert_int_equal(g->taken_id, 19999);
	s = check_sums(g);
	assert_int_equal(g->n_taken + backlog_lost(&s), 20000);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* The next try to write is seconds away; what memory holds goes out before that. */
static void broken_disk_keeps_no_server_waiting(void **state)
{
	struct rig *g = *state;
	struct backlog_stats s;
	uint64_t back_ns;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	pass(g, 4 * SECOND_NS);
	push(g, 1000);
	pass(g, 2 * SECOND_NS);
	limit_file_size(1000);
	for (int i = 0; i < 30; i++) {
		push(g, 100);
		pass(g, SECOND_NS / 10);
	}
	s = check_sums(g);
	assert_true(s.disk_broken && s.lost[LOSS_DISK_FAILED][RECORD_PLAIN] > 0);
	back_ns = g->clock.now_ns;
	backlog_set_streaming(g->backlog, true);
	settle(g);
	while (take(g, 100000) > 0) {
		confirm(g);
		settle(g);
	}
	assert_true(g->clock.now_ns == back_ns);
	limit_file_size(RLIM_INFINITY);
	s = check_sums(g);
	assert_true(s.disk_broken);
	assert_true(backlog_empty(g->backlog));
	assert_int_equal(g->n_taken + backlog_lost(&s), 4000);
}

static void waiting_source_is_not_spooled(void **state)
{
	struct rig *g = *state;
	struct spool_stats s;

	begin(g, QUEUE_WAIT, 64 << 20, 0);
	pass(g, 10 * SECOND_NS);
	assert_int_equal(push(g, 100000), -11);
	spool_get_stats(g->spool, &s);
	assert_int_equal(s.appended, 0);
	backlog_set_streaming(g->backlog, true);
	take(g, 100000);
	confirm(g);
	assert_true(g->rooms > 0);
	assert_int_equal(g->n_taken, g->next_id);
}

static void lost_link_repeats_but_loses_nothing(void **state)
{
	struct rig *g = *state;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	g->may_repeat = true;
	for (int i = 0; i < 60; i++) {
		backlog_set_streaming(g->backlog, true);
		push(g, 100);
		pass(g, SECOND_NS / 10);
		take(g, 60);
		if (i % 3 == 0)
			confirm(g);
		check_sums(g);
		queue_rewind(g->queue);
		backlog_set_streaming(g->backlog, false);
		pass(g, (uint64_t)(i % 5) * SECOND_NS);
	}
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	assert_int_equal(g->n_taken, 6000);
}

/* Whatever happens in whatever order: sums, order, and with room enough nothing is lost. */
static void sums_hold_whatever_happens(void **state)
{
	struct rig *g = *state;
	struct prng prng = { 12345 };
	struct backlog_stats s;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 2000);
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
			push(g, (uint32_t)prng_below(&prng, 150));
			break;
		case 4:
			take(g, (uint32_t)prng_below(&prng, 300));
			break;
		case 5:
			confirm(g);
			break;
		case 6:
			pass(g, prng_below(&prng, 100) * SECOND_NS / 100);
			break;
		default:
			pass(g, SECOND_NS / 50);
			break;
		}
		check_sums(g);
	}
	backlog_set_streaming(g->backlog, true);
	take_all(g);
	s = check_sums(g);
	assert_int_equal(s.in_memory + s.on_disk, 0);
	assert_int_equal(g->n_taken + backlog_lost(&s), g->next_id);
}

static void set_clock_does_not_touch_an_earlier_run(void **state)
{
	const uint64_t year_us = (uint64_t)365 * 86400 * 1000000;
	struct rig *g = *state;
	struct record r;
	int old = 0, shifted = 0;

	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	pass(g, 4 * SECOND_NS);
	push(g, 10);
	pass(g, 2 * SECOND_NS);
	end(g);
	begin(g, QUEUE_DROP_OLDEST, 64 << 20, 0);
	push(g, 20);
	pass(g, 4 * SECOND_NS);
	backlog_shift_times(g->backlog, (int64_t)year_us, year_us + 5000000);
	backlog_set_streaming(g->backlog, true);
	pass(g, SECOND_NS);
	while (queue_peek(g->queue, &r)) {
		if (r.packet.time_us > year_us)
			shifted++;
		else
			old++;
		queue_sent(g->queue);
	}
	assert_int_equal(old, 10);
	assert_int_equal(shifted, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(numbers_after_a_new_start_are_new),
		TEST(end_writes_down_what_waits),
		TEST(full_disk_loses_the_oldest_and_counts),
		TEST(broken_disk_keeps_no_server_waiting),
		TEST(waiting_source_is_not_spooled),
		TEST(lost_link_repeats_but_loses_nothing),
		TEST(sums_hold_whatever_happens),
		TEST(set_clock_does_not_touch_an_earlier_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
