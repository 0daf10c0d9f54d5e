/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole program around a source: from the command line to the exit status. */
#include "capture_common/capture_main.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/capture_options.h"
#include "capture_common/capture_status.h"
#include "capture_common/clock_step.h"
#include "capture_common/daemon.h"
#include "capture_common/feed.h"
#include "capture_common/list_devices.h"
#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "capture_common/privileges.h"
#include "capture_common/sandbox.h"
#include "capture_common/source_child.h"
#include "capture_common/source_process.h"
#include "capture_common/status_file.h"
#include "capture_common/user.h"

#define SECOND_NS ((uint64_t)1000000000)
/* After SIGTERM, what is in the queues gets this long to reach the server. */
#define FAREWELL_NS (2 * SECOND_NS)

/* A source that is not there yet is looked for so often. */
#define LOOK_EVERY_S 10

#define TAG_SIZE 64
#define TAG_SUFFIX_SIZE 22		/* "-2" and so on */

/* One running tool. */
struct app {
	const struct source_tool *tool;
	struct capture_options o;
	struct loop *loop;
	struct via *via;		/* NULL: no helper command */
	struct dialer dialer;
	struct autodetect *autodetect;	/* NULL: the servers are named */
	struct source_process **processes;	/* one for each feed, where the tool wants that */
	struct feed **feeds;		/* NULL: its source is not there yet */
	char (*tags)[TAG_SIZE];		/* one for each feed */
	size_t n_feeds, n_made, n_over;
	struct loop_timer farewell, look;
	struct clock_step *clock;
	struct status_file *status_file;	/* NULL: none */
	struct capture_status *status_shown;
	bool ending;
	int status;
};

/* --- the end --- */

/* Those that are not there yet are waited for, unless this is the end. */
static void stop_when_all_over(struct app *a)
{
	if (a->n_over == (a->ending ? a->n_made : a->n_feeds))
		loop_stop(a->loop);
}

/* The others go on; the first one that failed says what the program exits with. */
static void on_feed_over(void *user, int status)
{
	struct app *a = user;

	a->n_over++;
	if (a->status == 0 && !a->ending)
		a->status = status;
	stop_when_all_over(a);
}

static void on_farewell(void *user)
{
	struct app *a = user;

	loop_stop(a->loop);
}

/* The first signal lets out what is there; another one ends at once. */
static void on_terminate(void *user, int signo)
{
	struct app *a = user;

	(void)signo;
	if (a->ending) {
		loop_stop(a->loop);
		return;
	}
	a->ending = true;
	loop_timer_set(a->loop, &a->farewell, loop_now_ns(a->loop) + FAREWELL_NS, on_farewell, a);
	for (size_t i = 0; i < a->n_feeds; i++) {
		if (a->feeds[i])
			feed_finish(a->feeds[i]);
	}
	stop_when_all_over(a);
}

static void on_usr1(void *user, int signo)
{
	struct app *a = user;

	(void)signo;
	for (size_t i = 0; i < a->n_feeds; i++) {
		if (a->feeds[i])
			feed_log_account(a->feeds[i]);
	}
}

/* --- for users --- */

static int show_status(struct app *a, struct err *e)
{
	struct capture_status_config cfg = {
		.loop = a->loop,
		.tool = a->tool,
		.feeds = a->feeds,
		.n_feeds = a->n_feeds,
		.progress = !capture_options_local(&a->o) && !a->o.daemonize &&
			    isatty(STDERR_FILENO) && log_enabled(LOG_LEVEL_INFO),
		.solo = capture_options_solo(&a->o),
		.file = a->status_file,
		.clock = a->clock,
	};

	a->status_shown = capture_status_new(&cfg, e);
	return a->status_shown ? 0 : -1;
}

static void on_clock_set(void *user, int64_t delta_us, uint64_t new_now_us)
{
	struct app *a = user;
	bool mended = a->tool->live_times && !a->o.keep_clock_steps &&
		      !capture_options_solo(&a->o);

	log_warn("the wall clock was set by %.3f s%s", (double)delta_us / 1e6,
		 mended ? "; the times of what waits are set right, too" : "");
	if (a->status_shown)
		capture_status_clock_set(a->status_shown, delta_us);
	for (size_t i = 0; i < a->n_feeds; i++) {
		if (a->feeds[i])
			feed_clock_set(a->feeds[i], delta_us, new_now_us);
	}
}

