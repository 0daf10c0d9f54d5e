/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overwrites secrets before their memory is given back. */
#ifndef CAPTURE_COMMON_WIPE_H
#define CAPTURE_COMMON_WIPE_H

#include <stddef.h>

/* Through a volatile pointer: a compiler drops a memset() that nothing reads after. */
static inline void wipe(void *mem, size_t len)
{
	volatile unsigned char *p = mem;

	while (len--)
		*p++ = 0;
}

#endif
