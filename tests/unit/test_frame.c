/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of the three generations, one at a time and in a stream. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/checksum.h"
#include "protocol/frame.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const enum frame_gen gens[] = { FRAME_V0, FRAME_V2, FRAME_V3 };

/* Frames as tools and servers send them (docs/protocol.md 1.11). */
static const uint8_t v0_ping[] = {
	0xde, 0xca, 0xfb, 0xad, 0x08, 0xb8, 0x01, 0x68, 0x00, 0x00, 0x00, 0x0a,
	0x0a, 0x04, 'P', 'I', 'N', 'G', 0x10, 0x02, 0x1a, 0x00,
};
static const uint8_t v0_pong[] = {
	0xde, 0xca, 0xfb, 0xad, 0x0c, 0x0d, 0x01, 0x85, 0x00, 0x00, 0x00, 0x0c,
	0x0a, 0x04, 'P', 'O', 'N', 'G', 0x10, 0x0d, 0x1a, 0x02, 0x08, 0x02,
};
static const uint8_t v2_pong[] = {
	0xde, 0xca, 0xfb, 0xad, 0xab, 0xcd, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02,
	'P', 'O', 'N', 'G', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0x0d, 0x08, 0x02,
};
static const uint8_t v3_ping[] = {
	0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02,
};

static void assert_parses(const uint8_t *data, size_t len, struct frame *f)
{
	assert_int_equal(frame_parse(data, len, FRAME_LIMIT_READ, f), FRAME_OK);
	assert_int_equal(f->total_len, len);
}

static enum frame_status status_of(const uint8_t *data, size_t len)
{
	struct frame f;

	return frame_parse(data, len, FRAME_LIMIT_READ, &f);
}

static void real_frames_are_understood(void **state)
{
	struct frame f;

	(void)state;
	assert_parses(v0_ping, sizeof(v0_ping), &f);
	assert_int_equal(f.gen, FRAME_V0);
	assert_true(text_is(f.name, "PING"));
	assert_int_equal(f.seqno, 2);
	assert_int_equal(f.payload_len, 0);

	assert_parses(v0_pong, sizeof(v0_pong), &f);
	assert_true(text_is(f.name, "PONG"));
	assert_int_equal(f.seqno, 13);
	assert_int_equal(f.payload_len, 2);
	assert_memory_equal(f.payload, "\x08\x02", 2);

	assert_parses(v2_pong, sizeof(v2_pong), &f);
	assert_int_equal(f.gen, FRAME_V2);
	assert_true(text_is(f.name, "PONG"));
	assert_int_equal(f.seqno, 13);
	assert_memory_equal(f.payload, "\x08\x02", 2);

	assert_parses(v3_ping, sizeof(v3_ping), &f);
	assert_int_equal(f.gen, FRAME_V3);
	assert_int_equal(f.type, 2);
	assert_int_equal(f.code, 1);
	assert_int_equal(f.seqno, 2);
	assert_int_equal(f.payload_len, 0);
}

static struct frame sample(enum frame_gen gen, uint32_t seqno, const uint8_t *payload, size_t len)
{
	struct frame f = { .gen = gen, .seqno = seqno, .payload = payload, .payload_len = len };

	if (gen == FRAME_V3) {
		f.type = 0x1234;
		f.code = 0x5678;
	} else {
		f.name = text_of("KDSDATAREPORT");
	}
	return f;
}

static void assert_same(const struct frame *a, const struct frame *b)
{
	assert_int_equal(a->gen, b->gen);
	assert_int_equal(a->seqno, b->seqno);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->code, b->code);
	assert_true(text_equal(a->name, b->name));
	assert_int_equal(a->payload_len, b->payload_len);
	if (a->payload_len > 0)
		assert_memory_equal(a->payload, b->payload, a->payload_len);
}

static void written_frames_read_back(void **state)
{
	static const uint32_t seqnos[] = { 0, 1, 127, 128, 16384, UINT32_MAX };
	static const size_t lens[] = { 0, 1, 2, 127, 128, 129, 16383, 16384, 16385, 60000 };
	static uint8_t payload[60000], buf[FRAME_LIMIT_READ];
	struct frame in, out;
	size_t total;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < LEN(gens) * LEN(seqnos) * LEN(lens); i++) {
		in = sample(gens[i % LEN(gens)], seqnos[i / LEN(gens) % LEN(seqnos)], payload,
			    lens[i / LEN(gens) / LEN(seqnos)]);
		total = frame_write(&in, buf, sizeof(buf));
		assert_int_not_equal(total, 0);
		assert_parses(buf, total, &out);
		assert_same(&in, &out);
	}
}

