/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture reader: pcapng files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "capture_pcapfile/capture_reader.h"
#include "capture_pcapfile/pcapng_options.h"
#include "tests/lib/capfile.h"
#include "tests/lib/read_capture.h"

#define T0 UINT64_C(1700000000123456)

static struct capfile c;
static struct read_capture r;

static int setup(void **state)
{
	(void)state;
	capfile_free(&c);
	read_capture_free(&r);
	return 0;
}

static void read_all(void)
{
	read_capture_free(&r);
	read_capture(&r, c.data, c.len);
}

static void assert_packet(size_t i, uint32_t number, uint32_t interface, uint32_t dlt,
			  uint64_t time_us, uint32_t len)
{
	assert_true(i < r.n);
	assert_int_equal(r.packets[i].number, number);
	assert_int_equal(r.packets[i].interface, interface);
	assert_int_equal(r.packets[i].dlt, dlt);
	assert_true(r.packets[i].has_time);
	assert_int_equal(r.packets[i].time_us, time_us);
	assert_int_equal(r.packets[i].len, len);
}

static void assert_damaged(const char *what)
{
	read_all();
	assert_int_equal(r.status, READER_DAMAGED);
	assert_int_equal(r.e.code, ERR_DATA);
	assert_non_null(strstr(r.e.text, what));
}

static void assert_refused(const char *what)
{
	read_all();
	assert_int_equal(r.status, READER_FAILED);
	assert_int_equal(r.e.code, ERR_DATA);
	assert_non_null(strstr(r.e.text, what));
	assert_int_equal(r.n, 0);
}

/* --- interfaces and sections --- */

static void interfaces_may_differ_in_everything(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 65535);
	capfile_interface_res(&c, 1, 96, 9, 0);
	capfile_packet(&c, 1, 1, T0 * 1000 + 999, 60);
	capfile_packet(&c, 0, 2, T0, 61);
	capfile_packet(&c, 1, 3, T0 * 1000, 200);
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 3);
	assert_packet(0, 1, 1, 1, T0, 60);
	assert_packet(1, 2, 0, 127, T0, 61);
	assert_packet(2, 3, 1, 1, T0, 200);
}

static void an_interface_may_come_between_packets(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_packet(&c, 0, 1, T0, 50);
	capfile_interface(&c, 195, 0);
	capfile_packet(&c, 1, 2, T0, 51);
	read_all();
	assert_int_equal(r.n, 2);
	assert_packet(1, 2, 1, 195, T0, 51);
}

static void sections_have_byte_orders_and_interfaces_of_their_own(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		c.big = i & 1;
		capfile_section(&c);
		capfile_interface(&c, (uint16_t)(100 + i + 10), 0);
		capfile_packet(&c, 0, (uint32_t)i, T0 + (uint64_t)i, 33);
		capfile_packet(&c, 0, (uint32_t)i + 10, T0, 34);
	}
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 8);
	for (i = 0; i < 4; i++) {
		assert_packet((size_t)i * 2, (uint32_t)i, 0, 110 + (uint32_t)i, T0 + (uint64_t)i,
			      33);
		assert_packet((size_t)i * 2 + 1, (uint32_t)i + 10, 0, 110 + (uint32_t)i, T0, 34);
	}
}

static void an_interface_of_another_section_does_not_count(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_packet(&c, 0, 1, T0, 50);
	capfile_section(&c);
	capfile_packet(&c, 0, 2, T0, 50);
	assert_damaged("interface 0, which was not described");
	assert_int_equal(r.n, 1);
}

static void thousands_of_interfaces_are_kept_apart(void **state)
{
	uint32_t i;

	(void)state;
	capfile_section(&c);
	for (i = 0; i < 5000; i++)
		capfile_interface(&c, (uint16_t)(i + 300), 0);
	for (i = 0; i < 5000; i += 99)
		capfile_packet(&c, i, i % 100, T0, 20);
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 51);
	for (i = 0; i < 51; i++)
		assert_packet(i, i * 99 % 100, i * 99, 300 + i * 99, T0, 20);
}

