/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads JSON lines that json_output.c wrote. */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/resume_numbers.h"

#define LINE_MAX_BYTES ((size_t)4 << 20)
#define CHUNK ((size_t)256 << 10)
#define DEPTH 64

static const char first_key[] = "{\"time\":";

struct lines {
	struct resume *numbers;
	char *buf;
	size_t len, room;
	uint64_t at;			/* of buf in the file */
	bool seen_one;
};

/* The member of this name and type; NULL when there is none. */
static struct json_object *member(struct json_object *o, const char *name, json_type type)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(o, name, &found);
	return json_object_is_type(found, type) ? found : NULL;
}

static int note_numbers(struct lines *l, struct json_object *line)
{
	struct json_object *source = member(line, "source", json_type_object);
	struct json_object *uuid = source ? member(source, "uuid", json_type_string) : NULL;
	struct json_object *instance = member(line, "instance", json_type_string);
	struct json_object *record = member(line, "record", json_type_int);
	char normal[UUID_SIZE];
	uint64_t number;

	if (!uuid || !instance || !record)
		return 0;
	number = strtoull(json_object_get_string(instance), NULL, 16);
	if (!number || !uuid_normalize(normal, text_of(json_object_get_string(uuid))))
		return 0;
	return resume_note(l->numbers, normal, number, (uint32_t)json_object_get_int64(record));
}

static int take_line(struct lines *l, const char *line, size_t len, struct err *e)
{
	struct json_tokener *tok;
	struct json_object *o;
	bool is_object;
	int rc = 0;

	if (l->seen_one && !memmem(line, len, "\"instance\"", 10))
		return 0;
	tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		return err_sys(e, ENOMEM, "reading it");
	o = json_tokener_parse_ex(tok, line, (int)len);
	is_object = json_object_is_type(o, json_type_object);
	if (is_object)
		rc = note_numbers(l, o);
	json_object_put(o);
	json_tokener_free(tok);
	if (!is_object && !l->seen_one)
		return err_set(e, ERR_DATA, "it does not hold JSON lines");
	l->seen_one = true;
	return rc < 0 ? err_sys(e, ENOMEM, "reading it") : 0;
}

/* Takes all whole lines and keeps the rest. */
static int take_lines(struct lines *l, struct err *e)
{
	char *start = l->buf, *end = l->buf + l->len, *newline;

	while ((newline = memchr(start, '\n', (size_t)(end - start))) != NULL) {
		if (take_line(l, start, (size_t)(newline - start), e) < 0)
			return -1;
		start = newline + 1;
	}
	l->at += (uint64_t)(start - l->buf);
	l->len = (size_t)(end - start);
	memmove(l->buf, start, l->len);
	return 0;
}

static int make_room(struct lines *l, struct err *e)
{
	char *grown;

	if (l->room - l->len >= CHUNK)
		return 0;
	if (l->len > LINE_MAX_BYTES)
		return err_set(e, ERR_DATA, "it does not hold JSON lines");
	grown = realloc(l->buf, l->len + 2 * CHUNK);
	if (!grown)
		return err_sys(e, ENOMEM, "reading it");
	l->buf = grown;
	l->room = l->len + 2 * CHUNK;
	return 0;
}

static int read_lines(struct lines *l, const struct resume_input *in, struct err *e)
{
	uint64_t at = 0;

	while (at < in->size) {
		ssize_t n;

		if (make_room(l, e) < 0)
			return -1;
		n = in->read_at(in->user, at, l->buf + l->len, l->room - l->len);
		if (n <= 0)
			return err_sys(e, n < 0 ? (int)-n : EIO, "reading it");
		at += (uint64_t)n;
		l->len += (size_t)n;
		if (take_lines(l, e) < 0)
			return -1;
	}
	return 0;
}

/* What comes after the last newline is cut off only if it is ours. */
static int check_rest(const struct lines *l, struct err *e)
{
	size_t n = sizeof(first_key) - 1;

	if (memcmp(l->buf, first_key, l->len < n ? l->len : n) != 0)
		return err_set(e, ERR_DATA, "its last line is not one of this program");
	return 0;
}

int resume_json(struct resume *r, const struct resume_input *in, uint64_t *good_len,
		struct err *e)
{
	struct lines l = { .numbers = r };
	int rc = read_lines(&l, in, e);

	if (rc == 0 && l.len > 0)
		rc = check_rest(&l, e);
	*good_len = l.at;
	free(l.buf);
	return rc;
}
