/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every capture tool has. The spellings are those of the remote-capture manual,
 * so that existing command lines go on working (docs/protocol.md 5). */
#ifndef CAPTURE_COMMON_CAPTURE_OPTIONS_H
#define CAPTURE_COMMON_CAPTURE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "capture_common/access.h"
#include "capture_common/endpoint.h"
#include "capture_common/err.h"
#include "capture_common/gps.h"
#include "capture_common/log.h"
#include "capture_common/opts.h"
#include "capture_common/queue.h"
#include "capture_common/recorder.h"
#include "capture_common/source.h"
#include "protocol/frame.h"

struct capture_options {
	struct endpoint_list connect;	/* settled; empty with autodetect */
	bool autodetect;
	char *autodetect_uuid;		/* in upper case; NULL: any server */
	struct strlist sources;		/* definitions, one a feed */
	bool tcp, ssl;
	struct access access;		/* loaded in remote mode */
	char *endpoint;			/* path of WebSockets, or NULL */
	char *via;			/* helper command, or NULL */
	bool disable_retry;
	bool daemonize;
	char *pidfile;
	struct gps_fixed fixed_gps;
	char *gps_name;
	bool auto_gen;			/* --protocol=auto */
	enum frame_gen gen;		/* else */
	size_t queue_bytes;
	enum queue_full drop_first;	/* what the queue does when it is full */
	char *spool;			/* folder, or NULL */
	uint64_t spool_bytes;
	unsigned spool_rate;		/* records a second; 0: no limit */
	bool keep_timestamps;		/* announce timestamp=false */
	bool keep_clock_steps;		/* leave times as they are when the clock is set */
	struct recorder_options record;
	char *status_file;
	size_t frame_limit;
	int in_fd, out_fd;		/* -1: none */
	bool list, json;
	enum log_level log_level;
	bool help, version;
};

/* For the help, and for the test that reads the manual pages. */
extern const struct opt capture_option_table[];

/* Reads the --config file and the command line, the latter last, and in remote mode the files and
 * the environment that credentials are in: call with the rights of the user. What is useless is
 * logged as a warning. Returns 0, or -1 with a line for the user; then the exit status is 64. */
int capture_options_read(struct capture_options *o, const struct source_tool *tool, int argc,
			 char **argv, struct err *e);
void capture_options_free(struct capture_options *o);

/* What endpoints that come later, by announcements, are settled with. Valid as long as o. */
void capture_options_wish(const struct capture_options *o, struct endpoint_wish *out);

void capture_options_help(const struct source_tool *tool);

/* Neither a server nor somebody who started this one: captured only into files. */
static inline bool capture_options_solo(const struct capture_options *o)
{
	return o->in_fd < 0 && o->connect.n == 0 && !o->autodetect && o->record.path;
}

static inline bool capture_options_local(const struct capture_options *o)
{
	return o->in_fd >= 0;
}

#endif
