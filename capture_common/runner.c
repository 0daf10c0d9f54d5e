/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The radio session: opens, reads and closes a source. */
#include "capture_common/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/backlog.h"
#include "capture_common/log.h"
#include "capture_common/recorder.h"

/* One turn reads this much at most: a good batch, still quick. */
#define BURST_BYTES ((size_t)256 << 10)
#define BURST_READS 64

struct runner {
	struct runner_config cfg;
	struct capture capture;
	void *self;			/* the open source; NULL when closed */
	struct source_info info;
	struct source_stats last;	/* of the source that was closed last */
	char *definition;		/* as srcdef_print() writes it */
	char uplink[sizeof(((struct source_info *)NULL)->uplink)];
	bool opening;			/* in its process; definition is set */
	bool started, full, ended;
	bool steady;			/* what is watched stays open while it is read */
	struct loop_post post;
	struct loop_watch watch;
	struct loop_timer timer;
};

struct runner *runner_new(const struct runner_config *cfg, struct err *e)
{
	struct runner *r = calloc(1, sizeof(*r));

	if (!r) {
		err_sys(e, ENOMEM, "source");
		return NULL;
	}
	r->cfg = *cfg;
	r->capture = (struct capture){ .queue = cfg->queue, .backlog = cfg->backlog,
				       .ring = cfg->ring, .recorder = cfg->recorder,
				       .loop = cfg->loop };
	if (cfg->backlog)
		r->capture.queue = cfg->recorder ? NULL : backlog_direct(cfg->backlog);
	r->watch.fd = -1;
	return r;
}

void runner_free(struct runner *r)
{
	if (!r)
		return;
	runner_close(r);
	free(r);
}

/* --- definitions --- */

static bool tool_knows(const struct source_tool *tool, struct text key)
{
	for (const struct source_opt *o = tool->options; o && o->key; o++) {
		if (text_equal_nocase(text_of(o->key), key))
			return true;
	}
	return srcdef_key_is_servers(key);
}

static bool may_repeat(const struct source_tool *tool, struct text key)
{
	for (const struct source_opt *o = tool->options; o && o->key; o++) {
		if (text_equal_nocase(text_of(o->key), key))
			return o->repeatable;
	}
	return false;
}

void runner_check_definition(const struct source_tool *tool, const struct srcdef *def)
{
	if (def->problem[0])
		log_warn("source definition: %s", def->problem);
	for (size_t i = 0; i < def->n_options; i++) {
		const struct srcdef_option *o = &def->options[i];

		if (!tool_knows(tool, o->key))
			log_warn("source definition: nobody understands %.*s=; see --help",
				 TEXT_ARG(o->key));
		else if (o->repeated && !may_repeat(tool, o->key))
			log_warn("source definition: %.*s= is given twice; the first counts",
				 TEXT_ARG(o->key));
	}
}

static char *print_definition(const struct srcdef *def)
{
	size_t len = srcdef_print(def, NULL, 0);
	char *out = malloc(len + 1);

	if (out)
		srcdef_print(def, out, len + 1);
	return out;
}

/* --- open and close --- */

static void stop_watching(struct runner *r)
{
	loop_unwatch(r->cfg.loop, &r->watch);
	r->steady = false;
}

static void stop_reading(struct runner *r)
{
	loop_unpost(r->cfg.loop, &r->post);
	loop_timer_cancel(r->cfg.loop, &r->timer);
	stop_watching(r);
}

static void on_opening(void *user, unsigned events)
{
	struct runner *r = user;
	struct err e;
	int rc = source_process_opened(r->cfg.process, &r->info, &e);

	(void)events;
	if (rc == 0)
		return;
	stop_reading(r);
	r->opening = false;
	if (rc > 0) {
		r->self = r->cfg.process;
	} else {
		free(r->definition);
		r->definition = NULL;
	}
	r->cfg.opened(r->cfg.user, rc < 0 ? &e : NULL);
}

/* Its process is asked; on_opening() takes the answer. */
static int begin_to_open(struct runner *r, char *printed, struct err *e)
{
	struct source_process *p = r->cfg.process;

	if (source_process_open(p, printed, r->uplink, e) < 0)
		return -1;
	if (loop_watch(r->cfg.loop, &r->watch, source_process_fd(p), LOOP_READ, on_opening, r, e) <
	    0) {
		source_process_close(p);
		return -1;
	}
	r->opening = true;
	r->definition = printed;
	return 1;
}

