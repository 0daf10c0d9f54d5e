/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's own log: lines to standard error or to syslog. */
#include "capture_common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "capture_common/clip.h"
#include "capture_common/tame.h"

#define LINE_SIZE 1024		/* the longest line, its newline included */

static _Atomic int max_level = LOG_LEVEL_INFO;

/* Names and the way out, under the lock because any thread may write a line. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char program[64];
static char tag[64];
static bool to_syslog;
static bool with_priority;
static bool progress_shown;	/* on the terminal's last line */

/* Opens what the caller left closed, so that no socket becomes "standard error". The wrong
 * direction makes reads and writes fail as they would on a closed one. */
static void fill_standard_fds(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			return;
	}
}

/* JOURNAL_STREAM is "DEVICE:INODE" of the stream that the supervisor reads; it is inherited by
 * programs whose standard error goes elsewhere. */
static bool supervisor_reads_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &dev, &ino) != 2 || fstat(2, &st) < 0)
		return false;
	return (unsigned long long)st.st_dev == dev && (unsigned long long)st.st_ino == ino;
}

void log_init(const char *name, enum log_level level)
{
	fill_standard_fds();
	pthread_mutex_lock(&lock);
	snprintf(program, sizeof(program), "%s", name);
	with_priority = supervisor_reads_stderr();
	pthread_mutex_unlock(&lock);
	log_set_level(level);
}

void log_set_level(enum log_level level)
{
	max_level = (int)level;
}

int log_level_parse(const char *text, enum log_level *out)
{
	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARN] = "warn",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

void log_set_tag(const char *text)
{
	pthread_mutex_lock(&lock);
	snprintf(tag, sizeof(tag), "%s", text ? text : "");
	pthread_mutex_unlock(&lock);
}

void log_to_syslog(void)
{
	pthread_mutex_lock(&lock);
	if (!to_syslog)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	to_syslog = true;
	pthread_mutex_unlock(&lock);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= max_level;
}

static int priority_of(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARN:
		return LOG_WARNING;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_ERR;
}

static void write_all(const char *s, size_t n)
{
	ssize_t written;

	do {
		written = write(2, s, n);
	} while (written < 0 && errno == EINTR);
}

#define CLEAR_LINE "\r\033[K"

/* The next thing starts on an empty line. */
static void clear_progress(void)
{
	if (progress_shown)
		write_all(CLEAR_LINE, sizeof(CLEAR_LINE) - 1);
	progress_shown = false;
}

void log_progress(const char *text)
{
	char line[256];

	pthread_mutex_lock(&lock);
	clear_progress();
	if (text && !to_syslog) {
		snprintf(line, sizeof(line), "%s", text);
		write_all(line, tame_text(line));
		progress_shown = true;
	}
	pthread_mutex_unlock(&lock);
}

static void write_stderr(int priority, const char *text)
{
	char line[LINE_SIZE], prefix[8] = "";
	size_t n;
	int len;

	if (with_priority)
		snprintf(prefix, sizeof(prefix), "<%d>", priority);
	clear_progress();
	/* The last byte, where snprintf() puts its NUL, is for the newline. */
	len = snprintf(line, sizeof(line), "%s%s%s%s%s%s", prefix, program, *program ? ": " : "",
		       tag, *tag ? ": " : "", text);
	clip_text(line, sizeof(line), len);
	/* Peers choose some of the bytes: none of them may start a line or steer a terminal. */
	n = tame_text(line);
	line[n++] = '\n';
	write_all(line, n);
}

static void write_syslog(int priority, const char *text)
{
	char line[LINE_SIZE];

	clip_text(line, sizeof(line), snprintf(line, sizeof(line), "%s%s%s", tag,
					       *tag ? ": " : "", text));
	tame_text(line);
	syslog(priority, "%s", line);
}

static void __attribute__((format(printf, 2, 0)))
log_line(enum log_level level, const char *fmt, va_list ap)
{
	char text[LINE_SIZE];
	int saved = errno;

	if (!log_enabled(level))
		return;
	clip_text(text, sizeof(text), vsnprintf(text, sizeof(text), fmt, ap));
	pthread_mutex_lock(&lock);
	if (to_syslog)
		write_syslog(priority_of(level), text);
	else
		write_stderr(priority_of(level), text);
	pthread_mutex_unlock(&lock);
	errno = saved;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}
