/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures inside compressed streams. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "capture_pcapfile/capture_reader.h"
#include "capture_pcapfile/window.h"
#include "tests/lib/capfile.h"
#include "tests/lib/read_capture.h"

#define T0 UINT64_C(1700000000123456)
#define PACKETS 400

static struct capfile plain, packed;
static struct read_capture want, r;

static int setup(void **state)
{
	uint32_t i;

	(void)state;
	capfile_pcap(&plain, 0xa1b2c3d4, 65535, 127);
	for (i = 0; i < PACKETS; i++)
		capfile_record(&plain, i % 100, T0 + i, i * 3, i * 3);
	read_capture(&want, plain.data, plain.len);
	assert_int_equal(want.n, PACKETS);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capfile_free(&plain);
	capfile_free(&packed);
	read_capture_free(&want);
	read_capture_free(&r);
	return 0;
}

static void read_packed(size_t len)
{
	read_capture_free(&r);
	read_capture(&r, packed.data, len);
}

#if defined(HAVE_ZLIB) || defined(HAVE_ZSTD)

static void assert_same_in_pieces(void)
{
	static const size_t sizes[] = { 0, 1, 3, 100, 255, 256, 257, 16384 };
	struct pieces p;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pieces_init(&p, packed.data, packed.len, sizes[i], true);
		read_capture_free(&r);
		read_capture_pieces(&r, &p);
		assert_true(read_capture_same(&want, &r));
	}
}

/* Whatever is missing, packets that are delivered are right, and it is told. */
static void assert_cuts_are_told(void)
{
	size_t cut, i;

	for (cut = 6; cut < packed.len; cut += 1 + packed.len / 300) {
		read_packed(cut);
		assert_true(r.status == READER_TRUNCATED || r.status == READER_FAILED);
		for (i = 0; i < r.n; i++)
			assert_int_equal(r.packets[i].time_us, want.packets[i].time_us);
	}
}

static void assert_damage_is_told(const char *kind)
{
	memset(packed.data + packed.len / 2, 0x55, 40);
	read_packed(packed.len);
	assert_int_equal(r.status, READER_DAMAGED);
	assert_non_null(strstr(r.e.text, kind));
	assert_non_null(strstr(r.e.text, "packet "));
	assert_true(r.n < PACKETS);
}

#endif

#ifdef HAVE_ZLIB

static void gzip(const void *data, size_t len)
{
	size_t bound = len + 1024;
	uint8_t *out = malloc(bound);
	z_stream z;

	memset(&z, 0, sizeof(z));
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)bound;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	capfile_bytes(&packed, out, bound - z.avail_out);
	deflateEnd(&z);
	free(out);
}

static void gzip_gives_the_same_packets(void **state)
{
	(void)state;
	gzip(plain.data, plain.len);
	assert_same_in_pieces();
}

static void gzip_members_follow_each_other(void **state)
{
	(void)state;
	gzip(plain.data, 3);
	gzip(plain.data, 0);
	gzip(plain.data + 3, 5000);
	gzip(plain.data + 5003, plain.len - 5003);
	assert_same_in_pieces();
}

static void padding_behind_gzip_is_ignored(void **state)
{
	(void)state;
	gzip(plain.data, plain.len);
	capfile_zeros(&packed, 700);
	assert_same_in_pieces();
}

static void cut_gzip_is_told(void **state)
{
	(void)state;
	gzip(plain.data, plain.len);
	assert_cuts_are_told();
}

/* The last packet is complete, but the stream is not. */
static void gzip_without_its_end_is_told(void **state)
{
	(void)state;
	gzip(plain.data, plain.len);
	read_packed(packed.len - 4);
	assert_int_equal(r.n, PACKETS);
	assert_int_equal(r.status, READER_TRUNCATED);
}

static void damaged_gzip_is_told(void **state)
{
	(void)state;
	gzip(plain.data, plain.len);
	packed.data[packed.len - 6] ^= 1;
	read_packed(packed.len);
	assert_int_equal(r.n, PACKETS);
	assert_int_equal(r.status, READER_DAMAGED);
	assert_non_null(strstr(r.e.text, "gzip: incorrect data check"));
	packed.data[packed.len - 6] ^= 1;
	assert_damage_is_told("");
}

static void gzip_of_nothing_is_refused(void **state)
{
	(void)state;
	gzip("", 0);
	read_packed(packed.len);
	assert_int_equal(r.status, READER_FAILED);
	assert_string_equal(r.e.text, "it is no capture file: it is empty");
}

#else

