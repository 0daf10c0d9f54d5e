/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on their way into the outputs: what is acknowledged is written, what comes twice is
 * written once, and an output that takes nothing makes everybody wait and nobody lose. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "tests/lib/receiver_fixture.h"

#define SECOND RECEIVER_FIXTURE_SECOND
#define OTHER_UUID "4E1D07C3-0000-0000-0000-0000AAAAAAAA"
#define INSTANCE UINT64_C(0x1122334455667788)

static struct receiver_fixture *f;

static int setup(void **state)
{
	(void)state;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -1;
	for (int i = 0; i < RECEIVER_FIXTURE_TOOLS; i++)
		f->tools[i].gen = FRAME_V3;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	receiver_fixture_stop(f);
	free(f);
	return 0;
}

static void send_packets(struct fake_tool *tool, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fake_tool_packet(tool, first + i, 100);
}

static void send_ping(struct fake_tool *tool, uint32_t number)
{
	struct msg ping = { .type = MSG_PING };

	fake_tool_say_numbered(tool, &ping, number);
}

static void send_json(struct fake_tool *tool, uint32_t number, const char *json)
{
	struct msg m = { .type = MSG_DATA, .data.json = {
		.type = text_of("RTL433"), .json = text_of(json), .has_time = true,
		.time_us = 1700000001123456 } };

	fake_tool_say_numbered(tool, &m, number);
}

static struct fake_tool *open_numbered(unsigned i, uint64_t instance)
{
	f->tools[i].instance = instance;
	return receiver_fixture_open(f, i, "x:name=demo", TEST_UUID);
}

static const struct source_stats *stats(void)
{
	return &receiver_find_source(f->receiver, TEST_UUID)->stats;
}

static long n_packets(void)
{
	return fake_output_packets(&f->packets, NULL, NULL);
}

struct expect {
	uint32_t next;
	bool has_id;
};

static void check_next(void *user, const struct fake_packet *p)
{
	struct expect *x = user;

	assert_int_equal(p->time_us, x->next);
	assert_int_equal(p->has_id, x->has_id);
	if (x->has_id)
		assert_int_equal(p->id, x->next);
	x->next++;
}

/* All packets from first on, each once and in order. */
static void assert_packets(uint32_t first, uint32_t n, bool has_id)
{
	struct expect x = { first, has_id };

	assert_int_equal(fake_output_packets(&f->packets, check_next, &x), n);
}

static size_t n_lines(void)
{
	size_t n = 0;

	for (size_t i = 0; i < f->json.len; i++)
		n += f->json.data[i] == '\n';
	return n;
}

/* --- record numbers --- */

static void repeats_after_a_reconnect_are_dropped(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 1, 10);
	receiver_fixture_settle(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 6, 10);
	receiver_fixture_settle(f);
	assert_packets(1, 15, true);
	assert_int_equal(stats()->repeated, 5);
	assert_int_equal(stats()->packets, 15);
	assert_int_equal(stats()->lost, 0);
}

static void missing_numbers_are_counted_as_lost(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 100, 1);
	send_packets(tool, 101, 1);
	send_packets(tool, 112, 1);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->lost, 10);
	assert_int_equal(receiver_totals(f->receiver)->lost, 10);
	assert_int_equal(stats()->packets, 3);
}

static void numbers_may_wrap(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, UINT32_MAX - 2, 6);
	receiver_fixture_settle(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, UINT32_MAX, 6);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->packets, 8);
	assert_int_equal(stats()->repeated, 4);
	assert_int_equal(stats()->lost, 0);
}

static void another_run_of_the_tool_has_numbers_of_its_own(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 1, 5);
	receiver_fixture_settle(f);
	tool = open_numbered(0, INSTANCE + 1);
	send_packets(tool, 1, 5);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->packets, 10);
	/* The first run was only away. */
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 3, 5);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->packets, 12);
	assert_int_equal(stats()->repeated, 3);
}

static void tools_without_numbers_may_say_things_twice(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, 0);
	send_packets(tool, 5, 3);
	send_packets(tool, 5, 3);
	receiver_fixture_settle(f);
	assert_int_equal(n_packets(), 6);
	assert_int_equal(stats()->repeated, 0);
	assert_int_equal(stats()->lost, 0);
}

