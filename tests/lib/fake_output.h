/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file or pipe in memory as the target of an output: takes everything, little, or nothing. */
#ifndef TESTS_LIB_FAKE_OUTPUT_H
#define TESTS_LIB_FAKE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_receiver/output.h"
#include "capture_receiver/resume.h"

struct fake_output {
	uint8_t *data;
	size_t len, cap;
	size_t limit;		/* a write takes this at most; 0: no limit */
	size_t room;		/* takes this much in all, then fails with error; SIZE_MAX: any */
	int error;		/* errno of writes without room */
	unsigned writes, closes;
	bool discard;		/* keeps nothing, only counts: for long runs */
};

void fake_output_init(struct fake_output *o);
void fake_output_free(struct fake_output *o);
/* A target around it; o lives longer. */
struct output_target fake_output_target(struct fake_output *o);
/* What it holds as an input for resume_pcapng() and resume_json(). */
struct resume_input fake_output_input(struct fake_output *o);

/* --- reading the pcapng that it holds --- */

#define FAKE_OUTPUT_COMMENT 600

struct fake_packet {
	uint32_t section, interface;	/* counted from 0 */
	uint32_t linktype;
	uint64_t time_us;
	uint32_t len, orig_len;
	const uint8_t *data;
	bool has_id;
	uint64_t id;
	char comment[FAKE_OUTPUT_COMMENT];	/* "" if none */
	char if_name[128], if_description[512], if_hardware[128], if_comment[600];
};

/* Calls fn for each packet; returns how many, or -1 when a block is wrong. */
long fake_output_packets(const struct fake_output *o,
			 void (*fn)(void *user, const struct fake_packet *p), void *user);

#endif
