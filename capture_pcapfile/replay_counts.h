/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a replay has sent, by link type, and what it left out. A plain value. */
#ifndef CAPTURE_PCAPFILE_REPLAY_COUNTS_H
#define CAPTURE_PCAPFILE_REPLAY_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_COUNTS_DLTS 16

struct replay_counts {
	uint64_t sent, skipped;
	struct dlt_count {
		uint32_t dlt;
		uint64_t packets;
	} dlts[REPLAY_COUNTS_DLTS];	/* the last one takes all further link types */
	unsigned n;
	unsigned last;			/* where the last packet was counted */
};

/* The place of a link type, taken when it is new. */
unsigned replay_counts_find(struct replay_counts *c, uint32_t dlt);

static inline void replay_counts_add(struct replay_counts *c, uint32_t dlt)
{
	if (c->n == 0 || c->dlts[c->last].dlt != dlt)
		c->last = replay_counts_find(c, dlt);
	c->dlts[c->last].packets++;
	c->sent++;
}

/* "127 (802.11 with radiotap): 1190, 1: 10"; "" when nothing was sent. */
void replay_counts_print(const struct replay_counts *c, char *out, size_t size);
/* Whether a server can make use of any packet. */
bool replay_counts_any_decoded(const struct replay_counts *c);

#endif
