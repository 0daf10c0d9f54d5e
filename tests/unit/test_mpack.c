/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MessagePack. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "protocol/mpack.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t buf[200000];

static struct mpack_writer writer(void)
{
	struct mpack_writer w;

	memset(buf, 0xee, sizeof(buf));
	mpack_writer_init(&w, buf, sizeof(buf));
	return w;
}

static struct mpack_reader reader(const void *data, size_t len)
{
	struct mpack_reader r;

	mpack_reader_init(&r, data, len);
	return r;
}

#define READER(bytes) reader(bytes, sizeof(bytes) - 1)

static void assert_wrote(const struct mpack_writer *w, const char *bytes, size_t len)
{
	assert_int_equal(w->len, len);
	assert_memory_equal(buf, bytes, len);
}

#define ASSERT_WROTE(w, bytes) assert_wrote(w, bytes, sizeof(bytes) - 1)

static void integers_take_the_shortest_form(void **state)
{
	static const struct {
		uint64_t v;
		size_t len;
		uint8_t bytes[9];
	} rows[] = {
		{ 0, 1, { 0x00 } },
		{ 127, 1, { 0x7f } },
		{ 128, 2, { 0xcc, 0x80 } },
		{ 255, 2, { 0xcc, 0xff } },
		{ 256, 3, { 0xcd, 0x01, 0x00 } },
		{ 65535, 3, { 0xcd, 0xff, 0xff } },
		{ 65536, 5, { 0xce, 0x00, 0x01, 0x00, 0x00 } },
		{ UINT32_MAX, 5, { 0xce, 0xff, 0xff, 0xff, 0xff } },
		{ UINT64_C(1) << 32, 9, { 0xcf, 0, 0, 0, 1, 0, 0, 0, 0 } },
		{ UINT64_MAX, 9, { 0xcf, 255, 255, 255, 255, 255, 255, 255, 255 } },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct mpack_writer w = writer();
		struct mpack_reader r;

		mpack_put_uint(&w, rows[i].v);
		assert_wrote(&w, (const char *)rows[i].bytes, rows[i].len);
		r = reader(buf, w.len);
		assert_int_equal(mpack_get_uint(&r, UINT64_MAX), rows[i].v);
		assert_false(r.bad);
		assert_ptr_equal(r.pos, r.end);
	}
}

static void every_width_of_an_integer_is_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t v;
	} rows[] = {
		{ "\xcc\x05", 2, 5 }, { "\xcd\x00\x05", 3, 5 }, { "\xce\x00\x00\x00\x05", 5, 5 },
		{ "\xcf\x00\x00\x00\x00\x00\x00\x00\x05", 9, 5 },
		{ "\xd0\x05", 2, 5 }, { "\xd0\x7f", 2, 127 }, { "\xd1\x7f\xff", 3, 32767 },
		{ "\xd2\x7f\xff\xff\xff", 5, 2147483647 },
		{ "\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct mpack_reader r = reader(rows[i].bytes, rows[i].len);

		assert_int_equal(mpack_get_uint(&r, UINT64_MAX), rows[i].v);
		assert_false(r.bad);
		assert_ptr_equal(r.pos, r.end);
	}
}

static void negative_integers_are_no_uint(void **state)
{
	static const char rows[][10] = {
		"\xff", "\xe0", "\xd0\xff", "\xd0\x80", "\xd1\x80\x00", "\xd1\xff\xff",
		"\xd2\xff\xff\xff\xff", "\xd3\xff\xff\xff\xff\xff\xff\xff\xff",
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct mpack_reader r = reader(rows[i], 9);

		assert_int_equal(mpack_get_uint(&r, UINT64_MAX), 0);
		assert_true(r.bad);
	}
}

static void integers_above_the_maximum_are_bad(void **state)
{
	struct mpack_reader r = READER("\xcc\xff");

	(void)state;
	assert_int_equal(mpack_get_uint(&r, 255), 255);
	assert_false(r.bad);
	r = READER("\xcd\x01\x00");
	mpack_get_uint(&r, 255);
	assert_true(r.bad);
	r = READER("\x08");
	mpack_get_uint(&r, 7);
	assert_true(r.bad);
}

