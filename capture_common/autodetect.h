/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listens for servers that announce themselves (docs/protocol.md 4). One for a program; several
 * programs of one machine can listen at the same time. Loop thread only.
 *
 * An announcement is taken when it is well-formed, of the server asked for, sent by a unicast
 * address of a network that this machine is directly in (its own addresses included), to a
 * broadcast address or this machine, and at most a minute off this machine's clock, unless that
 * clock was obviously never set; a server's clock must not run backwards (a replayed datagram),
 * which is looked at for each address by itself: another sender's clock tells nothing about it.
 * What is refused is counted, and logged once for each reason and origin.
 *
 * Announcements are signed by nobody: whoever is in the same network can send them. Asking for a
 * UUID keeps neighbours apart, not attackers out; certificates do that. */
#ifndef CAPTURE_COMMON_AUTODETECT_H
#define CAPTURE_COMMON_AUTODETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/endpoint.h"
#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "protocol/announce.h"

#define AUTODETECT_PORT 2501

struct autodetect;

struct autodetect_config {
	struct loop *loop;
	const char *uuid;		/* the server's, or NULL for any; copied */
	bool websocket;			/* the HTTP port is wanted: for credentials or --ssl */
	struct endpoint_wish wish;	/* for endpoint_settle() */
	uint16_t port;			/* 0: AUTODETECT_PORT; tests have their own */
};

struct autodetect *autodetect_new(const struct autodetect_config *cfg, struct err *e);
/* NULL is fine. Nobody may wait any more. */
void autodetect_free(struct autodetect *a);

/* The server to use: the first that was heard, until another one replaces it; NULL: none yet. A
 * server whose announcement moved (same UUID, other address or port) moves here, too; to another
 * address only when the old one was not heard for a while, as a server may have several. Nothing of
 * this happens more often than once a second, whatever is announced, and after some moves without
 * a session the rest is logged for debugging only. */
const struct endpoint *autodetect_found(const struct autodetect *a);
/* The found one cannot be reached: without a uuid asked for, the next that is heard replaces it,
 * if that did not fail in the last minute. */
void autodetect_failed(struct autodetect *a);
/* A session with the found one is open: it is not replaced any more. */
void autodetect_works(struct autodetect *a);

/* Several feeds wait for the same announcement. */
struct autodetect_waiter {
	void (*found)(void *user);	/* a first, another or a moved server */
	void *user;
	struct autodetect_waiter *next;
};

void autodetect_wait(struct autodetect *a, struct autodetect_waiter *w);
void autodetect_unwait(struct autodetect *a, struct autodetect_waiter *w);

/* Each datagram that came is in heard, and one that was refused in one of the others. */
struct autodetect_stats {
	uint64_t heard, malformed, foreign_origin, old, other_server;
	uint64_t no_port;		/* nothing there that we could connect to */
};

void autodetect_get_stats(const struct autodetect *a, struct autodetect_stats *out);

/* --- whether one is taken: pure --- */

enum autodetect_verdict {
	AUTODETECT_TAKEN,
	AUTODETECT_MALFORMED,
	AUTODETECT_FOREIGN_ORIGIN,
	AUTODETECT_OTHER_SERVER,
	AUTODETECT_OLD,
};

/* An address of this machine. IPv4 addresses are numbers here: 127.0.0.1 is 0x7f000001. */
struct autodetect_network {
	uint32_t address, netmask;
	unsigned interface;		/* its index */
};

/* A server that was heard before, by the address that it was heard from. */
struct autodetect_server {
	char uuid[UUID_SIZE];		/* "": none */
	uint32_t source;
	uint64_t time_us;		/* its clock in the last announcement that was taken */
	uint64_t heard_ns;		/* when that came */
	bool failed;
	uint64_t failed_ns;
};

struct autodetect_datagram {
	const uint8_t *data;
	size_t len;
	uint32_t source;
	uint32_t destination;		/* 0: the system does not tell */
	unsigned interface;		/* on which it came; 0: the system does not tell */
	const struct autodetect_network *networks;
	size_t n_networks;
	const struct autodetect_server *known;
	size_t n_known;
	uint64_t now_us;		/* since 1970 */
	uint64_t now_ns;		/* monotonic */
};

/* uuid: in upper case, or NULL for any. Fills out unless the datagram is malformed. */
enum autodetect_verdict autodetect_judge(const struct autodetect_datagram *d, const char *uuid,
					 struct announce *out);

#endif
