/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside wire*.c: cursors over protobuf fields and over MessagePack values. The first error
 * sticks. */
#ifndef TESTS_BENCH_WIRE_FIELDS_H
#define TESTS_BENCH_WIRE_FIELDS_H

#include "tests/bench/wire.h"

struct pb_in {
	const uint8_t *at, *end;
	bool bad;
};

struct pb_value {
	unsigned no;
	bool is_bytes;
	uint64_t number;		/* else */
	struct wire_bytes bytes;	/* if is_bytes */
};

/* The next field; false at the end and on errors. Fixed-size numbers come without their value. */
bool pb_in_next(struct pb_in *in, struct pb_value *v);

struct mp_in {
	const uint8_t *at, *end;
	bool bad;
};

uint64_t mp_in_map(struct mp_in *in);		/* how many pairs follow */
uint64_t mp_in_uint(struct mp_in *in);
struct wire_bytes mp_in_bytes(struct mp_in *in);	/* text or bytes */
void mp_in_skip(struct mp_in *in);		/* one value */

#endif
