/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spells out the sets of channels in a definition, for servers, which do not know them. */
#include "capture_linux_wifi/wifi_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ieee80211/channel_list.h"

/* Holds what fits; len goes on counting. */
struct writer {
	char *s;
	size_t len, size;
};

static void put(struct writer *w, struct text t)
{
	if (t.len > 0 && w->len < w->size) {
		size_t room = w->size - w->len;

		memcpy(w->s + w->len, t.s, t.len < room ? t.len : room);
	}
	w->len += t.len;
}

static void put_word(struct writer *w, const char *word)
{
	put(w, text_of(word));
}

/* A value never has quotes in it: the parser takes them away. */
static void put_value(struct writer *w, struct text value)
{
	bool quote = value.len > 0 && memchr(value.s, ',', value.len);

	if (quote)
		put_word(w, "\"");
	put(w, value);
	if (quote)
		put_word(w, "\"");
}

static bool is_to_be_spelled(const struct srcdef_option *o)
{
	return !o->repeated && (text_equal_nocase(o->key, text_of("channels")) ||
				text_equal_nocase(o->key, text_of("add_channels"))) &&
	       channel_list_has_set(o->value);
}

static int put_spelled(struct writer *w, const struct srcdef_option *o, const struct phy *phy,
		       struct err *e)
{
	struct strlist names = STRLIST_INIT;
	char why[160] = "";
	int rc = channel_list_expand(&names, phy, o->value, why, sizeof(why));

	if (rc == 0) {
		put_word(w, "\"");
		for (size_t i = 0; i < names.n; i++) {
			put_word(w, i > 0 ? "," : "");
			put_word(w, names.items[i]);
		}
		put_word(w, "\"");
	} else if (rc == -ENOMEM) {
		err_sys(e, ENOMEM, "list of channels");
	} else {
		err_set(e, ERR_USAGE, "%.*s=: %s", TEXT_ARG(o->key), why);
	}
	strlist_free(&names);
	return rc;
}

static int put_definition(struct writer *w, const struct srcdef *def, const struct phy *phy,
			  struct err *e)
{
	put(w, def->interface);
	for (size_t i = 0; i < def->n_options; i++) {
		const struct srcdef_option *o = &def->options[i];

		put_word(w, i == 0 ? ":" : ",");
		put(w, o->key);
		put_word(w, "=");
		if (!is_to_be_spelled(o))
			put_value(w, o->value);
		else if (put_spelled(w, o, phy, e) < 0)
			return -1;
	}
	if (w->len > SRCDEF_MAX_LEN)
		return err_set(e, ERR_USAGE, "with its sets of channels spelled out, the source "
			       "definition has %zu bytes, and %d are the most; name fewer channels",
			       w->len, SRCDEF_MAX_LEN);
	w->s[w->len] = '\0';
	return 0;
}

char *wifi_spell_out(const struct srcdef *def, const struct phy *phy, struct err *e)
{
	struct writer w = { .size = SRCDEF_MAX_LEN };
	bool any = false;

	e->text[0] = '\0';
	for (size_t i = 0; i < def->n_options; i++)
		any |= is_to_be_spelled(&def->options[i]);
	if (!any)
		return NULL;
	w.s = malloc(w.size + 1);
	if (!w.s) {
		err_sys(e, ENOMEM, "source definition");
		return NULL;
	}
	if (put_definition(&w, def, phy, e) < 0) {
		free(w.s);
		return NULL;
	}
	return w.s;
}
