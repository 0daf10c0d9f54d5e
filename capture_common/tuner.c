/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tuning thread. It and the loop share one mailbox under one lock; the loop's side is woken
 * through a descriptor. */
#include "capture_common/tuner.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum mail { MAIL_NONE, MAIL_REQUEST, MAIL_ANSWER, MAIL_QUIT };

struct tuner {
	tuner_fn *tune;
	void *self;
	void (*done)(void *user, const struct err *e);
	void *user;
	struct loop_wakeup *wakeup;
	bool busy;				/* the loop's side only */

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	enum mail mail;
	char channel[TUNER_CHANNEL_SIZE];
	int result;
	struct err err;
};

/* Tunes without the lock held; answers unless it was told to quit meanwhile. */
static void serve(struct tuner *t)
{
	char channel[TUNER_CHANNEL_SIZE];
	struct err e = { .code = ERR_NONE };

	snprintf(channel, sizeof(channel), "%s", t->channel);
	pthread_mutex_unlock(&t->lock);
	int result = t->tune(t->self, channel, &e);

	pthread_mutex_lock(&t->lock);
	if (t->mail == MAIL_QUIT)
		return;
	t->result = result;
	t->err = e;
	t->mail = MAIL_ANSWER;
	loop_wakeup_trigger(t->wakeup);
}

static void *tuning_thread(void *arg)
{
	struct tuner *t = arg;

	pthread_mutex_lock(&t->lock);
	while (t->mail != MAIL_QUIT) {
		if (t->mail == MAIL_REQUEST)
			serve(t);
		else
			pthread_cond_wait(&t->changed, &t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void on_answer(void *user)
{
	struct tuner *t = user;
	struct err e = { .code = ERR_NONE };
	bool answered = false;
	int result = 0;

	pthread_mutex_lock(&t->lock);
	if (t->mail == MAIL_ANSWER) {
		t->mail = MAIL_NONE;
		answered = true;
		result = t->result;
		e = t->err;
	}
	pthread_mutex_unlock(&t->lock);
	if (!answered)
		return;
	t->busy = false;
	t->done(t->user, result < 0 ? &e : NULL);
}

/* The thread takes no signals: they are the loop's. */
static int start_thread(struct tuner *t)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&t->thread, NULL, tuning_thread, t);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct tuner *tuner_new(struct loop *l, tuner_fn *tune, void *self,
			void (*done)(void *user, const struct err *e), void *user, struct err *e)
{
	struct tuner *t = calloc(1, sizeof(*t));

	if (!t) {
		err_set(e, ERR_NO_MEMORY, "tuning thread: out of memory");
		return NULL;
	}
	*t = (struct tuner){ .tune = tune, .self = self, .done = done, .user = user };
	t->wakeup = loop_wakeup_new(l, on_answer, t, e);
	if (!t->wakeup) {
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	int rc = start_thread(t);

	if (rc == 0)
		return t;
	err_sys(e, rc, "tuning thread");
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	loop_wakeup_free(t->wakeup);
	free(t);
	return NULL;
}

static void put_mail(struct tuner *t, enum mail mail, const char *channel)
{
	pthread_mutex_lock(&t->lock);
	t->mail = mail;
	if (channel)
		snprintf(t->channel, sizeof(t->channel), "%s", channel);
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void tuner_free(struct tuner *t)
{
	if (!t)
		return;
	put_mail(t, MAIL_QUIT, NULL);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	loop_wakeup_free(t->wakeup);
	free(t);
}

bool tuner_busy(const struct tuner *t)
{
	return t->busy;
}

void tuner_request(struct tuner *t, const char *channel)
{
	assert(!t->busy);
	t->busy = true;
	put_mail(t, MAIL_REQUEST, channel);
}
