/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng blocks, byte by byte, and as others read them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/pcapng.h"

/* What a block should be, built the slow way. */
static uint8_t want[512], got[512];
static size_t n_want;

static void w16(unsigned v)
{
	uint16_t x = (uint16_t)v;

	memcpy(want + n_want, &x, 2);
	n_want += 2;
}

static void w32(uint32_t v)
{
	memcpy(want + n_want, &v, 4);
	n_want += 4;
}

static void w64(uint64_t v)
{
	memcpy(want + n_want, &v, 8);
	n_want += 8;
}

/* Bytes and the zeros after them, written out by the caller. */
static void wbytes(const char *bytes, size_t len)
{
	memcpy(want + n_want, bytes, len);
	n_want += len;
}

static int setup(void **state)
{
	(void)state;
	n_want = 0;
	memset(want, 0, sizeof(want));
	memset(got, 0xee, sizeof(got));
	return 0;
}

static void assert_block(size_t n)
{
	assert_int_equal(n, n_want);
	assert_memory_equal(got, want, n_want);
	assert_int_equal(got[n], 0xee);
}

/* --- bytes --- */

static void section_without_options(void **state)
{
	static const struct pcapng_section s;

	(void)state;
	w32(0x0a0d0d0a);
	w32(28);
	w32(0x1a2b3c4d);
	w16(1);
	w16(0);
	w64(UINT64_MAX);
	w32(28);
	assert_block(pcapng_put_section(&s, got, sizeof(got)));
}

static void section_with_options(void **state)
{
	const struct pcapng_section s = { text_of("mips"), text_of("Linux"), text_of("tool 1") };

	(void)state;
	w32(0x0a0d0d0a);
	w32(64);
	w32(0x1a2b3c4d);
	w16(1);
	w16(0);
	w64(UINT64_MAX);
	w16(2);
	w16(4);
	wbytes("mips", 4);
	w16(3);
	w16(5);
	wbytes("Linux\0\0\0", 8);
	w16(4);
	w16(6);
	wbytes("tool 1\0\0", 8);
	w32(0);
	w32(64);
	assert_block(pcapng_put_section(&s, got, sizeof(got)));
}

static void interface_without_texts(void **state)
{
	const struct pcapng_interface i = { .dlt = 127, .snaplen = 262144 };

	(void)state;
	w32(1);
	w32(32);
	w16(127);
	w16(0);
	w32(262144);
	w16(9);
	w16(1);
	wbytes("\6\0\0\0", 4);
	w32(0);
	w32(32);
	assert_block(pcapng_put_interface(&i, got, sizeof(got)));
}

static void interface_with_all_texts(void **state)
{
	const struct pcapng_interface i = {
		.dlt = 105, .name = text_of("wlan0"), .description = text_of("roof"),
		.hardware = text_of("ath9k"), .filter = text_of("not wep"),
		.comment = text_of("hi"),
	};

	(void)state;
	w32(1);
	w32(32 + 8 + 12 + 8 + 12 + 12);
	w16(105);
	w16(0);
	w32(0);
	w16(1);
	w16(2);
	wbytes("hi\0\0", 4);
	w16(2);
	w16(5);
	wbytes("wlan0\0\0\0", 8);
	w16(3);
	w16(4);
	wbytes("roof", 4);
	w16(9);
	w16(1);
	wbytes("\6\0\0\0", 4);
	w16(11);
	w16(8);
	wbytes("\0not wep", 8);
	w16(15);
	w16(5);
	wbytes("ath9k\0\0\0", 8);
	w32(0);
	w32(84);
	assert_block(pcapng_put_interface(&i, got, sizeof(got)));
}

static void plain_packet(void **state)
{
	const struct pcapng_packet k = {
		.interface = 3, .time_us = 0x0005f00012345678, .orig_len = 1500,
		.data = (const uint8_t *)"abcde", .len = 5,
	};

	(void)state;
	w32(6);
	w32(40);
	w32(3);
	w32(0x0005f000);
	w32(0x12345678);
	w32(5);
	w32(1500);
	wbytes("abcde\0\0\0", 8);
	w32(40);
	assert_block(pcapng_put_packet(&k, got, sizeof(got)));
}

