/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test's code logs, to see that a line is there, and how often. */
#ifndef TESTS_LIB_LOG_LINES_H
#define TESTS_LIB_LOG_LINES_H

struct log_lines {
	int fd;				/* a file without a name */
	int stderr_fd;			/* where standard error went before */
};

/* From now on, standard error goes nowhere else. */
void log_lines_start(struct log_lines *l);
/* In how many lines text is. */
unsigned log_lines_count(const struct log_lines *l, const char *text);
void log_lines_stop(struct log_lines *l);

#endif
