/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tuning a radio that is open, on the tuning thread: with sockets of its own, and with figures that
 * the other thread reads. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_TUNING_H
#define CAPTURE_LINUX_WIFI_WIFI_TUNING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_linux_wifi/wifi_open.h"

/* How tuning went since it was last asked. */
struct wifi_tuning_figures {
	unsigned tuned, refused;
	uint64_t total_us, longest_us;	/* of those that were tuned */
	char longest[64];		/* that channel */
	/* Failures of the driver itself (EIO, ETIMEDOUT) in a row, until now. */
	unsigned stuck;
};

struct wifi_tuning {
	struct wifi_system *system;	/* owned */
	const struct wifi_radio *radio;
	pthread_mutex_t lock;
	struct wifi_tuning_figures figures;	/* under the lock */
};

/* Takes the system over: it is the tuning thread's own. */
void wifi_tuning_init(struct wifi_tuning *t, struct wifi_system *system,
		      const struct wifi_radio *radio);
void wifi_tuning_finish(struct wifi_tuning *t);		/* a zeroed one is fine */
/* As source_ops.tune(). */
int wifi_tuning_tune(struct wifi_tuning *t, const char *channel, struct err *e);
/* Any thread. All but stuck start again at 0. */
void wifi_tuning_take_figures(struct wifi_tuning *t, struct wifi_tuning_figures *out);

#endif
