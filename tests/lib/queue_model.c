/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record queue and a plain list beside it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/queue_model.h"

/* --- samples --- */

static uint8_t *grow(struct sample *s, struct prng *rnd, size_t len)
{
	uint8_t *at = s->bytes + s->len;

	prng_fill(rnd, at, len);
	s->len += len;
	return at;
}

static struct text make_text(struct sample *s, struct prng *rnd, size_t len)
{
	return (struct text){ (char *)grow(s, rnd, len), len };
}

/* The texts of a record: its parts but for packet and buffer. */
#define TEXTS 9

static void list_texts(struct msg_data *d, struct text *out[TEXTS])
{
	struct text *texts[TEXTS] = {
		&d->gps.type, &d->gps.name, &d->gps.uuid, &d->signal.channel, &d->json.type,
		&d->json.json, &d->buffer.type, &d->message, &d->warning,
	};

	memcpy(out, texts, sizeof(texts));
}

void sample_data(struct sample *s, struct prng *rnd, unsigned present, uint32_t max)
{
	struct msg_data *d = &s->r.data;
	struct text *texts[TEXTS];

	s->r.kind = RECORD_DATA;
	memset(d, 0, sizeof(*d));
	d->has_gps = true;
	d->gps.lat_deg = (double)prng_next(rnd);
	d->signal.signal_dbm = -(int32_t)prng_below(rnd, 100);
	d->message_class = MSG_CLASS_ALERT;
	list_texts(d, texts);
	for (size_t i = 0; i < TEXTS; i++) {
		if (present & 1u << i)
			*texts[i] = make_text(s, rnd, prng_below(rnd, max));
	}
	if (present & 1u << 9) {
		d->packet.dlt = prng_below(rnd, 40);
		d->packet.len = prng_below(rnd, max);
		d->packet.data = grow(s, rnd, d->packet.len);
	}
	if (present & 1u << 10) {
		d->buffer.len = prng_below(rnd, max);
		d->buffer.data = grow(s, rnd, d->buffer.len);
	}
}

void sample_packet(struct sample *s, struct prng *rnd, uint32_t len)
{
	s->r.kind = RECORD_PACKET;
	s->r.packet = (struct msg_packet){
		.dlt = prng_below(rnd, 40),
		.has_time = prng_below(rnd, 2),
		.time_us = (uint64_t)prng_next(rnd) << 32 | prng_next(rnd),
		.orig_len = len + prng_below(rnd, 100),
		.data = grow(s, rnd, len),
		.len = len,
	};
}

void sample_message(struct sample *s, struct prng *rnd, uint32_t len)
{
	s->r.kind = RECORD_MESSAGE;
	s->r.message = (struct msg_message){ .class = MSG_CLASS_FATAL,
					     .text = make_text(s, rnd, len) };
}

struct sample *sample_new(size_t room)
{
	struct sample *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->bytes = malloc(room + 1);
	assert_non_null(s->bytes);
	return s;
}

void sample_free(struct sample *s)
{
	free(s->bytes);
	free(s);
}

static uint32_t random_len(struct prng *rnd, uint32_t most)
{
	static const uint32_t limits[] = { 1, 40, 300, 300, 300, 2000, 9000 };
	uint32_t limit = prng_below(rnd, 300) == 0 ? most : limits[prng_below(rnd, 7)];

	return prng_below(rnd, limit);
}

struct sample *sample_random(struct prng *rnd, size_t queue_bytes)
{
	uint32_t len = random_len(rnd, (uint32_t)(queue_bytes + 1000));
	struct sample *s = sample_new(3 * len + 100);

	switch (prng_below(rnd, 4)) {
	case 0:
		sample_data(s, rnd, prng_next(rnd), len / 4 + 1);
		break;
	case 1:
		sample_message(s, rnd, prng_below(rnd, 2) == 0 ? len : len / 8);
		break;
	default:
		sample_packet(s, rnd, len);
		break;
	}
	return s;
}

size_t sample_size(const struct sample *s)
{
	size_t fixed = s->r.kind == RECORD_DATA ? sizeof(struct msg_data) :
		       s->r.kind == RECORD_MESSAGE ? 1 : 0;

	return (sizeof(struct queue_slot) + fixed + s->len + 7) / 8 * 8;
}

int sample_push(struct queue *q, const struct sample *s)
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

static void expect_bytes(const void *got, size_t got_len, const void *want, size_t want_len)
{
	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_ptr_not_equal(got, want);
	assert_int_equal(got_len, want_len);
	if (want_len > 0)
		assert_memory_equal(got, want, want_len);
}

