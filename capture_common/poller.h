/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loop asks the operating system: which descriptors are ready. One file for each way
 * (poller_epoll.c, poller_poll.c); configure picks one. */
#ifndef CAPTURE_COMMON_POLLER_H
#define CAPTURE_COMMON_POLLER_H

#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

struct poller;

struct poller_event {
	void *user;
	unsigned events;	/* LOOP_READ, LOOP_WRITE, LOOP_HANGUP */
};

struct poller *poller_new(struct err *e);
void poller_free(struct poller *p);
/* All level-triggered; events may be 0. Return 0 or -errno. */
int poller_add(struct poller *p, int fd, unsigned events, void *user);
int poller_change(struct poller *p, int fd, unsigned events, void *user);
void poller_remove(struct poller *p, int fd);
/* Waits for timeout_ns at most (LOOP_NEVER: for ever), rounded up to the system's grain. Returns
 * how many events are in out; 0 after a signal, too. */
int poller_wait(struct poller *p, struct poller_event *out, int max, uint64_t timeout_ns);

/* A wait in milliseconds, rounded up, for the system calls that take those. */
int poller_timeout_ms(uint64_t timeout_ns);

#endif
