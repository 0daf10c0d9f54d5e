/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: every one in every generation, there and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/msg.h"
#include "tests/lib/random_msg.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const enum frame_gen gens[] = { FRAME_V0, FRAME_V2, FRAME_V3 };

static struct arena arena;	/* what decoding takes */
static uint8_t buf[FRAME_LIMIT_READ];

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

/* The frame of m, decoded again; a tool's unless it is a request. */
static void there_and_back(enum frame_gen gen, enum msg_role role, const struct msg *m,
			   struct frame *f, struct msg *out)
{
	size_t len = msg_encode(gen, role, m, buf, sizeof(buf));

	assert_int_not_equal(len, 0);
	assert_int_equal(frame_parse(buf, len, sizeof(buf), f), FRAME_OK);
	assert_int_equal(f->total_len, len);
	assert_int_equal(f->gen, gen);
	assert_int_equal(msg_decode(f, &arena, out), 0);
}

typedef void check_fn(enum frame_gen gen, const struct msg *m, struct rng *r);

/* Calls check with random messages of every type in every generation that this build speaks. */
static void for_random_messages(int rounds, check_fn *check)
{
	struct rng r = { 20250901 };
	struct arena content;
	struct msg m;

	arena_init(&content, ARENA_LIMIT_BYTES);
	for (size_t g = 0; g < LEN(gens); g++) {
		for (int type = MSG_REGISTER; type <= MSG_BLUETOOTH; type++) {
			if (!msg_gen_supported(gens[g]) ||
			    !random_msg_exists(gens[g], (enum msg_type)type))
				continue;
			for (int i = 0; i < rounds; i++) {
				random_msg(&r, gens[g], (enum msg_type)type, &content, &m);
				check(gens[g], &m, &r);
				arena_reset(&content);
				arena_reset(&arena);
			}
		}
	}
}

static void check_same(enum frame_gen gen, const struct msg *m, struct rng *r)
{
	enum msg_role role = rng_below(r, 2) ? MSG_FROM_TOOL : MSG_FROM_SERVER;
	struct frame f;
	struct msg out;

	/* what servers send has code 1, which would turn failed reports into successes */
	if (m->type == MSG_LIST_REPORT || m->type == MSG_PROBE_REPORT ||
	    m->type == MSG_OPEN_REPORT || m->type == MSG_CONFIGURE_REPORT)
		role = MSG_FROM_TOOL;
	there_and_back(gen, role, m, &f, &out);
	if (msg_difference(m, &out))
		fail_msg("%s %s: %s differs", frame_gen_name(gen), msg_type_name(m->type),
			 msg_difference(m, &out));
}

static void every_message_decodes_to_what_was_encoded(void **state)
{
	(void)state;
	for_random_messages(300, check_same);
}

static void check_caps(enum frame_gen gen, const struct msg *m, struct rng *r)
{
	size_t total = msg_encode(gen, MSG_FROM_TOOL, m, buf, sizeof(buf));

	assert_int_not_equal(total, 0);
	assert_int_equal(msg_encode(gen, MSG_FROM_TOOL, m, buf, total), total);
	for (int i = 0; i < 20; i++) {
		size_t cap = rng_below(r, total);
		uint8_t *exact = malloc(cap ? cap : 1);

		assert_int_equal(msg_encode(gen, MSG_FROM_TOOL, m, exact, cap), 0);
		free(exact);
	}
}

static void encoding_stays_in_its_buffer(void **state)
{
	(void)state;
	for_random_messages(30, check_caps);
}

/* Payloads cut short or with changed bytes, in memory of exactly their size. */
static void check_damaged(enum frame_gen gen, const struct msg *m, struct rng *r)
{
	size_t total = msg_encode(gen, MSG_FROM_TOOL, m, buf, sizeof(buf));
	struct frame f;
	struct msg out;

	assert_int_equal(frame_parse(buf, total, sizeof(buf), &f), FRAME_OK);
	for (int i = 0; i < 20; i++) {
		size_t len = rng_below(r, f.payload_len + 1);
		uint8_t *exact = malloc(len ? len : 1);
		struct frame damaged = f;
		int ret;

		memcpy(exact, f.payload, len);
		for (size_t n = rng_below(r, 3); n > 0 && len > 0; n--)
			exact[rng_below(r, len)] = (uint8_t)rng_next(r);
		damaged.payload = exact;
		damaged.payload_len = len;
		ret = msg_decode(&damaged, &arena, &out);
		assert_true(ret == 0 || ret == -EPROTO || ret == -ENOMEM);
		arena_reset(&arena);
		free(exact);
	}
}

