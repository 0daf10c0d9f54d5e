/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spool in a folder of its own, and records that tell which they are. */
#ifndef TESTS_LIB_SPOOL_RIG_H
#define TESTS_LIB_SPOOL_RIG_H

#include "capture_common/spool.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/prng.h"

#define SPOOL_RIG_UUID "5FE308BD-0000-0000-0000-00C0CA112233"
#define SPOOL_RIG_INSTANCE ((uint64_t)0x1122334455667788)
#define SPOOL_RIG_TIME ((uint64_t)1700000000000000)

struct spool_rig {
	struct fake_clock clock;
	struct loop *loop;
	char folder[200];
	struct spool_config cfg;
	struct spool *spool;
	struct err e;
	struct prng prng;
	unsigned changed;		/* times */
	uint32_t next_number;		/* to be appended */
	uint32_t expected;		/* to be taken; gaps are fine if may_skip */
	bool may_skip;
	uint64_t taken;
};

/* setup and teardown for cmocka. */
int spool_rig_setup(void **state);
int spool_rig_teardown(void **state);

/* Asserts that it can be opened. */
void spool_rig_open(struct spool_rig *g);
void spool_rig_close(struct spool_rig *g);
/* As after kill -9: the folder as it is now is what the next spool finds; the one before is closed
 * elsewhere. */
void spool_rig_crash(struct spool_rig *g);

/* Lets the worker do all that it was given; the time stands still. */
void spool_rig_settle(struct spool_rig *g);
void spool_rig_pass(struct spool_rig *g, uint64_t ms);

/* Makes the record of a number: always the same one. All kinds, lengths, classes occur. */
void spool_rig_record(uint32_t number, struct record *out, uint8_t *bytes, size_t size);
/* Of class_of(): a record says which class it is. */
extern const struct record_classifier spool_rig_classes;
bool spool_rig_append(struct spool_rig *g);
/* So many; asserts that they are taken. */
void spool_rig_append_n(struct spool_rig *g, unsigned n);
/* Takes one and checks it. False: there is none, or none yet. */
bool spool_rig_take(struct spool_rig *g);
/* Takes and lets the worker work until all were taken. */
void spool_rig_take_all(struct spool_rig *g);
/* Asserts that the sums hold, and returns them. */
struct spool_stats spool_rig_stats(struct spool_rig *g);
/* Bytes of all files in the folder. */
uint64_t spool_rig_disk_bytes(const struct spool_rig *g);
/* The path of the oldest (0) or the n-th newest (-1, -2 ...) segment. */
void spool_rig_segment(const struct spool_rig *g, int n, char *path, size_t size);

#endif
