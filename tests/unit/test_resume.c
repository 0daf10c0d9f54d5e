/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what an earlier run left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "capture_receiver/resume.h"
#include "tests/lib/capfile.h"

#define UUID_A "4E1D07C3-0000-0000-0000-00000000000A"
#define UUID_B "4E1D07C3-0000-0000-0000-00000000000B"

static struct capfile c;
static struct resume *r;
static struct err e;
static uint64_t good_len;
static int fail_reads_after;		/* reads that work; negative: all */

static int setup(void **state)
{
	(void)state;
	memset(&c, 0, sizeof(c));
	memset(&e, 0, sizeof(e));
	good_len = 12345678;
	fail_reads_after = -1;
	r = resume_new();
	return r ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	capfile_free(&c);
	resume_free(r);
	return 0;
}

static ssize_t read_at(void *user, uint64_t offset, void *buf, size_t len)
{
	(void)user;
	if (fail_reads_after == 0)
		return -EIO;
	if (fail_reads_after > 0)
		fail_reads_after--;
	if (offset >= c.len)
		return 0;
	if (len > c.len - offset)
		len = c.len - (size_t)offset;
	memcpy(buf, c.data + offset, len);
	return (ssize_t)len;
}

static int scan(void)
{
	struct resume_input in = { .read_at = read_at, .size = c.len };

	return resume_pcapng(r, &in, &good_len, &e);
}

static int scan_json(const char *text)
{
	struct resume_input in = { .read_at = read_at };

	c.len = 0;
	capfile_bytes(&c, text, strlen(text));
	in.size = c.len;
	return resume_json(r, &in, &good_len, &e);
}

static void interface(const char *comment)
{
	capfile_block(&c, 1);
	capfile_u16(&c, 105);
	capfile_u16(&c, 0);
	capfile_u32(&c, 0);
	if (comment)
		capfile_option(&c, 1, comment, (uint16_t)strlen(comment));
	capfile_option(&c, 2, "name", 4);
	capfile_option(&c, 0, NULL, 0);
	capfile_end(&c);
}

/* A packet with a comment in front of its number. */
static void packet(uint32_t interface, uint64_t id)
{
	uint8_t bytes[8];

	capfile_packet_begin(&c, interface, 1, 1, 33, 33);
	capfile_option(&c, 1, "gps x", 5);
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(id >> (c.big ? 56 - 8 * i : 8 * i));
	capfile_option(&c, 5, bytes, 8);
	capfile_option(&c, 0, NULL, 0);
	capfile_end(&c);
}

#define COMMENT(uuid, instance) "uuid=" uuid " type=pcapfile instance=" instance

static void assert_last(const char *uuid, uint64_t instance, uint32_t last)
{
	struct source_have have = resume_find(r, uuid, instance);

	assert_true(have.known);
	assert_int_equal(have.last, last);
}

/* --- the table --- */

static void last_number_of_each_instance_is_kept(void **state)
{
	(void)state;
	resume_note(r, UUID_A, 1, 10);
	resume_note(r, UUID_A, 1, 9);
	resume_note(r, UUID_A, 2, 3);
	resume_note(r, UUID_B, 1, 7);
	assert_last(UUID_A, 1, 10);
	assert_last(UUID_A, 2, 3);
	assert_last(UUID_B, 1, 7);
	assert_false(resume_find(r, UUID_B, 2).known);
	assert_false(resume_find(r, UUID_A, 0).known);
	assert_false(resume_find(NULL, UUID_A, 1).known);
}

static void many_instances_are_all_found(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 50000; i++)
		assert_int_equal(resume_note(r, i % 2 ? UUID_A : UUID_B, i, i), 0);
	for (uint32_t i = 1; i <= 50000; i++)
		assert_last(i % 2 ? UUID_A : UUID_B, i, i);
	assert_int_equal(resume_count(r), 50000);
}

/* --- pcapng --- */

static void good_file(void)
{
	capfile_section(&c);
	interface(COMMENT(UUID_A, "00000000000000ff"));
	packet(0, 4);
	packet(0, 5);
	interface(COMMENT(UUID_B, "0000000000000001 gps lat=1"));
	packet(1, 100);
	packet(0, 6);
	capfile_section(&c);
	interface(COMMENT(UUID_A, "0000000000000100"));
	packet(0, 1);
}

