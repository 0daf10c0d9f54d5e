/* SPDX-License-Identifier: GPL-2.0-or-later */
/* v0 and v2 payloads: what is written by hand against what protobuf-c makes, what is malformed,
 * and what protobuf has that v3 has not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/kismet.pb-c.h"
#include "protocol/msg.h"
#include "tests/lib/random_msg.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct arena arena;
static struct msg m;
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

static int decode(const char *name, const void *payload, size_t len)
{
	struct frame f = {
		.gen = FRAME_V2, .name = text_of(name), .payload = payload, .payload_len = len,
	};

	return msg_decode(&f, &arena, &m);
}

#define DECODE(name, bytes) decode(name, bytes, sizeof(bytes) - 1)

/* The payload of m as we write it. */
static size_t payload_of(enum frame_gen gen, const struct msg *in, const uint8_t **payload)
{
	size_t len = msg_encode(gen, MSG_FROM_TOOL, in, buf, sizeof(buf));
	struct frame f;

	assert_int_equal(frame_parse(buf, len, sizeof(buf), &f), FRAME_OK);
	*payload = f.payload;
	return f.payload_len;
}

static ProtobufCBinaryData bytes_of(struct text t)
{
	return (ProtobufCBinaryData){ t.len, (uint8_t *)(uintptr_t)t.s };
}

/* --- data reports against the generated code --- */

struct report {
	Kismet__DataReport r;
	Kismet__SubGps gps;
	Kismet__MsgbusMessage message;
	Kismet__SubPacket packet;
	Kismet__SubSignal signal;
	Kismet__SubJson json;
	Kismet__SubBuffer buffer;
};

static void fill_gps(Kismet__SubGps *to, const struct msg_gps *g)
{
	kismet__sub_gps__init(to);
	to->lat = g->lat_deg;
	to->lon = g->lon_deg;
	to->alt = g->alt_m;
	to->speed = g->speed_kmh;
	to->heading = g->heading_deg;
	to->precision = g->precision_m;
	to->fix = g->fix;
	to->time_sec = g->time_us / 1000000;
	to->time_usec = g->time_us % 1000000;
	to->type = bytes_of(g->type);
	to->name = bytes_of(g->name);
}

static void fill_packet(Kismet__SubPacket *to, const struct msg_packet *p)
{
	kismet__sub_packet__init(to);
	to->time_sec = p->time_us / 1000000;
	to->time_usec = p->time_us % 1000000;
	to->dlt = p->dlt;
	to->size = p->len;
	to->data = (ProtobufCBinaryData){ p->len, (uint8_t *)(uintptr_t)p->data };
	to->has_cap_size = p->orig_len != p->len;
	to->cap_size = p->orig_len;
}

static void fill_signal(Kismet__SubSignal *to, const struct msg_signal *s)
{
	kismet__sub_signal__init(to);
	to->has_signal_dbm = s->has_signal_dbm;
	to->signal_dbm = s->signal_dbm;
	to->has_noise_dbm = s->has_noise_dbm;
	to->noise_dbm = s->noise_dbm;
	to->has_signal_rssi = s->has_signal_rssi;
	to->signal_rssi = s->signal_rssi;
	to->has_noise_rssi = s->has_noise_rssi;
	to->noise_rssi = s->noise_rssi;
	to->has_freq_khz = s->has_freq_khz;
	to->freq_khz = (double)s->freq_khz;
	to->has_channel = s->channel.s != NULL;
	to->channel = bytes_of(s->channel);
	to->has_datarate = s->has_datarate;
	to->datarate = (double)s->datarate;
}

static void fill_json(Kismet__SubJson *to, const struct msg_json *j)
{
	kismet__sub_json__init(to);
	to->time_sec = j->time_us / 1000000;
	to->time_usec = j->time_us % 1000000;
	to->type = bytes_of(j->type);
	to->json = bytes_of(j->json);
}

