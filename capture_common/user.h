/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user that a process runs as. */
#ifndef CAPTURE_COMMON_USER_H
#define CAPTURE_COMMON_USER_H

/* A process that root started becomes nobody's, for good; any other stays what it is. When the
 * system refuses, the log says so. */
void user_become_nobody(void);

#endif
