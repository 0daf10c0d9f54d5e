/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server may ask of a tool, and the answers: LIST, PROBE, OPEN, CONFIGURE (docs/protocol.md
 * 2.7). Stands between the server session and the radio session. Loop thread only. */
#ifndef CAPTURE_COMMON_REQUESTS_H
#define CAPTURE_COMMON_REQUESTS_H

#include <stdbool.h>

#include "capture_common/hopper.h"
#include "capture_common/runner.h"
#include "capture_common/session.h"

struct requests_config {
	struct loop *loop;
	const struct source_tool *tool;
	struct runner *runner;
	bool local;		/* a local server: it says what is opened */
	/* Remote: the definition that was announced. A server may add options to it, but not have
	 * something else opened. */
	const char *definition;
	/* The UUID that was announced; open reports must carry the same one. "" in local mode: then
	 * the source's own. */
	const char *uuid;
	/* A CLOSE or SHUTDOWN came: the server wants this to end. */
	void (*closed)(void *user);
	void *user;
};

struct requests;

struct requests *requests_new(const struct requests_config *cfg, struct err *e);
/* Free it before the runner: it may be tuning the open source. NULL is fine. */
void requests_free(struct requests *r);

/* Answers over session; NULL: nobody hears the answers. LIST and PROBE, and an OPEN that fails in
 * local mode, end the session once the answer is out. */
void requests_handle(struct requests *r, struct session *session, const struct msg *m);
/* The session is over; what is still being tuned is not answered any more. */
void requests_session_over(struct requests *r);
/* The source is to be closed: tuning ends first. */
void requests_source_closing(struct requests *r);
/* What came of an OPEN that was begun (struct runner_config's opened()). */
void requests_opened(struct requests *r, const struct err *e);
/* Whether an OPEN failed since this was asked last; e (if not NULL) is then filled with the
 * reason. */
bool requests_take_failure(struct requests *r, struct err *e);

/* NULL when the source cannot be tuned or is not open. */
const struct hopper *requests_hopper(const struct requests *r);

#endif
