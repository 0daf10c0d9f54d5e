/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All counters of a program as Prometheus text (exposition format 0.0.4): what is written to the
 * status file. Pure. */
#ifndef CAPTURE_COMMON_METRICS_H
#define CAPTURE_COMMON_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/account.h"

struct metrics_source {
	const char *name;		/* as its user calls it; label "source" */
	const char *uuid;
	const char *server;		/* where it is connected to; "" nowhere */
	const struct record_classifier *classes;	/* or NULL */
	struct account account;
};

struct metrics {
	const char *program, *version, *type;
	uint64_t start_time_s;		/* since 1970 */
	uint64_t resident_bytes;	/* 0: not known */
	uint64_t clock_steps;
	const struct metrics_source *sources;
	size_t n_sources;
};

/* Writes it like snprintf(): returns the whole length, without the NUL. One HELP and TYPE a family,
 * labels escaped. */
size_t metrics_print(const struct metrics *m, char *out, size_t size);

#endif
