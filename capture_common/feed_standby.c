/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source on its way to one server: capturing while no server is there. With a disk to write to,
 * a sensor that starts in an outage, or whose source fails in one, need not wait for the server to
 * have it opened: what the server would do is done here, until it comes (solo.h). */
#include "capture_common/feed_int.h"
#include "capture_common/log.h"

#define SECOND_NS ((uint64_t)1000000000)
/* A server that is there asks sooner. */
#define STANDBY_AFTER_NS (10 * SECOND_NS)

static void on_due(void *user);

static void look_again(struct feed *f)
{
	loop_timer_set(f->cfg.loop, &f->standby_timer, loop_now_ns(f->cfg.loop) + STANDBY_AFTER_NS,
		       on_due, f);
}

static void on_due(void *user)
{
	struct feed *f = user;
	struct err e;

	feed_enter(f);
	if (f->over || f->ending || f->solo || session_streaming(f->session) ||
	    runner_is_started(f->runner)) {
		feed_leave(f);
		return;
	}
	log_info("capturing without the server until it comes");
	if (feed_solo_start(f, true, &e) < 0) {
		log_error("%s", e.text);
		look_again(f);
	}
	feed_leave(f);
}

void feed_standby_watch(struct feed *f)
{
	const struct capture_options *o = f->cfg.options;

	if (!f->remote || f->over || f->ending || (!f->spool && !o->record.path))
		return;
	if (!f->solo && !loop_timer_armed(&f->standby_timer))
		look_again(f);
}

/* The source stays open: the server finds it so. */
void feed_standby_end(struct feed *f)
{
	loop_timer_cancel(f->cfg.loop, &f->standby_timer);
	if (!f->remote || !f->solo)
		return;
	solo_free(f->solo);
	f->solo = NULL;
	/* An opening that is under way answers nobody. */
	requests_session_over(f->requests);
}

/* It could not be opened in earnest, or is at its end: the server will hear of it. */
static void standby_over(struct feed *f, const struct err *e)
{
	if (e)
		log_error("%s", e->text);
	solo_free(f->solo);
	f->solo = NULL;
	if (e)
		feed_close_source(f);
	if (runner_lost(f->runner))
		feed_finished(f, e ? err_exit_status(e) : 0);
}

/* The program has nothing else to show. */
static int status_of_recording(struct feed *f)
{
	struct source_stats stats;

	runner_finish(f->runner);
	runner_get_stats(f->runner, &stats);
	return stats.recorded.broken ? 74 : 0;
}

void feed_on_solo_over(void *user, const struct err *e)
{
	struct feed *f = user;

	feed_enter(f);
	if (f->remote)
		standby_over(f, e);
	else if (e)
		feed_finished_with(f, e);
	else
		feed_finished(f, status_of_recording(f));
	feed_leave(f);
}
