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
	size_t n_inherited;		/* the first of them: a dead process made these changes */
	bool warned;			/* that the journal cannot be written */
};

void undo_init(struct undo *u, struct wifi_system *system);
/* Takes the journal over: what is noted from now on goes there, too. */
void undo_set_journal(struct undo *u, struct journal *journal);
/* Takes the radio of that name over from a dead process, with what could not be undone so far; u
 * has no steps yet. Returns 0, or -1 with e, as journal_take(). */
int undo_inherit(struct undo *u, const char *dir, const char *name, struct err *e);

/* Notes a step that is about to be made. ERR_SYSTEM when there are too many. A journal that cannot
 * be written is a warning, once: the steps in memory are there. */
int undo_note(struct undo *u, const struct undo_step *step, struct err *e);
/* The number of the interface that the step noted last is about. */
void undo_set_ifindex(struct undo *u, uint32_t ifindex);
/* The step noted last was not made after all. */
void undo_forget(struct undo *u);
/* The step noted last failed with e. It is forgotten only where that proves that nothing has
 * changed: one that is not needed does no harm. */
void undo_refused(struct undo *u, const struct err *e);
/* Undoes all steps, the last one first, and closes and removes the journal. What cannot be undone
 * is a warning in the log, and the rest goes on; the journal then stays, with those steps. An
 * interface that is gone, or is now something else, is left alone in silence; one that was renamed
 * is still the same. */
void undo_all(struct undo *u);

/* Undoes what dead processes left in dir, and says so in the log. What cannot be undone stays in
 * its journal. Not undone is what somebody has set up otherwise since: an interface that is no
 * monitor any more stays up, and a radio that one is up on stays on. Returns how many radios. */
int undo_leftovers(struct wifi_system *system, const char *dir);

#endif
