/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records wait for the server: the queue, and the way into the spool behind it. */
#include "capture_common/backlog.h"

#include <errno.h>
#include <stdlib.h>

#include "capture_common/backlog_int.h"

#define MS_NS ((uint64_t)1000000)

/* --- into the spool --- */

static bool disk_is_broken(const struct backlog *b)
{
	struct spool_stats stats;

	spool_get_stats(b->cfg.spool, &stats);
	return stats.broken;
}

static void on_away(void *user);

static void look_after_a_while(struct backlog *b)
{
	loop_timer_set(b->cfg.loop, &b->away_timer,
		       loop_now_ns(b->cfg.loop) + BACKLOG_SPOOL_AFTER_MS * MS_NS, on_away, b);
}

/* Long after the last time, its numbers say nothing any more. */
static void forget_old_numbers(struct backlog *b)
{
	struct spool_stats stats;

	spool_get_stats(b->cfg.spool, &stats);
	if (b->spooling || stats.waiting > 0)
		return;
	b->last_number = queue_oldest_number(b->cfg.queue) - 1;
	b->first_number = b->last_number + 1;
}

static void begin_spooling(struct backlog *b)
{
	b->writing_down = false;
	b->spooling = true;
	backlog_settle_policy(b);
	/* What was not written down is in memory only; it is older, and leaves before the rest. */
	b->hole_after = b->last_number;
	b->hole_to = b->last_number = queue_newest_number(b->cfg.queue);
	b->drained_ns = loop_now_ns(b->cfg.loop);
	backlog_drain_soon(b);
}

/* Goes on writing down what is in the queue, as far as the spool takes it now. What was written
 * down stays in the queue, so it counts as taken out of the spool. True when all was. */
static bool write_down(struct backlog *b)
{
	struct record r;
	size_t at = 0;

	while (queue_walk(b->cfg.queue, &at, &r)) {
		if (!backlog_later(r.number, b->last_number))
			continue;
		if (spool_can_hold(&r)) {
			if (!spool_append(b->cfg.spool, &r))
				return false;
			spool_skip_to(b->cfg.spool, r.number);
		}
		b->last_number = r.number;
	}
	return true;
}

static void begin_writing_down(struct backlog *b)
{
	forget_old_numbers(b);
	b->writing_down = true;
	if (write_down(b))
		begin_spooling(b);
}

static void note_disk(struct backlog *b)
{
	bool broken = disk_is_broken(b);

	if (broken != b->broken) {
		b->broken = broken;
		backlog_settle_policy(b);
	}
	if (broken)
		backlog_retreat(b);
	else if (!b->streaming && !b->spooling && !loop_timer_armed(&b->away_timer))
		look_after_a_while(b);
}

void backlog_spool_changed(struct backlog *b)
{
	if (!backlog_can_spool(b))
		return;
	note_disk(b);
	if (b->writing_down && !b->broken && write_down(b))
		begin_spooling(b);
	backlog_drain_soon(b);
}

static void count_not_appended(struct backlog *b, const struct record *r)
{
	enum loss why = spool_can_hold(r) ? LOSS_DISK_FAILED : LOSS_TOO_LONG;
	uint64_t key;

	b->not_appended[why][record_class(b->cfg.classes, r, &key)]++;
}

static int append(struct backlog *b, struct record *r)
{
	/* One that is lost leaves a gap, which tells our receiver of it. */
	r->number = ++b->last_number;
	backlog_count_live(b);
	if (spool_append(b->cfg.spool, r))
		b->appended++;
	else
		count_not_appended(b, r);
	return 0;
}

/* What is in memory must be on disk before the memory is full: what comes then goes behind it. */
static void write_down_in_time(struct backlog *b)
{
	if (b->writing_down || b->broken || b->announced != b->cfg.own_instance ||
	    queue_used_bytes(b->cfg.queue) < queue_size_bytes(b->cfg.queue) / 2)
		return;
	begin_writing_down(b);
}

/* What came of pushing it to the queue, where there may be a spool. */
static int pushed(struct backlog *b, struct record *r, int rc)
{
	if (!backlog_can_spool(b))
		return rc;
	if (rc == 0) {
		write_down_in_time(b);
		return 0;
	}
	if (rc != -EAGAIN)
		return rc;
	if (b->broken) {
		count_not_appended(b, r);
		return 0;
	}
	forget_old_numbers(b);
	begin_spooling(b);
	return append(b, r);
}

static void on_away(void *user)
{
	struct backlog *b = user;

	if (!b->spooling && !b->streaming && !b->broken)
		begin_writing_down(b);
}

/* --- for the source --- */

static int packet_not_pushed(struct backlog *b, const struct msg_packet *p, int rc)
{
	struct record r = { .kind = RECORD_PACKET };

	r.packet = *p;
	return b->spooling ? append(b, &r) : pushed(b, &r, rc);
}

/* The packet path with a spool: a struct record takes longer to clear than all of this. */
int backlog_push_packet(struct backlog *b, const struct msg_packet *p)
{
	int rc = b->spooling ? -EAGAIN : queue_push_packet(b->cfg.queue, p);

	if (rc < 0)
		return packet_not_pushed(b, p, rc);
	if (backlog_can_spool(b))
		write_down_in_time(b);
	return 0;
}

