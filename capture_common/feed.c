/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source on its way to one server. */
#include "capture_common/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/link.h"
#include "capture_common/log.h"
#include "capture_common/random.h"
#include "capture_common/remote.h"
#include "capture_common/requests.h"
#include "capture_common/runner.h"
#include "capture_common/session.h"

struct feed {
	struct feed_config cfg;
	struct queue *queue;
	struct runner *runner;
	struct requests *requests;
	struct session *session;
	struct remote *remote;			/* NULL in local mode */
	char uuid[UUID_SIZE];			/* announced; "" in local mode */
	char *definition;			/* announced; NULL in local mode */
	struct msg_gps gps;
	bool source_failed;			/* the end of this session is its doing */
	bool ending, over;
	struct loop_post close_soon;
};

/* --- log lines that say whose they are --- */

static void enter(const struct feed *f)
{
	if (f->cfg.tag)
		log_set_tag(f->cfg.tag);
}

static void leave(const struct feed *f)
{
	if (f->cfg.tag)
		log_set_tag(NULL);
}

/* --- the end --- */

static void close_source(struct feed *f)
{
	requests_source_closing(f->requests);
	runner_close(f->runner);
}

static void on_close_soon(void *user)
{
	close_source(user);
}

/* The source may be in the middle of being read: it is closed in the next turn. */
static void finished(struct feed *f, int status)
{
	if (f->over)
		return;
	f->over = true;
	leave(f);
	loop_post(f->cfg.loop, &f->close_soon, on_close_soon, f);
	f->cfg.over(f->cfg.user, status);
}

static void finished_with(struct feed *f, const struct err *e)
{
	log_error("%s", e->text);
	finished(f, err_exit_status(e));
}

void feed_finish(struct feed *f)
{
	if (f->over)
		return;
	if (!session_streaming(f->session)) {
		finished(f, 0);
		return;
	}
	f->ending = true;
	close_source(f);
	session_finish(f->session);
}

bool feed_over(const struct feed *f)
{
	return f->over;
}

/* --- the source --- */

static void on_records(void *user)
{
	struct feed *f = user;

	enter(f);
	/* The kernel has gathered them for a moment already. */
	if (f->cfg.process)
		session_batch(f->session);
	else
		session_records(f->session);
	leave(f);
}

/* Servers of v3 ignore ERROR: the text goes as a message, too. Both come behind the last
 * records. */
static void on_source_failed(struct feed *f, const struct err *e)
{
	capture_message(runner_capture(f->runner), MSG_CLASS_ERROR, "%s", e->text);
	if (!session_streaming(f->session)) {
		close_source(f);
		if (runner_lost(f->runner))
			finished(f, err_exit_status(e));
		return;
	}
	f->source_failed = true;
	session_finish_failed(f->session, e);
}

static void on_source_ended(void *user, const struct err *e)
{
	struct feed *f = user;

	enter(f);
	if (e)
		on_source_failed(f, e);
	else if (runner_info(f->runner)->exit_at_end)
		session_finish(f->session);
	leave(f);
}

static void on_room(void *user)
{
	struct feed *f = user;

	runner_room(f->runner);
}

/* --- the server --- */

static void now_streaming(struct feed *f)
{
	f->source_failed = false;
	if (f->remote) {
		log_info("connected to %s, protocol %s", session_peer(f->session),
			 frame_gen_name(session_gen(f->session)));
		remote_works(f->remote);
	}
	/* It came to its end while nobody was listening. */
	if (runner_ended(f->runner) && runner_info(f->runner)->exit_at_end)
		session_finish(f->session);
}

static void note_streaming(struct feed *f, bool before)
{
	if (!before && session_streaming(f->session))
		now_streaming(f);
}

static void on_source_opened(void *user, const struct err *e)
{
	struct feed *f = user;
	bool before = session_streaming(f->session);

	enter(f);
	requests_opened(f->requests, e);
	note_streaming(f, before);
	leave(f);
}

static void on_request(void *user, const struct msg *m)
{
	struct feed *f = user;
	bool before = session_streaming(f->session);

	if (f->over)
		return;
	enter(f);
	runner_set_uplink(f->runner, session_address(f->session));
	requests_handle(f->requests, f->session, m);
	note_streaming(f, before);
	leave(f);
}

