/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source without a server, for --write alone: does for it what a server would, which is to open
 * it, to tell it where to tune to, and to have it opened again when it failed (docs/protocol.md
 * 6.5, 7.1). Loop thread only. */
#ifndef CAPTURE_COMMON_SOLO_H
#define CAPTURE_COMMON_SOLO_H

#include <stdbool.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/requests.h"
#include "capture_common/runner.h"

struct solo_config {
	struct loop *loop;
	struct requests *requests;	/* as for a remote server */
	struct runner *runner;
	const char *definition;		/* must stay valid */
	bool retry;			/* a source that fails is opened again, after a while */
	/* Nothing more will come; e is NULL when it ended well, or when nobody reads the recording
	 * any more. Not called from within any function here; solo_free() may be called. */
	void (*over)(void *user, const struct err *e);
	void *user;
};

struct solo;

struct solo *solo_new(const struct solo_config *cfg, struct err *e);
void solo_free(struct solo *s);			/* the source stays open; NULL is fine */
void solo_start(struct solo *s);

/* What the runner tells: its opened(), behind requests_opened(); its ended(). */
void solo_opened(struct solo *s, const struct err *e);
void solo_source_ended(struct solo *s, const struct err *e);

#endif
