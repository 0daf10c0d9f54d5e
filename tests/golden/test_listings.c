/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded conversations: what we understand of every frame is what its listing says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/checksum.h"
#include "protocol/msg.h"
#include "tests/lib/msg_json.h"
#include "tests/lib/vectors.h"

static struct vector vectors[VECTORS_MAX];

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value;
}

static const char *string_in(struct json_object *o, const char *key)
{
	return json_object_get_string(member(o, key));
}

static uint64_t int_in(struct json_object *o, const char *key)
{
	return (uint64_t)json_object_get_int64(member(o, key));
}

/* --- the v3 trees as plain objects --- */

static struct json_object *plain(struct json_object *node);

static struct json_object *plain_map(struct json_object *fields)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);

		json_object_object_add(o, string_in(field, "name"), plain(field));
	}
	return o;
}

static struct json_object *plain_array(struct json_object *items)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(items); i++)
		json_object_array_add(array, plain(json_object_array_get_idx(items, i)));
	return array;
}

static struct json_object *plain(struct json_object *node)
{
	if (member(node, "fields"))
		return plain_map(member(node, "fields"));
	if (member(node, "items"))
		return plain_array(member(node, "items"));
	return json_object_get(member(node, member(node, "hex") ? "hex" : "value"));
}

/* --- comparing --- */

/* What no struct of ours carries, because no receiver reads it. */
static bool is_ignored(const char *key)
{
	return strcmp(key, "enabled") == 0 || strcmp(key, "capiface") == 0;
}

static bool is_number(struct json_object *o)
{
	return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
}

static bool is_empty_object(struct json_object *o)
{
	return json_object_is_type(o, json_type_object) && json_object_object_length(o) == 0;
}

static void assert_same(const char *key, struct json_object *listed, struct json_object *ours);

static void assert_same_members(struct json_object *listed, struct json_object *ours)
{
	json_object_object_foreach(listed, key, value) {
		if (!is_ignored(key))
			assert_same(key, value, member(ours, key));
	}
	json_object_object_foreach(ours, own_key, own_value) {
		if (!member(listed, own_key) && !is_empty_object(own_value))
			fail_msg("%s is not in the listing", own_key);
	}
}

static void assert_same_items(const char *key, struct json_object *listed,
			      struct json_object *ours)
{
	size_t n = json_object_array_length(listed);

	assert_int_equal(json_object_array_length(ours), n);
	for (size_t i = 0; i < n; i++)
		assert_same(key, json_object_array_get_idx(listed, i),
			    json_object_array_get_idx(ours, i));
}

static void assert_same(const char *key, struct json_object *listed, struct json_object *ours)
{
	if (!ours && is_empty_object(listed))
		return;
	if (is_number(listed) && is_number(ours)) {
		assert_true(json_object_get_double(listed) == json_object_get_double(ours));
		return;
	}
	if (json_object_get_type(listed) != json_object_get_type(ours))
		fail_msg("%s: %s, but listed is %s", key, json_object_to_json_string(ours),
			 json_object_to_json_string(listed));
	if (json_object_is_type(listed, json_type_object))
		assert_same_members(listed, ours);
	else if (json_object_is_type(listed, json_type_array))
		assert_same_items(key, listed, ours);
	else
		assert_string_equal(json_object_get_string(listed), json_object_get_string(ours));
}

static void check_fields(const struct frame *f, struct json_object *listed_frame)
{
	struct json_object *fields = member(listed_frame, "fields"), *listed, *ours;
	struct arena arena;
	struct msg m;

	arena_init(&arena, ARENA_LIMIT_BYTES);
	assert_int_equal(msg_decode(f, &arena, &m), 0);
	assert_int_equal(m.seqno, f->seqno);
	ours = msg_json(f->gen, &m);
	if (m.type != MSG_UNKNOWN && fields) {
		listed = f->gen == FRAME_V3 ? plain(fields) : json_object_get(fields);
		assert_same("fields", listed, ours);
		json_object_put(listed);
	} else {
		assert_null(ours);
	}
	json_object_put(ours);
	arena_reset(&arena);
}

/* In v0 the listing has the checksum too. */
static void check_header(const struct frame *f, const uint8_t *bytes, struct json_object *listed)
{
	char sum[9];

	assert_int_equal(f->total_len, int_in(listed, "length"));
	assert_string_equal(frame_gen_name(f->gen), string_in(listed, "generation"));
	assert_int_equal(f->seqno, int_in(listed, "seqno"));
	if (f->gen == FRAME_V3) {
		assert_int_equal(f->type, int_in(listed, "type"));
		assert_int_equal(f->code, int_in(listed, "code"));
		assert_int_equal(f->payload_len, int_in(listed, "payload_length"));
		return;
	}
	assert_true(text_is(f->name, string_in(listed, "command")));
	if (f->gen != FRAME_V0)
		return;
	snprintf(sum, sizeof(sum), "%08x",
		 (unsigned int)checksum(bytes + FRAME_V0_HEADER, f->total_len - FRAME_V0_HEADER));
	assert_string_equal(sum, string_in(listed, "checksum"));
	assert_int_equal(f->payload_len, int_in(listed, "content_length"));
}

static void frames_mean_what_their_listing_says(void **state)
{
	const struct vector *v = *state;
	struct json_object *listing, *frames;
	size_t at[2] = { 0, 0 }, len;
	uint8_t *text = vectors_read(v->name, "case.json", &len);

	text[len] = '\0';
	listing = json_tokener_parse((const char *)text);
	assert_non_null(listing);
	frames = member(listing, "frames");
	for (size_t i = 0; i < json_object_array_length(frames); i++) {
		struct json_object *listed = json_object_array_get_idx(frames, i);
		bool from_client = strcmp(string_in(listed, "dir"), "client") == 0;
		const uint8_t *bytes = from_client ? v->client : v->server;
		size_t side_len = from_client ? v->client_len : v->server_len;
		size_t *offset = &at[from_client];
		struct frame f;

		assert_int_equal(*offset, int_in(listed, "offset"));
		assert_int_equal(frame_parse(bytes + *offset, side_len - *offset, FRAME_LIMIT_READ,
					     &f), FRAME_OK);
		check_header(&f, bytes + *offset, listed);
		if (msg_gen_supported(f.gen))
			check_fields(&f, listed);
		*offset += f.total_len;
	}
	assert_int_equal(at[1], v->client_len);
	assert_int_equal(at[0], v->server_len);
	json_object_put(listing);
	free(text);
}

int main(void)
{
	static struct CMUnitTest tests[VECTORS_MAX];
	static char names[VECTORS_MAX][128];
	size_t n = vectors_load(vectors);
	int failed;

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "frames_mean_what_is_listed_in_%.80s",
			 vectors[i].name);
		tests[i] = (struct CMUnitTest){ names[i], frames_mean_what_their_listing_says, NULL,
						NULL, &vectors[i] };
	}
	failed = _cmocka_run_group_tests("listings", tests, n, NULL, NULL);
	vectors_free(vectors, n);
	return failed;
}
