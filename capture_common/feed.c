/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source on its way to one server: what happens. */
#include "capture_common/feed.h"

#include "capture_common/feed_int.h"
#include "capture_common/log.h"

/* --- log lines that say whose they are --- */

void feed_enter(const struct feed *f)
{
	if (f->cfg.tag)
		log_set_tag(f->cfg.tag);
}

void feed_leave(const struct feed *f)
{
	if (f->cfg.tag)
		log_set_tag(NULL);
}

/* --- the end --- */

void feed_close_source(struct feed *f)
{
	const struct hopper *h = requests_hopper(f->requests);

	if (h)
		hopper_get_stats(h, &f->hopped);
	requests_source_closing(f->requests);
	runner_close(f->runner);
}

static void on_close_soon(void *user)
{
	feed_close_source(user);
}

/* The source may be in the middle of being read: it is closed in the next turn. */
void feed_finished(struct feed *f, int status)
{
	if (f->over)
		return;
	f->over = true;
	feed_leave(f);
	loop_post(f->cfg.loop, &f->close_soon, on_close_soon, f);
	f->cfg.over(f->cfg.user, status);
}

void feed_finished_with(struct feed *f, const struct err *e)
{
	log_error("%s", e->text);
	feed_finished(f, err_exit_status(e));
}

void feed_finish(struct feed *f)
{
	if (f->over)
		return;
	if (!session_streaming(f->session)) {
		feed_finished(f, 0);
		return;
	}
	f->ending = true;
	feed_close_source(f);
	/* What is on disk waits for the next start. */
	backlog_set_streaming(f->backlog, false);
	session_finish(f->session);
}

/* All that the source will ever deliver is there: once it is out, the session ends. */
static void finish_when_sent(struct feed *f)
{
	f->finish_wanted = true;
	if (session_streaming(f->session) && !backlog_on_disk(f->backlog))
		session_finish(f->session);
}

/* --- the source --- */

void feed_on_records(void *user)
{
	struct feed *f = user;

	feed_enter(f);
	feed_watch_records(f);
	/* The kernel has gathered them for a moment already. */
	if (f->cfg.process)
		session_batch(f->session);
	else
		session_records(f->session);
	feed_leave(f);
}

/* Servers of v3 ignore ERROR: the text goes as a message, too. Both come behind the last
 * records. */
static void on_source_failed(struct feed *f, const struct err *e)
{
	if (f->solo) {
		capture_tell(runner_capture(f->runner), MSG_CLASS_ERROR, text_of(e->text));
		feed_close_source(f);
		return;
	}
	capture_message(runner_capture(f->runner), MSG_CLASS_ERROR, "%s", e->text);
	if (!session_streaming(f->session)) {
		feed_close_source(f);
		if (runner_lost(f->runner))
			feed_finished(f, err_exit_status(e));
		feed_standby_watch(f);
		return;
	}
	f->source_failed = true;
	session_finish_failed(f->session, e);
}

void feed_on_source_ended(void *user, const struct err *e)
{
	struct feed *f = user;

	feed_enter(f);
	if (e)
		on_source_failed(f, e);
	else if (runner_info(f->runner)->exit_at_end)
		finish_when_sent(f);
	if (f->solo)
		solo_source_ended(f->solo, e);
	feed_leave(f);
}

/* --- the backlog --- */

void feed_on_room(void *user)
{
	struct feed *f = user;

	backlog_released(f->backlog);
}

void feed_on_backlog_records(void *user)
{
	struct feed *f = user;

	session_records(f->session);
}

/* Also when the spool has become empty. */
void feed_on_backlog_room(void *user)
{
	struct feed *f = user;

	runner_room(f->runner);
	if (f->finish_wanted)
		finish_when_sent(f);
}

/* Another run's records follow: the server hears of it by an announcement. At the end, nothing of
 * importance does. */
void feed_on_instance(void *user, uint64_t instance)
{
	struct feed *f = user;

	session_set_instance(f->session, instance);
	if (!f->remote || f->over || session_finishing(f->session))
		return;
	feed_enter(f);
	log_debug("announcing the source anew: what follows was captured by another run");
	remote_again(f->remote);
	feed_leave(f);
}

/* --- the server --- */

