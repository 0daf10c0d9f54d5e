/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live table of sources: its text, and the place on a terminal where it is drawn again and
 * again. */
#ifndef CAPTURE_RECEIVER_TABLE_H
#define CAPTURE_RECEIVER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "capture_receiver/source_table.h"

struct table_row {
	const char *name, *type, *peer;	/* safe_text() */
	const char *gen;		/* "v3" */
	const char *state;		/* "open" */
	double age_s;			/* since it was connected */
	double packets_per_s;
	struct source_stats stats;
};

/* --- text; pure --- */

#define TABLE_MIN_WIDTH 40

/* Writes the table, at most width columns wide, each line ended by '\n': a heading, the rows, and a
 * line that says that n_hidden more are not shown, if any. Returns the length; what does not fit
 * in size is left out, by whole lines. */
size_t table_render(char *out, size_t size, const struct table_row *rows, size_t n,
		    size_t n_hidden, unsigned width);

/* "987", "12.3k", "4.5M", "6.7G": at most six characters and the NUL. */
void table_short_number(char out[8], uint64_t n);

/* --- terminal --- */

struct table_screen;

/* fd is borrowed. NULL without memory. */
struct table_screen *table_screen_new(int fd);
void table_screen_free(struct table_screen *s);		/* erases it; NULL is fine */
/* How many rows fit, and how wide they may be. */
void table_screen_size(const struct table_screen *s, size_t *rows, unsigned *width);
/* Draws text in place of what was drawn last. */
void table_screen_draw(struct table_screen *s, const char *text, size_t len);
/* Takes it away, so that a log line can be written. */
void table_screen_erase(struct table_screen *s);

#endif