static void on_closed_by_server(void *user)
{
	struct feed *f = user;
	struct err e;

	err_set(&e, ERR_NETWORK, "the server asked for the end");
	if (f->remote)
		session_fail(f->session, &e);
	else
		finished(f, 0);
}

static void on_local_down(struct feed *f, enum session_end end, const struct err *e)
{
	if (end == SESSION_DONE && !f->source_failed) {
		finished(f, 0);
	} else if (end == SESSION_LOST || f->source_failed) {
		log_info("%s", e->text[0] ? e->text : "the source has failed");
		finished(f, f->source_failed ? 74 : 0);
	} else {
		finished_with(f, e);
	}
}

static void on_down(void *user, enum session_end end, const struct err *e)
{
	struct feed *f = user;

	enter(f);
	requests_session_over(f->requests);
	if (runner_lost(f->runner))
		finished(f, err_exit_status(&(struct err){ .code = ERR_SYSTEM }));
	else if (f->ending)
		finished(f, 0);
	else if (f->remote)
		remote_down(f->remote, end, e);
	else
		on_local_down(f, end, e);
	leave(f);
}

/* A source that failed is opened anew with the next session; until then, it is closed. The ends of
 * connections that come before that have reasons of their own. */
static void on_connection_over(void *user, enum session_end end, struct err *e, bool *refused)
{
	struct feed *f = user;

	(void)end;
	if (requests_take_failure(f->requests, e) || f->source_failed) {
		*refused = true;
		f->source_failed = false;
		if (e->code == ERR_NONE)
			err_set(e, ERR_SYSTEM, "the source has failed");
		close_source(f);
	}
}

static void on_gave_up(void *user, const struct err *e)
{
	struct feed *f = user;

	enter(f);
	if (e->code == ERR_NONE)
		finished(f, 0);
	else
		finished_with(f, e);
	leave(f);
}

/* --- setting up --- */

/* Learns the UUID, and whether the source can be at all, before anything is announced. */
static int probe_source(struct feed *f, struct err *e)
{
	const struct source_tool *tool = f->cfg.tool;
	struct srcdef def = { 0 };
	struct source_info info = { .uuid = "" };
	int rc = srcdef_parse(&def, text_of(f->cfg.definition));

	if (rc < 0) {
		err_set(e, ERR_USAGE, "--source: %s", def.problem);
	} else {
		rc = tool->ops->probe(&def, &info, e);
		if (rc < 0 && e->text[0] == '\0')
			err_set(e, ERR_NOT_FOUND, "--source: %.*s: no such %s source; --list shows "
				"those there are", TEXT_ARG(def.interface), tool->type);
		else if (rc < 0)
			err_wrap(e, "--source");
		memcpy(f->uuid, info.uuid, sizeof(f->uuid));
	}
	if (rc == 0) {
		f->definition = strdup(info.definition ? info.definition : f->cfg.definition);
		if (!f->definition)
			rc = err_sys(e, ENOMEM, "source");
	}
	source_info_free(&info);
	srcdef_free(&def);
	return rc;
}

static int make_source(struct feed *f, struct err *e)
{
	const struct feed_config *cfg = &f->cfg;
	struct runner_config runner = { .loop = cfg->loop, .tool = cfg->tool,
					.process = cfg->process, .opened = on_source_opened,
					.records = on_records, .ended = on_source_ended,
					.user = f };
	struct requests_config requests = { .loop = cfg->loop, .tool = cfg->tool, .uuid = f->uuid,
					    .local = cfg->definition == NULL,
					    .definition = f->definition,
					    .closed = on_closed_by_server, .user = f };

	f->queue = queue_new(cfg->options->queue_bytes, cfg->tool->when_full, e);
	if (!f->queue)
		return -1;
	runner.queue = f->queue;
	f->runner = runner_new(&runner, e);
	if (!f->runner)
		return -1;
	requests.runner = f->runner;
	f->requests = requests_new(&requests, e);
	return f->requests ? 0 : -1;
}