static void now_streaming(struct feed *f)
{
	f->source_failed = false;
	backlog_set_streaming(f->backlog, true);
	if (f->remote) {
		log_info("connected to %s, protocol %s", session_peer(f->session),
			 frame_gen_name(session_gen(f->session)));
		remote_works(f->remote);
	}
	/* It came to its end while nobody was listening. */
	if (runner_ended(f->runner) && runner_info(f->runner)->exit_at_end)
		finish_when_sent(f);
}

static void note_streaming(struct feed *f, bool before)
{
	if (!before && session_streaming(f->session))
		now_streaming(f);
}

void feed_on_opened(void *user, const struct err *e)
{
	struct feed *f = user;
	bool before = session_streaming(f->session);

	feed_enter(f);
	requests_opened(f->requests, e);
	if (f->solo)
		solo_opened(f->solo, e);
	note_streaming(f, before);
	feed_leave(f);
}

void feed_on_request(void *user, const struct msg *m)
{
	struct feed *f = user;
	bool before = session_streaming(f->session);

	if (f->over)
		return;
	feed_enter(f);
	feed_standby_end(f);
	runner_set_uplink(f->runner, session_address(f->session));
	requests_handle(f->requests, f->session, m);
	note_streaming(f, before);
	feed_leave(f);
}

void feed_on_closed_by_server(void *user)
{
	struct feed *f = user;
	struct err e;

	err_set(&e, ERR_NETWORK, "the server asked for the end");
	if (f->remote)
		session_fail(f->session, &e);
	else
		feed_finished(f, 0);
}

static void on_local_down(struct feed *f, enum session_end end, const struct err *e)
{
	if (end == SESSION_DONE && !f->source_failed) {
		feed_finished(f, 0);
	} else if (end == SESSION_LOST || f->source_failed) {
		log_info("%s", e->text[0] ? e->text : "the source has failed");
		feed_finished(f, f->source_failed ? 74 : 0);
	} else {
		feed_finished_with(f, e);
	}
}

void feed_on_down(void *user, enum session_end end, const struct err *e)
{
	struct feed *f = user;

	feed_enter(f);
	/* On standby, nobody else has asked for anything. */
	if (!f->solo)
		requests_session_over(f->requests);
	backlog_set_streaming(f->backlog, false);
	if (runner_lost(f->runner))
		feed_finished(f, err_exit_status(&(struct err){ .code = ERR_SYSTEM }));
	else if (f->ending)
		feed_finished(f, 0);
	else if (f->remote)
		remote_down(f->remote, end, e);
	else
		on_local_down(f, end, e);
	feed_standby_watch(f);
	feed_leave(f);
}

/* A source that failed is opened anew with the next session; until then, it is closed. The ends of
 * connections that come before that have reasons of their own. */
void feed_on_connection_over(void *user, enum session_end end, struct err *e, bool *refused)
{
	struct feed *f = user;

	(void)end;
	if (requests_take_failure(f->requests, e) || f->source_failed) {
		*refused = true;
		f->source_failed = false;
		if (e->code == ERR_NONE)
			err_set(e, ERR_SYSTEM, "the source has failed");
		feed_close_source(f);
	}
}

void feed_on_gave_up(void *user, const struct err *e)
{
	struct feed *f = user;

	feed_enter(f);
	if (e->code == ERR_NONE)
		feed_finished(f, 0);
	else
		feed_finished_with(f, e);
	feed_leave(f);
}

/* --- for the owner --- */

bool feed_over(const struct feed *f)
{
	return f->over;
}

const char *feed_uuid(const struct feed *f)
{
	return f->uuid;
}

const char *feed_name(const struct feed *f)
{
	return f->cfg.name ? f->cfg.name : "";
}

const char *feed_peer(const struct feed *f)
{
	return session_streaming(f->session) ? session_peer(f->session) : "";
}

bool feed_connected(const struct feed *f)
{
	return session_streaming(f->session);
}

void feed_clock_set(struct feed *f, int64_t delta_us, uint64_t new_now_us)
{
	if (f->cfg.tool->live_times && !f->cfg.options->keep_clock_steps)
		backlog_shift_times(f->backlog, delta_us, new_now_us);
}
