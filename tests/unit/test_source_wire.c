/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two processes of a source say to each other: there and back, and what is no message. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capture_common/source_wire.h"

static uint8_t buf[SOURCE_WIRE_MAX];

static struct source_wire there_and_back(const struct source_wire *m)
{
	struct source_wire out;
	long len = source_wire_encode(m, buf, sizeof(buf));

	assert_true(len > 0);
	assert_int_equal(source_wire_decode(&out, buf, (size_t)len), 0);
	assert_int_equal(out.type, m->type);
	assert_int_equal(out.id, m->id);
	return out;
}

static void requests_arrive_as_they_were(void **state)
{
	static const enum source_wire_type bare[] = { WIRE_START, WIRE_CLOSE, WIRE_ROOM,
						      WIRE_READY, WIRE_RECORDS };
	struct source_wire m = { .type = WIRE_OPEN, .id = 7, .text = text_of("wlan0:name=\"a,b\""),
				 .uplink = text_of("2001:db8::1") }, out;

	(void)state;
	out = there_and_back(&m);
	assert_true(text_equal(out.text, m.text));
	assert_true(text_equal(out.uplink, m.uplink));
	m.type = WIRE_TUNE;
	m.text = text_of("36VHT80");
	out = there_and_back(&m);
	assert_true(text_is(out.text, "36VHT80"));
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		m.type = bare[i];
		there_and_back(&m);
	}
}

static void open_source_arrives_with_all_channels(void **state)
{
	struct source_wire m = { .type = WIRE_OPENED, .id = UINT32_MAX,
				 .info = { .uuid = "5FE308BD-0000-0000-0000-00C0CA987654",
					   .capif = "wlan0mon", .hardware = "mt7921u",
					   .channel = "6HT40+", .message = "wlan0", .has_dlt = true,
					   .dlt = 127, .exit_at_end = true, .min_dwell_ms = 800 } };
	char name[32];

	(void)state;
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "%dVHT160", 5180 + i);
		assert_int_equal(strlist_add(&m.info.channels, text_of(name)), 0);
	}
	struct source_wire out = there_and_back(&m);

	assert_string_equal(out.info.uuid, m.info.uuid);
	assert_string_equal(out.info.capif, "wlan0mon");
	assert_string_equal(out.info.hardware, "mt7921u");
	assert_string_equal(out.info.channel, "6HT40+");
	assert_string_equal(out.info.message, "wlan0");
	assert_true(out.info.has_dlt);
	assert_int_equal(out.info.dlt, 127);
	assert_true(out.info.exit_at_end);
	assert_int_equal(out.info.min_dwell_ms, 800);
	assert_true(strlist_equal(&out.info.channels, &m.info.channels));
	source_info_free(&m.info);
	source_info_free(&out.info);
}

static void errors_and_figures_arrive_as_they_were(void **state)
{
	struct source_wire m = { .type = WIRE_REFUSED, .id = 1 }, out;

	(void)state;
	err_sys(&m.err, EBUSY, "wlan0: tuning");
	out = there_and_back(&m);
	assert_int_equal(out.err.code, m.err.code);
	assert_int_equal(out.err.sys, EBUSY);
	assert_string_equal(out.err.text, m.err.text);
	m.type = WIRE_STATS;
	m.stats = (struct source_stats){ .received = UINT64_MAX, .kernel_dropped = 1,
					 .device_dropped = (uint64_t)1 << 40, .filtered = 9,
					 .not_passed_on = 4 };
	out = there_and_back(&m);
	assert_int_equal(out.stats.received, UINT64_MAX);
	assert_int_equal(out.stats.kernel_dropped, 1);
	assert_int_equal(out.stats.device_dropped, (uint64_t)1 << 40);
	assert_int_equal(out.stats.filtered, 9);
	assert_int_equal(out.stats.not_passed_on, 4);
	m = (struct source_wire){ .type = WIRE_ENDED };
	out = there_and_back(&m);
	assert_int_equal(out.err.code, ERR_NONE);
}

static void recording_is_told_of(void **state)
{
	struct source_wire m = { .type = WIRE_STATS }, out;

	(void)state;
	m.stats.recorded = (struct recorder_stats){ .packets = 1, .bytes = UINT64_MAX, .files = 2,
						    .dropped = 3, .not_packets = 4,
						    .removed_files = 5, .over = true };
	out = there_and_back(&m);
	assert_int_equal(out.stats.recorded.packets, 1);
	assert_int_equal(out.stats.recorded.bytes, UINT64_MAX);
	assert_int_equal(out.stats.recorded.files, 2);
	assert_int_equal(out.stats.recorded.dropped, 3);
	assert_int_equal(out.stats.recorded.not_packets, 4);
	assert_int_equal(out.stats.recorded.removed_files, 5);
	assert_false(out.stats.recorded.broken);
	assert_true(out.stats.recorded.over);
}

static void message_that_does_not_fit_is_not_cut(void **state)
{
	struct source_wire m = { .type = WIRE_TUNE, .text = text_of("36VHT80") };

	(void)state;
	assert_int_equal(source_wire_encode(&m, buf, 8), -EMSGSIZE);
}

static void message_cut_anywhere_is_refused(void **state)
{
	struct source_wire m = { .type = WIRE_OPENED, .info = { .capif = "wlan0mon" } }, out;

	(void)state;
	strlist_add_split(&m.info.channels, text_of("1,6,11"));
	long len = source_wire_encode(&m, buf, sizeof(buf));

	for (long i = 0; i < len; i++)
		assert_int_equal(source_wire_decode(&out, buf, (size_t)i), -EPROTO);
	buf[len] = 0;
	assert_int_equal(source_wire_decode(&out, buf, (size_t)len + 1), -EPROTO);
	source_info_free(&m.info);
}

static void text_with_a_nul_is_refused(void **state)
{
	struct source_wire m = { .type = WIRE_REFUSED }, out;

	(void)state;
	err_set(&m.err, ERR_SYSTEM, "abcdef");
	long len = source_wire_encode(&m, buf, sizeof(buf));

	buf[len - 3] = '\0';
	assert_int_equal(source_wire_decode(&out, buf, (size_t)len), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_arrive_as_they_were),
		cmocka_unit_test(open_source_arrives_with_all_channels),
		cmocka_unit_test(errors_and_figures_arrive_as_they_were),
		cmocka_unit_test(recording_is_told_of),
		cmocka_unit_test(message_that_does_not_fit_is_not_cut),
		cmocka_unit_test(message_cut_anywhere_is_refused),
		cmocka_unit_test(text_with_a_nul_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
