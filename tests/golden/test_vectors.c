/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded conversations: every frame is found however the bytes arrive, is understood, and is
 * encoded to the same bytes again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/announce.h"
#include "protocol/msg.h"
#include "tests/lib/random_msg.h"
#include "tests/lib/vectors.h"

static struct vector vectors[VECTORS_MAX];
static size_t n_vectors;

struct side {
	const uint8_t *bytes;
	size_t len;
	enum msg_role role;
};

static size_t sides_of(const struct vector *v, struct side sides[2])
{
	sides[0] = (struct side){ v->client, v->client_len, MSG_FROM_TOOL };
	sides[1] = (struct side){ v->server, v->server_len, MSG_FROM_SERVER };
	return 2;
}

/* --- finding frames --- */

/* Feeds one side in pieces; the frames have to be the ones that lie there end to end. */
static void check_pieces(const struct side *side, size_t piece)
{
	static uint8_t buf[FRAME_LIMIT_READ];
	struct frame_reader r;
	struct frame found, expected;
	size_t at = 0;

	frame_reader_init(&r, buf, sizeof(buf), FRAME_LIMIT_READ);
	for (size_t fed = 0; fed < side->len;) {
		size_t room, n = side->len - fed < piece ? side->len - fed : piece;
		uint8_t *space = frame_reader_space(&r, &room);
		enum frame_status status;

		n = n < room ? n : room;
		memcpy(space, side->bytes + fed, n);
		frame_reader_filled(&r, n);
		fed += n;
		while ((status = frame_reader_next(&r, &found)) == FRAME_OK) {
			assert_int_equal(frame_parse(side->bytes + at, side->len - at,
						     FRAME_LIMIT_READ, &expected), FRAME_OK);
			assert_int_equal(found.total_len, expected.total_len);
			assert_int_equal(found.seqno, expected.seqno);
			assert_memory_equal(found.payload, expected.payload, expected.payload_len);
			at += found.total_len;
		}
		assert_int_equal(status, FRAME_MORE);
	}
	assert_int_equal(at, side->len);
}

static void frames_are_found_in_any_pieces(void **state)
{
	static const size_t pieces[] = { 1, 7, SIZE_MAX };
	struct side sides[2];

	for (size_t i = 0; i < sides_of(*state, sides); i++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++)
			check_pieces(&sides[i], pieces[p]);
	}
}

/* --- encoding them again --- */

/* What existing tools and servers write otherwise than we do. Such frames must decode to the same
 * as what we make of them. */

/* Tools end a hop block with "enabled", as a number in this report and as a bool in the other.
 * Nobody reads it, so we leave it out. */
static bool has_enabled(const struct frame *f, const struct msg *m)
{
	return f->gen == FRAME_V3 && m->type == MSG_CONFIGURE_REPORT && m->configure_report.has_hop;
}

/* Positions of the source itself come in the order of their ids. We write all positions in the
 * order that tools use for a fixed one (type, time, name), which is prepared once. */
static bool has_own_position(const struct frame *f, const struct msg *m)
{
	return f->gen == FRAME_V3 && m->type == MSG_DATA && m->data.has_gps &&
	       m->data.gps.has_speed;
}

/* Probe reports name the capture interface, which struct msg_probe_report has not (servers do
 * not look at it), or have an empty block. */
static bool has_other_probe_interface(const struct frame *f, const struct msg *m)
{
	return f->gen == FRAME_V3 && m->type == MSG_PROBE_REPORT;
}

/* Commands that do not exist cannot be made. */
static bool is_unknown(const struct frame *f, const struct msg *m)
{
	(void)f;
	return m->type == MSG_UNKNOWN;
}

static struct exception {
	bool (*applies)(const struct frame *f, const struct msg *m);
	size_t seen;
} exceptions[] = {
	{ has_enabled, 0 },
	{ has_own_position, 0 },
	{ has_other_probe_interface, 0 },
	{ is_unknown, 0 },
};

#define N_EXCEPTIONS (sizeof(exceptions) / sizeof(exceptions[0]))

static bool is_exception(const struct frame *f, const struct msg *m)
{
	for (size_t i = 0; i < N_EXCEPTIONS; i++) {
		if (exceptions[i].applies(f, m)) {
			exceptions[i].seen++;
			return true;
		}
	}
	return false;
}

