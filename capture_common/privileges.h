/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process may do beyond others, and giving it up. On Linux these are capabilities
 * (capabilities(7)); other systems have nothing as fine, and there the calls do what they can:
 * nothing.
 *
 * Call before the process has threads: on Linux each thread has privileges of its own. */
#ifndef CAPTURE_COMMON_PRIVILEGES_H
#define CAPTURE_COMMON_PRIVILEGES_H

#include <stdbool.h>

#include "capture_common/err.h"

enum {
	PRIVILEGE_NET_ADMIN = 1 << 0,	/* configure network interfaces */
	PRIVILEGE_NET_RAW = 1 << 1,	/* open packet sockets */
};

/* Keeps what is in set, as far as the process has it, and gives up everything else for good: for
 * itself, for its children, and for programs that it starts, set-uid ones too. Fails when the
 * system refuses; the process should then end rather than go on with more than it should have. */
int privileges_keep(unsigned set, struct err *e);
/* Gives up everything, and what being root by name still allows: root becomes the user "nobody"
 * (65534 where there is none of that name). Where the system has no other users (some containers),
 * that is a warning in the log. */
int privileges_give_up(struct err *e);
/* Whether the process has all of set now. Where there is no such thing: whether it is root. */
bool privileges_has(unsigned set);
/* For error messages: "CAP_NET_ADMIN and CAP_NET_RAW". */
const char *privileges_names(unsigned set);

#endif
