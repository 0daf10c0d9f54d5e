/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source definitions: "wlan0:name=roof,channels=\"1,6,11\"" (docs/protocol.md 6).
 *
 * Parsed once into a table that borrows from the definition's own copy. What is malformed is
 * kept beside it, to be reported, and never hides the options after it:
 *
 *   - a piece without '=' that follows an option is the rest of that option's list, because
 *     servers send lists back without their quotes: "channels=1,6,name=x";
 *   - a piece without '=' in the first place, an empty key and an unterminated quote are
 *     problems.
 *
 * For a key given twice the first one counts, as in every capture tool; the others are
 * problems too unless the key is listed as repeatable by its reader (srcdef_next). */
#ifndef PROTOCOL_SRCDEF_H
#define PROTOCOL_SRCDEF_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/text.h"

#define SRCDEF_MAX_LEN 8191		/* what existing tools accept in OPEN */
#define SRCDEF_MAX_OPTIONS 64

struct srcdef_option {
	struct text key;		/* as written; compare with text_equal_nocase() */
	struct text value;		/* without quotes; a bare list with its commas */
	bool repeated;			/* an earlier option has the same key */
};

struct srcdef {
	struct text interface;		/* before the first ':' */
	struct srcdef_option options[SRCDEF_MAX_OPTIONS];
	size_t n_options;
	char problem[160];		/* the first malformed piece in words; "" if none */
	size_t n_problems;
	char *text;			/* owned copy that everything points into */
};

/* Returns 0, -EINVAL (empty, too long, a NUL byte, too many options: the reason is in
 * def->problem) or -ENOMEM. Problems that leave the rest readable do not fail. */
int srcdef_parse(struct srcdef *def, struct text definition);
void srcdef_free(struct srcdef *def);	/* a zeroed one is fine */

/* The value of the first option named key; absent text if there is none. */
struct text srcdef_get(const struct srcdef *def, const char *key);
/* The next option named key after *pos (start with 0); false when there is no more. */
bool srcdef_next(const struct srcdef *def, const char *key, size_t *pos, struct text *value);
/* True and false in full or as a prefix, in any case ("t", "FALSE"). Otherwise fallback; when
 * a value was given that is neither, *bad (if not NULL) is set. */
bool srcdef_bool(const struct srcdef *def, const char *key, bool fallback, bool *bad);

/* Writes the definition as a server does: keys in lower case, sorted, values unquoted unless
 * they need quotes. Two definitions that mean the same print the same. Returns the length that
 * it has or would have (as snprintf does). */
size_t srcdef_print(const struct srcdef *def, char *out, size_t size);

/* A key that servers read for every source (docs/protocol.md 6.5). */
bool srcdef_key_is_servers(struct text key);

#endif
