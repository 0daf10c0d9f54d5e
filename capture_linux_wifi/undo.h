/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was changed on a radio, and how it is changed back.
 *
 * Each change is noted before it is made, in memory and in the journal of its radio, which also is
 * the lock that keeps two tools from one radio. A process that dies leaves its journal; whoever
 * comes next finds it without an owner and undoes what is in it. */
#ifndef CAPTURE_LINUX_WIFI_UNDO_H
#define CAPTURE_LINUX_WIFI_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_linux_wifi/journal.h"
#include "capture_linux_wifi/wifi_system.h"

struct undo {
	struct wifi_system *system;	/* borrowed */
	struct journal *journal;	/* owned; NULL: there is no place for one */
	struct undo_step steps[UNDO_MAX_STEPS];
	size_t n;
	bool warned;			/* that the journal cannot be written */
};

void undo_init(struct undo *u, struct wifi_system *system);
/* Takes the journal over: what is noted from now on goes there, too. */
void undo_set_journal(struct undo *u, struct journal *journal);

/* Notes a step that is about to be made. ERR_SYSTEM when there are too many. A journal that cannot
 * be written is a warning, once: the steps in memory are there. */
int undo_note(struct undo *u, const struct undo_step *step, struct err *e);
/* The step noted last was not made after all. */
void undo_forget(struct undo *u);
/* Undoes all steps, the last one first, and closes and removes the journal. What cannot be undone
 * (most often: what is gone) is a warning in the log, and the rest goes on. An interface that is
 * gone, or is now something else (another number under that name), is left alone in silence. */
void undo_all(struct undo *u);

/* Undoes what dead processes left in dir, and says so in the log. Returns how many radios. */
int undo_leftovers(struct wifi_system *system, const char *dir);

#endif
