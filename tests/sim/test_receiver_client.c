/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as a server must treat them, in every generation: fake tools, fake time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/client.h"
#include "protocol/frame.h"
#include "tests/lib/receiver_fixture.h"

#define SECOND RECEIVER_FIXTURE_SECOND
#define OTHER_UUID "4E1D07C3-0000-0000-0000-0000AAAAAAAA"

static struct receiver_fixture *f;
static enum frame_gen gen;

static int setup(void **state)
{
	gen = *state ? *(const enum frame_gen *)*state : FRAME_V3;
	f = calloc(1, sizeof(*f));
	if (!f || !msg_gen_supported(gen))
		return f ? 0 : -1;
	for (int i = 0; i < RECEIVER_FIXTURE_TOOLS; i++)
		f->tools[i].gen = gen;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (f->receiver)
		receiver_fixture_stop(f);
	free(f);
	return 0;
}

/* Starts the receiver; skips the test when the build does not speak its generation. */
static void start(void)
{
	if (!msg_gen_supported(gen))
		skip();
	receiver_fixture_start(f);
}

static long n_packets(void)
{
	return fake_output_packets(&f->packets, NULL, NULL);
}

static void send_packets(struct fake_tool *tool, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fake_tool_packet(tool, first + i, 60 + (first + i) % 100);
}

static const struct source_stats *stats(void)
{
	return &receiver_find_source(f->receiver, TEST_UUID)->stats;
}

/* --- the usual course --- */

static void check_packet(void *user, const struct fake_packet *p)
{
	uint32_t *next = user;

	assert_int_equal(p->time_us, *next);
	assert_int_equal(p->len, 60 + *next % 100);
	assert_int_equal(p->orig_len, p->len);
	assert_int_equal(p->linktype, 105);
	assert_int_equal(p->data[0], (uint8_t)(*next * 31));
	assert_int_equal(p->data[p->len - 1], (uint8_t)(*next * 31 + p->len - 1));
	assert_string_equal(p->if_name, "demo");
	++*next;
}

static void feed_is_taken_from_newsource_to_the_last_packet(void **state)
{
	struct fake_tool *tool;
	uint32_t next = 1;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "input.pcap:name=demo", TEST_UUID);
	assert_int_equal(tool->heard[MSG_OPEN], 1);
	assert_int_equal(tool->last_seqno, 1);
	assert_int_equal(tool->last_gen, gen);
	send_packets(tool, 1, 50);
	fake_tool_end(tool);
	receiver_fixture_settle(f);
	assert_int_equal(fake_output_packets(&f->packets, check_packet, &next), 50);
	assert_true(tool->closed);
	assert_int_equal(receiver_connections(f->receiver), 0);
	assert_int_equal(receiver_totals(f->receiver)->packets, 50);
	assert_int_equal(tool->heard[MSG_CONFIGURE], 0);
}

static void open_has_the_definition_as_servers_write_it(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "wlan0:Name=x,channels=\"1,6\"", TEST_UUID);
	assert_string_equal(tool->definition, "wlan0:channels=1,6,name=x");
}

static void packets_before_the_open_report_are_kept(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	fake_tool_newsource(tool, "input.pcap:name=demo", "pcapfile", TEST_UUID);
	send_packets(tool, 1, 5);
	fake_tool_open_report(tool);
	send_packets(tool, 6, 5);
	receiver_fixture_settle(f);
	assert_int_equal(n_packets(), 10);
}

static void ping_before_newsource_is_answered(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	fake_tool_say_numbered(tool, &ping, 77);
	receiver_fixture_settle(f);
	assert_int_equal(tool->heard[MSG_PONG], 1);
	assert_int_equal(tool->last_pong, 77);
	assert_int_equal(tool->last_gen, gen);
	assert_false(tool->closed);
}

