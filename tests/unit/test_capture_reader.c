/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture reader: pcap files, and what is the same for all formats. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "capture_pcapfile/capture_reader.h"
#include "capture_pcapfile/format.h"
#include "tests/lib/capfile.h"
#include "tests/lib/read_capture.h"

#define MICRO 0xa1b2c3d4u
#define NANO 0xa1b23c4du
#define KUZNETZOV 0xa1b2cd34u
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

static void three_packets(bool big, uint32_t magic)
{
	c.big = big;
	capfile_pcap(&c, magic, 65535, 127);
	capfile_record(&c, 1, T0, 40, 40);
	capfile_record(&c, 2, T0 + 1000, 300, 1500);
	capfile_record(&c, 3, T0 + 999999, 0, 0);
}

static void assert_packet(size_t i, uint32_t number, uint64_t time_us, uint32_t len,
			  uint32_t orig_len)
{
	assert_true(i < r.n);
	assert_int_equal(r.packets[i].number, number);
	assert_true(r.packets[i].has_time);
	assert_int_equal(r.packets[i].time_us, time_us);
	assert_int_equal(r.packets[i].len, len);
	assert_int_equal(r.packets[i].orig_len, orig_len);
}

static void assert_three_packets(void)
{
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 3);
	assert_packet(0, 1, T0, 40, 40);
	assert_packet(1, 2, T0 + 1000, 300, 1500);
	assert_packet(2, 0, T0 + 999999, 0, 0);
	assert_int_equal(r.packets[0].dlt, 127);
	assert_int_equal(r.packets[2].dlt, 127);
}

/* --- pcap --- */

static void both_byte_orders_and_resolutions_give_the_same_packets(void **state)
{
	static const uint32_t magics[] = { MICRO, NANO };
	size_t i;

	for (i = 0; i < 4; i++) {
		setup(state);
		three_packets(i & 1, magics[i / 2]);
		assert_three_packets();
	}
}

static void longer_record_headers_of_a_patched_libpcap_are_read(void **state)
{
	(void)state;
	capfile_pcap(&c, KUZNETZOV, 65535, 105);
	capfile_u32(&c, 100);
	capfile_u32(&c, 7);
	capfile_u32(&c, 4);
	capfile_u32(&c, 9);
	capfile_u32(&c, 0xdeadbeef);
	capfile_u32(&c, 0xdeadbeef);
	capfile_bytes(&c, "\x1f\x26\x2d\x34", 4);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_END);
	assert_int_equal(r.n, 1);
	assert_packet(0, 1, 100000007, 4, 9);
	assert_int_equal(r.packets[0].dlt, 105);
}

static void microseconds_beyond_a_second_are_added(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, 65535, 127);
	capfile_u32(&c, 10);
	capfile_u32(&c, 2500000);
	capfile_u32(&c, 0);
	capfile_u32(&c, 0);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.packets[0].time_us, 12500000);
}

static void the_fcs_part_of_the_link_type_is_cut_off(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, 65535, 0x24000000u | 105);
	capfile_record(&c, 1, T0, 10, 10);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.packets[0].dlt, 105);
}

static void link_types_of_old_become_dlt_numbers(void **state)
{
	static const uint32_t pairs[][2] = { { 101, 12 }, { 100, 11 }, { 1, 1 }, { 283, 283 } };
	size_t i;

	for (i = 0; i < 4; i++) {
		setup(state);
		capfile_pcap(&c, MICRO, 65535, pairs[i][0]);
		capfile_record(&c, 1, T0, 10, 10);
		read_capture(&r, c.data, c.len);
		assert_int_equal(r.packets[0].dlt, pairs[i][1]);
	}
}

static void packets_longer_than_the_file_says_are_accepted(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, 96, 127);
	capfile_record(&c, 1, T0, 200000, 200000);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_END);
	assert_packet(0, 1, T0, 200000, 200000);
}

static void the_original_length_is_never_less_than_the_captured_one(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, 65535, 127);
	capfile_record(&c, 1, T0, 20, 10);
	read_capture(&r, c.data, c.len);
	assert_packet(0, 1, T0, 20, 20);
}

