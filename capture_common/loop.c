/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: one turn handles ready descriptors, then due timers, then posted work. */
#include "capture_common/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "capture_common/loop_timers.h"
#include "capture_common/poller.h"

#define BATCH 64
#define MAX_SIGNALS 8
#define SIGNAL_NUMBERS 128	/* MIPS has the most: 1 to 127 */

struct signal_entry {
	int signo;
	void (*fn)(void *user, int signo);
	void *user;
};

struct loop {
	struct loop_clock clock;
	struct poller *poller;
	struct loop_timers timers;
	struct loop_post *posts, **posts_tail;
	struct loop_post turn_end;	/* what is posted after it waits for the next turn */
	struct poller_event batch[BATCH];	/* being handled */
	int batch_len;
	uint64_t now_ns;
	bool stopped;

	struct signal_entry signals[MAX_SIGNALS];
	size_t n_signals;
	int signal_pipe[2];
	struct loop_watch signal_watch;
};

/* --- time --- */

static uint64_t real_now_ns(void *user)
{
	struct timespec ts;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t loop_now_ns(const struct loop *l)
{
	return l->now_ns;
}

uint64_t loop_refresh_ns(struct loop *l)
{
	l->now_ns = l->clock.now_ns(l->clock.user);
	return l->now_ns;
}

int poller_timeout_ms(uint64_t timeout_ns)
{
	if (timeout_ns == LOOP_NEVER)
		return -1;
	uint64_t ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);

	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* --- life --- */

struct loop *loop_new(const struct loop_clock *clock, struct err *e)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l) {
		err_sys(e, ENOMEM, "event loop");
		return NULL;
	}
	l->clock.now_ns = real_now_ns;
	if (clock)
		l->clock = *clock;
	l->signal_pipe[0] = l->signal_pipe[1] = -1;
	l->signal_watch.fd = -1;
	l->posts_tail = &l->posts;
	l->poller = poller_new(e);
	if (!l->poller) {
		free(l);
		return NULL;
	}
	loop_refresh_ns(l);
	return l;
}

static void release_signals(struct loop *l);

void loop_free(struct loop *l)
{
	if (!l)
		return;
	release_signals(l);
	poller_free(l->poller);
	loop_timers_free(&l->timers);
	free(l);
}

/* --- descriptors --- */

int loop_watch(struct loop *l, struct loop_watch *w, int fd, unsigned events,
	       void (*fn)(void *user, unsigned events), void *user, struct err *e)
{
	int rc = poller_add(l->poller, fd, events, w);

	if (rc < 0)
		return err_sys(e, -rc, "watching descriptor %d", fd);
	*w = (struct loop_watch){ .fd = fd, .events = events, .fn = fn, .user = user };
	return 0;
}

void loop_watch_events(struct loop *l, struct loop_watch *w, unsigned events)
{
	if (w->fd < 0 || w->events == events)
		return;
	w->events = events;
	poller_change(l->poller, w->fd, events, w);
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
	if (w->fd < 0)
		return;
	poller_remove(l->poller, w->fd);
	w->fd = -1;
	for (int i = 0; i < l->batch_len; i++) {
		if (l->batch[i].user == w)
			l->batch[i].user = NULL;
	}
}

static void handle_ready(struct loop *l)
{
	for (int i = 0; i < l->batch_len; i++) {
		struct loop_watch *w = l->batch[i].user;

		if (w)
			w->fn(w->user, l->batch[i].events);
	}
	l->batch_len = 0;
}

/* --- timers and posted work --- */

void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ns, void (*fn)(void *user),
		    void *user)
{
	t->fn = fn;
	t->user = user;
	loop_timers_set(&l->timers, t, at_ns > l->now_ns ? at_ns : l->now_ns);
}

void loop_timer_cancel(struct loop *l, struct loop_timer *t)
{
	loop_timers_cancel(&l->timers, t);
}

/* No more than there are now: one that arms itself for a time that has passed must keep neither the
 * descriptors nor other timers waiting for ever. */
static void handle_timers(struct loop *l)
{
	for (size_t left = l->timers.n; left > 0; left--) {
		struct loop_timer *t = loop_timers_due(&l->timers, l->now_ns);

		if (!t)
			break;
		t->fn(t->user);
	}
}

void loop_post(struct loop *l, struct loop_post *p, void (*fn)(void *user), void *user)
{
	p->fn = fn;
	p->user = user;
	if (p->posted)
		return;
	p->posted = true;
	p->next = NULL;
	*l->posts_tail = p;
	l->posts_tail = &p->next;
}

void loop_unpost(struct loop *l, struct loop_post *p)
{
	if (!p->posted)
		return;
	struct loop_post **at = &l->posts;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (l->posts_tail == &p->next)
		l->posts_tail = at;
	p->posted = false;
}

/* Handles what was posted until now; what that posts again waits for the next turn. */
static void handle_posts(struct loop *l)
{
	if (!l->posts)
		return;
	loop_post(l, &l->turn_end, NULL, NULL);
	while (l->posts != &l->turn_end) {
		struct loop_post *p = l->posts;

		loop_unpost(l, p);
		p->fn(p->user);
	}
	loop_unpost(l, &l->turn_end);
}

/* --- turns --- */

static uint64_t wait_ns(const struct loop *l, uint64_t timeout_ns)
{
	uint64_t first = loop_timers_first_ns(&l->timers);

	if (l->posts)
		return 0;
	if (first == LOOP_NEVER)
		return timeout_ns;
	uint64_t until = first > l->now_ns ? first - l->now_ns : 0;

	return until < timeout_ns ? until : timeout_ns;
}

/* A clock that moves by itself is told how long there is nothing to do, and jumps; or else says
 * that it does not, and the loop waits. */
