/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An owned list of strings. */
#include "capture_common/strlist.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* items always has room for n rounded up to a power of two, so only these sizes grow. */
static bool is_full(const struct strlist *l)
{
	return (l->n & (l->n - 1)) == 0;
}

static int make_room(struct strlist *l)
{
	size_t room = l->n ? l->n * 2 : 1;
	char **items;

	if (!is_full(l))
		return 0;
	if (room > SIZE_MAX / sizeof(*items))
		return -ENOMEM;
	items = realloc(l->items, room * sizeof(*items));
	if (!items)
		return -ENOMEM;
	l->items = items;
	return 0;
}

int strlist_add(struct strlist *l, struct text t)
{
	char *copy;

	if (t.len == SIZE_MAX || make_room(l) < 0)
		return -ENOMEM;
	copy = malloc(t.len + 1);
	if (!copy)
		return -ENOMEM;
	if (t.len)
		memcpy(copy, t.s, t.len);
	copy[t.len] = '\0';
	l->items[l->n++] = copy;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text trim(struct text t)
{
	while (t.len && is_blank(t.s[0])) {
		t.s++;
		t.len--;
	}
	while (t.len && is_blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

int strlist_add_split(struct strlist *l, struct text commas)
{
	size_t start = 0, end;
	struct text piece;

	for (end = 0; end <= commas.len; end++) {
		if (end < commas.len && commas.s[end] != ',')
			continue;
		if (end > start) {
			piece = trim((struct text){ commas.s + start, end - start });
			if (piece.len && strlist_add(l, piece) < 0)
				return -ENOMEM;
		}
		start = end + 1;
	}
	return 0;
}

bool strlist_has(const struct strlist *l, struct text t)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (text_equal_nocase(text_of(l->items[i]), t))
			return true;
	}
	return false;
}

void strlist_remove(struct strlist *l, size_t index)
{
	if (index >= l->n)
		return;
	free(l->items[index]);
	l->n--;
	memmove(l->items + index, l->items + index + 1, (l->n - index) * sizeof(*l->items));
}

int strlist_copy(struct strlist *to, const struct strlist *from)
{
	struct strlist copy = STRLIST_INIT;
	size_t i;

	for (i = 0; i < from->n; i++) {
		if (strlist_add(&copy, text_of(from->items[i])) < 0) {
			strlist_free(&copy);
			return -ENOMEM;
		}
	}
	strlist_free(to);
	*to = copy;
	return 0;
}

bool strlist_equal(const struct strlist *a, const struct strlist *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

void strlist_free(struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist)STRLIST_INIT;
}
