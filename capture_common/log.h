/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's own log: one line, one event.
 *
 *	error	this source or program stopped
 *	warn	it goes on, worse
 *	info	state changes: connected, opened, reconnect in 8 s
 *	debug	anything
 *
 * To standard error while in the foreground (with "<3>" prefixes when JOURNAL_STREAM says that a
 * supervisor reads it), to syslog once log_to_syslog() was called. A line is one write(2), at most
 * 1 KiB, and ends in "..." when it was longer; what could steer a terminal, and bytes that are no
 * UTF-8, become '?' (tame.h). A failed write is nobody's concern. Any thread. Secrets never go
 * in. */
#ifndef CAPTURE_COMMON_LOG_H
#define CAPTURE_COMMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Call once at start; name goes before every line: "NAME: text". Opens standard descriptors that
 * the caller left closed, so that no other file takes their numbers. */
void log_init(const char *name, enum log_level level);
void log_set_level(enum log_level level);
/* "error", "warn", "info" or "debug"; returns 0 or -1. */
int log_level_parse(const char *text, enum log_level *out);
/* A short tag after the program's name, such as the source's: "NAME: TAG: text". NULL for none.
 * Copied. */
void log_set_tag(const char *tag);
void log_to_syslog(void);
bool log_enabled(enum log_level level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line at the bottom of the terminal that standard error is, replaced by the next one and moved
 * out of the way by any log line; NULL takes it away. Only for terminals. */
void log_progress(const char *text);

#endif