static void fill_buffer(Kismet__SubBuffer *to, const struct msg_buffer *b)
{
	kismet__sub_buffer__init(to);
	to->time_sec = b->time_us / 1000000;
	to->time_usec = b->time_us % 1000000;
	to->type = bytes_of(b->type);
	to->buffer = (ProtobufCBinaryData){ b->len, (uint8_t *)(uintptr_t)b->data };
}

static const ProtobufCMessage *generated(struct report *rep, const struct msg_data *d)
{
	kismet__data_report__init(&rep->r);
	fill_gps(&rep->gps, &d->gps);
	fill_packet(&rep->packet, &d->packet);
	fill_signal(&rep->signal, &d->signal);
	fill_json(&rep->json, &d->json);
	fill_buffer(&rep->buffer, &d->buffer);
	kismet__msgbus_message__init(&rep->message);
	rep->message.msgtype = (Kismet__MessageType)d->message_class;
	rep->message.msgtext = bytes_of(d->message);
	rep->r.gps = d->has_gps ? &rep->gps : NULL;
	rep->r.message = d->message.s ? &rep->message : NULL;
	rep->r.packet = d->packet.data ? &rep->packet : NULL;
	rep->r.signal = d->has_signal ? &rep->signal : NULL;
	rep->r.json = d->json.type.s ? &rep->json : NULL;
	rep->r.buffer = d->buffer.data ? &rep->buffer : NULL;
	rep->r.has_warning = d->warning.s != NULL;
	rep->r.warning = bytes_of(d->warning);
	return &rep->r.base;
}

static void data_reports_are_the_bytes_of_protobuf_c(void **state)
{
	static uint8_t expected[FRAME_LIMIT_READ];
	struct rng r = { 42 };
	struct report rep;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		const uint8_t *payload;
		size_t len, expected_len;

		random_msg(&r, FRAME_V2, MSG_DATA, &arena, &m);
		len = payload_of(i % 2 ? FRAME_V2 : FRAME_V0, &m, &payload);
		expected_len = protobuf_c_message_pack(generated(&rep, &m.data), expected);
		assert_int_equal(len, expected_len);
		if (len > 0)
			assert_memory_equal(payload, expected, len);
		arena_reset(&arena);
	}
}

/* Whether our reader and protobuf-c both take a report, or neither. */
static bool readers_agree(const uint8_t *payload, size_t len)
{
	Kismet__DataReport *theirs = kismet__data_report__unpack(NULL, len, payload);
	int ours = decode("KDSDATAREPORT", payload, len);
	bool agree = (theirs != NULL) == (ours == 0);

	/* protobuf-c does not look at the values of enumerations; servers do */
	if (theirs && theirs->message && ours == -EPROTO)
		agree = true;
	if (theirs)
		kismet__data_report__free_unpacked(theirs, NULL);
	return agree;
}

static void damaged_data_reports_are_refused_as_protobuf_c_does(void **state)
{
	struct rng r = { 4711 };
	struct msg in;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const uint8_t *payload;
		uint8_t *damaged;
		size_t len;

		random_msg(&r, FRAME_V2, MSG_DATA, &arena, &in);
		len = rng_below(&r, payload_of(FRAME_V2, &in, &payload) + 1);
		damaged = malloc(len ? len : 1);
		memcpy(damaged, payload, len);
		for (size_t n = rng_below(&r, 4); n > 0 && len > 0; n--)
			damaged[rng_below(&r, len)] = (uint8_t)rng_next(&r);
		if (!readers_agree(damaged, len))
			fail_msg("round %d", i);
		free(damaged);
		arena_reset(&arena);
	}
}

