/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file a source definition means, what kind of file it is, and its UUID. */
#ifndef CAPTURE_PCAPFILE_REPLAY_TARGET_H
#define CAPTURE_PCAPFILE_REPLAY_TARGET_H

#include "capture_common/err.h"
#include "protocol/srcdef.h"
#include "protocol/uuid.h"

enum replay_kind {
	REPLAY_FILE,
	REPLAY_FIFO,
	REPLAY_STDIN,		/* the path is "-" */
	REPLAY_DEVICE,		/* or a directory, a socket: never touched when probing */
};

struct replay_target {
	char *path;		/* owned */
	const char *shown;	/* the path, for messages; or "standard input" */
	enum replay_kind kind;
	char uuid[UUID_SIZE];
};

/* The path is the option path=, else the definition's interface, in which %XX stands for a byte
 * when there is no file of that very name (a path with a colon: a%3Ab). The UUID is the option
 * uuid=, else made of the path (docs/protocol.md 3.6). Opens nothing. Returns 0, or -1 with e set:
 * ERR_NOT_FOUND when there is no such file. To be freed in any case. */
int replay_target_find(struct replay_target *t, const struct srcdef *def, struct err *e);
void replay_target_free(struct replay_target *t);	/* a zeroed one is fine */

#endif
