/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user that a process runs as. */
#ifndef CAPTURE_COMMON_USER_H
#define CAPTURE_COMMON_USER_H

#include <stdbool.h>

#include "capture_common/err.h"

/* A process that root started becomes nobody's, for good; any other stays what it is. When the
 * system refuses, the log says so. */
void user_become_nobody(void);

/* Creates the folder, for its owner alone, unless it is there already; with for_nobody, a program
 * that root started gives a new one to the user that it will become. Returns 0 or -1. */
int user_make_folder(const char *path, bool for_nobody, struct err *e);

#endif