static void packet_with_number_and_comment(void **state)
{
	const struct pcapng_packet k = {
		.time_us = 1, .orig_len = 4, .data = (const uint8_t *)"abcd", .len = 4,
		.has_id = true, .id = 0x1122334455667788, .comment = text_of("look"),
	};

	(void)state;
	w32(6);
	w32(36 + 8 + 12 + 4);
	w32(0);
	w32(0);
	w32(1);
	w32(4);
	w32(4);
	wbytes("abcd", 4);
	w16(1);
	w16(4);
	wbytes("look", 4);
	w16(5);
	w16(8);
	w64(0x1122334455667788);
	w32(0);
	w32(60);
	assert_block(pcapng_put_packet(&k, got, sizeof(got)));
}

static void empty_packet(void **state)
{
	const struct pcapng_packet k = { .time_us = 2, .orig_len = 7 };

	(void)state;
	w32(6);
	w32(32);
	w32(0);
	w32(0);
	w32(2);
	w32(0);
	w32(7);
	w32(32);
	assert_block(pcapng_put_packet(&k, got, sizeof(got)));
}

static void counts(void **state)
{
	const struct pcapng_counts c = {
		.interface = 1, .time_us = 0x0000000100000002,
		.received = 70000000000, .dropped = 5,
	};

	(void)state;
	w32(5);
	w32(52);
	w32(1);
	w32(1);
	w32(2);
	w16(4);
	w16(8);
	w64(70000000000);
	w16(5);
	w16(8);
	w64(5);
	w32(0);
	w32(52);
	assert_block(pcapng_put_counts(&c, got, sizeof(got)));
}

static void link_types_have_their_numbers_in_files(void **state)
{
	static const unsigned table[][2] = {
		{ 0, 0 }, { 1, 1 }, { 9, 9 }, { 11, 100 }, { 12, 101 }, { 15, 102 }, { 16, 103 },
		{ 18, 246 }, { 19, 106 }, { 105, 105 }, { 119, 119 }, { 127, 127 }, { 147, 147 },
		{ 187, 187 }, { 192, 192 }, { 195, 195 }, { 230, 230 }, { 251, 251 }, { 256, 256 },
		{ 283, 283 }, { 65535, 65535 },
	};
	struct pcapng_interface i = { .dlt = 0 };
	uint16_t linktype;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		i.dlt = table[k][0];
		assert_int_equal(pcapng_put_interface(&i, got, sizeof(got)), 32);
		memcpy(&linktype, got + 8, 2);
		assert_int_equal(linktype, table[k][1]);
	}
}

static void link_type_that_a_file_cannot_hold_is_refused(void **state)
{
	const struct pcapng_interface i = { .dlt = 65536 };

	(void)state;
	assert_int_equal(pcapng_put_interface(&i, got, sizeof(got)), 0);
	assert_int_equal(got[0], 0xee);
}

/* --- sizes --- */

static void empty_text_is_not_absent_text(void **state)
{
	const struct pcapng_section s = { .os = text_of("") };

	(void)state;
	assert_int_equal(pcapng_put_section(&s, got, sizeof(got)), 28 + 4 + 4);
}

static void nothing_is_written_where_it_does_not_fit(void **state)
{
	const struct pcapng_section s = { .os = text_of("Linux") };
	const struct pcapng_interface i = { .filter = text_of("abc"), .name = text_of("x") };
	const struct pcapng_packet k = {
		.data = (const uint8_t *)"abcde", .len = 5, .has_id = true,
	};
	const struct pcapng_counts c = { .received = 1 };
	size_t full[4], cap;

	(void)state;
	full[0] = pcapng_put_section(&s, got, sizeof(got));
	full[1] = pcapng_put_interface(&i, got, sizeof(got));
	full[2] = pcapng_put_packet(&k, got, sizeof(got));
	full[3] = pcapng_put_counts(&c, got, sizeof(got));
	memset(got, 0xee, sizeof(got));
	for (cap = 0; cap < full[0]; cap++)
		assert_int_equal(pcapng_put_section(&s, got, cap), 0);
	for (cap = 0; cap < full[1]; cap++)
		assert_int_equal(pcapng_put_interface(&i, got, cap), 0);
	for (cap = 0; cap < full[2]; cap++)
		assert_int_equal(pcapng_put_packet(&k, got, cap), 0);
	for (cap = 0; cap < full[3]; cap++)
		assert_int_equal(pcapng_put_counts(&c, got, cap), 0);
	assert_int_equal(got[0], 0xee);
	assert_int_equal(pcapng_put_section(&s, got, full[0]), full[0]);
	assert_int_equal(pcapng_put_packet(&k, got, full[2]), full[2]);
}