static void messages_take_part_in_the_numbering(void **state)
{
	struct msg m = { .type = MSG_MESSAGE, .message = {
		.class = MSG_CLASS_DEBUG, .text = text_of("hello") } };
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 1, 1);
	fake_tool_say_numbered(tool, &m, 2);
	send_json(tool, 3, "{}");
	send_packets(tool, 4, 1);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->lost, 0);
	assert_int_equal(stats()->messages, 1);
	assert_int_equal(stats()->records, 1);
	tool = open_numbered(0, INSTANCE);
	fake_tool_say_numbered(tool, &m, 2);
	send_json(tool, 3, "{}");
	receiver_fixture_settle(f);
	assert_int_equal(stats()->repeated, 2);
	assert_int_equal(n_lines(), 1);
}

/* --- acknowledging --- */

static void pong_comes_after_the_data_is_written(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 1, 10);
	send_ping(tool, 900);
	fake_tool_turn(tool);
	fake_tool_hear(tool);
	assert_int_equal(tool->heard[MSG_PONG], 0);
	loop_step(f->loop, 0);
	fake_tool_hear(tool);
	assert_int_equal(tool->heard[MSG_PONG], 1);
	assert_int_equal(tool->last_pong, 900);
	assert_packets(1, 10, true);
}

/* Whichever write fails, no PONG overtakes the data before it. */
static void no_pong_overtakes_data_wherever_the_disk_is_full(void **state)
{
	size_t all;

	(void)state;
	receiver_fixture_start(f);
	open_numbered(0, INSTANCE);
	send_packets(&f->tools[0], 1, 5);
	receiver_fixture_settle(f);
	all = f->packets.len;
	for (size_t room = 0; room < all; room += 7) {
		struct fake_tool *tool;

		receiver_fixture_stop(f);
		memset(&f->config.sink, 0, sizeof(f->config.sink));
		receiver_fixture_start(f);
		tool = open_numbered(0, INSTANCE);
		f->packets.room = room > f->packets.len ? room - f->packets.len : 0;
		send_packets(tool, 1, 5);
		send_ping(tool, 900);
		receiver_fixture_settle(f);
		assert_int_equal(tool->heard[MSG_PONG], 0);
		f->packets.room = SIZE_MAX;
		receiver_fixture_pass(f, SECOND);
		assert_int_equal(tool->heard[MSG_PONG], 1);
		assert_packets(1, 5, true);
	}
}

static void slow_json_output_holds_pongs_too(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	f->json.room = 3;
	send_json(tool, 1, "{\"a\":1}");
	send_ping(tool, 900);
	receiver_fixture_settle(f);
	assert_int_equal(tool->heard[MSG_PONG], 0);
	f->json.room = SIZE_MAX;
	receiver_fixture_pass(f, SECOND);
	assert_int_equal(tool->heard[MSG_PONG], 1);
	assert_int_equal(n_lines(), 1);
}

/* Lines much longer than the frames that they came in, and more of them than the buffer holds. */
static void long_json_lines_wait_for_room(void **state)
{
	static char doc[16000];
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	memset(doc, 1, sizeof(doc) - 1);
	doc[0] = doc[sizeof(doc) - 2] = '"';
	f->json.room = 0;
	for (uint32_t i = 1; i <= 100; i++)
		send_json(tool, i, doc);
	receiver_fixture_settle(f);
	assert_true(receiver_is_paused(f->receiver));
	f->json.room = SIZE_MAX;
	receiver_fixture_pass(f, SECOND);
	assert_int_equal(n_lines(), 100);
	assert_true(f->json.len > 100 * 90000);
}

/* --- outputs that take nothing --- */

static void full_disk_stops_reading_and_loses_nothing(void **state)
{
	struct msg pong = { .type = MSG_PONG };
	struct fake_tool *tool;
	size_t waiting;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	f->packets.room = 0;
	send_packets(tool, 1, 100);
	receiver_fixture_settle(f);
	assert_true(receiver_is_paused(f->receiver));
	for (uint32_t i = 1; i <= 200; i++)
		send_packets(tool, 100 + i * 100 - 99, 100);
	waiting = tool->to_receiver.len;
	receiver_fixture_pass(f, 60 * SECOND);
	/* PINGs went out all the time, and nobody was closed for PONGs that we did not read. */
	assert_int_equal(tool->heard[MSG_PING], 12);
	assert_false(tool->closed);
	assert_int_equal(tool->to_receiver.len, waiting);
	f->packets.room = SIZE_MAX;
	receiver_fixture_pass(f, SECOND);
	assert_false(receiver_is_paused(f->receiver));
	assert_packets(1, 20100, true);
	fake_tool_say(tool, &pong);
	receiver_fixture_pass(f, 10 * SECOND);
	assert_false(tool->closed);
}

