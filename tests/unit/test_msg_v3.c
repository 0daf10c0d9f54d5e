/* SPDX-License-Identifier: GPL-2.0-or-later */
/* v3 payloads that are not what we write: what is accepted, and what is malformed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol/msg.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

enum { PING = 2, SHUTDOWN = 4, MESSAGE = 5, ERROR = 6, PROBEREQ = 10, PROBEREPORT, OPENREQ,
       OPENREPORT, LISTREQ, LISTREPORT, PACKET, CONFIGREQ, CONFIGREPORT, NEWSOURCE };

static struct arena arena;
static struct msg m;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, ARENA_LIMIT_BYTES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_reset(&arena);
	return 0;
}

static int decode(uint16_t type, uint16_t code, const char *payload, size_t len)
{
	struct frame f = {
		.gen = FRAME_V3, .type = type, .code = code, .seqno = 77,
		.payload = (const uint8_t *)payload, .payload_len = len,
	};

	return msg_decode(&f, &arena, &m);
}

#define DECODE(type, code, bytes) decode(type, code, bytes, sizeof(bytes) - 1)

struct row {
	uint16_t type;
	const char *payload;
	size_t len;
	const char *why;
};

#define ROW(type, bytes, why) { type, bytes, sizeof(bytes) - 1, why }

/* Servers close the connection for these. */
static void malformed_payloads_are_refused(void **state)
{
	static const struct row rows[] = {
		ROW(OPENREQ, "", "no map"),
		ROW(OPENREQ, "\x80", "definition missing"),
		ROW(OPENREQ, "\x81\x01\xc4\x01x", "bin where str is asked for"),
		ROW(OPENREQ, "\x81\x01\xc0", "nil in place of a text"),
		ROW(OPENREQ, "\x81\x01\x05", "number for a text"),
		ROW(OPENREQ, "\x82\x01\xa1x\x01\xa1x", "key twice"),
		ROW(OPENREQ, "\x91\xa1x", "array for the map"),
		ROW(OPENREQ, "\x81\x01\xa5x", "text cut short"),
		ROW(OPENREQ, "\x82\x01\xa1x", "pair missing"),
		ROW(OPENREQ, "\x81\xa1k\xa1x", "text for a key"),
		ROW(PROBEREQ, "\x80", "definition missing"),
		ROW(NEWSOURCE, "\x82\x01\xa1x\x02\xa1y", "uuid missing"),
		ROW(NEWSOURCE, "\x82\x01\xa1x\x03\xa1y", "type missing"),
		ROW(NEWSOURCE, "\x82\x02\xa1x\x03\xa1y", "definition missing"),
		ROW(NEWSOURCE, "\x84\x01\xa1x\x02\xa1y\x03\xa1z\xcd\x03\xe8\xff",
		    "negative instance"),
		ROW(MESSAGE, "\x81\x02\xa1x", "class missing"),
		ROW(MESSAGE, "\x81\x01\x02", "text missing"),
		ROW(MESSAGE, "\x82\x01\xce\x00\x01\x00\x00\x02\xa1x", "class above 65535"),
		ROW(MESSAGE, "\x82\x01\xca\x40\x00\x00\x00\x02\xa1x", "float for a class"),
		ROW(SHUTDOWN, "", "no map"),
		ROW(OPENREPORT, "\x80", "seqno missing"),
		ROW(OPENREPORT, "\x81\x01\xff", "negative seqno"),
		ROW(OPENREPORT, "\x81\x01\xcf\x00\x00\x00\x01\x00\x00\x00\x00", "seqno of 33 bits"),
		ROW(OPENREPORT, "\x82\x01\x01\x02\xca\x42\xfe\x00\x00", "float for a link type"),
		ROW(OPENREPORT, "\x82\x01\x01\x04\x92\xa1x\x01", "number in a channel list"),
		ROW(OPENREPORT, "\x82\x01\x01\x04\x91\xc4\x01x", "bin in a channel list"),
		ROW(OPENREPORT, "\x82\x01\x01\x06\x81\x02\x01", "number for a bool"),
		ROW(OPENREPORT, "\x82\x01\x01\x06\x81\x03\xce\x00\x01\x00\x00", "skip of 17 bits"),
		ROW(OPENREPORT, "\x82\x01\x01\x09\xc4\x00", "bin for a message"),
		ROW(PROBEREPORT, "\x80", "seqno missing"),
		ROW(PROBEREPORT, "\x82\x01\x01\x02\xc0", "nil for a map"),
		ROW(LISTREPORT, "\x81\x02\x90", "seqno missing"),
		ROW(LISTREPORT, "\x82\x01\x01\x02\x91\xc0", "nil for an interface"),
		ROW(LISTREPORT, "\x82\x01\x01\x02\x91\x81\x01\x05", "number for a name"),
		ROW(CONFIGREPORT, "\x81\x02\xa1x", "seqno missing"),
		ROW(CONFIGREQ, "", "no map"),
		ROW(CONFIGREQ, "\x81\x02\x81\x01\xa1x", "text for a rate"),
		ROW(CONFIGREQ, "\x81\x02\x82\x02\xc3\x02\xc3", "key twice inside"),
		ROW(PACKET, "", "no map"),
		ROW(PACKET, "\x81\x04\xc0", "nil for a packet"),
		ROW(PACKET, "\x81\x04\x82\x01\xff\x06\xc4\x01x", "negative link type"),
		ROW(PACKET, "\x81\x04\x82\x02\xcb" "12345678\x06\xc4\x01x", "float for a time"),
		ROW(PACKET, "\x81\x04\x82\x06\xc4\x01x\x06\xc4\x01x", "content twice"),
		ROW(PACKET, "\x82\x04\x80\x04\x80", "packet twice"),
		ROW(PACKET, "\x81\x02\x81\x01\xd0\xc4", "negative level"),
		ROW(PACKET, "\x81\x02\x81\x05\xca\x40\x00\x00\x00", "float for a frequency"),
		ROW(PACKET, "\x81\x01\x80", "time of a position missing"),
		ROW(PACKET, "\x81\x01\x81\x08\x01", "microseconds of a position missing"),
		ROW(PACKET, "\x81\x01\x83\x08\x01\x09\x01\x04\xcd\x01\x00", "fix above 255"),
		ROW(PACKET, "\x81\x01\x83\x08\x01\x09\x01\x01\xa1x", "text for a latitude"),
		ROW(PACKET, "\x81\x01\x84\x08\x01\x09\x01\x0b\xa1x\x0b\xa1x", "GPS name twice"),
		ROW(PACKET, "\x81\x05\x82\x01\xa1x\x04\xc4\x01x", "bin for JSON"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		if (decode(rows[i].type, 1, rows[i].payload, rows[i].len) != -EPROTO)
			fail_msg("type %d accepted: %s", rows[i].type, rows[i].why);
	}
}

static void unusual_encodings_are_accepted(void **state)
{
	static const struct row rows[] = {
		ROW(OPENREQ, "\x81\x01\xa1xgarbage", "bytes after the map"),
		ROW(OPENREQ, "\x83\x63\xc0\x01\xa1x\x64\x91\xc3", "unknown keys"),
		ROW(OPENREQ, "\x83\x63\x01\x63\x02\x01\xa1x", "unknown key twice"),
		ROW(OPENREQ, "\xde\x00\x01\x01\xd9\x01x", "map16, str8"),
		ROW(OPENREQ, "\xdf\x00\x00\x00\x01\xd3\x00\x00\x00\x00\x00\x00\x00\x01"
		    "\xdb\x00\x00\x00\x01x", "map32, int64 key, str32"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_int_equal(decode(rows[i].type, 1, rows[i].payload, rows[i].len), 0);
		assert_true(text_is(m.definition, "x"));
	}
}

static void texts_may_hold_anything(void **state)
{
	(void)state;
	assert_int_equal(DECODE(OPENREQ, 1, "\x81\x01\xa5" "a\0\xff\xfe:"), 0);
	assert_int_equal(m.definition.len, 5);
	assert_memory_equal(m.definition.s, "a\0\xff\xfe:", 5);
}

static void reports_take_bin_and_ext_where_servers_do(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PROBEREPORT, 1, "\x83\x01\x05\x03\xc4\x02hi\x02\x83\x03\xc4\x02hw"
				"\x05\xa1" "6\x06\x92\xc4\x01" "1\xa1" "6"), 0);
	assert_int_equal(m.probe_report.reply_to, 5);
	assert_true(text_is(m.probe_report.message, "hi"));
	assert_true(text_is(m.probe_report.hardware, "hw"));
	assert_true(text_is(m.probe_report.channel, "6"));
	assert_int_equal(m.probe_report.channels.n, 2);
	assert_true(text_is(m.probe_report.channels.items[0], "1"));

	assert_int_equal(DECODE(LISTREPORT, 0, "\x84\x01\x05\x03\xc4\x01m\x04\xd4\x07v"
				"\x02\x91\x84\x01\xc4\x01n\x02\xa0\x03\xd4\x01h\x04\xa1" "c"), 0);
	assert_true(text_is(m.list_report.message, "m"));
	assert_true(text_is(m.list_report.version, "v"));
	assert_int_equal(m.list_report.n_interfaces, 1);
	assert_true(text_is(m.list_report.interfaces[0].name, "n"));
	assert_non_null(m.list_report.interfaces[0].flags.s);
	assert_true(text_is(m.list_report.interfaces[0].hardware, "h"));
	assert_true(text_is(m.list_report.interfaces[0].capif, "c"));
}

