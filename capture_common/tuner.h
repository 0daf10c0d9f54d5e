/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a tool's tune() on a thread of its own, so that a driver that takes its time holds up
 * neither packets nor the link. One request at a time; the answer comes on the loop thread. */
#ifndef CAPTURE_COMMON_TUNER_H
#define CAPTURE_COMMON_TUNER_H

#include <stdbool.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

#define TUNER_CHANNEL_SIZE 64

typedef int tuner_fn(void *self, const char *channel, struct err *e);

struct tuner;

/* done(user, e): the request was carried out; e is NULL when it worked. */
struct tuner *tuner_new(struct loop *l, tuner_fn *tune, void *self,
			void (*done)(void *user, const struct err *e), void *user, struct err *e);
/* Waits for a running tune() to return; done() is not called any more. NULL is fine. */
void tuner_free(struct tuner *t);
bool tuner_busy(const struct tuner *t);
/* Only when it is not busy. channel is copied, and cut at TUNER_CHANNEL_SIZE. */
void tuner_request(struct tuner *t, const char *channel);

#endif
