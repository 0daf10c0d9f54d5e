/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that look random and are the same in every run. */
#ifndef TESTS_LIB_PRNG_H
#define TESTS_LIB_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
	uint64_t state;			/* the seed, at first */
};

static inline uint32_t prng_next(struct prng *p)
{
	p->state = p->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(p->state >> 32);
}

/* One of 0 to n - 1; n is not 0. */
static inline uint32_t prng_below(struct prng *p, uint32_t n)
{
	return (uint32_t)((uint64_t)prng_next(p) * n >> 32);
}

static inline void prng_fill(struct prng *p, void *mem, size_t len)
{
	uint8_t *bytes = mem;
	uint32_t word = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % 4 == 0)
			word = prng_next(p);
		bytes[i] = (uint8_t)(word >> i % 4 * 8);
	}
}

#endif