static void bools_and_numbers(void **state)
{
	struct mpack_writer w = writer();
	struct mpack_reader r;

	(void)state;
	mpack_put_bool(&w, true);
	mpack_put_bool(&w, false);
	mpack_put_float(&w, 5.0f);
	mpack_put_double(&w, -2.5);
	ASSERT_WROTE(&w, "\xc3\xc2\xca\x40\xa0\x00\x00\xcb\xc0\x04\x00\x00\x00\x00\x00\x00");
	r = reader(buf, w.len);
	assert_true(mpack_get_bool(&r));
	assert_false(mpack_get_bool(&r));
	assert_true(mpack_get_number(&r) == 5.0);
	assert_true(mpack_get_number(&r) == -2.5);
	assert_false(r.bad);
	r = READER("\x07\xfb\xcd\x01\x00\xd0\x85\xd1\xff\x00\xd2\xff\xff\xff\xfe"
		   "\xd3\xff\xff\xff\xff\xff\xff\xff\xfd\xe0");
	assert_true(mpack_get_number(&r) == 7);
	assert_true(mpack_get_number(&r) == -5);
	assert_true(mpack_get_number(&r) == 256);
	assert_true(mpack_get_number(&r) == -123);
	assert_true(mpack_get_number(&r) == -256);
	assert_true(mpack_get_number(&r) == -2);
	assert_true(mpack_get_number(&r) == -3);
	assert_true(mpack_get_number(&r) == -32);
	assert_false(r.bad);
}

static void texts_of_every_width(void **state)
{
	static const size_t lens[] = { 0, 1, 31, 32, 255, 256, 65535, 65536, 100000 };
	static const size_t heads[] = { 1, 1, 1, 2, 2, 3, 3, 5, 5 };
	static char text[100000];

	(void)state;
	for (size_t i = 0; i < LEN(lens); i++) {
		struct mpack_writer w = writer();
		struct mpack_reader r;
		struct text t = { text, lens[i] };

		memset(text, 'a' + (int)i, sizeof(text));
		mpack_put_text(&w, t);
		assert_int_equal(w.len, heads[i] + lens[i]);
		r = reader(buf, w.len);
		assert_true(mpack_is_text(&r));
		assert_true(text_equal(mpack_get_text(&r), t));
		assert_false(r.bad);
		assert_ptr_equal(r.pos, r.end);
	}
}

static void bytes_of_every_width(void **state)
{
	static const size_t lens[] = { 0, 1, 255, 256, 65535, 65536 };
	static const size_t heads[] = { 2, 2, 2, 3, 3, 5 };
	static char data[65536];

	(void)state;
	for (size_t i = 0; i < LEN(lens); i++) {
		struct mpack_writer w = writer();
		struct mpack_reader r;

		mpack_put_bin(&w, data, lens[i]);
		assert_int_equal(w.len, heads[i] + lens[i]);
		r = reader(buf, w.len);
		assert_int_equal(mpack_get_bytes(&r).len, lens[i]);
		assert_false(r.bad);
		r = reader(buf, w.len);
		assert_false(mpack_is_text(&r));
		assert_null(mpack_get_text(&r).s);	/* bin where only str will do */
		assert_true(r.bad);
	}
}

static void ext_counts_as_bytes(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\xc7\x02\x01xx", 5 }, { "\xc8\x00\x02\x01xx", 6 },
		{ "\xc9\x00\x00\x00\x02\x01xx", 8 }, { "\xd5\x01xx", 4 },
	};
	struct mpack_reader r;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		r = reader(rows[i].bytes, rows[i].len);
		assert_true(text_is(mpack_get_bytes(&r), "xx"));
		assert_false(r.bad);
		assert_ptr_equal(r.pos, r.end);
	}
	for (unsigned int size = 1, format = 0xd4; size <= 16; size *= 2, format++) {
		uint8_t bytes[18] = { (uint8_t)format, 1 };

		r = reader(bytes, 2 + size);
		assert_int_equal(mpack_get_bytes(&r).len, size);
		assert_ptr_equal(r.pos, r.end);
		r = reader(bytes, 1 + size);
		mpack_get_bytes(&r);
		assert_true(r.bad);
	}
}

