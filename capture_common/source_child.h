/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that has the source: does what the other one asks for, until that is gone. */
#ifndef CAPTURE_COMMON_SOURCE_CHILD_H
#define CAPTURE_COMMON_SOURCE_CHILD_H

#include "capture_common/err.h"
#include "capture_common/record_ring.h"
#include "capture_common/recorder.h"
#include "capture_common/source.h"

struct source_child_config {
	const struct source_tool *tool;
	const char *definition;		/* as struct source_process_config has it */
	struct record_ring *ring;
	int commands_fd, tuning_fd;	/* this side's ends */
	/* As struct source_process_config has them. */
	const struct recorder_options *record;
	bool record_only;
	/* The first file of the recording, opened with all rights there were; NULL: record_err says
	 * why it is not. */
	struct recorder_files *record_files;
	const struct err *record_err;
	const char *tag;
};

/* Returns the process's exit status when the other side is gone. Gives up all privileges but the
 * tool's first. */
int source_child_run(const struct source_child_config *cfg);

#endif