/* --- time --- */

static void every_resolution_becomes_microseconds(void **state)
{
	static const struct {
		uint8_t resolution;
		int64_t offset_s;
		uint64_t units, time_us;
	} cases[] = {
		{ 6, 0, 1234567, 1234567 },
		{ 9, 0, 1234567999, 1234567 },
		{ 0, 0, 5, 5000000 },
		{ 3, 0, 1234, 1234000 },
		{ 5, 0, 3, 30 },
		{ 7, 0, 1239, 123 },
		{ 12, 0, 1234567000000, 1234567 },
		{ 25, 0, UINT64_C(10000000000000000000), 1 },
		{ 26, 0, UINT64_MAX - 1, 0 },
		{ 127, 0, 5, 0 },
		{ 0x80, 0, 7, 7000000 },
		{ 0x80 | 10, 0, 1024 + 512, 1500000 },
		{ 0x80 | 20, 0, 3 << 18, 750000 },
		{ 0x80 | 32, 0, UINT64_C(0x6000000080000000), UINT64_C(1610612736500000) },
		{ 0x80 | 63, 0, UINT64_C(3) << 62, 1500000 },
		{ 0x80 | 127, 0, UINT64_MAX, 0 },
		{ 6, 100, 1234567, 101234567 },
		{ 9, -100, UINT64_C(200000000000), 100000000 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(state);
		c.big = i & 1;
		capfile_section(&c);
		capfile_interface_res(&c, 127, 0, cases[i].resolution, cases[i].offset_s);
		capfile_packet(&c, 0, 1, cases[i].units, 4);
		read_all();
		assert_int_equal(r.n, 1);
		assert_int_equal(r.packets[0].time_us, cases[i].time_us);
	}
}

static void simple_packets_have_the_time_before_them(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 30);
	capfile_simple(&c, 1, 20, 20);
	capfile_packet(&c, 0, 2, T0, 10);
	capfile_simple(&c, 3, 30, 99);
	capfile_simple(&c, 4, 17, 17);
	capfile_simple(&c, 5, 40, 40);
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 5);
	assert_false(r.packets[0].has_time);
	assert_int_equal(r.packets[0].len, 20);
	assert_packet(2, 3, 0, 127, T0, 30);
	assert_int_equal(r.packets[2].orig_len, 99);
	assert_packet(3, 4, 0, 127, T0, 17);
	/* No longer than the snapshot length, whatever the block holds. */
	assert_packet(4, 5, 0, 127, T0, 30);
}

/* --- blocks --- */

static void obsolete_packet_blocks_are_read(void **state)
{
	(void)state;
	c.big = true;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_interface(&c, 105, 0);
	capfile_old_packet(&c, 1, 1, T0, 45);
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_packet(0, 1, 1, 105, T0, 45);
}

static void other_blocks_are_passed_over(void **state)
{
	static const uint32_t types[] = { 4, 5, 10, 0xbad, 0x80000001, 77 };
	size_t i;

	(void)state;
	capfile_section(&c);
	for (i = 0; i < 6; i++) {
		capfile_block(&c, types[i]);
		capfile_zeros(&c, i * 4);
		capfile_end(&c);
		if (i == 2)
			capfile_interface(&c, 127, 0);
		if (i >= 2)
			capfile_packet(&c, 0, (uint32_t)i, T0, 33);
	}
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 4);
	for (i = 2; i < 6; i++)
		assert_packet(i - 2, (uint32_t)i, 0, 127, T0, 33);
}

static void a_block_larger_than_all_memory_is_passed_over(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_block(&c, 0x1234);
	capfile_zeros(&c, 20 << 20);
	capfile_end(&c);
	capfile_packet(&c, 0, 1, T0, 33);
	read_all();
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 1);
	/* Others had their turn in between. */
	assert_true(r.busy > 10);
}

static void options_of_a_packet_are_handed_out(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_packet_begin(&c, 0, 1, T0, 5, 1500);
	capfile_option(&c, 1, "comment", 7);
	capfile_end(&c);
	read_all();
	assert_packet(0, 1, 0, 127, T0, 5);
	assert_int_equal(r.packets[0].orig_len, 1500);
	assert_int_equal(r.packets[0].options_len, 12);
}

