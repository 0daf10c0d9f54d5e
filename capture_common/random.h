/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers from the system. */
#ifndef CAPTURE_COMMON_RANDOM_H
#define CAPTURE_COMMON_RANDOM_H

#include <stdint.h>

/* Never 0. Good for identifiers and jitter; where the system has no source of randomness, made
 * from clocks and the process id. */
uint64_t random_u64(void);

#endif
