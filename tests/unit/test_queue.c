/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record queue: random operations against a plain list, then its corners one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/queue.c"	/* for record numbers near the wrap */
#include "tests/lib/prng.h"

#define HEADER sizeof(struct queue_slot)
#define ROOM QUEUE_MIN_BYTES

static struct err e;

/* --- records --- */

/* A record with everything that it points to in one block of memory. */
struct sample {
	struct record r;
	uint8_t *bytes;
	size_t len;
};

static uint8_t *grow_sample(struct sample *s, struct prng *rnd, size_t len)
{
	uint8_t *at = s->bytes + s->len;

	prng_fill(rnd, at, len);
	s->len += len;
	return at;
}

static struct text make_text(struct sample *s, struct prng *rnd, size_t len)
{
	return (struct text){ (char *)grow_sample(s, rnd, len), len };
}

/* present: a bit for each of the parts; the length of each is random up to max. */
static void make_data(struct sample *s, struct prng *rnd, unsigned present, uint32_t max)
{
	struct msg_data *d = &s->r.data;
	struct text *texts[] = {
		&d->gps.type, &d->gps.name, &d->gps.uuid, &d->signal.channel, &d->json.type,
		&d->json.json, &d->buffer.type, &d->message, &d->warning,
	};

	s->r.kind = RECORD_DATA;
	memset(d, 0, sizeof(*d));
	d->has_gps = true;
	d->gps.lat_deg = (double)prng_next(rnd);
	d->signal.signal_dbm = -(int32_t)prng_below(rnd, 100);
	d->message_class = MSG_CLASS_ALERT;
	for (size_t i = 0; i < 9; i++) {
		if (present & 1u << i)
			*texts[i] = make_text(s, rnd, prng_below(rnd, max));
	}
	if (present & 1u << 9) {
		d->packet.len = prng_below(rnd, max);
		d->packet.data = grow_sample(s, rnd, d->packet.len);
	}
	if (present & 1u << 10) {
		d->buffer.len = prng_below(rnd, max);
		d->buffer.data = grow_sample(s, rnd, d->buffer.len);
	}
}

static void make_packet(struct sample *s, struct prng *rnd, uint32_t len)
{
	s->r.kind = RECORD_PACKET;
	s->r.packet = (struct msg_packet){
		.dlt = prng_next(rnd),
		.has_time = prng_below(rnd, 2),
		.time_us = (uint64_t)prng_next(rnd) << 32 | prng_next(rnd),
		.orig_len = len + prng_below(rnd, 100),
		.data = grow_sample(s, rnd, len),
		.len = len,
	};
}

static void make_message(struct sample *s, struct prng *rnd, uint32_t len)
{
	s->r.kind = RECORD_MESSAGE;
	s->r.message = (struct msg_message){ .class = MSG_CLASS_FATAL,
					     .text = make_text(s, rnd, len) };
}

static uint32_t random_len(struct prng *rnd, uint32_t most)
{
	static const uint32_t limits[] = { 1, 40, 300, 300, 300, 2000, 9000 };
	uint32_t limit = prng_below(rnd, 300) == 0 ? most : limits[prng_below(rnd, 7)];

	return prng_below(rnd, limit);
}

static struct sample *new_sample(size_t room)
{
	struct sample *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->bytes = malloc(room);
	assert_non_null(s->bytes);
	return s;
}

static struct sample *random_sample(struct prng *rnd, size_t queue_bytes)
{
	uint32_t len = random_len(rnd, (uint32_t)(queue_bytes + 1000));
	struct sample *s = new_sample(3 * len + 100);

	switch (prng_below(rnd, 3)) {
	case 0:
		make_packet(s, rnd, len);
		break;
	case 1:
		make_data(s, rnd, prng_next(rnd), len / 4 + 1);
		break;
	default:
		make_message(s, rnd, len);
		break;
	}
	return s;
}

static void free_sample(struct sample *s)
{
	free(s->bytes);
	free(s);
}

