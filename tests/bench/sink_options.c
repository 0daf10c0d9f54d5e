/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of sink. */
#include "tests/bench/sink_options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool flag_option(struct sink_options *o, const char *name)
{
	const struct {
		const char *name;
		bool *to;
	} table[] = {
		{ "--raw", &o->raw },
		{ "--latency", &o->latency },
		{ "--websocket", &o->websocket },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(name, table[i].name) == 0) {
			*table[i].to = true;
			return true;
		}
	}
	return false;
}

static bool number_option(struct sink_options *o, const char *name, const char *value)
{
	const struct {
		const char *name;
		uint64_t *to;
	} table[] = {
		{ "--expect", &o->expect },
		{ "--idle-ms", &o->idle_ms },
		{ "--ping-ms", &o->ping_ms },
		{ "--close-at", &o->close_at },
		{ "--down-ms", &o->down_ms },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(name, table[i].name) == 0) {
			*table[i].to = strtoull(value, NULL, 10);
			return true;
		}
	}
	return false;
}

bool sink_options_read(struct sink_options *o, int argc, char **argv)
{
	*o = (struct sink_options){ .idle_ms = 10000, .ping_ms = 5000 };
	for (int i = 1; i < argc; i++) {
		if (flag_option(o, argv[i]))
			continue;
		if (i + 1 == argc)
			return false;
		if (strcmp(argv[i], "--verify") == 0)
			o->verify = argv[i + 1];
		else if (!number_option(o, argv[i], argv[i + 1]))
			return false;
		i++;
	}
	if (o->raw && o->websocket)
		return false;
	return !o->latency || (o->expect > 0 && !o->verify);
}