static int make_session(struct feed *f, struct err *e)
{
	const struct capture_options *o = f->cfg.options;
	bool local = f->cfg.definition == NULL;
	struct session_config cfg = {
		.loop = f->cfg.loop,
		.queue = f->queue,
		.local = local,
		.auto_gen = o->auto_gen,
		.frame_limit = o->frame_limit,
		.request = on_request,
		.room = on_room,
		.down = on_down,
		.user = f,
	};

	if (o->fixed_gps.set) {
		gps_fill(&o->fixed_gps, o->gps_name, 0, &f->gps);
		cfg.gps = &f->gps;
	}
	if (!local) {
		cfg.newsource = (struct msg_newsource){
			.definition = text_of(f->definition),
			.type = text_of(f->cfg.tool->type),
			.uuid = text_of(f->uuid),
			.instance = random_u64(),
		};
	}
	f->session = session_new(&cfg, e);
	return f->session ? 0 : -1;
}

struct feed *feed_new(const struct feed_config *cfg, struct err *e)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f) {
		err_sys(e, ENOMEM, "source");
		return NULL;
	}
	f->cfg = *cfg;
	if ((cfg->definition && probe_source(f, e) < 0) || make_source(f, e) < 0 ||
	    make_session(f, e) < 0) {
		feed_free(f);
		return NULL;
	}
	return f;
}

/* In the order that users depend on one another. */
void feed_free(struct feed *f)
{
	if (!f)
		return;
	loop_unpost(f->cfg.loop, &f->close_soon);
	remote_free(f->remote);
	session_free(f->session);
	requests_free(f->requests);
	runner_free(f->runner);
	queue_free(f->queue);
	free(f->definition);
	free(f);
}

static struct link *dial(void *user, const struct endpoint *ep, const struct link_events *events,
			 struct err *e)
{
	struct feed *f = user;

	return dialer_link(f->cfg.dialer, ep, events, e);
}

static int start_remote(struct feed *f, struct err *e)
{
	const struct capture_options *o = f->cfg.options;
	struct remote_config cfg = {
		.loop = f->cfg.loop,
		.list = &o->connect,
		.autodetect = f->cfg.autodetect,
		.may_probe = !o->via,
		.dial = dial,
		.dial_user = f,
		.auto_gen = o->auto_gen,
		.gen = o->gen,
		.retry = !o->disable_retry,
		.over = on_connection_over,
		.gave_up = on_gave_up,
		.user = f,
	};

	f->remote = remote_new(&cfg, e);
	if (!f->remote)
		return -1;
	remote_start(f->remote, f->session);
	return 0;
}

static int start_local(struct feed *f, struct err *e)
{
	const struct capture_options *o = f->cfg.options;
	struct link_events events = session_link_events(f->session);
	struct link *link = link_fd_new(f->cfg.loop, o->in_fd, o->out_fd, &events);

	if (!link)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	session_start(f->session, link, o->auto_gen ? FRAME_V3 : o->gen);
	return 0;
}

int feed_start(struct feed *f, struct err *e)
{
	return f->cfg.definition ? start_remote(f, e) : start_local(f, e);
}

/* --- what it is, and did --- */

const char *feed_uuid(const struct feed *f)
{
	return f->uuid;
}

bool feed_connected(const struct feed *f)
{
	return session_streaming(f->session);
}

void feed_get_account(const struct feed *f, struct account *out)
{
	const struct hopper *h = requests_hopper(f->requests);

	*out = (struct account){ .messages_dropped = runner_capture(f->runner)->messages_dropped };
	queue_get_stats(f->queue, &out->queue);
	session_get_stats(f->session, &out->session);
	runner_get_stats(f->runner, &out->source);
	out->queue_used = queue_used_bytes(f->queue);
	out->queue_size = queue_size_bytes(f->queue);
	if (h)
		hopper_get_stats(h, &out->hopper);
}

void feed_log_account(const struct feed *f)
{
	struct account account;
	char text[400];

	enter(f);
	feed_get_account(f, &account);
	account_print(&account, text, sizeof(text));
	log_info("%s", text);
	leave(f);
}

void feed_log_last_account(const struct feed *f)
{
	struct queue_stats stats;

	queue_get_stats(f->queue, &stats);
	if (f->cfg.definition || stats.pushed + stats.refused > 0)
		feed_log_account(f);
}
