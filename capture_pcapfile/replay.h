/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay: takes packets from a reader, chooses, waits until each is due, and hands them over. */
#ifndef CAPTURE_PCAPFILE_REPLAY_H
#define CAPTURE_PCAPFILE_REPLAY_H

#include "capture_common/source.h"
#include "capture_pcapfile/capture_reader.h"
#include "capture_pcapfile/file_bytes.h"
#include "capture_pcapfile/pacing.h"
#include "capture_pcapfile/replay_counts.h"
#include "capture_pcapfile/replay_options.h"

#define REPLAY_NAME_SIZE 128

struct replay {
	struct replay_options options;
	char name[REPLAY_NAME_SIZE];	/* in front of every message */
	struct file_bytes *file;	/* owned */
	struct capture_reader *reader;	/* owned */
	struct pacing pacing;
	struct replay_counts counts;
	uint64_t skipped;
	uint64_t json_skipped;		/* of these: nothing but sensor data */

	bool special;			/* some option asks for more than handing packets on */
	bool announced, ended;
	uint64_t passes;		/* whole ones so far */
	uint64_t sent_before;		/* before this pass */

	struct reader_packet packet;
	bool pending;			/* packet is chosen, but not handed over yet */
	uint64_t due_ns;		/* of the pending packet */
	uint64_t told_ns;		/* the due time that a long wait was logged for */
	bool has_gps;			/* the pending packet's options hold a position */
	struct msg_gps gps;
	uint64_t (*wall_us)(void);	/* the time of day; a test puts its own in */
	bool shift_known;
	uint64_t shift_us;		/* to be added to times; wraps */
};

/* Takes file and reader over. name is cut when it is long. */
void replay_init(struct replay *p, const struct replay_options *o, struct text name,
		 struct file_bytes *file, struct capture_reader *reader);
void replay_finish(struct replay *p);

/* As the operation read() of a source. */
enum source_read replay_read(struct replay *p, struct capture *c, struct source_wait *wait,
			     struct err *e);

#endif
