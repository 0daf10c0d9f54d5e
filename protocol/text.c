/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing borrowed text. */
#include "protocol/text.h"

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool text_equal_nocase(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower((unsigned char)a.s[i]) != lower((unsigned char)b.s[i]))
			return false;
	}
	return true;
}
