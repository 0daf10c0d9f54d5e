/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that starts helper commands, and what is said between it and via.c: messages of fixed
 * size on a stream socket, the same program at both ends. */
#ifndef CAPTURE_COMMON_VIA_PROCESS_H
#define CAPTURE_COMMON_VIA_PROCESS_H

#include <stdint.h>

#define VIA_HOST_SIZE 256
#define VIA_LINE_SIZE 200
#define VIA_COMMAND_SIZE 4096
#define VIA_GRACE_MS 500		/* for a helper to end by itself */

enum via_request_type { VIA_START, VIA_STOP };

/* START brings the helper's standard input and output with it (SCM_RIGHTS). */
struct via_request {
	uint32_t type;			/* enum via_request_type */
	uint32_t id;			/* the helper's */
	uint32_t port;
	uint32_t grace_ms;		/* STOP: before it gets SIGTERM */
	char host[VIA_HOST_SIZE];
};

enum via_reply_type {
	VIA_READY,			/* once, at the start */
	VIA_LINE,			/* came from a helper's standard error */
	VIA_EXITED,			/* value: its status; line: its last one */
	VIA_KILLED,			/* value: the signal; line: its last one */
	VIA_NOT_STARTED,		/* line: why */
};

struct via_reply {
	uint32_t type;			/* enum via_reply_type */
	uint32_t id;
	int32_t value;
	char line[VIA_LINE_SIZE];	/* printable */
};

/* What the forked process does, until its socket is closed and its helpers have ended; returns its
 * exit status. Everything else that is open is closed. */
int via_process_run(int sock, const char *command);

#endif
