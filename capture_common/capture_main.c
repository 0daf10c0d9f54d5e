/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole program around a source: from the command line to the exit status. */
#include "capture_common/capture_main.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/account.h"
#include "capture_common/capture_options.h"
#include "capture_common/daemon.h"
#include "capture_common/list_devices.h"
#include "capture_common/log.h"
#include "capture_common/random.h"
#include "capture_common/remote.h"
#include "capture_common/requests.h"
#include "capture_common/runner.h"
#include "capture_common/session.h"

#define SECOND_NS ((uint64_t)1000000000)
/* After SIGTERM, what is in the queue gets this long to reach the server. */
#define FAREWELL_NS (2 * SECOND_NS)

/* One running tool. */
struct app {
	const struct source_tool *tool;
	struct capture_options o;
	struct loop *loop;
	struct queue *queue;
	struct runner *runner;
	struct requests *requests;
	struct session *session;
	struct remote *remote;			/* NULL in local mode */
	char uuid[UUID_SIZE];			/* announced; "" in local mode */
	struct msg_gps gps;
	struct loop_timer farewell, progress;
	uint64_t progress_delivered;
	bool source_failed;			/* the end of this session is its doing */
	bool ending;
	int status;
};

/* --- the end --- */

static void stop(struct app *a, int status)
{
	a->status = status;
	loop_stop(a->loop);
}

static void stop_with(struct app *a, const struct err *e)
{
	log_error("%s", e->text);
	stop(a, err_exit_status(e));
}

static void fill_account(const struct app *a, struct account *out)
{
	const struct hopper *h = requests_hopper(a->requests);

	*out = (struct account){ .messages_dropped = runner_capture(a->runner)->messages_dropped };
	queue_get_stats(a->queue, &out->queue);
	session_get_stats(a->session, &out->session);
	if (h)
		hopper_get_stats(h, &out->hopper);
}

static void log_account(const struct app *a)
{
	struct account account;
	char text[400];

	fill_account(a, &account);
	account_print(&account, text, sizeof(text));
	log_info("%s", text);
}

/* A server starts tools only to list or probe, too: then there is nothing to tell. */
static void log_last_account(const struct app *a)
{
	struct queue_stats stats;

	queue_get_stats(a->queue, &stats);
	if (a->remote || stats.pushed + stats.refused > 0)
		log_account(a);
}

static void on_farewell(void *user)
{
	stop(user, 0);
}

/* The first signal lets out what is there; another one ends at once. */
static void on_terminate(void *user, int signo)
{
	struct app *a = user;

	(void)signo;
	if (a->ending || !session_streaming(a->session)) {
		stop(a, 0);
		return;
	}
	a->ending = true;
	requests_source_closing(a->requests);
	runner_close(a->runner);
	loop_timer_set(a->loop, &a->farewell, loop_now_ns(a->loop) + FAREWELL_NS, on_farewell, a);
	session_finish(a->session);
}

static void on_usr1(void *user, int signo)
{
	(void)signo;
	log_account(user);
}

/* --- the source --- */

static void on_records(void *user)
{
	struct app *a = user;

	session_records(a->session);
}

static void close_source(struct app *a)
{
	requests_source_closing(a->requests);
	runner_close(a->runner);
}

/* Servers of v3 ignore ERROR: the text goes as a message, too. Both come behind the last
 * records. */
static void on_source_failed(struct app *a, const struct err *e)
{
	capture_message(runner_capture(a->runner), MSG_CLASS_ERROR, "%s", e->text);
	if (!session_streaming(a->session)) {
		close_source(a);
		return;
	}
	a->source_failed = true;
	session_finish_failed(a->session, e);
}

static void on_source_ended(void *user, const struct err *e)
{
	struct app *a = user;

	if (e)
		on_source_failed(a, e);
	else if (runner_info(a->runner)->exit_at_end)
		session_finish(a->session);
}

static void on_room(void *user)
{
	struct app *a = user;

	runner_room(a->runner);
}

/* --- the server --- */

static void on_request(void *user, const struct msg *m)
{
	struct app *a = user;
	bool before = session_streaming(a->session);

	requests_handle(a->requests, a->session, m);
	if (before || !session_streaming(a->session))
		return;
	a->source_failed = false;
	if (a->remote)
		log_info("connected to %s, protocol %s", session_peer(a->session),
			 frame_gen_name(session_gen(a->session)));
	/* It came to its end while nobody was listening. */
	if (runner_ended(a->runner) && runner_info(a->runner)->exit_at_end)
		session_finish(a->session);
}

