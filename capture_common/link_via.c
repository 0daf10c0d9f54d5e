/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link over a helper command's standard input and output. */
#include "capture_common/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/via.h"

/* The stream often ends a moment before the helper, which knows why. */
#define WAIT_FOR_REASON_NS ((uint64_t)500 * 1000000)

struct link_via {
	struct link link;
	struct loop *loop;
	struct via *via;
	char *host;
	uint16_t port;
	struct via_helper *helper;
	int fd;
	struct loop_watch watch;
	struct loop_post post, write_post;
	struct loop_timer timer;
	bool closed;			/* the stream has ended: down() comes soon */
	bool ended;			/* the helper has; err says how */
	struct err err;
};

static struct link_via *of(struct link *l)
{
	return (struct link_via *)l;
}

/* --- the end --- */

static void go_down(void *user)
{
	struct link_via *v = user;

	loop_timer_cancel(v->loop, &v->timer);
	loop_unpost(v->loop, &v->post);
	loop_unwatch(v->loop, &v->watch);
	err_wrap(&v->err, "%.60s port %u", v->host, v->port);
	v->link.events.down(v->link.events.user, &v->err);
}

/* From within the owner's call, too: down() comes later. */
static void stream_closed(struct link_via *v)
{
	if (v->closed)
		return;
	v->closed = true;
	loop_unwatch(v->loop, &v->watch);
	if (v->ended) {
		loop_post(v->loop, &v->post, go_down, v);
		return;
	}
	err_set(&v->err, ERR_NETWORK, "via: %s closed the connection", via_name(v->via));
	loop_timer_set(v->loop, &v->timer, loop_now_ns(v->loop) + WAIT_FOR_REASON_NS, go_down, v);
}

/* What it wrote before is read first, unless something that it left running holds the stream. */
static void on_ended(void *user, const struct err *e)
{
	struct link_via *v = user;

	v->ended = true;
	v->err = *e;
	if (v->closed)
		go_down(v);
	else
		loop_timer_set(v->loop, &v->timer, loop_now_ns(v->loop) + WAIT_FOR_REASON_NS,
			       go_down, v);
}

/* --- data --- */

static void on_writable(void *user)
{
	struct link_via *v = user;

	if (v->watch.events & LOOP_WRITE)	/* still */
		v->link.events.writable(v->link.events.user);
}

/* Either callback may free the link, so only one is called from here. */
static void on_ready(void *user, unsigned events)
{
	struct link_via *v = user;

	if (events & LOOP_WRITE && v->watch.events & LOOP_WRITE)
		loop_post(v->loop, &v->write_post, on_writable, v);
	if (events & (LOOP_READ | LOOP_HANGUP))
		v->link.events.readable(v->link.events.user);
}

static long via_send(struct link *l, const uint8_t *data, size_t len, struct err *e)
{
	struct link_via *v = of(l);
	long n = v->closed ? 0 : link_fd_write(v->fd, true, data, len, e);

	if (n < 0)
		stream_closed(v);
	return n < 0 ? 0 : n;
}

static long via_recv(struct link *l, uint8_t *buf, size_t size, struct err *e)
{
	struct link_via *v = of(l);
	long n = v->closed ? 0 : link_fd_read(v->fd, buf, size, e);

	if (n < 0)
		stream_closed(v);
	return n < 0 ? 0 : n;
}

static void via_want_write(struct link *l, bool want)
{
	struct link_via *v = of(l);

	if (!v->closed)
		loop_watch_events(v->loop, &v->watch, want ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* --- the beginning --- */

static int set_up(struct link_via *v)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return err_sys(&v->err, errno, "via: socket");
	v->fd = fds[0];
	if (link_set_nonblocking(v->fd) < 0) {
		close(fds[1]);
		return err_sys(&v->err, errno, "via: socket");
	}
#ifdef SO_NOSIGPIPE
	int on = 1;

	setsockopt(v->fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
	v->helper = via_helper_new(v->via, v->loop, v->host, v->port, fds[1], on_ended, v,
				   &v->err);
	return v->helper ? 0 : -1;
}

/* A helper that has ended already is up, too, until what it wrote was read. */
static void report(void *user)
{
	struct link_via *v = user;

	if (v->helper &&
	    loop_watch(v->loop, &v->watch, v->fd, LOOP_READ, on_ready, v, &v->err) == 0)
		v->link.events.up(v->link.events.user);
	else
		go_down(v);
}

static void via_start_link(struct link *l)
{
	set_up(of(l));
	loop_post(of(l)->loop, &of(l)->post, report, l);
}

/* The stream first, so that the helper can end in order. */
static void via_free(struct link *l)
{
	struct link_via *v = of(l);

	loop_timer_cancel(v->loop, &v->timer);
	loop_unpost(v->loop, &v->post);
	loop_unpost(v->loop, &v->write_post);
	loop_unwatch(v->loop, &v->watch);
	if (v->fd >= 0)
		close(v->fd);
	via_helper_free(v->helper);
	free(v->host);
	free(v);
}

static const struct link_ops via_ops = {
	.start = via_start_link,
	.send = via_send,
	.recv = via_recv,
	.want_write = via_want_write,
	.free = via_free,
};

struct link *link_via_new(struct via *via, struct loop *loop, const char *host, uint16_t port,
			  const struct link_events *events)
{
	struct link_via *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->link = (struct link){ .ops = &via_ops, .events = *events };
	v->loop = loop;
	v->via = via;
	v->port = port;
	v->fd = v->watch.fd = -1;
	v->host = strdup(host);
	if (!v->host) {
		free(v);
		return NULL;
	}
	snprintf(v->link.peer, sizeof(v->link.peer), "%.60s port %u via %s", host, port,
		 via_name(via));
	return &v->link;
}
