/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tuning a radio that is open. */
#include "capture_linux_wifi/wifi_tuning.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void wifi_tuning_init(struct wifi_tuning *t, struct wifi_system *system,
		      const struct wifi_radio *radio)
{
	*t = (struct wifi_tuning){ .system = system, .radio = radio };
	pthread_mutex_init(&t->lock, NULL);
}

void wifi_tuning_finish(struct wifi_tuning *t)
{
	if (!t->system)
		return;
	wifi_system_close(t->system);
	pthread_mutex_destroy(&t->lock);
	t->system = NULL;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void note(struct wifi_tuning *t, const char *channel, const struct err *e, uint64_t us)
{
	struct wifi_tuning_figures *f = &t->figures;

	pthread_mutex_lock(&t->lock);
	if (e) {
		f->refused++;
		f->stuck = e->sys == EIO || e->sys == ETIMEDOUT ? f->stuck + 1 : 0;
	} else {
		f->tuned++;
		f->stuck = 0;
		f->total_us += us;
		if (us > f->longest_us) {
			f->longest_us = us;
			snprintf(f->longest, sizeof(f->longest), "%s", channel);
		}
	}
	pthread_mutex_unlock(&t->lock);
}

int wifi_tuning_tune(struct wifi_tuning *t, const char *channel, struct err *e)
{
	const uint64_t start_us = now_us();
	struct channel c;
	char why[128];
	int rc;

	if (channel_parse(&c, text_of(channel), why, sizeof(why)) < 0)
		rc = err_set(e, ERR_USAGE, "channel %s", why);
	else
		rc = wifi_tune(t->system, t->radio, &c, e);
	note(t, channel, rc < 0 ? e : NULL, now_us() - start_us);
	return rc;
}

void wifi_tuning_take_figures(struct wifi_tuning *t, struct wifi_tuning_figures *out)
{
	pthread_mutex_lock(&t->lock);
	*out = t->figures;
	t->figures = (struct wifi_tuning_figures){ .stuck = out->stuck };
	pthread_mutex_unlock(&t->lock);
}
