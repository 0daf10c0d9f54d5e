/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spool's segment: what is written is read to the same, and damage is found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "capture_common/crc32.h"
#include "capture_common/spool_segment.h"
#include "protocol/bytes.h"
#include "tests/lib/random_msg.h"

#define UUID "5FE308BD-0000-0000-0000-00C0CA112233"

static uint8_t buf[2 * SPOOL_RECORD_MAX];
static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, ARENA_LIMIT_BYTES);
	memset(buf, 0, sizeof(buf));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_reset(&arena);
	return 0;
}

static struct record packet(uint32_t number, const char *bytes)
{
	struct record r = { .kind = RECORD_PACKET, .number = number };

	r.packet = (struct msg_packet){ .dlt = 127, .has_time = true, .time_us = 1700000000123456,
					.orig_len = 3000, .data = (const uint8_t *)bytes,
					.len = (uint32_t)strlen(bytes) };
	return r;
}

/* --- header --- */

static struct spool_segment some_segment(void)
{
	struct spool_segment s = { .uuid = UUID, .instance = 0x0123456789abcdef, .has_gps = true };

	s.gps = (struct msg_gps){ .lat_deg = 51.5, .lon_deg = -0.1, .has_alt = true, .alt_m = 12,
				  .fix = 3, .type = text_of("fixed"), .name = text_of("roof"),
				  .time_us = 77 };
	return s;
}

static void header_is_read_as_it_was_written(void **state)
{
	struct spool_segment s = some_segment(), out;
	size_t len = spool_segment_put_header(&s, buf, sizeof(buf));

	(void)state;
	assert_true(len > 0);
	assert_int_equal(spool_segment_get_header(&out, buf, len), len);
	assert_string_equal(out.uuid, UUID);
	assert_true(out.instance == s.instance);
	assert_true(out.has_gps && out.gps.has_alt && !out.gps.has_speed);
	assert_true(out.gps.lat_deg == 51.5 && out.gps.lon_deg == -0.1 && out.gps.alt_m == 12);
	assert_int_equal(out.gps.fix, 3);
	assert_int_equal(out.gps.time_us, 77);
	assert_true(text_is(out.gps.type, "fixed") && text_is(out.gps.name, "roof"));
	assert_null(out.gps.uuid.s);
}

static void damaged_header_is_none(void **state)
{
	struct spool_segment s = some_segment(), out;
	size_t len = spool_segment_put_header(&s, buf, sizeof(buf));

	(void)state;
	for (size_t i = 0; i < len; i++) {
		buf[i] ^= 0x10;
		assert_int_equal(spool_segment_get_header(&out, buf, len), -EPROTO);
		buf[i] ^= 0x10;
		assert_int_equal(spool_segment_get_header(&out, buf, i), -EPROTO);
	}
}

static void header_that_does_not_fit_is_refused(void **state)
{
	static char name[70000];
	struct spool_segment s = some_segment();
	size_t len = spool_segment_put_header(&s, buf, sizeof(buf));

	(void)state;
	for (size_t cap = 0; cap < len; cap++)
		assert_int_equal(spool_segment_put_header(&s, buf, cap), 0);
	memset(name, 'x', sizeof(name));
	s.gps.name = (struct text){ name, sizeof(name) };
	assert_int_equal(spool_segment_put_header(&s, buf, sizeof(buf)), 0);
}

/* --- records --- */

