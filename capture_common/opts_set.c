/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setters for common kinds of option values. */
#include "capture_common/opts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/wipe.h"

int opt_flag(void *field, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	*(bool *)field = true;
	return 0;
}

int opt_bool(void *field, const char *value, struct err *e)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return err_set(e, ERR_USAGE, "'%.60s' is neither true nor false", value);
	*(bool *)field = value[0] == 't';
	return 0;
}

int opt_string(void *field, const char *value, struct err *e)
{
	char **string = field, *copy = strdup(value ? value : "");

	if (!copy)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	free(*string);
	*string = copy;
	return 0;
}

void opts_free(const struct opt *table, void *settings)
{
	const struct opt *o;
	char **string;

	for (o = table; o->name; o++) {
		if (o->set != opt_string)
			continue;
		string = (char **)(void *)((char *)settings + o->offset);
		if (*string && (o->flags & OPT_SECRET))
			wipe(*string, strlen(*string));
		free(*string);
		*string = NULL;
	}
}

/* Digits at the start of value; *end is behind them. UINT64_MAX stands for everything from there
 * on, which no field takes. */
static uint64_t read_digits(const char *value, const char **end)
{
	uint64_t n = 0;
	unsigned digit;

	for (; *value >= '0' && *value <= '9'; value++) {
		digit = (unsigned)(*value - '0');
		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*end = value;
	return n;
}

static int read_whole(const char *value, uint64_t max, uint64_t *out, struct err *e)
{
	const char *end;

	*out = read_digits(value, &end);
	if (end == value || *end)
		return err_set(e, ERR_USAGE, "'%.60s' is not a whole number", value);
	if (*out > max)
		return err_set(e, ERR_USAGE, "'%.60s' is more than %llu", value,
			       (unsigned long long)max);
	return 0;
}

int opt_uint(void *field, const char *value, struct err *e)
{
	uint64_t n;

	if (read_whole(value, UINT_MAX, &n, e) < 0)
		return -1;
	*(unsigned *)field = (unsigned)n;
	return 0;
}

int opt_port(void *field, const char *value, struct err *e)
{
	uint64_t n;

	if (read_whole(value, UINT16_MAX, &n, e) < 0)
		return -1;
	*(uint16_t *)field = (uint16_t)n;
	return 0;
}

int opt_fd(void *field, const char *value, struct err *e)
{
	uint64_t n;

	if (read_whole(value, INT_MAX, &n, e) < 0)
		return -1;
	*(int *)field = (int)n;
	return 0;
}

int opt_uint64(void *field, const char *value, struct err *e)
{
	return read_whole(value, UINT64_MAX - 1, field, e);
}

/* A number of bytes, limit at most. */
static int read_bytes(const char *value, uint64_t limit, uint64_t *out, struct err *e)
{
	static const char units[] = "kKmMgG";
	const char *end, *unit;
	unsigned shift = 0;
	uint64_t n;

	n = read_digits(value, &end);
	if (end > value && *end && (unit = strchr(units, *end)) != NULL) {
		shift = 10 * (1 + (unsigned)(unit - units) / 2);
		end++;
	}
	if (end == value || *end)
		return err_set(e, ERR_USAGE, "'%.60s' is not a size; use a number with k, M or G",
			       value);
	if (n == UINT64_MAX || n > limit >> shift)
		return err_set(e, ERR_USAGE, "'%.60s' is more than this machine can address",
			       value);
	*out = n << shift;
	return 0;
}

int opt_bytes(void *field, const char *value, struct err *e)
{
	uint64_t n;

	if (read_bytes(value, SIZE_MAX, &n, e) < 0)
		return -1;
	*(size_t *)field = (size_t)n;
	return 0;
}

int opt_bytes64(void *field, const char *value, struct err *e)
{
	return read_bytes(value, INT64_MAX, field, e);
}
