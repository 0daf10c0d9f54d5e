/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What users see of a running program: the line at the bottom of a terminal, and the status file.
 * Loop thread only. */
#ifndef CAPTURE_COMMON_CAPTURE_STATUS_H
#define CAPTURE_COMMON_CAPTURE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/clock_step.h"
#include "capture_common/feed.h"
#include "capture_common/loop.h"
#include "capture_common/status_file.h"

struct capture_status_config {
	struct loop *loop;
	const struct source_tool *tool;
	struct feed *const *feeds;	/* n of them; NULL: not there yet. Must stay valid */
	size_t n_feeds;
	bool progress;			/* on the terminal, every second */
	bool solo;			/* there is no server: only the recording counts */
	struct status_file *file;	/* every 5 s, and at the end; NULL: none. Borrowed */
	const struct clock_step *clock;	/* or NULL */
};

struct capture_status;

struct capture_status *capture_status_new(const struct capture_status_config *cfg, struct err *e);
void capture_status_free(struct capture_status *s);	/* NULL is fine */
/* The wall clock was set: the program was started at another time than it seemed. */
void capture_status_clock_set(struct capture_status *s, int64_t delta_us);

#endif