static void envelope_of_v0_is_the_bytes_of_protobuf_c(void **state)
{
	Kismet__Command c = KISMET__COMMAND__INIT;
	struct rng r = { 3 };
	uint8_t expected[20000];

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct msg_packet p = { .data = buf, .len = (uint32_t)rng_below(&r, 17000) };
		struct frame f = {
			.gen = FRAME_V0, .name = text_of("KDSDATAREPORT"),
			.seqno = (uint32_t)(rng_next(&r) >> rng_below(&r, 64)),
			.payload = p.data, .payload_len = p.len,
		};
		uint8_t out[20000];
		size_t len;

		c.command = bytes_of(f.name);
		c.seqno = f.seqno;
		c.content = (ProtobufCBinaryData){ p.len, (uint8_t *)(uintptr_t)p.data };
		len = kismet__command__pack(&c, expected);
		assert_int_equal(frame_write(&f, out, sizeof(out)), FRAME_V0_HEADER + len);
		assert_memory_equal(out + FRAME_V0_HEADER, expected, len);
	}
}

/* --- what is malformed --- */

struct row {
	const char *name;
	const char *payload;
	size_t len;
};

#define ROW(name, bytes) { name, bytes, sizeof(bytes) - 1 }
#define SUCCESS "\x0a\x04\x08\x01\x10\x05"	/* field 1: success, request 5 */

static void missing_required_fields_are_malformed(void **state)
{
	static const struct row rows[] = {
		ROW("MESSAGE", "\x08\x02"), ROW("MESSAGE", "\x12\x01x"),
		ROW("PONG", ""), ROW("SHUTDOWN", ""), ROW("SYSTEMREGISTER", ""),
		ROW("KDSNEWSOURCE", "\x0a\x01x\x12\x01x"),
		ROW("KDSNEWSOURCE", "\x12\x01x\x1a\x01x"),
		ROW("KDSOPENSOURCE", ""), ROW("KDSPROBESOURCE", ""), ROW("KDSWARNINGREPORT", ""),
		ROW("KDSOPENSOURCEREPORT", ""), ROW("KDSOPENSOURCEREPORT", "\x0a\x02\x08\x01"),
		ROW("KDSOPENSOURCEREPORT", "\x0a\x02\x10\x05"),
		ROW("KDSOPENSOURCEREPORT", SUCCESS "\x2a\x00"),		/* channel without one */
		ROW("KDSOPENSOURCEREPORT", SUCCESS "\x42\x02\x08\x02"),	/* message without text */
		ROW("KDSPROBESOURCEREPORT", ""), ROW("KDSCONFIGUREREPORT", ""),
		ROW("KDSERRORREPORT", ""), ROW("KDSINTERFACESREPORT", ""),
		ROW("KDSINTERFACESREPORT", SUCCESS "\x1a\x03\x0a\x01x"),	/* no flags */
		ROW("KDSCONFIGURE", "\x0a\x00"), ROW("LBTDATAREPORT", ""),
		ROW("KDSDATAREPORT", "\x1a\x00"), ROW("KDSDATAREPORT", "\x0a\x00"),
		ROW("KDSDATAREPORT", "\x3a\x00"), ROW("KDSDATAREPORT", "\x42\x00"),
		ROW("KDSDATAREPORT", "\x12\x02\x08\x02"),
		/* a packet without each of its fields */
		ROW("KDSDATAREPORT", "\x1a\x09\x10\x01\x18\x01\x20\x01\x2a\x01x"),
		ROW("KDSDATAREPORT", "\x1a\x09\x08\x01\x18\x01\x20\x01\x2a\x01x"),
		ROW("KDSDATAREPORT", "\x1a\x09\x08\x01\x10\x01\x20\x01\x2a\x01x"),
		ROW("KDSDATAREPORT", "\x1a\x09\x08\x01\x10\x01\x18\x01\x2a\x01x"),
		ROW("KDSDATAREPORT", "\x1a\x08\x08\x01\x10\x01\x18\x01\x20\x01"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		if (decode(rows[i].name, rows[i].payload, rows[i].len) != -EPROTO)
			fail_msg("%s in row %zu accepted", rows[i].name, i);
	}
}

static void wrong_wire_types_and_garbage_are_malformed(void **state)
{
	static const struct row rows[] = {
		ROW("KDSOPENSOURCE", "garbage"), ROW("KDSOPENSOURCE", "\x08\x01"),
		ROW("KDSOPENSOURCE", "\x0a\x05x"), ROW("PONG", "\x0a\x01x"),
		ROW("MESSAGE", "\x0a\x01x\x12\x01x"), ROW("KDSDATAREPORT", "\x18\x01"),
		ROW("KDSDATAREPORT", "\x30\x01"), ROW("KDSDATAREPORT", "\x22\x02\x08\x01"),
		ROW("KDSDATAREPORT", "\x22\x05\x09" "1234"), ROW("KDSDATAREPORT", "\x22"),
		ROW("KDSDATAREPORT", "\x1a\xff\xff\xff\xff\x7f"),
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		if (decode(rows[i].name, rows[i].payload, rows[i].len) != -EPROTO)
			fail_msg("%s in row %zu accepted", rows[i].name, i);
	}
}

static void classes_that_do_not_exist_are_malformed(void **state)
{
	(void)state;
	assert_int_equal(DECODE("MESSAGE", "\x08\x10\x12\x01x"), 0);
	assert_int_equal(m.message.class, MSG_CLASS_FATAL);
	assert_int_equal(DECODE("MESSAGE", "\x08\x03\x12\x01x"), -EPROTO);
	assert_int_equal(DECODE("MESSAGE", "\x08\x00\x12\x01x"), -EPROTO);
	assert_int_equal(DECODE("KDSDATAREPORT", "\x12\x05\x08\x03\x12\x01x"), -EPROTO);
	assert_int_equal(DECODE("KDSDATAREPORT", "\x12\x05\x08\x04\x12\x01x"), 0);
	assert_int_equal(m.data.message_class, MSG_CLASS_ERROR);
}

static void unknown_fields_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(DECODE("KDSOPENSOURCE", "\x78\x01\x0a\x01x\x81\x01" "12345678"
				"\xfa\xff\xff\xff\x0f\x02zz"), 0);
	assert_true(text_is(m.definition, "x"));
	/* a spectrum in a report, and something in its packet */
	assert_int_equal(DECODE("KDSDATAREPORT", "\x2a\x04\x08\x01\x10\x02\x1a\x0e\x78\x01"
				"\x08\x01\x10\x02\x18\x7f\x20\x02\x2a\x02xy"), 0);
	assert_int_equal(m.data.packet.dlt, 127);
	assert_int_equal(m.data.packet.time_us, 1000002);
	assert_int_equal(m.data.packet.len, 2);
}

