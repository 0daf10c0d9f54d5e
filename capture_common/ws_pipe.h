/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the loop and libwebsockets' thread, for one connection: frames that go out, each already
 * a masked WebSocket message of its own (RFC 6455 5.2), and bytes of messages that came in. Memory
 * that both use without waiting for each other; a socketpair would copy each byte twice more.
 *
 * Both directions are bounded. Each call says when the other side is to be told of something. */
#ifndef CAPTURE_COMMON_WS_PIPE_H
#define CAPTURE_COMMON_WS_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

#define WS_PIPE_OUT_BYTES ((size_t)288 << 10)	/* at once; a frame with its header must fit */
#define WS_PIPE_OUT_ROOM 64		/* before what is sent; at least LWS_PRE */
/* From so many unread bytes on the server is to wait; then as many more may be given. */
#define WS_PIPE_IN_BYTES ((size_t)128 << 10)

struct ws_pipe;

struct ws_pipe *ws_pipe_new(struct err *e);
void ws_pipe_free(struct ws_pipe *p);	/* no thread may use it any more; NULL is fine */

/* --- the loop's side --- */

/* Takes some of the frames in data, if there is room for any. Returns how many bytes these had, 0
 * when there is none now, -1 when data does not begin with a whole frame of bearable length. *tell:
 * the thread had nothing to send before. */
long ws_pipe_put(struct ws_pipe *p, const uint8_t *data, size_t len, bool *tell);
/* Whether ws_pipe_sent() is to say that there is room again; returns true when there is now. */
bool ws_pipe_want_room(struct ws_pipe *p, bool want);
/* Reads what came. Returns how many bytes. *tell: the server waits, and need not any more; *more:
 * there is more. */
size_t ws_pipe_get(struct ws_pipe *p, uint8_t *buf, size_t size, bool *tell, bool *more);

/* --- the thread's side --- */

/* What is to be sent, whole messages, until ws_pipe_sent(); it may be overwritten, and so may the
 * room before it. NULL: nothing, the loop will tell. */
uint8_t *ws_pipe_take(struct ws_pipe *p, size_t *len);
/* What was taken is out. True: the loop waits for the room that there is now. */
bool ws_pipe_sent(struct ws_pipe *p);
/* Whether ws_pipe_take() would give something. */
bool ws_pipe_has_output(const struct ws_pipe *p);
/* Hands over what came. Returns 0, or -1 when it does not fit although the server was to wait.
 * *tell: the loop had nothing to read before. */
int ws_pipe_give(struct ws_pipe *p, const uint8_t *data, size_t len, bool *tell);
/* Whether the server is to wait until the loop has read more. */
bool ws_pipe_is_full(struct ws_pipe *p);

#endif
