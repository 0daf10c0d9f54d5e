/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ready descriptors through epoll(7): Linux. */
#include "capture_common/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 64

struct poller {
	int fd;
};

struct poller *poller_new(struct err *e)
{
	struct poller *p = malloc(sizeof(*p));

	if (!p) {
		err_sys(e, ENOMEM, "event loop");
		return NULL;
	}
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd < 0) {
		err_sys(e, errno, "event loop: epoll_create1");
		free(p);
		return NULL;
	}
	return p;
}

void poller_free(struct poller *p)
{
	if (!p)
		return;
	close(p->fd);
	free(p);
}

static int control(struct poller *p, int op, int fd, unsigned events, void *user)
{
	struct epoll_event ev = { .data.ptr = user };

	if (events & LOOP_READ)
		ev.events |= EPOLLIN;
	if (events & LOOP_WRITE)
		ev.events |= EPOLLOUT;
	return epoll_ctl(p->fd, op, fd, &ev) == 0 ? 0 : -errno;
}

int poller_add(struct poller *p, int fd, unsigned events, void *user)
{
	return control(p, EPOLL_CTL_ADD, fd, events, user);
}

int poller_change(struct poller *p, int fd, unsigned events, void *user)
{
	return control(p, EPOLL_CTL_MOD, fd, events, user);
}

void poller_remove(struct poller *p, int fd)
{
	control(p, EPOLL_CTL_DEL, fd, 0, NULL);
}

int poller_wait(struct poller *p, struct poller_event *out, int max, uint64_t timeout_ns)
{
	struct epoll_event ev[BATCH];
	int n = epoll_wait(p->fd, ev, max < BATCH ? max : BATCH, poller_timeout_ms(timeout_ns));

	for (int i = 0; i < n; i++) {
		out[i].user = ev[i].data.ptr;
		out[i].events = 0;
		if (ev[i].events & EPOLLIN)
			out[i].events |= LOOP_READ;
		if (ev[i].events & EPOLLOUT)
			out[i].events |= LOOP_WRITE;
		if (ev[i].events & (EPOLLERR | EPOLLHUP))
			out[i].events |= LOOP_HANGUP;
	}
	return n > 0 ? n : 0;
}