static void counts_of_every_width(void **state)
{
	static const uint32_t counts[] = { 0, 15, 16, 65535, 65536 };
	static const size_t heads[] = { 1, 1, 3, 3, 5 };

	(void)state;
	for (size_t i = 0; i < LEN(counts); i++) {
		struct mpack_writer w = writer();
		struct mpack_reader r;

		mpack_put_array(&w, counts[i]);
		assert_int_equal(w.len, heads[i]);
		r = reader(buf, w.len + counts[i]);
		assert_int_equal(mpack_get_array(&r), counts[i]);
		assert_false(r.bad);

		w = writer();
		mpack_put_map(&w, counts[i]);
		assert_int_equal(w.len, heads[i]);
		r = reader(buf, w.len + 2 * counts[i]);
		assert_int_equal(mpack_get_map(&r), counts[i]);
		assert_false(r.bad);
	}
}

static void counts_that_cannot_be_true_are_bad(void **state)
{
	struct mpack_reader r = READER("\x92\x01");

	(void)state;
	assert_int_equal(mpack_get_array(&r), 0);
	assert_true(r.bad);
	r = READER("\x82\x01\x01\x02");
	assert_int_equal(mpack_get_map(&r), 0);
	assert_true(r.bad);
	r = READER("\xdd\xff\xff\xff\xff");
	mpack_get_array(&r);
	assert_true(r.bad);
	r = READER("\xdf\xff\xff\xff\xff");
	mpack_skip(&r);
	assert_true(r.bad);
}

static void other_types_are_bad(void **state)
{
	/* nil, bool, uint, negative, float, double, str, bin, ext, array, map, the unused format */
	static const char values[][10] = {
		"\xc0", "\xc2", "\x05", "\xff", "\xca\x00\x00\x00\x00",
		"\xcb\x00\x00\x00\x00\x00\x00\x00\x00", "\xa1x", "\xc4\x01x", "\xd4\x01x",
		"\x90", "\x80", "\xc1",
	};

	(void)state;
	for (size_t i = 0; i < LEN(values); i++) {
		struct mpack_reader u = reader(values[i], 9);
		struct mpack_reader b = u, n = u, t = u, y = u, a = u, m = u;

		mpack_get_uint(&u, UINT64_MAX);
		assert_int_equal(u.bad, i != 2);
		mpack_get_bool(&b);
		assert_int_equal(b.bad, i != 1);
		mpack_get_number(&n);
		assert_int_equal(n.bad, i < 2 || i > 5);
		mpack_get_text(&t);
		assert_int_equal(t.bad, i != 6);
		mpack_get_bytes(&y);
		assert_int_equal(y.bad, i < 6 || i > 8);
		mpack_get_array(&a);
		assert_int_equal(a.bad, i != 9);
		mpack_get_map(&m);
		assert_int_equal(m.bad, i != 10);
	}
}

/* Every beginning of every format, and nothing at all. */
static void truncated_values_are_bad(void **state)
{
	uint8_t bytes[40] = { 0 };

	(void)state;
	for (unsigned int format = 0; format < 256; format++) {
		size_t len = 0;
		struct mpack_reader r;

		bytes[0] = (uint8_t)format;
		do {
			r = reader(bytes, len);
			mpack_skip(&r);
		} while (r.bad && ++len < sizeof(bytes));
		if (format == 0xc1) {
			assert_int_equal(len, sizeof(bytes));
			continue;
		}
		assert_in_range(len, 1, sizeof(bytes) - 1);
		assert_ptr_equal(r.pos, r.end);
		if (len == 1)
			continue;
		r = reader(bytes, len - 1);
		mpack_get_bytes(&r);
		assert_true(r.bad);
	}
}

