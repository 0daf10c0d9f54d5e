/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source without a server: opened, tuned and opened again. */
#include "capture_common/solo.h"

#include <errno.h>
#include <stdlib.h>

#include "capture_common/backoff.h"
#include "capture_common/configure_plan.h"
#include "capture_common/log.h"
#include "capture_common/random.h"

#define SECOND_NS ((uint64_t)1000000000)
#define DEFAULT_RATE_HPS 5.0		/* as servers have it */
/* One that worked for so long had no trouble of its own: the next wait is short again. */
#define GOOD_RUN_NS (30 * SECOND_NS)
/* How often to look whether anybody reads the recording. */
#define LOOK_NS SECOND_NS

struct solo {
	struct solo_config cfg;
	struct loop_timer open_timer, look_timer;
	struct loop_post end_post;
	unsigned attempt;
	uint64_t opened_ns;		/* 0: not open */
	bool ended;
	struct err why;			/* code ERR_NONE: it ended well */
};

struct solo *solo_new(const struct solo_config *cfg, struct err *e)
{
	struct solo *s = calloc(1, sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "source");
		return NULL;
	}
	s->cfg = *cfg;
	return s;
}

void solo_free(struct solo *s)
{
	if (!s)
		return;
	loop_timer_cancel(s->cfg.loop, &s->open_timer);
	loop_timer_cancel(s->cfg.loop, &s->look_timer);
	loop_unpost(s->cfg.loop, &s->end_post);
	free(s);
}

/* --- the end --- */

static void on_end(void *user)
{
	struct solo *s = user;

	s->cfg.over(s->cfg.user, s->why.code == ERR_NONE ? NULL : &s->why);
}

static void end(struct solo *s, const struct err *e)
{
	if (s->ended)
		return;
	s->ended = true;
	s->why = e ? *e : (struct err){ .code = ERR_NONE };
	loop_timer_cancel(s->cfg.loop, &s->open_timer);
	loop_timer_cancel(s->cfg.loop, &s->look_timer);
	loop_post(s->cfg.loop, &s->end_post, on_end, s);
}

static bool recording_is_over(const struct solo *s)
{
	struct source_stats stats;

	runner_get_stats(s->cfg.runner, &stats);
	return stats.recorded.over;
}

static void on_look(void *user)
{
	struct solo *s = user;

	if (recording_is_over(s))
		end(s, NULL);
	else
		loop_timer_set(s->cfg.loop, &s->look_timer, loop_now_ns(s->cfg.loop) + LOOK_NS,
			       on_look, s);
}

/* --- tuning --- */

static int plan_hopping(const struct solo *s, struct configure_plan *plan)
{
	const struct strlist *channels = &runner_info(s->cfg.runner)->channels;
	struct text *reported = calloc(channels->n + 1, sizeof(*reported));
	struct srcdef def = { 0 };
	int rc = reported ? srcdef_parse(&def, text_of(s->cfg.definition)) : -ENOMEM;

	for (size_t i = 0; reported && i < channels->n; i++)
		reported[i] = text_of(channels->items[i]);
	if (rc == 0)
		rc = configure_plan_make(plan, &def, (struct text_list){ reported, channels->n },
					 DEFAULT_RATE_HPS);
	srcdef_free(&def);
	free(reported);
	return rc;
}

/* Says what a server with this one source would say. */
static void tune(struct solo *s)
{
	struct configure_plan plan = { .channels = STRLIST_INIT };
	struct msg m = { .type = MSG_CONFIGURE };
	struct text *items;

	if (!requests_hopper(s->cfg.requests))
		return;
	if (plan_hopping(s, &plan) < 0) {
		log_warn("not hopping: out of memory");
		return;
	}
	if (plan.problem[0])
		log_warn("source definition: %s", plan.problem);
	items = calloc(plan.channels.n + 1, sizeof(*items));
	if (items && configure_plan_message(&plan, 0, 1, items, &m.configure))
		requests_handle(s->cfg.requests, NULL, &m);
	free(items);
	configure_plan_free(&plan);
}

/* --- opening --- */

static void on_open_due(void *user);

static void now_open(struct solo *s)
{
	s->opened_ns = loop_now_ns(s->cfg.loop);
	tune(s);
}

/* Whether another attempt can do better. */
static bool worth_another_try(const struct solo *s, const struct err *e)
{
	return s->cfg.retry && e->code != ERR_USAGE && e->code != ERR_GONE &&
	       !runner_lost(s->cfg.runner);
}

static void failed(struct solo *s, const struct err *e)
{
	uint64_t now = loop_now_ns(s->cfg.loop);

	if (s->ended)
		return;
	if (!worth_another_try(s, e)) {
		end(s, e);
		return;
	}
	if (s->opened_ns && now - s->opened_ns >= GOOD_RUN_NS)
		s->attempt = 0;
	s->opened_ns = 0;
	uint32_t wait_ms = backoff_delay_ms(&backoff_refusal, s->attempt++,
					    (uint32_t)random_u64());

	log_error("%s; opening it again in %u s", e->text, wait_ms / 1000);
	loop_timer_set(s->cfg.loop, &s->open_timer, now + (uint64_t)wait_ms * 1000000, on_open_due,
		       s);
}

static void on_open_due(void *user)
{
	struct solo *s = user;
	struct msg m = { .type = MSG_OPEN, .definition = text_of(s->cfg.definition) };
	struct err e;

	/* One that has failed is still open. */
	requests_source_closing(s->cfg.requests);
	runner_close(s->cfg.runner);
	requests_handle(s->cfg.requests, NULL, &m);
	if (requests_take_failure(s->cfg.requests, &e))
		failed(s, &e);
	else if (runner_is_open(s->cfg.runner))
		now_open(s);
	/* Else it is being opened: solo_opened() follows. */
}

void solo_start(struct solo *s)
{
	uint64_t now = loop_now_ns(s->cfg.loop);

	loop_timer_set(s->cfg.loop, &s->open_timer, now, on_open_due, s);
	loop_timer_set(s->cfg.loop, &s->look_timer, now + LOOK_NS, on_look, s);
}

void solo_opened(struct solo *s, const struct err *e)
{
	requests_take_failure(s->cfg.requests, NULL);
	if (e)
		failed(s, e);
	else
		now_open(s);
}

void solo_source_ended(struct solo *s, const struct err *e)
{
	if (e)
		failed(s, e);
	else
		end(s, NULL);		/* nobody is there to stay connected to */
}
