/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link to a server: bytes out, bytes in, and word of what happens to it. One file for each
 * kind (link_tcp.c, link_fd.c). Loop thread only.
 *
 * A link never waits. Its owner starts it, is told when it is up, and ends it with link_free(),
 * from within a callback too. After down() nothing but link_free() may be called. */
#ifndef CAPTURE_COMMON_LINK_H
#define CAPTURE_COMMON_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

struct link_events {
	void (*up)(void *user);
	void (*readable)(void *user);
	void (*writable)(void *user);	/* only after link_want_write(true) */
	void (*down)(void *user, const struct err *e);
	void *user;
};

struct link;

struct link_ops {
	void (*start)(struct link *l);
	long (*send)(struct link *l, const uint8_t *data, size_t len, struct err *e);
	long (*recv)(struct link *l, uint8_t *buf, size_t size, struct err *e);
	void (*want_write)(struct link *l, bool want);
	void (*free)(struct link *l);
};

/* The part that all kinds have; first member of theirs. */
struct link {
	const struct link_ops *ops;
	struct link_events events;
	char peer[128];			/* for messages: "192.0.2.7 port 3501" */
	char address[64];		/* of the peer, numeric; "" when it has none */
};

/* Sets out; up() or down() follows, never from within this call. */
static inline void link_start(struct link *l)
{
	l->ops->start(l);
}

/* Takes whole frames or, on a byte stream, the rest of one. Returns how many bytes were taken,
 * 0 when none can be now (ask for writable), -1 with e when the link is dead. */
static inline long link_send(struct link *l, const uint8_t *data, size_t len, struct err *e)
{
	return l->ops->send(l, data, len, e);
}

/* Returns how many bytes came, 0 when there are none now, -1 with e at the end of the stream. */
static inline long link_recv(struct link *l, uint8_t *buf, size_t size, struct err *e)
{
	return l->ops->recv(l, buf, size, e);
}

static inline void link_want_write(struct link *l, bool want)
{
	l->ops->want_write(l, want);
}

static inline void link_free(struct link *l)
{
	if (l)
		l->ops->free(l);
}

/* --- kinds --- */

/* TCP to host (a name, an IPv4 or an IPv6 address). Looks the name up off the loop and tries its
 * addresses in turn. NULL without memory. */
struct link *link_tcp_new(struct loop *loop, const char *host, uint16_t port,
			  const struct link_events *events);

/* Two inherited descriptors of a local server; takes them over and closes them at the end. */
struct link *link_fd_new(struct loop *loop, int in_fd, int out_fd,
			 const struct link_events *events);

/* --- for the kinds --- */

int link_set_nonblocking(int fd);	/* and close-on-exec */
/* For a connected socket, which may also be none of TCP: no waiting for company, keep-alive, no
 * SIGPIPE, no more than unsent_bytes in the kernel, as they delay the answer to a PING, and no long
 * wait before what was lost is sent again. What a system does not have is left out. */
void link_set_tcp_options(int fd, int unsent_bytes);
/* send() or write() and recv() or read() with the results of link_send() and link_recv(). */
long link_fd_write(int fd, bool is_socket, const uint8_t *data, size_t len, struct err *e);
long link_fd_read(int fd, uint8_t *buf, size_t size, struct err *e);

#endif
