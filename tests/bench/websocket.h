/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of RFC 6455 as a server needs to be fed: the handshake, masked messages that come, small
 * ones that go. Written for itself, so that what it finds does not rest on the library that is
 * measured. */
#ifndef TESTS_BENCH_WEBSOCKET_H
#define TESTS_BENCH_WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_ANSWER_MAX 256
#define WEBSOCKET_HEADER_MAX 4		/* of what this side sends: less than 64 KiB a message */

enum websocket_op {
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

struct websocket_msg {
	enum websocket_op op;
	uint8_t *at;			/* unmasked, where it was */
	size_t len;
	size_t total;			/* header and all */
};

/* Reads a request to upgrade at p, and writes the answer. Returns the request's length, 0 when it
 * is not complete, or -1 when it is something else. */
long websocket_accept(const uint8_t *p, size_t have, char answer[WEBSOCKET_ANSWER_MAX]);
/* Takes the message at p apart. Returns 1, 0 when it is not complete, or -1 when there is none:
 * one in pieces, without a mask or of an unknown kind, too. */
int websocket_next(uint8_t *p, size_t have, struct websocket_msg *m);
/* The header of a whole message of len bytes; returns its length. */
size_t websocket_put_header(uint8_t out[WEBSOCKET_HEADER_MAX], enum websocket_op op, size_t len);

#endif
