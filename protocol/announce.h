/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP datagram by which a server makes itself known (docs/protocol.md 4). */
#ifndef PROTOCOL_ANNOUNCE_H
#define PROTOCOL_ANNOUNCE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/uuid.h"

#define ANNOUNCE_SIZE 102
#define ANNOUNCE_NAME_SIZE 32

struct announce {
	uint32_t http_port;		/* 0: none */
	uint32_t tcp_port;		/* 0: none */
	uint64_t time_us;		/* the server's clock, since 1970 */
	char uuid[UUID_SIZE];
	char name[ANNOUNCE_NAME_SIZE];	/* NUL-terminated */
};

/* Returns 0, or -EPROTO when it is no announcement: length, tag, version, ports above 65535, a
 * UUID that is none. */
int announce_parse(const uint8_t *data, size_t len, struct announce *out);
void announce_write(const struct announce *a, uint8_t out[ANNOUNCE_SIZE]);

#endif