static void pause_is_no_excuse_for_a_silent_tool(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	f->packets.room = 0;
	send_packets(tool, 1, 1);
	receiver_fixture_pass(f, 100 * SECOND);
	assert_false(tool->closed);
	f->packets.room = SIZE_MAX;
	receiver_fixture_pass(f, 14 * SECOND);
	assert_false(tool->closed);
	receiver_fixture_pass(f, 10 * SECOND);
	assert_true(tool->closed);
}

static void all_tools_wait_and_all_go_on(void **state)
{
	char uuid[40];

	(void)state;
	receiver_fixture_start(f);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(uuid, sizeof(uuid), "4E1D07C3-0000-0000-0000-%012X", i);
		receiver_fixture_open(f, i, "x", uuid);
	}
	f->packets.room = 0;
	for (unsigned i = 0; i < 20; i++)
		send_packets(&f->tools[i], 1, 50);
	receiver_fixture_pass(f, 3 * SECOND);
	for (unsigned i = 0; i < 20; i++)
		send_packets(&f->tools[i], 51, 50);
	/* A little at a time. */
	for (int i = 0; i < 2000 && n_packets() < 2000; i++) {
		f->packets.room = 1000;
		receiver_fixture_pass(f, SECOND);
	}
	assert_int_equal(n_packets(), 2000);
}

/* A megabyte waits in front of a full pipe; what the reader takes comes out in one piece. */
static void small_writes_keep_the_stream_whole(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	f->packets.limit = 1;
	tool = open_numbered(0, INSTANCE);
	for (uint32_t i = 1; i <= 40; i++)
		fake_tool_packet(tool, i, 5000);
	receiver_fixture_settle(f);
	assert_packets(1, 40, true);
}

static void end_of_the_reader_is_a_clean_end(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	f->packets.room = 0;
	f->packets.error = EPIPE;
	send_packets(tool, 1, 5);
	send_ping(tool, 900);
	fake_tool_turn(tool);
	loop_run(f->loop);
	assert_false(f->clock.stuck);
	fake_tool_hear(tool);
	assert_int_equal(tool->heard[MSG_PONG], 0);
	assert_int_equal(receiver_finish(f->receiver), EX_OK);
}

static void end_with_a_full_disk_says_so(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	f->packets.room = 0;
	send_packets(tool, 1, 5);
	receiver_fixture_settle(f);
	log_set_level((enum log_level)-1);
	assert_int_equal(receiver_finish(f->receiver), EX_IOERR);
	log_set_level(LOG_LEVEL_ERROR);
}

static void end_writes_what_is_there(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	send_packets(tool, 1, 5);
	fake_tool_turn(tool);
	assert_int_equal(receiver_finish(f->receiver), EX_OK);
	assert_true(tool->closed);
	assert_packets(1, 5, true);
}

static void tool_that_ends_during_a_pause_loses_nothing(void **state)
{
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	f->packets.room = 0;
	send_packets(tool, 1, 5);
	receiver_fixture_settle(f);
	send_packets(tool, 6, 5);
	fake_tool_end(tool);
	receiver_fixture_pass(f, 5 * SECOND);
	f->packets.room = SIZE_MAX;
	receiver_fixture_pass(f, 5 * SECOND);
	assert_true(tool->closed);
	assert_packets(1, 10, true);
}

/* --- kinds of records --- */

static void without_outputs_packets_are_counted(void **state)
{
	struct fake_tool *tool;

	(void)state;
	f->no_outputs = true;
	receiver_fixture_start(f);
	tool = open_numbered(0, 0);
	send_packets(tool, 1, 7);
	send_json(tool, 8, "{}");
	send_ping(tool, 900);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->packets, 7);
	assert_int_equal(stats()->bytes, 700);
	assert_int_equal(stats()->records, 1);
	assert_int_equal(tool->heard[MSG_PONG], 1);
}

