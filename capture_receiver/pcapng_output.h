/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as pcapng: one section a start, one interface for each (source, instance, link type)
 * when its first packet comes. Position, and signal where the link type carries none, go into the
 * packet's comment, where Wireshark shows them. */
#ifndef CAPTURE_RECEIVER_PCAPNG_OUTPUT_H
#define CAPTURE_RECEIVER_PCAPNG_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_receiver/output.h"
#include "capture_receiver/source_table.h"
#include "protocol/msg.h"

/* More than any packet needs, its interface block and comment included. */
#define PCAPNG_OUTPUT_MIN_CAP ((size_t)128 << 10)

/* A plain value around a borrowed output. */
struct pcapng_output {
	struct output *out;
	uint32_t section;	/* tells sections apart: never 0, another one for each start */
	uint32_t n_interfaces;	/* in it */
	unsigned which;		/* the row of struct source's interfaces */
};

/* Writes the section header; out must be empty. */
void pcapng_output_start(struct pcapng_output *p, struct output *out, uint32_t section,
			 unsigned which);
/* Whether this packet can be put now. */
bool pcapng_output_has_room(struct pcapng_output *p, const struct msg_data *d);
/* Whether the format can hold it: link types have 16 bits there. */
bool pcapng_output_can_hold(const struct msg_data *d);
/* Puts the packet; there is room and it can be held. number: NULL when it has none. now_us: the
 * time for packets without one. */
void pcapng_output_put(struct pcapng_output *p, struct source *s, const struct msg_data *d,
		       const uint32_t *number, uint64_t now_us);

#endif
