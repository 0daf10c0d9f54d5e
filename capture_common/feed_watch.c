/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source on its way to one server: what was lost, and the accounts. */
#include <inttypes.h>

#include "capture_common/feed_int.h"
#include "capture_common/log.h"

#define MS_NS ((uint64_t)1000000)

/* --- losses --- */

static void look(void *user);

static void look_again(struct feed *f)
{
	loop_timer_set(f->cfg.loop, &f->gap_timer,
		       loop_now_ns(f->cfg.loop) + GAP_LOOK_MS * MS_NS, look, f);
}

static bool look_for_gap(struct feed *f, char *text, size_t size)
{
	struct backlog_stats counts;
	struct source_stats source;

	backlog_get_stats(f->backlog, &counts);
	runner_get_stats(f->runner, &source);
	f->more_captured = counts.captured != f->captured_seen;
	f->captured_seen = counts.captured;
	return gap_look(&f->gap, loop_now_ns(f->cfg.loop), &counts, &source,
			f->cfg.tool->classes, text, size);
}

/* Goes on for as long as something is captured or lost; a source that is quiet wakes nobody. */
static void look(void *user)
{
	struct feed *f = user;
	char text[400];

	feed_enter(f);
	if (look_for_gap(f, text, sizeof(text))) {
		f->gaps++;
		capture_message(runner_capture(f->runner), MSG_CLASS_ALERT, "%s", text);
		session_records(f->session);
	}
	feed_leave(f);
	if (f->gap.open || f->more_captured)
		look_again(f);
}

void feed_watch_records(struct feed *f)
{
	if (!loop_timer_armed(&f->gap_timer))
		look_again(f);
}

void feed_watch_stop(struct feed *f)
{
	loop_timer_cancel(f->cfg.loop, &f->gap_timer);
}

void feed_watch_disk(struct feed *f)
{
	struct backlog_stats counts;

	backlog_get_stats(f->backlog, &counts);
	if (counts.disk_broken == f->disk_broken)
		return;
	f->disk_broken = counts.disk_broken;
	feed_enter(f);
	if (counts.disk_broken)
		capture_message(runner_capture(f->runner), MSG_CLASS_ERROR, "--spool: %s",
				spool_problem(f->spool));
	else
		capture_message(runner_capture(f->runner), MSG_CLASS_INFO,
				"--spool: the disk takes records again");
	session_records(f->session);
	feed_leave(f);
}

void feed_on_spool_changed(void *user)
{
	struct feed *f = user;

	if (!f->backlog)
		return;
	backlog_spool_changed(f->backlog);
	feed_watch_disk(f);
}

/* --- accounts --- */

void feed_get_account(const struct feed *f, struct account *out)
{
	const struct hopper *h = requests_hopper(f->requests);

	*out = (struct account){ .messages_dropped = runner_capture(f->runner)->messages_dropped,
				 .gaps = f->gaps, .connected = feed_connected(f),
				 .solo = capture_options_solo(f->cfg.options) };
	backlog_get_stats(f->backlog, &out->backlog);
	queue_get_stats(f->queue, &out->queue);
	session_get_stats(f->session, &out->session);
	runner_get_stats(f->runner, &out->source);
	out->queue_used = queue_used_bytes(f->queue);
	out->queue_size = queue_size_bytes(f->queue);
	out->hopper = f->hopped;
	if (h)
		hopper_get_stats(h, &out->hopper);
}

void feed_log_account(const struct feed *f)
{
	struct account account;
	char text[800];

	feed_enter(f);
	feed_get_account(f, &account);
	account_print(&account, f->cfg.tool->classes, text, sizeof(text));
	log_info("%s", text);
	feed_leave(f);
}

void feed_log_last_account(struct feed *f)
{
	uint64_t waiting;
	char text[400];

	feed_enter(f);
	feed_close_source(f);
	runner_finish(f->runner);
	waiting = backlog_finish(f->backlog);
	if (look_for_gap(f, text, sizeof(text)))
		log_warn("%s", text);
	if (gap_last_words(&f->gap, loop_now_ns(f->cfg.loop), f->cfg.tool->classes, text,
			   sizeof(text)))
		log_warn("%s", text);
	if (waiting > 0)
		log_warn("%" PRIu64 " records that were still waiting in memory are lost with the "
			 "end of this program%s", waiting, f->spool ? "" : "; --spool keeps them");
	feed_leave(f);
	if (f->cfg.definition || f->captured_seen > 0)
		feed_log_account(f);
}
