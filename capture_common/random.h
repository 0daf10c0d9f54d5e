/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers from the system. */
#ifndef CAPTURE_COMMON_RANDOM_H
#define CAPTURE_COMMON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Where the system has no source of randomness, both are made from clocks and the process id. */

void random_bytes(void *buf, size_t len);

/* Never 0. */
uint64_t random_u64(void);

#endif