/* In protobuf a message may be sent in pieces. */
static void pieces_of_a_message_add_up(void **state)
{
	(void)state;
	assert_int_equal(DECODE("KDSDATAREPORT", "\x1a\x04\x08\x01\x10\x02\x1a\x08\x18\x7f\x20\x02"
				"\x2a\x02xy"), 0);
	assert_int_equal(m.data.packet.time_us, 1000002);
	assert_int_equal(m.data.packet.dlt, 127);
	assert_int_equal(DECODE("KDSDATAREPORT", "\x32\x01x\x32\x01y"), 0);
	assert_true(text_is(m.data.warning, "y"));	/* the last one counts */
}

static void texts_keep_their_nul(void **state)
{
	(void)state;
	assert_int_equal(DECODE("KDSOPENSOURCE", "\x0a\x03" "a\0b"), 0);
	assert_int_equal(m.definition.len, 3);
	assert_int_equal(DECODE("KDSOPENSOURCE", "\x0a\x00"), 0);
	assert_int_equal(m.definition.len, 0);
	assert_non_null(m.definition.s);
}

static void microseconds_beyond_a_second_add_up(void **state)
{
	(void)state;
	assert_int_equal(DECODE("KDSDATAREPORT", "\x1a\x0c\x08\x05\x10\x81\x89\x7a\x18\x7f\x20\x00"
				"\x2a\x00"), 0);
	assert_int_equal(m.data.packet.time_us, 7000001);
	assert_non_null(m.data.packet.data);
	assert_int_equal(m.data.packet.len, 0);
}

