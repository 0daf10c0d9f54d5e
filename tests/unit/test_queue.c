/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record queue: random operations against a plain list, then its corners one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/lib/queue_model.h"

#define HEADER sizeof(struct queue_slot)
#define ROOM QUEUE_MIN_BYTES

static struct err e;

/* --- random operations --- */

static void oldest_went(const struct model *m, const bool *gone, const struct sample *s,
			bool s_gone)
{
	(void)s;
	assert_false(s_gone);
	for (size_t i = 1; i < m->n; i++)
		assert_true(gone[i - 1] || !gone[i]);
}

static void agree(uint64_t seed, enum queue_full policy, uint32_t first_number)
{
	static struct model m;

	model_begin(&m, seed, policy, first_number);
	m.gone = policy == QUEUE_WAIT ? NULL : oldest_went;
	for (int i = 0; i < 3000; i++)
		model_step(&m);
	model_end(&m);
}

static void queue_that_waits_agrees_with_a_list(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++)
		agree(seed, QUEUE_WAIT, 1);
}

static void queue_that_drops_agrees_with_a_list(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++)
		agree(seed, QUEUE_DROP_OLDEST, 1);
}

static void numbers_wrap_unnoticed(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 102; seed++) {
		agree(seed, QUEUE_WAIT, UINT32_MAX - 10000);
		agree(seed, QUEUE_DROP_OLDEST, UINT32_MAX - 10000);
		agree(seed, QUEUE_DROP_OLDEST, INT32_MAX - 10000);
	}
}

/* --- corners --- */

static struct queue *make_queue(enum queue_full policy)
{
	struct queue *q = queue_new(QUEUE_MIN_BYTES, policy, &e);

	assert_non_null(q);
	return q;
}

static void expect_next(struct queue *q, const struct sample *want)
{
	struct record got;

	assert_true(queue_peek(q, &got));
	sample_expect(&got, want);
}

static void push_packet(struct queue *q, struct sample *s, struct prng *rnd, uint32_t len)
{
	s->len = 0;
	sample_packet(s, rnd, len);
	s->r.number = queue_newest_number(q) + 1;
	assert_int_equal(sample_push(q, s), 0);
}

/* The memory ends left bytes behind the second record; the third is where it must be. */
static void wrap_with(size_t left, uint32_t third_len, struct prng *rnd)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct sample *s[3] = { sample_new(ROOM), sample_new(ROOM), sample_new(ROOM) };
	size_t first = queue_size_bytes(q) / 2;

	q->spare = 0;
	q->packet_limit = q->limit;
	push_packet(q, s[0], rnd, (uint32_t)(first - HEADER));
	push_packet(q, s[1], rnd, (uint32_t)(queue_size_bytes(q) - first - left - HEADER));
	queue_sent(q);
	queue_release(q, 2);
	push_packet(q, s[2], rnd, third_len);
	expect_next(q, s[1]);
	queue_sent(q);
	expect_next(q, s[2]);
	queue_rewind(q);
	expect_next(q, s[1]);
	queue_sent(q);
	queue_release(q, queue_mark(q));
	expect_next(q, s[2]);
	queue_sent(q);
	queue_release(q, queue_mark(q));
	assert_true(queue_empty(q));
	for (int i = 0; i < 3; i++)
		sample_free(s[i]);
	queue_free(q);
}

static void record_survives_the_end_of_memory_at_any_offset(void **state)
{
	struct prng rnd = { 7 };

	(void)state;
	for (size_t left = 0; left <= 128; left += 8) {
		for (uint32_t len = 0; len <= 112; len += 8)
			wrap_with(left, len, &rnd);
	}
}

/* In the second round a record ends where the first one wrapped, and another follows it there. */
static void place_of_an_old_wrap_is_forgotten(void **state)
{
	static const uint32_t lens[] = { 40000, 40000, 40000, 40000, 40000, 40000, 5000, 40000 };
	struct queue *q = make_queue(QUEUE_WAIT);
	struct sample *s[8];
	struct prng rnd = { 5 };

	(void)state;
	for (int i = 0; i < 8; i++) {
		s[i] = sample_new(ROOM);
		push_packet(q, s[i], &rnd, lens[i]);
		if (i == 0)
			continue;
		expect_next(q, s[i - 1]);	/* one stays in the queue all the time */
		queue_sent(q);
		queue_release(q, queue_mark(q));
	}
	expect_next(q, s[7]);
	for (int i = 0; i < 8; i++)
		sample_free(s[i]);
	queue_free(q);
}