static int watch_clock(struct app *a, struct err *e)
{
	struct clock_step_config cfg = { .loop = a->loop, .stepped = on_clock_set, .user = a };

	a->clock = clock_step_new(&cfg, e);
	return a->clock ? 0 : -1;
}

/* --- setting up --- */

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

/* A server takes a second source with the same UUID for the first one come back, and closes that:
 * the two would throw each other out for ever. */
static int check_uuids(const struct app *a, struct err *e)
{
	for (size_t i = 0; i < a->n_feeds; i++) {
		for (size_t j = 0; j < i; j++) {
			if (a->feeds[i] && a->feeds[j] &&
			    strcmp(feed_uuid(a->feeds[i]), feed_uuid(a->feeds[j])) == 0)
				return err_set(e, ERR_USAGE, "--source: %s and %s have the same "
					       "UUID %s; give one of them uuid=",
					       a->o.sources.items[j], a->o.sources.items[i],
					       feed_uuid(a->feeds[i]));
		}
	}
	return 0;
}

static bool is_taken(const struct app *a, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (recorder_same_file_tag(a->tags[j], a->tags[i]))
			return true;
	}
	return false;
}

/* The name that the source has for its user; a number follows when an earlier one is called the
 * same, as files are. */
static const char *make_name(struct app *a, size_t i)
{
	struct srcdef def = { 0 };

	if (capture_options_local(&a->o))
		return NULL;
	if (srcdef_parse(&def, text_of(a->o.sources.items[i])) == 0) {
		struct text name = srcdef_get(&def, "name");

		snprintf(a->tags[i], TAG_SIZE, "%.*s", TEXT_ARG(name.len ? name : def.interface));
	}
	srcdef_free(&def);
	size_t len = strlen(a->tags[i]);

	if (len > TAG_SIZE - TAG_SUFFIX_SIZE)
		len = TAG_SIZE - TAG_SUFFIX_SIZE;
	for (size_t k = 2; is_taken(a, i); k++)
		snprintf(a->tags[i] + len, TAG_SIZE - len, "-%zu", k);
	return a->tags[i];
}

/* One alone is not told apart. */
static const char *make_tag(struct app *a, size_t i)
{
	return a->n_feeds < 2 ? NULL : make_name(a, i);
}

static int count_feeds(struct app *a, struct err *e)
{
	a->n_feeds = capture_options_local(&a->o) ? 1 : a->o.sources.n;
	a->feeds = calloc(a->n_feeds, sizeof(a->feeds[0]));
	a->tags = calloc(a->n_feeds, sizeof(a->tags[0]));
	a->processes = calloc(a->n_feeds, sizeof(a->processes[0]));
	return a->feeds && a->tags && a->processes ? 0 : err_sys(e, ENOMEM, "sources");
}

/* From here on this process, which the network talks to, is a plain user's. */
static int part_with_privileges(struct app *a, struct err *e)
{
	struct source_process_config cfg = { .run = source_child_run, .tool = a->tool,
					     .to_syslog = a->o.daemonize,
					     .record = &a->o.record,
					     .record_only = capture_options_solo(&a->o) };

	if (!a->tool->privileges)
		return 0;
	for (size_t i = 0; i < a->n_feeds; i++) {
		cfg.definition = capture_options_local(&a->o) ? NULL : a->o.sources.items[i];
		cfg.tag = make_tag(a, i);
		cfg.has_pidfile = i == 0;
		a->processes[i] = source_process_start(&cfg, e);
		if (!a->processes[i])
			return e->code == ERR_UNSUPPORTED ? 0 : -1;
	}
	pidfile_hand_over();
	return privileges_give_up(e) < 0 || sandbox_enter(e) < 0 ? -1 : 0;
}

static int make_feed(struct app *a, size_t i, struct err *e)
{
	bool local = capture_options_local(&a->o);
	struct feed_config cfg = {
		.loop = a->loop,
		.tool = a->tool,
		.options = &a->o,
		.definition = local ? NULL : a->o.sources.items[i],
		.dialer = &a->dialer,
		.autodetect = a->autodetect,
		.name = make_name(a, i),
		.tag = make_tag(a, i),
		.process = a->processes[i],
		.over = on_feed_over,
		.user = a,
	};

	a->feeds[i] = feed_new(&cfg, e);
	if (!a->feeds[i])
		return -1;
	if (check_uuids(a, e) < 0) {
		feed_free(a->feeds[i]);
		a->feeds[i] = NULL;
		return -1;
	}
	a->n_made++;
	return 0;
}