static void answers_follow_the_generation_of_the_last_frame(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;

	(void)state;
	start();
	if (!msg_gen_supported(FRAME_V2))
		skip();
	tool = receiver_fixture_connect(f, 0);
	fake_tool_say(tool, &ping);
	receiver_fixture_settle(f);
	assert_int_equal(tool->last_gen, FRAME_V3);
	tool->gen = FRAME_V2;
	fake_tool_newsource(tool, "x", "pcapfile", TEST_UUID);
	receiver_fixture_settle(f);
	assert_int_equal(tool->heard[MSG_OPEN], 1);
	assert_int_equal(tool->last_gen, FRAME_V2);
}

/* --- pieces --- */

static void bytes_may_come_one_by_one(void **state)
{
	struct fake_tool *tool;
	uint32_t next = 1;

	(void)state;
	start();
	f->tools[0].read_limit = 1;
	f->tools[0].write_limit = 1;
	tool = receiver_fixture_open(f, 0, "input.pcap:name=demo", TEST_UUID);
	send_packets(tool, 1, 20);
	fake_tool_packet(tool, 21, 81);
	receiver_fixture_settle(f);
	assert_int_equal(tool->heard[MSG_OPEN], 1);
	assert_int_equal(fake_output_packets(&f->packets, check_packet, &next), 21);
}

/* The whole feed in two reads, cut at every place. */
static void feed_may_be_cut_anywhere(void **state)
{
	struct bytebuf all = { NULL, 0, 0 };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	fake_tool_newsource(tool, "input.pcap:name=demo", "pcapfile", TEST_UUID);
	fake_tool_open_report(tool);
	send_packets(tool, 1, 3);
	bytebuf_append(&all, tool->to_receiver.data, tool->to_receiver.len, SIZE_MAX);
	for (size_t cut = 0; cut <= all.len; cut++) {
		tool = receiver_fixture_connect(f, 0);
		fake_tool_say_bytes(tool, all.data, cut);
		receiver_fixture_settle(f);
		fake_tool_say_bytes(tool, all.data + cut, all.len - cut);
		fake_tool_end(tool);
		receiver_fixture_settle(f);
		assert_int_equal(stats()->packets, 3 * (cut + 1));
	}
	bytebuf_free(&all);
}

static void nothing_is_lost_when_every_other_call_fails(void **state)
{
	struct fake_tool *tool;
	uint32_t next = 1;

	(void)state;
	start();
	f->tools[0].refuse_every_other = true;
	f->tools[0].write_limit = 3;
	f->packets.limit = 7;
	tool = receiver_fixture_open(f, 0, "input.pcap:name=demo", TEST_UUID);
	send_packets(tool, 1, 200);
	receiver_fixture_settle(f);
	assert_int_equal(tool->heard[MSG_OPEN], 1);
	assert_int_equal(fake_output_packets(&f->packets, check_packet, &next), 200);
}

static void frame_of_64_kib_is_taken(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	f->tools[0].read_limit = 1000;
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	fake_tool_packet(tool, 1, 65000);
	send_packets(tool, 2, 1);
	receiver_fixture_settle(f);
	assert_int_equal(n_packets(), 2);
	assert_false(tool->closed);
}

/* --- what is not the protocol --- */

static void garbage_anywhere_ends_one_connection_and_no_other(void **state)
{
	struct bytebuf all = { NULL, 0, 0 };
	struct fake_tool *good, *bad;
	uint32_t sent = 0;

	(void)state;
	start();
	good = receiver_fixture_open(f, 1, "good:name=demo", OTHER_UUID);
	bad = receiver_fixture_connect(f, 0);
	fake_tool_newsource(bad, "input.pcap:name=demo", "pcapfile", TEST_UUID);
	fake_tool_open_report(bad);
	send_packets(bad, 1, 2);
	bytebuf_append(&all, bad->to_receiver.data, bad->to_receiver.len, SIZE_MAX);
	for (size_t at = 0; at < all.len; at++) {
		bad = receiver_fixture_connect(f, 0);
		all.data[at] ^= 0xff;
		fake_tool_say_bytes(bad, all.data, all.len);
		all.data[at] ^= 0xff;
		fake_tool_say_bytes(bad, "garbage", 7);
		send_packets(good, ++sent, 1);
		fake_tool_end(bad);
		receiver_fixture_settle(f);
		assert_true(bad->closed);
		assert_false(good->closed);
	}
	assert_int_equal(receiver_find_source(f->receiver, OTHER_UUID)->stats.packets, sent);
	assert_true(n_packets() >= sent);
	bytebuf_free(&all);
}

