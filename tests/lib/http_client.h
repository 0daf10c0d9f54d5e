/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of HTTP and WebSockets made of a plain socket, with TLS or without, so that a test says
 * what goes over it to the byte. While it waits, the server's loop turns. Fails the test when it
 * waits for too long. */
#ifndef TESTS_LIB_HTTP_CLIENT_H
#define TESTS_LIB_HTTP_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/loop.h"

struct http_client {
	struct loop *loop;
	int fd;				/* -1: closed */
	SSL_CTX *ctx;			/* NULL: no TLS */
	SSL *ssl;
};

/* Connects to 127.0.0.1. */
void http_client_open(struct http_client *c, struct loop *loop, uint16_t port);
/* TLS over it; certificate and key may be NULL. Returns whether the server's certificate is good
 * by the authority ca, and the handshake done. */
bool http_client_tls(struct http_client *c, const char *ca, const char *certificate,
		     const char *key);
void http_client_close(struct http_client *c);	/* closed is fine */

/* All of it; false when the connection is gone. */
bool http_client_write(struct http_client *c, const void *data, size_t len);
/* What there is; 0 at the end. */
size_t http_client_read(struct http_client *c, void *buf, size_t size);
/* Exactly so many bytes; false at the end. */
bool http_client_read_all(struct http_client *c, void *buf, size_t len);

#define WS_TEXT 1
#define WS_BINARY 2
#define WS_CLOSE 8
#define WS_CONTINUED 0
#define WS_FINAL 0x80

/* A masked WebSocket frame; opening: opcode and WS_FINAL. Returns its length, at most len + 14. */
size_t http_client_message(uint8_t *out, unsigned opening, const void *data, size_t len);

#endif