/* One radio that is not plugged in must not keep the others from being heard. */
static bool may_come_later(const struct app *a, const struct err *e)
{
	return a->tool->hot_plug && a->n_feeds > 1 && !a->o.disable_retry &&
	       e->code == ERR_NOT_FOUND;
}

static int make_feeds(struct app *a, struct err *e)
{
	for (size_t i = 0; i < a->n_feeds; i++) {
		if (make_feed(a, i, e) == 0)
			continue;
		if (!may_come_later(a, e))
			return -1;
		log_error("%s; looking again every %d s", e->text, LOOK_EVERY_S);
	}
	return a->n_made > 0 ? 0 : -1;
}

static void look_later(struct app *a);

static void on_look(void *user)
{
	struct app *a = user;
	struct err e;

	for (size_t i = 0; i < a->n_feeds && !a->ending; i++) {
		if (a->feeds[i])
			continue;
		if (make_feed(a, i, &e) < 0)
			log_debug("%s", e.text);
		else if (feed_start(a->feeds[i], &e) < 0)
			log_error("%s", e.text);
	}
	look_later(a);
}

static void look_later(struct app *a)
{
	if (a->n_made < a->n_feeds)
		loop_timer_set(a->loop, &a->look,
			       loop_now_ns(a->loop) + LOOK_EVERY_S * SECOND_NS, on_look, a);
}

static int start_feeds(struct app *a, struct err *e)
{
	for (size_t i = 0; i < a->n_feeds; i++) {
		if (a->feeds[i] && feed_start(a->feeds[i], e) < 0)
			return -1;
	}
	look_later(a);
	return show_status(a, e);
}

static int prepare_reach(struct app *a, struct err *e)
{
	struct autodetect_config cfg = { .loop = a->loop, .uuid = a->o.autodetect_uuid };

	a->dialer = (struct dialer){ .loop = a->loop, .access = &a->o.access, .via = a->via };
	if (!a->o.autodetect)
		return 0;
	capture_options_wish(&a->o, &cfg.wish);
	cfg.websocket = cfg.wish.tls || cfg.wish.credentials || cfg.wish.path;
	a->autodetect = autodetect_new(&cfg, e);
	return a->autodetect ? 0 : -1;
}

/* Helper commands are started by a process that has to be there before privileges are lost. */
static int start_via(struct app *a, struct err *e)
{
	if (!a->o.via || capture_options_local(&a->o))
		return 0;
	a->via = via_start(a->o.via, e);
	return a->via ? 0 : -1;
}

/* Files that are made with the rights that are given up later. */
static int make_files(struct app *a, struct err *e)
{
	if (a->o.pidfile && pidfile_create(a->o.pidfile, e) < 0)
		return -1;
	if (a->o.spool && user_make_folder(a->o.spool, a->tool->privileges != 0, e) < 0)
		return err_wrap(e, "--spool");
	if (!a->o.status_file)
		return 0;
	a->status_file = status_file_new(a->o.status_file, e);
	return a->status_file ? 0 : err_wrap(e, "--status-file");
}

static int set_up(struct app *a, struct err *e)
{
	if (a->o.daemonize && daemon_start(e) < 0)
		return -1;
	if (make_files(a, e) < 0 || count_feeds(a, e) < 0 || start_via(a, e) < 0 ||
	    part_with_privileges(a, e) < 0)
		return -1;
	a->loop = loop_new(NULL, e);
	if (!a->loop || take_signals(a, e) < 0 || watch_clock(a, e) < 0 ||
	    prepare_reach(a, e) < 0 || make_feeds(a, e) < 0)
		return -1;
	return start_feeds(a, e);
}

static void tear_down(struct app *a)
{
	if (a->loop) {
		loop_timer_cancel(a->loop, &a->farewell);
		loop_timer_cancel(a->loop, &a->look);
	}
	capture_status_free(a->status_shown);
	for (size_t i = 0; a->feeds && i < a->n_feeds; i++)
		feed_free(a->feeds[i]);
	dialer_end(&a->dialer);
	autodetect_free(a->autodetect);
	via_end(a->via);
	for (size_t i = 0; a->processes && i < a->n_feeds; i++)
		source_process_end(a->processes[i]);
	free(a->processes);
	free(a->feeds);
	free(a->tags);
	clock_step_free(a->clock);
	loop_free(a->loop);
	status_file_free(a->status_file);
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
		for (size_t i = 0; i < a->n_feeds; i++) {
			if (a->feeds[i])
				feed_log_last_account(a->feeds[i]);
		}
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