/* Servers leave the last byte of a v2 name undefined (docs/protocol.md 1.3). */
static bool same_but_name_padding(const struct frame *f, const uint8_t *a, const uint8_t *b)
{
	const size_t last = 43;

	if (f->gen != FRAME_V2 || f->name.len >= FRAME_NAME_SIZE - 1)
		return memcmp(a, b, f->total_len) == 0;
	return memcmp(a, b, last) == 0 &&
	       memcmp(a + last + 1, b + last + 1, f->total_len - last - 1) == 0;
}

static void check_decodes_alike(const struct msg *m, const uint8_t *encoded, size_t len)
{
	struct arena arena;
	struct frame f;
	struct msg again;

	if (m->type == MSG_UNKNOWN) {
		assert_int_equal(len, 0);
		return;
	}
	arena_init(&arena, ARENA_LIMIT_BYTES);
	assert_int_equal(frame_parse(encoded, len, FRAME_LIMIT_READ, &f), FRAME_OK);
	assert_int_equal(msg_decode(&f, &arena, &again), 0);
	assert_null(msg_difference(m, &again));
	arena_reset(&arena);
}

static void check_encoding(const struct side *side, const uint8_t *bytes, const struct frame *f,
			   const struct msg *m)
{
	static uint8_t encoded[FRAME_LIMIT_READ];
	size_t len = msg_encode(f->gen, side->role, m, encoded, sizeof(encoded));

	if (is_exception(f, m)) {
		check_decodes_alike(m, encoded, len);
		return;
	}
	if (len != f->total_len || !same_but_name_padding(f, bytes, encoded))
		fail_msg("%s %s at %zu: encoded to other bytes", frame_gen_name(f->gen),
			 msg_type_name(m->type), (size_t)(bytes - side->bytes));
}

static void frames_encode_to_the_same_bytes(void **state)
{
	struct arena arena;
	struct side sides[2];
	struct frame f;
	struct msg m;

	arena_init(&arena, ARENA_LIMIT_BYTES);
	for (size_t i = 0; i < sides_of(*state, sides); i++) {
		for (size_t at = 0; at < sides[i].len; at += f.total_len) {
			assert_int_equal(frame_parse(sides[i].bytes + at, sides[i].len - at,
						     FRAME_LIMIT_READ, &f), FRAME_OK);
			if (!msg_gen_supported(f.gen))
				continue;
			assert_int_equal(msg_decode(&f, &arena, &m), 0);
			check_encoding(&sides[i], sides[i].bytes + at, &f, &m);
			arena_reset(&arena);
		}
	}
}

/* An exception that nothing needs any more would hide mistakes. Runs after the others. */
static void all_exceptions_were_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_EXCEPTIONS; i++)
		assert_true(exceptions[i].seen > 0);
}

static void no_conversation_is_missing(void **state)
{
	(void)state;
	assert_int_equal(n_vectors, 76);
}

static void announcement_reads_and_writes_the_same(void **state)
{
	uint8_t written[ANNOUNCE_SIZE];
	struct announce a;
	uint8_t *bytes;
	size_t len;

	(void)state;
	bytes = vectors_read("announce-datagram", "announce.bin", &len);
	assert_int_equal(announce_parse(bytes, len, &a), 0);
	assert_int_equal(a.http_port, 2501);
	assert_int_equal(a.tcp_port, 3501);
	assert_int_equal(a.time_us, UINT64_C(1700000000123456));
	assert_string_equal(a.uuid, "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE");
	assert_string_equal(a.name, "example");
	announce_write(&a, written);
	assert_memory_equal(bytes, written, ANNOUNCE_SIZE);
	free(bytes);
}

static char names[2 * VECTORS_MAX][128];

static struct CMUnitTest test_of(size_t i, const char *what, CMUnitTestFunction fn,
				 struct vector *v)
{
	snprintf(names[i], sizeof(names[i]), "%.40s_in_%.80s", what, v->name);
	return (struct CMUnitTest){ names[i], fn, NULL, NULL, v };
}

int main(void)
{
	static struct CMUnitTest tests[2 * VECTORS_MAX + 3];
	size_t n = 0;
	int failed;

	n_vectors = vectors_load(vectors);
	for (size_t i = 0; i < n_vectors; i++) {
		tests[n] = test_of(n, "frames_are_found", frames_are_found_in_any_pieces,
				   &vectors[i]);
		n++;
		tests[n] = test_of(n, "frames_encode_the_same", frames_encode_to_the_same_bytes,
				   &vectors[i]);
		n++;
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(all_exceptions_were_needed);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(no_conversation_is_missing);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(announcement_reads_and_writes_the_same);
	failed = _cmocka_run_group_tests("vectors", tests, n, NULL, NULL);
	vectors_free(vectors, n_vectors);
	return failed;
}
