/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes on their way to a file or a pipe. Nothing put in is lost: what the other side does not
 * take now stays in the buffer, and whoever writes asks for room first. Loop thread only.
 *
 * A pipe that is full and a disk that is full are the same here: the output is blocked, tries
 * again (when the pipe has room; each second for a file), says so once, and once more when it goes
 * on. A pipe whose reader went away is broken for good. */
#ifndef CAPTURE_RECEIVER_OUTPUT_H
#define CAPTURE_RECEIVER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

enum output_state {
	OUTPUT_READY,
	OUTPUT_BLOCKED,
	OUTPUT_BROKEN,		/* the reader is gone */
};

/* Where the bytes go. */
struct output_target {
	/* Returns how many were taken, or -errno. */
	ssize_t (*write)(void *self, const uint8_t *data, size_t len);
	void (*close)(void *self);
	void *self;
	int pipe_fd;		/* what to wait at until it takes more; -1: a file */
};

struct output;

/* Takes the target over, also when it fails. changed is called from the loop when a blocked output
 * goes on, and when it breaks. name is for messages, copied. */
struct output *output_new(struct loop *loop, const char *name, size_t cap,
			  const struct output_target *target, void (*changed)(void *user),
			  void *user, struct err *e);
/* What was not taken yet is gone; NULL is fine. */
void output_free(struct output *o);

/* Whether len more bytes fit; writes out what is there when they do not. len may not be more than
 * the cap given to output_new(). */
bool output_has_room(struct output *o, size_t len);
/* Where to put at most *room bytes; then say how many. */
uint8_t *output_space(struct output *o, size_t *room);
void output_filled(struct output *o, size_t len);

/* Hands everything to the operating system. OUTPUT_READY: all of it is there. */
enum output_state output_flush(struct output *o);
enum output_state output_state(const struct output *o);
size_t output_waiting(const struct output *o);
uint64_t output_written(const struct output *o);	/* in all */
const char *output_name(const struct output *o);

#endif
