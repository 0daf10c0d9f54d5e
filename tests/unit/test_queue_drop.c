/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A full record queue that lets go of the least worth first. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/lib/queue_model.h"

/* Link types that sample_classes tells apart. */
#define BULK 0u
#define BEACON(key) ((key) * 4 + 1)
#define PLAIN 2u

/* --- what may go, whatever happens --- */

static int rank_of(const struct sample *s)
{
	static const int ranks[RECORD_CLASSES] = { 0, 1, 1, 2 };

	return ranks[sample_class(s, NULL)];
}

/* Something newer in the list says the same. */
static bool is_repeated(const struct model *m, size_t i, const bool *gone)
{
	uint64_t key, other;

	if (sample_class(m->kept[i], &key) != RECORD_REPEATABLE)
		return false;
	for (size_t j = i + 1; j < m->n; j++) {
		if ((!gone || !gone[j]) &&
		    sample_class(m->kept[j], &other) == RECORD_REPEATABLE && other == key)
			return true;
	}
	return false;
}

static int worth_of_what_went(const struct model *m, const bool *gone)
{
	int most = -1;

	for (size_t i = 0; i < m->n; i++) {
		if (gone[i] && rank_of(m->kept[i]) > most)
			most = rank_of(m->kept[i]);
	}
	return most;
}

/* Of one rank, the oldest go; but repeated ones before all others of theirs. */
static void expect_oldest_went(const struct model *m, const bool *gone, int rank)
{
	bool kept_older = false, others_went = false;

	for (size_t i = 0; i < m->n; i++) {
		if (rank_of(m->kept[i]) != rank)
			continue;
		if (!gone[i]) {
			kept_older = true;
		} else if (!is_repeated(m, i, NULL)) {
			assert_false(kept_older);
			others_went = true;
		}
	}
	for (size_t i = 0; rank == 1 && others_went && i < m->n; i++)
		assert_true(gone[i] || !is_repeated(m, i, gone));
}

/* Next to nothing of what is kept was worth less; or too little, with free memory in two pieces. */
static void expect_turned_away(const struct model *m, const struct sample *s)
{
	size_t better = 0, others = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (rank_of(m->kept[i]) > rank_of(s))
			better += sample_size(m->kept[i]);
		else
			others++;
	}
	assert_true(others == 0 || better > queue_size_bytes(m->q) / 2 ||
		    better + 2 * sample_size(s) > queue_size_bytes(m->q));
}

static void least_worth_went(const struct model *m, const bool *gone, const struct sample *s,
			     bool s_gone)
{
	int most = worth_of_what_went(m, gone);

	assert_true(most <= rank_of(s));
	for (size_t i = 0; i < m->n; i++)
		assert_true(gone[i] || rank_of(m->kept[i]) >= most);
	expect_oldest_went(m, gone, most);
	if (s_gone)
		expect_turned_away(m, s);
}

static void agree(uint64_t seed, uint32_t first_number, const struct record_classifier *c)
{
	static struct model m;

	model_begin(&m, seed, QUEUE_DROP_BY_CLASS, first_number);
	queue_set_classifier(m.q, c);
	m.gone = least_worth_went;
	for (int i = 0; i < 3000; i++)
		model_step(&m);
	model_end(&m);
}

static void whatever_goes_is_worth_least(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++)
		agree(seed, 1, &sample_classes);
	agree(100, UINT32_MAX - 10000, &sample_classes);
	agree(101, INT32_MAX - 10000, &sample_classes);
}

/* --- one by one --- */

static struct model m;

static void begin(void)
{
	model_begin(&m, 1, QUEUE_DROP_BY_CLASS, 1);
	m.gone = least_worth_went;
}

static void push(uint32_t dlt, uint32_t len)
{
	struct sample *s = sample_new(len);

	sample_packet(s, &m.rnd, len);
	s->r.packet.dlt = dlt;
	assert_int_equal(model_push(&m, s), 0);
}

static void push_words(uint32_t len)
{
	struct sample *s = sample_new(len);

	sample_message(s, &m.rnd, len);
	assert_int_equal(model_push(&m, s), 0);
}

static size_t count(enum record_class class)
{
	size_t n = 0;

	for (size_t i = 0; i < m.n; i++)
		n += sample_class(m.kept[i], NULL) == class;
	return n;
}

static uint64_t dropped(enum record_class class)
{
	struct queue_stats s;

	queue_get_stats(m.q, &s);
	return s.dropped[class];
}

/* From each part of the ring. */
static void shift_ring(uint32_t len)
{
	push(PLAIN, len);
	push(PLAIN, 10);
	model_send(&m, 1);
	model_release(&m, queue_mark(m.q));
}

static void flood_of_bulk_leaves_the_rest_alone(void **state)
{
	(void)state;
	for (uint32_t shift = 0; shift < 120000; shift += 17000) {
		begin();
		shift_ring(shift);
		for (uint32_t i = 0; i < 3000; i++)
			push(i % 10 == 0 && i < 1000 ? PLAIN : BULK, 200);
		model_check(&m, true);
		assert_int_equal(count(RECORD_PLAIN), 101);
		assert_true(count(RECORD_BULK) > 200);
		assert_int_equal(dropped(RECORD_PLAIN), 0);
		model_end(&m);
	}
}