static void writer_makes_the_known_bytes(void **state)
{
	struct frame f = {
		.gen = FRAME_V0, .seqno = 13, .name = text_of("PONG"),
		.payload = (const uint8_t *)"\x08\x02", .payload_len = 2,
	};
	uint8_t buf[100];

	(void)state;
	assert_int_equal(frame_write(&f, buf, sizeof(buf)), sizeof(v0_pong));
	assert_memory_equal(buf, v0_pong, sizeof(v0_pong));
	f.gen = FRAME_V2;
	assert_int_equal(frame_write(&f, buf, sizeof(buf)), sizeof(v2_pong));
	assert_memory_equal(buf, v2_pong, sizeof(v2_pong));
	f = (struct frame){ .gen = FRAME_V3, .seqno = 2, .type = 2, .code = 1 };
	assert_int_equal(frame_write(&f, buf, sizeof(buf)), sizeof(v3_ping));
	assert_memory_equal(buf, v3_ping, sizeof(v3_ping));
}

static void writer_stays_in_its_buffer(void **state)
{
	uint8_t buf[300];
	size_t total;

	(void)state;
	for (size_t i = 0; i < LEN(gens); i++) {
		struct frame f = sample(gens[i], 500, (const uint8_t *)"payload", 7);

		total = frame_write(&f, buf, sizeof(buf));
		for (size_t cap = 0; cap < total; cap++) {
			memset(buf, 0xee, sizeof(buf));
			assert_int_equal(frame_write(&f, buf, cap), 0);
			assert_int_equal(frame_finish(&f, frame_head_size(&f), buf, cap), 0);
			for (size_t at = 0; at < sizeof(buf); at++)
				assert_int_equal(buf[at], 0xee);
		}
		assert_int_equal(frame_write(&f, buf, total), total);
	}
}

static void writer_refuses_names_that_do_not_fit(void **state)
{
	static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456";
	struct frame f = { .gen = FRAME_V2, .name = { name, FRAME_NAME_SIZE } }, out;
	uint8_t buf[200];
	size_t total;

	(void)state;
	total = frame_write(&f, buf, sizeof(buf));
	assert_int_equal(total, FRAME_V2_HEADER);
	assert_parses(buf, total, &out);	/* all 32 bytes, without a NUL */
	assert_true(text_equal(out.name, f.name));
	f.name.len++;
	assert_int_equal(frame_write(&f, buf, sizeof(buf)), 0);
	f.gen = FRAME_V0;
	assert_int_equal(frame_write(&f, buf, sizeof(buf)), 0);
}

/* In v0 the head takes one to five bytes for the length: every wrong guess must be mended. */
static void payload_made_in_place_survives_a_wrong_guess(void **state)
{
	static const size_t lens[] = { 0, 1, 127, 128, 16383, 16384 };
	static uint8_t payload[16384], buf[20000], expected[20000];
	size_t at, total;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 13);
	for (size_t i = 0; i < LEN(gens) * LEN(lens) * LEN(lens); i++) {
		struct frame f = sample(gens[i % LEN(gens)], 77, payload, 0);
		size_t len = lens[i / LEN(gens) % LEN(lens)];

		f.payload_len = lens[i / LEN(gens) / LEN(lens)];
		at = frame_head_size(&f);
		memcpy(buf + at, payload, len);
		f.payload_len = len;
		total = frame_finish(&f, at, buf, sizeof(buf));
		assert_int_equal(total, frame_write(&f, expected, sizeof(expected)));
		assert_memory_equal(buf, expected, total);
	}
}

static void every_beginning_of_a_frame_asks_for_more(void **state)
{
	uint8_t buf[100];

	(void)state;
	for (size_t i = 0; i < LEN(gens); i++) {
		struct frame f = sample(gens[i], 3, (const uint8_t *)"0123456789", 10);
		size_t total = frame_write(&f, buf, sizeof(buf));

		for (size_t len = 0; len < total; len++)
			assert_int_equal(status_of(buf, len), FRAME_MORE);
		assert_int_equal(status_of(buf, total + 1), FRAME_OK);	/* the next one's */
	}
}