static void numbers_are_read_in_both_byte_orders(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		resume_free(r);
		r = resume_new();
		c.len = 0;
		c.big = big;
		good_file();
		assert_int_equal(scan(), 0);
		assert_int_equal(good_len, c.len);
		assert_last(UUID_A, 0xff, 6);
		assert_last(UUID_B, 1, 100);
		assert_last(UUID_A, 0x100, 1);
	}
}

static void sections_may_differ_in_byte_order(void **state)
{
	(void)state;
	good_file();
	c.big = true;
	capfile_section(&c);
	interface(COMMENT(UUID_B, "00000000000000ee"));
	packet(0, 77);
	assert_int_equal(scan(), 0);
	assert_int_equal(good_len, c.len);
	assert_last(UUID_A, 0x100, 1);
	assert_last(UUID_B, 0xee, 77);
}

static void torn_end_is_found_at_every_byte(void **state)
{
	size_t whole;

	(void)state;
	good_file();
	whole = c.len;
	for (c.len = 1; c.len < whole; c.len++) {
		uint64_t before = good_len;

		assert_int_equal(scan(), 0);
		assert_true(good_len <= c.len);
		assert_true(c.len == 1 || good_len >= before);
		assert_int_equal(good_len % 4, 0);
	}
}

static void zeros_at_the_end_are_torn_too(void **state)
{
	size_t whole;

	(void)state;
	good_file();
	whole = c.len;
	capfile_zeros(&c, 5000);
	assert_int_equal(scan(), 0);
	assert_int_equal(good_len, whole);
	/* A block whose second half never reached the disk. */
	c.len = whole;
	packet(0, 2);
	memset(c.data + whole + 20, 0, c.len - whole - 20);
	capfile_zeros(&c, 100);
	assert_int_equal(scan(), 0);
	assert_int_equal(good_len, whole);
}

static void damage_in_the_middle_is_no_torn_end(void **state)
{
	size_t at;

	(void)state;
	capfile_section(&c);
	interface(COMMENT(UUID_A, "00000000000000ff"));
	at = c.len;
	packet(0, 4);
	packet(0, 5);
	c.data[at + 4] ^= 1;		/* a length that is no multiple of four */
	assert_int_equal(scan(), -1);
	assert_non_null(strstr(e.text, "damaged at byte"));
	c.data[at + 4] ^= 1;
	c.data[at + 5] ^= 1;		/* one that leads elsewhere */
	capfile_zeros(&c, 3000);
	packet(0, 6);
	assert_int_equal(scan(), -1);
	c.data[at + 5] ^= 1;
	c.data[at + 7] ^= 0xff;		/* one that is far too long */
	assert_int_equal(scan(), -1);
}

static void long_rest_is_no_torn_end(void **state)
{
	size_t at;

	(void)state;
	capfile_section(&c);
	at = c.len;
	packet(0, 1);
	c.data[at + 6] = 0x7f;		/* 8 MB: more than there is */
	while (c.len < at + (2 << 20))
		packet(0, 2);
	assert_int_equal(scan(), -1);
}

static void other_files_are_refused(void **state)
{
	static const char *const others[] = {
		"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"hello world, this is my thesis", "x", "\n\r\r\nx",
		"\n\r\r\n\x1c\x00\x00\x00\x11\x22\x33\x44",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		c.len = 0;
		capfile_bytes(&c, others[i], i ? strlen(others[i]) : 16);
		if (i == 4)
			capfile_zeros(&c, 16);
		if (i == 3) {
			/* The first bytes of a section header, cut off. */
			assert_int_equal(scan(), 0);
			assert_int_equal(good_len, 0);
			continue;
		}
		assert_int_equal(scan(), -1);
		assert_non_null(strstr(e.text, "not a pcapng"));
	}
	c.len = 0;
	capfile_zeros(&c, 1000);
	assert_int_equal(scan(), -1);
}

static void captures_of_others_have_no_numbers(void **state)
{
	(void)state;
	capfile_section(&c);
	interface(NULL);
	interface("uuid=nonsense instance=12");
	interface("my comment");
	interface(COMMENT(UUID_A, "0000000000000000"));
	for (uint32_t i = 0; i < 6; i++)
		packet(i, 4);		/* two of them of interfaces that are not there */
	capfile_simple(&c, 1, 20, 20);
	capfile_block(&c, 0xbad);
	capfile_end(&c);
	assert_int_equal(scan(), 0);
	assert_int_equal(good_len, c.len);
	assert_int_equal(resume_count(r), 0);
}