/* --- how things are said --- */

static void length_on_air_is_sent_when_it_differs(void **state)
{
	struct msg in = {
		.type = MSG_DATA,
		.data.packet = { .data = (const uint8_t *)"abc", .len = 3, .orig_len = 3 },
	};
	const uint8_t *payload;
	size_t len;

	(void)state;
	len = payload_of(FRAME_V2, &in, &payload);
	assert_memory_equal(payload + len - 5, "\x2a\x03" "abc", 5);
	in.data.packet.orig_len = 300;
	len = payload_of(FRAME_V2, &in, &payload);
	assert_memory_equal(payload + len - 6, "abc\x30\xac\x02", 6);
	/* 0, less than what is there, and more than 32 bits */
	assert_int_equal(DECODE("KDSDATAREPORT", "\x1a\x0f\x08\x01\x10\x01\x18\x01\x20\x03\x2a\x03"
				"abc\x30\x00"), 0);
	assert_int_equal(m.data.packet.orig_len, 3);
	assert_int_equal(DECODE("KDSDATAREPORT", "\x1a\x0f\x08\x01\x10\x01\x18\x01\x20\x03\x2a\x03"
				"abc\x30\x02"), 0);
	assert_int_equal(m.data.packet.orig_len, 3);
	assert_int_equal(DECODE("KDSDATAREPORT", "\x1a\x14\x08\x01\x10\x01\x18\x01\x20\x03\x2a\x03"
				"abc\x30\xff\xff\xff\xff\xff\x01"), 0);
	assert_int_equal(m.data.packet.orig_len, UINT32_MAX);
}

static size_t put_double(uint8_t *p, uint8_t tag, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	p[0] = tag;
	for (int i = 0; i < 8; i++)
		p[1 + i] = (uint8_t)(bits >> (8 * i));
	return 9;
}