static void expect_data(const struct msg_data *got, const struct msg_data *want)
{
	struct msg_data a = *got, b = *want;
	struct text *texts_a[TEXTS], *texts_b[TEXTS];

	list_texts(&a, texts_a);
	list_texts(&b, texts_b);
	for (size_t i = 0; i < TEXTS; i++) {
		expect_bytes(texts_a[i]->s, texts_a[i]->len, texts_b[i]->s, texts_b[i]->len);
		texts_a[i]->s = texts_b[i]->s = NULL;
	}
	expect_bytes(a.packet.data, a.packet.len, b.packet.data, b.packet.len);
	expect_bytes(a.buffer.data, a.buffer.len, b.buffer.data, b.buffer.len);
	a.packet.data = b.packet.data = a.buffer.data = b.buffer.data = NULL;
	assert_memory_equal(&a, &b, sizeof(a));		/* all that is no pointer */
}

void sample_expect(const struct record *got, const struct sample *want)
{
	const struct msg_packet *a = &got->packet, *b = &want->r.packet;

	assert_int_equal(got->kind, want->r.kind);
	assert_int_equal(got->number, want->r.number);
	switch (want->r.kind) {
	case RECORD_PACKET:
		assert_int_equal(a->dlt, b->dlt);
		assert_int_equal(a->has_time, b->has_time);
		assert_int_equal(a->time_us, b->time_us);
		assert_int_equal(a->orig_len, b->orig_len);
		expect_bytes(a->data, a->len, b->data, b->len);
		break;
	case RECORD_DATA:
		expect_data(&got->data, &want->r.data);
		break;
	case RECORD_MESSAGE:
		assert_int_equal(got->message.class, want->r.message.class);
		expect_bytes(got->message.text.s, got->message.text.len, want->r.message.text.s,
			     want->r.message.text.len);
		break;
	}
}

static enum record_class class_of(const struct msg_packet *p, uint64_t *key)
{
	static const enum record_class classes[] = { RECORD_BULK, RECORD_REPEATABLE, RECORD_PLAIN,
						     RECORD_PLAIN };

	if (key)
		*key = p->dlt / 4;
	return classes[p->dlt % 4];
}

const struct record_classifier sample_classes = { class_of, { "data", "beacons", "management" } };

enum record_class sample_class(const struct sample *s, uint64_t *key)
{
	return record_class(&sample_classes, &s->r, key);
}

/* --- the list --- */

void model_begin(struct model *m, uint64_t seed, enum queue_full policy, uint32_t first_number)
{
	struct err e;

	*m = (struct model){ .rnd = { seed }, .number = first_number };
	m->q = queue_new(QUEUE_MIN_BYTES, policy, &e);
	assert_non_null(m->q);
	queue_set_classifier(m->q, &sample_classes);
	queue_number_from(m->q, first_number);
}

void model_end(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		sample_free(m->kept[i]);
	queue_free(m->q);
}

static void remove_at(struct model *m, size_t i)
{
	sample_free(m->kept[i]);
	m->n--;
	memmove(&m->kept[i], &m->kept[i + 1], (m->n - i) * sizeof(m->kept[0]));
	if (i < m->sent)
		m->sent--;
}

static void check_stats(const struct model *m)
{
	struct queue_stats s;
	uint64_t out = 0;

	queue_get_stats(m->q, &s);
	assert_int_equal(s.kept, m->n);
	assert_int_equal(s.unsent, m->n - m->sent);
	assert_int_equal(s.pushed, m->stats.pushed);
	assert_int_equal(s.refused, m->stats.refused);
	assert_int_equal(s.released, m->stats.released);
	assert_int_equal(s.dropped_sent, m->stats.dropped_sent);
	assert_int_equal(s.resent, m->stats.resent);
	for (int i = 0; i < RECORD_CLASSES; i++) {
		assert_int_equal(s.dropped[i], m->stats.dropped[i]);
		out += s.dropped[i];
	}
	assert_int_equal(s.pushed, s.released + out + s.dropped_sent + s.kept);
}

static void check_walk(const struct model *m, bool contents)
{
	size_t at = 0, n = 0;
	struct record r;

	for (; queue_walk(m->q, &at, &r); n++) {
		assert_true(n < m->n);
		assert_int_equal(r.number, m->kept[n]->r.number);
		if (contents)
			sample_expect(&r, m->kept[n]);
	}
	assert_int_equal(n, m->n);
}

void model_check(struct model *m, bool contents)
{
	struct queue *q = m->q;
	uint32_t next = m->sent < m->n ? m->kept[m->sent]->r.number : m->number;
	struct record r;

	check_stats(m);
	check_walk(m, contents);
	assert_int_equal(queue_empty(q), m->n == 0);
	assert_int_equal(queue_has_unsent(q), m->sent < m->n);
	assert_int_equal(queue_oldest_number(q), m->n > 0 ? m->kept[0]->r.number : m->number);
	assert_int_equal(queue_newest_number(q), m->number - 1);
	assert_true(queue_used_bytes(q) <= queue_size_bytes(q));
	assert_true(queue_unsent_bytes(q) <= queue_used_bytes(q));
	assert_int_equal(queue_used_bytes(q) == 0, m->n == 0);
	assert_int_equal(queue_unsent_bytes(q) == 0, m->sent == m->n);
	assert_int_equal(queue_peek(q, &r), m->sent < m->n);
	if (m->sent < m->n)
		sample_expect(&r, m->kept[m->sent]);
	if (prng_below(&m->rnd, 4) == 0)
		assert_int_equal(queue_mark(q), next);
}

