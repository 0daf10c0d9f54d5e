/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records wait for the server: out of the spool, at a rate that servers can take. */
#include <errno.h>

#include "capture_common/backlog_int.h"

#define MS_NS ((uint64_t)1000000)
#define SECOND_NS ((uint64_t)1000000000)
/* While draining, records are let out so often. */
#define DRAIN_EVERY_NS (20 * MS_NS)
/* No burst is longer than what this time allows. */
#define DRAIN_BURST_NS (100 * MS_NS)

static void drain(struct backlog *b);

static void on_drain(void *user)
{
	drain(user);
}

void backlog_drain_soon(struct backlog *b)
{
	if (b->spooling && b->streaming)
		loop_post(b->cfg.loop, &b->drain_post, on_drain, b);
}

static void end_spooling(struct backlog *b)
{
	b->spooling = false;
	backlog_settle_policy(b);
	loop_timer_cancel(b->cfg.loop, &b->drain_timer);
	queue_number_from(b->cfg.queue, b->last_number + 1);
}

/* Captured in a second, lately. */
static uint64_t live_rate(const struct backlog *b)
{
	uint64_t age_ns = loop_now_ns(b->cfg.loop) - b->second_ns;

	if (age_ns >= 2 * SECOND_NS)
		return 0;
	return age_ns >= SECOND_NS || b->live > b->live_before ? b->live : b->live_before;
}

/* Records a second; 0: no limit. */
static double drain_rate(const struct backlog *b)
{
	uint64_t twice = 2 * live_rate(b);

	if (b->cfg.drain_per_s == 0)
		return 0;
	return (double)(twice > b->cfg.drain_per_s ? twice : b->cfg.drain_per_s);
}

/* Adds what the time that has passed allows. */
static void reckon(struct backlog *b)
{
	uint64_t now = loop_now_ns(b->cfg.loop);
	uint64_t passed = now - b->drained_ns;
	double rate = drain_rate(b), burst = rate * DRAIN_BURST_NS / SECOND_NS;

	if (burst < 1)
		burst = 1;
	if (passed > DRAIN_BURST_NS)
		passed = DRAIN_BURST_NS;
	b->drained_ns = now;
	b->allowance += rate * (double)passed / (double)SECOND_NS;
	if (b->allowance > burst)
		b->allowance = burst;
}

/* Takes the record into the queue. False: there is no room for it. */
static bool load(struct backlog *b, const struct record *r)
{
	int rc = queue_push_numbered(b->cfg.queue, r);

	if (rc == -EAGAIN)
		return false;
	if (rc == -EMSGSIZE)
		b->loaded_too_long++;
	else if (rc < 0)		/* a number that was there before */
		b->out_of_order++;
	else
		b->loaded++;
	spool_take(b->cfg.spool);
	b->allowance--;
	return true;
}

/* Records of another run have its instance, which is announced for a connection: those that the
 * queue has are confirmed first, then the session begins anew. */
static void change_instance(struct backlog *b, uint64_t instance)
{
	if (!queue_empty(b->cfg.queue))
		return;			/* backlog_released() comes back to it */
	b->announced = instance;
	b->cfg.instance(b->cfg.user, instance);
}

static void load_records(struct backlog *b)
{
	struct spool *s = b->cfg.spool;
	bool limited = b->cfg.drain_per_s > 0;
	struct record r;

	while ((!limited || b->allowance >= 1) && spool_peek(s, &r)) {
		if (spool_peeked_instance(s) != b->announced) {
			change_instance(b, spool_peeked_instance(s));
			return;
		}
		if (!load(b, &r))
			return;
	}
	if (!spool_all_taken(s)) {
		if (limited && b->allowance < 1)
			loop_timer_set(b->cfg.loop, &b->drain_timer,
				       loop_now_ns(b->cfg.loop) + DRAIN_EVERY_NS, on_drain, b);
	} else if (b->announced != b->cfg.own_instance) {
		change_instance(b, b->cfg.own_instance);
	} else {
		end_spooling(b);
	}
}

/* Fills the queue as far as rate and room allow. */
static void drain(struct backlog *b)
{
	uint64_t before = b->loaded;

	if (!b->spooling || !b->streaming)
		return;
	reckon(b);
	load_records(b);
	if (b->loaded != before)
		b->cfg.records(b->cfg.user);
	if (spool_all_taken(b->cfg.spool))
		b->cfg.room(b->cfg.user);
}

void backlog_count_live(struct backlog *b)
{
	uint64_t now = loop_now_ns(b->cfg.loop);

	if (now - b->second_ns >= SECOND_NS) {
		b->live_before = now - b->second_ns < 2 * SECOND_NS ? b->live : 0;
		b->live = 0;
		b->second_ns = now;
	}
	b->live++;
}

void backlog_retreat(struct backlog *b)
{
	struct spool_stats stats;
	struct record r;

	spool_get_stats(b->cfg.spool, &stats);
	if (!b->spooling || stats.untaken_segments > 0 || b->announced != b->cfg.own_instance)
		return;
	queue_set_policy(b->cfg.queue, b->policy);
	while (spool_peek(b->cfg.spool, &r)) {
		if (!load(b, &r))
			break;
	}
	backlog_settle_policy(b);
	if (spool_all_taken(b->cfg.spool))
		end_spooling(b);
}
