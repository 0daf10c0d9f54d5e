/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small WebSocket server for tests, on the loopback, in a thread: plain sockets and OpenSSL, no
 * libwebsockets. What it does with a connection is a function of the test. */
#ifndef TESTS_LIB_WS_PEER_H
#define TESTS_LIB_WS_PEER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection; the server's thread only. */
struct ws_peer {
	int fd;
	SSL *ssl;			/* NULL: plain */
	char request[8192];		/* by ws_peer_request() */
	void *arg;
};

struct ws_peer_server {
	int listener, stop[2];
	uint16_t port;
	pthread_t thread;
	SSL_CTX *tls;			/* NULL: plain */
	void (*serve)(struct ws_peer *p);
	void *arg;
	int connections, handshakes;	/* read them after the end */
	char request[8192];		/* of the last one; after the end */
	char server_name[256];		/* asked for by the last one in TLS; after the end */
};

/* Listens and starts; serve() is called for each connection, one after the other. tls: used, not
 * owned. */
void ws_peer_start(struct ws_peer_server *s, SSL_CTX *tls, void (*serve)(struct ws_peer *p),
		   void *arg);
/* Ends the thread, when the present serve() has returned. */
void ws_peer_end(struct ws_peer_server *s);

/* All return false when the client is gone. */
bool ws_peer_read(struct ws_peer *p, void *buf, size_t len);
bool ws_peer_write(struct ws_peer *p, const void *data, size_t len);
bool ws_peer_request(struct ws_peer *p);
/* extra: more header lines, with CR LF, or "". */
bool ws_peer_upgrade(struct ws_peer *p, const char *extra);
/* Reads the request and upgrades. */
bool ws_peer_open(struct ws_peer *p);
/* One WebSocket frame, unmasked as servers send them. opcode: with 0x80 the last of a message. */
bool ws_peer_send(struct ws_peer *p, uint8_t opcode, const void *data, size_t len);
/* One WebSocket frame of the client's, unmasked; its length, or -1. It must be masked. */
long ws_peer_receive(struct ws_peer *p, uint8_t *opcode, uint8_t *buf, size_t size);
/* Messages until the client says that it closes, or is gone. */
void ws_peer_hear_out(struct ws_peer *p);
/* Until the client closes. */
void ws_peer_drain(struct ws_peer *p);

#endif
