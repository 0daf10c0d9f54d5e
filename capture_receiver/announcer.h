/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the receiver known on its networks: an announcement at once, and then every five seconds
 * (docs/protocol.md 4). Loop thread only. */
#ifndef CAPTURE_RECEIVER_ANNOUNCER_H
#define CAPTURE_RECEIVER_ANNOUNCER_H

#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

struct announcer;

struct announcer_config {
	struct loop *loop;
	/* To send from: of one interface, or "0.0.0.0" for all that are up. */
	const char *address;
	uint16_t port;			/* to send to: 2501 */
	uint16_t http_port, tcp_port;	/* 0: none */
	const char *uuid;		/* NULL: made of this machine's id, always the same */
	const char *name;		/* NULL: the host's */
	const char *to;			/* NULL: broadcast; a test's own address */
};

/* Strings are only read here. NULL with e. A network that is not there, at start or later, is no
 * error: it is logged once, and the next announcement goes out when it is back. */
struct announcer *announcer_new(const struct announcer_config *cfg, struct err *e);
void announcer_free(struct announcer *a);	/* NULL is fine */

#endif
