/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a source definition that say how to replay. */
#include "capture_pcapfile/replay_options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_MAX_DLT 65535

const struct source_opt replay_option_rows[] = {
	{ .key = "realtime", .arg = "BOOL", .help = "with the pauses of the original" },
	{ .key = "speed", .arg = "F", .help = "with realtime: F times as fast (1)" },
	{ .key = "maxgap", .arg = "SECONDS", .help = "with realtime: no longer pauses than this" },
	{ .key = "pps", .arg = "N", .help = "N packets a second; 0.5 is one in two seconds" },
	{ .key = "loop", .arg = "N", .help = "replay it N times, or forever" },
	{ .key = "start", .arg = "N", .help = "begin with packet N, counted from 1" },
	{ .key = "stop", .arg = "N", .help = "packet N is the last one" },
	{ .key = "interface", .arg = "N", .help = "only interface N of a pcapng file, from 0" },
	{ .key = "dlt", .arg = "N", .help = "report this link type, whatever the file says" },
	{ .key = "shift", .arg = "now",
	  .help = "move all times so that the first packet is of now" },
	{ .key = "follow", .arg = "BOOL", .help = "go on when the file grows, as tail -f" },
	{ .key = "exit", .arg = "BOOL", .help = "leave when everything was delivered" },
	{ .key = "path", .arg = "FILE", .own_only = true,
	  .help = "the file, where it cannot stand before the colon" },
	{ .key = NULL },
};

static int wrong(struct err *e, const char *key, struct text value, const char *wanted)
{
	return err_set(e, ERR_USAGE, "%s=%.*s: %s", key, TEXT_ARG(value), wanted);
}

/* All of these leave *out alone when the option is absent. */

static int read_bool(const struct srcdef *def, const char *key, bool *out, struct err *e)
{
	bool bad = false;

	*out = srcdef_bool(def, key, *out, &bad);
	return bad ? wrong(e, key, srcdef_get(def, key), "true or false is wanted") : 0;
}

static int read_number(const struct srcdef *def, const char *key, double min, double *out,
		       struct err *e)
{
	struct text value = srcdef_get(def, key);
	char copy[64], *end;
	double number;

	if (!value.s)
		return 0;
	if (value.len == 0 || value.len >= sizeof(copy))
		return wrong(e, key, value, "a number is wanted");
	memcpy(copy, value.s, value.len);
	copy[value.len] = '\0';
	number = strtod(copy, &end);
	if (*end != '\0' || !isfinite(number) || number < min)
		return wrong(e, key, value, min > 0 ? "a number above 0 is wanted" :
			     "a number is wanted, 0 or more");
	*out = number;
	return 0;
}

static int read_count(const struct srcdef *def, const char *key, uint64_t min, uint64_t max,
		      uint64_t *out, struct err *e)
{
	struct text value = srcdef_get(def, key);
	uint64_t number = 0;
	size_t i;

	if (!value.s)
		return 0;
	for (i = 0; i < value.len && number <= max; i++) {
		if (value.s[i] < '0' || value.s[i] > '9')
			break;
		number = number * 10 + (uint64_t)(value.s[i] - '0');
	}
	if (i == 0 || i < value.len || number < min || number > max)
		return wrong(e, key, value, min > 0 ? "a whole number from 1 is wanted" :
			     "a whole number from 0 is wanted, not too large");
	*out = number;
	return 0;
}

static int read_u32(const struct srcdef *def, const char *key, uint32_t max, uint32_t *out,
		    bool *given, struct err *e)
{
	uint64_t number = 0;

	if (read_count(def, key, 0, max, &number, e) < 0)
		return -1;
	*given = srcdef_get(def, key).s != NULL;
	*out = (uint32_t)number;
	return 0;
}

static int read_loop(const struct srcdef *def, uint64_t *out, struct err *e)
{
	struct text value = srcdef_get(def, "loop");

	if (text_equal_nocase(value, text_of("forever"))) {
		*out = REPLAY_FOREVER;
		return 0;
	}
	if (read_count(def, "loop", 1, UINT32_MAX, out, e) < 0)
		return wrong(e, "loop", value, "a whole number from 1 is wanted, or forever");
	return 0;
}

static int read_shift(const struct srcdef *def, bool *out, struct err *e)
{
	struct text value = srcdef_get(def, "shift");

	*out = text_equal_nocase(value, text_of("now"));
	if (value.s && !*out)
		return wrong(e, "shift", value, "now is the only thing it can be");
	return 0;
}

static int check(const struct replay_options *o, struct err *e)
{
	if (o->follow && o->loops > 1)
		return err_set(e, ERR_USAGE, "follow and loop exclude each other: a file that is "
			       "followed has no end");
	if (o->last != 0 && o->last < o->first)
		return err_set(e, ERR_USAGE, "stop is less than start: no packet is left");
	return 0;
}

int replay_options_read(struct replay_options *o, const struct srcdef *def, struct err *e)
{
	double max_gap_s = 0;

	*o = (struct replay_options){ .speed = 1, .loops = 1, .first = 1 };
	if (read_bool(def, "realtime", &o->realtime, e) < 0 ||
	    read_number(def, "speed", 1e-6, &o->speed, e) < 0 ||
	    read_number(def, "maxgap", 0, &max_gap_s, e) < 0 ||
	    read_number(def, "pps", 0, &o->pps, e) < 0 ||
	    read_loop(def, &o->loops, e) < 0 ||
	    read_count(def, "start", 1, UINT64_MAX / 20, &o->first, e) < 0 ||
	    read_count(def, "stop", 1, UINT64_MAX / 20, &o->last, e) < 0 ||
	    read_u32(def, "interface", UINT32_MAX, &o->interface, &o->has_interface, e) < 0 ||
	    read_u32(def, "dlt", REPLAY_MAX_DLT, &o->dlt, &o->has_dlt, e) < 0 ||
	    read_shift(def, &o->shift_now, e) < 0 ||
	    read_bool(def, "follow", &o->follow, e) < 0 ||
	    read_bool(def, "exit", &o->exit_at_end, e) < 0)
		return -1;
	/* 0 is no limit, as for pps. */
	if (max_gap_s > 0 && max_gap_s < 1e12)
		o->max_gap_us = (uint64_t)(max_gap_s * 1e6) + 1;
	return check(o, e);
}
