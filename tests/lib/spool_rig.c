/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spool in a folder of its own, and records that tell which they are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/spool_rig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/temp_folder.h"

#define MS_NS ((uint64_t)1000000)
#define SECOND_NS (1000 * MS_NS)

/* --- life --- */

static void on_changed(void *user)
{
	((struct spool_rig *)user)->changed++;
}

int spool_rig_setup(void **state)
{
	struct spool_rig *g = calloc(1, sizeof(*g));
	struct loop_clock clock = fake_clock_make(&g->clock);

	g->clock.now_ns = 1000 * SECOND_NS;
	g->loop = g->clock.loop = loop_new(&clock, &g->e);
	g->next_number = g->expected = 1;
	g->prng.state = 1;
	temp_folder_make(g->folder, sizeof(g->folder));
	g->cfg = (struct spool_config){ .loop = g->loop, .folder = g->folder,
					.max_bytes = (uint64_t)64 << 20, .uuid = SPOOL_RIG_UUID,
					.classes = &spool_rig_classes, .changed = on_changed,
					.user = g };
	*state = g;
	return g->loop ? 0 : -1;
}

int spool_rig_teardown(void **state)
{
	struct spool_rig *g = *state;

	spool_close(g->spool);
	loop_free(g->loop);
	temp_folder_remove(g->folder);
	free(g);
	return 0;
}

void spool_rig_open(struct spool_rig *g)
{
	g->spool = spool_open(&g->cfg, &g->e);
	if (!g->spool)
		print_message("%s\n", g->e.text);
	assert_non_null(g->spool);
	spool_set_instance(g->spool, SPOOL_RIG_INSTANCE);
}

void spool_rig_close(struct spool_rig *g)
{
	spool_close(g->spool);
	g->spool = NULL;
}

void spool_rig_crash(struct spool_rig *g)
{
	char before[sizeof(g->folder)];

	memcpy(before, g->folder, sizeof(before));
	temp_folder_make(g->folder, sizeof(g->folder));
	temp_folder_copy(before, g->folder);
	spool_rig_close(g);
	temp_folder_remove(before);
}

void spool_rig_settle(struct spool_rig *g)
{
	g->clock.hold = true;
	do {
		loop_step(g->loop, spool_busy(g->spool) ? SECOND_NS : 0);
	} while (spool_busy(g->spool));
	g->clock.hold = false;
}

void spool_rig_pass(struct spool_rig *g, uint64_t ms)
{
	uint64_t until = g->clock.now_ns + ms * MS_NS;

	spool_rig_settle(g);
	while (g->clock.now_ns < until) {
		loop_step(g->loop, until - g->clock.now_ns);
		spool_rig_settle(g);
	}
}

/* --- records --- */

static enum record_class class_of(const struct msg_packet *p, uint64_t *key)
{
	*key = 0;
	return (enum record_class)(p->dlt % RECORD_WORDS);
}

const struct record_classifier spool_rig_classes = {
	.class_of = class_of,
	.names = { "data", "beacons", "management" },
};

static struct text text_in(uint8_t *bytes, size_t size, uint32_t number)
{
	int len = snprintf((char *)bytes, size, "record %lu", (unsigned long)number);

	return (struct text){ (char *)bytes, (size_t)len };
}

void spool_rig_record(uint32_t number, struct record *out, uint8_t *bytes, size_t size)
{
	struct prng p = { number };
	struct msg_packet packet = { .has_time = true, .time_us = SPOOL_RIG_TIME + number };
	uint32_t kind = prng_below(&p, 10);

	memset(out, 0, sizeof(*out));
	out->number = number;
	packet.dlt = prng_below(&p, 100);
	packet.len = prng_below(&p, kind == 9 ? 2000 : 200);
	packet.orig_len = packet.len + prng_below(&p, 2) * 100;
	packet.data = bytes;
	assert_true(packet.len <= size);
	if (kind == 0) {
		out->kind = RECORD_MESSAGE;
		out->message = (struct msg_message){ .class = MSG_CLASS_INFO,
						     .text = text_in(bytes, size, number) };
		return;
	}
	prng_fill(&p, bytes, packet.len);
	out->kind = kind < 3 ? RECORD_DATA : RECORD_PACKET;
	if (out->kind == RECORD_PACKET) {
		out->packet = packet;
		return;
	}
	out->data.packet = packet;
	out->data.has_signal = true;
	out->data.signal = (struct msg_signal){ .has_signal_dbm = true, .signal_dbm = -50 };
}

