/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source for a process of its own: opening it takes as long as the test says. What it is to do,
 * and what was done to it, stands in memory that both processes share. One at a time. */
#ifndef TESTS_LIB_SLOW_SOURCE_H
#define TESTS_LIB_SLOW_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "capture_common/source.h"
#include "capture_common/source_process.h"

struct slow_source {
	/* What it is to do: */
	_Atomic bool hold;		/* open() waits until this is false */
	_Atomic bool fail_open;
	_Atomic unsigned packets;	/* that are read after each open(); 1000 bytes each */
	/* What was done; counted over all. */
	_Atomic unsigned opening;	/* open() was called */
	_Atomic unsigned opens, closes, reads, tunes, uplinks;
	char uplink[64];		/* that it was told last */
};

extern struct slow_source *slow_source;

/* Type "slow"; "radio0" and whatever else can be opened; channels 1, 6, 11. */
extern const struct source_tool slow_source_tool;

/* Makes the memory, and the process; skips the test where there are none. */
struct source_process *slow_source_start(void);
/* Lets it go, ends the process and gives the memory back; what was opened was closed, or the test
 * fails. process may be NULL: slow_source_start() did not return. */
void slow_source_finish(struct source_process *process);
/* Waits for it, 10 s at most. */
bool slow_source_reaches(const _Atomic unsigned *value, unsigned wanted);

#endif