static void wait_faked(struct loop *l, uint64_t wait)
{
	uint64_t until = wait == LOOP_NEVER ? LOOP_NEVER : l->now_ns + wait;

	l->batch_len = poller_wait(l->poller, l->batch, BATCH, 0);
	if (l->batch_len == 0 && wait > 0 && !l->clock.skip(l->clock.user, until))
		l->batch_len = poller_wait(l->poller, l->batch, BATCH, wait);
}

void loop_step(struct loop *l, uint64_t timeout_ns)
{
	loop_refresh_ns(l);
	uint64_t wait = wait_ns(l, timeout_ns);

	if (l->clock.skip)
		wait_faked(l, wait);
	else
		l->batch_len = poller_wait(l->poller, l->batch, BATCH, wait);
	loop_refresh_ns(l);
	handle_ready(l);
	handle_timers(l);
	handle_posts(l);
}

void loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped)
		loop_step(l, LOOP_NEVER);
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

/* --- pipes to ourselves --- */

static int set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int open_pipe(int fds[2], struct err *e)
{
	if (pipe(fds) < 0)
		return err_sys(e, errno, "event loop: pipe");
	if (set_flags(fds[0]) < 0 || set_flags(fds[1]) < 0) {
		err_sys(e, errno, "event loop: pipe");
		close(fds[0]);
		close(fds[1]);
		fds[0] = fds[1] = -1;
		return -1;
	}
	return 0;
}

/* The byte only wakes, and a full pipe wakes the reader as well: a failed write loses nothing. */
static void poke(int fd)
{
	int saved = errno;
	ssize_t n = write(fd, "", 1);

	(void)n;
	errno = saved;
}

static void drain(int fd)
{
	unsigned char bytes[64];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* --- signals --- */

static volatile sig_atomic_t signal_fd = -1;
static volatile sig_atomic_t signal_came[SIGNAL_NUMBERS];

static void on_signal(int signo)
{
	signal_came[signo] = 1;
	if (signal_fd >= 0)
		poke((int)signal_fd);
}

static void dispatch_signal(struct loop *l, int signo)
{
	for (size_t i = 0; i < l->n_signals; i++) {
		if (l->signals[i].signo == signo)
			l->signals[i].fn(l->signals[i].user, signo);
	}
}

static void on_signal_pipe(void *user, unsigned events)
{
	struct loop *l = user;

	(void)events;
	drain(l->signal_pipe[0]);
	for (int signo = 1; signo < SIGNAL_NUMBERS; signo++) {
		if (!signal_came[signo])
			continue;
		signal_came[signo] = 0;
		dispatch_signal(l, signo);
	}
}

static int open_signal_pipe(struct loop *l, struct err *e)
{
	if (l->signal_watch.fd >= 0)
		return 0;
	if (l->signal_pipe[0] < 0 && open_pipe(l->signal_pipe, e) < 0)
		return -1;
	if (loop_watch(l, &l->signal_watch, l->signal_pipe[0], LOOP_READ, on_signal_pipe, l, e) < 0)
		return -1;
	signal_fd = l->signal_pipe[1];
	return 0;
}

int loop_signal(struct loop *l, int signo, void (*fn)(void *user, int signo), void *user,
		struct err *e)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (l->n_signals == MAX_SIGNALS || signo >= SIGNAL_NUMBERS)
		return err_set(e, ERR_SYSTEM, "signal %d: too many signals", signo);
	if (open_signal_pipe(l, e) < 0)
		return -1;
	sigemptyset(&sa.sa_mask);
	if (sigaction(signo, &sa, NULL) < 0)
		return err_sys(e, errno, "signal %d", signo);
	l->signals[l->n_signals++] = (struct signal_entry){ signo, fn, user };
	return 0;
}

static void release_signals(struct loop *l)
{
	if (l->signal_pipe[0] < 0)
		return;
	for (size_t i = 0; i < l->n_signals; i++)
		signal(l->signals[i].signo, SIG_DFL);
	signal_fd = -1;
	loop_unwatch(l, &l->signal_watch);
	close(l->signal_pipe[0]);
	close(l->signal_pipe[1]);
}

/* --- wake-ups from other threads --- */

struct loop_wakeup {
	struct loop *loop;
	struct loop_watch watch;
	int pipe[2];
	atomic_bool pending;		/* a byte is in the pipe */
	void (*fn)(void *user);
	void *user;
};

/* The exchange, unlike a store, makes what other threads wrote before their triggers visible, those
 * of the triggers too that found one pending. */
static void on_wakeup(void *user, unsigned events)
{
	struct loop_wakeup *w = user;

	(void)events;
	drain(w->pipe[0]);
	atomic_exchange(&w->pending, false);
	w->fn(w->user);
}

struct loop_wakeup *loop_wakeup_new(struct loop *l, void (*fn)(void *user), void *user,
				    struct err *e)
{
	struct loop_wakeup *w = calloc(1, sizeof(*w));

	if (!w) {
		err_sys(e, ENOMEM, "event loop");
		return NULL;
	}
	w->loop = l;
	w->fn = fn;
	w->user = user;
	w->watch.fd = -1;
	if (open_pipe(w->pipe, e) < 0) {
		free(w);
		return NULL;
	}
	if (loop_watch(l, &w->watch, w->pipe[0], LOOP_READ, on_wakeup, w, e) < 0) {
		loop_wakeup_free(w);
		return NULL;
	}
	return w;
}

void loop_wakeup_free(struct loop_wakeup *w)
{
	if (!w)
		return;
	loop_unwatch(w->loop, &w->watch);
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
}

void loop_wakeup_trigger(struct loop_wakeup *w)
{
	if (!atomic_exchange(&w->pending, true))
		poke(w->pipe[1]);
}
