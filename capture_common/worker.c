/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that does jobs one after the other, and tells the loop of each. */
#include "capture_common/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* macOS cannot choose the clock: there, setting the clock changes how long is waited. */
#if defined(_POSIX_CLOCK_SELECTION) && _POSIX_CLOCK_SELECTION > 0
#define WAITING_CLOCK CLOCK_MONOTONIC
#else
#define WAITING_CLOCK CLOCK_REALTIME
#endif

struct job_list {
	struct worker_job *first, **end;
};

struct worker {
	pthread_t thread;

	pthread_mutex_t lock;		/* over all that follows */
	struct loop_wakeup *wakeup;	/* NULL: nobody is told any more */
	pthread_cond_t more;		/* there is something to do, or stop is set */
	pthread_cond_t idle;		/* unfinished is 0 */
	struct job_list todo;
	struct job_list finished;	/* worked on, not told of yet */
	unsigned unfinished;
	bool stop;
	bool abandoned;			/* the thread frees w */
	void (*left)(void *user);
	void *left_user;
};

/* --- lists --- */

static void list_init(struct job_list *l)
{
	l->first = NULL;
	l->end = &l->first;
}

static void list_add(struct job_list *l, struct worker_job *job)
{
	job->next = NULL;
	*l->end = job;
	l->end = &job->next;
}

static struct worker_job *list_take(struct job_list *l)
{
	struct worker_job *job = l->first;

	if (!job)
		return NULL;
	l->first = job->next;
	if (!l->first)
		l->end = &l->first;
	return job;
}

/* --- the thread --- */

static void destroy(struct worker *w)
{
	if (w->wakeup)
		loop_wakeup_free(w->wakeup);
	pthread_cond_destroy(&w->idle);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Until it is to stop and there is no job left; with the lock. */
static void work_on_jobs(struct worker *w)
{
	struct worker_job *job;

	for (;;) {
		while (!w->todo.first && !w->stop)
			pthread_cond_wait(&w->more, &w->lock);
		job = list_take(&w->todo);
		if (!job)
			break;
		pthread_mutex_unlock(&w->lock);
		job->work(job->user);
		pthread_mutex_lock(&w->lock);
		list_add(&w->finished, job);
		if (--w->unfinished == 0)
			pthread_cond_signal(&w->idle);
		if (w->wakeup)
			loop_wakeup_trigger(w->wakeup);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	bool abandoned;

	pthread_mutex_lock(&w->lock);
	work_on_jobs(w);
	abandoned = w->abandoned;
	pthread_mutex_unlock(&w->lock);
	if (abandoned) {
		w->left(w->left_user);
		destroy(w);
	}
	return NULL;
}

/* The thread takes no signals: they are the loop's. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* --- the loop's side --- */

static struct worker_job *next_finished(struct worker *w)
{
	struct worker_job *job;

	pthread_mutex_lock(&w->lock);
	job = list_take(&w->finished);
	pthread_mutex_unlock(&w->lock);
	return job;
}

static void tell_finished(void *user)
{
	struct worker *w = user;
	struct worker_job *job;

	while ((job = next_finished(w)) != NULL) {
		job->busy = false;
		if (job->done)
			job->done(job->user);
	}
}

static void init_conditions(struct worker *w)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
#if defined(_POSIX_CLOCK_SELECTION) && _POSIX_CLOCK_SELECTION > 0
	pthread_condattr_setclock(&attr, WAITING_CLOCK);
#endif
	pthread_cond_init(&w->more, NULL);
	pthread_cond_init(&w->idle, &attr);
	pthread_condattr_destroy(&attr);
}

struct worker *worker_new(struct loop *l, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));
	int rc;

	if (!w) {
		err_set(e, ERR_NO_MEMORY, "worker thread: out of memory");
		return NULL;
	}
	list_init(&w->todo);
	list_init(&w->finished);
	pthread_mutex_init(&w->lock, NULL);
	init_conditions(w);
	w->wakeup = loop_wakeup_new(l, tell_finished, w, e);
	rc = w->wakeup ? start_thread(w) : 0;
	if (rc != 0)
		err_sys(e, rc, "worker thread");
	if (w->wakeup && rc == 0)
		return w;
	destroy(w);
	return NULL;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	destroy(w);
}

void worker_do(struct worker *w, struct worker_job *job)
{
	assert(!job->busy);
	job->busy = true;
	pthread_mutex_lock(&w->lock);
	list_add(&w->todo, job);
	w->unfinished++;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

void worker_drain(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->unfinished > 0)
		pthread_cond_wait(&w->idle, &w->lock);
	pthread_mutex_unlock(&w->lock);
	tell_finished(w);
}

static struct timespec time_in(unsigned ms)
{
	struct timespec t;

	clock_gettime(WAITING_CLOCK, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

bool worker_drain_within(struct worker *w, unsigned ms)
{
	struct timespec until = time_in(ms);
	bool all;

	pthread_mutex_lock(&w->lock);
	while (w->unfinished > 0 && pthread_cond_timedwait(&w->idle, &w->lock, &until) == 0)
		;
	all = w->unfinished == 0;
	pthread_mutex_unlock(&w->lock);
	tell_finished(w);
	return all;
}

bool worker_abandon(struct worker *w, void (*left)(void *user), void *user)
{
	struct loop_wakeup *wakeup;

	pthread_mutex_lock(&w->lock);
	while (list_take(&w->todo))
		w->unfinished--;
	if (w->unfinished == 0) {
		pthread_mutex_unlock(&w->lock);
		worker_free(w);
		return false;
	}
	w->stop = w->abandoned = true;
	w->left = left;
	w->left_user = user;
	wakeup = w->wakeup;
	w->wakeup = NULL;
	pthread_detach(w->thread);
	pthread_mutex_unlock(&w->lock);
	loop_wakeup_free(wakeup);
	return true;
}
