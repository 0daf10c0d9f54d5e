/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A radio that tunes when the test lets it, for the tuning thread. */
#ifndef TESTS_LIB_FAKE_RADIO_H
#define TESTS_LIB_FAKE_RADIO_H

#include <pthread.h>
#include <stdbool.h>

#include "capture_common/err.h"

#define FAKE_RADIO_CALLS 4096

/* Any thread; everything is under the lock. */
struct fake_radio {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool holding;			/* tuning takes until this ends */
	bool refusing;			/* every channel */
	const char *refused;		/* this channel; NULL: none */
	int started, finished;
	char channels[FAKE_RADIO_CALLS][16];	/* asked for; later ones are not kept */
};

void fake_radio_init(struct fake_radio *r);
void fake_radio_end(struct fake_radio *r);
/* A tuner_fn; self is the struct fake_radio. */
int fake_radio_tune(void *self, const char *channel, struct err *e);

void fake_radio_hold(struct fake_radio *r, bool on);
void fake_radio_refuse(struct fake_radio *r, const char *channel);
void fake_radio_refuse_all(struct fake_radio *r, bool on);
int fake_radio_started(struct fake_radio *r);
int fake_radio_finished(struct fake_radio *r);
/* Waits until n calls have begun. */
void fake_radio_wait_started(struct fake_radio *r, int n);

#endif