static void lengths_of_version_2_2_are_the_other_way_round(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, 65535, 127);
	c.data[6] = 2;
	capfile_u32(&c, 1);
	capfile_u32(&c, 0);
	capfile_u32(&c, 60);
	capfile_u32(&c, 3);
	capfile_bytes(&c, "\x1f\x26\x2d", 3);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_END);
	assert_packet(0, 1, 1000000, 3, 60);
}

static void a_nonsense_length_names_packet_and_offset(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, 65535, 127);
	capfile_record(&c, 1, T0, 40, 40);
	capfile_u32(&c, 1);
	capfile_u32(&c, 0);
	capfile_u32(&c, 0x7fffffff);
	capfile_u32(&c, 0x7fffffff);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_DAMAGED);
	assert_int_equal(r.e.code, ERR_DATA);
	assert_non_null(strstr(r.e.text, "packet 2 at offset 80: "));
	assert_int_equal(r.n, 1);
}

static void large_snapshot_lengths_are_bounded(void **state)
{
	(void)state;
	capfile_pcap(&c, MICRO, UINT32_MAX, 189);
	capfile_u32(&c, 1);
	capfile_u32(&c, 0);
	capfile_u32(&c, READER_MAX_RECORD + 1);
	capfile_u32(&c, READER_MAX_RECORD + 1);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_DAMAGED);
	assert_int_equal(r.n, 0);
}

static void unknown_versions_are_refused(void **state)
{
	(void)state;
	three_packets(false, MICRO);
	c.data[4] = 3;
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.status, READER_FAILED);
	assert_string_equal(r.e.text, "pcap version 3.4 is not known");
}

/* --- any format --- */

static void what_is_no_capture_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ "", 0, "it is no capture file: it is empty" },
		{ "\xd4\xc3", 2, "it is no capture file: it has fewer than four bytes" },
		{ "hello, world", 12, "it is no pcap or pcapng file (it starts with 68 65 6c 6c)" },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0", 8,
		  "packet 1 at offset 0: the file ends in the middle of it" },
	};
	size_t i;

	for (i = 0; i < 4; i++) {
		setup(state);
		read_capture(&r, cases[i].bytes, cases[i].len);
		assert_int_equal(r.status, READER_FAILED);
		assert_int_equal(r.e.code, ERR_DATA);
		assert_string_equal(r.e.text, cases[i].text);
	}
}

static void an_error_of_the_system_is_not_called_damage(void **state)
{
	struct pieces p;

	(void)state;
	three_packets(false, MICRO);
	pieces_init(&p, c.data, c.len, 0, false);
	p.piece = 100;
	p.fail_at = 100;
	read_capture_pieces(&r, &p);
	assert_int_equal(r.status, READER_FAILED);
	assert_int_equal(r.n, 1);
	assert_int_not_equal(r.e.code, ERR_DATA);
}

static void pieces_of_any_size_give_the_same_packets(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 7, 11, 16, 17, 64, 100, 255, 256, 257, 4096 };
	struct read_capture again;
	struct pieces p;
	uint32_t i;

	(void)state;
	capfile_pcap(&c, MICRO, 65535, 127);
	for (i = 0; i < 99; i++)
		capfile_record(&c, i, T0 + i * 1000, i * 17, i * 17 + 4);
	read_capture(&r, c.data, c.len);
	assert_int_equal(r.n, 99);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pieces_init(&p, c.data, c.len, sizes[i], true);
		read_capture_pieces(&again, &p);
		assert_true(read_capture_same(&r, &again));
		assert_true(again.not_yet >= c.len / sizes[i]);
		read_capture_free(&again);
	}
}

static void a_cut_anywhere_delivers_the_whole_packets_before_it(void **state)
{
	static const size_t ends[] = { 24, 80, 396, 412 };
	size_t cut, whole;

	three_packets(false, MICRO);
	assert_int_equal(c.len, 412);
	for (cut = 24; cut <= c.len; cut++) {
		uint8_t *copy = malloc(cut);

		memcpy(copy, c.data, cut);
		read_capture_free(&r);
		read_capture(&r, copy, cut);
		free(copy);
		for (whole = 3; cut < ends[whole]; whole--)
			;
		assert_int_equal(r.n, whole);
		assert_int_equal(r.status, cut == ends[whole] ? READER_END : READER_TRUNCATED);
	}
	(void)state;
}

