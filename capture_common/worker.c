/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that does jobs one after the other, and tells the loop of each. */
#include "capture_common/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct job_list {
	struct worker_job *first, **end;
};

struct worker {
	struct loop_wakeup *wakeup;
	pthread_t thread;

	pthread_mutex_t lock;		/* over all that follows */
	pthread_cond_t more;		/* there is something to do, or stop is set */
	pthread_cond_t idle;		/* unfinished is 0 */
	struct job_list todo;
	struct job_list finished;	/* worked on, not told of yet */
	unsigned unfinished;
	bool stop;
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

static void *run(void *arg)
{
	struct worker *w = arg;
	struct worker_job *job;

	pthread_mutex_lock(&w->lock);
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
		loop_wakeup_trigger(w->wakeup);
	}
	pthread_mutex_unlock(&w->lock);
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

static void destroy(struct worker *w)
{
	loop_wakeup_free(w->wakeup);
	pthread_cond_destroy(&w->idle);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
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
	pthread_cond_init(&w->more, NULL);
	pthread_cond_init(&w->idle, NULL);
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