/* The newest beacon of each network stays, and everything that is no beacon. */
static void flood_of_beacons_leaves_one_of_each(void **state)
{
	uint64_t key, seen = 0;

	(void)state;
	begin();
	for (uint32_t i = 0; i < 5000; i++)
		push(i % 100 == 0 ? PLAIN : BEACON(i < 300 ? i % 60 : i % 50), 250);
	model_check(&m, true);
	assert_int_equal(count(RECORD_PLAIN), 50);
	assert_int_equal(dropped(RECORD_PLAIN), 0);
	for (size_t i = 0; i < m.n; i++) {
		if (sample_class(m.kept[i], &key) == RECORD_REPEATABLE)
			seen |= (uint64_t)1 << key;
	}
	assert_true(seen == ((uint64_t)1 << 60) - 1);
	model_end(&m);
}

static void bulk_does_not_push_out_what_is_worth_more(void **state)
{
	(void)state;
	begin();
	while (m.stats.dropped[RECORD_PLAIN] == 0)
		push(PLAIN, 300);
	while (queue_used_bytes(m.q) < queue_size_bytes(m.q) * 95 / 100)
		push(PLAIN, 300);
	size_t plain = count(RECORD_PLAIN);
	uint64_t plain_dropped = dropped(RECORD_PLAIN);

	for (int i = 0; i < 1000; i++)
		push(BULK, 300);
	assert_int_equal(count(RECORD_PLAIN), plain);
	assert_int_equal(dropped(RECORD_PLAIN), plain_dropped);
	assert_true(dropped(RECORD_BULK) > 900);
	/* As soon as something leaves, bulk comes in again. */
	model_send(&m, 30);
	model_release(&m, queue_mark(m.q));
	for (int i = 0; i < 20; i++)
		push(BULK, 300);
	assert_int_equal(m.kept[m.n - 1]->r.number, m.number - 1);
	model_check(&m, true);
	model_end(&m);
}

static void full_of_one_class_loses_its_oldest(void **state)
{
	static const uint32_t dlts[] = { BULK, BEACON(0), PLAIN };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin();
		for (int n = 0; n < 2000; n++)
			push(dlts[i], 300);
		model_check(&m, true);
		assert_true(queue_used_bytes(m.q) > queue_size_bytes(m.q) * 3 / 4);
		assert_int_equal(m.kept[m.n - 1]->r.number, 2000);
		model_end(&m);
	}
}

static void full_of_messages_takes_messages(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 2000; i++)
		push_words(300);
	assert_int_equal(m.kept[m.n - 1]->r.number, 2000);
	assert_true(dropped(RECORD_WORDS) > 0);
	while (dropped(RECORD_PLAIN) == 0)
		push(PLAIN, 300);
	uint64_t before = dropped(RECORD_WORDS);

	push(PLAIN, 20000);
	push(BULK, 20000);
	assert_int_equal(dropped(RECORD_WORDS), before);
	push_words(20000);
	assert_int_equal(count(RECORD_PLAIN), 0);
	model_check(&m, true);
	model_end(&m);
}

/* Not all keys are remembered: what is kept may be more than one of each, but never none. */
static void more_networks_than_places_to_know_them(void **state)
{
	static size_t newest[4000];

	(void)state;
	begin();
	m.gone = NULL;
	for (uint32_t i = 0; i < 1300; i++)
		push(BEACON(i % 1200), 20);
	assert_int_equal(dropped(RECORD_REPEATABLE), 0);
	struct queue *q = m.q;
	struct msg_packet p = { .dlt = PLAIN, .data = m.kept[0]->bytes, .len = 20 };
	struct queue_stats s;
	size_t at = 0;
	struct record r;

	do {
		assert_int_equal(queue_push_packet(q, &p), 0);
		queue_get_stats(q, &s);
	} while (s.dropped[RECORD_REPEATABLE] == 0);
	assert_true(s.kept + s.dropped[RECORD_REPEATABLE] == s.pushed);
	while (queue_walk(q, &at, &r)) {
		if (r.packet.dlt % 4 == 1)
			newest[r.packet.dlt / 4] = r.number;
	}
	for (size_t i = 1100; i < 1200; i++)
		assert_int_equal(newest[i], i + 1);
	model_end(&m);
}

/* Sent, dropped, and then a mark from before comes back. */
static void old_marks_hold_after_records_left_the_middle(void **state)
{
	uint32_t marks[3];

	(void)state;
	begin();
	for (int i = 0; i < 300; i++)
		push(i % 2 ? PLAIN : BULK, 300);
	for (int i = 0; i < 3; i++) {
		model_send(&m, 60);
		marks[i] = queue_mark(m.q);
	}
	while (m.stats.dropped_sent == 0)
		push(PLAIN, 300);
	assert_int_equal(dropped(RECORD_BULK), 0);
	model_check(&m, true);
	for (int i = 0; i < 3; i++) {
		uint64_t before = m.stats.released;

		model_release(&m, marks[i]);
		model_check(&m, true);
		assert_true(m.stats.released > before);
	}
	assert_true(m.stats.released < 180);
	model_end(&m);
}

