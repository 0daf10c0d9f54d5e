/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as a whole: taking them, pausing them while an output is blocked, and acknowledging
 * once a turn what the operating system has got. */
#include "capture_receiver/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#include "capture_receiver/receiver_int.h"

#define RETRY_NS UINT64_C(1000000000)
#define KNOWN_SOURCES 4096		/* remembered beyond those that are connected */

static void settle(void *user);
static void try_resume(void *user);

/* --- pausing --- */

void receiver_settle_later(struct receiver *r)
{
	loop_post(r->loop, &r->post, settle, r);
}

void receiver_pause(struct receiver *r)
{
	r->host.paused = true;
	/* The sink tells when it goes on; the timer is for what it cannot know, such as memory. */
	if (!loop_timer_armed(&r->retry))
		loop_timer_set(r->loop, &r->retry, loop_now_ns(r->loop) + RETRY_NS, try_resume, r);
}

static void on_broken(struct receiver *r)
{
	if (!r->broken)
		report_info("%s: its reader is gone, nothing is left to do",
			    sink_stopped_by(r->sink));
	r->broken = true;
	receiver_pause(r);
	loop_stop(r->loop);
}

static void resume_clients(struct receiver *r)
{
	struct client *c;

	/* One at a time: handling one may end another. */
	while ((c = r->held) != NULL && !r->host.paused) {
		r->held = c->next_held;
		client_resume(c);
	}
}

static void try_resume(void *user)
{
	struct receiver *r = user;
	enum output_state state = sink_flush(r->sink);

	loop_timer_cancel(r->loop, &r->retry);
	if (state == OUTPUT_BROKEN) {
		on_broken(r);
	} else if (state == OUTPUT_BLOCKED) {
		receiver_pause(r);
	} else if (r->host.paused) {
		r->host.paused = false;
		r->host.resumed_ns = loop_now_ns(r->loop);
		receiver_settle_later(r);
		resume_clients(r);
	}
}

/* --- settling: PONGs after the data, and the end of clients --- */

static void remove_client(struct receiver *r, struct client *c)
{
	*(c->prev ? &c->prev->next : &r->clients) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	r->n_clients--;
	client_free(c);
}

static void forget_held(struct receiver *r, struct client *c)
{
	struct client **at = &r->held;

	if (!c->is_held)
		return;
	while (*at && *at != c)
		at = &(*at)->next_held;
	if (*at)
		*at = c->next_held;
}

static void keep_settling(struct receiver *r, struct client *c)
{
	if (c->is_settling)
		return;
	c->is_settling = true;
	c->next_settling = r->settling;
	r->settling = c;
}

/* safe: everything received is with the operating system. */
static void settle_one(struct receiver *r, struct client *c, bool safe)
{
	/* Still in the list while this may close it. */
	if (safe)
		client_acknowledge(c);
	c->is_settling = false;
	if (c->state != CLIENT_CLOSED) {
		if (!safe)
			keep_settling(r, c);
	} else if (c->parsing || (!safe && c->transport)) {
		keep_settling(r, c);
	} else {
		forget_held(r, c);
		remove_client(r, c);
	}
}

static void settle_clients(struct receiver *r, bool safe)
{
	struct client *list = r->settling, *c;

	r->settling = NULL;
	while ((c = list) != NULL) {
		list = c->next_settling;
		settle_one(r, c, safe);
	}
}

static void settle(void *user)
{
	struct receiver *r = user;
	enum output_state state = sink_flush(r->sink);

	settle_clients(r, state == OUTPUT_READY);
	if (state == OUTPUT_BROKEN)
		on_broken(r);
	else if (state == OUTPUT_BLOCKED)
		receiver_pause(r);
}

static void on_needs_settling(void *user, struct client *c)
{
	struct receiver *r = user;

	keep_settling(r, c);
	receiver_settle_later(r);
}

static void on_held(void *user, struct client *c)
{
	struct receiver *r = user;

	c->next_held = r->held;
	r->held = c;
}

/* --- life --- */

static int take_memory(struct receiver *r)
{
	arena_init(&r->arena, ARENA_LIMIT_BYTES);
	r->read_buf = malloc(CLIENT_READ_SIZE);
	r->sources = source_table_new(r->config.max_connections + KNOWN_SOURCES);
	r->host = (struct client_host){
		.loop = r->loop,
		.read_buf = r->read_buf,
		.frame_buf = r->frame_buf,
		.arena = &r->arena,
		.user = r,
		.announced = receiver_announced,
		.opened = receiver_opened,
		.record = receiver_record,
		.needs_settling = on_needs_settling,
		.settle_now = settle,
		.held = on_held,
		.closed = receiver_closed,
	};
	return r->read_buf && r->sources ? 0 : -1;
}

struct receiver *receiver_new(struct loop *loop, const struct receiver_config *config,
			      struct err *e)
{
	struct receiver *r = calloc(1, sizeof(*r));

	if (!r) {
		err_sys(e, ENOMEM, "receiver");
		return NULL;
	}
	r->config = *config;
	r->config.sink.changed = try_resume;
	r->config.sink.user = r;
	r->loop = loop;
	if (take_memory(r) < 0)
		err_sys(e, ENOMEM, "receiver");
	else
		r->sink = sink_new(loop, &r->config.sink, e);
	if (!r->sink) {
		receiver_free(r);
		return NULL;
	}
	receiver_start_ticking(r);
	receiver_settle_later(r);
	return r;
}

void receiver_free(struct receiver *r)
{
	if (!r)
		return;
	while (r->clients)
		remove_client(r, r->clients);
	table_screen_free(r->screen);
	loop_unpost(r->loop, &r->post);
	loop_timer_cancel(r->loop, &r->retry);
	loop_timer_cancel(r->loop, &r->idle);
	loop_timer_cancel(r->loop, &r->rebalance);
	loop_timer_cancel(r->loop, &r->tick);
	sink_free(r->sink);		/* it still refers to sources */
	source_table_free(r->sources);
	arena_reset(&r->arena);
	free(r->read_buf);
	free(r);
}

void receiver_accept(struct receiver *r, struct transport *t)
{
	struct client *c;

	if (r->n_clients >= r->config.max_connections) {
		r->n_rejected++;
		t->ops->close(t);
		return;
	}
	r->n_accepted++;
	c = client_new(&r->host, t);
	if (!c)
		return;
	c->next = r->clients;
	if (c->next)
		c->next->prev = c;
	r->clients = c;
	r->n_clients++;
}

int receiver_finish(struct receiver *r)
{
	uint64_t waiting;

	r->finishing = true;
	for (struct client *c = r->clients; c; c = c->next)
		client_close(c, true, "the receiver ends");
	settle(r);
	waiting = r->broken ? 0 : sink_waiting(r->sink);
	if (waiting > 0)
		report_error("%s: %llu bytes could not be written", sink_stopped_by(r->sink),
			     (unsigned long long)waiting);
	receiver_print_table(r);
	receiver_print_totals(r, "total");
	return waiting > 0 ? EX_IOERR : EX_OK;
}

/* --- for tests --- */

const struct source_stats *receiver_totals(const struct receiver *r)
{
	return &r->totals;
}

struct source *receiver_find_source(struct receiver *r, const char *uuid)
{
	return source_table_find(r->sources, uuid);
}

size_t receiver_connections(const struct receiver *r)
{
	return r->n_clients;
}

bool receiver_is_paused(const struct receiver *r)
{
	return r->host.paused;
}
