/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a source definition that say how to replay. */
#ifndef CAPTURE_PCAPFILE_REPLAY_OPTIONS_H
#define CAPTURE_PCAPFILE_REPLAY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/source.h"
#include "protocol/srcdef.h"

#define REPLAY_FOREVER UINT64_MAX

struct replay_options {
	bool realtime;
	double speed;
	uint64_t max_gap_us;	/* 0: no limit */
	double pps;		/* 0: no limit */
	uint64_t loops;		/* 1 and more */
	uint64_t first, last;	/* packets by number, from 1; last 0: to the end */
	bool shift_now;
	bool follow;
	bool exit_at_end;
	bool has_dlt;
	uint32_t dlt;		/* for all packets */
	bool has_interface;
	uint32_t interface;	/* only this one of a pcapng file */
};

/* For --help and the check for unknown keys; what replay_options_read() knows. */
extern const struct source_opt replay_option_rows[];

/* Returns 0, or -1 with e set (ERR_USAGE) when a value is wrong or two options contradict. */
int replay_options_read(struct replay_options *o, const struct srcdef *def, struct err *e);

#endif
