/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a remote server may make of a source. */
#include "capture_common/source_own.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest that is parsed. */
struct out {
	char text[SRCDEF_MAX_LEN + 1];
	size_t len;
	bool has_options;
};

static void add_option(struct out *o, const struct srcdef_option *option)
{
	const char *quote = option->value.len && memchr(option->value.s, ',', option->value.len) ?
				    "\"" : "";
	size_t room = sizeof(o->text) - o->len;
	int n = snprintf(o->text + o->len, room, "%c%.*s=%s%.*s%s", o->has_options ? ',' : ':',
			 TEXT_ARG(option->key), quote, TEXT_ARG(option->value), quote);

	o->has_options = true;
	o->len += n > 0 && (size_t)n < room ? (size_t)n : room;	/* full: too long */
}

static bool gives(const struct srcdef *def, struct text key)
{
	for (size_t i = 0; i < def->n_options; i++) {
		if (text_equal_nocase(def->options[i].key, key))
			return true;
	}
	return false;
}

/* Whether the owner's values, or that there are none, count for that key. */
static bool is_owners(const struct source_tool *tool, const struct srcdef *own, struct text key)
{
	for (const struct source_opt *o = tool->options; o && o->key; o++) {
		if (text_equal_nocase(text_of(o->key), key))
			return o->own_only || (o->own_keeps && gives(own, key));
	}
	return false;
}

static int merge(const struct source_tool *tool, const struct srcdef *own,
		 const struct srcdef *asked, struct out *out, struct err *e)
{
	if (!text_equal(own->interface, asked->interface))
		return err_set(e, ERR_PERMISSION, "the server asked for %.*s instead of %.*s; a "
			       "remote server may not choose the source",
			       TEXT_ARG(asked->interface), TEXT_ARG(own->interface));
	out->len = (size_t)snprintf(out->text, sizeof(out->text), "%.*s", TEXT_ARG(own->interface));
	for (size_t i = 0; i < own->n_options; i++) {
		if (is_owners(tool, own, own->options[i].key))
			add_option(out, &own->options[i]);
	}
	for (size_t i = 0; i < asked->n_options; i++) {
		if (!is_owners(tool, own, asked->options[i].key))
			add_option(out, &asked->options[i]);
	}
	if (out->len >= sizeof(out->text))
		return err_set(e, ERR_USAGE,
			       "source definition: too long with the server's options");
	return 0;
}

char *source_own_merge(const struct source_tool *tool, const char *own, struct text asked,
		       struct err *e)
{
	struct srcdef own_def = { 0 }, asked_def = { 0 };
	struct out *out = calloc(1, sizeof(*out));
	char *merged = NULL;

	if (!out)
		err_sys(e, ENOMEM, "source definition");
	else if (srcdef_parse(&own_def, text_of(own)) < 0 || srcdef_parse(&asked_def, asked) < 0)
		err_set(e, ERR_USAGE, "source definition: %s",
			own_def.problem[0] ? own_def.problem : asked_def.problem);
	else if (merge(tool, &own_def, &asked_def, out, e) == 0) {
		merged = strdup(out->text);
		if (!merged)
			err_sys(e, ENOMEM, "source definition");
	}
	srcdef_free(&own_def);
	srcdef_free(&asked_def);
	free(out);
	return merged;
}
