/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records end up: the common pcapng, one pcapng for each source, and JSON lines, each only
 * if asked for. A record goes into all that want it or, when one has no room, into none.
 * Loop thread only. */
#ifndef CAPTURE_RECEIVER_SINK_H
#define CAPTURE_RECEIVER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_receiver/output.h"
#include "capture_receiver/source_table.h"
#include "protocol/msg.h"

struct sink_config {
	const char *write_path;		/* pcapng; "-": standard output; NULL: none */
	const char *write_dir;		/* a pcapng for each source; NULL: none */
	const char *json_path;		/* JSON lines */
	/* Instead of the paths: a test's own targets; NULL: none. */
	const struct output_target *write_target, *json_target;
	uint64_t (*wall_us)(void *user);/* the time of day, since 1970; NULL: the real one */
	/* Called from the loop after something changed: a blocked output goes on, one broke. */
	void (*changed)(void *user);
	void *user;
};

struct sink;

/* Opens everything; existing files are continued. Strings of config are borrowed while the sink
 * lives. NULL with e. */
struct sink *sink_new(struct loop *loop, const struct sink_config *config, struct err *e);
/* Closes everything; what was not taken by the system yet is gone. NULL is fine. */
void sink_free(struct sink *k);

/* A source was connected with this instance: finds out which of its records the files have. */
void sink_source_up(struct sink *k, struct source *s);
/* It was disconnected or is forgotten: closes its own file when everything is in it. */
void sink_source_down(struct sink *k, struct source *s);

enum sink_take {
	SINK_TAKEN,
	SINK_REPEATED,		/* the files had it already */
	SINK_UNWRITABLE,	/* no file can hold it */
	SINK_FULL,		/* no room: nothing was written, offer it again */
};

/* Takes DATA or BLUETOOTH. number: NULL when the record has none. */
enum sink_take sink_take(struct sink *k, struct source *s, const struct msg *m,
			 const uint32_t *number);

/* Hands everything to the operating system. OUTPUT_READY: all of it is there. */
enum output_state sink_flush(struct sink *k);
/* The worst state of all outputs; OUTPUT_BLOCKED also when a file could not be opened. */
enum output_state sink_state(const struct sink *k);
bool sink_has_json(const struct sink *k);
uint64_t sink_waiting(const struct sink *k);	/* bytes that the system does not have yet */
/* The name of the output that is broken or, else, blocked; NULL: none. */
const char *sink_stopped_by(const struct sink *k);

#endif
