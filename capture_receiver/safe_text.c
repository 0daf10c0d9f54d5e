/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replacement of what must not reach a terminal or a file name. */
#include "capture_receiver/safe_text.h"

#include <stdbool.h>
#include <string.h>

#include "capture_common/tame.h"

size_t safe_text(char *out, size_t size, struct text t)
{
	size_t at = 0, len = 0;

	while (at < t.len) {
		bool keep;
		size_t n = tame_next(t.s + at, t.len - at, &keep);
		size_t written = keep ? n : 1;

		if (len + written >= size)
			break;
		if (keep)
			memcpy(out + len, t.s + at, n);
		else
			out[len] = '?';
		len += written;
		at += n;
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
