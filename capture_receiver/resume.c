/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of last record numbers by (uuid, instance). */
#include "capture_receiver/resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/resume_numbers.h"

struct entry {
	char uuid[UUID_SIZE];
	uint64_t instance;
	struct source_have have;
};

struct resume {
	struct entry *entries;
	size_t n, room;
	uint32_t *slots;	/* index of an entry + 1; 0: free */
	size_t n_slots;		/* a power of two; at most half of them are taken */
};

struct resume *resume_new(void)
{
	return calloc(1, sizeof(struct resume));
}

void resume_free(struct resume *r)
{
	if (!r)
		return;
	free(r->entries);
	free(r->slots);
	free(r);
}

static size_t hash_of(const char *uuid, uint64_t instance)
{
	uint64_t h = 14695981039346656037u ^ instance;

	for (; *uuid; uuid++)
		h = (h ^ (unsigned char)*uuid) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

/* The slot of this key: its own or the free one where it belongs. */
static uint32_t *slot_of(const struct resume *r, const char *uuid, uint64_t instance)
{
	size_t at = hash_of(uuid, instance) & (r->n_slots - 1);

	while (r->slots[at]) {
		const struct entry *e = &r->entries[r->slots[at] - 1];

		if (e->instance == instance && strcmp(e->uuid, uuid) == 0)
			break;
		at = (at + 1) & (r->n_slots - 1);
	}
	return &r->slots[at];
}

static int grow_slots(struct resume *r)
{
	uint32_t *old = r->slots;
	size_t n_slots = r->n_slots ? r->n_slots * 2 : 64;

	r->slots = calloc(n_slots, sizeof(*r->slots));
	if (!r->slots) {
		r->slots = old;
		return -ENOMEM;
	}
	r->n_slots = n_slots;
	free(old);
	for (size_t i = 0; i < r->n; i++) {
		const struct entry *e = &r->entries[i];

		*slot_of(r, e->uuid, e->instance) = (uint32_t)i + 1;
	}
	return 0;
}

static int grow_entries(struct resume *r)
{
	size_t room = r->room ? r->room * 2 : 32;
	struct entry *grown = realloc(r->entries, room * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	r->entries = grown;
	r->room = room;
	return 0;
}

long resume_index(struct resume *r, const char *uuid, uint64_t instance)
{
	uint32_t *slot;

	if ((r->n + 1) * 2 > r->n_slots && grow_slots(r) < 0)
		return -ENOMEM;
	slot = slot_of(r, uuid, instance);
	if (*slot)
		return (long)*slot - 1;
	if (r->n == RESUME_MAX_ENTRIES || (r->n == r->room && grow_entries(r) < 0))
		return -ENOMEM;
	r->entries[r->n] = (struct entry){ .instance = instance };
	memcpy(r->entries[r->n].uuid, uuid, strnlen(uuid, UUID_LEN));
	*slot = (uint32_t)++r->n;
	return (long)r->n - 1;
}

void resume_note_index(struct resume *r, long index, uint32_t number)
{
	struct source_have *have = &r->entries[index].have;

	if (!source_number_covered(have, number))
		*have = (struct source_have){ true, number };
}

int resume_note(struct resume *r, const char *uuid, uint64_t instance, uint32_t number)
{
	long index = resume_index(r, uuid, instance);

	if (index < 0)
		return -ENOMEM;
	resume_note_index(r, index, number);
	return 0;
}

struct source_have resume_find(const struct resume *r, const char *uuid, uint64_t instance)
{
	uint32_t slot = 0;

	if (r && r->n_slots && instance != 0)
		slot = *slot_of(r, uuid, instance);
	return slot ? r->entries[slot - 1].have : (struct source_have){ false, 0 };
}

size_t resume_count(const struct resume *r)
{
	return r->n;
}
