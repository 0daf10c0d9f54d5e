/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the replay source on a file of its own, with a real queue and a clock that stands still, and
 * keeps what came out. */
#ifndef TESTS_LIB_REPLAY_RIG_H
#define TESTS_LIB_REPLAY_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/source.h"
#include "capture_pcapfile/pcapfile_source.h"
#include "tests/lib/capfile.h"

#define REPLAY_RIG_PACKETS 2000
#define REPLAY_RIG_MESSAGES 8

struct replay_rig {
	char dir[64];			/* a folder for this test */
	char path[96];			/* in it: where replay_rig_save() writes */
	struct capfile file;

	struct err e;
	struct source_info info;
	void *self;			/* the open source */

	struct queue *queue;
	struct loop *loop;
	struct capture capture;
	uint64_t now_ns;		/* what the clock shows */
	struct source_wait wait;	/* of the last read */

	bool keep_full;			/* take out of the queue only when it is full */
	unsigned times_full;
	unsigned max_reads;		/* replay_rig_run() stops then; 0: at the end */

	struct replay_rig_packet {
		struct msg_packet packet;	/* without data */
		uint32_t number;		/* which of capfile_fill(); UINT32_MAX: none */
		bool has_gps;
		struct msg_gps gps;		/* without texts */
	} packets[REPLAY_RIG_PACKETS];
	size_t n_packets;
	char messages[REPLAY_RIG_MESSAGES][400];	/* the class as a number, space, text */
	size_t n_messages;
};

void replay_rig_init(struct replay_rig *r);
void replay_rig_free(struct replay_rig *r);
void replay_rig_save(struct replay_rig *r);

int replay_rig_probe(struct replay_rig *r, const char *definition);
int replay_rig_open(struct replay_rig *r, const char *definition);
/* The saved file, with these options. */
int replay_rig_open_with(struct replay_rig *r, const char *options);
void replay_rig_close(struct replay_rig *r);

/* One read(), after which the queue is emptied. */
enum source_read replay_rig_read(struct replay_rig *r);
/* Opens, and reads to the end, or until it waits. */
enum source_read replay_rig_run(struct replay_rig *r, const char *options);
/* Closes, and forgets what came. */
void replay_rig_forget(struct replay_rig *r);
/* Moves the clock. */
void replay_rig_clock(struct replay_rig *r, uint64_t now_ns);

#endif
