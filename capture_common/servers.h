/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server is next: those of --connect in turn, the first one again when it is back; or the
 * one that announces itself. Loop thread only; one for each feed. */
#ifndef CAPTURE_COMMON_SERVERS_H
#define CAPTURE_COMMON_SERVERS_H

#include <stdbool.h>

#include "capture_common/autodetect.h"
#include "capture_common/endpoint.h"
#include "capture_common/err.h"
#include "capture_common/loop.h"

struct servers;

struct servers_config {
	struct loop *loop;
	/* Settled endpoints; must stay valid. Unused with autodetect. */
	const struct endpoint_list *list;
	struct autodetect *autodetect;	/* NULL: the list */
	/* Whether an earlier one of the list accepts connections can be asked directly: not through
	 * a helper command. One behind an HTTP proxy (proxy.h) is never asked. */
	bool may_probe;
	/* There is something better to connect to now: an earlier one of the list accepts
	 * connections again, or (autodetect) a first, another or a moved server was heard. Never
	 * called from within a call of these functions. */
	void (*better)(void *user);
	void *user;
};

struct servers *servers_new(const struct servers_config *cfg, struct err *e);
void servers_free(struct servers *s);		/* NULL is fine */

/* The one to connect to now; NULL while no announcement has come. Valid until the next call. */
const struct endpoint *servers_now(struct servers *s);
/* The present one did not work. Returns true when another one is to be tried at once, false when
 * all have been tried: wait. The others come in the order of the list; after a wait, the first. */
bool servers_failed(struct servers *s);
/* A session with the present one is open. Then, if it is not the first of the list, the earlier
 * ones are looked at from time to time: every minute, and less often (down to once an hour) each
 * time that one which accepted a connection did not work after all. One that has no session that
 * lasted does not work: it takes servers_lasted() to have it looked for every minute again. */
void servers_works(struct servers *s);
/* The session that has just been lost lasted. */
void servers_lasted(struct servers *s);

#endif
