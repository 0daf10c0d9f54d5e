/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet path, held against msg_encode(). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/data_encoder.h"
#include "tests/lib/random_msg.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const enum frame_gen gens[] = { FRAME_V0, FRAME_V2, FRAME_V3 };

static uint8_t content[40000];
static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, ARENA_LIMIT_BYTES);
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 31 + 7);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_reset(&arena);
	return 0;
}

static const struct msg_gps position = {
	.lat_deg = 52.5, .lon_deg = 13.25, .has_alt = true, .alt_m = 34, .fix = 3,
	.type = { "remote-fixed", 12 }, .name = { "roof", 4 },
};

/* What has to come out: the message with everything in it. */
static size_t expected_frame(enum frame_gen gen, uint32_t seqno, const struct msg_data *d,
			     const struct msg_gps *gps, uint64_t time_us, uint8_t *out, size_t cap)
{
	struct msg m = { .type = MSG_DATA, .seqno = seqno, .data = *d };

	if (gps && !d->has_gps) {
		m.data.has_gps = true;
		m.data.gps = *gps;
		m.data.gps.time_us = time_us;
	}
	return msg_encode(gen, MSG_FROM_TOOL, &m, out, cap);
}

static void assert_frame(enum frame_gen gen, const uint8_t *frame, size_t len,
			 const uint8_t *expected, size_t expected_len)
{
	if (len != expected_len || memcmp(frame, expected, len) != 0)
		fail_msg("%s: %zu bytes, not the %zu expected", frame_gen_name(gen), len,
			 expected_len);
}

/* Numbers on both sides of every size that an encoding has. */
static uint64_t edge(struct rng *r)
{
	static const unsigned int shifts[] = { 4, 7, 8, 14, 16, 20, 21, 28, 32, 35, 42, 49 };
	uint64_t v = (uint64_t)1 << shifts[rng_below(r, LEN(shifts))];

	return v - 2 + rng_below(r, 4);
}

static uint64_t some_time(struct rng *r)
{
	uint64_t s = rng_below(r, 2) ? 1700000000 + rng_below(r, 100000000) : edge(r) >> 6;
	uint64_t us = rng_below(r, 2) ? rng_below(r, 1000000) : edge(r) % 1000000;

	return s * 1000000 + us;
}

static struct msg_packet some_packet(struct rng *r)
{
	struct msg_packet p = {
		.dlt = rng_below(r, 2) ? 127 : (uint32_t)edge(r),
		.has_time = rng_below(r, 8) != 0,
		.data = content,
		.len = (uint32_t)rng_below(r, rng_below(r, 2) ? 300 : 16000),
	};

	p.time_us = p.has_time ? some_time(r) : 0;
	if (rng_below(r, 4) == 0)
		p.len = (uint32_t)(edge(r) % 16000);
	p.orig_len = rng_below(r, 2) ? p.len : p.len + (uint32_t)(edge(r) & 0xffffffff) / 2;
	return p;
}

static void packets_are_the_bytes_of_msg_encode(void **state)
{
	static uint8_t out[20000], expected[20000];
	struct data_encoder e;
	struct rng r = { 1 };

	(void)state;
	for (int i = 0; i < 60000; i++) {
		enum frame_gen gen = gens[rng_below(&r, LEN(gens))];
		const struct msg_gps *gps = rng_below(&r, 2) ? &position : NULL;
		struct msg_data d = { .packet = some_packet(&r) };
		uint32_t seqno = (uint32_t)edge(&r), cut = 99;
		size_t len, expected_len;

		if (!msg_gen_supported(gen))
			continue;
		assert_int_equal(data_encoder_init(&e, gen, FRAME_LIMIT_SERVER, gps), 0);
		expected_len = expected_frame(gen, seqno, &d, gps, d.packet.time_us, expected,
					      sizeof(expected));
		len = data_encode_packet(&e, seqno, &d.packet, out, &cut);
		assert_true(len <= data_encoder_bound(&e, d.packet.len));
		if (expected_len > FRAME_LIMIT_SERVER)
			continue;
		assert_int_equal(cut, 0);
		assert_frame(gen, out, len, expected, expected_len);
		assert_int_equal(data_encode(&e, seqno, &d, out, sizeof(out), &cut), expected_len);
		assert_int_equal(cut, 0);
		assert_frame(gen, out, expected_len, expected, expected_len);
	}
}