static void first_error_sticks(void **state)
{
	struct mpack_reader r = READER("\xc0\x05\xa1x\x91\xc3\xc3");
	const uint8_t *at;

	(void)state;
	mpack_get_uint(&r, 10);
	assert_true(r.bad);
	at = r.pos;
	assert_int_equal(mpack_get_uint(&r, 10), 0);
	assert_null(mpack_get_text(&r).s);
	assert_int_equal(mpack_get_array(&r), 0);
	assert_false(mpack_get_bool(&r));
	assert_false(mpack_is_text(&r));
	mpack_skip(&r);
	assert_ptr_equal(r.pos, at);
}

static void skip_takes_exactly_one_value(void **state)
{
	struct mpack_reader r = READER("\x83\x01\x93\x01\xa2xy\xc0\x02\x81\x01\xc4\x01z\x03\xcb"
				       "12345678" "\x2a");

	(void)state;
	mpack_skip(&r);
	assert_int_equal(mpack_get_uint(&r, 100), 42);
	assert_false(r.bad);
}

/* A reader that descends would run out of stack here. */
static void depth_bombs_are_skipped(void **state)
{
	static uint8_t bomb[65536];
	struct mpack_reader r;

	(void)state;
	memset(bomb, 0x91, sizeof(bomb));
	bomb[sizeof(bomb) - 1] = 0xc0;
	r = reader(bomb, sizeof(bomb));
	mpack_skip(&r);
	assert_false(r.bad);
	assert_ptr_equal(r.pos, r.end);

	bomb[sizeof(bomb) - 1] = 0x91;	/* and without an end */
	r = reader(bomb, sizeof(bomb));
	mpack_skip(&r);
	assert_true(r.bad);

	for (size_t i = 0; i + 3 <= sizeof(bomb); i += 3)
		memcpy(bomb + i, "\xde\x3f\xff", 3);	/* maps of maps with thousands of keys */
	r = reader(bomb, sizeof(bomb));
	mpack_skip(&r);
	assert_true(r.bad);
}

static void maps_give_the_ids_looked_up(void **state)
{
	struct mpack_reader r = READER("\x86\x05\xa1x\x02\x07\x2a\x93\x01\x02\x03\x01\x09"
				       "\xcd\x03\xe8\x11\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xc0");
	struct mpack_map m;

	(void)state;
	mpack_map_open(&m, &r, MPACK_ID(1) | MPACK_ID(2) | MPACK_ID(MPACK_OWN(0)));
	assert_int_equal(mpack_map_next(&m), 2);
	assert_int_equal(mpack_get_uint(&r, 10), 7);
	assert_int_equal(mpack_map_next(&m), 1);
	assert_int_equal(mpack_get_uint(&r, 10), 9);
	assert_int_equal(mpack_map_next(&m), MPACK_OWN(0));
	assert_int_equal(mpack_get_uint(&r, 100), 17);
	assert_int_equal(mpack_map_next(&m), 0);
	assert_false(r.bad);
	assert_ptr_equal(r.pos, r.end);
	assert_int_equal(mpack_map_next(&m), 0);
}

static void ids_may_be_written_in_any_width(void **state)
{
	struct mpack_reader r = READER("\xde\x00\x04\xcc\x01\x0a\xcd\x00\x02\x0a\xd0\x03\x0a"
				       "\xd3\x00\x00\x00\x00\x00\x00\x00\x04\x0a");
	struct mpack_map m;

	(void)state;
	mpack_map_open(&m, &r, MPACK_ID(1) | MPACK_ID(2) | MPACK_ID(3) | MPACK_ID(4));
	for (unsigned int id = 1; id <= 4; id++) {
		assert_int_equal(mpack_map_next(&m), id);
		assert_int_equal(mpack_get_uint(&r, 100), 10);
	}
	assert_int_equal(mpack_map_next(&m), 0);
	assert_false(r.bad);
}