static void on_closed_by_server(void *user)
{
	struct app *a = user;
	struct err e;

	err_set(&e, ERR_NETWORK, "the server asked for the end");
	if (a->remote)
		session_fail(a->session, &e);
	else
		stop(a, 0);
}

static void on_local_down(struct app *a, enum session_end end, const struct err *e)
{
	if (end == SESSION_DONE && !a->source_failed) {
		stop(a, 0);
	} else if (end == SESSION_LOST || a->source_failed) {
		log_info("%s", e->text[0] ? e->text : "the source has failed");
		stop(a, a->source_failed ? 74 : 0);
	} else {
		stop_with(a, e);
	}
}

static void on_down(void *user, enum session_end end, const struct err *e)
{
	struct app *a = user;

	requests_session_over(a->requests);
	if (a->ending)
		stop(a, 0);
	else if (a->remote)
		remote_down(a->remote, end, e);
	else
		on_local_down(a, end, e);
}

/* A source that failed is opened anew with the next session; until then, it is closed. The ends of
 * connections that come before that have reasons of their own. */
static void on_connection_over(void *user, enum session_end end, struct err *e, bool *refused)
{
	struct app *a = user;

	(void)end;
	if (requests_take_failure(a->requests, e) || a->source_failed) {
		*refused = true;
		a->source_failed = false;
		if (e->code == ERR_NONE)
			err_set(e, ERR_SYSTEM, "the source has failed");
		close_source(a);
	}
}

static void on_gave_up(void *user, const struct err *e)
{
	struct app *a = user;

	if (e->code == ERR_NONE)
		stop(a, 0);
	else
		stop_with(a, e);
}

/* --- progress on a terminal --- */

static void on_progress(void *user)
{
	struct app *a = user;
	struct account account;
	char text[160];

	fill_account(a, &account);
	uint64_t delivered = account.queue.released;

	snprintf(text, sizeof(text), "%" PRIu64 " records delivered, %" PRIu64 "/s, queue %zu %%%s",
		 delivered, delivered - a->progress_delivered,
		 queue_used_bytes(a->queue) * 100 / queue_size_bytes(a->queue),
		 session_streaming(a->session) ? "" : ", not connected");
	a->progress_delivered = delivered;
	log_progress(text);
	loop_timer_set(a->loop, &a->progress, loop_now_ns(a->loop) + SECOND_NS, on_progress, a);
}

/* --- setting up --- */

/* Learns the UUID, and whether the source can be at all, before anything is announced. */
static int probe_source(struct app *a, struct err *e)
{
	struct srcdef def = { 0 };
	struct source_info info = { .uuid = "" };
	int rc = srcdef_parse(&def, text_of(a->o.source));

	if (rc < 0) {
		err_set(e, ERR_USAGE, "--source: %s", def.problem);
	} else {
		rc = a->tool->ops->probe(&def, &info, e);
		if (rc < 0 && e->text[0] == '\0')
			err_set(e, ERR_NOT_FOUND, "--source: %.*s: no such %s source",
				TEXT_ARG(def.interface), a->tool->type);
		else if (rc < 0)
			err_wrap(e, "--source");
		memcpy(a->uuid, info.uuid, sizeof(a->uuid));
	}
	source_info_free(&info);
	srcdef_free(&def);
	return rc;
}

static int make_source(struct app *a, struct err *e)
{
	struct runner_config runner = { .loop = a->loop, .tool = a->tool, .records = on_records,
					.ended = on_source_ended, .user = a };
	struct requests_config requests = { .loop = a->loop, .tool = a->tool, .uuid = a->uuid,
					    .local = capture_options_local(&a->o),
					    .definition = a->o.source,
					    .closed = on_closed_by_server, .user = a };

	a->queue = queue_new(a->o.queue_bytes, a->tool->when_full, e);
	if (!a->queue)
		return -1;
	runner.queue = a->queue;
	a->runner = runner_new(&runner, e);
	if (!a->runner)
		return -1;
	requests.runner = a->runner;
	a->requests = requests_new(&requests, e);
	return a->requests ? 0 : -1;
}