static void wrong_signature_is_seen_at_the_first_wrong_byte(void **state)
{
	uint8_t data[12];

	(void)state;
	for (size_t at = 0; at < 4; at++) {
		memcpy(data, v3_ping, sizeof(data));
		data[at] ^= 0x10;
		for (size_t len = 0; len <= sizeof(data); len++)
			assert_int_equal(status_of(data, len),
					 len > at ? FRAME_BAD_SIGNATURE : FRAME_MORE);
	}
}

static void length_beyond_the_limit_is_seen_in_the_prefix(void **state)
{
	uint8_t data[12];
	struct frame f;

	(void)state;
	for (size_t i = 0; i < LEN(gens); i++) {
		struct frame head = { .gen = gens[i], .name = text_of("PING") };
		size_t header = head.gen == FRAME_V3 ? FRAME_V3_HEADER :
				head.gen == FRAME_V2 ? FRAME_V2_HEADER : FRAME_V0_HEADER;
		uint8_t buf[100];

		frame_write(&head, buf, sizeof(buf));
		memcpy(data, buf, sizeof(data));
		put_be32(data + 8, (uint32_t)(FRAME_LIMIT_SERVER - header));
		assert_int_equal(frame_parse(data, 12, FRAME_LIMIT_SERVER, &f), FRAME_MORE);
		put_be32(data + 8, (uint32_t)(FRAME_LIMIT_SERVER - header + 1));
		assert_int_equal(frame_parse(data, 12, FRAME_LIMIT_SERVER, &f), FRAME_TOO_LARGE);
		assert_int_equal(frame_parse(data, 11, FRAME_LIMIT_SERVER, &f), FRAME_MORE);
		put_be32(data + 8, UINT32_MAX);
		assert_int_equal(frame_parse(data, 12, FRAME_LIMIT_READ, &f), FRAME_TOO_LARGE);
		assert_int_equal(frame_parse(data, 12, 11, &f), FRAME_TOO_LARGE);
	}
}

static void name_ends_at_its_first_nul(void **state)
{
	uint8_t data[sizeof(v2_pong)];
	struct frame f;

	(void)state;
	memcpy(data, v2_pong, sizeof(data));
	memset(data + 17, 0xa5, FRAME_NAME_SIZE - 5);	/* what servers leave in memory */
	assert_parses(data, sizeof(data), &f);
	assert_true(text_is(f.name, "PONG"));
}

/* A sentinel with another version number is no sentinel: all 32 bits count. */
static void other_generation_words_are_checksums(void **state)
{
	static const uint32_t words[] = { 0xABCD0001, 0xABCD0003, 0xA9A90002, 0xA9A90004, 0 };
	uint8_t data[sizeof(v3_ping)];

	(void)state;
	for (size_t i = 0; i < LEN(words); i++) {
		memcpy(data, v3_ping, sizeof(data));
		put_be32(data + 4, words[i]);
		assert_int_equal(status_of(data, 11), FRAME_MORE);
		/* without payload the checksum is 0, and there is no Command */
		assert_int_equal(status_of(data, 12),
				 words[i] ? FRAME_BAD_CHECKSUM : FRAME_BAD_COMMAND);
	}
}

static void any_changed_bit_of_v0_is_noticed(void **state)
{
	uint8_t data[sizeof(v0_pong)];

	(void)state;
	for (size_t at = 12; at < sizeof(data); at++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(data, v0_pong, sizeof(data));
			data[at] ^= (uint8_t)(1 << bit);
			assert_int_equal(status_of(data, sizeof(data)), FRAME_BAD_CHECKSUM);
		}
	}
}

static enum frame_status v0_with(const void *payload, size_t len, struct frame *f)
{
	static uint8_t buf[200];

	put_be32(buf, FRAME_SIGNATURE);
	put_be32(buf + 4, checksum(payload, len));
	put_be32(buf + 8, (uint32_t)len);
	memcpy(buf + 12, payload, len);
	return frame_parse(buf, 12 + len, FRAME_LIMIT_READ, f);
}

