/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --write-dir: a pcapng of its own for each source, named TYPE-NAME-UUID.pcapng, continued when
 * the source comes back. Loop thread only. */
#ifndef CAPTURE_RECEIVER_SINK_FOLDER_H
#define CAPTURE_RECEIVER_SINK_FOLDER_H

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_receiver/output.h"
#include "capture_receiver/pcapng_output.h"
#include "capture_receiver/source_table.h"

struct sink_folder;

/* Reads the captures that are in path already. changed: as for output_new(). NULL with e. */
struct sink_folder *sink_folder_new(struct loop *loop, const char *path,
				    void (*changed)(void *user), void *user, struct err *e);
void sink_folder_free(struct sink_folder *f);		/* NULL is fine */

void sink_folder_up(struct sink_folder *f, struct source *s);
void sink_folder_down(struct sink_folder *f, struct source *s);
/* The source's open file, opened when needed; NULL: not now (told once, tried again by and by). */
struct pcapng_output *sink_folder_output(struct sink_folder *f, struct source *s);

enum output_state sink_folder_flush(struct sink_folder *f);
enum output_state sink_folder_state(const struct sink_folder *f);
uint64_t sink_folder_waiting(const struct sink_folder *f);
const char *sink_folder_stopped_by(const struct sink_folder *f);

#endif
