/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known sources: a hash by UUID, a list by last use, and the numbers of their records. */
#include "capture_receiver/source_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/safe_text.h"

#define BUCKETS 1024
#define DEFINITION_SIZE 8192

struct source_table {
	struct source *buckets[BUCKETS];
	struct source *oldest, *newest;
	size_t n, max_known;
};

static struct source **bucket_of(struct source_table *t, const char *uuid)
{
	uint32_t h = 2166136261u;

	for (; *uuid; uuid++)
		h = (h ^ (unsigned char)*uuid) * 16777619u;
	return &t->buckets[h % BUCKETS];
}

/* --- the list by last use --- */

static void list_remove(struct source_table *t, struct source *s)
{
	*(s->older ? &s->older->newer : &t->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &t->newest) = s->older;
}

static void list_append(struct source_table *t, struct source *s)
{
	s->older = t->newest;
	s->newer = NULL;
	*(t->newest ? &t->newest->newer : &t->oldest) = s;
	t->newest = s;
}

/* --- life --- */

struct source_table *source_table_new(size_t max_known)
{
	struct source_table *t = calloc(1, sizeof(*t));

	if (t)
		t->max_known = max_known;
	return t;
}

static void source_free(struct source *s)
{
	configure_plan_free(&s->plan);
	free(s->definition);
	free(s);
}

static void forget(struct source_table *t, struct source *s)
{
	struct source **at = bucket_of(t, s->uuid);

	while (*at != s)
		at = &(*at)->hash_next;
	*at = s->hash_next;
	list_remove(t, s);
	t->n--;
	source_free(s);
}

void source_table_free(struct source_table *t)
{
	if (!t)
		return;
	while (t->oldest)
		forget(t, t->oldest);
	free(t);
}

struct source *source_table_find(struct source_table *t, const char *uuid)
{
	struct source *s = *bucket_of(t, uuid);

	while (s && strcmp(s->uuid, uuid) != 0)
		s = s->hash_next;
	return s;
}

/* Those connected are bounded by the connections, so only the others count. */
static void make_room(struct source_table *t)
{
	struct source *s = t->oldest;

	if (t->n < t->max_known)
		return;
	while (s && s->client)
		s = s->newer;
	if (s)
		forget(t, s);
}

struct source *source_table_add(struct source_table *t, const char *uuid, struct text type)
{
	struct source *s = calloc(1, sizeof(*s));
	struct source **bucket = bucket_of(t, uuid);

	if (!s)
		return NULL;
	make_room(t);
	memcpy(s->uuid, uuid, strnlen(uuid, UUID_LEN));
	safe_name(s->type, sizeof(s->type), type);
	s->hash_next = *bucket;
	*bucket = s;
	list_append(t, s);
	t->n++;
	return s;
}

void source_table_touch(struct source_table *t, struct source *s)
{
	list_remove(t, s);
	list_append(t, s);
}

size_t source_table_count(const struct source_table *t)
{
	return t->n;
}

struct source *source_table_oldest(const struct source_table *t)
{
	return t->oldest;
}

/* --- description --- */

int source_describe(struct source *s, struct text name, struct text definition)
{
	size_t size = definition.len < DEFINITION_SIZE ? definition.len + 1 : DEFINITION_SIZE;
	char *copy = malloc(size);

	if (!copy)
		return -ENOMEM;
	safe_text(copy, size, definition);
	free(s->definition);
	s->definition = copy;
	safe_text(s->name, sizeof(s->name), name);
	return 0;
}

void source_set_hardware(struct source *s, struct text hardware)
{
	safe_text(s->hardware, sizeof(s->hardware), hardware);
}

/* --- record numbers --- */

void source_use_instance(struct source *s, uint64_t instance)
{
	struct source_numbers found = { .instance = instance };
	size_t i = 0;

	s->instance = instance;
	if (instance == 0)
		return;
	while (i < SOURCE_INSTANCES - 1 && s->numbers[i].instance != instance)
		i++;
	if (s->numbers[i].instance == instance)
		found = s->numbers[i];
	memmove(&s->numbers[1], &s->numbers[0], i * sizeof(s->numbers[0]));
	s->numbers[0] = found;
}

bool source_number_covered(const struct source_have *have, uint32_t number)
{
	return have->known && (int32_t)(number - have->last) <= 0;
}

enum source_number source_check_number(const struct source *s, uint32_t number)
{
	const struct source_numbers *n = &s->numbers[0];
	struct source_have have = { n->started, n->last };

	if (s->instance == 0 || !source_number_covered(&have, number))
		return SOURCE_NEW;
	return SOURCE_REPEATED;
}

void source_note_number(struct source *s, uint32_t number)
{
	struct source_numbers *n = &s->numbers[0];

	if (s->instance == 0)
		return;
	if (n->started)
		s->stats.lost += number - n->last - 1;
	n->started = true;
	n->last = number;
}
