/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: descriptors, timers, signals and wake-ups, all handled on one thread.
 *
 * Watches and timers are members of their owner's struct, so registering them takes no memory
 * that could be missing, and their owner removes them before it goes. A callback may remove or
 * re-arm any of them, its own included, and may stop the loop. */
#ifndef CAPTURE_COMMON_LOOP_H
#define CAPTURE_COMMON_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

struct loop;

/* Where time comes from; a test puts its own in. */
struct loop_clock {
	uint64_t (*now_ns)(void *user);	/* monotonic */
	/* Told that the loop would sleep until until_ns (UINT64_MAX: for ever), no descriptor being
	 * ready. Returns true when it moved the clock instead (a fake clock). */
	bool (*skip)(void *user, uint64_t until_ns);
	void *user;
};

#define LOOP_READ 1u
#define LOOP_WRITE 2u
#define LOOP_HANGUP 4u		/* error or hang-up; always reported, never asked for */

#define LOOP_NEVER UINT64_MAX

/* clock: NULL for the real one; else copied. NULL with *e set when the system refuses. */
struct loop *loop_new(const struct loop_clock *clock, struct err *e);
void loop_free(struct loop *l);			/* NULL is fine */

/* Runs until loop_stop(). Callable again afterwards. */
void loop_run(struct loop *l);
/* Handles what is ready, waiting until the first timer or timeout_ns from now at most. */
void loop_step(struct loop *l, uint64_t timeout_ns);
void loop_stop(struct loop *l);
/* Monotonic time of this turn, in nanoseconds: the same for everything handled in one turn. */
uint64_t loop_now_ns(const struct loop *l);
/* Reads the clock again; for work that takes long within one turn. */
uint64_t loop_refresh_ns(struct loop *l);

/* --- descriptors --- */

struct loop_watch {
	int fd;				/* -1: not registered */
	unsigned events;
	void (*fn)(void *user, unsigned events);
	void *user;
};

#define LOOP_WATCH_INIT { .fd = -1 }

/* Level-triggered. events may be 0: then only a hang-up is reported, again in every turn until the
 * watch is removed. Refused (-1) are regular files, which are always ready, and a descriptor that
 * is watched already. Remove a watch before its descriptor is closed. */
int loop_watch(struct loop *l, struct loop_watch *w, int fd, unsigned events,
	       void (*fn)(void *user, unsigned events), void *user, struct err *e);
void loop_watch_events(struct loop *l, struct loop_watch *w, unsigned events);
void loop_unwatch(struct loop *l, struct loop_watch *w);	/* unregistered is fine */

/* --- timers --- */

struct loop_timer {
	uint64_t at_ns;
	void (*fn)(void *user);
	void *user;
	size_t slot;			/* the loop's own; 0: not armed */
	uint64_t turn;			/* the loop's own: among equal times, the lower is first */
};

/* Calls fn once, at or soon after at_ns (absolute, as loop_now_ns()); for equal times in the order
 * in which they were armed. A time that has passed means now. Arming an armed timer moves it; one
 * that was never armed is zeroed. Ends the program (EX_OSERR) only if there are more
 * than LOOP_TIMERS_FEW of them and memory for the list cannot be had. */
void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ns,
		    void (*fn)(void *user), void *user);
void loop_timer_cancel(struct loop *l, struct loop_timer *t);	/* not armed is fine */
static inline bool loop_timer_armed(const struct loop_timer *t)
{
	return t->slot != 0;
}

/* --- once per turn --- */

/* fn runs at the end of this turn, before the loop waits again; idle work such as flushing.
 * Posting an already posted one does nothing. */
struct loop_post {
	void (*fn)(void *user);
	void *user;
	struct loop_post *next;
	bool posted;
};

void loop_post(struct loop *l, struct loop_post *p, void (*fn)(void *user), void *user);
void loop_unpost(struct loop *l, struct loop_post *p);

/* --- signals and other threads --- */

/* fn runs on the loop thread, some time after the signal; once for signals of one number that come
 * close together, and in no promised order of numbers. One loop a process takes signals. */
int loop_signal(struct loop *l, int signo, void (*fn)(void *user, int signo), void *user,
		struct err *e);

/* A wake-up that other threads, and only they, trigger. Triggers between two turns are one. */
struct loop_wakeup;

struct loop_wakeup *loop_wakeup_new(struct loop *l, void (*fn)(void *user), void *user,
				    struct err *e);
void loop_wakeup_free(struct loop_wakeup *w);	/* no thread may use it any more */
void loop_wakeup_trigger(struct loop_wakeup *w);/* any thread, any number of times */

#endif