static int push(struct queue *q, const struct sample *s)
{
	switch (s->r.kind) {
	case RECORD_PACKET:
		return queue_push_packet(q, &s->r.packet);
	case RECORD_DATA:
		return queue_push_data(q, &s->r.data);
	case RECORD_MESSAGE:
		break;
	}
	return queue_push_message(q, s->r.message.class, s->r.message.text);
}

/* --- comparing --- */

static void expect_bytes(const struct queue *q, const void *got, size_t got_len, const void *want,
			 size_t want_len)
{
	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_int_equal(got_len, want_len);
	assert_true((const uint8_t *)got >= q->mem);
	assert_true((const uint8_t *)got + got_len <= q->mem + q->size);
	if (want_len > 0)
		assert_memory_equal(got, want, want_len);
}

static void expect_data(const struct queue *q, const struct msg_data *got,
			const struct msg_data *want)
{
	struct msg_data a = *got, b = *want;
	struct part got_parts[DATA_PARTS], want_parts[DATA_PARTS];

	list_parts(&a, got_parts);
	list_parts(&b, want_parts);
	for (size_t i = 0; i < DATA_PARTS; i++) {
		expect_bytes(q, *got_parts[i].at, got_parts[i].len, *want_parts[i].at,
			     want_parts[i].len);
		*got_parts[i].at = *want_parts[i].at = NULL;
	}
	assert_memory_equal(&a, &b, sizeof(a));		/* all that is no pointer */
}

static void expect_record(const struct queue *q, const struct record *got,
			  const struct record *want)
{
	const struct msg_packet *a = &got->packet, *b = &want->packet;

	assert_int_equal(got->kind, want->kind);
	assert_int_equal(got->number, want->number);
	switch (want->kind) {
	case RECORD_PACKET:
		assert_int_equal(a->dlt, b->dlt);
		assert_int_equal(a->has_time, b->has_time);
		assert_int_equal(a->time_us, b->time_us);
		assert_int_equal(a->orig_len, b->orig_len);
		expect_bytes(q, a->data, a->len, b->data, b->len);
		break;
	case RECORD_DATA:
		expect_data(q, &got->data, &want->data);
		break;
	case RECORD_MESSAGE:
		assert_int_equal(got->message.class, want->message.class);
		expect_bytes(q, got->message.text.s, got->message.text.len, want->message.text.s,
			     want->message.text.len);
		break;
	}
}

static void expect_next(struct queue *q, const struct sample *want)
{
	struct record got;

	assert_true(queue_peek(q, &got));
	expect_record(q, &got, &want->r);
}

/* --- the model --- */

#define MODEL_MAX 8192

struct model {
	struct sample *all[MODEL_MAX];
	struct sample **kept;		/* oldest first */
	size_t n, sent;
	uint32_t number;		/* of the next one pushed */
	struct queue_stats stats;
};

static void model_drop(struct model *m)
{
	free_sample(m->kept[0]);
	m->n--;
	if (m->sent > 0)
		m->sent--;
	m->kept++;
}

static void check_stats(const struct queue *q, const struct model *m)
{
	struct queue_stats s;

	queue_get_stats(q, &s);
	assert_int_equal(s.kept, m->n);
	assert_int_equal(s.unsent, m->n - m->sent);
	assert_int_equal(s.pushed, m->stats.pushed);
	assert_int_equal(s.refused, m->stats.refused);
	assert_int_equal(s.released, m->stats.released);
	assert_int_equal(s.dropped_sent, m->stats.dropped_sent);
	assert_int_equal(s.dropped[RECORD_PLAIN], m->stats.dropped[RECORD_PLAIN]);
	assert_int_equal(s.dropped[RECORD_WORDS], m->stats.dropped[RECORD_WORDS]);
	assert_int_equal(s.resent, m->stats.resent);
	assert_int_equal(s.pushed, s.released + s.dropped[RECORD_PLAIN] + s.dropped[RECORD_WORDS] +
			 s.dropped_sent + s.kept);
}

