/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ready descriptors through poll(2): any POSIX system. */
#include "capture_common/poller.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

struct poller {
	struct pollfd *fds;
	void **users;
	size_t n, cap;
	size_t next;		/* where the next batch starts: nobody is always first */
};

struct poller *poller_new(struct err *e)
{
	struct poller *p = calloc(1, sizeof(*p));

	if (!p)
		err_sys(e, ENOMEM, "event loop");
	return p;
}

void poller_free(struct poller *p)
{
	if (!p)
		return;
	free(p->fds);
	free(p->users);
	free(p);
}

static short to_poll(unsigned events)
{
	return (short)((events & LOOP_READ ? POLLIN : 0) | (events & LOOP_WRITE ? POLLOUT : 0));
}

static size_t find(const struct poller *p, int fd)
{
	size_t i = 0;

	while (i < p->n && p->fds[i].fd != fd)
		i++;
	return i;
}

static int grow(struct poller *p)
{
	size_t cap = p->cap ? p->cap * 2 : 16;
	struct pollfd *fds = realloc(p->fds, cap * sizeof(*fds));

	if (!fds)
		return -ENOMEM;
	p->fds = fds;
	void **users = realloc(p->users, cap * sizeof(*users));

	if (!users)
		return -ENOMEM;
	p->users = users;
	p->cap = cap;
	return 0;
}

/* Refuses what epoll(7) refuses, so that a mistake does not depend on the system. */
static int check(const struct poller *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return -EPERM;
	return find(p, fd) < p->n ? -EEXIST : 0;
}

int poller_add(struct poller *p, int fd, unsigned events, void *user)
{
	int rc = check(p, fd);

	if (rc < 0)
		return rc;
	if (p->n == p->cap && grow(p) < 0)
		return -ENOMEM;
	p->fds[p->n] = (struct pollfd){ .fd = fd, .events = to_poll(events) };
	p->users[p->n++] = user;
	return 0;
}

int poller_change(struct poller *p, int fd, unsigned events, void *user)
{
	size_t i = find(p, fd);

	if (i == p->n)
		return -ENOENT;
	p->fds[i].events = to_poll(events);
	p->users[i] = user;
	return 0;
}

void poller_remove(struct poller *p, int fd)
{
	size_t i = find(p, fd);

	if (i == p->n)
		return;
	p->n--;
	p->fds[i] = p->fds[p->n];
	p->users[i] = p->users[p->n];
}

int poller_wait(struct poller *p, struct poller_event *out, int max, uint64_t timeout_ns)
{
	int ready = poll(p->fds, (nfds_t)p->n, poller_timeout_ms(timeout_ns));
	int n = 0;

	if (ready <= 0)
		return 0;
	for (size_t k = 0; k < p->n && n < max; k++) {
		size_t i = (p->next + k) % p->n;
		short r = p->fds[i].revents;

		if (!r)
			continue;
		out[n].user = p->users[i];
		out[n].events = (r & POLLIN ? LOOP_READ : 0u) | (r & POLLOUT ? LOOP_WRITE : 0u) |
				(r & (POLLERR | POLLHUP | POLLNVAL) ? LOOP_HANGUP : 0u);
		if (++n == max)
			p->next = i + 1;
	}
	return n;
}