static void damaged_payloads_are_refused_or_read_within_bounds(void **state)
{
	(void)state;
	for_random_messages(150, check_damaged);
}

static void names_are_unique(void **state)
{
	(void)state;
	for (int a = MSG_UNKNOWN; a <= MSG_BLUETOOTH; a++) {
		for (int b = MSG_UNKNOWN; b < a; b++)
			assert_string_not_equal(msg_type_name((enum msg_type)a),
						msg_type_name((enum msg_type)b));
	}
	assert_string_equal(msg_type_name(MSG_OPEN_REPORT), "OPENREPORT");
}

static void unknown_commands_are_no_errors(void **state)
{
	struct frame f = { .gen = FRAME_V3, .type = 33, .seqno = 9 };
	struct msg m;

	(void)state;
	assert_int_equal(msg_decode(&f, &arena, &m), 0);
	assert_int_equal(m.type, MSG_UNKNOWN);
	assert_int_equal(m.seqno, 9);
	f.type = 0;
	assert_int_equal(msg_decode(&f, &arena, &m), 0);
	assert_int_equal(m.type, MSG_UNKNOWN);
	f = (struct frame){ .gen = FRAME_V2, .name = text_of("NOSUCHCOMMAND"), .seqno = 4 };
	assert_int_equal(msg_decode(&f, &arena, &m),
			 msg_gen_supported(FRAME_V2) ? 0 : -EPROTONOSUPPORT);
	assert_int_equal(m.type, MSG_UNKNOWN);
	assert_int_equal(m.seqno, 4);
	f.name = text_of("ping");	/* names are compared exactly */
	msg_decode(&f, &arena, &m);
	assert_int_equal(m.type, MSG_UNKNOWN);
}

/* Local servers of 2025 start with a v2 PING, whatever the build speaks. */
static void v2_ping_is_read_by_every_build(void **state)
{
	struct frame f = { .gen = FRAME_V2, .name = text_of("PING") };
	struct msg m;

	(void)state;
	assert_int_equal(msg_decode(&f, &arena, &m), 0);
	assert_int_equal(m.type, MSG_PING);
}

static void data_reports_take_no_memory(void **state)
{
	struct arena none;
	struct msg m, out;
	struct frame f;
	struct rng r = { 5 };

	(void)state;
	arena_init(&none, 0);
	for (size_t g = 0; g < LEN(gens); g++) {
		if (!msg_gen_supported(gens[g]))
			continue;
		for (int i = 0; i < 100; i++) {
			size_t len;

			random_msg(&r, gens[g], MSG_DATA, &arena, &m);
			len = msg_encode(gens[g], MSG_FROM_TOOL, &m, buf, sizeof(buf));
			assert_int_equal(frame_parse(buf, len, sizeof(buf), &f), FRAME_OK);
			assert_int_equal(msg_decode(&f, &none, &out), 0);
		}
	}
	assert_null(none.blocks);
}

static void lists_beyond_the_arena_are_told(void **state)
{
	static struct text channels[1000];
	struct msg m = {
		.type = MSG_OPEN_REPORT,
		.open_report = { .channels = { channels, LEN(channels) } },
	};
	struct arena small;
	struct msg out;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < LEN(channels); i++)
		channels[i] = text_of("channel");
	for (size_t g = 0; g < LEN(gens); g++) {
		size_t len = msg_encode(gens[g], MSG_FROM_TOOL, &m, buf, sizeof(buf));

		if (!msg_gen_supported(gens[g]))
			continue;
		assert_int_equal(frame_parse(buf, len, sizeof(buf), &f), FRAME_OK);
		arena_init(&small, 5000);
		assert_int_equal(msg_decode(&f, &small, &out), -ENOMEM);
		arena_reset(&small);
		arena_init(&small, 100000);
		assert_int_equal(msg_decode(&f, &small, &out), 0);
		assert_int_equal(out.open_report.channels.n, LEN(channels));
		arena_reset(&small);
	}
}

