/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source definitions: what was printed reads back as the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/srcdef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_option(const struct srcdef_option *o)
{
	check(o->key.len > 0 && o->value.s != NULL);
	check(!memchr(o->key.s, '=', o->key.len) && !memchr(o->key.s, ',', o->key.len));
	check(o->value.len == 0 || !memchr(o->value.s, '"', o->value.len));
	srcdef_key_is_servers(o->key);
}

static void check_values(const struct srcdef *def)
{
	static const char *const keys[] = { "name", "channel", "channels", "uuid", "hop" };
	bool bad = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct text value = { NULL, 0 };
		size_t pos = 0;

		if (srcdef_next(def, keys[i], &pos, &value))
			check(text_equal(value, srcdef_get(def, keys[i])));
		else
			check(srcdef_get(def, keys[i]).s == NULL);
		srcdef_bool(def, keys[i], i % 2, &bad);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[3 * SRCDEF_MAX_LEN], second[3 * SRCDEF_MAX_LEN];
	struct srcdef def, again;
	size_t len;
	int ret;

	ret = srcdef_parse(&def, (struct text){ (const char *)data, size });
	check((def.n_problems > 0) == (def.problem[0] != '\0'));
	check(strlen(def.problem) < sizeof(def.problem));
	if (ret != 0) {
		check(ret == -EINVAL && def.n_problems > 0 && !def.text);
		return 0;
	}
	for (size_t i = 0; i < def.n_options; i++)
		check_option(&def.options[i]);
	check_values(&def);
	len = srcdef_print(&def, first, sizeof(first));
	check(len < sizeof(first));
	/* quotes may make it too long, an empty one cannot be read */
	if (len > 0 && len <= SRCDEF_MAX_LEN) {
		check(srcdef_parse(&again, (struct text){ first, len }) == 0);
		check(again.n_options == def.n_options);
		srcdef_print(&again, second, sizeof(second));
		check(strcmp(first, second) == 0);
		srcdef_free(&again);
	}
	srcdef_free(&def);
	return 0;
}
