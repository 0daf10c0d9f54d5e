/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our MessagePack against msgpack-c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <msgpack.h>

#include <string.h>

#include "protocol/mpack.h"

static uint8_t buf[200000];

/* msgpack-c asks for as much memory as a length in the bytes says; under ASan as elsewhere it
 * shall be refused, not stopped. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static struct mpack_writer writer(void)
{
	struct mpack_writer w;

	mpack_writer_init(&w, buf, sizeof(buf));
	return w;
}

static struct mpack_reader reader(const void *data, size_t len)
{
	struct mpack_reader r;

	mpack_reader_init(&r, data, len);
	return r;
}

static unsigned int random_state = 99;

static unsigned int random_below(unsigned int n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % n;
}

static uint64_t random_uint(void)
{
	uint64_t v = (uint64_t)random_below(1 << 22) << 44 | (uint64_t)random_below(1 << 22) << 22 |
		     random_below(1 << 22);

	return v >> random_below(64);
}

/* One random value through our writer, and what msgpack-c makes of it. */
static void put_random(struct mpack_writer *w, msgpack_object *expected, char *text)
{
	size_t len = random_below(300);

	switch (random_below(5)) {
	case 0:
		expected->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
		expected->via.u64 = random_uint();
		mpack_put_uint(w, expected->via.u64);
		break;
	case 1:
		expected->type = MSGPACK_OBJECT_BOOLEAN;
		expected->via.boolean = random_below(2);
		mpack_put_bool(w, expected->via.boolean);
		break;
	case 2:
		expected->type = MSGPACK_OBJECT_FLOAT32;
		expected->via.f64 = (float)random_below(1 << 20) / 64;
		mpack_put_float(w, (float)expected->via.f64);
		break;
	case 3:
		expected->type = MSGPACK_OBJECT_FLOAT64;
		expected->via.f64 = random_below(1 << 20) / 3.0;
		mpack_put_double(w, expected->via.f64);
		break;
	case 4:
		expected->type = len % 2 ? MSGPACK_OBJECT_STR : MSGPACK_OBJECT_BIN;
		memset(text, 'a', len);
		if (len % 2)
			mpack_put_text(w, (struct text){ text, len });
		else
			mpack_put_bin(w, text, len);
		expected->via.str.ptr = text;
		expected->via.str.size = (uint32_t)len;
		break;
	}
}

static void what_we_write_msgpack_c_reads(void **state)
{
	static msgpack_object expected[40];
	static char text[40][300];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct mpack_writer w = writer();
		msgpack_unpacked result;
		uint32_t n = random_below(40);
		size_t at = 0;

		mpack_put_array(&w, n);
		for (uint32_t i = 0; i < n; i++)
			put_random(&w, &expected[i], text[i]);
		msgpack_unpacked_init(&result);
		assert_int_equal(msgpack_unpack_next(&result, (const char *)buf, w.len, &at),
				 MSGPACK_UNPACK_SUCCESS);
		assert_int_equal(at, w.len);
		assert_int_equal(result.data.type, MSGPACK_OBJECT_ARRAY);
		assert_int_equal(result.data.via.array.size, n);
		for (uint32_t i = 0; i < n; i++)
			assert_true(msgpack_object_equal(result.data.via.array.ptr[i],
							 expected[i]));
		msgpack_unpacked_destroy(&result);
	}
}

static void what_msgpack_c_packs_we_read(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t u = random_uint();
		double d = random_below(1 << 20) / 7.0;
		size_t len = random_below(70000);
		msgpack_sbuffer sbuf;
		msgpack_packer pk;
		struct mpack_reader r;
		struct mpack_map m;

		len = round % 100 ? len % 300 : len;
		msgpack_sbuffer_init(&sbuf);
		msgpack_packer_init(&pk, &sbuf, msgpack_sbuffer_write);
		msgpack_pack_map(&pk, 5);
		msgpack_pack_int(&pk, 1);
		msgpack_pack_uint64(&pk, u);
		msgpack_pack_fix_int64(&pk, 2);
		msgpack_pack_int64(&pk, (int64_t)(u >> 1));
		msgpack_pack_uint16(&pk, 3);
		msgpack_pack_double(&pk, d);
		msgpack_pack_uint64(&pk, 4);
		msgpack_pack_str(&pk, len);
		msgpack_pack_str_body(&pk, buf, len);
		msgpack_pack_int32(&pk, 5);
		msgpack_pack_bin(&pk, len);
		msgpack_pack_bin_body(&pk, buf, len);

		r = reader(sbuf.data, sbuf.size);
		mpack_map_open(&m, &r, 0x3e);
		assert_int_equal(mpack_map_next(&m), 1);
		assert_int_equal(mpack_get_uint(&r, UINT64_MAX), u);
		assert_int_equal(mpack_map_next(&m), 2);
		assert_int_equal(mpack_get_uint(&r, UINT64_MAX), u >> 1);
		assert_int_equal(mpack_map_next(&m), 3);
		assert_true(mpack_get_number(&r) == d);
		assert_int_equal(mpack_map_next(&m), 4);
		assert_int_equal(mpack_get_text(&r).len, len);
		assert_int_equal(mpack_map_next(&m), 5);
		assert_int_equal(mpack_get_bytes(&r).len, len);
		assert_int_equal(mpack_map_next(&m), 0);
		assert_false(r.bad);
		assert_ptr_equal(r.pos, r.end);
		msgpack_sbuffer_destroy(&sbuf);
	}
}

/* Any byte but those that begin an array or map of many: msgpack-c reserves memory for what they
 * say, however little follows. */
static char random_byte(void)
{
	unsigned int byte = random_below(256);

	return (char)(byte >= 0xdc && byte <= 0xdf ? byte - 0x4a : byte);
}

/* Random bytes: both find the value's end in the same place, or both find none. */
static void skip_and_msgpack_c_agree_on_random_bytes(void **state)
{
	char bytes[24];

	(void)state;
	for (int round = 0; round < 300000; round++) {
		size_t len = 1 + random_below(sizeof(bytes) - 1), at = 0;
		msgpack_unpacked result;
		msgpack_unpack_return ret;
		struct mpack_reader r;

		for (size_t i = 0; i < len; i++)
			bytes[i] = random_byte();
		if (random_below(2))
			bytes[0] = (char)(0x80 + random_below(0xdc - 0x80));
		r = reader(bytes, len);
		mpack_skip(&r);
		msgpack_unpacked_init(&result);
		ret = msgpack_unpack_next(&result, bytes, len, &at);
		assert_int_equal(r.bad, ret != MSGPACK_UNPACK_SUCCESS);
		if (ret == MSGPACK_UNPACK_SUCCESS)
			assert_int_equal(r.pos - (const uint8_t *)bytes, at);
		msgpack_unpacked_destroy(&result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_write_msgpack_c_reads),
		cmocka_unit_test(what_msgpack_c_packs_we_read),
		cmocka_unit_test(skip_and_msgpack_c_agree_on_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
