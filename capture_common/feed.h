/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One source on its way to one server: its queue, its radio session, its server sessions. A program
 * has as many as it was given sources; they share the loop and nothing else. Loop thread only. */
#ifndef CAPTURE_COMMON_FEED_H
#define CAPTURE_COMMON_FEED_H

#include <stdbool.h>

#include "capture_common/account.h"
#include "capture_common/autodetect.h"
#include "capture_common/capture_options.h"
#include "capture_common/dialer.h"
#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/source.h"
#include "capture_common/source_process.h"
#include "protocol/uuid.h"

struct feed_config {
	struct loop *loop;
	const struct source_tool *tool;
	const struct capture_options *options;
	const char *definition;		/* NULL: a local server says what is opened */
	/* How servers are reached, and who is listened for (NULL: those of the options); shared by
	 * all feeds, unused in local mode. */
	struct dialer *dialer;
	struct autodetect *autodetect;
	const char *name;		/* as its user calls it; NULL: not known yet */
	/* What to put before log lines when there are several feeds; NULL when there is one. */
	const char *tag;
	/* The source's own process; NULL: it is opened in this one. */
	struct source_process *process;
	/* Nothing more will happen with this feed; status is what the program would exit with. Not
	 * called from within feed_new(). */
	void (*over)(void *user, int status);
	void *user;
};

struct feed;

/* Probes the source, so that nothing is announced that cannot be. cfg's pointers stay the
 * caller's, and must stay. NULL with e when there is no such source. */
struct feed *feed_new(const struct feed_config *cfg, struct err *e);
void feed_free(struct feed *f);			/* closes the source; NULL is fine */
/* Connects. Returns 0 or -1. */
int feed_start(struct feed *f, struct err *e);
/* Closes the source and lets out what is in the queue, then calls over(). */
void feed_finish(struct feed *f);
bool feed_over(const struct feed *f);

const char *feed_uuid(const struct feed *f);	/* "" in local mode */
const char *feed_name(const struct feed *f);	/* as its user calls it; or "" */
const char *feed_peer(const struct feed *f);	/* the server; "" without a connection */
/* The wall clock was set: the times of what waits are set right, if they are of that clock. */
void feed_clock_set(struct feed *f, int64_t delta_us, uint64_t new_now_us);
bool feed_connected(const struct feed *f);
void feed_get_account(const struct feed *f, struct account *out);
void feed_log_account(const struct feed *f);
/* At the end: closes the source, and waits for its last counts. A feed that a server started only
 * to list or probe has nothing to tell. */
void feed_log_last_account(struct feed *f);

#endif
