/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a file, a FIFO, a device or standard input. */
#ifndef CAPTURE_PCAPFILE_FILE_BYTES_H
#define CAPTURE_PCAPFILE_FILE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/source.h"
#include "capture_pcapfile/byte_source.h"

struct file_bytes;

/* path "-": standard input, which stays as it is: no flag of it is changed. A FIFO is opened
 * without waiting for a writer. follow: the end of a regular file is not the end, more is expected
 * to be written to it; without meaning for anything else. Returns NULL with e set (ERR_NOT_FOUND,
 * ERR_PERMISSION, ...). The stream is freed with byte_source_free(). */
struct file_bytes *file_bytes_open(const char *path, bool follow, struct err *e);
struct byte_source *file_bytes_stream(struct file_bytes *f);

/* Whether it can be read again from where it started. */
bool file_bytes_can_rewind(const struct file_bytes *f);
int file_bytes_rewind(struct file_bytes *f, struct err *e);

/* After BYTES_NOT_YET: what to wait for. now_ns is the current time. */
void file_bytes_wait(const struct file_bytes *f, uint64_t now_ns, struct source_wait *wait);

#endif
