/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protobuf wire format. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "protocol/pb.h"

#define READER(bytes) reader(bytes, sizeof(bytes) - 1)

static struct pb_reader reader(const char *bytes, size_t len)
{
	struct pb_reader r;

	pb_reader_init(&r, (const uint8_t *)bytes, len);
	return r;
}

static void fields_of_every_wire_type(void **state)
{
	struct pb_reader r = READER("\x08\xac\x02\x11\x00\x00\x00\x00\x00\x00\x04\xc0\x1a\x02hi"
				    "\x25\x01\x00\x00\x80");
	struct pb_field f;

	(void)state;
	assert_true(pb_next(&r, &f));
	assert_int_equal(f.no, 1);
	assert_int_equal(pb_u32(&r, &f), 300);
	assert_true(pb_next(&r, &f));
	assert_int_equal(f.no, 2);
	assert_true(pb_double(&r, &f) == -2.5);
	assert_true(pb_next(&r, &f));
	assert_int_equal(f.no, 3);
	assert_true(text_is(pb_text(&r, &f), "hi"));
	assert_true(pb_next(&r, &f));
	assert_int_equal(f.no, 4);
	assert_int_equal(f.wire, PB_FIXED32);
	assert_int_equal(f.value, 0x80000001);
	assert_false(pb_next(&r, &f));
	assert_false(r.bad);
}

static void numbers_are_cut_to_their_width(void **state)
{
	struct pb_reader r = READER("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x08\x80\x80\x00");
	struct pb_field f;

	(void)state;
	assert_true(pb_next(&r, &f));
	assert_true(pb_u64(&r, &f) == UINT64_MAX);
	assert_int_equal(pb_u32(&r, &f), UINT32_MAX);
	assert_true(pb_next(&r, &f));
	assert_int_equal(pb_u64(&r, &f), 0);	/* in more bytes than needed */
	assert_false(pb_next(&r, &f));
	assert_false(r.bad);
}

static void other_wire_types_are_bad(void **state)
{
	struct pb_reader number = READER("\x08\x01"), text = READER("\x0a\x01x");
	struct pb_field f;

	(void)state;
	assert_true(pb_next(&number, &f));
	assert_non_null(pb_text(&number, &f).s);
	assert_true(number.bad);
	number.bad = false;
	pb_double(&number, &f);
	assert_true(number.bad);
	assert_true(pb_next(&text, &f));
	pb_u64(&text, &f);
	assert_true(text.bad);
	assert_false(pb_next(&text, &f));
}

static void malformed_fields_end_the_reading(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\x08", 1 },			/* no value */
		{ "\x08\x80", 2 },		/* value cut short */
		{ "\x88", 1 },			/* tag cut short */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },	/* 11 bytes */
		{ "\x88\x80\x80\x80\x80\x00\x01", 7 },	/* tag of six bytes */
		{ "\x09" "1234567", 8 }, { "\x0d" "123", 4 }, { "\x0a\x02x", 3 },
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 12 },
		{ "\x00\x01", 2 }, { "\x80\x00\x01", 3 },	/* field 0 */
		{ "\x0b\x0c", 2 }, { "\x0c", 1 }, { "\x0e\x01", 2 }, { "\x0f\x01", 2 },
	};
	struct pb_field f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pb_reader r = reader(rows[i].bytes, rows[i].len);

		assert_false(pb_next(&r, &f));
		assert_true(r.bad);
		assert_false(pb_next(&r, &f));
	}
}

static void every_number_takes_the_bytes_it_is_said_to_take(void **state)
{
	uint8_t buf[PB_VARINT_MAX + 1];
	struct pb_field f;

	(void)state;
	for (unsigned int shift = 0; shift < 64; shift++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = ((uint64_t)1 << shift) + (uint64_t)(int64_t)d;
			size_t len = (size_t)(pb_put_uint(buf, 5, v) - buf);
			struct pb_reader r;

			assert_int_equal(len, 1 + pb_varint_size(v));
			pb_reader_init(&r, buf, len);
			assert_true(pb_next(&r, &f));
			assert_int_equal(f.no, 5);
			assert_true(pb_u64(&r, &f) == v);
			assert_ptr_equal(r.pos, r.end);
		}
	}
}

static void write_inner(struct pb_writer *w, const void *arg)
{
	const size_t *n = arg;

	for (size_t i = 0; i < *n; i++)
		pb_write_uint(w, 1, 1);
}

static void messages_have_their_length_in_front(void **state)
{
	static uint8_t buf[1000];
	struct pb_field f;

	(void)state;
	for (size_t n = 0; n < 400; n += 21) {
		struct pb_writer w = { buf, sizeof(buf), 0 };
		struct pb_reader r;

		pb_write_message(&w, 7, write_inner, &n);
		pb_reader_init(&r, buf, w.len);
		assert_true(pb_next(&r, &f));
		assert_int_equal(f.no, 7);
		assert_int_equal(pb_text(&r, &f).len, 2 * n);
		assert_ptr_equal(r.pos, r.end);
	}
}

static void full_writer_counts_on_and_writes_nothing_more(void **state)
{
	uint8_t buf[8] = { 0 };
	struct pb_writer w = { buf, 4, 0 };

	(void)state;
	pb_write_uint(&w, 1, 300);
	pb_write_text(&w, 2, text_of("abc"));
	pb_write_uint(&w, 3, 1);
	assert_int_equal(w.len, 3 + 5 + 2);
	assert_memory_equal(buf, "\x08\xac\x02\0\0\0\0\0", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_every_wire_type),
		cmocka_unit_test(numbers_are_cut_to_their_width),
		cmocka_unit_test(other_wire_types_are_bad),
		cmocka_unit_test(malformed_fields_end_the_reading),
		cmocka_unit_test(every_number_takes_the_bytes_it_is_said_to_take),
		cmocka_unit_test(messages_have_their_length_in_front),
		cmocka_unit_test(full_writer_counts_on_and_writes_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
