/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link in memory. */
#include "tests/lib/memory_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory_link {
	struct link link;
	struct memory_wire *wire;
	struct loop_post start, readable, writable;
	bool want_write;
};

static struct memory_link *of(struct link *l)
{
	return (struct memory_link *)l;
}

/* --- the tool's end --- */

static bool has_input(const struct memory_wire *w)
{
	return w->up && (w->to_tool.len > 0 || w->ended);
}

static void on_readable(void *user);
static void on_writable(void *user);

/* Level-triggered: as long as it is so, each turn tells it. */
static void post_events(struct memory_link *m)
{
	struct memory_wire *w = m->wire;

	if (has_input(w))
		loop_post(w->loop, &m->readable, on_readable, m);
	if (w->up && m->want_write && w->window > 0)
		loop_post(w->loop, &m->writable, on_writable, m);
}

static void on_readable(void *user)
{
	struct memory_link *m = user;

	if (!has_input(m->wire))
		return;
	post_events(m);
	m->link.events.readable(m->link.events.user);
}

static void on_writable(void *user)
{
	struct memory_link *m = user;

	if (!m->want_write || m->wire->window == 0)
		return;
	post_events(m);
	m->link.events.writable(m->link.events.user);
}

static void on_start(void *user)
{
	struct memory_link *m = user;
	struct err e;

	if (m->wire->refuse) {
		err_set(&e, ERR_NETWORK, "connection refused");
		m->link.events.down(m->link.events.user, &e);
		return;
	}
	m->wire->up = true;
	post_events(m);
	m->link.events.up(m->link.events.user);
}

static void memory_start(struct link *l)
{
	loop_post(of(l)->wire->loop, &of(l)->start, on_start, l);
}

static long memory_send(struct link *l, const uint8_t *data, size_t len, struct err *e)
{
	struct memory_wire *w = of(l)->wire;
	size_t n = len < w->window ? len : w->window;

	if (bytebuf_append(&w->from_tool, data, n, SIZE_MAX) < 0)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	w->window -= n;
	return (long)n;
}

static long memory_recv(struct link *l, uint8_t *buf, size_t size, struct err *e)
{
	struct memory_wire *w = of(l)->wire;
	size_t n = w->to_tool.len < size ? w->to_tool.len : size;

	if (w->read_limit && n > w->read_limit)
		n = w->read_limit;
	if (n == 0)
		return w->ended ? err_set(e, ERR_NETWORK, "closed by the server") : 0;
	memcpy(buf, w->to_tool.data, n);
	bytebuf_consume(&w->to_tool, n);
	return (long)n;
}

static void memory_want_write(struct link *l, bool want)
{
	of(l)->want_write = want;
	post_events(of(l));
}

static void memory_free(struct link *l)
{
	struct memory_link *m = of(l);
	struct memory_wire *w = m->wire;

	loop_unpost(w->loop, &m->start);
	loop_unpost(w->loop, &m->readable);
	loop_unpost(w->loop, &m->writable);
	w->link = NULL;
	w->up = false;
	free(m);
}

static const struct link_ops memory_ops = {
	.start = memory_start,
	.send = memory_send,
	.recv = memory_recv,
	.want_write = memory_want_write,
	.free = memory_free,
};

struct link *memory_link_new(struct memory_wire *w, const struct link_events *events)
{
	struct memory_link *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	if (w->link)
		abort();		/* the tool has two at a time */
	m->link = (struct link){ .ops = &memory_ops, .events = *events, .peer = "memory",
				 .address = "192.0.2.7" };
	m->wire = w;
	bytebuf_free(&w->to_tool);
	bytebuf_free(&w->from_tool);
	w->link = m;
	w->up = w->ended = false;
	w->links++;
	return &m->link;
}

/* --- the server's end --- */

void memory_wire_free(struct memory_wire *w)
{
	bytebuf_free(&w->to_tool);
	bytebuf_free(&w->from_tool);
}

void memory_wire_say(struct memory_wire *w, const void *data, size_t len)
{
	if (!w->link || w->ended)
		return;
	if (bytebuf_append(&w->to_tool, data, len, SIZE_MAX) < 0)
		abort();
	post_events(w->link);
}

void memory_wire_end(struct memory_wire *w)
{
	if (!w->link)
		return;
	w->ended = true;
	post_events(w->link);
}

void memory_wire_set_window(struct memory_wire *w, size_t window)
{
	w->window = window;
	if (w->link)
		post_events(w->link);
}