int backlog_push_data(struct backlog *b, const struct msg_data *d)
{
	struct record r = { .kind = RECORD_DATA };

	r.data = *d;
	return b->spooling ? append(b, &r) : pushed(b, &r, queue_push_record(b->cfg.queue, &r));
}

int backlog_push_message(struct backlog *b, enum msg_class class, struct text text)
{
	struct record r = { .kind = RECORD_MESSAGE };

	r.message = (struct msg_message){ .class = class, .text = text };
	return b->spooling ? append(b, &r) : pushed(b, &r, queue_push_record(b->cfg.queue, &r));
}

struct queue *backlog_direct(const struct backlog *b)
{
	return b->direct;
}

/* --- for the session --- */

void backlog_set_streaming(struct backlog *b, bool streaming)
{
	b->streaming = streaming;
	if (!backlog_can_spool(b))
		return;
	if (!streaming) {
		/* Told again with each attempt to connect: it is the first one that counts. */
		if (!loop_timer_armed(&b->away_timer))
			look_after_a_while(b);
		return;
	}
	loop_timer_cancel(b->cfg.loop, &b->away_timer);
	b->writing_down = false;
	b->drained_ns = loop_now_ns(b->cfg.loop);
	backlog_drain_soon(b);
}

void backlog_released(struct backlog *b)
{
	if (b->cfg.spool)
		spool_release(b->cfg.spool, queue_oldest_number(b->cfg.queue) - 1);
	if (b->spooling)
		backlog_drain_soon(b);
	else
		b->cfg.room(b->cfg.user);
}

void backlog_shift_times(struct backlog *b, int64_t delta_us, uint64_t new_now_us)
{
	struct queue *q = b->cfg.queue;

	/* An earlier run's records have the time of that run. */
	if (b->announced == b->cfg.own_instance)
		queue_shift_times(q, queue_oldest_number(q), delta_us, new_now_us);
	if (b->cfg.spool)
		spool_shift_times(b->cfg.spool, b->first_number, b->last_number, delta_us,
				  new_now_us);
}

bool backlog_on_disk(const struct backlog *b)
{
	return b->spooling && !spool_all_taken(b->cfg.spool);
}

bool backlog_empty(const struct backlog *b)
{
	return queue_empty(b->cfg.queue) && !backlog_on_disk(b);
}

/* --- begin and end --- */

/* What earlier runs have left comes first, as theirs. */
static void go_on_from_leftover(struct backlog *b)
{
	struct spool_leftover left;

	if (!b->cfg.spool || !spool_leftover(b->cfg.spool, &left))
		return;
	b->announced = left.instance;
	queue_number_from(b->cfg.queue, left.first_number);
	b->last_number = left.last_number;
	b->first_number = b->last_number + 1;
	b->spooling = true;
}

struct backlog *backlog_new(const struct backlog_config *cfg, struct err *e)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (!b) {
		err_sys(e, ENOMEM, "backlog");
		spool_close(cfg->spool);
		return NULL;
	}
	b->cfg = *cfg;
	b->policy = queue_policy(cfg->queue);
	b->last_number = queue_newest_number(cfg->queue);
	b->first_number = b->last_number + 1;
	b->announced = cfg->own_instance;
	go_on_from_leftover(b);
	if (backlog_can_spool(b)) {
		b->broken = disk_is_broken(b);
		backlog_settle_policy(b);
	} else {
		b->direct = cfg->queue;
	}
	backlog_set_streaming(b, false);
	return b;
}

static bool in_hole(const struct backlog *b, uint32_t number)
{
	return backlog_later(number, b->hole_after) && !backlog_later(number, b->hole_to);
}

/* Records that are on no disk. */
static uint64_t only_in_memory(const struct backlog *b)
{
	struct spool_stats stats = { .unwritten = 0 };
	struct record r;
	size_t at = 0;

	if (b->cfg.spool)
		spool_get_stats(b->cfg.spool, &stats);
	uint64_t n = stats.unwritten;

	while (queue_walk(b->cfg.queue, &at, &r)) {
		n += !backlog_can_spool(b) || backlog_later(r.number, b->last_number) ||
		     in_hole(b, r.number) || !spool_can_hold(&r);
	}
	return n;
}

uint64_t backlog_announced(const struct backlog *b)
{
	return b->announced;
}

/* The spool is asked to make room until all is there, or the disk refuses. */
uint64_t backlog_finish(struct backlog *b)
{
	if (backlog_can_spool(b)) {
		if (!b->spooling && b->announced == b->cfg.own_instance) {
			forget_old_numbers(b);
			while (!write_down(b) && spool_flush_now(b->cfg.spool))
				;
		}
		spool_flush_now(b->cfg.spool);
	}
	return only_in_memory(b);
}

void backlog_free(struct backlog *b)
{
	if (!b)
		return;
	backlog_finish(b);
	loop_timer_cancel(b->cfg.loop, &b->away_timer);
	loop_timer_cancel(b->cfg.loop, &b->drain_timer);
	loop_unpost(b->cfg.loop, &b->drain_post);
	spool_close(b->cfg.spool);
	free(b);
}