static void gzip_is_named_when_it_is_not_built_in(void **state)
{
	(void)state;
	capfile_bytes(&packed, "\x1f\x8b\x08\0\0\0\0\0", 8);
	read_packed(8);
	assert_int_equal(r.status, READER_FAILED);
	assert_int_equal(r.e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(r.e.text, "gzip -dc"));
}

#endif

#ifdef HAVE_ZSTD

static void zstd(const void *data, size_t len)
{
	size_t bound = ZSTD_compressBound(len), n;
	void *out = malloc(bound);

	n = ZSTD_compress(out, bound, data, len, 3);
	assert_false(ZSTD_isError(n));
	capfile_bytes(&packed, out, n);
	free(out);
}

static void zstd_gives_the_same_packets(void **state)
{
	(void)state;
	zstd(plain.data, plain.len);
	assert_same_in_pieces();
}

static void zstd_frames_follow_each_other(void **state)
{
	(void)state;
	zstd(plain.data, 3);
	zstd(plain.data, 0);
	zstd(plain.data + 3, 140000);
	capfile_bytes(&packed, "\x50\x2a\x4d\x18\4\0\0\0skip", 12);
	zstd(plain.data + 140003, plain.len - 140003);
	assert_same_in_pieces();
}

static void zstd_that_ends_with_the_buffer_is_whole(void **state)
{
	(void)state;
	capfile_free(&plain);
	capfile_pcap(&plain, 0xa1b2c3d4, 65535, 127);
	capfile_record(&plain, 1, T0, WINDOW_BYTES / 2, WINDOW_BYTES / 2);
	capfile_record(&plain, 2, T0, WINDOW_BYTES / 2 - 56, WINDOW_BYTES / 2 - 56);
	assert_int_equal(plain.len, WINDOW_BYTES);
	read_capture_free(&want);
	read_capture(&want, plain.data, plain.len);
	zstd(plain.data, plain.len);
	assert_same_in_pieces();
}

static void cut_zstd_is_told(void **state)
{
	(void)state;
	zstd(plain.data, plain.len);
	assert_cuts_are_told();
}

static void damaged_zstd_is_told(void **state)
{
	(void)state;
	zstd(plain.data, 20000);
	zstd(plain.data + 20000, plain.len - 20000);
	assert_damage_is_told("zstd: ");
}

static void a_huge_zstd_window_is_refused(void **state)
{
	/* A frame header that asks for a window of 128 MiB. */
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 1, 0, 0 };

	(void)state;
	capfile_bytes(&packed, frame, sizeof(frame));
	read_packed(packed.len);
	assert_int_equal(r.status, READER_FAILED);
	assert_int_equal(r.e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(r.e.text, "more than 8 MiB"));
}

#else

static void zstd_is_named_when_it_is_not_built_in(void **state)
{
	(void)state;
	capfile_bytes(&packed, "\x28\xb5\x2f\xfd\0\0\0\0", 8);
	read_packed(8);
	assert_int_equal(r.status, READER_FAILED);
	assert_int_equal(r.e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(r.e.text, "zstd -dc"));
}

#endif

static void other_compressions_are_named(void **state)
{
	static const struct {
		const char *bytes, *hint;
	} cases[] = {
		{ "\xfd" "7zXZ\0\0\0", "\"xz -dc\"" },
		{ "BZh91AY&", "\"bzip2 -dc\"" },
		{ "\x04\x22\x4d\x18\x64\x40\xa7\x00", "\"lz4 -dc\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		read_capture_free(&r);
		read_capture(&r, cases[i].bytes, 8);
		assert_int_equal(r.status, READER_FAILED);
		assert_int_equal(r.e.code, ERR_UNSUPPORTED);
		assert_non_null(strstr(r.e.text, cases[i].hint));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_ZLIB
		TEST(gzip_gives_the_same_packets),
		TEST(gzip_members_follow_each_other),
		TEST(padding_behind_gzip_is_ignored),
		TEST(cut_gzip_is_told),
		TEST(gzip_without_its_end_is_told),
		TEST(damaged_gzip_is_told),
		TEST(gzip_of_nothing_is_refused),
#else
		TEST(gzip_is_named_when_it_is_not_built_in),
#endif
#ifdef HAVE_ZSTD
		TEST(zstd_gives_the_same_packets),
		TEST(zstd_frames_follow_each_other),
		TEST(zstd_that_ends_with_the_buffer_is_whole),
		TEST(cut_zstd_is_told),
		TEST(damaged_zstd_is_told),
		TEST(a_huge_zstd_window_is_refused),
#else
		TEST(zstd_is_named_when_it_is_not_built_in),
#endif
		TEST(other_compressions_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
