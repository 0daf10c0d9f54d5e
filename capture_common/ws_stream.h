/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames both ways between a WebSocket connection and the socketpair whose other end is the link's.
 * Nothing is buffered without limit: each side that is full stops the other one. Thread:
 * libwebsockets' own. */
#ifndef CAPTURE_COMMON_WS_STREAM_H
#define CAPTURE_COMMON_WS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/ws_lib.h"
#include "capture_common/ws_pump.h"

struct ws_stream {
	struct lws *wsi;		/* the connection; its owner sets it to NULL at its end */
	struct lws *pipe;		/* the socketpair, for libwebsockets; NULL: closed */
	int fd;				/* the socketpair, for us; -1: closed */
	struct ws_split *split;		/* going out */
	struct ws_check check;		/* coming in */
	uint8_t *wait;			/* waiting bytes from waiting_at on, for room in the pipe */
	size_t waiting_at, waiting;
};

/* All closed; returns 0, or -1 with e. */
int ws_stream_init(struct ws_stream *s, struct err *e);
void ws_stream_fini(struct ws_stream *s);

/* wsi is up. user becomes the pipe's opaque user data. Returns the link's descriptor, -1 with e. */
int ws_stream_open(struct ws_stream *s, struct lws *wsi, void *user, struct err *e);
/* No more frames to the link, which reads the end after what it was sent. */
void ws_stream_close(struct ws_stream *s);

/* wsi is writable. buf: WS_MASKED_BYTES behind LWS_PRE. Returns -1 to close the connection: with e
 * when something is wrong, else (ERR_NONE) because the link is gone and all was sent. */
int ws_stream_send(struct ws_stream *s, uint8_t *buf, struct err *e);
/* A piece of a message came. Returns -1 with e to close the connection. */
int ws_stream_receive(struct ws_stream *s, const uint8_t *data, size_t len, struct err *e);
/* What libwebsockets says about the pipe. */
void ws_stream_on_pipe(struct ws_stream *s, enum lws_callback_reasons reason);
/* In each turn: libwebsockets forgets who asked for a writable pipe from within its callback. */
void ws_stream_look(struct ws_stream *s);

/* Has libwebsockets close a connection soon; NULL is fine. */
static inline void ws_kill_soon(struct lws *wsi)
{
	if (wsi)
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

#endif
