/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between a stream of frames and WebSocket messages: each message is exactly one frame
 * (docs/protocol.md 3.4). One for each connection and direction. Knows nothing of libwebsockets;
 * one thread at a time. */
#ifndef CAPTURE_COMMON_WS_PUMP_H
#define CAPTURE_COMMON_WS_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "protocol/frame.h"

/* --- frames out of a stream --- */

#define WS_SPLIT_BYTES ((size_t)256 << 10)	/* of the buffer; a longer frame is an error */
#define WS_SPLIT_ROOM 64			/* before each frame; at least LWS_PRE */

struct ws_split;

struct ws_split *ws_split_new(struct err *e);
void ws_split_free(struct ws_split *s);		/* NULL is fine */
/* Reads from fd what there is and fits. Returns 1 when something came, 0 when nothing did (or the
 * buffer is full: take frames out of it), -1 at the end of the stream or an error. */
int ws_split_read(struct ws_split *s, int fd);
/* The next whole frame. NULL with *len 0 when there is none yet, NULL with *len -1 when the stream
 * is no frames, for good. Valid until the next read; there are WS_SPLIT_ROOM bytes of room before
 * it that may be overwritten, frames that were handed out before among them. */
uint8_t *ws_split_next(struct ws_split *s, long *len);

/* --- messages that come --- */

/* Checks while the bytes go by that each message is one frame. Start with all zero. */
struct ws_check {
	uint8_t header[FRAME_PREFIX];	/* of the present message, as far as it came */
	uint64_t at, length;		/* of the message; its frame's, 0: header incomplete */
};

/* len bytes of a message; final: its last ones. Returns 0, or -1 when the message is no frame, half
 * a frame or more than one. */
int ws_check_bytes(struct ws_check *c, const uint8_t *data, size_t len, bool final);

#endif