static void link_type_that_no_file_can_hold_is_counted(void **state)
{
	struct msg m = { .type = MSG_DATA, .data.packet = {
		.dlt = 0x12345678, .data = (const uint8_t *)"x", .len = 1, .orig_len = 1 } };
	struct fake_tool *tool;

	(void)state;
	receiver_fixture_start(f);
	tool = open_numbered(0, INSTANCE);
	fake_tool_say_numbered(tool, &m, 1);
	send_packets(tool, 2, 1);
	receiver_fixture_settle(f);
	assert_int_equal(stats()->unwritable, 1);
	assert_int_equal(stats()->packets, 2);
	assert_int_equal(n_packets(), 1);
	assert_false(tool->closed);
}

static void check_wall_time(void *user, const struct fake_packet *p)
{
	(void)user;
	assert_int_equal(p->time_us, RECEIVER_FIXTURE_WALL_US);
}

static void packet_without_time_gets_the_receivers(void **state)
{
	struct msg m = { .type = MSG_DATA, .data.packet = {
		.dlt = 105, .data = (const uint8_t *)"x", .len = 1, .orig_len = 1 } };

	(void)state;
	receiver_fixture_start(f);
	fake_tool_say(open_numbered(0, 0), &m);
	receiver_fixture_settle(f);
	assert_int_equal(fake_output_packets(&f->packets, check_wall_time, NULL), 1);
}

static void json_becomes_a_line(void **state)
{
	static const char line[] =
		"{\"time\":1700000001.123456,\"source\":{\"uuid\":\"" TEST_UUID "\","
		"\"name\":\"demo\",\"type\":\"pcapfile\"},"
		"\"instance\":\"1122334455667788\",\"record\":1,"
		"\"kind\":\"RTL433\",\"json\":{\"model\":\"x\",\"id\":3}}\n";

	(void)state;
	receiver_fixture_start(f);
	send_json(open_numbered(0, INSTANCE), 1, "{ \"model\" : \"x\", \n \"id\": 3 }");
	receiver_fixture_settle(f);
	assert_int_equal(f->json.len, strlen(line));
	assert_memory_equal(f->json.data, line, strlen(line));
}

static void many_sources_are_forgotten_oldest_first(void **state)
{
	char uuid[40];

	(void)state;
	f->config.max_connections = 4;
	receiver_fixture_start(f);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(uuid, sizeof(uuid), "4E1D07C3-0000-0000-0000-%012X", i);
		receiver_fixture_open(f, 0, "x", uuid);
		fake_tool_end(&f->tools[0]);
		receiver_fixture_settle(f);
	}
	assert_null(receiver_find_source(f->receiver, "4E1D07C3-0000-0000-0000-000000000000"));
	assert_non_null(receiver_find_source(f->receiver, uuid));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(repeats_after_a_reconnect_are_dropped),
		ONE(missing_numbers_are_counted_as_lost),
		ONE(numbers_may_wrap),
		ONE(another_run_of_the_tool_has_numbers_of_its_own),
		ONE(tools_without_numbers_may_say_things_twice),
		ONE(messages_take_part_in_the_numbering),
		ONE(pong_comes_after_the_data_is_written),
		ONE(no_pong_overtakes_data_wherever_the_disk_is_full),
		ONE(slow_json_output_holds_pongs_too),
		ONE(long_json_lines_wait_for_room),
		ONE(full_disk_stops_reading_and_loses_nothing),
		ONE(pause_is_no_excuse_for_a_silent_tool),
		ONE(all_tools_wait_and_all_go_on),
		ONE(small_writes_keep_the_stream_whole),
		ONE(end_of_the_reader_is_a_clean_end),
		ONE(end_with_a_full_disk_says_so),
		ONE(end_writes_what_is_there),
		ONE(tool_that_ends_during_a_pause_loses_nothing),
		ONE(without_outputs_packets_are_counted),
		ONE(link_type_that_no_file_can_hold_is_counted),
		ONE(packet_without_time_gets_the_receivers),
		ONE(json_becomes_a_line),
		ONE(many_sources_are_forgotten_oldest_first),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
