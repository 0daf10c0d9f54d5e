/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiver's HTTP server: WebSockets of remote sources (docs/protocol.md 3.4). libwebsockets
 * runs in a thread of its own, which does TLS, HTTP and logins; a tool that was let in arrives on
 * the loop as a stream of frames, the same as one over TCP. */
#ifndef CAPTURE_RECEIVER_HTTPD_H
#define CAPTURE_RECEIVER_HTTPD_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/strlist.h"
#include "capture_receiver/http_auth.h"

struct httpd;

struct httpd_config {
	const struct strlist *addresses;	/* as listener_config */
	uint16_t port;				/* 0: any free one */
	const char *prefix;			/* httpd_uri_prefix: "", "/kismet" */
	/* TLS: files in PEM, or NULL. With client_ca only tools with a certificate of it are let
	 * in. */
	const char *certificate, *key, *client_ca;
	const struct http_auth *auth;		/* read only; must stay valid */
	unsigned max_connections;
	bool answer_at_once;			/* failed logins after 1 ms: for tests */
	/* On the loop thread: a tool was let in; takes fd (a non-blocking stream socket) over. */
	void (*accepted)(void *user, int fd, const char *peer);
	void *user;
};

/* Binds, and starts the thread. NULL with e: ERR_UNSUPPORTED when the program was built without. */
struct httpd *httpd_new(struct loop *loop, const struct httpd_config *config, struct err *e);
/* Ends the thread and its connections; not from within accepted(). NULL is fine. */
void httpd_free(struct httpd *h);
uint16_t httpd_port(const struct httpd *h);
/* Descriptors that it needs for so many connections, those of accepted() apart. */
unsigned httpd_descriptors(unsigned connections);

#endif