static void tell_recorder(struct runner *r, const struct srcdef *def)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", TEXT_ARG(def->interface));
	recorder_interface(r->capture.recorder, r->info.capif[0] ? r->info.capif : name,
			   r->info.hardware);
}

static int open_source(struct runner *r, const struct srcdef *def, char *printed, struct err *e)
{
	source_info_free(&r->info);
	if (r->cfg.process)
		return begin_to_open(r, printed, e);
	memcpy(r->info.uplink, r->uplink, sizeof(r->uplink));
	r->self = r->cfg.tool->ops->open(def, &r->info, e);
	if (!r->self) {
		source_info_free(&r->info);
		return -1;
	}
	r->definition = printed;
	if (r->capture.recorder)
		tell_recorder(r, def);
	return 0;
}

int runner_open(struct runner *r, struct text definition, struct err *e)
{
	struct srcdef def = { 0 };

	if (srcdef_parse(&def, definition) < 0) {
		err_set(e, ERR_USAGE, "source definition: %s",
			def.problem[0] ? def.problem : "out of memory");
		srcdef_free(&def);
		return -1;
	}
	char *printed = print_definition(&def);
	int rc = 0;

	if (!printed) {
		rc = err_sys(e, ENOMEM, "source definition");
	} else if (r->definition && strcmp(printed, r->definition) == 0) {
		free(printed);
		rc = r->opening;
	} else {
		runner_close(r);
		if (!r->cfg.process)		/* else that one warns */
			runner_check_definition(r->cfg.tool, &def);
		rc = open_source(r, &def, printed, e);
		if (rc < 0)
			free(printed);
	}
	srcdef_free(&def);
	return rc;
}

bool runner_means_the_same(const struct runner *r, struct text definition)
{
	struct srcdef def = { 0 };
	char *printed = NULL;

	if (r->definition && srcdef_parse(&def, definition) == 0)
		printed = print_definition(&def);
	bool same = printed && strcmp(printed, r->definition) == 0;

	free(printed);
	srcdef_free(&def);
	return same;
}

/* What its process has handed over already is not lost. */
static void read_the_rest(struct runner *r)
{
	struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };
	struct err ignored;

	while (source_process_read(r->cfg.process, &r->capture, &wait, &ignored) == SOURCE_MORE)
		;
}

/* Its counts stay, for the last account. */
static void close_here(struct runner *r)
{
	r->last = (struct source_stats){ 0 };
	if (r->cfg.tool->ops->stats)
		r->cfg.tool->ops->stats(r->self, &r->last);
	r->cfg.tool->ops->close(r->self);
}

void runner_close(struct runner *r)
{
	if (!r->self && !r->opening)
		return;
	stop_reading(r);
	if (r->cfg.process && r->started)
		read_the_rest(r);
	if (r->cfg.process)
		source_process_close(r->cfg.process);
	else
		close_here(r);
	r->self = NULL;
	r->opening = r->started = r->full = r->ended = false;
	free(r->definition);
	r->definition = NULL;
	source_info_free(&r->info);
}

void runner_finish(struct runner *r)
{
	runner_close(r);
	if (r->cfg.process)
		source_process_finish(r->cfg.process);
	if (r->capture.recorder)
		recorder_finish(r->capture.recorder);
}

/* --- reading --- */

static void read_burst(void *user);

static void again(struct runner *r)
{
	loop_post(r->cfg.loop, &r->post, read_burst, r);
}

static void on_fd(void *user, unsigned events)
{
	(void)events;
	read_burst(user);
}

static void end(struct runner *r, const struct err *e)
{
	stop_reading(r);
	r->ended = true;
	r->cfg.ended(r->cfg.user, e);
}

static void wait_for(struct runner *r, const struct source_wait *wait)
{
	struct err e;

	if (wait->fd != r->watch.fd)
		stop_watching(r);
	if (wait->fd >= 0 && r->watch.fd < 0 &&
	    loop_watch(r->cfg.loop, &r->watch, wait->fd, LOOP_READ, on_fd, r, &e) < 0) {
		end(r, &e);
		return;
	}
	r->steady = wait->steady;
	if (wait->until_ns != LOOP_NEVER)
		loop_timer_set(r->cfg.loop, &r->timer, wait->until_ns, read_burst, r);
}

