/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link over two inherited descriptors: a local server started us (docs/protocol.md 3.1). */
#include "capture_common/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct link_fd {
	struct link link;
	struct loop *loop;
	struct loop_watch in, out;
	struct loop_post post;
	int in_fd, out_fd;
	bool up;			/* its owner knows: events may be passed on */
	struct err err;
};

static struct link_fd *of(struct link *l)
{
	return (struct link_fd *)l;
}

static void on_in(void *user, unsigned events)
{
	struct link_fd *f = user;

	(void)events;
	if (f->up)
		f->link.events.readable(f->link.events.user);
}

/* Also on a hang-up: the next write then tells why. */
static void on_out(void *user, unsigned events)
{
	struct link_fd *f = user;

	if (!f->up)
		return;
	if (events & LOOP_HANGUP && !(f->out.events & LOOP_WRITE)) {
		err_set(&f->err, ERR_NETWORK, "closed by the server");
		f->link.events.down(f->link.events.user, &f->err);
		return;
	}
	f->link.events.writable(f->link.events.user);
}

static int prepare(struct link_fd *f)
{
	if (link_set_nonblocking(f->in_fd) < 0)
		return err_sys(&f->err, errno, "--in-fd: descriptor %d", f->in_fd);
	if (link_set_nonblocking(f->out_fd) < 0)
		return err_sys(&f->err, errno, "--out-fd: descriptor %d", f->out_fd);
	if (loop_watch(f->loop, &f->in, f->in_fd, LOOP_READ, on_in, f, &f->err) < 0)
		return err_wrap(&f->err, "--in-fd");
	if (loop_watch(f->loop, &f->out, f->out_fd, 0, on_out, f, &f->err) < 0)
		return err_wrap(&f->err, "--out-fd");
	return 0;
}

static void report(void *user)
{
	struct link_fd *f = user;

	f->up = f->err.code == ERR_NONE;
	if (f->up)
		f->link.events.up(f->link.events.user);
	else
		f->link.events.down(f->link.events.user, &f->err);
}

static void fd_start(struct link *l)
{
	prepare(of(l));
	loop_post(of(l)->loop, &of(l)->post, report, l);
}

static long fd_send(struct link *l, const uint8_t *data, size_t len, struct err *e)
{
	return link_fd_write(of(l)->out_fd, false, data, len, e);
}

static long fd_recv(struct link *l, uint8_t *buf, size_t size, struct err *e)
{
	return link_fd_read(of(l)->in_fd, buf, size, e);
}

static void fd_want_write(struct link *l, bool want)
{
	loop_watch_events(of(l)->loop, &of(l)->out, want ? LOOP_WRITE : 0);
}

static void fd_free(struct link *l)
{
	struct link_fd *f = of(l);

	loop_unpost(f->loop, &f->post);
	loop_unwatch(f->loop, &f->in);
	loop_unwatch(f->loop, &f->out);
	close(f->in_fd);
	if (f->out_fd >= 0)
		close(f->out_fd);
	free(f);
}

static const struct link_ops fd_ops = {
	.start = fd_start,
	.send = fd_send,
	.recv = fd_recv,
	.want_write = fd_want_write,
	.free = fd_free,
};

struct link *link_fd_new(struct loop *loop, int in_fd, int out_fd,
			 const struct link_events *events)
{
	struct link_fd *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->link = (struct link){ .ops = &fd_ops, .events = *events, .peer = "the local server" };
	f->loop = loop;
	f->in_fd = in_fd;
	f->out_fd = out_fd == in_fd ? dup(in_fd) : out_fd;	/* each is watched by itself */
	f->in.fd = f->out.fd = -1;
	return &f->link;
}
