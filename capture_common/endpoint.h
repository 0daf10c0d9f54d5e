/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server listens, as users write it. */
#ifndef CAPTURE_COMMON_ENDPOINT_H
#define CAPTURE_COMMON_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

#define ENDPOINT_TCP_PORT 3501		/* docs/protocol.md 3.3 */
#define ENDPOINT_WS_PORT 2501		/* docs/protocol.md 3.4 */
#define ENDPOINT_WSS_PORT 443		/* TLS ends in a proxy, at its usual port */
#define ENDPOINT_WS_PATH "/datasource/remote/remotesource.ws"
#define ENDPOINT_PATH_SIZE 512

enum endpoint_kind {
	ENDPOINT_UNSAID,		/* HOST:PORT; what else was given decides */
	ENDPOINT_TCP,
	ENDPOINT_WS,
	ENDPOINT_WSS,			/* WebSocket over TLS */
};

struct endpoint {
	enum endpoint_kind kind;
	char host[256];			/* a name or an address, without brackets; "": none */
	uint16_t port;			/* 0: not said */
	char path[ENDPOINT_PATH_SIZE];			/* of a WebSocket; "": not said */
};

/* Those of --connect, in the order of preference. */
struct endpoint_list {
	struct endpoint *items;
	size_t n;
};

/* Reads HOST:PORT, [IPV6]:PORT or HOST, with tcp://, ws:// or wss:// before it, and behind these
 * two a path, which names a prefix when it ends in '/'. A login or a query in it is refused,
 * without being repeated in the error. Returns 0 or -1. */
int endpoint_parse(struct endpoint *out, const char *text, struct err *e);
/* Adds one; a setter for the option table. */
int endpoint_opt_add(void *list, const char *value, struct err *e);
void endpoint_list_free(struct endpoint_list *l);
/* --endpoint: a char *, an owned path. A setter for the option table. */
int endpoint_opt_path(void *field, const char *value, struct err *e);

/* What the other options say about all of them. */
struct endpoint_wish {
	bool tcp;			/* --tcp */
	bool tls;			/* --ssl */
	bool credentials;		/* of any kind */
	const char *path;		/* --endpoint, or NULL */
};

/* Fills in what was not said:
 *
 *	tcp://, or --tcp, or no kind, no --ssl, no credentials, no --endpoint, port not 2501: TCP
 *	everything else: WebSocket, with TLS for wss:// and --ssl
 *
 * Ports: TCP 3501, ws 2501, TLS 443. The endpoint's own path counts, else the wished one; one that
 * ends in '/', or none, is completed with ENDPOINT_WS_PATH. What is settled stays as it is when
 * settled again. Returns 0, or -1 when the wishes contradict each other (tcp:// and --ssl). */
int endpoint_settle(struct endpoint *ep, const struct endpoint_wish *wish, struct err *e);

static inline bool endpoint_is_ws(const struct endpoint *ep)
{
	return ep->kind == ENDPOINT_WS || ep->kind == ENDPOINT_WSS;
}

/* "wss://host:443", "tcp://[2001:db8::1]:3501": for messages; without path. */
void endpoint_print(const struct endpoint *ep, char *out, size_t size);

#endif