static void what_a_generation_cannot_say_is_not_encoded(void **state)
{
	struct msg m = { .type = MSG_CLOSE };

	(void)state;
	assert_int_equal(msg_encode(FRAME_V3, MSG_FROM_SERVER, &m, buf, sizeof(buf)), 0);
	m.type = MSG_BLUETOOTH;
	assert_int_equal(msg_encode(FRAME_V3, MSG_FROM_TOOL, &m, buf, sizeof(buf)), 0);
	m = (struct msg){ .type = MSG_DATA };
	m.data.buffer.type = text_of("x");
	m.data.buffer.data = (const uint8_t *)"x";
	m.data.buffer.len = 1;
	assert_int_equal(msg_encode(FRAME_V3, MSG_FROM_TOOL, &m, buf, sizeof(buf)), 0);
	m.type = MSG_UNKNOWN;
	for (size_t g = 0; g < LEN(gens); g++)
		assert_int_equal(msg_encode(gens[g], MSG_FROM_TOOL, &m, buf, sizeof(buf)), 0);
}

static void v3_frames_carry_the_number_of_the_request(void **state)
{
	static const struct {
		enum msg_type type;
		bool repeats;
	} rows[] = {
		{ MSG_PROBE_REPORT, true }, { MSG_OPEN_REPORT, true },
		{ MSG_CONFIGURE_REPORT, true }, { MSG_ERROR, true }, { MSG_PONG, true },
		{ MSG_LIST_REPORT, false }, { MSG_DATA, false }, { MSG_MESSAGE, false },
		{ MSG_NEWSOURCE, false }, { MSG_PING, false },
	};
	struct frame f;
	struct msg out;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct msg m = { .type = rows[i].type, .seqno = 100 };

		switch (m.type) {
		case MSG_PROBE_REPORT: m.probe_report.reply_to = 7; break;
		case MSG_OPEN_REPORT: m.open_report.reply_to = 7; break;
		case MSG_CONFIGURE_REPORT: m.configure_report.reply_to = 7; break;
		case MSG_LIST_REPORT: m.list_report.reply_to = 7; break;
		case MSG_ERROR: m.error.reply_to = 7; break;
		case MSG_PONG: m.reply_to = 7; break;
		case MSG_MESSAGE: m.message.class = MSG_CLASS_INFO; break;
		default: break;
		}
		there_and_back(FRAME_V3, MSG_FROM_TOOL, &m, &f, &out);
		assert_int_equal(f.seqno, rows[i].repeats ? 7 : 100);
		if (m.type == MSG_LIST_REPORT)
			assert_int_equal(out.list_report.reply_to, 7);
		if (!msg_gen_supported(FRAME_V2))
			continue;
		there_and_back(FRAME_V2, MSG_FROM_TOOL, &m, &f, &out);
		assert_int_equal(f.seqno, 100);
		if (m.type == MSG_PONG)
			assert_int_equal(out.reply_to, 7);
	}
}

static uint16_t v3_code(enum msg_role role, const struct msg *m)
{
	struct frame f;
	struct msg out;

	there_and_back(FRAME_V3, role, m, &f, &out);
	return f.code;
}

static void v3_code_says_whether_it_worked(void **state)
{
	struct msg m = { .type = MSG_OPEN_REPORT };

	(void)state;
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 0);
	m.open_report.success = true;
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 1);
	m = (struct msg){ .type = MSG_PROBE_REPORT };
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 0);
	m.probe_report.success = true;
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 1);
	m = (struct msg){ .type = MSG_CONFIGURE_REPORT };
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 0);
	m.configure_report.success = true;
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 1);
	m = (struct msg){ .type = MSG_LIST_REPORT };	/* the other way round */
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 1);
	m.list_report.success = true;
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 0);
	m = (struct msg){ .type = MSG_ERROR };
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 1);
	m = (struct msg){ .type = MSG_PONG };
	assert_int_equal(v3_code(MSG_FROM_TOOL, &m), 0);
	assert_int_equal(v3_code(MSG_FROM_SERVER, &m), 1);
	m = (struct msg){ .type = MSG_OPEN, .definition = text_of("x") };
	assert_int_equal(v3_code(MSG_FROM_SERVER, &m), 1);
}

