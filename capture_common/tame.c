/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8, and the characters that steer a terminal. */
#include "capture_common/tame.h"

#include <stdint.h>
#include <string.h>

/* The length of the well-formed character at s, and its number; 0 when there is none. */
static size_t decode(const unsigned char *s, size_t len, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = s[0];
	size_t n, i;

	if (c < 0x80) {
		*out = c;
		return 1;
	}
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n > len)
		return 0;
	c &= 0xffu >> (n + 1);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return n;
}

/* Control characters, line separators, marks and overrides of the writing direction. */
static bool is_harmless(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x200e && c <= 0x200f) &&
	       !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

size_t tame_next(const char *s, size_t len, bool *harmless)
{
	uint32_t c = 0;
	size_t n = decode((const unsigned char *)s, len, &c);

	*harmless = n > 0 && is_harmless(c);
	return n > 0 ? n : 1;
}

size_t tame_text(char *s)
{
	size_t len = strlen(s), from = 0, to = 0;

	while (from < len) {
		bool harmless;
		size_t n = tame_next(s + from, len - from, &harmless);

		if (harmless)
			memmove(s + to, s + from, n);
		else
			s[to] = '?';
		to += harmless ? n : 1;
		from += n;
	}
	s[to] = '\0';
	return to;
}
