/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interfaces of a pcapng section: link types, snapshot lengths, and how to read their time
 * stamps. */
#ifndef CAPTURE_PCAPFILE_PCAPNG_IFACE_H
#define CAPTURE_PCAPFILE_PCAPNG_IFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

/* More in one section count as damage. */
#define PCAPNG_IFACES_MAX 65536u

/* The common ones first. */
enum pcapng_unit {
	PCAPNG_MICRO,			/* time stamps are in microseconds */
	PCAPNG_NANO,
	PCAPNG_COARSER,			/* factor microseconds to a unit */
	PCAPNG_FINER,			/* factor units to a microsecond */
	PCAPNG_BINARY,			/* 2^factor units to a second */
};

struct pcapng_iface {
	uint32_t dlt;
	uint32_t snaplen;		/* 0: no limit */
	enum pcapng_unit unit;
	uint64_t factor;
	uint64_t offset_us;		/* to be added; wraps when it is negative */
};

struct pcapng_ifaces {
	struct pcapng_iface *items;
	uint32_t n, cap;
};

/* Appends the interface that an interface description block describes; body is what stands between
 * its two lengths, 8 bytes or more. Returns 0, or -1 with e set: ERR_DATA or ERR_NO_MEMORY. */
int pcapng_iface_add(struct pcapng_ifaces *l, const uint8_t *body, size_t len, bool big,
		     struct err *e);
void pcapng_ifaces_free(struct pcapng_ifaces *l);

/* A time in units of 2^-shift seconds, in microseconds. */
uint64_t pcapng_binary_us(uint64_t units, uint64_t shift);

static inline uint64_t pcapng_iface_time_us(const struct pcapng_iface *i, uint64_t units)
{
	switch (i->unit) {
	case PCAPNG_MICRO:
		break;
	case PCAPNG_NANO:
		units /= 1000;
		break;
	case PCAPNG_COARSER:
		units *= i->factor;
		break;
	case PCAPNG_FINER:
		units /= i->factor;
		break;
	case PCAPNG_BINARY:
		units = pcapng_binary_us(units, i->factor);
		break;
	}
	return units + i->offset_us;
}

#endif
