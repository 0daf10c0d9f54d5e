/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps of the wall clock: its distance from a clock that nobody sets. */
#include "capture_common/clock_step.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "capture_common/clock_alarm.h"

#define SECOND_NS ((uint64_t)1000000000)

/* It also goes on while the machine sleeps, when the wall clock is set for that. */
#ifdef CLOCK_BOOTTIME
#define STEADY_CLOCK CLOCK_BOOTTIME
#else
#define STEADY_CLOCK CLOCK_MONOTONIC
#endif

struct clock_step {
	struct clock_step_config cfg;
	int64_t distance_us;		/* of real from monotonic time, known to everybody */
	uint64_t steps;
	int alarm;			/* -1: the clocks are looked at every second */
	struct loop_watch watch;
	struct loop_timer timer;
};

static uint64_t read_us(clockid_t id)
{
	struct timespec t = { 0, 0 };

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void system_now(void *user, uint64_t *real_us, uint64_t *monotonic_us)
{
	(void)user;
	*monotonic_us = read_us(STEADY_CLOCK);
	*real_us = read_us(CLOCK_REALTIME);
}

/* Returns by how much the clock was set since that was told of. */
static int64_t difference(const struct clock_step *c, uint64_t *real_us)
{
	uint64_t monotonic_us;

	c->cfg.now(c->cfg.user, real_us, &monotonic_us);
	return (int64_t)(*real_us - monotonic_us) - c->distance_us;
}

static bool is_step(int64_t delta_us)
{
	return delta_us >= CLOCK_STEP_MIN_US || delta_us <= -CLOCK_STEP_MIN_US;
}

static void look_in(struct clock_step *c, void (*fn)(void *user))
{
	loop_timer_set(c->cfg.loop, &c->timer, loop_now_ns(c->cfg.loop) + SECOND_NS, fn, c);
}

static void on_second(void *user);

/* A second after the step, or after the last one of several. */
static void on_settled(void *user)
{
	struct clock_step *c = user;
	uint64_t real_us;
	int64_t delta_us = difference(c, &real_us);

	c->distance_us += delta_us;
	if (c->alarm < 0)
		look_in(c, on_second);
	if (!is_step(delta_us))
		return;		/* it was set back */
	c->steps++;
	c->cfg.stepped(c->cfg.user, delta_us, real_us);
}

static void look(struct clock_step *c)
{
	uint64_t real_us;
	int64_t delta_us = difference(c, &real_us);

	if (is_step(delta_us)) {
		look_in(c, on_settled);
		return;
	}
	/* What is set little by little never becomes a step, unless one is about to be told. */
	if (loop_timer_armed(&c->timer))
		return;
	c->distance_us += delta_us;
	if (c->alarm < 0)
		look_in(c, on_second);
}

static void on_second(void *user)
{
	look(user);
}

static void drop_alarm(struct clock_step *c)
{
	if (c->alarm < 0)
		return;
	loop_unwatch(c->cfg.loop, &c->watch);
	close(c->alarm);
	c->alarm = -1;
}

static void on_alarm(void *user, unsigned events)
{
	struct clock_step *c = user;

	(void)events;
	if (!clock_alarm_again(c->alarm))
		drop_alarm(c);
	look(c);
}

struct clock_step *clock_step_new(const struct clock_step_config *cfg, struct err *e)
{
	struct clock_step *c = calloc(1, sizeof(*c));
	uint64_t real_us;

	if (!c) {
		err_sys(e, ENOMEM, "clock");
		return NULL;
	}
	c->cfg = *cfg;
	c->watch = (struct loop_watch)LOOP_WATCH_INIT;
	c->alarm = cfg->now ? -1 : clock_alarm_open();
	if (!cfg->now)
		c->cfg.now = system_now;
	c->distance_us = difference(c, &real_us);
	if (c->alarm >= 0 && loop_watch(cfg->loop, &c->watch, c->alarm, LOOP_READ, on_alarm, c,
					e) < 0) {
		close(c->alarm);
		c->alarm = -1;
	}
	if (c->alarm < 0)
		look_in(c, on_second);
	return c;
}

void clock_step_free(struct clock_step *c)
{
	if (!c)
		return;
	drop_alarm(c);
	loop_timer_cancel(c->cfg.loop, &c->timer);
	free(c);
}

uint64_t clock_steps(const struct clock_step *c)
{
	return c->steps;
}
