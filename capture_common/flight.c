/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes may be on their way. */
#include "capture_common/flight.h"

#include <string.h>

#define MS_NS ((uint64_t)1000000)

void flight_reset(struct flight *f)
{
	memset(f, 0, sizeof(*f));
	f->limit = FLIGHT_START_BYTES;
	f->base_ms[0] = f->base_ms[1] = UINT64_MAX;
}

static size_t under_way(const struct flight *f)
{
	return (size_t)(f->sent - f->covered);
}

/* A little room is none: many small pieces cost more than a few large ones. And not all at once:
 * a PING in the middle keeps the link busy until its end is answered for. */
size_t flight_room(const struct flight *f)
{
	size_t used = under_way(f);

	if (used > f->limit - f->limit / 4)
		return 0;
	return f->limit - used < f->limit / 2 ? f->limit - used : f->limit / 2;
}

/* Twice in what may be under way, so that there is no pause when the first one is answered. */
size_t flight_ping_every(const struct flight *f)
{
	return f->limit / 2;
}

void flight_sent(struct flight *f, size_t bytes)
{
	f->sent += bytes;
}

void flight_ping(struct flight *f, uint32_t number, uint64_t now_ns)
{
	size_t at = (f->first + f->n) % ACK_MAX;

	if (f->n == ACK_MAX)
		return;
	f->pending[at].ping = (uint16_t)number;
	f->pending[at].sent = f->sent;
	f->pending[at].under_way = under_way(f);
	f->pending[at].at_ns = now_ns;
	f->n++;
}

static size_t clamp(uint64_t bytes)
{
	if (bytes < FLIGHT_MIN_BYTES)
		return FLIGHT_MIN_BYTES;
	return bytes < FLIGHT_MAX_BYTES ? (size_t)bytes : FLIGHT_MAX_BYTES;
}

/* How long a PONG takes when nothing is in its way. */
static uint64_t learn_base_ms(struct flight *f, uint64_t took_ms, uint64_t now_ns)
{
	if (now_ns - f->base_ns > FLIGHT_BASE_MS * MS_NS) {
		f->base_ms[1] = f->base_ms[0];
		f->base_ms[0] = UINT64_MAX;
		f->base_ns = now_ns;
	}
	if (took_ms < f->base_ms[0])
		f->base_ms[0] = took_ms;
	return f->base_ms[0] < f->base_ms[1] ? f->base_ms[0] : f->base_ms[1];
}

/* So many bytes took so long: how many may it be? */
static size_t grown(size_t bytes, uint64_t took_ms, uint64_t base_ms)
{
	uint64_t queued_ms = FLIGHT_QUEUED_MS + base_ms / 4;

	if (took_ms <= base_ms + queued_ms / 4)
		return clamp(2 * (uint64_t)bytes);
	return clamp((uint64_t)bytes * (base_ms + queued_ms) / took_ms);
}

/* What is concluded from several PONGs for the same bytes is the same, and not once more of it. */
static void learn(struct flight *f, size_t bytes, uint64_t took_ms, uint64_t now_ns)
{
	uint64_t base_ms = learn_base_ms(f, took_ms, now_ns);
	size_t limit;

	if (took_ms > FLIGHT_LONG_MS) {
		limit = clamp((uint64_t)bytes * FLIGHT_LONG_MS / took_ms);
		f->limit = limit < f->limit ? limit : f->limit;
	} else if (took_ms < FLIGHT_SHORT_MS) {
		limit = grown(bytes, took_ms, base_ms);
		f->limit = limit > f->limit ? limit : f->limit;
	}
}

/* It also answers for all before it. */
void flight_pong(struct flight *f, uint32_t number, uint64_t now_ns)
{
	for (size_t i = 0; i < f->n; i++) {
		size_t at = (f->first + i) % ACK_MAX;

		if (f->pending[at].ping != (uint16_t)number)
			continue;
		learn(f, f->pending[at].under_way, (now_ns - f->pending[at].at_ns) / MS_NS,
		      now_ns);
		f->covered = f->pending[at].sent;
		f->first = (at + 1) % ACK_MAX;
		f->n -= i + 1;
		return;
	}
}
