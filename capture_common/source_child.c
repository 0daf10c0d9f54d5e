/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that has the source. */
#include "capture_common/source_child.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "capture_common/privileges.h"
#include "capture_common/runner.h"
#include "capture_common/source_own.h"
#include "capture_common/source_wire.h"

#define STATS_EVERY_NS ((uint64_t)2 * 1000000000)

struct child {
	const struct source_child_config *cfg;
	struct loop *loop;
	struct recorder *recorder;	/* NULL: nothing is recorded */
	struct runner *runner;
	struct loop_watch watch;
	struct loop_timer timer;
	struct source_stats told;
	uint32_t id;			/* of the OPEN that counts */
	pthread_t tuning;
	bool has_thread;
	pthread_mutex_t lock;		/* held while the source is opened, closed or tuned */
	uint8_t buf[SOURCE_WIRE_MAX];
};

/* --- talking --- */

/* Waits, if it must: the other side reads, or is gone. */
static bool tell(struct child *c, const struct source_wire *m, int flags)
{
	long len = source_wire_encode(m, c->buf, sizeof(c->buf));

	return len > 0 && send(c->cfg->commands_fd, c->buf, (size_t)len, flags) == len;
}

static void on_records(void *user)
{
	struct child *c = user;

	if (!c->cfg->record_only && record_ring_wakes_reader(c->cfg->ring))
		tell(c, &(struct source_wire){ .type = WIRE_RECORDS }, 0);
}

/* One that is not taken is made up for by the next. */
static void tell_stats(struct child *c)
{
	struct source_wire m = { .type = WIRE_STATS };

	runner_get_stats(c->runner, &m.stats);
	if (memcmp(&m.stats, &c->told, sizeof(c->told)) == 0)
		return;
	if (tell(c, &m, MSG_DONTWAIT))
		c->told = m.stats;
}

static void on_stats_due(void *user)
{
	struct child *c = user;

	tell_stats(c);
	loop_timer_set(c->loop, &c->timer, loop_now_ns(c->loop) + STATS_EVERY_NS, on_stats_due, c);
}

/* Nobody reads the recording any more. */
static void on_recording_over(void *user)
{
	tell_stats(user);
}

static void on_ended(void *user, const struct err *e)
{
	struct child *c = user;
	struct source_wire m = { .type = WIRE_ENDED, .id = c->id };

	if (e)
		m.err = *e;
	tell_stats(c);
	tell(c, &m, 0);
}

/* --- being asked --- */

static void close_source(struct child *c)
{
	if (!c->recorder)		/* else there is something to tell of still */
		loop_timer_cancel(c->loop, &c->timer);
	pthread_mutex_lock(&c->lock);
	runner_close(c->runner);
	pthread_mutex_unlock(&c->lock);
	tell_stats(c);
}

static int open_merged(struct child *c, struct text asked, struct err *e)
{
	if (!c->cfg->definition)
		return runner_open(c->runner, asked, e);
	char *merged = source_own_merge(c->cfg->tool, c->cfg->definition, asked, e);
	int rc = merged ? runner_open(c->runner, text_of(merged), e) : -1;

	free(merged);
	return rc;
}

/* A definition that means the same is opened again all the same: the other side has its reasons. */
static void open_source(struct child *c, const struct source_wire *m)
{
	struct source_wire answer = { .type = WIRE_OPENED, .id = m->id };
	char uplink[sizeof(((struct source_info *)NULL)->uplink)];
	int rc;

	close_source(c);
	c->id = m->id;
	c->told = (struct source_stats){ 0 };
	snprintf(uplink, sizeof(uplink), "%.*s", TEXT_ARG(m->uplink));
	runner_set_uplink(c->runner, uplink);
	pthread_mutex_lock(&c->lock);
	rc = open_merged(c, m->text, &answer.err);
	pthread_mutex_unlock(&c->lock);
	if (rc < 0)
		answer.type = WIRE_REFUSED;
	answer.info = *runner_info(c->runner);
	tell(c, &answer, 0);
	if (rc == 0)
		on_stats_due(c);
}

static void set_uplink(struct child *c, struct text address)
{
	char uplink[sizeof(((struct source_info *)NULL)->uplink)];

	snprintf(uplink, sizeof(uplink), "%.*s", TEXT_ARG(address));
	runner_set_uplink(c->runner, uplink);
}

/* Returns 0, or -1 when the other side is none of ours. */
static int handle(struct child *c, const struct source_wire *m)
{
	switch (m->type) {
	case WIRE_OPEN:
		open_source(c, m);
		return 0;
	case WIRE_START:
		runner_start(c->runner);
		return 0;
	case WIRE_CLOSE:
		close_source(c);
		return 0;
	case WIRE_ROOM:
		runner_room(c->runner);
		return 0;
	case WIRE_UPLINK:
		set_uplink(c, m->text);
		return 0;
	case WIRE_TUNE:
	case WIRE_READY:
	case WIRE_OPENED:
	case WIRE_REFUSED:
	case WIRE_RECORDS:
	case WIRE_ENDED:
	case WIRE_STATS:
	case WIRE_TUNED:
		break;
	}
	return -1;
}