static void nonzero_code_is_success_except_for_lists(void **state)
{
	(void)state;
	for (unsigned int code = 0; code < 3; code++) {
		assert_int_equal(DECODE(OPENREPORT, (uint16_t)code, "\x81\x01\x01"), 0);
		assert_int_equal(m.open_report.success, code != 0);
		assert_int_equal(DECODE(PROBEREPORT, (uint16_t)code, "\x81\x01\x01"), 0);
		assert_int_equal(m.probe_report.success, code != 0);
		assert_int_equal(DECODE(CONFIGREPORT, (uint16_t)code, "\x81\x01\x01"), 0);
		assert_int_equal(m.configure_report.success, code != 0);
		assert_int_equal(DECODE(LISTREPORT, (uint16_t)code, "\x81\x01\x01"), 0);
		assert_int_equal(m.list_report.success, code == 0);
	}
}

/* Existing tools write it as a bool in one report and as a number in the other. */
static void whether_hopping_is_enabled_is_not_looked_at(void **state)
{
	static const char *const values[] = { "\xc3", "\x01", "\xc0", "\xff" };
	char payload[] = "\x82\x01\x01\x03\x82\x06?\x01\x05";

	(void)state;
	for (size_t i = 0; i < LEN(values); i++) {
		payload[6] = values[i][0];
		assert_int_equal(decode(CONFIGREPORT, 1, payload, sizeof(payload) - 1), 0);
		assert_true(m.configure_report.has_hop);
		assert_true(m.configure_report.hop.rate_hps == 5);
	}
}

