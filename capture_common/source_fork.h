/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the process that a source lives in: with its ends of two sockets, and nothing else that
 * this one has open. For source_process.c. */
#ifndef CAPTURE_COMMON_SOURCE_FORK_H
#define CAPTURE_COMMON_SOURCE_FORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "capture_common/err.h"
#include "capture_common/record_ring.h"
#include "capture_common/source_process.h"

/* Longer than the slowest driver that still works: the tuning socket waits no longer. */
#define SOURCE_TUNE_LIMIT_S 10

struct source_fork {
	pid_t pid;
	int commands, tuning;		/* this side's ends */
};

/* Returns 0, in the process that was there before; the new one runs cfg->run() and ends. -1 with
 * e. */
int source_fork(const struct source_process_config *cfg, struct record_ring *ring,
		struct source_fork *out, struct err *e);
/* Whether the new process is to record. */
bool source_fork_records(const struct source_process_config *cfg);

#endif