static void wrong_signature_is_closed_at_once(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	fake_tool_say_bytes(tool, "GET / HTTP/1.1\r\n", 16);
	receiver_fixture_settle(f);
	assert_true(tool->closed);
	assert_int_equal(tool->to_tool.len, 0);
}

static void endless_frame_is_closed_before_it_comes(void **state)
{
	uint8_t header[FRAME_V3_HEADER];
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	frame_put_v3(header, 19, 0, 1, 0x7fffffff);
	fake_tool_say_bytes(tool, header, sizeof(header));
	receiver_fixture_settle(f);
	assert_true(tool->closed);
}

static void unknown_commands_are_ignored(void **state)
{
	struct frame unknown = { .gen = gen, .seqno = 3, .type = 999,
				 .name = text_of("NOSUCHCOMMAND"),
				 .payload = (const uint8_t *)"", .payload_len = 0 };
	struct fake_tool *tool;
	uint8_t buf[100];

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	fake_tool_say_bytes(tool, buf, frame_write(&unknown, buf, sizeof(buf)));
	send_packets(tool, 1, 1);
	receiver_fixture_settle(f);
	assert_false(tool->closed);
	assert_int_equal(n_packets(), 1);
}

static void malformed_payload_is_closed(void **state)
{
	struct frame bad = { .gen = gen, .seqno = 3, .type = 16, .name = text_of("KDSDATAREPORT"),
			     .payload = (const uint8_t *)"\xff\xff\xff\xff", .payload_len = 4 };
	struct fake_tool *tool;
	uint8_t buf[100];

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	fake_tool_say_bytes(tool, buf, frame_write(&bad, buf, sizeof(buf)));
	receiver_fixture_settle(f);
	assert_true(tool->closed);
}

/* --- time --- */

static void nobody_stays_5_s_without_newsource(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *silent, *pinging, *half;

	(void)state;
	start();
	silent = receiver_fixture_connect(f, 0);
	pinging = receiver_fixture_connect(f, 1);
	half = receiver_fixture_connect(f, 2);
	fake_tool_say_bytes(half, "\xde\xca\xfb\xad\xa9\xa9", 6);
	receiver_fixture_pass(f, 3 * SECOND);
	fake_tool_say(pinging, &ping);
	receiver_fixture_pass(f, SECOND * 7 / 4);
	assert_false(silent->closed);
	receiver_fixture_pass(f, SECOND / 4);
	assert_true(silent->closed);
	assert_true(pinging->closed);
	assert_true(half->closed);
	assert_int_equal(pinging->heard[MSG_PONG], 1);
}

static void ping_comes_every_5_s(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	receiver_fixture_pass(f, SECOND * 19 / 4);
	assert_int_equal(tool->heard[MSG_PING], 0);
	receiver_fixture_pass(f, SECOND / 4);
	assert_int_equal(tool->heard[MSG_PING], 1);
	receiver_fixture_pass(f, 10 * SECOND);
	assert_int_equal(tool->heard[MSG_PING], 3);
}

static void silence_is_punished_after_15_s(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	receiver_fixture_pass(f, 19 * SECOND);
	assert_false(tool->closed);
	receiver_fixture_pass(f, SECOND);
	assert_true(tool->closed);
	/* Data is no sign of life, only PONG is. */
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	for (int i = 0; i < 20; i++) {
		send_packets(tool, (uint32_t)i, 1);
		receiver_fixture_pass(f, SECOND);
	}
	assert_true(tool->closed);
}

