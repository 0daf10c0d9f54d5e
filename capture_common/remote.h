/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a session with a remote server: connects, finds out the generation, comes back after a
 * loss with growing, jittered waits (docs/protocol.md 1.10, 3.2). Of several servers, the next is
 * tried at once, and only a round over all of them is followed by a wait; a session that was lost
 * is sought with the same server first, unless that took and dropped three in a row within
 * seconds. Loop thread only. */
#ifndef CAPTURE_COMMON_REMOTE_H
#define CAPTURE_COMMON_REMOTE_H

#include <stdbool.h>

#include "capture_common/autodetect.h"
#include "capture_common/endpoint.h"
#include "capture_common/err.h"
#include "capture_common/link.h"
#include "capture_common/loop.h"
#include "capture_common/session.h"

struct remote_config {
	struct loop *loop;
	/* Settled, in the order of preference, and valid as long as the remote is; unused with
	 * autodetect, which may be NULL. */
	const struct endpoint_list *list;
	struct autodetect *autodetect;
	/* See servers.h. */
	bool may_probe;
	/* Makes a link, not started yet; NULL with e. A link that goes down with ERR_PERMISSION
	 * before it was up had its credentials or a certificate refused: that is said once, and the
	 * wait is longer. */
	struct link *(*dial)(void *user, const struct endpoint *ep,
			     const struct link_events *events, struct err *e);
	void *dial_user;
	bool auto_gen;			/* try all that this build has, the best first */
	enum frame_gen gen;		/* else only this one */
	bool retry;			/* else one round over the servers, and one session */
	/* Told of each end of a connection, with e in words for the user. *refused says whether the
	 * server said no; set it when the source failed: then the wait is longer. */
	void (*over)(void *user, enum session_end end, struct err *e, bool *refused);
	/* Nothing more will happen: without retry, when everything is out (e->code is ERR_NONE), or
	 * after ERR_GONE, with which no connection can be made until the program starts anew. */
	void (*gave_up)(void *user, const struct err *e);
	void *user;
};

struct remote;

struct remote *remote_new(const struct remote_config *cfg, struct err *e);
void remote_free(struct remote *r);		/* NULL is fine; leaves the session alone */
/* The session whose down() is handed to remote_down(). */
void remote_start(struct remote *r, struct session *session);
/* The session's source was opened and it is streaming: this server works. */
void remote_works(struct remote *r);
/* Connects anew, to announce something else: nothing is wrong with this connection. */
void remote_again(struct remote *r);
/* For session_config.down. */
void remote_down(struct remote *r, enum session_end end, const struct err *e);

#endif
