/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ws_service.c and ws_client*.c know of each other. Everything runs on libwebsockets' thread
 * unless it says otherwise. */
#ifndef CAPTURE_COMMON_WS_INT_H
#define CAPTURE_COMMON_WS_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/ws_lib.h"
#include "capture_common/ws_service.h"

#define WS_RX_BYTES 16384		/* of a message handed over at once */
#define WS_LAST_WORDS_S (WS_LAST_WORDS_MS / 1000)

/* Copies of what a connection is made with; the secrets among them are wiped when it is up. */
struct ws_texts {
	char *address, *unix_path, *proxy, *proxy_login, *host, *target, *headers;
};

/* Takes the client in; the loop thread calls it. Returns 0, or -1 with e. */
int ws_service_add(struct ws_service *s, struct ws_client *c, struct err *e);
/* Wakes the thread up, to look at all clients; the loop thread, holding the lock, or itself. */
void ws_service_wake(struct ws_service *s);
/* Guards what both threads use of the clients; held for moments only. */
void ws_service_lock(struct ws_service *s);
void ws_service_unlock(struct ws_service *s);

struct lws_context *ws_service_context(struct ws_service *s);
/* The virtual host for connections of this kind; NULL with e. */
struct lws_vhost *ws_service_vhost(struct ws_service *s, bool tls, bool proxy, struct err *e);

/* Sets out. */
void ws_client_connect(struct ws_client *c);
/* Looks whether the loop thread has done anything. Returns false when the client can go. */
bool ws_client_look(struct ws_client *c);
void ws_client_destroy(struct ws_client *c);
/* The name of the server if its TLS object is ssl, or NULL. */
const char *ws_client_host_of(struct ws_client *c, const void *ssl);
struct ws_client **ws_client_next(struct ws_client *c);
/* For the table of protocols. */
int ws_client_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		       size_t len);

#endif
