/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading source definitions. */
#include "protocol/srcdef.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads one copy of the definition and writes what the options keep (keys, values without quotes,
 * lists joined again: never more than what was read) to another. */
struct parser {
	struct srcdef *def;
	const char *pos, *end;
	char *out;
	struct srcdef_option *last;	/* what a piece without a key belongs to */
};

__attribute__((format(printf, 2, 3)))
static void add_problem(struct srcdef *def, const char *format, ...)
{
	va_list args;

	if (def->n_problems++ > 0)
		return;
	va_start(args, format);
	vsnprintf(def->problem, sizeof(def->problem), format, args);
	va_end(args);
}

static int refuse(struct srcdef *def, const char *why)
{
	srcdef_free(def);
	add_problem(def, "source definition %s", why);
	return -EINVAL;
}

/* What was read since start, cut to what fits in a message; for "%.*s". */
#define EXCERPT(p, start) ((p)->pos - (start) < 60 ? (int)((p)->pos - (start)) : 60), (start)

/* Keeps the text up to the next comma outside of quotes, without the quotes. */
static struct text read_value(struct parser *p)
{
	const char *start = p->pos;
	char *kept = p->out;
	bool quoted = false;

	for (; p->pos < p->end && (quoted || *p->pos != ','); p->pos++) {
		if (*p->pos == '"')
			quoted = !quoted;
		else
			*p->out++ = *p->pos;
	}
	if (quoted)
		add_problem(p->def, "quote without its end in source definition: %.*s",
			    EXCERPT(p, start));
	return (struct text){ kept, (size_t)(p->out - kept) };
}

/* A piece without a key belongs to the option before it: servers send lists back unquoted. */
static void read_bare(struct parser *p)
{
	const char *start = p->pos;
	char *comma = p->out++;
	struct text rest = read_value(p);

	*comma = ',';
	if (p->last && rest.len > 0) {
		p->last->value.len += 1 + rest.len;
		return;
	}
	p->out = comma;
	if (p->pos > start && !p->last)
		add_problem(p->def, "no key=value in source definition: %.*s", EXCERPT(p, start));
}

static int read_option(struct parser *p, size_t key_len)
{
	struct srcdef *def = p->def;
	struct text key = { p->out, key_len };
	const char *start = p->pos;

	memcpy(p->out, p->pos, key_len);
	p->out += key_len;
	p->pos += key_len + 1;
	if (key_len == 0) {
		read_value(p);
		p->last = NULL;
		add_problem(def, "value without a key in source definition: %.*s",
			    EXCERPT(p, start));
		return 0;
	}
	if (def->n_options == SRCDEF_MAX_OPTIONS)
		return refuse(def, "has too many options");
	p->last = &def->options[def->n_options];
	p->last->key = key;
	p->last->value = read_value(p);
	p->last->repeated = false;
	for (size_t i = 0; i < def->n_options; i++)
		p->last->repeated |= text_equal_nocase(def->options[i].key, key);
	def->n_options++;
	return 0;
}

/* What a piece is shows at the first of these characters: key=, a text, or a quoted text. */
static size_t find_mark(const struct parser *p)
{
	const char *s = p->pos;

	while (s < p->end && *s != '=' && *s != ',' && *s != '"')
		s++;
	return (size_t)(s - p->pos);
}

static int read_options(struct parser *p)
{
	int ret = 0;

	while (p->pos < p->end && ret == 0) {
		size_t mark = find_mark(p);

		if (p->pos + mark < p->end && p->pos[mark] == '=')
			ret = read_option(p, mark);
		else
			read_bare(p);
		if (ret == 0 && p->pos < p->end)
			p->pos++;	/* the comma */
	}
	return ret;
}

static const char *find_fault(struct text definition)
{
	if (definition.len == 0)
		return "is empty";
	if (definition.len > SRCDEF_MAX_LEN)
		return "is too long";
	return memchr(definition.s, 0, definition.len) ? "has a NUL byte in it" : NULL;
}

int srcdef_parse(struct srcdef *def, struct text definition)
{
	const char *fault = find_fault(definition);
	struct parser p = { .def = def };
	const char *colon;

	memset(def, 0, sizeof(*def));
	if (fault)
		return refuse(def, fault);
	/* What is kept may hold one comma more than what was read, while a piece is looked at. */
	def->text = malloc(2 * definition.len + 1);
	if (!def->text)
		return -ENOMEM;
	memcpy(def->text, definition.s, definition.len);
	p.pos = def->text;
	p.end = def->text + definition.len;
	p.out = def->text + definition.len;
	colon = memchr(p.pos, ':', definition.len);
	def->interface.s = p.pos;
	def->interface.len = colon ? (size_t)(colon - p.pos) : definition.len;
	if (def->interface.len == 0)
		add_problem(def, "no interface before the colon in source definition");
	p.pos = colon ? colon + 1 : p.end;
	return read_options(&p);
}

void srcdef_free(struct srcdef *def)
{
	free(def->text);
	memset(def, 0, sizeof(*def));
}

bool srcdef_next(const struct srcdef *def, const char *key, size_t *pos, struct text *value)
{
	while (*pos < def->n_options) {
		const struct srcdef_option *o = &def->options[(*pos)++];

		if (text_equal_nocase(o->key, text_of(key))) {
			*value = o->value;
			return true;
		}
	}
	return false;
}

struct text srcdef_get(const struct srcdef *def, const char *key)
{
	struct text value = { NULL, 0 };
	size_t pos = 0;

	srcdef_next(def, key, &pos, &value);
	return value;
}

static bool is_start_of(struct text t, const char *word)
{
	return t.len > 0 && t.len <= strlen(word) &&
	       text_equal_nocase(t, (struct text){ word, t.len });
}

bool srcdef_bool(const struct srcdef *def, const char *key, bool fallback, bool *bad)
{
	struct text value = srcdef_get(def, key);

	if (is_start_of(value, "true"))
		return true;
	if (is_start_of(value, "false"))
		return false;
	if (value.s && bad)
		*bad = true;
	return fallback;
}

bool srcdef_key_is_servers(struct text key)
{
	static const char *const keys[] = {
		"name", "uuid", "type", "channel", "channels", "add_channels", "block_channels",
		"channel_hop", "channel_hoprate", "metagps", "timestamp", "retry",
		"info_antenna_type", "info_antenna_gain", "info_antenna_orientation",
		"info_antenna_beamwidth", "info_amp_type", "info_amp_gain",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (text_equal_nocase(key, text_of(keys[i])))
			return true;
	}
	return false;
}