#define V0_WITH(payload, f) v0_with(payload, sizeof(payload) - 1, f)

static void v0_envelope_may_come_in_any_order(void **state)
{
	struct frame f;

	(void)state;
	assert_int_equal(V0_WITH("\x1a\x02\x08\x02\x10\x05\x0a\x04PONG", &f), FRAME_OK);
	assert_true(text_is(f.name, "PONG"));
	assert_int_equal(f.seqno, 5);
	assert_int_equal(f.payload_len, 2);
	/* with fields that nobody knows: a number, eight bytes, text, four bytes */
	assert_int_equal(V0_WITH("\x20\x01\x0a\x04PING\x29" "12345678\x10\x05\x32\x03xyz\x1a\x00"
				 "\x3d" "1234", &f), FRAME_OK);
	assert_true(text_is(f.name, "PING"));
	/* the last value counts */
	assert_int_equal(V0_WITH("\x0a\x04PONG\x10\x01\x1a\x01x\x10\x02\x0a\x04PING\x1a\x00", &f),
			 FRAME_OK);
	assert_true(text_is(f.name, "PING"));
	assert_int_equal(f.seqno, 2);
	assert_int_equal(f.payload_len, 0);
	/* a number of ten bytes is cut to its width */
	assert_int_equal(V0_WITH("\x0a\x01X\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a\x00",
				 &f), FRAME_OK);
	assert_int_equal(f.seqno, UINT32_MAX);
}

