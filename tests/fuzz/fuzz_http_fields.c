/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Header fields and queries of HTTP requests: what is found fits, and is empty when it is not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/http_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool found, const char *out, size_t size)
{
	size_t len = strnlen(out, size);

	if (len == size || (!found && len > 0))
		abort();
}

static void read_all(const char *text, const char *other, size_t size)
{
	char *out = malloc(size);	/* of just this size: a byte too many is noticed */

	if (!out)
		return;
	check(http_cookie(text, "KISMET", out, size), out, size);
	check(http_basic(text, out, size), out, size);
	check(http_query(text, "KISMET", out, size), out, size);
	check(http_query(text, "user", out, size), out, size);
	http_same_origin(text, other);
	http_same_origin(other, text);
	free(out);
}

/* Two texts, with the first line's end between them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *end;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	end = strchr(text, '\n');
	if (end)
		*end++ = '\0';
	read_all(text, end ? end : "", 1);
	read_all(text, end ? end : "", 64);
	read_all(text, end ? end : "", 1024);
	free(text);
	return 0;
}
