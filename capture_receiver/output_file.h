/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening what an output writes to: a new file, one that is to be continued, a named pipe, or
 * standard output. */
#ifndef CAPTURE_RECEIVER_OUTPUT_FILE_H
#define CAPTURE_RECEIVER_OUTPUT_FILE_H

#include <stdbool.h>

#include "capture_common/err.h"
#include "capture_receiver/output.h"
#include "capture_receiver/resume.h"

struct output_file {
	const char *path;		/* "-": standard output */
	bool binary;			/* not for a terminal */
	bool must_be_new;		/* an existing file is an error (EEXIST in e->sys) */
	/* Reads an existing, non-empty file into resume; one that it refuses is left alone. */
	int (*scan)(struct resume *r, const struct resume_input *in, uint64_t *good_len,
		    struct err *e);
	struct resume *resume;
	/* What is known of the file by an earlier look: it is not read again, and refused
	 * (ERR_DATA) when its size has changed since. NULL: nothing. */
	const struct output_file_seen *seen;
};

struct output_file_seen {
	uint64_t size, good_len;
};

/* A regular file is locked, checked, and cut behind its last good block. Opening a named pipe
 * waits for its reader. Returns 0 or -1 with an e that names the file. */
int output_file_open(const struct output_file *how, struct output_target *out, struct err *e);

/* Only reads a file, as output_file_open() would before it writes. */
int output_file_scan(const struct output_file *how, struct output_file_seen *out, struct err *e);

#endif
