/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol's checksum, in blocks that compilers can vectorise. */
#include "protocol/checksum.h"

#define BLOCK 32

uint32_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t s1 = 0, s2 = 0;

	if (len < 4)
		return 0;
	/* A block adds each byte once to s1 and, since s2 sums up s1 after every byte, the byte
	 * at i another BLOCK - i times to s2. Wrapping does no harm: 16 bits are kept. */
	for (; len >= BLOCK; p += BLOCK, len -= BLOCK) {
		uint32_t sum = 0, weighted = 0;

		for (uint32_t i = 0; i < BLOCK; i++) {
			sum += p[i];
			weighted += p[i] * (BLOCK - i);
		}
		s2 += BLOCK * s1 + weighted;
		s1 += sum;
	}
	for (; len > 0; p++, len--) {
		s1 += *p;
		s2 += s1;
	}
	return (s1 & 0xffff) | (s2 & 0xffff) << 16;
}