static void on_command(void *user, unsigned events)
{
	struct child *c = user;
	struct source_wire m = { .type = WIRE_OPEN };
	long n = recv(c->cfg->commands_fd, c->buf, sizeof(c->buf), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		/* Its texts point into a buffer that answers are written to. */
		uint8_t *copy = malloc((size_t)n);

		if (copy) {
			memcpy(copy, c->buf, (size_t)n);
			if (source_wire_decode(&m, copy, (size_t)n) < 0 || handle(c, &m) < 0)
				n = -1;
			source_info_free(&m.info);
		} else {
			n = -1;
		}
		free(copy);
	}
	if (n <= 0)
		loop_stop(c->loop);
}

/* --- tuning --- */

static void tune(struct child *c, const struct source_wire *m, struct source_wire *answer)
{
	const struct source_ops *ops = c->cfg->tool->ops;
	char channel[64];

	snprintf(channel, sizeof(channel), "%.*s", TEXT_ARG(m->text));
	pthread_mutex_lock(&c->lock);
	void *self = runner_self(c->runner);

	if (!self || !ops->tune)
		err_set(&answer->err, ERR_UNSUPPORTED, "channel %s: nothing is open", channel);
	else if (ops->tune(self, channel, &answer->err) == 0)
		answer->err = (struct err){ .code = ERR_NONE };
	pthread_mutex_unlock(&c->lock);
}

static void *tuning_thread(void *arg)
{
	struct child *c = arg;
	uint8_t buf[1024];
	long n;

	while ((n = recv(c->cfg->tuning_fd, buf, sizeof(buf), 0)) > 0 ||
	       (n < 0 && errno == EINTR)) {
		struct source_wire m, answer = { .type = WIRE_TUNED };

		if (n < 0)
			continue;
		bool sound = source_wire_decode(&m, buf, (size_t)n) == 0;

		if (sound)
			source_info_free(&m.info);
		if (!sound || m.type != WIRE_TUNE)
			break;
		answer.id = m.id;
		tune(c, &m, &answer);
		long len = source_wire_encode(&answer, buf, sizeof(buf));

		if (len > 0)
			send(c->cfg->tuning_fd, buf, (size_t)len, 0);
	}
	return NULL;
}

/* --- the whole --- */

/* Files after the first one are opened with the privileges that are left: root without them writes
 * where root may. */
static int begin_recording(struct child *c, struct err *e)
{
	char program[128];
	struct recorder_config cfg = { .loop = c->loop, .options = c->cfg->record,
				       .program = program, .tag = c->cfg->tag,
				       .files = c->cfg->record_files,
				       .alone = c->cfg->record_only,
				       .over = on_recording_over, .user = c };

	if (!cfg.files && c->cfg->record_err) {
		*e = *c->cfg->record_err;
		return -1;
	}
	snprintf(program, sizeof(program), "%s %s", c->cfg->tool->program, PACKAGE_VERSION);
	c->recorder = recorder_new(&cfg, e);
	return c->recorder ? 0 : -1;
}

static int set_up(struct child *c, struct err *e)
{
	struct runner_config runner = { .tool = c->cfg->tool,
					.ring = c->cfg->record_only ? NULL : c->cfg->ring,
					.records = on_records, .ended = on_ended, .user = c };

	if (privileges_keep(c->cfg->tool->privileges, e) < 0)
		return -1;
	c->loop = loop_new(NULL, e);
	if (!c->loop || (c->cfg->record && begin_recording(c, e) < 0))
		return -1;
	runner.loop = c->loop;
	runner.recorder = c->recorder;
	c->runner = runner_new(&runner, e);
	if (!c->runner || loop_watch(c->loop, &c->watch, c->cfg->commands_fd, LOOP_READ, on_command,
				     c, e) < 0)
		return -1;
	int rc = pthread_create(&c->tuning, NULL, tuning_thread, c);

	c->has_thread = rc == 0;
	return rc == 0 ? 0 : err_sys(e, rc, "tuning thread");
}

/* What is gone first is what nobody answers any more. */
static void tear_down(struct child *c)
{
	shutdown(c->cfg->tuning_fd, SHUT_RDWR);
	if (c->has_thread)
		pthread_join(c->tuning, NULL);
	if (c->loop) {
		loop_timer_cancel(c->loop, &c->timer);
		loop_unwatch(c->loop, &c->watch);
	}
	if (c->runner) {
		runner_finish(c->runner);
		tell_stats(c);		/* for the last account, which waits for this process */
	}
	runner_free(c->runner);
	recorder_free(c->recorder);
	loop_free(c->loop);
}

/* Where nobody waits for that, it goes to the log. */
static void tell_refusal(struct child *c, const struct err *e)
{
	struct source_wire m = { .type = WIRE_REFUSED, .err = *e };

	if (!c->cfg->record || !tell(c, &m, 0))
		log_error("%s", e->text);
}

int source_child_run(const struct source_child_config *cfg)
{
	static struct child child;
	struct child *c = &child;
	struct err e;
	int status = 0;

	c->cfg = cfg;
	c->watch.fd = -1;
	pthread_mutex_init(&c->lock, NULL);
	if (set_up(c, &e) == 0) {
		if (c->recorder) {
			tell(c, &(struct source_wire){ .type = WIRE_READY }, 0);
			on_stats_due(c);
		}
		loop_run(c->loop);
	} else {
		tell_refusal(c, &e);
		status = err_exit_status(&e);
	}
	tear_down(c);
	return status;
}