static void custom_options_are_found_by_code_and_enterprise(void **state)
{
	static const uint8_t option_end[] = { 0, 0, 0, 0 };
	const uint8_t *data;
	size_t len;

	(void)state;
	c.big = true;
	capfile_option(&c, 1, "a comment", 9);
	capfile_custom(&c, 2989, 1, "one", 3);
	capfile_custom(&c, 2988, 55922, "two", 3);
	capfile_custom(&c, 2989, 55922, "three", 5);
	assert_true(pcapng_option_custom(c.data, c.len, true, 2989, 55922, &data, &len));
	assert_int_equal(len, 5);
	assert_memory_equal(data, "three", 5);
	assert_false(pcapng_option_custom(c.data, c.len, true, 2987, 55922, &data, &len));
	assert_false(pcapng_option_custom(c.data, c.len - 9, true, 2989, 55922, &data, &len));
	setup(state);
	capfile_bytes(&c, option_end, 4);
	capfile_custom(&c, 2989, 55922, "late", 4);
	assert_false(pcapng_option_custom(c.data, c.len, false, 2989, 55922, &data, &len));
}

/* --- what is wrong --- */

static void wrong_lengths_name_packet_and_offset(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_packet(&c, 0, 1, T0, 32);
	assert_int_equal(c.len, 112);
	capfile_packet(&c, 0, 2, T0, 32);
	c.data[c.len - 4] ^= 4;
	assert_damaged("packet 2 at offset 112: a block of 64 bytes that ends as one of 68");
	assert_int_equal(r.n, 1);
	c.data[112 + 4] = 63;
	assert_damaged("a block of 63 bytes, which cannot be");
	c.data[112 + 4] = 28;
	assert_damaged("a block of 28 bytes, which cannot be");
	c.data[112 + 7] = 2;
	assert_damaged("more than 16777216 are not read");
}

/* Both lengths agree. */
static void a_length_that_is_no_multiple_of_four_is_damage(void **state)
{
	uint32_t total = 61;

	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_packet(&c, 0, 1, T0, 28);
	c.len -= 4;
	capfile_zeros(&c, 1);
	capfile_u32(&c, total);
	c.data[48 + 4] = (uint8_t)total;
	assert_damaged("a block of 61 bytes, which cannot be");
	assert_int_equal(r.n, 0);
}

static void a_packet_longer_than_its_block_is_damage(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_packet(&c, 0, 1, T0, 32);
	c.data[48 + 20] = 33;
	assert_damaged("packet 1 at offset 48: it claims to have 33 bytes in a block of 64");
	c.data[48 + 20] = 32;
	c.data[48 + 8] = 1;
	assert_damaged("interface 1, which was not described");
}

static void a_wrong_second_length_of_a_skipped_block_is_damage(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	capfile_block(&c, 99);
	capfile_zeros(&c, 8);
	capfile_end(&c);
	c.data[c.len - 1] = 1;
	assert_damaged("a block of 20 bytes that ends as one of 16777236");
}

static void a_file_without_interface_is_refused(void **state)
{
	(void)state;
	capfile_section(&c);
	assert_refused("it describes no interface and holds no packet");
	capfile_packet(&c, 0, 1, T0, 32);
	assert_refused("interface 0, which was not described");
	setup(state);
	capfile_section(&c);
	capfile_simple(&c, 1, 32, 32);
	assert_refused("an interface that was not described");
}

static void a_bad_section_is_refused(void **state)
{
	(void)state;
	capfile_section(&c);
	capfile_interface(&c, 127, 0);
	c.data[8] = 0;
	assert_refused("a section without byte order");
	c.data[8] = 0x4d;
	c.data[12] = 2;
	assert_refused("pcapng version 2.0 is not known");
	c.data[12] = 1;
	c.data[4] = 24;
	assert_refused("a block of 24 bytes, which cannot be");
}

/* --- pieces --- */

static const uint32_t none = UINT32_MAX;