static void check_cut(enum frame_gen gen, size_t limit, uint32_t len, const struct msg_gps *gps)
{
	static uint8_t out[50000], expected[50000];
	struct msg_data d = {
		.packet = {
			.dlt = 127, .has_time = true, .time_us = 1700000000123456, .data = content,
			.len = len, .orig_len = len,
		},
	};
	struct data_encoder e;
	uint32_t cut = 99, cut_again = 99;
	size_t total, whole;

	assert_int_equal(data_encoder_init(&e, gen, limit, gps), 0);
	whole = expected_frame(gen, 7, &d, gps, d.packet.time_us, expected, sizeof(expected));
	total = data_encode_packet(&e, 7, &d.packet, out, &cut);
	assert_true(total <= limit);
	assert_true(total <= data_encoder_bound(&e, len));
	if (whole <= limit)
		assert_int_equal(cut, 0);
	else
		assert_true(total >= limit - 8);	/* shorter lengths take fewer bytes */
	d.packet.len = len - cut;	/* its length on air stays */
	whole = expected_frame(gen, 7, &d, gps, d.packet.time_us, expected, sizeof(expected));
	assert_frame(gen, out, total, expected, whole);

	d.packet.len = len;
	assert_int_equal(data_encode(&e, 7, &d, out, sizeof(out), &cut_again), total);
	assert_int_equal(cut_again, cut);
}

static void long_packets_are_cut_to_the_limit(void **state)
{
	static const size_t limits[] = { FRAME_LIMIT_SERVER, FRAME_LIMIT_SERVER_OLD, 1000 };

	(void)state;
	for (size_t g = 0; g < LEN(gens); g++) {
		if (!msg_gen_supported(gens[g]))
			continue;
		for (size_t l = 0; l < LEN(limits); l++) {
			uint32_t limit = (uint32_t)limits[l];

			for (uint32_t len = limit - 300; len < limit + 50; len++) {
				check_cut(gens[g], limit, len, NULL);
				check_cut(gens[g], limit, len, &position);
			}
			check_cut(gens[g], limit, sizeof(content), &position);
		}
	}
}

/* Any report, with and without a position of its own. */
static void any_report_is_the_bytes_of_msg_encode(void **state)
{
	static uint8_t out[20000], expected[20000];
	struct data_encoder e;
	struct rng r = { 77 };
	struct msg m;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		enum frame_gen gen = gens[i % 3];
		const struct msg_gps *gps = rng_below(&r, 2) ? &position : NULL;
		uint64_t time_us;
		uint32_t cut = 99;
		size_t len;

		if (!msg_gen_supported(gen))
			continue;
		random_msg(&r, gen, MSG_DATA, &arena, &m);
		time_us = m.data.packet.data ? m.data.packet.time_us :
			  m.data.json.type.s ? m.data.json.time_us : m.data.buffer.time_us;
		assert_int_equal(data_encoder_init(&e, gen, FRAME_LIMIT_SERVER, gps), 0);
		len = expected_frame(gen, m.seqno, &m.data, gps, time_us, expected,
				     sizeof(expected));
		assert_int_equal(data_encode(&e, m.seqno, &m.data, out, sizeof(out), &cut), len);
		assert_int_equal(cut, 0);
		assert_frame(gen, out, len, expected, len);
		for (int n = 0; n < 5; n++)
			assert_int_equal(data_encode(&e, m.seqno, &m.data, out, rng_below(&r, len),
						     &cut), 0);
		arena_reset(&arena);
	}
}

