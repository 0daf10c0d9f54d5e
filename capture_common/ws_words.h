/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong with a WebSocket connection, in words for the user. Pure. */
#ifndef CAPTURE_COMMON_WS_WORDS_H
#define CAPTURE_COMMON_WS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

/* How far a connection has come. */
enum ws_stage {
	WS_STAGE_CONNECT,		/* TCP */
	WS_STAGE_PROXY,			/* was asked to connect */
	WS_STAGE_TLS,
	WS_STAGE_ANSWER,		/* the upgrade was asked for */
	WS_STAGE_UP,
};

/* It failed at this stage, without an HTTP status. proxy: its address or NULL; cause: as
 * libwebsockets puts it. ERR_NETWORK, but for what is no HTTP. e->sys is ECONNREFUSED when there
 * is no TCP connection, whatever the reason, which libwebsockets keeps to itself. */
void ws_words_failed(enum ws_stage stage, const char *proxy, const char *cause, struct err *e);
/* Whether it failed because the server closed the connection instead of answering the request. */
bool ws_words_closed_unanswered(enum ws_stage stage, const char *cause);
/* The server answered with this status. Queries in target and location are left out: the one may
 * hold a login. Never ERR_NETWORK. */
void ws_words_status(unsigned status, const char *target, const char *location, const char *cause,
		     struct err *e);
/* The server sent a close frame with this payload: two bytes of a code and text, or nothing. */
void ws_words_closed(const uint8_t *data, size_t len, struct err *e);

#endif
