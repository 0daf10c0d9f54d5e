/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libwebsockets, in a thread of its own, for all WebSocket links of a tool.
 *
 *	loop thread	link_ws.c <---- ws_pipe.c ----> ws_client.c	this thread
 *	frames as a stream of bytes			one message a frame, TLS, HTTP
 *
 * The pipe gives back-pressure both ways, and nothing but it and the state of a connection is
 * shared. Only link_ws.c uses this. */
#ifndef CAPTURE_COMMON_WS_SERVICE_H
#define CAPTURE_COMMON_WS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/access.h"
#include "capture_common/err.h"
#include "capture_common/loop.h"

struct ws_service;

#define WS_HOST_MAX 100			/* 99 through a proxy */

/* Whether WebSockets to this host are possible here; loads libwebsockets, which needs the rights
 * of the start. Returns 0, or -1 with e. */
int ws_service_check(const char *host, struct err *e);

/* access: must stay valid; its certificates are used for all connections. The thread starts with
 * the first connection. NULL with e. */
struct ws_service *ws_service_new(const struct access *access, struct err *e);
/* Ends the thread once what the connections were given is out and the servers have closed, but
 * waits 3 s at most; all connections must have been freed before. NULL is fine. */
void ws_service_free(struct ws_service *s);

/* One connection. */
struct ws_client;

struct ws_client_config {
	struct ws_service *service;
	struct loop *loop;
	/* Whom to connect to: a numeric address and port, or else the path of a Unix socket. */
	const char *address;
	uint16_t port;
	const char *unix_path;
	/* An HTTP proxy's numeric address and port that is to be asked with CONNECT for host, or
	 * NULL; proxy_login: "user:password" or "". */
	const char *proxy;
	uint16_t proxy_port;
	const char *proxy_login;
	/* The server: its name, for Host, SNI and its certificate; wss or ws. */
	const char *host;
	uint16_t host_port;
	bool tls;
	const char *target, *headers;	/* access_request() */
	/* On the loop thread; each may free the client. Up: ask ws_client_recv() at once whether
	 * something came already. */
	void (*up)(void *user);
	/* Something came or the connection ended; or there is room that was wanted. */
	void (*ready)(void *user, bool readable, bool writable);
	/* Never got up. ERR_PERMISSION: credentials or certificates were refused by either side;
	 * another address of the host will not change that. sys is ECONNREFUSED when there was no
	 * TCP connection, for whatever reason. */
	void (*failed)(void *user, const struct err *e);
	void *user;
};

/* Copies all texts. NULL with e. */
struct ws_client *ws_client_new(const struct ws_client_config *cfg, struct err *e);
/* How long a connection that was freed may take to say what it was given, and goodbye. */
#define WS_LAST_WORDS_MS 3000
/* Ends the connection: what it was given still goes out. No callback comes any more. NULL is
 * fine. */
void ws_client_free(struct ws_client *c);

/* Once it is up, on the loop thread; results as of link_send() and link_recv(). Whole frames are
 * taken, as many as there is room for. */
long ws_client_send(struct ws_client *c, const uint8_t *data, size_t len, struct err *e);
/* Whether ready() is to tell of room; returns true when there is room now. */
bool ws_client_want_write(struct ws_client *c, bool want);
/* *more: call again, ready() will not be called for the rest. At the end the error says why. */
long ws_client_recv(struct ws_client *c, uint8_t *buf, size_t size, bool *more, struct err *e);

#endif
