/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records wait for the server: the queue, and the spool behind it. */
#include "capture_common/backlog.h"

#include <errno.h>
#include <stdlib.h>

#define MS_NS ((uint64_t)1000000)
#define SECOND_NS ((uint64_t)1000000000)
/* While draining, records are let out so often. */
#define DRAIN_EVERY_NS (20 * MS_NS)
/* No burst is longer than what this time allows. */
#define DRAIN_BURST_NS (100 * MS_NS)
/* A spool holds far fewer records than this. */
#define NUMBERS_BEFORE_LAST ((uint32_t)1 << 30)

struct backlog {
	struct backlog_config cfg;
	enum queue_full policy;		/* the queue's own, for when the disk is broken */
	bool streaming;
	bool writing_down;		/* what is in the queue, before spooling begins */
	bool spooling;			/* what comes goes to the spool */
	uint32_t first_number;		/* of this run: those before are an earlier one's */
	uint32_t last_number;		/* on disk, or meant to be */
	uint32_t hole_after, hole_to;	/* these are not on disk, though spooling has begun */
	struct queue *direct;		/* the queue, if nothing stands between; or NULL */
	struct loop_timer away_timer, drain_timer;
	struct loop_post drain_post;
	double allowance;		/* records that may be taken out of the spool now */
	uint64_t drained_ns;		/* when that was reckoned */
	uint64_t live, live_before;	/* captured in this second, in the one before */
	uint64_t second_ns;		/* when this second began */

	uint64_t appended;		/* straight from the source */
	uint64_t loaded;		/* from the spool into the queue */
	uint64_t loaded_too_long;	/* ... that the queue has refused */
	uint64_t out_of_order;		/* ... that should not have been there */
	uint64_t not_appended[LOSSES][RECORD_CLASSES];
};

static bool later(uint32_t number, uint32_t than)
{
	return (int32_t)(number - than) > 0;
}

/* A source that waits needs no disk: its records wait where they come from. */
static bool can_spool(const struct backlog *b)
{
	return b->cfg.spool && b->policy != QUEUE_WAIT;
}

/* --- out of the spool --- */

static void drain(struct backlog *b);

static void on_drain(void *user)
{
	drain(user);
}

static void drain_soon(struct backlog *b)
{
	if (b->spooling && b->streaming)
		loop_post(b->cfg.loop, &b->drain_post, on_drain, b);
}

