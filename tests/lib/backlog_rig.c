/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backlog with a queue, a spool and a server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/backlog_rig.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/temp_folder.h"

#define UUID "DEADBEEF-0000-0000-0000-0123456789AB"
#define PACKET_BYTES 200

static void on_room(void *user)
{
	((struct backlog_rig *)user)->rooms++;
}

static void on_records(void *user)
{
	(void)user;
}

static void on_changed(void *user)
{
	struct backlog_rig *g = user;

	if (g->backlog)
		backlog_spool_changed(g->backlog);
}

/* The session begins anew; all that the queue had was confirmed. */
static void on_instance(void *user, uint64_t instance)
{
	struct backlog_rig *g = user;

	assert_true(queue_empty(g->queue));
	g->announced = instance;
	g->announcements++;
	backlog_set_streaming(g->backlog, false);
	backlog_set_streaming(g->backlog, true);
}

/* --- making it --- */

void backlog_rig_begin(struct backlog_rig *g, enum queue_full policy, uint64_t spool_bytes,
		       unsigned per_s)
{
	struct spool_config spool = { .loop = g->loop, .folder = g->folder, .uuid = UUID,
				      .max_bytes = spool_bytes, .changed = on_changed, .user = g };
	struct backlog_config cfg = { .loop = g->loop, .drain_per_s = per_s,
				      .records = on_records, .room = on_room,
				      .instance = on_instance, .own_instance = ++g->runs,
				      .user = g };
	struct err e;

	g->queue = queue_new(QUEUE_MIN_BYTES, policy, &e);
	g->spool = NULL;
	if (spool_bytes > 0) {
		g->spool = spool_open(&spool, &e);
		assert_non_null(g->spool);
		spool_set_instance(g->spool, g->runs);
	}
	cfg.queue = g->queue;
	cfg.spool = g->spool;
	g->backlog = backlog_new(&cfg, &e);
	assert_non_null(g->backlog);
	g->announced = backlog_announced(g->backlog);
	g->announcements = 0;
}

void backlog_rig_end(struct backlog_rig *g)
{
	backlog_free(g->backlog);
	queue_free(g->queue);
	g->backlog = NULL;
}

int backlog_rig_setup(void **state)
{
	struct backlog_rig *g = calloc(1, sizeof(*g));
	struct loop_clock clock = fake_clock_make(&g->clock);
	struct err e;

	g->clock.now_ns = 1000 * SECOND_NS;
	g->loop = g->clock.loop = loop_new(&clock, &e);
	temp_folder_make(g->folder, sizeof(g->folder));
	*state = g;
	return 0;
}

int backlog_rig_teardown(void **state)
{
	struct backlog_rig *g = *state;

	if (g->backlog)
		backlog_rig_end(g);
	loop_free(g->loop);
	temp_folder_remove(g->folder);
	free(g);
	return 0;
}

/* --- the sums --- */

struct backlog_stats backlog_rig_sums(struct backlog_rig *g)
{
	struct backlog_stats s;

	backlog_get_stats(g->backlog, &s);
	assert_int_equal(s.captured + s.recovered, s.delivered + s.unconfirmed + s.in_memory +
			 s.on_disk + backlog_lost(&s));
	return s;
}

/* --- the world --- */

/* The worker's jobs are done, at the time that it is now. */
void backlog_rig_settle(struct backlog_rig *g)
{
	g->clock.hold = true;
	for (int quiet = 0; quiet < 3;) {
		bool busy = g->spool && spool_busy(g->spool);

		loop_step(g->loop, busy ? SECOND_NS / 100 : 0);
		quiet = busy ? 0 : quiet + 1;
	}
	g->clock.hold = false;
}

void backlog_rig_pass(struct backlog_rig *g, uint64_t ns)
{
	uint64_t until = g->clock.now_ns + ns;

	backlog_rig_settle(g);
	while (g->clock.now_ns < until) {
		uint64_t left = until - g->clock.now_ns;

		loop_step(g->loop, left < SECOND_NS / 50 ? left : SECOND_NS / 50);
		backlog_rig_settle(g);
	}
}

int backlog_rig_push(struct backlog_rig *g, uint32_t n)
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
uint32_t backlog_rig_take(struct backlog_rig *g, uint32_t n)
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
		if (g->last_instance == g->announced)
			assert_true((int32_t)(number - g->last_number) > 0);
		g->last_instance = g->announced;
		g->last_number = number;
		g->taken_id = id;
		g->n_taken++;
	}
	return taken;
}

void backlog_rig_confirm(struct backlog_rig *g)
{
	queue_release(g->queue, queue_mark(g->queue));
	backlog_released(g->backlog);
}

void backlog_rig_take_all(struct backlog_rig *g)
{
	for (int quiet = 0; quiet < 3;) {
		uint32_t n = backlog_rig_take(g, 100000);

		backlog_rig_confirm(g);
		backlog_rig_pass(g, SECOND_NS / 10);
		quiet = n > 0 || !backlog_empty(g->backlog) ? 0 : quiet + 1;
	}
}
