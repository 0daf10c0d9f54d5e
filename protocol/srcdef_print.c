/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing source definitions as servers do. */
#include "protocol/srcdef.h"

struct printer {
	char *out;
	size_t size;
	size_t len;			/* goes on counting when out is full */
};

static void put_char(struct printer *p, char c)
{
	if (p->len + 1 < p->size)
		p->out[p->len] = c;
	p->len++;
}

static void put_text(struct printer *p, struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		put_char(p, t.s[i]);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void put_lower(struct printer *p, struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		put_char(p, lower(t.s[i]));
}

/* A list reads back as a list without quotes, unless an element is empty, or is taken for the
 * next option. */
static bool needs_quotes(struct text value)
{
	bool in_list = false, at_start = true;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.s[i];

		if (c == ',' && at_start)
			return true;
		if (c == '=' && in_list)
			return true;
		at_start = c == ',';
		in_list |= at_start;
	}
	return in_list && at_start;
}

static void put_option(struct printer *p, const struct srcdef_option *o)
{
	bool quoted = needs_quotes(o->value);

	put_lower(p, o->key);
	put_char(p, '=');
	if (quoted)
		put_char(p, '"');
	put_text(p, o->value);
	if (quoted)
		put_char(p, '"');
}

static bool key_after(struct text a, struct text b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		unsigned char x = (unsigned char)lower(a.s[i]), y = (unsigned char)lower(b.s[i]);

		if (x != y)
			return x > y;
	}
	return a.len > b.len;
}

/* By key; options of the same key stay in their order. */
static void sort_options(const struct srcdef *def, const struct srcdef_option **sorted)
{
	for (size_t i = 0; i < def->n_options; i++) {
		size_t at = i;

		for (; at > 0 && key_after(sorted[at - 1]->key, def->options[i].key); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &def->options[i];
	}
}

size_t srcdef_print(const struct srcdef *def, char *out, size_t size)
{
	const struct srcdef_option *sorted[SRCDEF_MAX_OPTIONS];
	struct printer p = { out, size, 0 };

	sort_options(def, sorted);
	put_text(&p, def->interface);
	for (size_t i = 0; i < def->n_options; i++) {
		put_char(&p, i == 0 ? ':' : ',');
		put_option(&p, sorted[i]);
	}
	if (size > 0)
		out[p.len < size ? p.len : size - 1] = '\0';
	return p.len;
}