static void check(struct queue *q, const struct model *m)
{
	check_stats(q, m);
	assert_int_equal(queue_empty(q), m->n == 0);
	assert_int_equal(queue_has_unsent(q), m->sent < m->n);
	assert_int_equal(queue_mark(q), m->sent < m->n ? m->kept[m->sent]->r.number : m->number);
	assert_true(queue_used_bytes(q) <= queue_size_bytes(q));
	assert_true(queue_unsent_bytes(q) <= queue_used_bytes(q));
	assert_int_equal(queue_used_bytes(q) == 0, m->n == 0);
	assert_int_equal(queue_unsent_bytes(q) == 0, m->sent == m->n);
	if (m->sent < m->n)
		expect_next(q, m->kept[m->sent]);
	else
		assert_false(queue_peek(q, &(struct record){ .number = 0 }));
}

/* How much room s takes. */
static size_t size_of(const struct sample *s)
{
	size_t fixed = s->r.kind == RECORD_DATA ? sizeof(struct msg_data) :
		       s->r.kind == RECORD_MESSAGE ? 1 : 0;

	return (HEADER + fixed + s->len + 7) / 8 * 8;
}

/* Free memory may be in two pieces: where it is twice as much as wanted, one is large enough. */
static bool must_fit(const struct queue *q, const struct sample *s, size_t used)
{
	size_t spare = s->r.kind == RECORD_MESSAGE ? 0 : q->spare;

	return used == 0 || used + 2 * (size_of(s) + spare) + HEADER <= queue_size_bytes(q);
}

static void do_push(struct queue *q, struct model *m, struct prng *rnd)
{
	struct sample *s = random_sample(rnd, queue_size_bytes(q));
	size_t used = queue_used_bytes(q);
	struct queue_stats before, after;

	s->r.number = m->number;
	queue_get_stats(q, &before);
	int rc = push(q, s);

	queue_get_stats(q, &after);
	if (rc == -EMSGSIZE) {
		assert_true(size_of(s) + q->spare > queue_size_bytes(q));
		m->stats.refused++;
	} else if (rc == -EAGAIN) {
		assert_int_equal(q->policy, QUEUE_WAIT);
		assert_false(must_fit(q, s, used));
	}
	if (rc < 0) {
		free_sample(s);
		return;
	}
	if (after.kept <= before.kept)
		assert_false(must_fit(q, s, used));
	while (m->n + 1 > after.kept) {		/* made room */
		assert_int_equal(q->policy, QUEUE_DROP_OLDEST);
		if (m->sent > 0)
			m->stats.dropped_sent++;
		else
			m->stats.dropped[record_class(NULL, &m->kept[0]->r, NULL)]++;
		model_drop(m);
	}
	m->kept[m->n++] = s;
	assert_true(m->kept + m->n < m->all + MODEL_MAX);
	m->number++;
	m->stats.pushed++;
}

static void do_send(struct queue *q, struct model *m, struct prng *rnd)
{
	for (uint32_t n = prng_below(rnd, 20); n > 0 && m->sent < m->n; n--) {
		expect_next(q, m->kept[m->sent]);
		queue_sent(q);
		m->sent++;
	}
}

/* Marks from before the oldest kept to behind the newest. */
static void do_release(struct queue *q, struct model *m, struct prng *rnd)
{
	uint32_t mark = m->number + 5 - prng_below(rnd, (uint32_t)m->n + 10);

	queue_release(q, mark);
	while (m->sent > 0 && (int32_t)(m->kept[0]->r.number - mark) < 0) {
		model_drop(m);
		m->stats.released++;
	}
}

static void do_rewind(struct queue *q, struct model *m)
{
	queue_rewind(q);
	m->stats.resent += m->sent;
	m->sent = 0;
}