static void tool_that_answers_stays(void **state)
{
	struct msg pong = { .type = MSG_PONG };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	for (int i = 0; i < 1000; i++) {
		receiver_fixture_pass(f, 5 * SECOND);
		pong.reply_to = tool->last_seqno;
		fake_tool_say(tool, &pong);
	}
	assert_false(tool->closed);
	assert_int_equal(tool->heard[MSG_PING], 1000);
}

/* --- too much --- */

static void tool_that_never_reads_is_closed_and_costs_little(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;
	int n = 0;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	tool->deaf = true;
	while (!tool->closed && n < 100) {
		for (int i = 0; i < 100; i++)
			fake_tool_say(tool, &ping);
		receiver_fixture_settle(f);
		n++;
	}
	/* 64 KiB of PONGs are between 1300 and 3300 of them. */
	assert_in_range(n, 10, 40);
}

static void each_of_many_pings_is_answered(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	for (int i = 0; i < 50000; i++)
		fake_tool_say(tool, &ping);
	receiver_fixture_settle(f);
	assert_false(tool->closed);
	assert_int_equal(tool->heard[MSG_PONG], 50000);
	assert_int_equal(tool->last_pong, tool->number);
}

static void busy_tool_leaves_turns_to_others(void **state)
{
	struct fake_tool *busy, *other;

	(void)state;
	start();
	f->packets.discard = true;
	busy = receiver_fixture_open(f, 0, "busy", TEST_UUID);
	other = receiver_fixture_open(f, 1, "other", OTHER_UUID);
	for (uint32_t i = 0; i < 400; i++)
		fake_tool_packet(busy, i, 16000);
	send_packets(other, 1, 1);
	fake_tool_turn(busy);
	assert_in_range(busy->to_receiver.len, 400 * 16000 - (3 << 19), 400 * 16100 - (1 << 20));
	fake_tool_turn(other);
	assert_int_equal(receiver_find_source(f->receiver, OTHER_UUID)->stats.packets, 1);
}

static void connections_beyond_the_limit_are_closed_at_once(void **state)
{
	(void)state;
	f->config.max_connections = 3;
	start();
	for (unsigned i = 0; i < 5; i++)
		receiver_fixture_connect(f, i);
	assert_int_equal(receiver_connections(f->receiver), 3);
	assert_false(f->tools[2].closed);
	assert_true(f->tools[3].closed);
	assert_true(f->tools[4].closed);
	fake_tool_end(&f->tools[0]);
	receiver_fixture_settle(f);
	receiver_fixture_connect(f, 5);
	assert_false(f->tools[5].closed);
}

/* --- who is who --- */

static void newer_connection_of_a_source_wins(void **state)
{
	struct fake_tool *older, *newer;

	(void)state;
	start();
	older = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	send_packets(older, 1, 4);
	receiver_fixture_settle(f);
	newer = receiver_fixture_open(f, 1, "x:name=demo", "4e1d07c3-0000-0000-0000-000016640402");
	assert_true(older->closed);
	assert_false(newer->closed);
	send_packets(newer, 5, 4);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->packets, 8);
	assert_int_equal(n_packets(), 8);
}

static void uuid_of_another_type_is_refused(void **state)
{
	struct fake_tool *first, *second;

	(void)state;
	start();
	first = receiver_fixture_open(f, 0, "x", TEST_UUID);
	second = receiver_fixture_connect(f, 1);
	fake_tool_newsource(second, "x", "linuxwifi", TEST_UUID);
	receiver_fixture_settle(f);
	assert_true(second->closed);
	assert_int_equal(second->heard[MSG_OPEN], 0);
	assert_false(first->closed);
}

