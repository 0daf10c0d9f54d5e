/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that does what could take long, a disk's business, one job after the other. Jobs are
 * members of their owner's struct: handing one over takes no memory. */
#ifndef CAPTURE_COMMON_WORKER_H
#define CAPTURE_COMMON_WORKER_H

#include <stdbool.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

struct worker;

struct worker_job {
	void (*work)(void *user);	/* on the worker's thread */
	void (*done)(void *user);	/* afterwards, on the loop thread; NULL: nothing */
	void *user;
	struct worker_job *next;	/* the worker's own */
	bool busy;			/* from worker_do() until done(); loop thread only */
};

struct worker *worker_new(struct loop *l, struct err *e);
/* Waits until every job was done; done() is not called any more. Not from within done(). NULL is
 * fine. */
void worker_free(struct worker *w);

/* Loop thread. The job's three fields are set; it is not busy. Jobs are done in the order in which
 * they came, and so come their done(). */
void worker_do(struct worker *w, struct worker_job *job);
/* Waits until all jobs given so far were worked on, and calls their done(). For the end of a
 * program: a disk that hangs is waited for, too. */
void worker_drain(struct worker *w);
/* The same, but not for longer than so many milliseconds: false when some are not done then. */
bool worker_drain_within(struct worker *w, unsigned ms);
/* Instead of worker_free(), after worker_drain_within() has given up: jobs that were not begun are
 * dropped, nothing is told of any more. False: the one that was begun has ended after all, and w is
 * freed. True: it has not. Its thread is left behind, with w and what the job points to; should it
 * come back, left() is called there, as its last act, and may free that. */
bool worker_abandon(struct worker *w, void (*left)(void *user), void *user);

#endif
