/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages with random content, the same for the same seed, and telling messages apart. */
#ifndef TESTS_LIB_RANDOM_MSG_H
#define TESTS_LIB_RANDOM_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/msg.h"

struct rng {
	uint64_t state;			/* any number but 0 */
};

uint64_t rng_next(struct rng *r);
/* 0 to n - 1 */
uint64_t rng_below(struct rng *r, uint64_t n);

/* A generation for any number: one that this build speaks. */
enum frame_gen random_msg_gen(unsigned number);
/* Whether gen has such a message. */
bool random_msg_exists(enum frame_gen gen, enum msg_type type);
/* A message that gen can carry whole, so that it decodes to the same. Everything that it points
 * to is in the arena. */
void random_msg(struct rng *r, enum frame_gen gen, enum msg_type type, struct arena *arena,
		struct msg *out);

/* The name of the first member in which a and b differ, or NULL. Absent text is not the same as
 * empty text. */
const char *msg_difference(const struct msg *a, const struct msg *b);

#endif
