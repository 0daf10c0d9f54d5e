/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that was too long for its buffer ends in "..." instead of in the middle of a character. */
#ifndef CAPTURE_COMMON_CLIP_H
#define CAPTURE_COMMON_CLIP_H

#include <stddef.h>
#include <string.h>

/* Call after snprintf() into buf of size bytes (4 or more): len is what snprintf() returned. Cuts
 * before a UTF-8 character, not in it. Returns the length that the text in buf has now. */
static inline size_t clip_text(char *buf, size_t size, int len)
{
	size_t n = size - 4;

	if (len < 0) {
		buf[0] = '\0';
		return 0;
	}
	if ((size_t)len < size)
		return (size_t)len;
	while (n > 0 && ((unsigned char)buf[n] & 0xc0) == 0x80)
		n--;
	memcpy(buf + n, "...", 4);
	return n + 3;
}

#endif
