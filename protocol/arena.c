/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An arena of blocks that grow with use. */
#include "protocol/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)65536)	/* except for one allocation that needs more */

struct arena_block {
	struct arena_block *older;
	size_t used, size;
	max_align_t bytes[];
};

void arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){ .limit_bytes = limit_bytes };
}

static size_t next_block_size(const struct arena *a, size_t need)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	return size > need ? size : need;
}

static struct arena_block *add_block(struct arena *a, size_t need)
{
	size_t room = a->limit_bytes - a->used_bytes;
	size_t size = next_block_size(a, need);
	struct arena_block *b;

	if (size > room)
		size = room;
	if (size < need)
		return NULL;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->older = a->blocks;
	b->used = 0;
	b->size = size;
	a->blocks = b;
	a->used_bytes += size;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *b = a->blocks;
	void *p;

	if (size > a->limit_bytes)
		return NULL;
	size = size > 0 ? (size + align - 1) / align * align : align;
	if (!b || b->size - b->used < size)
		b = add_block(a, size);
	if (!b)
		return NULL;
	p = (unsigned char *)b->bytes + b->used;
	b->used += size;
	return memset(p, 0, size);
}

void arena_reset(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		free(b);
	}
	a->used_bytes = 0;
}