/* Every block, whatever the lengths inside, ends where its own length says, in whole words. */
static void bound_holds_for_every_length(void **state)
{
	static uint8_t data[70], buf[512];
	struct pcapng_packet k = { .data = data };
	char comment[70];
	uint32_t head, tail;
	size_t n, c;

	(void)state;
	memset(comment, 'c', sizeof(comment));
	for (k.len = 0; k.len < 70; k.len++) {
		for (c = 0; c < 70; c++) {
			k.comment = (struct text){ comment, c };
			k.has_id = c & 1;
			n = pcapng_put_packet(&k, buf, sizeof(buf));
			assert_true(n > 0 && n % 4 == 0);
			assert_true(n <= pcapng_packet_bound(&k));
			memcpy(&head, buf + 4, 4);
			memcpy(&tail, buf + n - 4, 4);
			assert_int_equal(head, n);
			assert_int_equal(tail, n);
		}
	}
}

static void text_longer_than_an_option_is_cut(void **state)
{
	const size_t len = 100000, cap = 140000;
	char *comment = malloc(len);
	uint8_t *buf = malloc(cap);
	struct pcapng_packet k = { .has_id = true, .comment = { comment, len } };
	struct pcapng_interface i = { .filter = { comment, len } };
	uint16_t option_len;

	(void)state;
	assert_non_null(comment);
	assert_non_null(buf);
	memset(comment, 'c', len);
	assert_int_equal(pcapng_put_packet(&k, buf, cap), 32 + 4 + 65532 + 12 + 4);
	memcpy(&option_len, buf + 30, 2);
	assert_int_equal(option_len, 65532);
	assert_int_equal(pcapng_put_interface(&i, buf, cap), 32 + 4 + 65536);
	memcpy(&option_len, buf + 26, 2);
	assert_int_equal(option_len, 65533);
	free(comment);
	free(buf);
}

static void packet_longer_than_any_buffer_is_refused(void **state)
{
	struct pcapng_packet k = { .data = got, .len = UINT32_MAX };

	(void)state;
	assert_int_equal(pcapng_put_packet(&k, got, sizeof(got)), 0);
	k.len = UINT32_MAX - 40;
	assert_int_equal(pcapng_put_packet(&k, got, sizeof(got)), 0);
	assert_int_equal(got[0], 0xee);
}

/* --- what others read --- */

static size_t put_file(uint8_t *buf, size_t cap)
{
	static const uint8_t beacon[] = {
		0x80, 0, 0, 0, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1,
		0x10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 100, 0, 1, 0, 0, 4, 'r', 'o', 'o', 'f',
	};
	const struct pcapng_section s = { text_of("mips"), text_of("Linux"), text_of("tool 1") };
	const struct pcapng_interface wifi = {
		.dlt = 105, .snaplen = 65535, .name = text_of("wlan0"),
		.description = text_of("roof"), .hardware = text_of("ath9k"),
		.filter = text_of("not wep"), .comment = text_of("first"),
	};
	const struct pcapng_interface raw = { .dlt = 12, .name = text_of("tun0") };
	const struct pcapng_packet a = {
		.time_us = 1700000000123456, .data = beacon, .len = sizeof(beacon),
		.orig_len = sizeof(beacon) + 4, .has_id = true, .id = 77,
		.comment = text_of("look at this"),
	};
	const struct pcapng_packet b = {
		.interface = 1, .time_us = 1700000001000001, .orig_len = 3,
		.data = (const uint8_t *)"E\0\0", .len = 3,
	};
	const struct pcapng_counts c = { .time_us = 1700000002000000, .received = 1, .dropped = 9 };
	size_t n = 0;

	n += pcapng_put_section(&s, buf + n, cap - n);
	n += pcapng_put_interface(&wifi, buf + n, cap - n);
	n += pcapng_put_interface(&raw, buf + n, cap - n);
	n += pcapng_put_packet(&a, buf + n, cap - n);
	n += pcapng_put_packet(&b, buf + n, cap - n);
	n += pcapng_put_counts(&c, buf + n, cap - n);
	return n;
}