bool spool_rig_append(struct spool_rig *g)
{
	uint8_t bytes[2000];
	struct record r;

	spool_rig_record(g->next_number, &r, bytes, sizeof(bytes));
	if (!spool_append(g->spool, &r))
		return false;
	g->next_number++;
	return true;
}

void spool_rig_append_n(struct spool_rig *g, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!spool_rig_append(g)) {
			spool_rig_settle(g);
			assert_true(spool_rig_append(g));
		}
	}
}

static void check_packet(const struct msg_packet *a, const struct msg_packet *b)
{
	assert_int_equal(a->dlt, b->dlt);
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->orig_len, b->orig_len);
	assert_int_equal(a->has_time, b->has_time);
	assert_true(a->time_us == b->time_us);
	assert_memory_equal(a->data, b->data, a->len);
}

static void check_record(const struct record *r)
{
	uint8_t bytes[2000];
	struct record expected;

	spool_rig_record(r->number, &expected, bytes, sizeof(bytes));
	assert_int_equal(r->kind, expected.kind);
	if (r->kind == RECORD_PACKET) {
		check_packet(&r->packet, &expected.packet);
	} else if (r->kind == RECORD_DATA) {
		check_packet(&r->data.packet, &expected.data.packet);
		assert_true(r->data.has_signal);
		assert_int_equal(r->data.signal.signal_dbm, -50);
	} else {
		assert_int_equal(r->message.class, MSG_CLASS_INFO);
		assert_true(text_equal(r->message.text, expected.message.text));
	}
}

bool spool_rig_take(struct spool_rig *g)
{
	struct record r, again;

	if (!spool_peek(g->spool, &r))
		return false;
	assert_true(spool_peek(g->spool, &again));
	assert_int_equal(again.number, r.number);
	if (g->may_skip)
		assert_true((int32_t)(r.number - g->expected) >= 0);
	else
		assert_int_equal(r.number, g->expected);
	check_record(&r);
	spool_take(g->spool);
	g->expected = r.number + 1;
	g->taken++;
	return true;
}

void spool_rig_take_all(struct spool_rig *g)
{
	while (!spool_all_taken(g->spool)) {
		if (!spool_rig_take(g))
			spool_rig_settle(g);
	}
	assert_false(spool_rig_take(g));
}

/* --- what there is --- */

static uint64_t sum(const uint64_t counts[RECORD_CLASSES])
{
	uint64_t n = 0;

	for (int i = 0; i < RECORD_CLASSES; i++)
		n += counts[i];
	return n;
}

struct spool_stats spool_rig_stats(struct spool_rig *g)
{
	struct spool_stats s;

	spool_get_stats(g->spool, &s);
	assert_int_equal(s.appended + s.recovered,
			 s.released + sum(s.full) + sum(s.failed) + s.waiting);
	assert_int_equal(s.waiting, s.taken + s.untaken);
	assert_true(s.waiting <= s.appended + s.recovered);
	if (spool_all_taken(g->spool))
		assert_int_equal(s.untaken, 0);
	else
		assert_true(s.untaken > 0);
	return s;
}

uint64_t spool_rig_disk_bytes(const struct spool_rig *g)
{
	DIR *dir = opendir(g->folder);
	struct dirent *entry;
	uint64_t n = 0;
	char path[600];
	struct stat st;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", g->folder, entry->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			n += (uint64_t)st.st_size;
	}
	closedir(dir);
	return n;
}

static int is_segment(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 6 && strcmp(entry->d_name + len - 6, ".spool") == 0;
}

void spool_rig_segment(const struct spool_rig *g, int n, char *path, size_t size)
{
	struct dirent **names;
	int found = scandir(g->folder, &names, is_segment, alphasort);

	if (n < 0)
		n += found;
	assert_in_range(n, 0, found - 1);
	snprintf(path, size, "%s/%s", g->folder, names[n]->d_name);
	for (int i = 0; i < found; i++)
		free(names[i]);
	free(names);
}
