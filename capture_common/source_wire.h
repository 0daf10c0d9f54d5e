/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process that has the radio and the one that talks to the server say to each other, one
 * message a datagram; packets do not go this way (record_ring.h). MessagePack arrays. Neither side
 * trusts the other: what does not parse is -EPROTO. Pure. */
#ifndef CAPTURE_COMMON_SOURCE_WIRE_H
#define CAPTURE_COMMON_SOURCE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/source.h"

#define SOURCE_WIRE_MAX ((size_t)64 << 10)

enum source_wire_type {
	/* to the radio's process */
	WIRE_OPEN,		/* id, text: the definition, uplink */
	WIRE_START,		/* reading may begin */
	WIRE_CLOSE,
	WIRE_ROOM,		/* there is room in the ring again */
	WIRE_UPLINK,		/* text: the address of the server */
	WIRE_TUNE,		/* text: the channel; on the tuning socket */
	/* from it */
	WIRE_READY,		/* what it was started with is there; told only if it records */
	WIRE_OPENED,		/* id, info */
	WIRE_REFUSED,		/* id, err: it could not be opened; 0: never ready */
	WIRE_RECORDS,		/* the ring is not empty any more */
	WIRE_ENDED,		/* id, err: nothing will come any more; err.code 0: all went well */
	WIRE_STATS,		/* stats */
	WIRE_TUNED,		/* err; err.code 0: done; on the tuning socket */
};

struct source_wire {
	enum source_wire_type type;
	uint32_t id;			/* of the OPEN that this belongs to */
	struct text text;		/* borrowed */
	struct text uplink;		/* borrowed */
	struct err err;
	struct source_stats stats;
	struct source_info info;	/* borrowed to write; read, it is the reader's to free */
};

/* The length, or -EMSGSIZE. */
long source_wire_encode(const struct source_wire *m, uint8_t *buf, size_t size);
/* Returns 0, -EPROTO or -ENOMEM; then nothing is to be freed. text and uplink point into buf. */
int source_wire_decode(struct source_wire *m, const uint8_t *buf, size_t len);

#endif
