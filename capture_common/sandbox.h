/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes from a process what it never needs, so that whoever takes it over gains little. On Linux
 * with libseccomp: starting programs, looking into other processes, mounts, namespaces, modules,
 * the clock, and sockets that are not for talking to a server. Elsewhere: nothing. */
#ifndef CAPTURE_COMMON_SANDBOX_H
#define CAPTURE_COMMON_SANDBOX_H

#include "capture_common/err.h"

/* For the process that talks to the network. What is taken away fails with EPERM from now on, in
 * all threads to come and in children. A kernel without the means is no error. Call before there
 * are threads, after privileges_keep(). */
int sandbox_enter(struct err *e);

#endif