static void v0_envelope_with_a_fault_is_refused(void **state)
{
	struct frame f;

	(void)state;
	/* a required field is missing */
	assert_int_equal(V0_WITH("\x10\x05\x1a\x00", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x1a\x00", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x10\x05", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("", &f), FRAME_BAD_COMMAND);
	/* a wrong wire type */
	assert_int_equal(V0_WITH("\x08\x04\x10\x05\x1a\x00", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x12\x01x\x1a\x00", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x10\x05\x18\x00", &f), FRAME_BAD_COMMAND);
	/* cut short, a length beyond the end, a group, field 0, an endless number */
	assert_int_equal(V0_WITH("\x0a\x04PING\x10", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x10\x05\x1a\x01", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7fPING", &f),
			 FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x10\x05\x1a\x00\x23\x24", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x04PING\x10\x05\x1a\x00\x00\x00", &f), FRAME_BAD_COMMAND);
	assert_int_equal(V0_WITH("\x0a\x01X\x1a\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				 "\xff\x01", &f), FRAME_BAD_COMMAND);
}

/* --- the reader --- */

#define STREAM_LIMIT 400

struct stream {
	uint8_t bytes[4000];
	size_t len;
	uint32_t seqnos[40];
	size_t n;
};

/* Frames of all generations and many lengths, one of them exactly as long as the limit. */
static void make_stream(struct stream *s)
{
	static uint8_t payload[STREAM_LIMIT];

	memset(s, 0, sizeof(*s));
	for (uint32_t i = 0; i < 24; i++) {
		struct frame f = sample(gens[i % 3], i * 1000, payload, i * 5);

		payload[i] = (uint8_t)i;
		if (i == 14)
			f.payload_len = STREAM_LIMIT - FRAME_V3_HEADER;
		s->seqnos[s->n++] = f.seqno;
		s->len += frame_write(&f, s->bytes + s->len, sizeof(s->bytes) - s->len);
	}
}

/* Feeds bytes in pieces of the given length; returns the last status. */
static enum frame_status feed(struct frame_reader *r, const uint8_t *bytes, size_t len,
			      size_t piece, const struct stream *expected, size_t *found)
{
	enum frame_status status = FRAME_MORE;
	struct frame f;

	for (size_t at = 0; at < len && status == FRAME_MORE;) {
		size_t room, n = len - at < piece ? len - at : piece;
		uint8_t *space = frame_reader_space(r, &room);

		assert_true(room > 0);
		n = n < room ? n : room;
		memcpy(space, bytes + at, n);
		frame_reader_filled(r, n);
		at += n;
		while ((status = frame_reader_next(r, &f)) == FRAME_OK) {
			assert_true(*found < expected->n);
			assert_int_equal(f.seqno, expected->seqnos[(*found)++]);
		}
	}
	return status;
}

static void reader_survives_any_split(void **state)
{
	static struct stream s;
	uint8_t buf[STREAM_LIMIT + 13];

	(void)state;
	make_stream(&s);
	for (size_t cap = STREAM_LIMIT; cap <= sizeof(buf); cap += 13) {
		for (size_t piece = 1; piece <= s.len; piece++) {
			struct frame_reader r;
			size_t found = 0;

			frame_reader_init(&r, buf, cap, STREAM_LIMIT);
			assert_int_equal(feed(&r, s.bytes, s.len, piece, &s, &found), FRAME_MORE);
			assert_int_equal(found, s.n);
		}
	}
}

static void reader_stops_for_good_at_garbage_between_any_frames(void **state)
{
	static const uint8_t garbage[] = "GET / HTTP/1.1";
	static struct stream s;
	static uint8_t bytes[sizeof(s.bytes) + sizeof(garbage)];
	uint8_t buf[STREAM_LIMIT];
	size_t at = 0;

	(void)state;
	make_stream(&s);
	for (size_t good = 0; good <= s.n; good++) {
		struct frame_reader r;
		struct frame f;
		size_t found = 0;

		memcpy(bytes, s.bytes, at);
		memcpy(bytes + at, garbage, sizeof(garbage));
		memcpy(bytes + at + sizeof(garbage), s.bytes + at, s.len - at);
		frame_reader_init(&r, buf, sizeof(buf), STREAM_LIMIT);
		assert_int_equal(feed(&r, bytes, s.len + sizeof(garbage), 11, &s, &found),
				 FRAME_BAD_SIGNATURE);
		assert_int_equal(found, good);
		assert_int_equal(frame_reader_next(&r, &f), FRAME_BAD_SIGNATURE);
		if (frame_parse(s.bytes + at, s.len - at, STREAM_LIMIT, &f) == FRAME_OK)
			at += f.total_len;
	}
}

static void reader_refuses_a_frame_beyond_its_limit(void **state)
{
	static uint8_t payload[1000], bytes[1100];
	uint8_t buf[STREAM_LIMIT];
	struct stream none = { .n = 0 };
	struct frame_reader r;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < LEN(gens); i++) {
		struct frame f = sample(gens[i], 1, payload, STREAM_LIMIT);
		size_t len = frame_write(&f, bytes, sizeof(bytes));

		frame_reader_init(&r, buf, sizeof(buf), STREAM_LIMIT);
		assert_int_equal(feed(&r, bytes, len, 12, &none, &found), FRAME_TOO_LARGE);
	}
}

static void every_status_has_words(void **state)
{
	(void)state;
	for (int s = FRAME_OK; s <= FRAME_BAD_COMMAND; s++)
		assert_true(strlen(frame_status_text((enum frame_status)s)) > 5);
	assert_string_equal(frame_gen_name(FRAME_V0), "v0");
	assert_string_equal(frame_gen_name(FRAME_V2), "v2");
	assert_string_equal(frame_gen_name(FRAME_V3), "v3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_frames_are_understood),
		cmocka_unit_test(written_frames_read_back),
		cmocka_unit_test(writer_makes_the_known_bytes),
		cmocka_unit_test(writer_stays_in_its_buffer),
		cmocka_unit_test(writer_refuses_names_that_do_not_fit),
		cmocka_unit_test(payload_made_in_place_survives_a_wrong_guess),
		cmocka_unit_test(every_beginning_of_a_frame_asks_for_more),
		cmocka_unit_test(wrong_signature_is_seen_at_the_first_wrong_byte),
		cmocka_unit_test(length_beyond_the_limit_is_seen_in_the_prefix),
		cmocka_unit_test(name_ends_at_its_first_nul),
		cmocka_unit_test(other_generation_words_are_checksums),
		cmocka_unit_test(any_changed_bit_of_v0_is_noticed),
		cmocka_unit_test(v0_envelope_may_come_in_any_order),
		cmocka_unit_test(v0_envelope_with_a_fault_is_refused),
		cmocka_unit_test(reader_survives_any_split),
		cmocka_unit_test(reader_stops_for_good_at_garbage_between_any_frames),
		cmocka_unit_test(reader_refuses_a_frame_beyond_its_limit),
		cmocka_unit_test(every_status_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
