/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes may be on their way to the server, so that a PONG never waits long behind them.
 *
 * What was given to the network cannot be overtaken any more, and there is room for a megabyte of
 * it in a system's socket, a WebSocket library, a TLS proxy, ssh: more than a minute's data on a
 * slow link, whose server ends the connection after 15 s without a PONG. So what is under way is
 * measured by how long our own PINGs take that are sent behind the data, over whatever they go,
 * and kept to what the link carries in some seconds. On a fast link it is no limit. Pure. */
#ifndef CAPTURE_COMMON_FLIGHT_H
#define CAPTURE_COMMON_FLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "capture_common/ack.h"

#define FLIGHT_START_BYTES ((size_t)32 << 10)
#define FLIGHT_MIN_BYTES ((size_t)8 << 10)
#define FLIGHT_MAX_BYTES ((size_t)2 << 20)
/* PONGs that take longer show a limit that is too high. */
#define FLIGHT_LONG_MS 5000
/* The limit grows only with PONGs that are quicker than this... */
#define FLIGHT_SHORT_MS 3000
/* ...and as long as data waits for less than this on its way, and a quarter of the time that a PONG
 * takes without: more does not make a link faster, but is in the way when it becomes slower. */
#define FLIGHT_QUEUED_MS 50
/* For how long the quickest PONG counts as the time that one takes without data: links change. */
#define FLIGHT_BASE_MS 30000

struct flight {
	size_t limit;
	uint64_t sent, covered;		/* bytes, since the reset; those between are under way */
	uint64_t base_ms[2];		/* of the quickest PONG lately, and in the time before */
	uint64_t base_ns;		/* since when */
	/* PINGs that were not answered yet. */
	struct {
		uint16_t ping;		/* lower 16 bits of its number */
		uint64_t sent;		/* what went before it */
		size_t under_way;	/* when it was sent */
		uint64_t at_ns;
	} pending[ACK_MAX];
	size_t first, n;
};

/* A connection begins. */
void flight_reset(struct flight *f);
/* How much may be sent now, in one piece; 0 when it is better to wait for a PONG. */
size_t flight_room(const struct flight *f);
/* A PING is to follow after so many bytes at most. */
size_t flight_ping_every(const struct flight *f);

void flight_sent(struct flight *f, size_t bytes);
/* A PING follows what was sent. Not more than ACK_MAX are pending. */
void flight_ping(struct flight *f, uint32_t number, uint64_t now_ns);
/* A PONG came, for a PING or for something else. */
void flight_pong(struct flight *f, uint32_t number, uint64_t now_ns);

#endif
