/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a recording has been rotated into, of this run and of earlier ones: how many there
 * are, and which is the oldest. One thread at a time. */
#ifndef CAPTURE_COMMON_RECORDER_OLD_H
#define CAPTURE_COMMON_RECORDER_OLD_H

#include <stdbool.h>
#include <stdint.h>

struct recorder_old_file;

/* A plain value; {0} is empty. */
struct recorder_old {
	struct recorder_old_file *oldest;
	uint64_t n;
};

/* Finds what earlier runs have left, STEM_NUMBER_UTC.EXT, and returns the highest number, or 0.
 * add: they are added, in the order of their numbers. A folder that cannot be read has none. */
uint64_t recorder_old_adopt(struct recorder_old *o, const char *stem, const char *ext, bool add);
/* The youngest. Returns 0 or -ENOMEM. */
int recorder_old_add(struct recorder_old *o, const char *name, uint64_t number);
/* There is one at least. Returns whether the file is gone; it is forgotten in any case. */
bool recorder_old_remove_oldest(struct recorder_old *o);
void recorder_old_forget(struct recorder_old *o, const char *name);
void recorder_old_free(struct recorder_old *o);

#endif
