/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS of WebSocket links: what libwebsockets is told about certificates, and what went wrong in
 * words. ws_tls_openssl.c makes all decisions itself; ws_tls_other.c is for libwebsockets with
 * another library. Thread: libwebsockets' own. */
#ifndef CAPTURE_COMMON_WS_TLS_H
#define CAPTURE_COMMON_WS_TLS_H

#include <stdbool.h>

#include "capture_common/access.h"
#include "capture_common/err.h"
#include "capture_common/ws_lib.h"

struct ws_tls;

/* access must stay valid. host_of() names the server that the connection with this TLS object is
 * meant for (ws_tls_is() compares); NULL: none, which is refused. NULL with e. */
struct ws_tls *ws_tls_new(const struct access *access,
			  const char *(*host_of)(void *user, const void *ssl), void *user,
			  struct err *e);
/* Only after all vhosts that it configured are gone. NULL is fine. */
void ws_tls_free(struct ws_tls *t);

void ws_tls_configure(const struct ws_tls *t, struct lws_context_creation_info *info);
/* For lws_client_connect_info.ssl_connection. */
int ws_tls_flags(void);
bool ws_tls_is(struct lws *wsi, const void *ssl);
/* Why TLS with host failed, if TLS it was; false: it was not. Call while wsi is closing. During the
 * handshake, something always is the reason. */
bool ws_tls_explain(struct lws *wsi, const char *host, bool in_handshake, struct err *e);
/* After the handshake: why the server will close the connection, if it does so instead of
 * answering. It may be for our certificate; its alert is lost when data of ours is on its way.
 * False: it has not asked for one. */
bool ws_tls_explain_close(struct lws *wsi, struct err *e);

#endif