static void packet_with_signal_is_cut_at_the_limit(void **state)
{
	static uint8_t out[20000];
	struct msg_data d = {
		.has_signal = true,
		.signal = { .has_signal_dbm = true, .signal_dbm = -60, .channel = text_of("6") },
		.packet = { .dlt = 127, .data = content, .len = 20000, .orig_len = 20000 },
	};
	struct data_encoder e;
	struct frame f;
	struct msg m;

	(void)state;
	for (size_t g = 0; g < LEN(gens); g++) {
		uint32_t cut = 0;
		size_t len;

		if (!msg_gen_supported(gens[g]))
			continue;
		data_encoder_init(&e, gens[g], FRAME_LIMIT_SERVER, &position);
		len = data_encode(&e, 1, &d, out, sizeof(out), &cut);
		assert_in_range(len, FRAME_LIMIT_SERVER - 8, FRAME_LIMIT_SERVER);
		assert_int_equal(frame_parse(out, len, FRAME_LIMIT_SERVER, &f), FRAME_OK);
		assert_int_equal(msg_decode(&f, &arena, &m), 0);
		assert_int_equal(m.data.packet.len, 20000 - cut);
		assert_int_equal(m.data.packet.orig_len, 20000);
		assert_memory_equal(m.data.packet.data, content, 20000 - cut);
		assert_int_equal(m.data.signal.signal_dbm, -60);
		assert_true(text_is(m.data.gps.name, "roof"));
	}
}

static void json_beyond_the_limit_is_not_sent(void **state)
{
	static uint8_t out[40000];
	struct msg_data d = {
		.json = { .type = text_of("x"), .json = { (const char *)content, 16000 } },
	};
	struct data_encoder e;
	uint32_t cut = 0;

	(void)state;
	for (size_t g = 0; g < LEN(gens); g++) {
		data_encoder_init(&e, gens[g], FRAME_LIMIT_SERVER, NULL);
		d.json.json.len = 16000;
		assert_int_not_equal(data_encode(&e, 1, &d, out, sizeof(out), &cut), 0);
		d.json.json.len = 16380;
		assert_int_equal(data_encode(&e, 1, &d, out, sizeof(out), &cut), 0);
		assert_int_equal(cut, 0);
	}
}

static void opaque_bytes_do_not_go_into_v3(void **state)
{
	struct msg_data d = {
		.buffer = { .type = text_of("x"), .data = content, .len = 5 },
	};
	struct data_encoder e;
	uint8_t out[300];
	uint32_t cut;

	(void)state;
	data_encoder_init(&e, FRAME_V3, FRAME_LIMIT_SERVER, NULL);
	assert_int_equal(data_encode(&e, 1, &d, out, sizeof(out), &cut), 0);
	data_encoder_init(&e, FRAME_V2, FRAME_LIMIT_SERVER, NULL);
	assert_int_not_equal(data_encode(&e, 1, &d, out, sizeof(out), &cut), 0);
}

static void position_with_long_texts_is_refused(void **state)
{
	struct msg_gps gps = position;
	struct data_encoder e;

	(void)state;
	for (size_t g = 0; g < LEN(gens); g++) {
		gps.name = (struct text){ (const char *)content, 120 };
		assert_int_equal(data_encoder_init(&e, gens[g], FRAME_LIMIT_SERVER, &gps), 0);
		gps.name.len = DATA_ENCODER_GPS_SIZE;
		assert_int_equal(data_encoder_init(&e, gens[g], FRAME_LIMIT_SERVER, &gps),
				 -EMSGSIZE);
	}
}

/* The bound is what callers reserve in their batch. */
static void nothing_is_written_beyond_the_bound(void **state)
{
	struct data_encoder e;
	struct rng r = { 12 };

	(void)state;
	for (int i = 0; i < 6000; i++) {
		enum frame_gen gen = gens[i % 3];
		struct msg_packet p = some_packet(&r);
		uint8_t *out;
		uint32_t cut;

		p.len %= 400;
		data_encoder_init(&e, gen, FRAME_LIMIT_SERVER, i % 2 ? &position : NULL);
		out = malloc(data_encoder_bound(&e, p.len));
		assert_int_not_equal(data_encode_packet(&e, UINT32_MAX, &p, out, &cut), 0);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_the_bytes_of_msg_encode),
		cmocka_unit_test(long_packets_are_cut_to_the_limit),
		cmocka_unit_test_teardown(any_report_is_the_bytes_of_msg_encode, teardown),
		cmocka_unit_test_teardown(packet_with_signal_is_cut_at_the_limit, teardown),
		cmocka_unit_test(json_beyond_the_limit_is_not_sent),
		cmocka_unit_test(opaque_bytes_do_not_go_into_v3),
		cmocka_unit_test(position_with_long_texts_is_refused),
		cmocka_unit_test(nothing_is_written_beyond_the_bound),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