/* --- operations --- */

static int do_push(struct model *m, struct sample *s)
{
	uint32_t what = m->jumps ? prng_below(&m->rnd, 8) : 2;

	if (what == 0) {
		s->r.number += prng_below(&m->rnd, 100);
		queue_number_from(m->q, s->r.number);
		m->number = s->r.number;
	} else if (what == 1) {
		s->r.number += prng_below(&m->rnd, 100);
		return queue_push_numbered(m->q, &s->r);
	}
	return sample_push(m->q, s);
}

/* What of the list is not in the queue any more; returns whether s is. */
static bool find_gone(const struct model *m, const struct sample *s, bool *gone)
{
	size_t at = 0, i = 0;
	struct record r;

	while (queue_walk(m->q, &at, &r)) {
		for (; i < m->n && m->kept[i]->r.number != r.number; i++)
			gone[i] = true;
		if (i == m->n) {
			assert_int_equal(r.number, s->r.number);
			return true;
		}
		gone[i++] = false;
	}
	for (; i < m->n; i++)
		gone[i] = true;
	return false;
}

static void count_gone(struct model *m, const bool *gone, bool any_may)
{
	for (size_t i = m->n; i-- > 0;) {
		if (!gone[i])
			continue;
		assert_true(any_may);
		if (i < m->sent)
			m->stats.dropped_sent++;
		else
			m->stats.dropped[sample_class(m->kept[i], NULL)]++;
		remove_at(m, i);
	}
}

static void take(struct model *m, struct sample *s)
{
	static bool gone[MODEL_MAX];
	bool kept = find_gone(m, s, gone);

	if (m->gone)
		m->gone(m, gone, s, !kept);
	count_gone(m, gone, m->gone != NULL);
	m->stats.pushed++;
	m->number = s->r.number + 1;
	if (kept) {
		m->kept[m->n++] = s;
		assert_true(m->n < MODEL_MAX);
		return;
	}
	assert_non_null(m->gone);
	m->stats.dropped[sample_class(s, NULL)]++;
	sample_free(s);
}

int model_push(struct model *m, struct sample *s)
{
	size_t used = queue_used_bytes(m->q), size = sample_size(s), all = queue_size_bytes(m->q);
	const size_t spare = 4096;

	s->r.number = m->number;
	int rc = do_push(m, s);

	switch (rc) {
	case 0:
		take(m, s);
		return 0;
	case -EMSGSIZE:
		assert_true(size + spare > all);
		m->stats.refused++;
		break;
	default:
		/* Free memory may be in two pieces: where it is twice as much as wanted, one is
		 * large enough. */
		assert_int_equal(rc, -EAGAIN);
		assert_int_equal(queue_policy(m->q), QUEUE_WAIT);
		assert_true(used + 2 * (size + spare) + sizeof(struct queue_slot) > all);
		break;
	}
	sample_free(s);
	return rc;
}

void model_send(struct model *m, size_t n)
{
	for (; n > 0 && m->sent < m->n; n--) {
		struct record r;
		uint32_t number = 0;

		assert_true(queue_peek(m->q, &r));
		sample_expect(&r, m->kept[m->sent]);
		if (prng_below(&m->rnd, 2) == 0 && r.kind == RECORD_PACKET) {
			assert_non_null(queue_take_packet(m->q, &number));
			assert_int_equal(number, r.number);
		} else {
			queue_sent(m->q);
		}
		m->sent++;
	}
}

void model_release(struct model *m, uint32_t mark)
{
	queue_release(m->q, mark);
	while (m->sent > 0 && (int32_t)(m->kept[0]->r.number - mark) < 0) {
		remove_at(m, 0);
		m->stats.released++;
	}
}

void model_rewind(struct model *m)
{
	queue_rewind(m->q);
	m->stats.resent += m->sent;
	m->sent = 0;
}

/* Now and then one from before the oldest kept or from behind the newest. */
static uint32_t random_mark(struct model *m)
{
	if (m->n == 0 || prng_below(&m->rnd, 10) == 0)
		return m->number + 5 - prng_below(&m->rnd, (uint32_t)m->n + 10);
	return m->kept[prng_below(&m->rnd, (uint32_t)m->n)]->r.number + prng_below(&m->rnd, 2);
}

void model_step(struct model *m)
{
	uint32_t what = prng_below(&m->rnd, 100);

	m->jumps = true;
	if (what < 70)
		model_push(m, sample_random(&m->rnd, queue_size_bytes(m->q)));
	else if (what < 89)
		model_send(m, prng_below(&m->rnd, 20));
	else if (what < 99)
		model_release(m, random_mark(m));
	else
		model_rewind(m);
	model_check(m, what % 8 == 0);
}
