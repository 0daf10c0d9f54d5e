/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of an option table by name, also by a misspelt one. */
#include "capture_common/opts.h"

#include <string.h>

#define NAME_MAX_LEN 40		/* longer ones are never near another */

static char plain(char c)
{
	return c == '_' ? '-' : c;
}

const struct opt *opts_find(const struct opt *table, const char *name, size_t len)
{
	const struct opt *o;
	size_t i;

	for (o = table; o->name; o++) {
		if (strlen(o->name) != len)
			continue;
		for (i = 0; i < len && plain(name[i]) == o->name[i]; i++)
			;
		if (i == len)
			return o;
	}
	return NULL;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters to add, drop or change to turn one into the other (Levenshtein), one row of
 * the table at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[NAME_MAX_LEN + 1], i, j, diagonal, above;

	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (plain(a[i - 1]) != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const struct opt *opts_guess(const struct opt *table, const char *name, size_t len)
{
	size_t best = 1 + len / 4, d, o_len;	/* further off is not the same word */
	const struct opt *o, *found = NULL;

	if (len < 2 || len > NAME_MAX_LEN)
		return NULL;
	for (o = table; o->name; o++) {
		o_len = strlen(o->name);
		if (o_len > NAME_MAX_LEN)
			continue;
		d = distance(name, len, o->name, o_len);
		if (d < best || (d == best && !found)) {
			best = d;
			found = o;
		}
	}
	return found;
}