/* Runs a command with the file as $F; true when it succeeds with exactly this output. */
static void assert_output(const char *path, const char *command, const char *expected)
{
	char line[512], out[2048];
	size_t n;
	FILE *p;

	snprintf(line, sizeof(line), "F=%s; %s 2>/dev/null", path, command);
	p = popen(line, "r");
	assert_non_null(p);
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = '\0';
	assert_int_equal(pclose(p), 0);
	assert_string_equal(out, expected);
}

static void wireshark_reads_what_was_written(void **state)
{
	char path[] = "/tmp/test_pcapng.XXXXXX";
	uint8_t buf[1024];
	size_t n = put_file(buf, sizeof(buf));
	int fd;

	(void)state;
	if (system("tshark -v >/dev/null 2>&1 && capinfos -v >/dev/null 2>&1") != 0) {
		print_message("no tshark and capinfos here\n");
		skip();
	}
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, buf, n), n);
	close(fd);
	assert_output(path, "tshark -r $F -T fields -e frame.time_epoch -e frame.interface_name "
		      "-e frame.interface_description -e frame.cap_len -e frame.len "
		      "-e frame.comment -e frame.packet_id -e wlan.ta -E separator='|'",
		      "1700000000.123456000|wlan0|roof|42|46|look at this|77|02:00:00:00:00:01\n"
		      "1700000001.000001000|tun0||3|3|||\n");
	assert_output(path, "capinfos $F | tr -s ' ' | grep -E 'Capture [ahop]|Name|Description|"
		      "Hardware|Filter|Comment|Encapsulation = .*(802.11|Raw IP)|stat entries' | "
		      "sed 's/^ //; s/ ([0-9].*//'",
		      "Capture hardware: mips\n"
		      "Capture oper-sys: Linux\n"
		      "Capture application: tool 1\n"
		      "Name = wlan0\n"
		      "Description = roof\n"
		      "Encapsulation = IEEE 802.11 Wireless LAN\n"
		      "Hardware = ath9k\n"
		      "Filter string = not wep\n"
		      "Comment = first\n"
		      "Number of stat entries = 1\n"
		      "Name = tun0\n"
		      "Encapsulation = Raw IP\n"
		      "Number of stat entries = 0\n");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(section_without_options, setup),
		cmocka_unit_test_setup(section_with_options, setup),
		cmocka_unit_test_setup(interface_without_texts, setup),
		cmocka_unit_test_setup(interface_with_all_texts, setup),
		cmocka_unit_test_setup(plain_packet, setup),
		cmocka_unit_test_setup(packet_with_number_and_comment, setup),
		cmocka_unit_test_setup(empty_packet, setup),
		cmocka_unit_test_setup(counts, setup),
		cmocka_unit_test_setup(link_types_have_their_numbers_in_files, setup),
		cmocka_unit_test_setup(link_type_that_a_file_cannot_hold_is_refused, setup),
		cmocka_unit_test_setup(empty_text_is_not_absent_text, setup),
		cmocka_unit_test_setup(nothing_is_written_where_it_does_not_fit, setup),
		cmocka_unit_test_setup(bound_holds_for_every_length, setup),
		cmocka_unit_test_setup(text_longer_than_an_option_is_cut, setup),
		cmocka_unit_test_setup(packet_longer_than_any_buffer_is_refused, setup),
		cmocka_unit_test_setup(wireshark_reads_what_was_written, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