static void what_is_no_uuid_or_definition_is_refused(void **state)
{
	static const struct {
		const char *definition, *uuid;
	} bad[] = {
		{ "x", "no uuid" },
		{ "x", "" },
		{ "x:uuid=nonsense", TEST_UUID },
		{ "", TEST_UUID },
	};

	(void)state;
	start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fake_tool *tool = receiver_fixture_connect(f, 0);

		fake_tool_newsource(tool, bad[i].definition, "pcapfile", bad[i].uuid);
		receiver_fixture_settle(f);
		assert_true(tool->closed);
		assert_int_equal(tool->heard[MSG_OPEN], 0);
	}
}

static void uuid_in_the_definition_comes_first(void **state)
{
	(void)state;
	start();
	receiver_fixture_open(f, 0, "x:uuid=" OTHER_UUID, TEST_UUID);
	assert_null(receiver_find_source(f->receiver, TEST_UUID));
	assert_non_null(receiver_find_source(f->receiver, OTHER_UUID));
}

static void second_newsource_is_ignored(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	fake_tool_newsource(tool, "y", "pcapfile", OTHER_UUID);
	receiver_fixture_settle(f);
	assert_false(tool->closed);
	assert_int_equal(tool->heard[MSG_OPEN], 1);
	assert_null(receiver_find_source(f->receiver, OTHER_UUID));
}

/* --- reports and ends --- */

static void failed_open_report_closes(void **state)
{
	struct msg m = { .type = MSG_OPEN_REPORT, .open_report = {
		.reply_to = 1, .message = text_of("no such file") } };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	fake_tool_newsource(tool, "x", "pcapfile", TEST_UUID);
	fake_tool_say(tool, &m);
	receiver_fixture_settle(f);
	assert_true(tool->closed);
}

static void failed_configure_report_closes(void **state)
{
	struct msg m = { .type = MSG_CONFIGURE_REPORT, .configure_report = { .reply_to = 2 } };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	fake_tool_say(tool, &m);
	receiver_fixture_settle(f);
	assert_true(tool->closed);
}

static void tool_may_say_goodbye(void **state)
{
	struct msg m = { .type = MSG_SHUTDOWN, .text = text_of("enough") };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	send_packets(tool, 1, 3);
	fake_tool_say(tool, &m);
	receiver_fixture_settle(f);
	assert_true(tool->closed);
	assert_int_equal(n_packets(), 3);
}

static void fatal_error_report_closes_in_v0_and_v2(void **state)
{
	struct msg m = { .type = MSG_ERROR, .error = { .text = text_of("radio is gone") } };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	fake_tool_say(tool, &m);
	receiver_fixture_settle(f);
	assert_int_equal(tool->closed, gen != FRAME_V3);
}

static void last_pong_comes_before_an_orderly_end(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	send_packets(tool, 1, 3);
	fake_tool_say(tool, &ping);
	fake_tool_end(tool);
	receiver_fixture_settle(f);
	assert_true(tool->closed);
	assert_int_equal(tool->heard[MSG_PONG], 1);
}

/* The end of the stream comes in the turn in which the PING was read, because a read took as
 * much as there is room for. */
static void last_pong_comes_when_the_end_is_read_at_once(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;
	size_t overhead;

	(void)state;
	start();
	tool = receiver_fixture_open(f, 0, "x:name=demo", TEST_UUID);
	fake_tool_packet(tool, 1, 60000);
	overhead = tool->to_receiver.len - 60000;
	fake_tool_packet(tool, 2, 60000);
	fake_tool_packet(tool, 3, 60000);
	fake_tool_packet(tool, 4, (uint32_t)(CLIENT_READ_SIZE - 180000 - 4 * overhead - 40000 -
					     overhead - FRAME_V3_HEADER));
	fake_tool_packet(tool, 5, 40000);
	fake_tool_say(tool, &ping);
	assert_int_equal(tool->to_receiver.len, CLIENT_READ_SIZE);
	fake_tool_end(tool);
	fake_tool_turn(tool);
	assert_int_equal(tool->to_receiver.len, 0);
	loop_step(f->loop, 0);
	assert_true(tool->closed);
	fake_tool_hear(tool);
	assert_int_equal(tool->heard[MSG_PONG], 1);
	assert_int_equal(n_packets(), 5);
}

