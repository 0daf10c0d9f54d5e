/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ws_client.c, on libwebsockets' thread, and ws_client_loop.c, on the loop's, share: a
 * connection. */
#ifndef CAPTURE_COMMON_WS_CLIENT_INT_H
#define CAPTURE_COMMON_WS_CLIENT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/ws_int.h"
#include "capture_common/ws_pipe.h"
#include "capture_common/ws_pump.h"
#include "capture_common/ws_words.h"

enum ws_news { WS_NEWS_NONE, WS_NEWS_UP, WS_NEWS_FAILED };

struct ws_client {
	struct ws_client *next;
	struct ws_service *service;
	struct ws_texts text;
	uint16_t port, proxy_port, host_port;
	bool tls;
	enum ws_stage stage;

	struct lws *wsi;		/* NULL: not open (any more) */
	struct ws_check check;
	bool stopped;			/* the server: the loop does not read */
	bool broken;			/* by the server: nothing more is read */
	bool ending;			/* the loop is not interested any more */
	bool over;			/* news were told, or nothing comes any more */
	struct err unanswered;		/* why it would close instead of answering, if known */

	struct ws_pipe *pipe;		/* both threads' */

	/* under the service's lock */
	bool freed;
	struct loop_wakeup *wakeup;
	enum ws_news news;
	bool readable, room;		/* more news */
	bool gone;			/* the connection: nothing comes any more */
	struct err why;

	/* the loop's */
	void (*up)(void *user);
	void (*ready)(void *user, bool readable, bool writable);
	void (*failed)(void *user, const struct err *e);
	void *user;
};

/* Wipes what is needed only until the connection is up. Either thread, while it alone has c. */
void ws_client_forget_secrets(struct ws_client *c);

#endif
