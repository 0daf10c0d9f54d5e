/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buffer in front of a file or pipe, and what happens when that takes nothing. */
#include "capture_receiver/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/report.h"

#define SECOND_NS UINT64_C(1000000000)

struct output {
	struct loop *loop;
	struct output_target target;
	struct loop_watch watch;
	struct loop_timer timer;
	void (*changed)(void *user);
	void *user;
	char *name;
	uint8_t *buf;
	size_t cap, start, end;		/* waiting: buf[start..end) */
	uint64_t written;
	enum output_state state;
	bool told;			/* that it is blocked */
	uint64_t blocked_ns;
};

static void on_pipe(void *user, unsigned events);

struct output *output_new(struct loop *loop, const char *name, size_t cap,
			  const struct output_target *target, void (*changed)(void *user),
			  void *user, struct err *e)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o) {
		target->close(target->self);
		err_sys(e, ENOMEM, "%s", name);
		return NULL;
	}
	o->loop = loop;
	o->target = *target;
	o->watch.fd = -1;
	o->changed = changed;
	o->user = user;
	o->cap = cap;
	o->name = strdup(name);
	o->buf = malloc(cap);
	if (!o->name || !o->buf) {
		err_sys(e, ENOMEM, "%s", name);
		output_free(o);
		return NULL;
	}
	/* Asks for nothing: to be told when the reader goes, also while there is no data. */
	if (target->pipe_fd >= 0 &&
	    loop_watch(loop, &o->watch, target->pipe_fd, 0, on_pipe, o, e) < 0) {
		err_wrap(e, "%s", name);
		output_free(o);
		return NULL;
	}
	return o;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	loop_unwatch(o->loop, &o->watch);
	loop_timer_cancel(o->loop, &o->timer);
	o->target.close(o->target.self);
	free(o->name);
	free(o->buf);
	free(o);
}

/* --- blocked and free again --- */

static void on_timer(void *user);

static void tell_blocked(struct output *o, int errnum)
{
	if (o->told)
		return;
	o->told = true;
	if (errnum == EAGAIN)
		report_warn("%s: its reader is slow; waiting, and all sources with it", o->name);
	else
		report_warn("%s: %s; trying again each second, nothing is acknowledged meanwhile",
			    o->name, strerror(errnum));
}

/* A pipe that is full for a moment is normal and worth no word, so the timer tells of it. */
static void become_blocked(struct output *o, int errnum)
{
	uint64_t now = loop_now_ns(o->loop);

	if (o->state == OUTPUT_READY)
		o->blocked_ns = now;
	o->state = OUTPUT_BLOCKED;
	if (errnum != EAGAIN)
		tell_blocked(o, errnum);
	if (o->watch.fd >= 0)
		loop_watch_events(o->loop, &o->watch, LOOP_WRITE);
	if (!loop_timer_armed(&o->timer))
		loop_timer_set(o->loop, &o->timer, now + SECOND_NS, on_timer, o);
}

static void become_ready(struct output *o)
{
	if (o->told)
		report_info("%s: takes data again after %.0f s", o->name,
			    (double)(loop_now_ns(o->loop) - o->blocked_ns) / 1e9);
	o->told = false;
	o->state = OUTPUT_READY;
	if (o->watch.fd >= 0)
		loop_watch_events(o->loop, &o->watch, 0);
	loop_timer_cancel(o->loop, &o->timer);
}

static void become_broken(struct output *o)
{
	o->state = OUTPUT_BROKEN;
	loop_unwatch(o->loop, &o->watch);
	loop_timer_cancel(o->loop, &o->timer);
}

/* Tries again, and tells the owner when that changed something. */
static void try_again(struct output *o)
{
	enum output_state before = o->state;

	if (output_flush(o) != before)
		o->changed(o->user);
}

static void on_timer(void *user)
{
	struct output *o = user;

	if (o->watch.fd >= 0)
		tell_blocked(o, EAGAIN);
	else
		try_again(o);
}

static void on_pipe(void *user, unsigned events)
{
	struct output *o = user;

	if (events & LOOP_HANGUP) {
		become_broken(o);
		o->changed(o->user);
	} else if (o->state == OUTPUT_BLOCKED) {
		try_again(o);
	}
}

/* --- bytes --- */

bool output_has_room(struct output *o, size_t len)
{
	if (o->cap - o->end >= len)
		return true;
	if (o->state == OUTPUT_READY)
		output_flush(o);
	if (o->start > 0) {
		memmove(o->buf, o->buf + o->start, o->end - o->start);
		o->end -= o->start;
		o->start = 0;
	}
	return o->cap - o->end >= len;
}

uint8_t *output_space(struct output *o, size_t *room)
{
	*room = o->cap - o->end;
	return o->buf + o->end;
}

void output_filled(struct output *o, size_t len)
{
	o->end += len;
}

/* Returns 0 when everything was taken, or -errno. */
static int write_all(struct output *o)
{
	while (o->start < o->end) {
		ssize_t n = o->target.write(o->target.self, o->buf + o->start, o->end - o->start);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EAGAIN;
		o->start += (size_t)n;
		o->written += (uint64_t)n;
	}
	o->start = o->end = 0;
	return 0;
}

enum output_state output_flush(struct output *o)
{
	int rc;

	if (o->state == OUTPUT_BROKEN)
		return o->state;
	rc = write_all(o);
	if (rc == 0 && o->state == OUTPUT_BLOCKED)
		become_ready(o);
	else if (rc == -EPIPE)
		become_broken(o);
	else if (rc < 0)
		become_blocked(o, rc == -EWOULDBLOCK ? EAGAIN : -rc);
	return o->state;
}

enum output_state output_state(const struct output *o)
{
	return o->state;
}

size_t output_waiting(const struct output *o)
{
	return o->end - o->start;
}

uint64_t output_written(const struct output *o)
{
	return o->written;
}

const char *output_name(const struct output *o)
{
	return o->name;
}
