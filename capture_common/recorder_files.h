/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a recording: names, rotation, what a full disk leaves behind. Everything here may
 * take long; one thread at a time. */
#ifndef CAPTURE_COMMON_RECORDER_FILES_H
#define CAPTURE_COMMON_RECORDER_FILES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/recorder.h"

/* Link types in one recording. */
#define RECORDER_INTERFACES 16

/* What became of the blocks handed over. */
struct recorder_outcome {
	uint64_t packets, bytes;
	uint64_t files, removed_files;
	uint64_t dropped[RECORDER_INTERFACES];	/* packets, by interface */
	/* errno of what the disk refused; 0 if nothing. EPIPE: nobody reads any more. */
	int problem;
	/* After a refusal: what the file that is gone on with has; 0: there is none. */
	uint64_t kept_bytes, kept_packets;
};

struct recorder_files;

/* Opens the first file, which is changed only when something is written. tag: as struct
 * recorder_config has it. It starts no threads. NULL with e. */
struct recorder_files *recorder_files_new(const struct recorder_options *o, const char *tag,
					  struct err *e);
/* What is open is left as it is, but for a new file that nothing was written to. NULL is fine. */
void recorder_files_free(struct recorder_files *f);
/* The open one, never a standard descriptor; -1: none. */
int recorder_files_fd(const struct recorder_files *f);

/* Appends whole blocks to the open file, or to a new one, and adds to *out. When the disk refuses,
 * whole blocks that are written stay; the packets of the others are dropped, and so is everything
 * until recorder_files_retry(). */
void recorder_files_write(struct recorder_files *f, const uint8_t *blocks, size_t len,
			  struct recorder_outcome *out);
/* This file is complete: brings it to the disk. The one that is not rotated stays open. */
void recorder_files_end(struct recorder_files *f, struct recorder_outcome *out);
void recorder_files_retry(struct recorder_files *f);

/* From any thread: whoever reads a pipe is not waited for any longer. */
void recorder_files_hurry(struct recorder_files *f);

/* The file in use, or the last one: not while another thread writes. */
const char *recorder_files_name(const struct recorder_files *f);
/* The recording as a whole, at any time: the name, without number and time if there are many. */
const char *recorder_files_label(const struct recorder_files *f);
/* Counts the packets in blocks, by interface. */
void recorder_files_count(const uint8_t *blocks, size_t len,
			  uint64_t by_interface[RECORDER_INTERFACES]);

/* recorder_check.c */

#define RECORDER_TAG_MAX 64

/* What a tag must not do to a name: leave the folder, hide the file. size: of out. */
void recorder_safe_tag(const char *tag, char *out, size_t size);
/* As recorder_check(); tag: not NULL if there are several sources. */
int recorder_check_options(const struct recorder_options *o, const char *tag, struct err *e);
/* Whether one of the definitions is to read this file: replaying it into itself would leave nothing
 * of it. */
bool recorder_is_a_source(int fd, const struct strlist *sources);

#endif
