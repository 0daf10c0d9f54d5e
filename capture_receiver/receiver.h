/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiver: takes connected tools, lets their records into the sink, and keeps the books.
 * It never sees a socket. Loop thread only. */
#ifndef CAPTURE_RECEIVER_RECEIVER_H
#define CAPTURE_RECEIVER_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_receiver/sink.h"
#include "capture_receiver/source_table.h"
#include "capture_receiver/transport.h"

struct receiver_config {
	struct sink_config sink;	/* its changed and user are set by the receiver */
	unsigned max_connections;
	double hop_rate_hps;		/* for sources that name none; 0: none is told to hop */
	/* Ends the loop when at least one source was open and none was connected for this long. */
	uint64_t exit_idle_ns;		/* LOOP_NEVER: goes on for ever */
	int table_fd;			/* a terminal for the live table; -1: none */
};

struct receiver;

/* Opens the outputs. Strings of the config are borrowed. NULL with e. */
struct receiver *receiver_new(struct loop *loop, const struct receiver_config *config,
			      struct err *e);
void receiver_free(struct receiver *r);		/* NULL is fine */

/* A tool connected; t is taken over. With max_connections already, it is closed at once. */
void receiver_accept(struct receiver *r, struct transport *t);

/* Logs what each source sent so far, and the sums. */
void receiver_print_counters(struct receiver *r);
/* Ends all connections, writes what can be written, logs the sums. Returns the exit status: 0, or
 * EX_IOERR when something could not be written. */
int receiver_finish(struct receiver *r);

/* For tests. */
const struct source_stats *receiver_totals(const struct receiver *r);
struct source *receiver_find_source(struct receiver *r, const char *uuid);
size_t receiver_connections(const struct receiver *r);
bool receiver_is_paused(const struct receiver *r);

#endif