static void id_looked_up_twice_is_bad_others_are_not(void **state)
{
	struct mpack_reader r = READER("\x83\x03\x01\x03\x02\x01\x05");
	struct mpack_map m;

	(void)state;
	mpack_map_open(&m, &r, MPACK_ID(1));
	assert_int_equal(mpack_map_next(&m), 1);
	mpack_get_uint(&r, 10);
	assert_int_equal(mpack_map_next(&m), 0);
	assert_false(r.bad);

	r = READER("\x82\x01\x01\x01\x02");
	mpack_map_open(&m, &r, MPACK_ID(1));
	assert_int_equal(mpack_map_next(&m), 1);
	mpack_get_uint(&r, 10);
	assert_int_equal(mpack_map_next(&m), 0);
	assert_true(r.bad);
}

static void ids_are_not_cut_to_32_bits(void **state)
{
	/* 2^32 + 1, 256 + 1, and the numbers that stand for ids of our own inside */
	struct mpack_reader r = READER("\x84\xcf\x00\x00\x00\x01\x00\x00\x00\x01\x0a"
				       "\xcd\x01\x01\x0a\x18\x0a\x1f\x0a");
	struct mpack_map m;

	(void)state;
	mpack_map_open(&m, &r, UINT32_MAX & ~MPACK_ID(0));
	assert_int_equal(mpack_map_next(&m), 0);
	assert_false(r.bad);
	assert_ptr_equal(r.pos, r.end);
}

static void keys_that_are_no_ids_are_bad(void **state)
{
	static const char *const maps[] = { "\x81\xa1x\x01", "\x81\xff\x01", "\x81\xc0\x01" };

	(void)state;
	for (size_t i = 0; i < LEN(maps); i++) {
		struct mpack_reader r = reader(maps[i], strlen(maps[i]));
		struct mpack_map m;

		mpack_map_open(&m, &r, MPACK_ID(1));
		assert_int_equal(mpack_map_next(&m), 0);
		assert_true(r.bad);
	}
}

static void full_writer_counts_on_and_writes_nothing_more(void **state)
{
	uint8_t small[8] = { 0 };
	struct mpack_writer w;

	(void)state;
	mpack_writer_init(&w, small, 6);
	mpack_put_uint(&w, 70000);	/* five bytes */
	mpack_put_text(&w, text_of("abc"));
	mpack_put_bool(&w, true);	/* would fit again */
	assert_int_equal(w.len, 5 + 4 + 1);
	assert_memory_equal(small, "\xce\x00\x01\x11\x70\xa3\0\0", 8);
	mpack_writer_init(&w, NULL, 0);
	mpack_put_uint(&w, 1);
	mpack_put_bin(&w, "xyz", 3);
	assert_int_equal(w.len, 1 + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_take_the_shortest_form),
		cmocka_unit_test(every_width_of_an_integer_is_read),
		cmocka_unit_test(negative_integers_are_no_uint),
		cmocka_unit_test(integers_above_the_maximum_are_bad),
		cmocka_unit_test(bools_and_numbers),
		cmocka_unit_test(texts_of_every_width),
		cmocka_unit_test(bytes_of_every_width),
		cmocka_unit_test(ext_counts_as_bytes),
		cmocka_unit_test(counts_of_every_width),
		cmocka_unit_test(counts_that_cannot_be_true_are_bad),
		cmocka_unit_test(other_types_are_bad),
		cmocka_unit_test(truncated_values_are_bad),
		cmocka_unit_test(first_error_sticks),
		cmocka_unit_test(skip_takes_exactly_one_value),
		cmocka_unit_test(depth_bombs_are_skipped),
		cmocka_unit_test(maps_give_the_ids_looked_up),
		cmocka_unit_test(ids_may_be_written_in_any_width),
		cmocka_unit_test(id_looked_up_twice_is_bad_others_are_not),
		cmocka_unit_test(ids_are_not_cut_to_32_bits),
		cmocka_unit_test(keys_that_are_no_ids_are_bad),
		cmocka_unit_test(full_writer_counts_on_and_writes_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