static void configure_may_lack_everything(void **state)
{
	(void)state;
	assert_int_equal(DECODE(CONFIGREQ, 1, "\x80"), 0);
	assert_null(m.configure.channel.s);
	assert_false(m.configure.has_hop);
	assert_int_equal(DECODE(CONFIGREQ, 1, "\x81\x02\x80"), 0);
	assert_true(m.configure.has_hop);
	assert_int_equal(m.configure.hop.channels.n, 0);
	assert_int_equal(DECODE(CONFIGREQ, 1, "\x81\x02\x81\x05\x90"), 0);
	assert_int_equal(m.configure.hop.channels.n, 0);
}

static void unknown_classes_are_plain_messages(void **state)
{
	(void)state;
	assert_int_equal(DECODE(MESSAGE, 0, "\x82\x01\x08\x02\xa1x"), 0);
	assert_int_equal(m.message.class, MSG_CLASS_ALERT);
	assert_int_equal(DECODE(MESSAGE, 0, "\x82\x01\x03\x02\xa0"), 0);
	assert_int_equal(m.message.class, MSG_CLASS_INFO);
	assert_non_null(m.message.text.s);
	assert_int_equal(DECODE(MESSAGE, 0, "\x82\x01\xcd\xff\xff\x02\xa0"), 0);
	assert_int_equal(m.message.class, MSG_CLASS_INFO);
}

static void error_is_read_with_and_without_a_payload(void **state)
{
	(void)state;
	assert_int_equal(DECODE(ERROR, 1, "\x81\x01\xa3why"), 0);
	assert_int_equal(m.type, MSG_ERROR);
	assert_false(m.error.success);
	assert_int_equal(m.error.reply_to, 77);
	assert_true(text_is(m.error.text, "why"));
	assert_int_equal(DECODE(ERROR, 1, ""), 0);
	assert_null(m.error.text.s);
}

static void what_comes_with_empty_payloads_may_have_one(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PING, 1, "garbage"), 0);
	assert_int_equal(m.type, MSG_PING);
	assert_int_equal(DECODE(LISTREQ, 1, "\xc1"), 0);
	assert_int_equal(m.type, MSG_LIST);
}

static void packet_without_content_is_none(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x80"), 0);
	assert_null(m.data.packet.data);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x04\x82\x01\x7f\x04\x0a"), 0);
	assert_null(m.data.packet.data);
	assert_int_equal(m.data.packet.orig_len, 0);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x04\x81\x06\xc4\x00"), 0);
	assert_non_null(m.data.packet.data);	/* an empty packet is one */
	assert_int_equal(m.data.packet.len, 0);
	assert_false(m.data.packet.has_time);
}

static void packet_length_is_never_less_than_the_content(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x81\x04\x81\x06\xa3" "abc"), 0);	/* str will do */
	assert_int_equal(m.data.packet.len, 3);
	assert_int_equal(m.data.packet.orig_len, 3);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x04\x82\x04\x02\x06\xc4\x03" "abc"), 0);
	assert_int_equal(m.data.packet.orig_len, 3);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x04\x82\x06\xc4\x03" "abc\x04\x64"), 0);
	assert_int_equal(m.data.packet.orig_len, 100);
}

