/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an announcement is taken. */
#include "capture_common/autodetect.h"

#include <netinet/in.h>
#include <string.h>

#define SECOND_NS ((uint64_t)1000000000)
#define SECOND_US ((uint64_t)1000000)
/* 2024-01-01; a machine without a clock of its own starts long before. */
#define CLOCK_IS_SET_US (1704067200 * SECOND_US)
#define CLOCK_OFF_US (60 * SECOND_US)
/* An older datagram is refused for its time, or our clock is not set and the server was perhaps
 * started anew without a clock. */
#define REMEMBER_NS (300 * SECOND_NS)

static bool is_unicast(uint32_t address)
{
	return address >> 24 != 0 && address >> 28 < 0xe;
}

/* In small networks, the first and the last address are like the others. */
static bool is_host_of(const struct autodetect_network *n, uint32_t address)
{
	uint32_t host = address & ~n->netmask;

	if (address == n->address)
		return true;
	if (n->netmask == 0 || (address ^ n->address) & n->netmask)
		return false;
	return ~n->netmask <= 1 || (host != 0 && host != ~n->netmask);
}

static bool origin_is_near(const struct autodetect_datagram *d)
{
	if (!is_unicast(d->source))
		return false;
	for (size_t i = 0; i < d->n_networks; i++) {
		const struct autodetect_network *n = &d->networks[i];
		bool there = d->interface == 0 || d->interface == n->interface;

		if (d->source == n->address || (there && is_host_of(n, d->source)))
			return true;
	}
	return false;
}

static bool meant_for_us(const struct autodetect_datagram *d)
{
	if (d->destination == 0 || d->destination == INADDR_BROADCAST)
		return true;
	for (size_t i = 0; i < d->n_networks; i++) {
		const struct autodetect_network *n = &d->networks[i];

		if (d->destination == n->address)
			return true;
		if (~n->netmask > 1 && d->destination == (n->address | ~n->netmask))
			return true;
	}
	return false;
}

static bool time_is_right(const struct autodetect_datagram *d, const struct announce *a)
{
	uint64_t off_us = d->now_us > a->time_us ? d->now_us - a->time_us : a->time_us - d->now_us;

	if (d->now_us >= CLOCK_IS_SET_US && off_us > CLOCK_OFF_US)
		return false;
	for (size_t i = 0; i < d->n_known; i++) {
		const struct autodetect_server *s = &d->known[i];

		if (s->source == d->source && strcmp(s->uuid, a->uuid) == 0 &&
		    d->now_ns - s->heard_ns < REMEMBER_NS)
			return a->time_us >= s->time_us;
	}
	return true;
}

enum autodetect_verdict autodetect_judge(const struct autodetect_datagram *d, const char *uuid,
					 struct announce *out)
{
	if (announce_parse(d->data, d->len, out) != 0)
		return AUTODETECT_MALFORMED;
	if (!origin_is_near(d) || !meant_for_us(d))
		return AUTODETECT_FOREIGN_ORIGIN;
	if (uuid && strcmp(uuid, out->uuid) != 0)
		return AUTODETECT_OTHER_SERVER;
	if (!time_is_right(d, out))
		return AUTODETECT_OLD;
	return AUTODETECT_TAKEN;
}