/* The tool sent everything and is gone before we answered: what it sent still counts. */
static void data_behind_a_failed_answer_is_read(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = receiver_fixture_connect(f, 0);
	tool->write_error = 32;
	tool->read_limit = 50;
	fake_tool_newsource(tool, "x:name=demo", "pcapfile", TEST_UUID);
	fake_tool_open_report(tool);
	send_packets(tool, 1, 10);
	fake_tool_end(tool);
	receiver_fixture_settle(f);
	assert_true(tool->closed);
	assert_int_equal(n_packets(), 10);
}

static struct loop_timer stranger_time;

static void on_stranger_time(void *user)
{
	struct receiver_fixture *fixture = user;

	loop_stop(fixture->loop);
}

static void end_is_called_when_the_last_source_is_gone(void **state)
{
	struct fake_tool *tool;

	(void)state;
	f->config.exit_idle_ns = 2 * SECOND;
	start();
	/* Neither strangers, nor a source that never opened, nor a short absence count. */
	receiver_fixture_connect(f, 1);
	fake_tool_end(&f->tools[1]);
	receiver_fixture_connect(f, 2);
	fake_tool_newsource(&f->tools[2], "x", "pcapfile", OTHER_UUID);
	fake_tool_end(&f->tools[2]);
	receiver_fixture_settle(f);
	loop_timer_set(f->loop, &stranger_time, f->clock.now_ns + 10 * SECOND, on_stranger_time, f);
	loop_run(f->loop);
	assert_int_equal(f->clock.now_ns, RECEIVER_FIXTURE_START_NS + 10 * SECOND);
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	fake_tool_end(tool);
	receiver_fixture_pass(f, SECOND);
	tool = receiver_fixture_open(f, 0, "x", TEST_UUID);
	fake_tool_end(tool);
	/* Returns only because the receiver ends the loop. */
	fake_tool_turn(tool);
	loop_run(f->loop);
	assert_false(f->clock.stuck);
	assert_int_equal(f->clock.now_ns, RECEIVER_FIXTURE_START_NS + 13 * SECOND);
	assert_int_equal(receiver_finish(f->receiver), 0);
}

/* --- tuning --- */

static struct fake_tool *open_radio(unsigned i, const char *definition, const char *uuid)
{
	static const struct text channels[] = {
		{ "1", 1 }, { "6", 1 }, { "11", 2 }, { "36", 2 } };
	struct msg m = { .type = MSG_OPEN_REPORT, .open_report = {
		.success = true, .reply_to = 1, .channels = { channels, 4 } } };
	struct fake_tool *tool = receiver_fixture_connect(f, i);

	fake_tool_newsource(tool, definition, "linuxwifi", uuid);
	fake_tool_say(tool, &m);
	receiver_fixture_settle(f);
	return tool;
}

static void radio_is_told_to_hop(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = open_radio(0, "wlan0", TEST_UUID);
	assert_int_equal(tool->heard[MSG_CONFIGURE], 1);
	assert_string_equal(tool->hop_channels, "1,6,11,36");
	assert_true(tool->hop.has_rate && tool->hop.has_shuffle && tool->hop.has_offset);
	assert_true(tool->hop.rate_hps == 5);
	assert_true(tool->hop.shuffle);
	assert_int_equal(tool->hop.offset, 0);
	assert_string_equal(tool->channel, "");
}

