/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors as values: their text, their code, and the exit status that belongs to it. */
#include "capture_common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "capture_common/clip.h"

/* What was attempted has this much room at least, however long the cause is. */
#define FRONT_MIN 100

/* strerror_r() comes in two kinds: POSIX fills the buffer and returns an int, GNU returns the text,
 * which may be elsewhere. */

static inline const char *posix_words(int result, const char *buf)
{
	return result == 0 ? buf : NULL;
}

static inline const char *gnu_words(const char *result, const char *buf)
{
	(void)buf;
	return result;
}

#define WORDS(result, buf) _Generic((result), int: posix_words, char *: gnu_words)(result, buf)

static const char *system_words(int errnum, char *buf, size_t size)
{
	const char *words = WORDS(strerror_r(errnum, buf, size), buf);

	if (!words || !*words) {
		snprintf(buf, size, "error %d", errnum);
		words = buf;
	}
	return words;
}

/* The last part of text, "..." before it, when it is longer than room. */
static const char *tail_of(const char *text, size_t room, const char **dots)
{
	size_t len = strlen(text);

	*dots = "";
	if (len <= room)
		return text;
	*dots = "...";
	text += len - room + 3;
	while (((unsigned char)*text & 0xc0) == 0x80)	/* inside a UTF-8 character */
		text++;
	return text;
}

/* "front: cause". When both do not fit, the middle goes: what was attempted first and the cause of
 * it all, at the end, are what helps. front is a buffer as large as e->text. */
static void join(struct err *e, char *front, size_t front_len, const char *cause)
{
	const size_t size = sizeof(e->text), cause_len = strlen(cause);
	size_t front_size = size > cause_len + 2 + FRONT_MIN ? size - cause_len - 2 : FRONT_MIN;
	const char *dots;
	char text[sizeof(e->text)];
	int n;

	front_len = clip_text(front, front_size, (int)front_len);
	cause = tail_of(cause, size - 1 - 2 - front_len, &dots);
	n = snprintf(text, size, "%s%s%s%s", front, *cause ? ": " : "", dots, cause);
	memcpy(e->text, text, clip_text(text, size, n) + 1);
}

static enum err_code code_of(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case EBUSY:
	case EADDRINUSE:
		return ERR_BUSY;
	case ENOMEM:
		return ERR_NO_MEMORY;
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EPIPE:
		return ERR_NETWORK;
	default:
		return ERR_SYSTEM;
	}
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	int saved = errno;
	va_list ap;
	size_t n;

	/* Not straight into e->text: it may be among the arguments. */
	va_start(ap, fmt);
	n = clip_text(text, sizeof(text), vsnprintf(text, sizeof(text), fmt, ap));
	va_end(ap);
	memcpy(e->text, text, n + 1);
	e->code = code;
	e->sys = 0;
	errno = saved;
	return -1;
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	char front[sizeof(e->text)], words[128];
	int saved = errno;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = clip_text(front, sizeof(front), vsnprintf(front, sizeof(front), fmt, ap));
	va_end(ap);
	join(e, front, n, system_words(errnum, words, sizeof(words)));
	e->code = code_of(errnum);
	e->sys = errnum;
	errno = saved;
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char front[sizeof(e->text)];
	int saved = errno;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = clip_text(front, sizeof(front), vsnprintf(front, sizeof(front), fmt, ap));
	va_end(ap);
	join(e, front, n, e->text);
	errno = saved;
	return -1;
}

int err_exit_status(const struct err *e)
{
	switch (e->code) {
	case ERR_NONE:
		return EX_OK;
	case ERR_USAGE:
		return EX_USAGE;
	case ERR_DATA:
		return EX_DATAERR;
	case ERR_NOT_FOUND:
		return EX_NOINPUT;
	case ERR_NETWORK:
	case ERR_UNSUPPORTED:
		return EX_UNAVAILABLE;
	case ERR_SYSTEM:
	case ERR_GONE:
	case ERR_NO_MEMORY:
		return EX_OSERR;
	case ERR_BUSY:
		return EX_TEMPFAIL;
	case ERR_PROTOCOL:
		return EX_PROTOCOL;
	case ERR_PERMISSION:
		return EX_NOPERM;
	}
	return EX_SOFTWARE;
}