/* From each offset of the ring: three records, the last of which pushes sent ones out. */
static void drop_takes_sent_records_first_at_any_offset(void **state)
{
	struct prng rnd = { 8 };
	struct queue_stats stats;
	struct sample *s = sample_new(ROOM);

	(void)state;
	for (uint32_t shift = 0; shift <= 512; shift += 8) {
		struct queue *q = make_queue(QUEUE_DROP_OLDEST);

		push_packet(q, s, &rnd, shift);
		push_packet(q, s, &rnd, 40000);
		push_packet(q, s, &rnd, 40000);
		push_packet(q, s, &rnd, 40000);
		queue_sent(q);
		queue_sent(q);
		push_packet(q, s, &rnd, 40000);
		push_packet(q, s, &rnd, 40000);		/* an unsent one goes, too */
		queue_get_stats(q, &stats);
		assert_int_equal(stats.dropped_sent, 2);
		assert_int_equal(stats.dropped[RECORD_PLAIN], 1);
		assert_int_equal(queue_mark(q), 4);
		queue_rewind(q);
		assert_int_equal(queue_mark(q), 4);
		queue_free(q);
	}
	sample_free(s);
}

static void data_keeps_every_combination_of_parts(void **state)
{
	struct queue *q = make_queue(QUEUE_DROP_OLDEST);
	struct prng rnd = { 9 };
	struct sample *s = sample_new(ROOM);

	(void)state;
	for (unsigned present = 0; present < 1u << SAMPLE_PARTS; present++) {
		s->len = 0;
		sample_data(s, &rnd, present, 30);
		s->r.number = queue_newest_number(q) + 1;
		assert_int_equal(sample_push(q, s), 0);
		expect_next(q, s);
		queue_sent(q);
	}
	sample_free(s);
	queue_free(q);
}

static void empty_records_are_records(void **state)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct msg_packet none = { .data = NULL, .len = 0 };
	struct record r;

	(void)state;
	assert_int_equal(queue_push_packet(q, &none), 0);
	assert_int_equal(queue_push_message(q, MSG_CLASS_INFO, (struct text){ NULL, 0 }), 0);
	assert_true(queue_peek(q, &r));
	assert_int_equal(r.packet.len, 0);
	queue_sent(q);
	assert_true(queue_peek(q, &r));
	assert_int_equal(r.message.text.len, 0);
	queue_free(q);
}

static void too_long_is_refused_and_counted(void **state)
{
	struct queue *q = make_queue(QUEUE_DROP_OLDEST);
	struct sample *s = sample_new(QUEUE_MIN_BYTES);
	struct queue_stats stats;

	(void)state;
	push_packet(q, s, &(struct prng){ 1 }, 100);
	s->r.packet.len = (uint32_t)queue_size_bytes(q) - HEADER + 1;
	assert_int_equal(sample_push(q, s), -EMSGSIZE);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.kept, 1);	/* the refused one pushed nothing out */
	s->r.packet.len--;
	assert_int_equal(sample_push(q, s), 0);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.refused, 1);
	assert_int_equal(stats.pushed, 2);
	assert_int_equal(stats.kept, 1);	/* the longest that fits needs all there is */
	sample_free(s);
	queue_free(q);
}

static void release_covers_only_what_was_sent(void **state)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct queue_stats stats;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(queue_push_message(q, MSG_CLASS_INFO, text_of("x")), 0);
	queue_release(q, 100);		/* nothing was sent */
	queue_sent(q);
	queue_sent(q);
	queue_release(q, 1);		/* nothing is before the first one */
	queue_release(q, 2);
	queue_release(q, 2);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.released, 1);
	queue_release(q, 100);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.released, 2);
	assert_int_equal(stats.unsent, 2);
	assert_int_equal(queue_mark(q), 3);
	queue_free(q);
}

