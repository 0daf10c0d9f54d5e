/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol's checksum, eight bytes at a time. */
#include "protocol/checksum.h"

#include "protocol/bytes.h"

/* Bytes 0, 2, 4 and 6 of a word, or 1, 3, 5 and 7, spread over four lanes of 16 bits. */
#define LANES UINT64_C(0x00ff00ff00ff00ff)

/* A lane counts its bytes in sum, and sum once more for each word in weighted. That stays below
 * 65536 for 22 words: 255 * (1 + 2 + ... + 22). */
#define MAX_WORDS 22

struct lanes {
	uint64_t sum, weighted;
};

static void add_word(struct lanes *l, uint64_t bytes)
{
	l->sum += bytes;
	l->weighted += l->sum;
}

/* In a block of n bytes the byte at i adds n - i times to s2: 8 times for its word and each one
 * after, less its place in the word. Wrapping does no harm, 16 bits are kept. */
static void add_lanes(const struct lanes *l, uint32_t first_place, uint32_t *s1, uint32_t *s2)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t sum = l->sum >> (16 * i) & 0xffff;
		uint32_t weighted = l->weighted >> (16 * i) & 0xffff;

		*s1 += sum;
		*s2 += 8 * weighted - (first_place + 2 * i) * sum;
	}
}

uint32_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t s1 = 0, s2 = 0;

	if (len < 4)
		return 0;
	while (len >= 8) {
		size_t words = len / 8 < MAX_WORDS ? len / 8 : MAX_WORDS;
		struct lanes even = { 0, 0 }, odd = { 0, 0 };

		for (size_t i = 0; i < words; i++, p += 8) {
			uint64_t word = get_le64(p);

			add_word(&even, word & LANES);
			add_word(&odd, word >> 8 & LANES);
		}
		s2 += (uint32_t)(8 * words) * s1;
		add_lanes(&even, 0, &s1, &s2);
		add_lanes(&odd, 1, &s1, &s2);
		len -= 8 * words;
	}
	for (; len > 0; p++, len--) {
		s1 += *p;
		s2 += s1;
	}
	return (s1 & 0xffff) | (s2 & 0xffff) << 16;
}
