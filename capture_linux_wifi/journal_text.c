/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal as text: a line is written, a whole file is read. */
#include "capture_linux_wifi/journal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "protocol/text.h"

#define HEAD "kismet_cap_linux_wifi 1 "	/* journal.c writes it */

static const char *const kind_words[] = {
	[UNDO_DELETE] = "delete",
	[UNDO_UP] = "up",
	[UNDO_DOWN] = "down",
	[UNDO_TYPE] = "type",
	[UNDO_MANAGED] = "managed",
	[UNDO_SOFT_BLOCK] = "block",
};

#define KINDS (sizeof(kind_words) / sizeof(kind_words[0]))

/* Names may have any byte but '/' and NUL; those that would break a line are written in octal, as
 * /proc/mounts has them. */
static bool is_plain(unsigned char c)
{
	return c > ' ' && c != '\\' && c != 0x7f;
}

size_t journal_print_step(const struct undo_step *step, char *out, size_t size)
{
	char name[4 * sizeof(step->name) + 1];
	size_t n = 0;
	int len;

	for (size_t i = 0; i < sizeof(step->name) && step->name[i]; i++) {
		unsigned char c = (unsigned char)step->name[i];

		n += (size_t)snprintf(name + n, sizeof(name) - n, is_plain(c) ? "%c" : "\\%03o", c);
	}
	name[n] = '\0';
	len = snprintf(out, size, "%s %lu %lu %s\n", kind_words[step->kind],
		       (unsigned long)step->ifindex, (unsigned long)step->value, name);
	return len < 0 ? 0 : (size_t)len;
}

/* Takes what stands before the next space, or all that is left. */
static struct text take_word(struct text *line)
{
	const char *space = line->len ? memchr(line->s, ' ', line->len) : NULL;
	struct text word = { line->s, space ? (size_t)(space - line->s) : line->len };
	size_t used = word.len + (space ? 1 : 0);

	line->s += used;
	line->len -= used;
	return word;
}

/* Decimal, without sign; max is UINT32_MAX at most. */
static bool parse_number(struct text t, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (t.len == 0 || t.len > 10)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
		value = value * 10 + (unsigned)(t.s[i] - '0');
	}
	*out = (uint32_t)value;
	return value <= max;
}

/* The byte at *pos, which moves behind it; -1 when there can be no such one in a name. */
static int take_byte(struct text t, size_t *pos)
{
	unsigned char c = (unsigned char)t.s[*pos];
	int value = 0;

	if (c != '\\') {
		++*pos;
		return is_plain(c) && c != '/' ? c : -1;
	}
	if (t.len - *pos < 4)
		return -1;
	for (size_t i = 1; i < 4; i++) {
		char digit = t.s[*pos + i];

		if (digit < '0' || digit > '7')
			return -1;
		value = value * 8 + (digit - '0');
	}
	*pos += 4;
	return value > 0 && value < 256 && value != '/' ? value : -1;
}

static bool parse_name(struct text t, char *out, size_t size)
{
	size_t pos = 0, n = 0;

	while (pos < t.len) {
		int byte = take_byte(t, &pos);

		if (byte < 0 || n + 1 >= size)
			return false;
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return n > 0 && strcmp(out, ".") != 0 && strcmp(out, "..") != 0;
}

static bool parse_step(struct text line, struct undo_step *out)
{
	struct text word = take_word(&line);
	size_t kind;

	memset(out, 0, sizeof(*out));
	for (kind = 0; kind < KINDS; kind++) {
		if (text_is(word, kind_words[kind]))
			break;
	}
	if (kind == KINDS || !parse_number(take_word(&line), UINT32_MAX, &out->ifindex) ||
	    !parse_number(take_word(&line), UINT32_MAX, &out->value))
		return false;
	out->kind = (enum undo_kind)kind;
	return parse_name(line, out->name, sizeof(out->name));
}

/* Takes a line that has its end; one without is the rest of a write that failed. */
static bool take_line(struct text *rest, struct text *line)
{
	const char *end = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*line = (struct text){ rest->s, (size_t)(end - rest->s) };
	rest->len -= line->len + 1;
	rest->s = end + 1;
	return true;
}

static bool parse_head(struct text line, char boot_id[40], int *pid)
{
	struct text boot;
	uint32_t number;

	if (line.len < sizeof(HEAD) || memcmp(line.s, HEAD, sizeof(HEAD) - 1) != 0)
		return false;
	line.s += sizeof(HEAD) - 1;
	line.len -= sizeof(HEAD) - 1;
	boot = take_word(&line);
	if (boot.len == 0 || boot.len >= 40 || memchr(boot.s, '\0', boot.len) ||
	    !parse_number(line, INT_MAX, &number))
		return false;
	memcpy(boot_id, boot.s, boot.len);
	boot_id[boot.len] = '\0';
	*pid = (int)number;
	return true;
}

int journal_parse(const char *text, size_t len, char boot_id[40], int *pid,
		  struct undo_step steps[UNDO_MAX_STEPS], size_t *n)
{
	struct text rest = { text, len }, line;

	*n = 0;
	if (!take_line(&rest, &line) || !parse_head(line, boot_id, pid))
		return -1;
	while (*n < UNDO_MAX_STEPS && take_line(&rest, &line)) {
		if (parse_step(line, &steps[*n]))
			++*n;
	}
	return 0;
}
