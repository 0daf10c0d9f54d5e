/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receiver in memory: fake time, fake outputs, fake tools. */
#ifndef TESTS_LIB_RECEIVER_FIXTURE_H
#define TESTS_LIB_RECEIVER_FIXTURE_H

#include "capture_receiver/receiver.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_output.h"
#include "tests/lib/fake_tool.h"

#define RECEIVER_FIXTURE_TOOLS 64
#define RECEIVER_FIXTURE_START_NS UINT64_C(1000000000000)
#define RECEIVER_FIXTURE_WALL_US UINT64_C(1700000000000000)
#define RECEIVER_FIXTURE_SECOND UINT64_C(1000000000)

#define TEST_UUID "4E1D07C3-0000-0000-0000-000016640402"

/* Zero it, set config and tools' kinds, then start. */
struct receiver_fixture {
	struct receiver_config config;	/* what is 0 gets a default */
	bool no_outputs;		/* neither packets nor JSON are written anywhere */
	bool real_outputs;		/* use the paths in config.sink */
	uint64_t step_ns;		/* of receiver_fixture_pass(); 0: a quarter of a second */

	struct fake_clock clock;
	struct loop *loop;
	struct fake_output packets, json;
	struct receiver *receiver;
	struct fake_tool tools[RECEIVER_FIXTURE_TOOLS];
	unsigned n_tools;		/* the highest number that was connected, and one */
};

void receiver_fixture_start(struct receiver_fixture *f);
/* Without receiver_finish(): as if it were killed, but outputs keep what they got. */
void receiver_fixture_stop(struct receiver_fixture *f);

/* Turns everything until nobody has anything to do at this time. */
void receiver_fixture_settle(struct receiver_fixture *f);
/* Lets time pass, step by step. */
void receiver_fixture_pass(struct receiver_fixture *f, uint64_t ns);

/* Whether what was written can be read, and continued as it is. */
bool receiver_fixture_files_go_on(struct receiver_fixture *f);

/* Connects tool number i. */
struct fake_tool *receiver_fixture_connect(struct receiver_fixture *f, unsigned i);
/* Connects it and goes through NEWSOURCE and open report: packets may follow. */
struct fake_tool *receiver_fixture_open(struct receiver_fixture *f, unsigned i,
					const char *definition, const char *uuid);

#endif
