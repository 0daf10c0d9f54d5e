/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A radio that tunes when the test lets it. */
#include "tests/lib/fake_radio.h"

#include <stdio.h>
#include <string.h>

void fake_radio_init(struct fake_radio *r)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
}

void fake_radio_end(struct fake_radio *r)
{
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
}

int fake_radio_tune(void *self, const char *channel, struct err *e)
{
	struct fake_radio *r = self;

	pthread_mutex_lock(&r->lock);
	if (r->started < FAKE_RADIO_CALLS)
		snprintf(r->channels[r->started], sizeof(r->channels[0]), "%s", channel);
	r->started++;
	pthread_cond_broadcast(&r->changed);
	while (r->holding)
		pthread_cond_wait(&r->changed, &r->lock);
	bool refused = r->refusing || (r->refused && strcmp(channel, r->refused) == 0);

	r->finished++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return refused ? err_set(e, ERR_UNSUPPORTED, "no channel %s here", channel) : 0;
}

void fake_radio_hold(struct fake_radio *r, bool on)
{
	pthread_mutex_lock(&r->lock);
	r->holding = on;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

void fake_radio_refuse(struct fake_radio *r, const char *channel)
{
	pthread_mutex_lock(&r->lock);
	r->refused = channel;
	pthread_mutex_unlock(&r->lock);
}

void fake_radio_refuse_all(struct fake_radio *r, bool on)
{
	pthread_mutex_lock(&r->lock);
	r->refusing = on;
	pthread_mutex_unlock(&r->lock);
}

int fake_radio_started(struct fake_radio *r)
{
	pthread_mutex_lock(&r->lock);
	int n = r->started;

	pthread_mutex_unlock(&r->lock);
	return n;
}

int fake_radio_finished(struct fake_radio *r)
{
	pthread_mutex_lock(&r->lock);
	int n = r->finished;

	pthread_mutex_unlock(&r->lock);
	return n;
}

void fake_radio_wait_started(struct fake_radio *r, int n)
{
	pthread_mutex_lock(&r->lock);
	while (r->started < n)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}