static void all_that_was_sent_may_go(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 300; i++)
		push(BULK, 300);
	model_send(&m, 1000);
	uint32_t mark = queue_mark(m.q);

	while (count(RECORD_BULK) > 0)
		push(PLAIN, 300);
	assert_int_equal(m.stats.dropped_sent, 300);
	assert_int_equal(queue_mark(m.q), queue_oldest_number(m.q));
	model_release(&m, mark);
	assert_int_equal(m.stats.released, 0);
	model_rewind(&m);
	model_check(&m, true);
	model_end(&m);
}

/* The longest that fits needs all there is. */
static void huge_record_finds_room(void **state)
{
	uint32_t most = (uint32_t)(QUEUE_MIN_BYTES - sizeof(struct queue_slot));

	(void)state;
	begin();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 500; i++)
			push(i % 3 ? PLAIN : BULK, 200);
		push(PLAIN, most);
		assert_int_equal(m.n, 1);
		push(BULK, 10);			/* turned away */
		assert_int_equal(m.n, 1);
		model_check(&m, true);
	}
	push_words(10);
	assert_int_equal(m.n, 1);
	model_end(&m);
}

static void huge_record_without_a_chance_drops_nothing(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 300; i++) {
		push(i % 3 ? PLAIN : BULK, 200);
		if (i % 100 == 50)
			push_words(10000);
	}
	size_t n = m.n;

	push(PLAIN, 110000);
	push(BULK, 110000);
	push(BULK, 90000);
	assert_int_equal(m.n, n);
	push(PLAIN, 90000);
	assert_int_equal(count(RECORD_BULK), 0);
	assert_int_equal(count(RECORD_WORDS), 3);
	assert_int_equal(m.kept[m.n - 1]->r.number, m.number - 1);
	model_check(&m, true);
	model_end(&m);
}

static void without_classes_only_messages_are_told_apart(void **state)
{
	struct queue_stats s;

	(void)state;
	begin();
	queue_set_classifier(m.q, NULL);
	push_words(100);
	struct sample *p = sample_new(300);

	sample_packet(p, &m.rnd, 300);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(queue_push_packet(m.q, &p->r.packet), 0);
	queue_get_stats(m.q, &s);
	assert_true(s.dropped[RECORD_PLAIN] > 1000);
	assert_int_equal(s.dropped[RECORD_PLAIN] + s.kept, 2001);
	assert_int_equal(queue_oldest_number(m.q), 1);
	sample_free(p);
	model_end(&m);
}

/* --- what it costs --- */

static uint64_t looks;

static enum record_class counted_class(const struct msg_packet *p, uint64_t *key)
{
	looks++;
	return sample_classes.class_of(p, key);
}

static const struct record_classifier counted_classes = { counted_class, { NULL } };

/* How often packets are looked at for each push into a queue full of others. */
static void expect_few_looks(uint32_t full_of, uint32_t flood)
{
	static const uint8_t bytes[300];
	struct msg_packet p = { .dlt = full_of, .data = bytes, .len = sizeof(bytes) };
	struct err e;
	struct queue *q = queue_new(QUEUE_MIN_BYTES * 8, QUEUE_DROP_BY_CLASS, &e);

	assert_non_null(q);
	queue_set_classifier(q, &counted_classes);
	for (int i = 0; i < 10000; i++)
		queue_push_packet(q, &p);
	looks = 0;
	for (uint32_t i = 0; i < 20000; i++) {
		p.dlt = flood == BEACON(0) ? BEACON(i % 50) : flood;
		queue_push_packet(q, &p);
	}
	assert_true(looks < 20000 * 40);
	queue_free(q);
}

/* Else a flood would slow down the very program that has to cope with it. */
static void push_costs_the_same_in_whatever_flood(void **state)
{
	static const uint32_t dlts[] = { BULK, BEACON(0), PLAIN };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++)
			expect_few_looks(dlts[i], dlts[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_goes_is_worth_least),
		cmocka_unit_test(flood_of_bulk_leaves_the_rest_alone),
		cmocka_unit_test(flood_of_beacons_leaves_one_of_each),
		cmocka_unit_test(bulk_does_not_push_out_what_is_worth_more),
		cmocka_unit_test(full_of_one_class_loses_its_oldest),
		cmocka_unit_test(full_of_messages_takes_messages),
		cmocka_unit_test(more_networks_than_places_to_know_them),
		cmocka_unit_test(old_marks_hold_after_records_left_the_middle),
		cmocka_unit_test(all_that_was_sent_may_go),
		cmocka_unit_test(huge_record_finds_room),
		cmocka_unit_test(huge_record_without_a_chance_drops_nothing),
		cmocka_unit_test(without_classes_only_messages_are_told_apart),
		cmocka_unit_test(push_costs_the_same_in_whatever_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
