/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source on its way to one server: setting up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/feed_int.h"
#include "capture_common/link.h"
#include "capture_common/log.h"
#include "capture_common/random.h"

/* Ours may ask the server to believe its times. The user's own word counts more. */
static char *definition_to_announce(const struct feed *f, const char *definition)
{
	struct srcdef def = { 0 };
	char *out = NULL;
	bool add = f->cfg.options->keep_timestamps &&
		   srcdef_parse(&def, text_of(definition)) == 0 &&
		   !srcdef_get(&def, "timestamp").s;
	const char *glue = def.n_options ? "," : ":";
	size_t size = strlen(definition) + sizeof(",timestamp=false");

	out = malloc(size);
	if (out)
		snprintf(out, size, "%s%s%s", definition, add ? glue : "",
			 add ? "timestamp=false" : "");
	srcdef_free(&def);
	return out;
}

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
		f->definition = definition_to_announce(f, info.definition ? info.definition :
							  f->cfg.definition);
		if (!f->definition)
			rc = err_sys(e, ENOMEM, "source");
	}
	source_info_free(&info);
	srcdef_free(&def);
	return rc;
}

/* The tool's own folder in that of --spool: sources do not mix, and each can be removed. */
static int open_spool(struct feed *f, struct err *e)
{
	const struct capture_options *o = f->cfg.options;
	struct spool_config cfg = { .loop = f->cfg.loop, .max_bytes = o->spool_bytes,
				    .uuid = f->uuid, .classes = f->cfg.tool->classes,
				    .gps = o->fixed_gps.set ? &f->gps : NULL,
				    .changed = feed_on_spool_changed, .user = f };
	char folder[4096];

	if (!o->spool || !f->uuid[0] || o->drop_first == QUEUE_WAIT)
		return 0;
	if ((size_t)snprintf(folder, sizeof(folder), "%s/%s", o->spool, f->uuid) >= sizeof(folder))
		return err_set(e, ERR_USAGE, "--spool: the name of the folder is too long");
	cfg.folder = folder;
	e->text[0] = '\0';
	f->spool = spool_open(&cfg, e);
	if (!f->spool)
		return err_wrap(e, "--spool");
	return 0;
}

static int make_backlog(struct feed *f, struct err *e)
{
	const struct capture_options *o = f->cfg.options;
	struct backlog_config cfg = { .loop = f->cfg.loop, .classes = f->cfg.tool->classes,
				      .drain_per_s = o->spool_rate,
				      .records = feed_on_backlog_records,
				      .room = feed_on_backlog_room,
				      .instance = feed_on_instance, .user = f };

	f->queue = queue_new(capture_options_solo(o) ? QUEUE_MIN_BYTES : o->queue_bytes,
			     o->drop_first, e);
	if (!f->queue)
		return -1;
	queue_set_classifier(f->queue, f->cfg.tool->classes);
	if (open_spool(f, e) < 0)
		return -1;
	cfg.queue = f->queue;
	cfg.spool = f->spool;
	cfg.own_instance = random_u64();
	if (f->spool)
		spool_set_instance(f->spool, cfg.own_instance);
	f->backlog = backlog_new(&cfg, e);
	return f->backlog ? 0 : -1;
}

/* A source in a process of its own is recorded there. */
static int make_recorder(struct feed *f, struct err *e)
{
	struct recorder_config cfg = { .loop = f->cfg.loop, .options = &f->cfg.options->record,
				       .tag = f->cfg.tag,
				       .alone = capture_options_solo(f->cfg.options),
				       .waits = f->cfg.options->drop_first == QUEUE_WAIT,
				       .room = feed_on_backlog_room, .user = f };
	char program[80];

	if (!cfg.options->path || f->cfg.process)
		return 0;
	snprintf(program, sizeof(program), "%s %s", f->cfg.tool->program, PACKAGE_VERSION);
	cfg.program = program;
	f->recorder = recorder_new(&cfg, e);
	return f->recorder ? 0 : -1;
}

static int make_source(struct feed *f, struct err *e)
{
	const struct feed_config *cfg = &f->cfg;
	bool solo = capture_options_solo(cfg->options);
	struct runner_config runner = { .loop = cfg->loop, .tool = cfg->tool,
					.recorder = f->recorder,
					.process = cfg->process, .opened = feed_on_opened,
					.records = feed_on_records,
					.ended = feed_on_source_ended, .user = f };
	struct requests_config requests = { .loop = cfg->loop, .tool = cfg->tool, .uuid = f->uuid,
					    .local = cfg->definition == NULL,
					    .definition = f->definition,
					    .closed = feed_on_closed_by_server, .user = f };

	if (!solo) {
		runner.queue = f->queue;
		runner.backlog = f->backlog;
	}
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
		.request = feed_on_request,
		.room = feed_on_room,
		.down = feed_on_down,
		.user = f,
	};

	if (o->fixed_gps.set)
		cfg.gps = &f->gps;
	if (!local) {
		cfg.newsource = (struct msg_newsource){
			.definition = text_of(f->definition),
			.type = text_of(f->cfg.tool->type),
			.uuid = text_of(f->uuid),
			.instance = backlog_announced(f->backlog),
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
	if (cfg->options->fixed_gps.set)
		gps_fill(&cfg->options->fixed_gps, cfg->options->gps_name, 0, &f->gps);
	if ((cfg->definition && probe_source(f, e) < 0) || make_backlog(f, e) < 0 ||
	    make_recorder(f, e) < 0 || make_source(f, e) < 0 || make_session(f, e) < 0) {
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
	feed_watch_stop(f);
	feed_standby_end(f);
	remote_free(f->remote);
	solo_free(f->solo);
	session_free(f->session);
	requests_free(f->requests);
	runner_free(f->runner);
	recorder_free(f->recorder);
	backlog_free(f->backlog);
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
		.over = feed_on_connection_over,
		.gave_up = feed_on_gave_up,
		.user = f,
	};

	f->remote = remote_new(&cfg, e);
	if (!f->remote)
		return -1;
	remote_start(f->remote, f->session);
	feed_standby_watch(f);
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

int feed_solo_start(struct feed *f, bool retry, struct err *e)
{
	struct solo_config cfg = {
		.loop = f->cfg.loop,
		.requests = f->requests,
		.runner = f->runner,
		/* What the server will ask for, too: then it is left as it is. */
		.definition = f->definition ? f->definition : f->cfg.definition,
		.retry = retry,
		.over = feed_on_solo_over,
		.user = f,
	};

	f->solo = solo_new(&cfg, e);
	if (!f->solo)
		return -1;
	solo_start(f->solo);
	return 0;
}

int feed_start(struct feed *f, struct err *e)
{
	if (f->spool)
		feed_watch_disk(f);
	if (capture_options_solo(f->cfg.options))
		return feed_solo_start(f, !f->cfg.options->disable_retry, e);
	return f->cfg.definition ? start_remote(f, e) : start_local(f, e);
}
