/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that others wrote, made fit for a terminal. Pure. */
#ifndef CAPTURE_COMMON_TAME_H
#define CAPTURE_COMMON_TAME_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at s, of which len bytes (1 or more) are there. A byte that is no
 * UTF-8 is one character. harmless: it is UTF-8 and steers no terminal, as control characters
 * (those beyond ASCII, too), line separators and what changes the direction of writing do. */
size_t tame_next(const char *s, size_t len, bool *harmless);

/* Puts a '?' in the place of each character that is not harmless; the text gets no longer. Returns
 * its new length. */
size_t tame_text(char *s);

#endif
