/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an earlier run left in a file: where it ends well, and the last record number of each
 * (source, instance). With these a receiver that was killed goes on and loses and doubles
 * nothing. Reads any pcapng, of any byte order; trusts no length in it. */
#ifndef CAPTURE_RECEIVER_RESUME_H
#define CAPTURE_RECEIVER_RESUME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture_common/err.h"
#include "capture_receiver/source_table.h"

/* Last numbers by (uuid, instance). */
struct resume;

struct resume *resume_new(void);		/* NULL without memory */
void resume_free(struct resume *r);		/* NULL is fine */
/* Remembers number unless a later one is known. Returns 0 or -ENOMEM. */
int resume_note(struct resume *r, const char *uuid, uint64_t instance, uint32_t number);
struct source_have resume_find(const struct resume *r, const char *uuid, uint64_t instance);
size_t resume_count(const struct resume *r);

/* Where the bytes come from: a file, or memory in tests. */
struct resume_input {
	/* Reads up to len bytes at offset: how many, 0 at the end, or -errno. */
	ssize_t (*read_at)(void *user, uint64_t offset, void *buf, size_t len);
	void *user;
	uint64_t size;
};

/* Reads a pcapng. *good_len: where the next block goes; less than in->size when the last block is
 * torn, that is cut off in the middle or nothing but zeros. Returns 0, or -1 with *e when it is
 * no pcapng, damaged before its end, or cannot be read. */
int resume_pcapng(struct resume *r, const struct resume_input *in, uint64_t *good_len,
		  struct err *e);
/* The same for JSON lines: a last line without newline is torn. */
int resume_json(struct resume *r, const struct resume_input *in, uint64_t *good_len,
		struct err *e);

#endif