static void agree(uint64_t seed, enum queue_full policy, uint32_t first_number)
{
	static struct model m;
	struct prng rnd = { seed };
	struct queue *q = queue_new(QUEUE_MIN_BYTES, policy, &e);

	assert_non_null(q);
	queue_number_from(q, first_number);
	m = (struct model){ .kept = m.all, .number = first_number };
	for (int i = 0; i < 3000; i++) {
		uint32_t what = prng_below(&rnd, 100);

		if (what < 70)
			do_push(q, &m, &rnd);
		else if (what < 89)
			do_send(q, &m, &rnd);
		else if (what < 99)
			do_release(q, &m, &rnd);
		else
			do_rewind(q, &m);
		check(q, &m);
	}
	while (m.n > 0)
		model_drop(&m);
	queue_free(q);
}

static void queue_that_waits_agrees_with_a_list(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 12; seed++)
		agree(seed, QUEUE_WAIT, 1);
}

static void queue_that_drops_agrees_with_a_list(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 12; seed++)
		agree(seed, QUEUE_DROP_OLDEST, 1);
}

static void numbers_wrap_unnoticed(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 104; seed++) {
		agree(seed, QUEUE_WAIT, UINT32_MAX - 1000);
		agree(seed, QUEUE_DROP_OLDEST, UINT32_MAX - 1000);
		agree(seed, QUEUE_DROP_OLDEST, INT32_MAX - 1000);
	}
}

/* --- corners --- */

static struct queue *make_queue(enum queue_full policy)
{
	struct queue *q = queue_new(QUEUE_MIN_BYTES, policy, &e);

	assert_non_null(q);
	return q;
}

static void push_packet(struct queue *q, struct sample *s, struct prng *rnd, uint32_t len)
{
	s->len = 0;
	make_packet(s, rnd, len);
	s->r.number = queue_newest_number(q) + 1;
	assert_int_equal(push(q, s), 0);
}

/* The memory ends left bytes behind the second record; the third is where it must be. */
static void wrap_with(size_t left, uint32_t third_len, struct prng *rnd)
{
	struct queue *q = make_queue(QUEUE_WAIT);
	struct sample *s[3] = { new_sample(ROOM), new_sample(ROOM), new_sample(ROOM) };
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
		free_sample(s[i]);
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
		s[i] = new_sample(ROOM);
		push_packet(q, s[i], &rnd, lens[i]);
		if (i == 0)
			continue;
		expect_next(q, s[i - 1]);	/* one stays in the queue all the time */
		queue_sent(q);
		queue_release(q, queue_mark(q));
	}
	expect_next(q, s[7]);
	for (int i = 0; i < 8; i++)
		free_sample(s[i]);
	queue_free(q);
}

/* From each offset of the ring: three records, the last of which pushes sent ones out. */
static void drop_takes_sent_records_first_at_any_offset(void **state)
{
	struct prng rnd = { 8 };
	struct queue_stats stats;
	struct sample *s = new_sample(ROOM);

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
	free_sample(s);
}

static void data_keeps_every_combination_of_parts(void **state)
{
	struct queue *q = make_queue(QUEUE_DROP_OLDEST);
	struct prng rnd = { 9 };
	struct sample *s = new_sample(ROOM);

	(void)state;
	for (unsigned present = 0; present < 1u << DATA_PARTS; present++) {
		s->len = 0;
		make_data(s, &rnd, present, 30);
		s->r.number = queue_newest_number(q) + 1;
		assert_int_equal(push(q, s), 0);
		expect_next(q, s);
		queue_sent(q);
	}
	free_sample(s);
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
	struct sample *s = new_sample(QUEUE_MIN_BYTES);
	struct queue_stats stats;

	(void)state;
	push_packet(q, s, &(struct prng){ 1 }, 100);
	s->r.packet.len = (uint32_t)queue_size_bytes(q) - HEADER + 1;
	assert_int_equal(push(q, s), -EMSGSIZE);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.kept, 1);	/* the refused one pushed nothing out */
	s->r.packet.len--;
	assert_int_equal(push(q, s), 0);
	queue_get_stats(q, &stats);
	assert_int_equal(stats.refused, 1);
	assert_int_equal(stats.pushed, 2);
	assert_int_equal(stats.kept, 1);	/* the longest that fits needs all there is */
	free_sample(s);
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
		cmocka_unit_test(absurd_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