static void end_spooling(struct backlog *b)
{
	b->spooling = false;
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
	double rate = drain_rate(b);

	if (passed > DRAIN_BURST_NS)
		passed = DRAIN_BURST_NS;
	b->drained_ns = now;
	b->allowance += rate * (double)passed / (double)SECOND_NS;
	if (b->allowance > rate * DRAIN_BURST_NS / SECOND_NS)
		b->allowance = rate * DRAIN_BURST_NS / SECOND_NS;
	if (b->allowance < 1 && rate > 0 && rate < (double)SECOND_NS / DRAIN_BURST_NS)
		b->allowance = 1;
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

/* Fills the queue as far as rate and room allow. */
static void drain(struct backlog *b)
{
	struct spool *s = b->cfg.spool;
	uint64_t before = b->loaded;
	bool limited = b->cfg.drain_per_s > 0;
	struct record r;

	if (!b->spooling || !b->streaming)
		return;
	reckon(b);
	while ((!limited || b->allowance >= 1) && spool_peek(s, &r)) {
		if (!load(b, &r))
			break;
	}
	if (b->loaded != before)
		b->cfg.records(b->cfg.user);
	if (spool_all_taken(s)) {
		end_spooling(b);
		b->cfg.room(b->cfg.user);
	} else if (limited && b->allowance < 1) {
		loop_timer_set(b->cfg.loop, &b->drain_timer,
			       loop_now_ns(b->cfg.loop) + DRAIN_EVERY_NS, on_drain, b);
	}
}

/* --- into the spool --- */

static bool disk_is_broken(const struct backlog *b)
{
	struct spool_stats stats;

	spool_get_stats(b->cfg.spool, &stats);
	return stats.broken;
}

static void begin_spooling(struct backlog *b)
{
	b->writing_down = false;
	b->spooling = true;
	/* What was not written down is in memory only; it is older, and leaves before the rest. */
	b->hole_after = b->last_number;
	b->hole_to = b->last_number = queue_newest_number(b->cfg.queue);
	b->drained_ns = loop_now_ns(b->cfg.loop);
	drain_soon(b);
}

/* Goes on writing down what is in the queue, as far as the spool takes it now. What was written
 * down stays in the queue, so it counts as taken out of the spool. True when all was. */
static bool write_down(struct backlog *b)
{
	struct record r;
	size_t at = 0;

	while (queue_walk(b->cfg.queue, &at, &r)) {
		if (!later(r.number, b->last_number))
			continue;
		if (!spool_append(b->cfg.spool, &r))
			return false;
		b->last_number = r.number;
		spool_skip_to(b->cfg.spool, r.number);
	}
	return true;
}

void backlog_spool_changed(struct backlog *b)
{
	if (b->writing_down && write_down(b))
		begin_spooling(b);
	drain_soon(b);
}

static void count_not_appended(struct backlog *b, const struct record *r)
{
	enum loss why = disk_is_broken(b) ? LOSS_DISK_FAILED : LOSS_DISK_FULL;
	uint64_t key;

	b->not_appended[why][record_class(b->cfg.classes, r, &key)]++;
}

static void count_live(struct backlog *b)
{
	uint64_t now = loop_now_ns(b->cfg.loop);

	if (now - b->second_ns >= SECOND_NS) {
		b->live_before = now - b->second_ns < 2 * SECOND_NS ? b->live : 0;
		b->live = 0;
		b->second_ns = now;
	}
	b->live++;
}

static int append(struct backlog *b, struct record *r)
{
	/* One that is lost leaves a gap, which tells our receiver of it. */
	r->number = ++b->last_number;
	count_live(b);
	if (spool_append(b->cfg.spool, r))
		b->appended++;
	else
		count_not_appended(b, r);
	return 0;
}

static int push_by_kind(struct queue *q, const struct record *r)
{
	switch (r->kind) {
	case RECORD_PACKET:
		return queue_push_packet(q, &r->packet);
	case RECORD_DATA:
		return queue_push_data(q, &r->data);
	case RECORD_MESSAGE:
		return queue_push_message(q, r->message.class, r->message.text);
	}
	return 0;
}

/* What is in memory must be on disk before the memory is full: what comes then goes behind it. */
static void write_down_in_time(struct backlog *b)
{
	if (b->writing_down || queue_used_bytes(b->cfg.queue) < queue_size_bytes(b->cfg.queue) / 2)
		return;
	if (disk_is_broken(b))
		return;
	b->writing_down = true;
	if (write_down(b))
		begin_spooling(b);
}

/* What the queue has not taken. */
static int push_elsewhere(struct backlog *b, struct record *r, int rc)
{
	if (rc != -EAGAIN || !can_spool(b))
		return rc;
	if (disk_is_broken(b)) {
		queue_set_policy(b->cfg.queue, b->policy);
		rc = push_by_kind(b->cfg.queue, r);
		queue_set_policy(b->cfg.queue, QUEUE_WAIT);
		return rc;
	}
	begin_spooling(b);
	return append(b, r);
}

/* --- for the source --- */

static int push_packet_elsewhere(struct backlog *b, const struct msg_packet *p, int rc)
{
	struct record r = { .kind = RECORD_PACKET };

	r.packet = *p;
	return b->spooling ? append(b, &r) : push_elsewhere(b, &r, rc);
}

/* The packet path with a spool: a struct record takes longer to clear than all of this. */
int backlog_push_packet(struct backlog *b, const struct msg_packet *p)
{
	int rc = b->spooling ? -EAGAIN : queue_push_packet(b->cfg.queue, p);

	if (rc < 0)
		return push_packet_elsewhere(b, p, rc);
	if (can_spool(b))
		write_down_in_time(b);
	return 0;
}

int backlog_push_data(struct backlog *b, const struct msg_data *d)
{
	struct record r = { .kind = RECORD_DATA };
	int rc;

	r.data = *d;
	if (b->spooling)
		return append(b, &r);
	rc = push_by_kind(b->cfg.queue, &r);
	return rc == 0 ? 0 : push_elsewhere(b, &r, rc);
}

int backlog_push_message(struct backlog *b, enum msg_class class, struct text text)
{
	struct record r = { .kind = RECORD_MESSAGE };
	int rc;

	r.message = (struct msg_message){ .class = class, .text = text };
	if (b->spooling)
		return append(b, &r);
	rc = push_by_kind(b->cfg.queue, &r);
	return rc == 0 ? 0 : push_elsewhere(b, &r, rc);
}

struct queue *backlog_direct(const struct backlog *b)
{
	return b->direct;
}

/* --- for the session --- */

static void on_away(void *user);

static void look_after_a_while(struct backlog *b)
{
	loop_timer_set(b->cfg.loop, &b->away_timer,
		       loop_now_ns(b->cfg.loop) + BACKLOG_SPOOL_AFTER_MS * MS_NS, on_away, b);
}

static void on_away(void *user)
{
	struct backlog *b = user;

	if (b->spooling || b->streaming)
		return;
	if (disk_is_broken(b)) {
		look_after_a_while(b);
		return;
	}
	b->writing_down = true;
	if (write_down(b))
		begin_spooling(b);
}

void backlog_set_streaming(struct backlog *b, bool streaming)
{
	b->streaming = streaming;
	if (!can_spool(b))
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
	drain_soon(b);
}

void backlog_released(struct backlog *b)
{
	if (b->cfg.spool)
		spool_release(b->cfg.spool, queue_oldest_number(b->cfg.queue) - 1);
	if (b->spooling)
		drain_soon(b);
	else
		b->cfg.room(b->cfg.user);
}

void backlog_shift_times(struct backlog *b, int64_t delta_us, uint64_t new_now_us)
{
	queue_shift_times(b->cfg.queue, b->first_number, delta_us, new_now_us);
	if (b->cfg.spool)
		spool_shift_times(b->cfg.spool, b->first_number, b->last_number, delta_us);
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

/* What an earlier run has left comes first. */
static void go_on_from_leftover(struct backlog *b)
{
	uint64_t instance;
	uint32_t last;

	if (!b->cfg.spool || !spool_leftover(b->cfg.spool, &instance, &last))
		return;
	queue_number_from(b->cfg.queue, last - NUMBERS_BEFORE_LAST);
	/* What followed the spool's last record may be with the server already, by its number. */
	b->last_number = last + MSG_NUMBERS_PASSED_OVER;
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
	go_on_from_leftover(b);
	if (can_spool(b))
		queue_set_policy(cfg->queue, QUEUE_WAIT);
	else
		b->direct = cfg->queue;
	backlog_set_streaming(b, false);
	return b;
}

/* For the end: the spool is asked to make room until all is there, or the disk refuses. */
static void write_down_all(struct backlog *b)
{
	while (!write_down(b) && !disk_is_broken(b) && spool_flush_now(b->cfg.spool))
		;
}

void backlog_free(struct backlog *b)
{
	if (!b)
		return;
	if (can_spool(b) && !b->spooling)
		write_down_all(b);
	loop_timer_cancel(b->cfg.loop, &b->away_timer);
	loop_timer_cancel(b->cfg.loop, &b->drain_timer);
	loop_unpost(b->cfg.loop, &b->drain_post);
	spool_close(b->cfg.spool);
	free(b);
}

/* --- counting --- */

uint64_t backlog_only_in_memory(const struct backlog *b)
{
	struct record r;
	uint64_t n = 0;
	size_t at = 0;

	while (queue_walk(b->cfg.queue, &at, &r)) {
		if (!can_spool(b) || disk_is_broken(b))
			n++;
		else if (b->spooling)
			n += later(r.number, b->hole_after) && !later(r.number, b->hole_to);
	}
	return n;
}

static void count_spool(const struct backlog *b, struct backlog_stats *out)
{
	struct spool_stats s;

	spool_get_stats(b->cfg.spool, &s);
	out->recovered = s.recovered;
	out->on_disk = s.untaken;
	out->disk_bytes = s.bytes;
	out->disk_broken = s.broken;
	for (int class = 0; class < RECORD_CLASSES; class++) {
		out->lost[LOSS_DISK_FULL][class] += s.full[class];
		out->lost[LOSS_DISK_FAILED][class] += s.failed[class];
	}
}

void backlog_get_stats(const struct backlog *b, struct backlog_stats *out)
{
	struct queue_stats q;

	queue_get_stats(b->cfg.queue, &q);
	*out = (struct backlog_stats){
		.captured = q.pushed - b->loaded + q.refused - b->loaded_too_long + b->appended,
		.delivered = q.released,
		.unconfirmed = q.dropped_sent,
		.in_memory = q.kept,
		.spooling = b->spooling,
	};
	out->lost[LOSS_TOO_LONG][RECORD_PLAIN] = q.refused;
	out->lost[LOSS_DISK_FAILED][RECORD_PLAIN] = b->out_of_order;
	for (int class = 0; class < RECORD_CLASSES; class++) {
		out->lost[LOSS_MEMORY][class] = q.dropped[class];
		for (int why = 0; why < LOSSES; why++) {
			out->lost[why][class] += b->not_appended[why][class];
			out->captured += b->not_appended[why][class];
		}
	}
	if (b->cfg.spool)
		count_spool(b, out);
}

uint64_t backlog_lost(const struct backlog_stats *s)
{
	uint64_t n = 0;

	for (int why = 0; why < LOSSES; why++) {
		for (int class = 0; class < RECORD_CLASSES; class++)
			n += s->lost[why][class];
	}
	return n;
}