static void v3_says_warnings_as_messages_of_class_error(void **state)
{
	struct msg m = { .type = MSG_WARNING, .seqno = 3, .text = text_of("careful") }, out;
	struct frame f;

	(void)state;
	there_and_back(FRAME_V3, MSG_FROM_TOOL, &m, &f, &out);
	assert_int_equal(f.type, 5);
	assert_int_equal(out.type, MSG_MESSAGE);
	assert_int_equal(out.message.class, MSG_CLASS_ERROR);
	assert_true(text_is(out.message.text, "careful"));
}

/* v3 servers believe the hop, v0 and v2 servers the channel. */
static void tuned_report_with_a_hop_list_means_the_channel(void **state)
{
	struct msg m = {
		.type = MSG_CONFIGURE_REPORT,
		.configure_report = {
			.success = true, .channel = text_of("11"),
			.has_hop = true, .hop = { .has_rate = true, .rate_hps = 5 },
		},
	}, out;
	struct frame f;

	(void)state;
	there_and_back(FRAME_V3, MSG_FROM_TOOL, &m, &f, &out);
	assert_true(text_is(out.configure_report.channel, "11"));
	assert_false(out.configure_report.has_hop);
	if (!msg_gen_supported(FRAME_V2))
		return;
	there_and_back(FRAME_V2, MSG_FROM_TOOL, &m, &f, &out);
	assert_true(text_is(out.configure_report.channel, "11"));
	assert_true(out.configure_report.has_hop);
}

static void v3_hop_numbers_beyond_16_bits_are_capped(void **state)
{
	struct msg m = {
		.type = MSG_CONFIGURE,
		.configure = {
			.has_hop = true,
			.hop = {
				.has_skip = true, .has_offset = true, .skip = 65536,
				.offset = UINT32_MAX,
			},
		},
	}, out;
	struct frame f;

	(void)state;
	there_and_back(FRAME_V3, MSG_FROM_SERVER, &m, &f, &out);
	assert_int_equal(out.configure.hop.skip, 65535);
	assert_int_equal(out.configure.hop.offset, 65535);
}

static void newsource_without_an_instance_is_as_ever(void **state)
{
	static const uint8_t wire[] = {
		0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0x00, 0x03, 0x00, 0x00, 0x00, 0x0a,
		0x00, 0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
		0x83, 0x01, 0xa1, 'd', 0x02, 0xa1, 't', 0x03, 0xa1, 'u',
	};
	struct msg m = {
		.type = MSG_NEWSOURCE, .seqno = 2,
		.newsource = { text_of("d"), text_of("t"), text_of("u"), 0 },
	};
	size_t len;

	(void)state;
	assert_int_equal(msg_encode(FRAME_V3, MSG_FROM_TOOL, &m, buf, sizeof(buf)), sizeof(wire));
	assert_memory_equal(buf, wire, sizeof(wire));
	m.newsource.instance = 5;
	len = msg_encode(FRAME_V3, MSG_FROM_TOOL, &m, buf, sizeof(buf));
	assert_int_equal(len, sizeof(wire) + 4);
	assert_memory_equal(buf + len - 4, "\xcd\x03\xe8\x05", 4);	/* key 1000, 5 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_decodes_to_what_was_encoded),
		cmocka_unit_test(encoding_stays_in_its_buffer),
		cmocka_unit_test(damaged_payloads_are_refused_or_read_within_bounds),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(unknown_commands_are_no_errors),
		cmocka_unit_test(v2_ping_is_read_by_every_build),
		cmocka_unit_test(data_reports_take_no_memory),
		cmocka_unit_test(lists_beyond_the_arena_are_told),
		cmocka_unit_test(what_a_generation_cannot_say_is_not_encoded),
		cmocka_unit_test(v3_frames_carry_the_number_of_the_request),
		cmocka_unit_test(v3_code_says_whether_it_worked),
		cmocka_unit_test(v3_says_warnings_as_messages_of_class_error),
		cmocka_unit_test(tuned_report_with_a_hop_list_means_the_channel),
		cmocka_unit_test(v3_hop_numbers_beyond_16_bits_are_capped),
		cmocka_unit_test(newsource_without_an_instance_is_as_ever),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
