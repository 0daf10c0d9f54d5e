/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source in a process of its own, seen from the process that talks to the server.
 *
 *	this process                              the source's process
 *	no privileges, the network                the tool's privileges, no network
 *	runner ── OPEN, START, CLOSE ───────────▶ source_child ──▶ tool's open(), read(), close()
 *	queue ◀── record_ring ─────────────────── packets, messages
 *	tuner thread ── TUNE ───────────────────▶ tuning thread ──▶ tool's tune()
 *
 * When this process ends, however it ends, the other one sees its sockets close, closes the source,
 * which undoes everything that was changed, and ends. Loop thread only, but for tune(). */
#ifndef CAPTURE_COMMON_SOURCE_PROCESS_H
#define CAPTURE_COMMON_SOURCE_PROCESS_H

#include <stdbool.h>

#include "capture_common/capture.h"
#include "capture_common/err.h"
#include "capture_common/source.h"

struct source_child_config;

struct source_process_config {
	/* What the new process is for: source_child_run(). Handed in, because that has a runner in
	 * turn. */
	int (*run)(const struct source_child_config *cfg);
	const struct source_tool *tool;
	/* The only one that it opens, but for options that a server may add (source_own.h); NULL:
	 * a local server says. Borrowed for ever. */
	const char *definition;
	const char *tag;		/* of its log lines, as struct feed_config has it */
	bool to_syslog;			/* a daemon's */
	bool has_pidfile;		/* it takes over the pid file: it can still remove it */
	/* What it captures is recorded over there, where it comes first and where the privileges
	 * for files are; NULL, or without a path: not at all. Borrowed during the call. */
	const struct recorder_options *record;
	bool record_only;		/* nothing comes over here */
};

struct source_process;

/* Forks. Call before there are threads or a loop. The new process closes every descriptor but the
 * standard ones. When it is to record, waits until it can: a file that cannot be written is found
 * here. NULL with e; ERR_UNSUPPORTED where there is no such thing (SOCK_SEQPACKET): then run the
 * source in this process. */
struct source_process *source_process_start(const struct source_process_config *cfg, struct err *e);
/* Has it close the source and end, and waits for that, 5 s at most; its last counts are taken. */
void source_process_finish(struct source_process *p);
/* The same, unless that was done. NULL is fine. */
void source_process_end(struct source_process *p);
/* It has ended by itself: nothing can be opened any more. */
bool source_process_died(const struct source_process *p);

/* Begins to open; closes what was open. While another opening is under way, it is remembered, and
 * the last one remembered counts. Ask source_process_opened() when the descriptor is
 * readable. uplink: see struct source_info; "" for none. */
int source_process_open(struct source_process *p, const char *definition, const char *uplink,
			struct err *e);
/* 1: it is open, and info is filled; 0: not yet; -1 with e: it could not be opened. */
int source_process_opened(struct source_process *p, struct source_info *info, struct err *e);
int source_process_fd(const struct source_process *p);
/* It is open, and may be read. */
void source_process_read_on(struct source_process *p);
void source_process_close(struct source_process *p);
void source_process_set_uplink(struct source_process *p, const char *address);
void source_process_get_stats(const struct source_process *p, struct source_stats *out);

/* As the operations of struct source_ops; self is the struct source_process. */
enum source_read source_process_read(void *self, struct capture *c, struct source_wait *wait,
				     struct err *e);
int source_process_tune(void *self, const char *channel, struct err *e);

#endif
