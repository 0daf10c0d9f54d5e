/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link over TCP, IPv4 and IPv6 (docs/protocol.md 3.3). */
#include "capture_common/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/resolve.h"

#define RESOLVE_TIMEOUT_NS ((uint64_t)20 * 1000000000)
#define CONNECT_TIMEOUT_NS ((uint64_t)10 * 1000000000)
#define NOT_SENT_LOWAT_BYTES (512 * 1024)

struct link_tcp {
	struct link link;
	struct loop *loop;
	char *host;
	uint16_t port;
	struct resolve *resolve;
	struct addrinfo *addresses, *next;	/* next one to try */
	struct loop_timer timer;
	struct loop_post post;
	struct loop_watch watch;
	int fd;
	struct err err;				/* of the last address */
};

static struct link_tcp *of(struct link *l)
{
	return (struct link_tcp *)l;
}

static void give_up(struct link_tcp *t)
{
	loop_timer_cancel(t->loop, &t->timer);
	t->link.events.down(t->link.events.user, &t->err);
}

static void give_up_later(void *user)
{
	give_up(user);
}

static void close_socket(struct link_tcp *t)
{
	if (t->fd < 0)
		return;
	loop_unwatch(t->loop, &t->watch);
	close(t->fd);
	t->fd = -1;
}

/* --- connected --- */

static void on_writable(void *user)
{
	struct link_tcp *t = user;

	if (t->watch.events & LOOP_WRITE)	/* still */
		t->link.events.writable(t->link.events.user);
}

/* Either callback may free the link, so only one is called from here; neither direction can starve
 * the other. */
static void on_ready(void *user, unsigned events)
{
	struct link_tcp *t = user;

	if (events & LOOP_WRITE && t->watch.events & LOOP_WRITE)
		loop_post(t->loop, &t->post, on_writable, t);
	if (events & (LOOP_READ | LOOP_HANGUP))
		t->link.events.readable(t->link.events.user);
}

/* --- connecting --- */

static void try_next(struct link_tcp *t);

static void on_connected(void *user, unsigned events)
{
	struct link_tcp *t = user;
	int failed = 0;
	socklen_t len = sizeof(failed);

	(void)events;
	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &failed, &len);
	if (failed) {
		err_sys(&t->err, failed, "%s: connecting", t->link.peer);
		close_socket(t);
		try_next(t);
		return;
	}
	loop_timer_cancel(t->loop, &t->timer);
	link_set_tcp_options(t->fd, NOT_SENT_LOWAT_BYTES);
	t->watch.fn = on_ready;
	loop_watch_events(t->loop, &t->watch, LOOP_READ);
	t->link.events.up(t->link.events.user);
}

static void on_connect_timeout(void *user)
{
	struct link_tcp *t = user;

	err_set(&t->err, ERR_NETWORK, "%s: connecting: no answer within %d s", t->link.peer,
		(int)(CONNECT_TIMEOUT_NS / 1000000000));
	close_socket(t);
	try_next(t);
}

static void name_peer(struct link_tcp *t, const struct addrinfo *a)
{
	char *address = t->link.address;

	if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(t->link.address), NULL, 0,
			NI_NUMERICHOST) != 0)
		address[0] = '\0';
	if (strcmp(address, t->host) == 0)
		snprintf(t->link.peer, sizeof(t->link.peer), "%s port %u", t->host, t->port);
	else
		snprintf(t->link.peer, sizeof(t->link.peer), "%.60s (%.50s) port %u", t->host,
			 address, t->port);
}

/* Returns 0 when a connection is under way. */
static int try_address(struct link_tcp *t, const struct addrinfo *a)
{
	name_peer(t, a);
	t->fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
	if (t->fd < 0)
		return err_sys(&t->err, errno, "%s: socket", t->link.peer);
	if (link_set_nonblocking(t->fd) < 0)
		return err_sys(&t->err, errno, "%s: socket", t->link.peer);
	if (connect(t->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		return err_sys(&t->err, errno, "%s: connecting", t->link.peer);
	if (loop_watch(t->loop, &t->watch, t->fd, LOOP_WRITE, on_connected, t, &t->err) < 0)
		return -1;
	loop_timer_set(t->loop, &t->timer, loop_now_ns(t->loop) + CONNECT_TIMEOUT_NS,
		       on_connect_timeout, t);
	return 0;
}

static void try_next(struct link_tcp *t)
{
	while (t->next) {
		const struct addrinfo *a = t->next;

		t->next = a->ai_next;
		if (try_address(t, a) == 0)
			return;
		close_socket(t);
	}
	give_up(t);
}

/* --- the name --- */

static void on_resolved(void *user, struct addrinfo *list, const struct err *e)
{
	struct link_tcp *t = user;

	t->addresses = t->next = list;
	if (!list)
		t->err = *e;
	resolve_free(t->resolve);
	t->resolve = NULL;
	loop_timer_cancel(t->loop, &t->timer);
	try_next(t);
}

static void on_resolve_timeout(void *user)
{
	struct link_tcp *t = user;

	resolve_free(t->resolve);
	t->resolve = NULL;
	err_set(&t->err, ERR_NETWORK, "%s: name lookup: no answer within %d s", t->host,
		(int)(RESOLVE_TIMEOUT_NS / 1000000000));
	give_up(t);
}

static void tcp_start(struct link *l)
{
	struct link_tcp *t = of(l);

	t->resolve = resolve_start(t->loop, t->host, t->port, on_resolved, t, &t->err);
	if (!t->resolve) {
		loop_post(t->loop, &t->post, give_up_later, t);
		return;
	}
	loop_timer_set(t->loop, &t->timer, loop_now_ns(t->loop) + RESOLVE_TIMEOUT_NS,
		       on_resolve_timeout, t);
}

/* --- the rest --- */

static long tcp_send(struct link *l, const uint8_t *data, size_t len, struct err *e)
{
	return link_fd_write(of(l)->fd, true, data, len, e);
}

static long tcp_recv(struct link *l, uint8_t *buf, size_t size, struct err *e)
{
	return link_fd_read(of(l)->fd, buf, size, e);
}

static void tcp_want_write(struct link *l, bool want)
{
	struct link_tcp *t = of(l);

	loop_watch_events(t->loop, &t->watch, want ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void tcp_free(struct link *l)
{
	struct link_tcp *t = of(l);

	loop_timer_cancel(t->loop, &t->timer);
	loop_unpost(t->loop, &t->post);
	resolve_free(t->resolve);
	close_socket(t);
	if (t->addresses)
		freeaddrinfo(t->addresses);
	free(t->host);
	free(t);
}

static const struct link_ops tcp_ops = {
	.start = tcp_start,
	.send = tcp_send,
	.recv = tcp_recv,
	.want_write = tcp_want_write,
	.free = tcp_free,
};

struct link *link_tcp_new(struct loop *loop, const char *host, uint16_t port,
			  const struct link_events *events)
{
	struct link_tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->link = (struct link){ .ops = &tcp_ops, .events = *events };
	t->loop = loop;
	t->port = port;
	t->fd = -1;
	t->watch.fd = -1;
	t->host = strdup(host);
	if (!t->host) {
		free(t);
		return NULL;
	}
	snprintf(t->link.peer, sizeof(t->link.peer), "%.60s port %u", host, port);
	return &t->link;
}
