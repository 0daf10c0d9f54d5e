/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as JSON lines: always one valid object a line, whatever the tool sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

#include "capture_receiver/json_output.h"

#define NOW_US UINT64_C(1700000000000000)

static struct source source = {
	.uuid = "4E1D07C3-0000-0000-0000-00000000000A", .type = "rtl433", .name = "shed",
};
static char last[600000];

/* The line for m, which must be one valid JSON object. */
static const char *line_of(const struct msg *m, const uint32_t *number)
{
	struct json_line line;
	struct json_object *o;

	assert_int_equal(json_output_line(&line, &source, m, number, NOW_US), 0);
	assert_true(line.len < sizeof(last));
	memcpy(last, line.text, line.len);
	last[line.len] = '\0';
	assert_int_equal(strlen(last), line.len);
	assert_null(strpbrk(last, "\n\r"));
	json_line_free(&line);
	o = json_tokener_parse(last);
	assert_true(json_object_is_type(o, json_type_object));
	json_object_put(o);
	return last;
}

static struct msg json_msg(const char *json)
{
	return (struct msg){ .type = MSG_DATA, .data.json = {
		.type = text_of("RTL433"), .json = text_of(json) } };
}

static void assert_json(const char *json, const char *want)
{
	struct msg m = json_msg(json);
	char expected[500];

	snprintf(expected, sizeof(expected), "\"json\":%s}", want);
	if (!strstr(line_of(&m, NULL), expected))
		fail_msg("%s gave %s", json, last);
}

static void document_is_kept(void **state)
{
	(void)state;
	assert_json("{}", "{}");
	assert_json("{\"a\": [1, 2.50, true, null, \"x/y\"]}",
		    "{\"a\":[1,2.50,true,null,\"x/y\"]}");
	assert_json("\n {\"t\":\"\\u00e4\\n\"}\n", "{\"t\":\"\xc3\xa4\\n\"}");
	assert_json("18446744073709551615", "18446744073709551615");
	assert_json("[]", "[]");
	assert_json("\"text\"", "\"text\"");
}

static void what_is_no_json_becomes_a_string(void **state)
{
	(void)state;
	assert_json("", "\"\"");
	assert_json("hello \"x\"", "\"hello \\\"x\\\"\"");
	assert_json("{\"a\":1", "\"{\\\"a\\\":1\"");
	assert_json("{\"a\":1} x", "\"{\\\"a\\\":1} x\"");
	assert_json("{\"a\":1}{\"b\":2}", "\"{\\\"a\\\":1}{\\\"b\\\":2}\"");
	assert_json("{\"a\":NaN}", "\"{\\\"a\\\":NaN}\"");
	assert_json("[1e999]", "\"[1e999]\"");
	assert_json("{\"a\":\"\xff\"}", "\"{\\\"a\\\":\\\"?\\\"}\"");
	assert_json("\x1b[2J", "\"?[2J\"");
}

static void deep_nesting_becomes_a_string(void **state)
{
	static char deep[20001];
	struct msg m = json_msg(deep);

	(void)state;
	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	m.data.json.json = text_of(deep);
	assert_non_null(strstr(line_of(&m, NULL), "\"json\":\"[[["));
}

static void nul_in_a_document_is_no_end(void **state)
{
	struct msg m = json_msg("");

	(void)state;
	m.data.json.json = (struct text){ "{\"a\":1}\0{\"b\":2}", 15 };
	assert_non_null(strstr(line_of(&m, NULL), "\"json\":\"{\\\"a\\\":1}?{\\\"b\\\":2}\""));
}

static void line_names_time_source_and_number(void **state)
{
	struct msg m = json_msg("{}");
	uint32_t number = 4294967295u;

	(void)state;
	source.instance = 0xff;
	m.data.json.has_time = true;
	m.data.json.time_us = 1700000001000007;
	assert_string_equal(line_of(&m, &number),
			    "{\"time\":1700000001.000007,\"source\":{\"uuid\":"
			    "\"4E1D07C3-0000-0000-0000-00000000000A\",\"name\":\"shed\",\"type\":"
			    "\"rtl433\"},\"instance\":\"00000000000000ff\",\"record\":4294967295,"
			    "\"kind\":\"RTL433\",\"json\":{}}");
	m.data.json.has_time = false;
	assert_non_null(strstr(line_of(&m, NULL), "\"time\":1700000000.000000,"));
	assert_null(strstr(last, "\"instance\""));
}

