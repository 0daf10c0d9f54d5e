/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The radio session: a source opened, read when it has something, closed. It knows of no server;
 * it fills the queue and tells when. It outlives any number of server sessions. Loop thread. */
#ifndef CAPTURE_COMMON_RUNNER_H
#define CAPTURE_COMMON_RUNNER_H

#include <stdbool.h>

#include "capture_common/capture.h"
#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/source.h"
#include "capture_common/source_process.h"
#include "capture_common/tuner.h"

struct runner_config {
	struct loop *loop;
	const struct source_tool *tool;
	/* Where records go, as struct capture has it: the queue alone, or the backlog with its
	 * queue, or, in the source's own process, the ring; none of them: only to the recorder. */
	struct queue *queue;
	struct backlog *backlog;
	struct record_ring *ring;
	struct recorder *recorder;	/* NULL: nothing is recorded here */
	/* The source's own process, which it is opened and read in; NULL: in this one. */
	struct source_process *process;
	/* What came of a runner_open() that was only begun; e is NULL when it is open now. */
	void (*opened)(void *user, const struct err *e);
	void (*records)(void *user);	/* records came into the queue */
	/* Nothing will come any more; e is NULL when all went well. The source is still open. */
	void (*ended)(void *user, const struct err *e);
	void *user;
};

struct runner;

struct runner *runner_new(const struct runner_config *cfg, struct err *e);
void runner_free(struct runner *r);		/* closes; NULL is fine */

/* Opens the source. An open one stays as it is when the definition means the same; otherwise it
 * is closed first. Reading starts with runner_start(). Returns 0 when it is open; -1 with e; 1 when
 * that was begun, in a process of its own: opened() follows, and until then it counts as closed. */
int runner_open(struct runner *r, struct text definition, struct err *e);
/* Whether runner_open() would leave the source, open or being opened, as it is. */
bool runner_means_the_same(const struct runner *r, struct text definition);
void runner_start(struct runner *r);		/* already started is fine */
void runner_close(struct runner *r);		/* not open is fine */
/* Closes it for good, and waits until all counts are there: the recording is written, and its own
 * process has ended. Nothing can be opened any more. */
void runner_finish(struct runner *r);
bool runner_is_open(const struct runner *r);
bool runner_is_started(const struct runner *r);
/* It is open, but will not deliver any more. */
bool runner_ended(const struct runner *r);
/* There is room in the queue again. */
void runner_room(struct runner *r);

/* Of the open source. */
const struct source_info *runner_info(const struct runner *r);
void *runner_self(const struct runner *r);
struct capture *runner_capture(struct runner *r);
/* NULL when it cannot be tuned; to be called with runner_self(). */
tuner_fn *runner_tune(const struct runner *r);
/* Of the open source, or the one that was closed last; the recording's are over all of them. */
void runner_get_stats(const struct runner *r, struct source_stats *out);

/* Where the server is, as struct source_info has it; "": nowhere. Any time. */
void runner_set_uplink(struct runner *r, const char *address);
/* Its process is gone: nothing can be opened any more. */
bool runner_lost(const struct runner *r);

/* Warns of malformed pieces of a definition, and of keys that neither the tool nor a server
 * understands. */
void runner_check_definition(const struct source_tool *tool, const struct srcdef *def);

#endif