static void microseconds_beyond_a_second_add_up(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x81\x04\x83\x02\x05\x03\xce\x00\x1e\x84\x81"
				"\x06\xa0"), 0);
	assert_true(m.data.packet.has_time);
	assert_int_equal(m.data.packet.time_us, 7000001);
}

static void json_needs_type_and_document(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x81\x05\x82\x01\xa1t\x04\xa2{}"), 0);
	assert_true(text_is(m.data.json.type, "t"));
	assert_true(text_is(m.data.json.json, "{}"));
	assert_false(m.data.json.has_time);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x05\x82\x01\xa1t\x02\x05"), 0);
	assert_null(m.data.json.type.s);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x05\x81\x04\xa2{}"), 0);
	assert_null(m.data.json.type.s);
	assert_null(m.data.json.json.s);
}

static void levels_are_unsigned_on_the_wire(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x81\x02\x83\x01\xce\xff\xff\xff\xc4\x02\xcc\x80"
				"\x06\x0a"), 0);
	assert_true(m.data.has_signal);
	assert_int_equal(m.data.signal.signal_dbm, -60);
	assert_int_equal(m.data.signal.noise_dbm, 128);
	assert_false(m.data.signal.has_signal_rssi);
	assert_int_equal(m.data.signal.datarate, 10);
}

static void position_without_coordinates_is_none(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x81\x01\x82\x08\x01\x09\x02"), 0);
	assert_false(m.data.has_gps);
	assert_int_equal(DECODE(PACKET, 0, "\x81\x01\x83\x08\x01\x09\x02\x01\x05"), 0);
	assert_false(m.data.has_gps);
	/* as integers and in 32 bits will do */
	assert_int_equal(DECODE(PACKET, 0, "\x81\x01\x84\x08\x01\x09\x02\x01\xfb\x02\xca"
				"\x40\xa0\x00\x00"), 0);
	assert_true(m.data.has_gps);
	assert_true(m.data.gps.lat_deg == -5);
	assert_true(m.data.gps.lon_deg == 5);
	assert_int_equal(m.data.gps.time_us, 1000002);
	assert_int_equal(m.data.gps.fix, 0);
	assert_false(m.data.gps.has_alt);
}

/* Nobody looks at the type of a position, and a known tool writes the name under its id too. */
static void position_type_may_repeat_and_be_anything(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x81\x01\x86\x0a\xa1t\x01\x05\x0a\xa1n\x02\x05"
				"\x08\x01\x09\x02"), 0);
	assert_true(text_is(m.data.gps.type, "t"));
	assert_int_equal(DECODE(PACKET, 0, "\x81\x01\x86\x0a\x92\x01\xc0\x01\x05\x0a\xa1n\x02\x05"
				"\x08\x01\x09\x02"), 0);
	assert_true(text_is(m.data.gps.type, "n"));
}

static void spectrum_is_skipped(void **state)
{
	(void)state;
	assert_int_equal(DECODE(PACKET, 0, "\x82\x03\x82\xa1x\xc0\x01\x92\xff\xcb" "12345678"
				"\x04\x81\x06\xa1z"), 0);
	assert_int_equal(m.data.packet.len, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(malformed_payloads_are_refused, teardown),
		cmocka_unit_test_teardown(unusual_encodings_are_accepted, teardown),
		cmocka_unit_test_teardown(texts_may_hold_anything, teardown),
		cmocka_unit_test_teardown(reports_take_bin_and_ext_where_servers_do, teardown),
		cmocka_unit_test_teardown(nonzero_code_is_success_except_for_lists, teardown),
		cmocka_unit_test_teardown(whether_hopping_is_enabled_is_not_looked_at, teardown),
		cmocka_unit_test_teardown(configure_may_lack_everything, teardown),
		cmocka_unit_test_teardown(unknown_classes_are_plain_messages, teardown),
		cmocka_unit_test_teardown(error_is_read_with_and_without_a_payload, teardown),
		cmocka_unit_test_teardown(what_comes_with_empty_payloads_may_have_one, teardown),
		cmocka_unit_test_teardown(packet_without_content_is_none, teardown),
		cmocka_unit_test_teardown(packet_length_is_never_less_than_the_content, teardown),
		cmocka_unit_test_teardown(microseconds_beyond_a_second_add_up, teardown),
		cmocka_unit_test_teardown(json_needs_type_and_document, teardown),
		cmocka_unit_test_teardown(levels_are_unsigned_on_the_wire, teardown),
		cmocka_unit_test_teardown(position_without_coordinates_is_none, teardown),
		cmocka_unit_test_teardown(position_type_may_repeat_and_be_anything, teardown),
		cmocka_unit_test_teardown(spectrum_is_skipped, teardown),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
