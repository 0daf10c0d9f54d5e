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

struct runner_config {
	struct loop *loop;
	const struct source_tool *tool;
	struct queue *queue;
	void (*records)(void *user);	/* records came into the queue */
	/* Nothing will come any more; e is NULL when all went well. The source is still open. */
	void (*ended)(void *user, const struct err *e);
	void *user;
};

struct runner;

struct runner *runner_new(const struct runner_config *cfg, struct err *e);
void runner_free(struct runner *r);		/* closes; NULL is fine */

/* Opens the source. An open one stays as it is when the definition means the same; otherwise it
 * is closed first. Reading starts with runner_start(). Returns 0 or -1 with e. */
int runner_open(struct runner *r, struct text definition, struct err *e);
/* Whether runner_open() would leave the open source as it is. */
bool runner_means_the_same(const struct runner *r, struct text definition);
void runner_start(struct runner *r);		/* already started is fine */
void runner_close(struct runner *r);		/* not open is fine */
bool runner_is_open(const struct runner *r);
/* It is open, but will not deliver any more. */
bool runner_ended(const struct runner *r);
/* There is room in the queue again. */
void runner_room(struct runner *r);

/* Of the open source. */
const struct source_info *runner_info(const struct runner *r);
void *runner_self(const struct runner *r);
struct capture *runner_capture(struct runner *r);

/* Warns of malformed pieces of a definition, and of keys that neither the tool nor a server
 * understands. */
void runner_check_definition(const struct source_tool *tool, const struct srcdef *def);

#endif
