/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log, for a program that draws a live table on the same terminal: the table is taken away
 * before a line goes out. And a bound for lines that strangers can cause. Loop thread only. */
#ifndef CAPTURE_RECEIVER_REPORT_H
#define CAPTURE_RECEIVER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* before is called in front of each line that is written; NULL for none. */
void report_before_line(void (*before)(void *user), void *user);

/* At most REPORT_BURST lines a second; the rest is counted. A plain value, zeroed at start. */
#define REPORT_BURST 10

struct report_limit {
	uint64_t second_ns;	/* start of the second */
	unsigned lines;		/* in it */
	uint64_t withheld;	/* since the last line that said so */
};

/* Whether one more line may go out at now_ns. *withheld: how many were not since the last time,
 * to be told with it. */
bool report_allowed(struct report_limit *l, uint64_t now_ns, uint64_t *withheld);

#endif