static void signal_numbers_are_rounded_and_kept_in_range(void **state)
{
	static const struct {
		double v;
		int32_t level;
		uint64_t khz;
	} rows[] = {
		{ -60, -60, 0 }, { -60.5, -61, 0 }, { -60.4, -60, 0 }, { 5.5, 6, 6 },
		{ 2412000, 2412000, 2412000 }, { 1e30, INT32_MAX, UINT64_MAX },
		{ -1e30, INT32_MIN, 0 }, { 2147483647, INT32_MAX, 2147483647 },
		{ -2147483648.0, INT32_MIN, 0 }, { 18446744073709551615.0, INT32_MAX, UINT64_MAX },
		{ 9007199254740991.0, INT32_MAX, UINT64_C(9007199254740991) },
		{ INFINITY, INT32_MAX, UINT64_MAX }, { -INFINITY, INT32_MIN, 0 },
		{ NAN, INT32_MIN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		uint8_t payload[20] = { 0x22, 18 };

		put_double(payload + 2, 0x09, rows[i].v);
		put_double(payload + 11, 0x29, rows[i].v);
		assert_int_equal(decode("KDSDATAREPORT", payload, sizeof(payload)), 0);
		assert_true(m.data.signal.has_signal_dbm && m.data.signal.has_freq_khz);
		assert_int_equal(m.data.signal.signal_dbm, rows[i].level);
		assert_true(m.data.signal.freq_khz == rows[i].khz);
	}
}

static void reports_say_their_text_in_the_class_of_their_result(void **state)
{
	struct msg in = {
		.type = MSG_PROBE_REPORT,
		.probe_report = { .success = true, .reply_to = 5, .message = text_of("x") },
	};
	const uint8_t *payload;

	(void)state;
	assert_int_equal(payload_of(FRAME_V2, &in, &payload), 13);
	assert_memory_equal(payload, SUCCESS "\x12\x05\x08\x02\x12\x01x", 13);
	in.probe_report.success = false;
	payload_of(FRAME_V2, &in, &payload);
	assert_memory_equal(payload, "\x0a\x04\x08\x00\x10\x05\x12\x05\x08\x04\x12\x01x", 13);
	in.probe_report.message.s = NULL;
	in.probe_report.message.len = 0;
	assert_int_equal(payload_of(FRAME_V2, &in, &payload), 6);
}

static void required_texts_that_are_absent_are_sent_empty(void **state)
{
	struct msg in = { .type = MSG_NEWSOURCE };
	const uint8_t *payload;

	(void)state;
	assert_int_equal(payload_of(FRAME_V2, &in, &payload), 6);
	assert_memory_equal(payload, "\x0a\x00\x12\x00\x1a\x00", 6);
	in = (struct msg){ .type = MSG_OPEN };
	assert_int_equal(payload_of(FRAME_V0, &in, &payload), 2);
}

static void instance_is_field_1000(void **state)
{
	struct msg in = {
		.type = MSG_NEWSOURCE,
		.newsource.instance = UINT64_C(0x0123456789abcdef),
	};
	const uint8_t *payload;

	(void)state;
	assert_int_equal(payload_of(FRAME_V2, &in, &payload), 6 + 10);
	assert_memory_equal(payload + 6, "\xc1\x3e\xef\xcd\xab\x89\x67\x45\x23\x01", 10);
}

static void bluetooth_reports_may_have_more_than_we_read(void **state)
{
	(void)state;
	assert_int_equal(DECODE("LBTDATAREPORT", "\x22\x09\x09" "12345678\x1a\x01w\x2a\x16\x08\x01"
				"\x10\x02\x1a\x03" "a:b\x22\x01n\x28\xff\xff\xff\xff\x0f\x30\x02"
				"\x3a\x00"), 0);
	assert_int_equal(m.type, MSG_BLUETOOTH);
	assert_int_equal(m.bluetooth.time_us, 1000002);
	assert_true(text_is(m.bluetooth.address, "a:b"));
	assert_int_equal(m.bluetooth.txpower, -1);
	assert_int_equal(m.bluetooth.uuids.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(data_reports_are_the_bytes_of_protobuf_c, teardown),
		cmocka_unit_test_teardown(damaged_data_reports_are_refused_as_protobuf_c_does,
					  teardown),
		cmocka_unit_test_teardown(envelope_of_v0_is_the_bytes_of_protobuf_c, teardown),
		cmocka_unit_test_teardown(missing_required_fields_are_malformed, teardown),
		cmocka_unit_test_teardown(wrong_wire_types_and_garbage_are_malformed, teardown),
		cmocka_unit_test_teardown(classes_that_do_not_exist_are_malformed, teardown),
		cmocka_unit_test_teardown(unknown_fields_are_skipped, teardown),
		cmocka_unit_test_teardown(pieces_of_a_message_add_up, teardown),
		cmocka_unit_test_teardown(texts_keep_their_nul, teardown),
		cmocka_unit_test_teardown(microseconds_beyond_a_second_add_up, teardown),
		cmocka_unit_test_teardown(length_on_air_is_sent_when_it_differs, teardown),
		cmocka_unit_test_teardown(signal_numbers_are_rounded_and_kept_in_range, teardown),
		cmocka_unit_test_teardown(reports_say_their_text_in_the_class_of_their_result,
					  teardown),
		cmocka_unit_test_teardown(required_texts_that_are_absent_are_sent_empty, teardown),
		cmocka_unit_test_teardown(instance_is_field_1000, teardown),
		cmocka_unit_test_teardown(bluetooth_reports_may_have_more_than_we_read, teardown),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
