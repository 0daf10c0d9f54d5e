/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture that gen wrote, to compare with what arrives. */
#ifndef TESTS_BENCH_EXPECTED_H
#define TESTS_BENCH_EXPECTED_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/wire.h"

struct expected {
	const uint8_t *file;		/* NULL: none */
	size_t size;
	uint64_t *at;			/* of each record */
	uint64_t count;
};

/* Returns false, with errno set, when the file cannot be read. Stays until the process ends. */
bool expected_open(struct expected *e, const char *path);
/* Whether p is packet number n of the file: every byte, both lengths, time and link type. */
bool expected_matches(const struct expected *e, uint64_t n, const struct wire_packet *p);

#endif