/* A bit of everything; ends[i] is where packet i is complete. */
static size_t mixture(size_t *ends, size_t max, size_t *blocks, size_t *n_blocks)
{
	size_t n = 0, b = 0;
	uint32_t i;

	for (i = 0; i < max; i++) {
		if (i % 5 == 0) {
			c.big = i % 2;
			capfile_section(&c);
			blocks[b++] = c.len;
			capfile_interface(&c, 127, 0);
			blocks[b++] = c.len;
			capfile_interface_res(&c, 1, 0, 9, 0);
			blocks[b++] = c.len;
		}
		switch (i % 4) {
		case 0:
			capfile_packet(&c, 1, i, T0, i + 7);
			break;
		case 1:
			capfile_simple(&c, i, i + 1, i + 1);
			break;
		case 2:
			capfile_packet_begin(&c, 0, i, T0, i + 5, 99);
			capfile_custom(&c, 2989, 55922, "0123456789", 10);
			capfile_end(&c);
			break;
		case 3:
			capfile_block(&c, none);
			capfile_zeros(&c, 24);
			capfile_end(&c);
			blocks[b++] = c.len;
			capfile_old_packet(&c, 0, i, T0, i);
			break;
		}
		blocks[b++] = c.len;
		ends[n++] = c.len;
	}
	*n_blocks = b;
	return n;
}

static void pieces_of_any_size_give_the_same_packets(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 7, 11, 16, 17, 64, 100, 255, 256, 257, 4096 };
	size_t ends[64], blocks[256], n_blocks, i;
	struct read_capture again;
	struct pieces p;

	(void)state;
	mixture(ends, 64, blocks, &n_blocks);
	read_all();
	assert_int_equal(r.n, 64);
	assert_int_equal(r.status, READER_END);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pieces_init(&p, c.data, c.len, sizes[i], true);
		read_capture_pieces(&again, &p);
		assert_true(read_capture_same(&r, &again));
		read_capture_free(&again);
	}
}

static bool among(size_t n, const size_t *list, size_t len)
{
	while (len > 0)
		if (list[--len] == n)
			return true;
	return false;
}

static void a_cut_anywhere_delivers_the_whole_packets_before_it(void **state)
{
	size_t ends[16], blocks[64], n_blocks, cut, whole;
	size_t n = mixture(ends, 16, blocks, &n_blocks);

	(void)state;
	for (cut = blocks[1]; cut <= c.len; cut++) {
		uint8_t *copy = malloc(cut);

		memcpy(copy, c.data, cut);
		read_capture_free(&r);
		read_capture(&r, copy, cut);
		free(copy);
		for (whole = 0; whole < n && ends[whole] <= cut; whole++)
			;
		assert_int_equal(r.n, whole);
		assert_int_equal(r.status, among(cut, blocks, n_blocks) ? READER_END :
				 READER_TRUNCATED);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interfaces_may_differ_in_everything),
		TEST(an_interface_may_come_between_packets),
		TEST(sections_have_byte_orders_and_interfaces_of_their_own),
		TEST(an_interface_of_another_section_does_not_count),
		TEST(thousands_of_interfaces_are_kept_apart),
		TEST(every_resolution_becomes_microseconds),
		TEST(simple_packets_have_the_time_before_them),
		TEST(obsolete_packet_blocks_are_read),
		TEST(other_blocks_are_passed_over),
		TEST(a_block_larger_than_all_memory_is_passed_over),
		TEST(options_of_a_packet_are_handed_out),
		TEST(custom_options_are_found_by_code_and_enterprise),
		TEST(wrong_lengths_name_packet_and_offset),
		TEST(a_length_that_is_no_multiple_of_four_is_damage),
		TEST(a_packet_longer_than_its_block_is_damage),
		TEST(a_wrong_second_length_of_a_skipped_block_is_damage),
		TEST(a_file_without_interface_is_refused),
		TEST(a_bad_section_is_refused),
		TEST(pieces_of_any_size_give_the_same_packets),
		TEST(a_cut_anywhere_delivers_the_whole_packets_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
