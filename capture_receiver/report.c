/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines beside a live table. */
#include "capture_receiver/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "capture_common/log.h"

#define LINE_SIZE 1024

static void (*before_line)(void *user);
static void *before_user;

void report_before_line(void (*before)(void *user), void *user)
{
	before_line = before;
	before_user = user;
}

static void __attribute__((format(printf, 2, 0)))
write_line(enum log_level level, const char *fmt, va_list ap)
{
	char text[LINE_SIZE];

	if (!log_enabled(level))
		return;
	if (before_line)
		before_line(before_user);
	vsnprintf(text, sizeof(text), fmt, ap);
	switch (level) {
	case LOG_LEVEL_ERROR:
		log_error("%s", text);
		break;
	case LOG_LEVEL_WARN:
		log_warn("%s", text);
		break;
	case LOG_LEVEL_INFO:
		log_info("%s", text);
		break;
	case LOG_LEVEL_DEBUG:
		log_debug("%s", text);
		break;
	}
}

void report_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void report_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void report_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void report_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}

bool report_allowed(struct report_limit *l, uint64_t now_ns, uint64_t *withheld)
{
	if (now_ns - l->second_ns >= UINT64_C(1000000000)) {
		l->second_ns = now_ns;
		l->lines = 0;
	}
	if (l->lines == REPORT_BURST) {
		l->withheld++;
		return false;
	}
	l->lines++;
	*withheld = l->withheld;
	l->withheld = 0;
	return true;
}
