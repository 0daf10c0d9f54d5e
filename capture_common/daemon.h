/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going to the background, and the pid file. */
#ifndef CAPTURE_COMMON_DAEMON_H
#define CAPTURE_COMMON_DAEMON_H

#include <stdbool.h>

#include "capture_common/err.h"

/* Forks. The parent stays until the child says that it is up (daemon_ready) or has failed, and
 * exits with 0 or the child's status, so that a script learns of a bad start. Returns only in the
 * child: a session of its own, in the same folder (paths of the command line stay good), standard
 * descriptors still open. Call before threads and loop exist. */
int daemon_start(struct err *e);
/* The child is up: releases the parent, sends standard descriptors to /dev/null. Without
 * daemon_start() it does nothing. */
void daemon_ready(void);

/* Writes the pid. A file that a living process holds is an error that names it; a stale one is
 * replaced. Symbolic links are not followed. */
int pidfile_create(const char *path, struct err *e);
void pidfile_remove(void);		/* none is fine */
/* After a fork: the child is the one to remove it, the parent is not any more. The lock on it lasts
 * until both are gone. */
void pidfile_take_over(void);
void pidfile_hand_over(void);
int pidfile_fd(void);			/* -1: none */

#endif
