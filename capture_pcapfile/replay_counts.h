/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a replay has sent, by link type. */
#ifndef CAPTURE_PCAPFILE_REPLAY_COUNTS_H
#define CAPTURE_PCAPFILE_REPLAY_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_COUNTS_DLTS 16
#define REPLAY_COUNTS_MAX_DLT 65535

struct dlt_count {
	uint32_t dlt;
	uint64_t packets;
};

/* Not to be copied: it points into itself. */
struct replay_counts {
	/* The last one takes all further link types. */
	struct dlt_count dlts[REPLAY_COUNTS_DLTS];
	unsigned n;
	struct dlt_count *last;		/* where the last packet was counted */
};

void replay_counts_init(struct replay_counts *c);

/* The place of a link type, taken when it is new. */
struct dlt_count *replay_counts_find(struct replay_counts *c, uint32_t dlt);

/* dlt: up to REPLAY_COUNTS_MAX_DLT. */
static inline void replay_counts_add(struct replay_counts *c, uint32_t dlt)
{
	if (c->last->dlt != dlt)
		c->last = replay_counts_find(c, dlt);
	c->last->packets++;
}

uint64_t replay_counts_sent(const struct replay_counts *c);
/* "127 (802.11 with radiotap): 1190, 1: 10"; "" when nothing was sent. */
void replay_counts_print(const struct replay_counts *c, char *out, size_t size);
/* Whether a server can make use of any packet. */
bool replay_counts_any_decoded(const struct replay_counts *c);

#endif
