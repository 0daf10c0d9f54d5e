/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overwrites secrets before their memory is given back. */
#ifndef CAPTURE_COMMON_WIPE_H
#define CAPTURE_COMMON_WIPE_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Through a volatile pointer: a compiler drops a memset() that nothing reads after. */
static inline void wipe(void *mem, size_t len)
{
	volatile unsigned char *p = mem;

	while (len--)
		*p++ = 0;
}

/* Gives back a text on the heap, or NULL, and sets it to NULL. */
static inline void wipe_and_free(char **text)
{
	if (*text)
		wipe(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

#endif