static void a_large_packet_takes_memory_only_for_a_while(void **state)
{
	struct reader_packet out = { 0 };
	struct capture_reader *reader;
	struct pieces p;
	struct err e;
	uint32_t i;

	(void)state;
	capfile_pcap(&c, MICRO, 10000000, 127);
	capfile_record(&c, 1, T0, 100, 100);
	capfile_record(&c, 2, T0, 9000000, 9000000);
	for (i = 3; i < 90; i++)
		capfile_record(&c, i, T0, 60000, 60000);
	pieces_init(&p, c.data, c.len, 0, false);
	reader = capture_reader_new(&p.stream, &e);
	for (i = 1; i < 90; i++) {
		uint8_t want[4];

		assert_int_equal(capture_reader_next(reader, &out, &e), READER_OK);
		capfile_fill(want, sizeof(want), i);
		assert_memory_equal(out.packet.data, want, sizeof(want));
		if (i == 1)
			assert_int_equal(reader->window.cap, WINDOW_BYTES);
		if (i == 2)
			assert_true(reader->window.cap >= 9000000);
	}
	assert_int_equal(capture_reader_next(reader, &out, &e), READER_END);
	assert_int_equal(reader->window.cap, WINDOW_BYTES);
	capture_reader_free(reader);
}

static void it_can_start_over(void **state)
{
	struct reader_packet out = { 0 };
	struct capture_reader *reader;
	struct pieces p;
	struct err e;
	int pass;

	(void)state;
	three_packets(false, MICRO);
	pieces_init(&p, c.data, c.len, 0, false);
	reader = capture_reader_new(&p.stream, &e);
	for (pass = 0; pass < 3; pass++) {
		while (capture_reader_next(reader, &out, &e) == READER_OK)
			;
		assert_int_equal(capture_reader_packets(reader), 3);
		p.pos = 0;
		capture_reader_restart(reader);
	}
	capture_reader_free(reader);
}

static void the_link_type_is_known_after_the_start(void **state)
{
	struct capture_reader *reader;
	struct pieces p;
	struct err e;

	(void)state;
	three_packets(true, NANO);
	pieces_init(&p, c.data, c.len, 3, true);
	reader = capture_reader_new(&p.stream, &e);
	while (capture_reader_start(reader, &e) == READER_NOT_YET)
		;
	assert_int_equal(capture_reader_start(reader, &e), READER_OK);
	assert_string_equal(capture_reader_format(reader), "pcap");
	assert_int_equal(capture_reader_dlt(reader), 127);
	capture_reader_free(reader);
}

#define TEST(name) cmocka_unit_test_teardown(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_byte_orders_and_resolutions_give_the_same_packets),
		TEST(longer_record_headers_of_a_patched_libpcap_are_read),
		TEST(microseconds_beyond_a_second_are_added),
		TEST(the_fcs_part_of_the_link_type_is_cut_off),
		TEST(link_types_of_old_become_dlt_numbers),
		TEST(packets_longer_than_the_file_says_are_accepted),
		TEST(the_original_length_is_never_less_than_the_captured_one),
		TEST(lengths_of_version_2_2_are_the_other_way_round),
		TEST(a_nonsense_length_names_packet_and_offset),
		TEST(large_snapshot_lengths_are_bounded),
		TEST(unknown_versions_are_refused),
		TEST(what_is_no_capture_is_refused),
		TEST(an_error_of_the_system_is_not_called_damage),
		TEST(pieces_of_any_size_give_the_same_packets),
		TEST(a_cut_anywhere_delivers_the_whole_packets_before_it),
		TEST(a_large_packet_takes_memory_only_for_a_while),
		TEST(it_can_start_over),
		TEST(the_link_type_is_known_after_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
