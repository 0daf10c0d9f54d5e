/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name lookup off the loop: one detached thread a lookup.
 *
 * The thread and the loop share a job; whoever lets go of it last frees it. So a lookup that was
 * given up can answer an hour later and harm nobody. */
#include "capture_common/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"

struct job {
	pthread_mutex_t lock;
	bool abandoned;			/* by the loop */
	bool finished;			/* no thread uses it (any more) */
	int done_fd;			/* the thread writes one byte to it */
	char host[256];
	char port[8];
	struct addrinfo *list;
	int rc;
};

struct resolve {
	struct loop *loop;
	struct job *job;
	struct loop_watch watch;
	struct loop_post post;
	int done_fd;
	void (*done)(void *user, struct addrinfo *list, const struct err *e);
	void *user;
};

static const struct addrinfo hints_name = {
	.ai_family = AF_UNSPEC,
	.ai_socktype = SOCK_STREAM,
	.ai_flags = AI_NUMERICSERV,
};
static const struct addrinfo hints_number = {
	.ai_family = AF_UNSPEC,
	.ai_socktype = SOCK_STREAM,
	.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
};

static void job_free(struct job *job)
{
	if (job->list)
		freeaddrinfo(job->list);
	if (job->done_fd >= 0)
		close(job->done_fd);
	pthread_mutex_destroy(&job->lock);
	free(job);
}

static void *lookup_thread(void *arg)
{
	struct job *job = arg;
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(job->host, job->port, &hints_name, &list);

	pthread_mutex_lock(&job->lock);
	job->rc = rc;
	job->list = rc == 0 ? list : NULL;
	job->finished = true;
	bool abandoned = job->abandoned;

	if (!abandoned) {
		ssize_t n = write(job->done_fd, "", 1);

		(void)n;	/* the pipe is empty: there is room for a byte */
	}
	pthread_mutex_unlock(&job->lock);
	if (abandoned)
		job_free(job);
	return NULL;
}

/* The thread takes no signals: they are the loop's. */
static int start_thread(struct job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	if (pthread_attr_init(&attr) != 0)
		return ENOMEM;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&thread, &attr, lookup_thread, job);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

static void report(struct resolve *r)
{
	struct job *job = r->job;
	struct err e = { .code = ERR_NONE };
	struct addrinfo *list = job->list;

	job->list = NULL;
	if (!list)
		err_set(&e, ERR_NETWORK, "%s: name lookup failed: %s", job->host,
			gai_strerror(job->rc));
	r->done(r->user, list, &e);
}

static void on_answer(void *user, unsigned events)
{
	struct resolve *r = user;

	(void)events;
	loop_unwatch(r->loop, &r->watch);
	/* The thread may still hold the lock. */
	pthread_mutex_lock(&r->job->lock);
	pthread_mutex_unlock(&r->job->lock);
	report(r);
}

static void on_number(void *user)
{
	report(user);
}

static int start_lookup(struct resolve *r, struct err *e)
{
	int fds[2];

	if (pipe(fds) < 0)
		return err_sys(e, errno, "name lookup: pipe");
	r->done_fd = fds[0];
	r->job->done_fd = fds[1];
	if (link_set_nonblocking(fds[0]) < 0 || link_set_nonblocking(fds[1]) < 0)
		return err_sys(e, errno, "name lookup: pipe");
	if (loop_watch(r->loop, &r->watch, fds[0], LOOP_READ, on_answer, r, e) < 0)
		return -1;
	r->job->finished = false;
	int rc = start_thread(r->job);

	if (rc == 0)
		return 0;
	r->job->finished = true;
	return err_sys(e, rc, "name lookup: thread");
}

struct resolve *resolve_start(struct loop *l, const char *host, uint16_t port,
			      void (*done)(void *user, struct addrinfo *list, const struct err *e),
			      void *user, struct err *e)
{
	struct resolve *r = calloc(1, sizeof(*r));
	struct job *job = calloc(1, sizeof(*job));

	if (!r || !job || strlen(host) >= sizeof(job->host)) {
		err_set(e, r && job ? ERR_USAGE : ERR_NO_MEMORY, "%.40s: name lookup: %s", host,
			r && job ? "the name is too long" : "out of memory");
		free(r);
		free(job);
		return NULL;
	}
	pthread_mutex_init(&job->lock, NULL);
	job->done_fd = -1;
	job->finished = true;
	strcpy(job->host, host);
	snprintf(job->port, sizeof(job->port), "%u", port);
	*r = (struct resolve){ .loop = l, .job = job, .watch.fd = -1, .done_fd = -1,
			       .done = done, .user = user };
	job->rc = getaddrinfo(job->host, job->port, &hints_number, &job->list);
	if (job->rc == 0) {
		loop_post(l, &r->post, on_number, r);
		return r;
	}
	job->list = NULL;
	if (start_lookup(r, e) == 0)
		return r;
	resolve_free(r);
	return NULL;
}

void resolve_free(struct resolve *r)
{
	if (!r)
		return;
	loop_unpost(r->loop, &r->post);
	loop_unwatch(r->loop, &r->watch);
	if (r->done_fd >= 0)
		close(r->done_fd);
	pthread_mutex_lock(&r->job->lock);
	bool finished = r->job->finished;

	r->job->abandoned = true;
	pthread_mutex_unlock(&r->job->lock);
	if (finished)
		job_free(r->job);
	free(r);
}
