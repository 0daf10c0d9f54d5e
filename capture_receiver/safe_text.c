/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 checking and the replacement of what must not reach a terminal or a file name. */
#include "capture_receiver/safe_text.h"

#include <stdbool.h>
#include <stdint.h>

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

size_t safe_text(char *out, size_t size, struct text t)
{
	const unsigned char *s = (const unsigned char *)t.s;
	size_t at = 0, len = 0;

	while (at < t.len) {
		uint32_t c = 0;
		size_t n = decode(s + at, t.len - at, &c);
		bool keep = n > 0 && is_harmless(c);
		size_t written = keep ? n : 1;

		if (len + written >= size)
			break;
		if (keep)
			memcpy(out + len, s + at, n);
		else
			out[len] = '?';
		len += written;
		at += n ? n : 1;
	}
	out[len] = '\0';
	return len;
}

static bool fits_file_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

size_t safe_name(char *out, size_t size, struct text t)
{
	size_t len = 0;

	while (len < t.len && len + 1 < size) {
		char c = t.s[len];

		out[len] = fits_file_name(c) ? c : '_';
		len++;
	}
	if (len == 0 && size > 1)
		out[len++] = '_';
	out[len] = '\0';
	if (out[0] == '.' || out[0] == '-')
		out[0] = '_';
	return len;
}