static void numbers_have_gaps_where_they_are_told_to(void **state)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct record r = { .kind = RECORD_MESSAGE, .number = 50 };
	uint32_t number = 0;

	(void)state;
	assert_int_equal(queue_oldest_number(q), 1);
	assert_int_equal(queue_newest_number(q), 0);
	queue_number_from(q, 10);
	assert_int_equal(queue_oldest_number(q), 10);
	assert_int_equal(queue_push_packet(q, &(struct msg_packet){ .dlt = 1 }), 0);
	assert_int_equal(queue_push_numbered(q, &r), 0);
	assert_int_equal(queue_push_numbered(q, &r), -EINVAL);
	r.number = 49;
	assert_int_equal(queue_push_numbered(q, &r), -EINVAL);
	assert_int_equal(queue_push_packet(q, &(struct msg_packet){ .dlt = 1 }), 0);
	assert_int_equal(queue_oldest_number(q), 10);
	assert_int_equal(queue_newest_number(q), 51);
	assert_non_null(queue_take_packet(q, &number));
	assert_int_equal(number, 10);
	assert_int_equal(queue_mark(q), 50);
	queue_sent(q);
	assert_int_equal(queue_mark(q), 51);
	queue_release(q, 30);
	assert_int_equal(queue_oldest_number(q), 50);
	queue_free(q);
}

static void number_that_found_no_room_is_not_used_up(void **state)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct sample *s = sample_new(ROOM);

	(void)state;
	push_packet(q, s, &(struct prng){ 1 }, 100000);
	s->r.number = 77;
	assert_int_equal(queue_push_numbered(q, &s->r), -EAGAIN);
	assert_int_equal(queue_newest_number(q), 1);
	queue_sent(q);
	queue_release(q, 2);
	assert_int_equal(queue_push_numbered(q, &s->r), 0);
	assert_int_equal(queue_newest_number(q), 77);
	sample_free(s);
	queue_free(q);
}

/* Where the source waits, a spool may take over, and the other way round. */
static void policy_changes_while_it_is_full(void **state)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct sample *s = sample_new(ROOM);
	struct queue_stats stats;
	struct prng rnd = { 1 };

	(void)state;
	for (int i = 0; i < 3; i++)
		push_packet(q, s, &rnd, 40000);
	s->r.packet.len = 39000;
	assert_int_equal(sample_push(q, s), -EAGAIN);
	queue_set_policy(q, QUEUE_DROP_OLDEST);
	assert_int_equal(queue_policy(q), QUEUE_DROP_OLDEST);
	assert_int_equal(sample_push(q, s), 0);
	assert_int_equal(queue_oldest_number(q), 2);
	queue_set_policy(q, QUEUE_WAIT);
	assert_int_equal(sample_push(q, s), -EAGAIN);
	while (queue_push_data(q, &(struct msg_data){ .has_gps = true }) == 0)
		;
	assert_int_equal(queue_push_message(q, MSG_CLASS_INFO, text_of("room is kept")), 0);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.dropped[RECORD_PLAIN], 1);
	sample_free(s);
	queue_free(q);
}

static void absurd_sizes_are_refused(void **state)
{
	(void)state;
	assert_null(queue_new(SIZE_MAX, QUEUE_WAIT, &e));
	assert_non_null(strstr(e.text, "--queue-size"));
	assert_null(queue_new((size_t)UINT32_MAX / 2 + 1, QUEUE_WAIT, &e));
	queue_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_that_waits_agrees_with_a_list),
		cmocka_unit_test(queue_that_drops_agrees_with_a_list),
		cmocka_unit_test(numbers_wrap_unnoticed),
		cmocka_unit_test(record_survives_the_end_of_memory_at_any_offset),
		cmocka_unit_test(place_of_an_old_wrap_is_forgotten),
		cmocka_unit_test(drop_takes_sent_records_first_at_any_offset),
		cmocka_unit_test(data_keeps_every_combination_of_parts),
		cmocka_unit_test(empty_records_are_records),
		cmocka_unit_test(too_long_is_refused_and_counted),
		cmocka_unit_test(release_covers_only_what_was_sent),
		cmocka_unit_test(numbers_have_gaps_where_they_are_told_to),
		cmocka_unit_test(number_that_found_no_room_is_not_used_up),
		cmocka_unit_test(policy_changes_while_it_is_full),
		cmocka_unit_test(absurd_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