static void packet_that_claims_more_than_its_block_is_harmless(void **state)
{
	size_t at;

	(void)state;
	capfile_section(&c);
	interface(COMMENT(UUID_A, "0000000000000001"));
	at = c.len;
	packet(0, 4);
	memset(c.data + at + 20, 0xff, 4);
	capfile_block(&c, 6);
	capfile_u32(&c, 0);
	capfile_end(&c);
	capfile_block(&c, 1);
	capfile_end(&c);
	assert_int_equal(scan(), 0);
	assert_false(resume_find(r, UUID_A, 1).known);
}

static void read_errors_are_told(void **state)
{
	(void)state;
	good_file();
	fail_reads_after = 0;
	assert_int_equal(scan(), -1);
	assert_int_equal(e.sys, EIO);
	/* Somewhere behind the first window. */
	while (c.len < 700000)
		packet(0, 9);
	fail_reads_after = 1;
	assert_int_equal(scan(), -1);
	assert_int_equal(e.sys, EIO);
	fail_reads_after = -1;
	assert_int_equal(scan(), 0);
}

/* --- JSON lines --- */

#define LINE(uuid, instance, record) \
	"{\"time\":1.5,\"source\":{\"uuid\":\"" uuid "\",\"name\":\"x\",\"type\":\"rtl433\"}," \
	"\"instance\":\"" instance "\",\"record\":" record ",\"kind\":\"x\",\"json\":{}}\n"

static void json_lines_give_their_numbers(void **state)
{
	(void)state;
	assert_int_equal(scan_json(LINE(UUID_A, "00000000000000ff", "5")
				   LINE(UUID_B, "0000000000000001", "4294967295")
				   LINE(UUID_A, "00000000000000ff", "7")
				   "{\"time\":1,\"kind\":\"no number\"}\n"), 0);
	assert_int_equal(good_len, c.len);
	assert_last(UUID_A, 0xff, 7);
	assert_last(UUID_B, 1, UINT32_MAX);
}

static void torn_json_line_is_cut_off(void **state)
{
	const char *one = LINE(UUID_A, "00000000000000ff", "5");

	(void)state;
	assert_int_equal(scan_json(LINE(UUID_A, "00000000000000ff", "5") "{\"time\":1.5,\"so"), 0);
	assert_int_equal(good_len, strlen(one));
	assert_int_equal(scan_json("{\"ti"), 0);
	assert_int_equal(good_len, 0);
}

static void other_texts_are_refused(void **state)
{
	(void)state;
	assert_int_equal(scan_json("hello\n"), -1);
	assert_int_equal(scan_json("[1,2,3]\n"), -1);
	assert_int_equal(scan_json("hello"), -1);
	assert_int_equal(scan_json("{\"name\":\"somebody's\"}"), -1);
	assert_int_equal(scan_json("{\"a\":1}\nnotes: \"instance\" is not here\n{\"b\":2}"), -1);
}

static void odd_json_lines_are_harmless(void **state)
{
	(void)state;
	assert_int_equal(scan_json("{\"source\":null,\"instance\":null,\"record\":null}\n"
				   "{\"source\":{\"uuid\":3},\"instance\":{},\"record\":[]}\n"
				   "{\"source\":[],\"instance\":\"x\",\"record\":\"y\"}\n"
				   "\"instance\"\n\n{{{{ \"instance\"\n"
				   LINE("nonsense", "1", "1") LINE(UUID_A, "0", "1")), 0);
	assert_int_equal(good_len, c.len);
	assert_int_equal(resume_count(r), 0);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(last_number_of_each_instance_is_kept),
		ONE(many_instances_are_all_found),
		ONE(numbers_are_read_in_both_byte_orders),
		ONE(sections_may_differ_in_byte_order),
		ONE(torn_end_is_found_at_every_byte),
		ONE(zeros_at_the_end_are_torn_too),
		ONE(damage_in_the_middle_is_no_torn_end),
		ONE(long_rest_is_no_torn_end),
		ONE(other_files_are_refused),
		ONE(captures_of_others_have_no_numbers),
		ONE(packet_that_claims_more_than_its_block_is_harmless),
		ONE(read_errors_are_told),
		ONE(json_lines_give_their_numbers),
		ONE(torn_json_line_is_cut_off),
		ONE(other_texts_are_refused),
		ONE(odd_json_lines_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