static void radio_that_shall_not_hop_is_left_alone(void **state)
{
	struct fake_tool *tool;

	(void)state;
	start();
	tool = open_radio(0, "wlan0:channel=6,channel_hop=false", TEST_UUID);
	assert_int_equal(tool->heard[MSG_CONFIGURE], 0);
}

static void radios_with_the_same_list_share_it(void **state)
{
	struct fake_tool *first, *second, *third;

	(void)state;
	start();
	first = open_radio(0, "wlan0", TEST_UUID);
	second = open_radio(1, "wlan1", OTHER_UUID);
	assert_int_equal(second->hop.offset, 0);
	assert_int_equal(first->heard[MSG_CONFIGURE], 1);
	receiver_fixture_pass(f, SECOND);
	assert_int_equal(first->heard[MSG_CONFIGURE], 2);
	assert_int_equal(first->hop.offset, 2);
	assert_int_equal(second->heard[MSG_CONFIGURE], 1);
	/* Another list is another matter. */
	third = open_radio(2, "wlan2:channels=\"36,40\"", "4E1D07C3-0000-0000-0000-0000BBBBBBBB");
	receiver_fixture_pass(f, 2 * SECOND);
	assert_string_equal(third->hop_channels, "36,40");
	assert_int_equal(third->heard[MSG_CONFIGURE], 1);
	assert_int_equal(first->heard[MSG_CONFIGURE], 2);
}

static const enum frame_gen gens[] = { FRAME_V0, FRAME_V2, FRAME_V3 };

#define ONE(test) { #test, test, setup, teardown, NULL }
#define EACH(test) \
	{ #test " (v0)", test, setup, teardown, (void *)&gens[0] }, \
	{ #test " (v2)", test, setup, teardown, (void *)&gens[1] }, \
	{ #test " (v3)", test, setup, teardown, (void *)&gens[2] }

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(feed_is_taken_from_newsource_to_the_last_packet),
		EACH(open_has_the_definition_as_servers_write_it),
		EACH(packets_before_the_open_report_are_kept),
		EACH(ping_before_newsource_is_answered),
		ONE(answers_follow_the_generation_of_the_last_frame),
		EACH(bytes_may_come_one_by_one),
		EACH(feed_may_be_cut_anywhere),
		EACH(nothing_is_lost_when_every_other_call_fails),
		EACH(frame_of_64_kib_is_taken),
		EACH(garbage_anywhere_ends_one_connection_and_no_other),
		ONE(wrong_signature_is_closed_at_once),
		ONE(endless_frame_is_closed_before_it_comes),
		EACH(unknown_commands_are_ignored),
		EACH(malformed_payload_is_closed),
		EACH(nobody_stays_5_s_without_newsource),
		EACH(ping_comes_every_5_s),
		EACH(silence_is_punished_after_15_s),
		EACH(tool_that_answers_stays),
		EACH(tool_that_never_reads_is_closed_and_costs_little),
		EACH(each_of_many_pings_is_answered),
		ONE(busy_tool_leaves_turns_to_others),
		ONE(connections_beyond_the_limit_are_closed_at_once),
		EACH(newer_connection_of_a_source_wins),
		EACH(uuid_of_another_type_is_refused),
		EACH(what_is_no_uuid_or_definition_is_refused),
		EACH(uuid_in_the_definition_comes_first),
		EACH(second_newsource_is_ignored),
		EACH(failed_open_report_closes),
		EACH(failed_configure_report_closes),
		EACH(tool_may_say_goodbye),
		EACH(fatal_error_report_closes_in_v0_and_v2),
		EACH(last_pong_comes_before_an_orderly_end),
		ONE(last_pong_comes_when_the_end_is_read_at_once),
		EACH(data_behind_a_failed_answer_is_read),
		ONE(end_is_called_when_the_last_source_is_gone),
		EACH(radio_is_told_to_hop),
		EACH(radio_that_shall_not_hop_is_left_alone),
		EACH(radios_with_the_same_list_share_it),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