static int make_session(struct app *a, struct err *e)
{
	bool local = capture_options_local(&a->o);
	struct session_config cfg = {
		.loop = a->loop,
		.queue = a->queue,
		.local = local,
		.auto_gen = a->o.auto_gen,
		.frame_limit = a->o.frame_limit,
		.request = on_request,
		.room = on_room,
		.down = on_down,
		.user = a,
	};

	if (a->o.fixed_gps.set) {
		gps_fill(&a->o.fixed_gps, a->o.gps_name, 0, &a->gps);
		cfg.gps = &a->gps;
	}
	if (!local) {
		cfg.newsource = (struct msg_newsource){
			.definition = text_of(a->o.source),
			.type = text_of(a->tool->type),
			.uuid = text_of(a->uuid),
			.instance = random_u64(),
		};
	}
	a->session = session_new(&cfg, e);
	return a->session ? 0 : -1;
}

static int start_remote(struct app *a, struct err *e)
{
	struct remote_config cfg = {
		.loop = a->loop,
		.endpoint = a->o.connect,
		.auto_gen = a->o.auto_gen,
		.gen = a->o.gen,
		.retry = !a->o.disable_retry,
		.over = on_connection_over,
		.gave_up = on_gave_up,
		.user = a,
	};

	a->remote = remote_new(&cfg, e);
	if (!a->remote)
		return -1;
	remote_start(a->remote, a->session);
	if (isatty(STDERR_FILENO) && !a->o.daemonize && log_enabled(LOG_LEVEL_INFO))
		loop_timer_set(a->loop, &a->progress, loop_now_ns(a->loop) + SECOND_NS,
			       on_progress, a);
	return 0;
}

static int start_local(struct app *a, struct err *e)
{
	struct link_events events = session_link_events(a->session);
	struct link *link = link_fd_new(a->loop, a->o.in_fd, a->o.out_fd, &events);

	if (!link)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	session_start(a->session, link, a->o.auto_gen ? FRAME_V3 : a->o.gen);
	return 0;
}

/* nohup(1) starts programs with SIGHUP ignored; that is meant to stay. SIGINT is different: shells
 * ignore it for their background jobs, and a sensor that nobody can stop is no help. */
static bool stays_ignored(int signo)
{
	struct sigaction now;

	return signo == SIGHUP && sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int take_signals(struct app *a, struct err *e)
{
	static const int end_signals[] = { SIGTERM, SIGINT, SIGHUP };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(end_signals) / sizeof(end_signals[0]); i++) {
		if (stays_ignored(end_signals[i]))
			continue;
		if (loop_signal(a->loop, end_signals[i], on_terminate, a, e) < 0)
			return -1;
	}
	return loop_signal(a->loop, SIGUSR1, on_usr1, a, e);
}

static int set_up(struct app *a, struct err *e)
{
	bool local = capture_options_local(&a->o);

	if (!local && probe_source(a, e) < 0)
		return -1;
	if (a->o.daemonize && daemon_start(e) < 0)
		return -1;
	if (a->o.pidfile && pidfile_create(a->o.pidfile, e) < 0)
		return -1;
	a->loop = loop_new(NULL, e);
	if (!a->loop || take_signals(a, e) < 0)
		return -1;
	if (make_source(a, e) < 0 || make_session(a, e) < 0)
		return -1;
	return local ? start_local(a, e) : start_remote(a, e);
}

/* In the order that users depend on one another. */
static void tear_down(struct app *a)
{
	if (a->loop) {
		loop_timer_cancel(a->loop, &a->farewell);
		loop_timer_cancel(a->loop, &a->progress);
	}
	log_progress(NULL);
	remote_free(a->remote);
	session_free(a->session);
	requests_free(a->requests);
	runner_free(a->runner);
	queue_free(a->queue);
	loop_free(a->loop);
	pidfile_remove();
}

static int run(struct app *a)
{
	struct err e;

	if (set_up(a, &e) < 0) {
		log_error("%s", e.text);
		a->status = err_exit_status(&e);
	} else {
		if (a->o.daemonize) {
			log_to_syslog();
			daemon_ready();
		}
		loop_run(a->loop);
		log_last_account(a);
	}
	tear_down(a);
	return a->status;
}

int capture_main(const struct source_tool *tool, int argc, char **argv)
{
	struct app app = { .tool = tool };
	struct err e;
	int status = 0;

	log_init(tool->program, LOG_LEVEL_INFO);
	if (capture_options_read(&app.o, tool, argc, argv, &e) < 0) {
		log_error("%s (try --help)", e.text);
		status = err_exit_status(&e);
	} else {
		log_set_level(app.o.log_level);
		if (app.o.help)
			capture_options_help(tool);
		else if (app.o.version)
			printf("%s %s\n", tool->program, PACKAGE_VERSION);
		else if (app.o.list)
			status = list_devices(tool, app.o.json, stdout);
		else
			status = run(&app);
	}
	capture_options_free(&app.o);
	return status;
}
