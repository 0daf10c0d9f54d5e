/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, read by an option table. */
#include "capture_common/opts.h"

#include <string.h>

#include "capture_common/wipe.h"

struct cursor {
	const struct opt *table;
	int argc;
	char **argv;
	int next;
};

/* One option of the command line. */
struct given {
	const struct opt *opt;
	char *value;			/* NULL: none; points into argv */
};

/* What a prefix can mean: the exact name, or else the only row that begins so. */
static const struct opt *find_prefix(const struct opt *table, const char *name, size_t len,
				     const struct opt **other)
{
	const struct opt *o, *found = NULL;

	*other = NULL;
	for (o = table; o->name; o++) {
		if (strncmp(o->name, name, len) != 0)
			continue;
		if (o->name[len] == '\0') {
			*other = NULL;
			return o;
		}
		if (found)
			*other = o;
		else
			found = o;
	}
	return found;
}

static const struct opt *find_letter(const struct opt *table, char letter)
{
	const struct opt *o;

	for (o = table; o->name; o++) {
		if (o->letter && o->letter == letter)
			return o;
	}
	return NULL;
}

/* Only the name is repeated to the user: the rest may be a secret. */
static int no_such_option(const struct opt *table, const char *word, struct err *e)
{
	size_t dashes = strspn(word, "-"), len = strcspn(word + dashes, "=");
	const struct opt *near = opts_guess(table, word + dashes, len);
	int shown = len < 60 ? (int)(dashes + len) : 60;

	if (near)
		return err_set(e, ERR_USAGE, "%.*s: no such option (did you mean --%s?)", shown,
			       word, near->name);
	return err_set(e, ERR_USAGE, "%.*s: no such option", shown, word);
}

/* Takes the next word as the value of g->opt. */
static int take_value(struct cursor *c, struct given *g, struct err *e)
{
	if (c->next == c->argc)
		return err_set(e, ERR_USAGE, "--%s: takes a value", g->opt->name);
	if (strncmp(c->argv[c->next], "--", 2) == 0)
		return err_set(e, ERR_USAGE, "--%s: takes a value; one that begins with -- "
			       "is written as --%s=VALUE", g->opt->name, g->opt->name);
	g->value = c->argv[c->next++];
	return 0;
}

static int read_long(struct cursor *c, char *word, struct given *g, struct err *e)
{
	char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct opt *other;

	g->opt = len ? find_prefix(c->table, name, len, &other) : NULL;
	if (!g->opt)
		return no_such_option(c->table, word, e);
	if (other)
		return err_set(e, ERR_USAGE, "%.*s: could be --%s or --%s", (int)len + 2, word,
			       g->opt->name, other->name);
	g->value = equals ? equals + 1 : NULL;
	if (g->opt->has_arg == OPT_NO_ARG && g->value)
		return err_set(e, ERR_USAGE, "--%s: takes no value", g->opt->name);
	if (g->opt->has_arg == OPT_ARG && !g->value)
		return take_value(c, g, e);
	return 0;
}

/* A letter stands alone: "-cvalue" would turn a forgotten dash into a value. */
static int read_letter(struct cursor *c, char *word, struct given *g, struct err *e)
{
	g->opt = word[2] ? NULL : find_letter(c->table, word[1]);
	g->value = NULL;
	if (!g->opt)
		return no_such_option(c->table, word, e);
	if (g->opt->has_arg == OPT_ARG)
		return take_value(c, g, e);
	return 0;
}

/* Returns 1 with the next option, 0 at the end, -1 for a mistake, which is passed over. */
static int next_option(struct cursor *c, struct given *g, struct err *e)
{
	char *word;

	if (c->next >= c->argc)
		return 0;
	word = c->argv[c->next++];
	if (word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0)
		return err_set(e, ERR_USAGE, "'%.60s': no option; all begin with --", word);
	if (word[1] == '-')
		return read_long(c, word, g, e) < 0 ? -1 : 1;
	return read_letter(c, word, g, e) < 0 ? -1 : 1;
}

int opts_parse(const struct opt *table, void *settings, int argc, char **argv, struct err *e)
{
	struct cursor c = { table, argc, argv, 1 };
	struct given g;
	int rc, more;

	while ((more = next_option(&c, &g, e)) == 1) {
		rc = g.opt->set((char *)settings + g.opt->offset, g.value, e);
		if (g.value && (g.opt->flags & OPT_SECRET))
			wipe(g.value, strlen(g.value));
		if (rc < 0)
			return err_wrap(e, "--%s", g.opt->name);
	}
	return more;
}

const char *opts_peek(const struct opt *table, const char *name, int argc, char **argv)
{
	struct cursor c = { table, argc, argv, 1 };
	const char *value = NULL;
	struct err ignored;	/* opts_parse() reports it */
	struct given g;
	int more;

	while ((more = next_option(&c, &g, &ignored)) != 0) {
		if (more == 1 && strcmp(g.opt->name, name) == 0)
			value = g.value;
	}
	return value;
}
