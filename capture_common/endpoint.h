/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server listens, as users write it. */
#ifndef CAPTURE_COMMON_ENDPOINT_H
#define CAPTURE_COMMON_ENDPOINT_H

#include <stdint.h>

#include "capture_common/err.h"

#define ENDPOINT_TCP_PORT 3501		/* docs/protocol.md 3.3 */

struct endpoint {
	char host[256];			/* a name or an address, without brackets; "": none */
	uint16_t port;
};

/* Reads HOST:PORT, [IPV6]:PORT, HOST or tcp:// before any of these. Returns 0 or -1. */
int endpoint_parse(struct endpoint *out, const char *text, struct err *e);
/* The same as a setter for the option table. */
int endpoint_opt(void *field, const char *value, struct err *e);

#endif