static void crc_is_the_usual_one(void **state)
{
	(void)state;
	assert_int_equal(crc32_of("123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_of("", 0), 0);
}

static void packet_is_read_as_it_was_written(void **state)
{
	struct record r = packet(7, "some bytes");
	size_t len = spool_segment_put_record(&r, RECORD_BULK, buf, sizeof(buf)), skip;
	struct spool_item item;

	(void)state;
	assert_int_equal(spool_segment_get(buf, sizeof(buf), &arena, &item, &skip), len);
	assert_false(item.is_end);
	assert_int_equal(item.class, RECORD_BULK);
	assert_int_equal(item.record.kind, RECORD_PACKET);
	assert_int_equal(item.record.number, 7);
	assert_int_equal(item.record.packet.dlt, 127);
	assert_int_equal(item.record.packet.orig_len, 3000);
	assert_true(item.record.packet.has_time);
	assert_int_equal(item.record.packet.time_us, 1700000000123456);
	assert_int_equal(item.record.packet.len, 10);
	assert_memory_equal(item.record.packet.data, "some bytes", 10);
}

static void data_and_messages_are_read_as_they_were_written(void **state)
{
	struct rng rng = { 42 };
	struct arena made;

	(void)state;
	arena_init(&made, ARENA_LIMIT_BYTES);
	for (int i = 0; i < 2000; i++) {
		struct msg in, out;
		struct record r = { .number = (uint32_t)i };
		struct spool_item item;
		size_t skip;

		in.type = i % 2 ? MSG_DATA : MSG_MESSAGE;
		random_msg(&rng, FRAME_V3, in.type, &made, &in);
		r.kind = in.type == MSG_DATA ? RECORD_DATA : RECORD_MESSAGE;
		if (in.type == MSG_DATA)
			r.data = in.data;
		else
			r.message = in.message;
		assert_true(spool_segment_put_record(&r, RECORD_WORDS, buf, sizeof(buf)) > 0);
		assert_true(spool_segment_get(buf, sizeof(buf), &arena, &item, &skip) > 0);
		assert_int_equal(item.record.kind, r.kind);
		out = in;
		if (in.type == MSG_DATA)
			out.data = item.record.data;
		else
			out.message = item.record.message;
		assert_null(msg_difference(&in, &out));
		arena_reset(&made);
		arena_reset(&arena);
	}
}

static void record_torn_at_any_byte_is_not_there(void **state)
{
	struct record r = packet(7, "some bytes");
	size_t len = spool_segment_put_record(&r, RECORD_PLAIN, buf, sizeof(buf)), skip;
	struct spool_item item;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(spool_segment_get(buf, i, &arena, &item, &skip), 0);
		buf[i] ^= 1;
		assert_int_equal(spool_segment_get(buf, len, &arena, &item, &skip), 0);
		buf[i] ^= 1;
	}
	memset(buf, 0, sizeof(buf));
	assert_int_equal(spool_segment_get(buf, sizeof(buf), &arena, &item, &skip), 0);
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(spool_segment_get(buf, sizeof(buf), &arena, &item, &skip), 0);
}

static void record_of_another_version_is_passed_over(void **state)
{
	struct record r = packet(7, "some bytes");
	size_t len = spool_segment_put_record(&r, RECORD_BULK, buf, sizeof(buf)), skip = 0, at = 0;
	struct spool_item item;

	(void)state;
	buf[13] = 99;
	put_le32(buf + 4, crc32_of(buf + 8, len - 8));
	assert_int_equal(spool_segment_get(buf, len, &arena, &item, &skip), -EPROTO);
	assert_int_equal(skip, len);
	assert_int_equal(item.class, RECORD_BULK);
	assert_int_equal(item.record.number, 7);
	r = packet(8, "next");
	spool_segment_put_record(&r, RECORD_PLAIN, buf + len, sizeof(buf) - len);
	assert_true(spool_segment_next(buf, sizeof(buf), &at, &arena, &item));
	assert_int_equal(item.record.number, 8);
	assert_false(spool_segment_next(buf, sizeof(buf), &at, &arena, &item));
}

static void damaged_record_is_passed_over_when_its_length_holds(void **state)
{
	struct record r = packet(1, "first");
	size_t first = spool_segment_put_record(&r, RECORD_PLAIN, buf, sizeof(buf)), at = 0;
	struct spool_item item;

	(void)state;
	r = packet(2, "second");
	spool_segment_put_record(&r, RECORD_PLAIN, buf + first, sizeof(buf) - first);
	buf[first - 1] ^= 1;
	assert_true(spool_segment_next(buf, sizeof(buf), &at, &arena, &item));
	assert_int_equal(item.record.number, 2);
	buf[0] ^= 1;
	at = 0;
	assert_false(spool_segment_next(buf, sizeof(buf), &at, &arena, &item));
}

static void too_long_record_is_refused(void **state)
{
	static uint8_t bytes[SPOOL_RECORD_MAX];
	struct record r = packet(1, "");
	struct spool_item item;
	size_t skip;

	(void)state;
	r.packet.data = bytes;
	r.packet.len = SPOOL_RECORD_MAX - 36;
	assert_int_equal(spool_segment_put_record(&r, RECORD_PLAIN, buf, sizeof(buf)),
			 SPOOL_RECORD_MAX);
	assert_int_equal(spool_segment_get(buf, sizeof(buf), &arena, &item, &skip),
			 SPOOL_RECORD_MAX);
	r.packet.len++;
	assert_int_equal(spool_segment_put_record(&r, RECORD_PLAIN, buf, sizeof(buf)), 0);
	r.packet.len = UINT32_MAX;
	assert_int_equal(spool_segment_put_record(&r, RECORD_PLAIN, buf, sizeof(buf)), 0);
}

static void end_tells_counts_and_the_last_number(void **state)
{
	const uint64_t counts[RECORD_CLASSES] = { 1, 2, 3, (uint64_t)1 << 40 };
	struct spool_item item;
	size_t skip;

	(void)state;
	assert_int_equal(spool_segment_put_end(counts, 0xfffffff0, buf, SPOOL_END_BYTES),
			 SPOOL_END_BYTES);
	assert_int_equal(spool_segment_put_end(counts, 1, buf + 100, SPOOL_END_BYTES - 1), 0);
	assert_int_equal(spool_segment_get(buf, SPOOL_END_BYTES, &arena, &item, &skip),
			 SPOOL_END_BYTES);
	assert_true(item.is_end);
	assert_memory_equal(item.counts, counts, sizeof(counts));
	assert_int_equal(item.record.number, 0xfffffff0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(header_is_read_as_it_was_written),
		TEST(damaged_header_is_none),
		TEST(header_that_does_not_fit_is_refused),
		TEST(crc_is_the_usual_one),
		TEST(packet_is_read_as_it_was_written),
		TEST(data_and_messages_are_read_as_they_were_written),
		TEST(record_torn_at_any_byte_is_not_there),
		TEST(record_of_another_version_is_passed_over),
		TEST(damaged_record_is_passed_over_when_its_length_holds),
		TEST(too_long_record_is_refused),
		TEST(end_tells_counts_and_the_last_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