/* A ring is emptied by the other process: how full it is says nothing. */
static size_t unsent_bytes(const struct runner *r)
{
	return r->cfg.queue ? queue_unsent_bytes(r->cfg.queue) : 0;
}

static enum source_read read_once(struct runner *r, struct source_wait *wait, struct err *e)
{
	if (r->cfg.process)
		return source_process_read(r->cfg.process, &r->capture, wait, e);
	return r->cfg.tool->ops->read(r->self, &r->capture, wait, e);
}

/* Reads until there is enough for a batch, or the source has no more for now. */
static enum source_read read_some(struct runner *r, struct source_wait *wait, struct err *e)
{
	enum source_read result = SOURCE_MORE;
	size_t before = unsent_bytes(r);

	for (int i = 0; i < BURST_READS && result == SOURCE_MORE; i++) {
		if (unsent_bytes(r) >= before + BURST_BYTES)
			break;
		*wait = (struct source_wait){ .fd = -1, .until_ns = LOOP_NEVER };
		result = read_once(r, wait, e);
	}
	return result;
}

/* The descriptor is not watched while the source is read, unless that promised otherwise: it may
 * close it, and open another with the same number, or leave the number to somebody else. */
static void read_burst(void *user)
{
	struct runner *r = user;
	struct source_wait wait;
	struct err e = { .code = ERR_NONE };

	loop_unpost(r->cfg.loop, &r->post);
	loop_timer_cancel(r->cfg.loop, &r->timer);
	if (!r->steady)
		stop_watching(r);
	enum source_read result = read_some(r, &wait, &e);

	r->full = false;
	if (result != SOURCE_WAIT)
		stop_watching(r);
	switch (result) {
	case SOURCE_MORE:
		again(r);
		break;
	case SOURCE_WAIT:
		wait_for(r, &wait);
		break;
	case SOURCE_FULL:
		r->full = true;
		break;
	case SOURCE_END:
		end(r, NULL);
		break;
	case SOURCE_FAILED:
		end(r, &e);
		break;
	}
	r->cfg.records(r->cfg.user);
}

void runner_start(struct runner *r)
{
	if (r->started || !r->self)
		return;
	r->started = true;
	if (r->cfg.process)
		source_process_read_on(r->cfg.process);
	again(r);
}

void runner_room(struct runner *r)
{
	size_t size = r->cfg.queue ? queue_size_bytes(r->cfg.queue) : 0;

	if (!r->full || !r->self || r->ended)
		return;
	/* Not for every small piece: a burst wants room. */
	if (r->cfg.queue && queue_used_bytes(r->cfg.queue) > size - size / 4)
		return;
	r->full = false;
	again(r);
}

/* --- what it is --- */

bool runner_is_open(const struct runner *r)
{
	return r->self != NULL;
}

bool runner_is_started(const struct runner *r)
{
	return r->started;
}

bool runner_ended(const struct runner *r)
{
	return r->ended;
}

const struct source_info *runner_info(const struct runner *r)
{
	return &r->info;
}

void *runner_self(const struct runner *r)
{
	return r->self;
}

struct capture *runner_capture(struct runner *r)
{
	return &r->capture;
}

tuner_fn *runner_tune(const struct runner *r)
{
	tuner_fn *tune = r->cfg.tool->ops->tune;

	return tune && r->cfg.process ? source_process_tune : tune;
}

void runner_get_stats(const struct runner *r, struct source_stats *out)
{
	*out = r->last;
	if (r->self)
		*out = (struct source_stats){ 0 };
	if (r->cfg.process)
		source_process_get_stats(r->cfg.process, out);
	else if (r->self && r->cfg.tool->ops->stats)
		r->cfg.tool->ops->stats(r->self, out);
	if (r->capture.recorder)
		recorder_get_stats(r->capture.recorder, &out->recorded);
	if (r->cfg.ring)
		out->not_passed_on = r->capture.refused + r->capture.messages_dropped;
}

void runner_set_uplink(struct runner *r, const char *address)
{
	if (strcmp(r->uplink, address) == 0)
		return;
	snprintf(r->uplink, sizeof(r->uplink), "%s", address);
	if (r->cfg.process && (r->self || r->opening))
		source_process_set_uplink(r->cfg.process, r->uplink);
	else if (r->self && r->cfg.tool->ops->uplink)
		r->cfg.tool->ops->uplink(r->self, r->uplink);
}

bool runner_lost(const struct runner *r)
{
	return r->cfg.process && source_process_died(r->cfg.process);
}
