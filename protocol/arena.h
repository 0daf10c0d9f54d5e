/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is given back all at once: what a decoded control message needs beyond the bytes
 * of its frame (lists, unpacked protobuf). Never used on the packet path.
 *
 * A limit bounds what hostile input can make us take. One owner, one thread. */
#ifndef PROTOCOL_ARENA_H
#define PROTOCOL_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* newest first */
	size_t used_bytes;		/* over all blocks */
	size_t limit_bytes;
};

/* Enough for every message that fits in a frame of 64 KiB. */
#define ARENA_LIMIT_BYTES ((size_t)4 << 20)

/* Takes no memory yet. */
void arena_init(struct arena *a, size_t limit_bytes);
/* size bytes, aligned for any type, zeroed; NULL past the limit or without memory. */
void *arena_alloc(struct arena *a, size_t size);
/* Gives everything back; the arena can be used again. */
void arena_reset(struct arena *a);

#endif