static void position_and_signal_come_along(void **state)
{
	struct msg m = json_msg("{}");

	(void)state;
	m.data.has_gps = m.data.has_signal = true;
	m.data.gps = (struct msg_gps){ .lat_deg = 48.5, .lon_deg = __builtin_inf(), .fix = 2,
				       .time_us = 5, .type = text_of("gpsd"),
				       .name = text_of("r\xffoof") };
	m.data.signal = (struct msg_signal){ .has_signal_dbm = true, .signal_dbm = -60,
					     .has_freq_khz = true, .freq_khz = UINT64_MAX };
	line_of(&m, NULL);
	assert_non_null(strstr(last, "\"gps\":{\"lat\":48.5,\"fix\":2,\"time\":0.000005,"
				     "\"type\":\"gpsd\",\"name\":\"r?oof\"}"));
	assert_non_null(strstr(last, "\"signal\":{\"signal_dbm\":-60,"
				     "\"freq_khz\":18446744073709551615}"));
}

static void buffers_are_hexadecimal(void **state)
{
	struct msg m = { .type = MSG_DATA, .data.buffer = {
		.type = text_of("blob"), .data = (const uint8_t *)"\x00\xff\x1b", .len = 3,
		.time_us = 2000000 } };

	(void)state;
	line_of(&m, NULL);
	assert_non_null(strstr(last, "\"time\":2.000000,"));
	assert_non_null(strstr(last, "\"kind\":\"blob\",\"buffer\":\"00ff1b\"}"));
}

static void bluetooth_has_its_fields(void **state)
{
	static const struct text uuids[] = { { "110a", 4 }, { "110b", 4 } };
	struct msg m = { .type = MSG_BLUETOOTH, .bluetooth = {
		.time_us = 3000000, .address = text_of("00:11:22:33:44:55"), .name = text_of("x\n"),
		.txpower = -4, .type = 1, .uuids = { uuids, 2 } } };

	(void)state;
	line_of(&m, NULL);
	assert_non_null(strstr(last, "\"kind\":\"bluetooth\",\"json\":{\"address\":"
				     "\"00:11:22:33:44:55\",\"name\":\"x?\",\"txpower\":-4,"
				     "\"type\":1,\"uuids\":[\"110a\",\"110b\"]}}"));
}

static void packets_and_texts_are_not_wanted(void **state)
{
	struct msg m = { .type = MSG_DATA };

	(void)state;
	assert_false(json_output_wants(&m));
	m.data.has_gps = true;
	assert_true(json_output_wants(&m));
	assert_non_null(strstr(line_of(&m, NULL), "\"kind\":\"gps\""));
	m.data.packet.data = (const uint8_t *)"x";
	assert_false(json_output_wants(&m));
	m.data.json.json = text_of("{}");
	assert_true(json_output_wants(&m));
	m.type = MSG_MESSAGE;
	assert_false(json_output_wants(&m));
	m.type = MSG_BLUETOOTH;
	assert_true(json_output_wants(&m));
}

static void longest_document_fits_in_the_buffer(void **state)
{
	static char doc[65536];
	struct msg m = json_msg(doc);

	(void)state;
	doc[0] = '"';
	memset(doc + 1, 1, sizeof(doc) - 3);
	doc[sizeof(doc) - 2] = '"';
	m.data.json.json = text_of(doc);
	m.data.json.type = (struct text){ doc, 60000 };
	assert_true(strlen(line_of(&m, NULL)) + 1 <= JSON_OUTPUT_MIN_CAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(document_is_kept),
		cmocka_unit_test(what_is_no_json_becomes_a_string),
		cmocka_unit_test(deep_nesting_becomes_a_string),
		cmocka_unit_test(nul_in_a_document_is_no_end),
		cmocka_unit_test(line_names_time_source_and_number),
		cmocka_unit_test(position_and_signal_come_along),
		cmocka_unit_test(buffers_are_hexadecimal),
		cmocka_unit_test(bluetooth_has_its_fields),
		cmocka_unit_test(packets_and_texts_are_not_wanted),
		cmocka_unit_test(longest_document_fits_in_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
