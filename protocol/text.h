/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Borrowed text: a pointer and a length, not NUL-terminated.
 *
 * { NULL, 0 } means "absent"; a non-NULL pointer with length 0 is an empty text. Whoever
 * hands out a struct text says how long it stays valid; nobody frees it. */
#ifndef PROTOCOL_TEXT_H
#define PROTOCOL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
	const char *s;
	size_t len;
};

struct text_list {
	const struct text *items;
	size_t n;
};

/* For printf("%.*s", TEXT_ARG(t)). */
#define TEXT_ARG(t) (int)(t).len, (t).s ? (t).s : ""

static inline struct text text_of(const char *s)
{
	return (struct text){ s, s ? strlen(s) : 0 };
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

/* ASCII letters compare without regard to case; independent of the locale. */
bool text_equal_nocase(struct text a, struct text b);

static inline bool text_is(struct text a, const char *b)
{
	return text_equal(a, text_of(b));
}

/* What a hexadecimal digit stands for; -1: it is none. */
static inline int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
