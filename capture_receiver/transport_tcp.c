/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stream sockets. */
#include "capture_receiver/transport_tcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where this flag is missing SIGPIPE is ignored by the program anyway. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

struct tcp {
	struct transport t;
	struct loop *loop;
	struct loop_watch watch;
	int fd;
};

static ssize_t tcp_read(struct transport *t, uint8_t *buf, size_t room)
{
	struct tcp *tcp = (struct tcp *)t;
	ssize_t n = recv(tcp->fd, buf, room, 0);

	return n < 0 ? -errno : n;
}

static ssize_t tcp_write(struct transport *t, const uint8_t *data, size_t len)
{
	struct tcp *tcp = (struct tcp *)t;
	ssize_t n = send(tcp->fd, data, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

/* A hang-up is told by reading: what came before it is still there. */
static void on_socket(void *user, unsigned events)
{
	struct tcp *tcp = user;
	unsigned what = 0;

	if (events & (LOOP_READ | LOOP_HANGUP))
		what |= TRANSPORT_READABLE;
	if (events & LOOP_WRITE)
		what |= TRANSPORT_WRITABLE;
	tcp->t.ready(tcp->t.user, what);
}

/* A hang-up would be reported over and over to who wants nothing: that one is not watched. */
static void tcp_want(struct transport *t, unsigned what)
{
	struct tcp *tcp = (struct tcp *)t;
	unsigned events = 0;
	struct err e;

	if (what & TRANSPORT_READABLE)
		events |= LOOP_READ;
	if (what & TRANSPORT_WRITABLE)
		events |= LOOP_WRITE;
	if (!(what & TRANSPORT_READABLE) && !(what & TRANSPORT_WRITABLE))
		loop_unwatch(tcp->loop, &tcp->watch);
	else if (tcp->watch.fd >= 0)
		loop_watch_events(tcp->loop, &tcp->watch, events);
	else
		/* Only memory can be missing, and then silence ends the connection. */
		(void)loop_watch(tcp->loop, &tcp->watch, tcp->fd, events, on_socket, tcp, &e);
}

static void tcp_close(struct transport *t)
{
	struct tcp *tcp = (struct tcp *)t;

	loop_unwatch(tcp->loop, &tcp->watch);
	close(tcp->fd);
	free(tcp);
}

static const struct transport_ops tcp_ops = {
	.read = tcp_read,
	.write = tcp_write,
	.want = tcp_want,
	.close = tcp_close,
};

struct transport *transport_tcp_new(struct loop *loop, int fd, const char *peer)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp) {
		close(fd);
		return NULL;
	}
	tcp->t.ops = &tcp_ops;
	tcp->loop = loop;
	tcp->watch.fd = -1;
	tcp->fd = fd;
	snprintf(tcp->t.peer, sizeof(tcp->t.peer), "%s", peer);
	return &tcp->t;
}
