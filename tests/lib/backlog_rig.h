/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backlog with a queue, a spool in a folder of its own, a clock that jumps, and a server that
 * takes records, confirms them and looks at their order. */
#ifndef TESTS_LIB_BACKLOG_RIG_H
#define TESTS_LIB_BACKLOG_RIG_H

#include "capture_common/backlog.h"
#include "tests/lib/fake_clock.h"

#define SECOND_NS ((uint64_t)1000000000)

struct backlog_rig {
	struct fake_clock clock;
	struct loop *loop;
	struct queue *queue;
	struct spool *spool;
	struct backlog *backlog;
	char folder[256];
	uint64_t runs;			/* each has an instance of its own */
	uint64_t announced;
	unsigned announcements;		/* after the first of a run */
	uint32_t next_id;		/* of the next packet */
	uint32_t taken_id;		/* of the last one that the server saw */
	uint64_t n_taken;
	uint32_t last_number;
	uint64_t last_instance;
	unsigned rooms;
	bool may_repeat;		/* the link was lost: some come again */
};

/* cmocka's; *state is the rig. */
int backlog_rig_setup(void **state);
int backlog_rig_teardown(void **state);

/* A run of the program. spool_bytes: 0 for no spool. */
void backlog_rig_begin(struct backlog_rig *g, enum queue_full policy, uint64_t spool_bytes,
		       unsigned per_s);
void backlog_rig_end(struct backlog_rig *g);
/* The disk's jobs are done, and no time passes. */
void backlog_rig_settle(struct backlog_rig *g);
void backlog_rig_pass(struct backlog_rig *g, uint64_t ns);
/* Captures n packets, which carry their ids. */
int backlog_rig_push(struct backlog_rig *g, uint32_t n);
/* Sends up to n records; the server sees them in order, each once unless the link was lost. */
uint32_t backlog_rig_take(struct backlog_rig *g, uint32_t n);
void backlog_rig_confirm(struct backlog_rig *g);
/* Until nothing waits any more. */
void backlog_rig_take_all(struct backlog_rig *g);
/* They must add up. */
struct backlog_stats backlog_rig_sums(struct backlog_rig *g);

#endif
