/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the process that starts helper commands share: via_process.c, via_spawn.c and
 * via_tell.c. One thread. */
#ifndef CAPTURE_COMMON_VIA_PROCESS_INT_H
#define CAPTURE_COMMON_VIA_PROCESS_INT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture_common/via_process.h"

/* More than a tool has sources, for a peer that was taken over. */
#define VIA_CHILDREN_MAX 1024

enum via_stage { VIA_RUNNING, VIA_STOPPING, VIA_TERMINATING, VIA_TERMINATED };

struct via_child {
	struct via_child *next;
	uint32_t id;
	pid_t pid;			/* 0: it could not be started */
	int err_fd;			/* -1: it has closed its standard error */
	enum via_stage stage;
	int64_t next_stage_ms;		/* unless running or terminated */
	bool exited, told;		/* not reaped: its group's number is still its own */
	size_t drained;			/* bytes of its standard error since it has exited */
	struct via_reply end;		/* to be told; line is the last one */
	char line[VIA_LINE_SIZE];	/* being read */
	size_t len;
};

struct via_spawner {
	int sock;
	const char *command;
	struct via_child *children;
	size_t n;
	struct pollfd *fds;		/* with room for one of each child, and two more */
	struct via_child **of;
	int child_fd;			/* becomes readable when a child has exited */
	bool closed;			/* nobody is there any more */
	struct via_request in;
	size_t in_len;
	int in_fd;			/* came with it; -1: none */
};

/* --- via_spawn.c --- */

/* Both ends are closed by exec. Returns 0, or -1 with errno. */
int via_spawn_pipe(int fds[2]);
/* Room for one child more in fds and of: poll() must not fail for want of memory. Returns 0 or
 * -1. */
int via_spawn_grow(struct via_spawner *s);
/* One that cannot be started is among the children, too: as one that has exited, VIA_NOT_STARTED.
 * stdio_fd stays open here. */
void via_spawn(struct via_spawner *s, const struct via_request *r, int stdio_fd);

/* --- via_tell.c --- */

/* Only while there is room: a line that is too many is dropped. */
void via_tell(struct via_spawner *s, const struct via_reply *r);
bool via_tell_has_room(const struct via_spawner *s);
/* Reads some of its standard error and tells the lines. Returns whether there may be more. */
bool via_tell_lines(struct via_spawner *s, struct via_child *c);
/* That it has exited, behind its last line. Returns false when there is no room: later. */
bool via_tell_end(struct via_spawner *s, struct via_child *c);

#endif
