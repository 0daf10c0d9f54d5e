/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server session against a server under the test's control: real sockets, fake time. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/session.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_server.h"

#define SECOND_NS ((uint64_t)1000000000)
#define UUID "4E1D07C3-0000-0000-0000-000016640402"

struct fixture {
	struct fake_clock clock;
	struct loop *loop;
	struct queue *queue;
	struct session *session;
	struct fake_server server;
	struct msg_gps gps;

	/* what the session told */
	bool down;
	enum session_end end;
	struct err err;
	enum msg_type requests[8];
	size_t n_requests;
	unsigned rooms;
	bool open_by_itself;		/* answer OPEN with success, and stream */
};

static void on_request(void *user, const struct msg *m)
{
	struct fixture *f = user;

	if (f->n_requests < 8)
		f->requests[f->n_requests++] = m->type;
	if (m->type == MSG_OPEN && f->open_by_itself) {
		struct msg report = { .type = MSG_OPEN_REPORT,
				      .open_report = { .success = true, .reply_to = m->seqno,
						       .has_dlt = true, .dlt = 105 } };

		session_send(f->session, &report);
		session_stream(f->session);
	}
}

static void on_room(void *user)
{
	((struct fixture *)user)->rooms++;
}

static void on_down(void *user, enum session_end end, const struct err *e)
{
	struct fixture *f = user;

	assert_false(f->down);
	f->down = true;
	f->end = end;
	f->err = *e;
}

static void make_session(struct fixture *f, bool local)
{
	struct err e;
	struct session_config cfg = {
		.loop = f->loop,
		.queue = f->queue,
		.local = local,
		.auto_gen = local,
		.newsource = { .definition = text_of("input.pcap:name=demo"),
			       .type = text_of("pcapfile"),
			       .uuid = text_of(UUID),
			       .instance = 0x1122334455667788u },
		.gps = f->gps.fix ? &f->gps : NULL,
		.request = on_request,
		.room = on_room,
		.down = on_down,
		.user = f,
	};

	session_free(f->session);
	f->session = session_new(&cfg, &e);
	assert_non_null(f->session);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct err e;

	f->clock.now_ns = 1000 * SECOND_NS;
	f->loop = loop_new(&clock, &e);
	f->queue = queue_new(QUEUE_MIN_BYTES * 4, QUEUE_WAIT, &e);
	f->server.fd = -1;
	f->server.answer_pings = true;
	f->open_by_itself = true;
	make_session(f, false);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	session_free(f->session);
	fake_server_free(&f->server);
	queue_free(f->queue);
	loop_free(f->loop);
	free(f);
	return 0;
}

/* --- a connection --- */

static void connect_gen(struct fixture *f, enum frame_gen gen, enum frame_gen server_gen)
{
	struct link_events events = session_link_events(f->session);
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fake_server_begin(&f->server, fds[1], server_gen);
	f->down = false;
	session_start(f->session, link_fd_new(f->loop, fds[0], fds[0], &events), gen);
}

/* Both sides work until nothing happens any more; no time passes. */
static void settle(struct fixture *f)
{
	int quiet = 0;

	while (quiet < 3) {
		loop_step(f->loop, 0);
		quiet = fake_server_hear(&f->server) ? 0 : quiet + 1;
	}
}

static void pass(struct fixture *f, uint64_t ns)
{
	uint64_t until = f->clock.now_ns + ns;

	while (f->clock.now_ns < until) {
		loop_step(f->loop, until - f->clock.now_ns);
		fake_server_hear(&f->server);
	}
	settle(f);
}

static void stream(struct fixture *f, enum frame_gen gen)
{
	connect_gen(f, gen, gen);
	settle(f);
	assert_int_equal(f->server.heard[MSG_NEWSOURCE], 1);
	fake_server_open(&f->server, "input.pcap:name=demo");
	settle(f);
	assert_true(session_streaming(f->session));
}

static void push(struct fixture *f, uint32_t n, uint32_t len)
{
	static uint8_t data[4096];
	struct msg_packet p = { .dlt = 105, .has_time = true, .data = data, .len = len,
				.orig_len = len };

	for (uint32_t i = 0; i < n; i++) {
		memset(data, (int)(i & 0xff), len);
		p.time_us = 1700000000000000u + i;
		assert_int_equal(queue_push_packet(f->queue, &p), 0);
	}
	session_records(f->session);
}

static void assert_records_in_order(const struct fixture *f, size_t n)
{
	assert_int_equal(f->server.n_records, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(f->server.records[i], i + 1);
}

/* --- the beginning --- */

static void announces_after_the_pong_in_every_generation(void **state)
{
	struct fixture *f = *state;

	for (int gen = 0; gen < FRAME_GENS; gen++) {
		if (!msg_gen_supported((enum frame_gen)gen))
			continue;
		f->server.heard[MSG_NEWSOURCE] = f->server.heard[MSG_PING] = 0;
		f->server.answer_pings = false;
		connect_gen(f, (enum frame_gen)gen, (enum frame_gen)gen);
		settle(f);
		assert_int_equal(f->server.heard[MSG_PING], 1);
		assert_int_equal(f->server.heard[MSG_NEWSOURCE], 0);
		struct msg pong = { .type = MSG_PONG, .reply_to = f->server.last_ping };

		fake_server_say(&f->server, &pong);
		settle(f);
		assert_int_equal(f->server.heard[MSG_NEWSOURCE], 1);
		assert_int_equal(f->server.last_gen, gen);
		assert_string_equal(f->server.definition, "input.pcap:name=demo");
		assert_string_equal(f->server.type, "pcapfile");
		assert_string_equal(f->server.uuid, UUID);
		assert_true(f->server.instance == 0x1122334455667788u);
		session_stop(f->session);
		fake_server_close(&f->server);
	}
}

static void reads_the_v0_open_of_a_2023_server(void **state)
{
	struct fixture *f = *state;

	if (!msg_gen_supported(FRAME_V2))
		skip();
	connect_gen(f, FRAME_V2, FRAME_V2);
	settle(f);
	f->server.gen = FRAME_V0;
	fake_server_open(&f->server, "input.pcap:name=demo");
	settle(f);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
	assert_int_equal(f->server.last_gen, FRAME_V2);
	assert_true(session_streaming(f->session));
}

static enum session_end end_before_a_byte(struct fixture *f, enum err_code code)
{
	struct err e;

	f->server.answer_pings = f->down = false;
	connect_gen(f, FRAME_V3, FRAME_V3);
	settle(f);
	err_set(&e, code, "closed by the server: go away");
	session_fail(f->session, &e);
	assert_true(f->down);
	assert_string_equal(f->err.text, "closed by the server: go away");
	fake_server_close(&f->server);
	return f->end;
}

static void another_reason_than_the_generation_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(end_before_a_byte(f, ERR_PERMISSION), SESSION_NO_LINK);
	assert_int_equal(end_before_a_byte(f, ERR_SYSTEM), SESSION_NO_LINK);
	assert_int_equal(end_before_a_byte(f, ERR_PROTOCOL), SESSION_NO_ANSWER);
	assert_int_equal(end_before_a_byte(f, ERR_NETWORK), SESSION_NOT_SPOKEN);
}

static void close_without_a_byte_means_not_spoken(void **state)
{
	struct fixture *f = *state;

	f->server.answer_pings = false;
	connect_gen(f, FRAME_V3, FRAME_V3);
	settle(f);
	fake_server_close(&f->server);
	settle(f);
	assert_true(f->down);
	assert_int_equal(f->end, SESSION_NOT_SPOKEN);
}

static void late_close_without_a_byte_is_no_answer(void **state)
{
	struct fixture *f = *state;

	f->server.answer_pings = false;
	connect_gen(f, FRAME_V3, FRAME_V3);
	pass(f, 5 * SECOND_NS);
	fake_server_close(&f->server);
	settle(f);
	assert_int_equal(f->end, SESSION_NO_ANSWER);
}

static void server_that_never_answers_is_given_up(void **state)
{
	struct fixture *f = *state;

	f->server.answer_pings = false;
	connect_gen(f, FRAME_V3, FRAME_V3);
	pass(f, 9 * SECOND_NS);
	assert_false(f->down);
	pass(f, 2 * SECOND_NS);
	assert_true(f->down);
	assert_int_equal(f->end, SESSION_NO_ANSWER);
}

static void close_after_newsource_means_refused(void **state)
{
	struct fixture *f = *state;

	connect_gen(f, FRAME_V3, FRAME_V3);
	settle(f);
	fake_server_close(&f->server);
	settle(f);
	assert_int_equal(f->end, SESSION_REFUSED);
}

static void missing_open_ends_the_connection(void **state)
{
	struct fixture *f = *state;

	connect_gen(f, FRAME_V3, FRAME_V3);
	pass(f, 16 * SECOND_NS);
	assert_true(f->down);
}

/* --- a local server --- */

static void local_v2_ping_is_answered_in_v3(void **state)
{
	struct fixture *f = *state;
	static const uint8_t ping[FRAME_V2_HEADER] = {
		0xde, 0xca, 0xfb, 0xad, 0xab, 0xcd, 0, 2, 0, 0, 0, 0, 'P', 'I', 'N', 'G',
	};

	make_session(f, true);
	connect_gen(f, FRAME_V3, FRAME_V3);
	settle(f);
	assert_int_equal(f->server.heard[MSG_PING], 0);
	fake_server_say_bytes(&f->server, ping, sizeof(ping));
	settle(f);
	assert_int_equal(f->server.heard[MSG_PONG], 1);
	assert_int_equal(f->server.last_gen, FRAME_V3);
	fake_server_open(&f->server, "x");
	settle(f);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
}

static void local_v0_request_is_answered_in_v0(void **state)
{
	struct fixture *f = *state;

	if (!msg_gen_supported(FRAME_V0))
		skip();
	make_session(f, true);
	connect_gen(f, FRAME_V3, FRAME_V0);
	settle(f);
	fake_server_open(&f->server, "x");
	settle(f);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
	assert_int_equal(f->server.last_gen, FRAME_V0);
}

/* --- records --- */

static void records_arrive_in_order_in_every_generation(void **state)
{
	struct fixture *f = *state;
	uint64_t sums[FRAME_GENS] = { 0 };

	for (int gen = 0; gen < FRAME_GENS; gen++) {
		if (!msg_gen_supported((enum frame_gen)gen))
			continue;
		f->server.heard[MSG_NEWSOURCE] = f->server.n_records = 0;
		f->server.content_sum = 0;
		stream(f, (enum frame_gen)gen);
		push(f, 500, 60);
		pass(f, SECOND_NS);
		assert_int_equal(f->server.n_records, 500);
		assert_true(queue_empty(f->queue));
		sums[gen] = f->server.content_sum;
		assert_true(sums[gen] == sums[FRAME_V3] || !sums[FRAME_V3]);
		session_stop(f->session);
		fake_server_close(&f->server);
	}
}

static void single_record_leaves_within_milliseconds(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	push(f, 1, 60);
	pass(f, 10 * SECOND_NS / 1000);
	assert_int_equal(f->server.n_records, 1);
}

static void records_stay_until_the_pong_covers_them(void **state)
{
	struct fixture *f = *state;
	struct queue_stats stats;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	push(f, 100, 60);
	pass(f, SECOND_NS);
	assert_int_equal(f->server.n_records, 100);
	queue_get_stats(f->queue, &stats);
	assert_int_equal(stats.kept, 100);
	assert_int_equal(stats.released, 0);
	/* A server of 2025 answers with the lower 16 bits only. */
	struct msg pong = { .type = MSG_PONG, .reply_to = f->server.last_ping & 0xffff };

	fake_server_say(&f->server, &pong);
	settle(f);
	assert_true(queue_empty(f->queue));
	assert_int_equal(f->rooms, 1);
}

static void uncovered_records_are_sent_again(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	push(f, 10, 60);
	pass(f, SECOND_NS);
	fake_server_close(&f->server);
	settle(f);
	assert_int_equal(f->end, SESSION_LOST);
	f->server.answer_pings = true;
	f->server.heard[MSG_NEWSOURCE] = 0;
	stream(f, FRAME_V3);
	pass(f, SECOND_NS);
	assert_int_equal(f->server.n_records, 20);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(f->server.records[i], i % 10 + 1);
	assert_true(queue_empty(f->queue));
}

/* Numbers that the server has not heard, given all that it has. */
static size_t count_missing(const struct fake_server *s, uint32_t n)
{
	size_t missing = 0;

	for (uint32_t number = 1; number <= n; number++) {
		size_t i = 0;

		while (i < s->n_records && s->records[i] != number)
			i++;
		missing += i == s->n_records;
	}
	return missing;
}

static void cut_at(struct fixture *f, size_t byte)
{
	f->server.heard[MSG_NEWSOURCE] = f->server.n_records = 0;
	f->server.cut_at = byte;
	connect_gen(f, FRAME_V3, FRAME_V3);
	settle(f);
	fake_server_open(&f->server, "x");
	settle(f);
	push(f, 6, 20);
	pass(f, SECOND_NS);
	fake_server_close(&f->server);		/* beyond the last byte */
	settle(f);
	assert_true(f->down);
	f->server.cut_at = 0;
	f->server.heard[MSG_NEWSOURCE] = 0;
	stream(f, FRAME_V3);
	pass(f, SECOND_NS);
	assert_true(queue_empty(f->queue));
}

static void link_cut_at_any_byte_loses_nothing(void **state)
{
	struct fixture *f = *state;

	for (size_t byte = 1; byte < 640; byte++) {
		struct queue_stats stats;
		uint32_t before;

		queue_get_stats(f->queue, &stats);
		before = (uint32_t)stats.pushed;
		cut_at(f, byte);
		for (size_t i = 0; i < f->server.n_records; i++)
			f->server.records[i] -= before;
		assert_int_equal(count_missing(&f->server, 6), 0);
		session_stop(f->session);
		fake_server_close(&f->server);
	}
}

static void slow_reader_gets_every_byte(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.read_limit = 7;
	push(f, 2000, 100);
	pass(f, SECOND_NS);
	pass(f, SECOND_NS);		/* the last PING follows what is read last */
	assert_records_in_order(f, 2000);
	assert_true(queue_empty(f->queue));
}

static void ping_is_answered_before_waiting_data(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.read_limit = 1;
	push(f, 3000, 100);		/* far more than the socket holds */
	loop_step(f->loop, 0);
	fake_server_ping(&f->server);
	while (f->server.heard[MSG_PONG] == 0) {
		loop_step(f->loop, 0);
		f->server.read_limit = 0;
		fake_server_hear(&f->server);
	}
	assert_true(f->server.n_records < 3000);
	settle(f);
	pass(f, SECOND_NS);
	assert_records_in_order(f, 3000);
}

static void unread_answers_end_the_connection(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	for (int i = 0; i < 200000 && !f->down; i++) {
		fake_server_ping(&f->server);
		loop_step(f->loop, 0);
	}
	assert_true(f->down);
	assert_int_equal(f->end, SESSION_LOST);
}

static void fixed_position_goes_with_every_record(void **state)
{
	struct fixture *f = *state;

	f->gps = (struct msg_gps){ .lat_deg = 0, .lon_deg = 0, .fix = 3,
				   .type = text_of("remote-fixed"), .name = text_of("roof") };
	make_session(f, false);
	stream(f, FRAME_V3);
	push(f, 3, 60);
	pass(f, SECOND_NS);
	assert_int_equal(f->server.n_gps, 3);
	assert_string_equal(f->server.gps_name, "roof");
}

static void message_keeps_its_place_among_the_records(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	push(f, 2, 60);
	queue_push_message(f->queue, MSG_CLASS_INFO, text_of("half way"));
	push(f, 2, 60);
	pass(f, SECOND_NS);
	assert_records_in_order(f, 5);
	assert_int_equal(f->server.heard[MSG_MESSAGE], 1);
}

static void packet_longer_than_a_frame_is_cut_not_lost(void **state)
{
	struct fixture *f = *state;
	static uint8_t big[20000];
	struct msg_packet p = { .dlt = 105, .data = big, .len = sizeof(big),
				.orig_len = sizeof(big) };
	struct session_stats stats;

	stream(f, FRAME_V3);
	assert_int_equal(queue_push_packet(f->queue, &p), 0);
	session_records(f->session);
	pass(f, SECOND_NS);
	assert_int_equal(f->server.n_records, 1);
	session_get_stats(f->session, &stats);
	assert_int_equal(stats.cut_packets, 1);
	assert_true(f->server.longest_frame <= FRAME_LIMIT_SERVER);
}

/* It must not stay in the queue for ever, nor be counted each time the link is lost. */
static void record_that_fits_nowhere_is_left_out_and_counted_once(void **state)
{
	struct fixture *f = *state;
	static char long_json[FRAME_LIMIT_SERVER];
	struct msg_data d = { .json = { .type = text_of("RTL433"),
					.json = { long_json, sizeof(long_json) } } };
	struct session_stats stats;
	struct queue_stats queue;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	assert_int_equal(queue_push_data(f->queue, &d), 0);
	session_records(f->session);
	pass(f, SECOND_NS);
	fake_server_close(&f->server);
	settle(f);
	assert_int_equal(f->end, SESSION_LOST);
	f->server.answer_pings = true;
	f->server.heard[MSG_NEWSOURCE] = 0;
	stream(f, FRAME_V3);
	pass(f, SECOND_NS);
	session_get_stats(f->session, &stats);
	assert_int_equal(stats.uncarried, 1);
	queue_get_stats(f->queue, &queue);
	assert_int_equal(queue.released, 1);
	assert_int_equal(f->server.n_records, 0);
}

/* --- silence --- */

static void quiet_server_is_asked_and_kept_if_it_answers(void **state)
{
	struct fixture *f = *state;
	size_t pings;

	stream(f, FRAME_V3);
	pings = f->server.heard[MSG_PING];
	pass(f, 60 * SECOND_NS);
	assert_false(f->down);
	assert_true(f->server.heard[MSG_PING] > pings);
}

static void silent_server_is_given_up_within_20_seconds(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	pass(f, 15 * SECOND_NS);
	assert_false(f->down);
	pass(f, 5 * SECOND_NS);
	assert_true(f->down);
	assert_int_equal(f->end, SESSION_LOST);
}

static void servers_pings_keep_it_alive_and_idle(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	for (int i = 0; i < 100; i++) {
		uint64_t before_ns = f->clock.now_ns;

		/* Nothing else wakes it up: one step is all the time until the next PING. */
		loop_step(f->loop, 5 * SECOND_NS);
		assert_true(f->clock.now_ns == before_ns + 5 * SECOND_NS);
		fake_server_ping(&f->server);
		settle(f);
	}
	assert_false(f->down);
	assert_int_equal(f->server.heard[MSG_PONG], 100);
}

/* --- nonsense --- */

static void garbage_ends_the_connection_cleanly(void **state)
{
	struct fixture *f = *state;
	static const char junk[64] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	stream(f, FRAME_V3);
	fake_server_say_bytes(&f->server, junk, sizeof(junk));
	settle(f);
	assert_true(f->down);
	assert_int_equal(f->err.code, ERR_PROTOCOL);
}

static void malformed_known_frame_ends_the_connection(void **state)
{
	struct fixture *f = *state;
	static const uint8_t open_without_map[] = {
		0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3, 0, 0, 0, 1, 0, 12, 0, 1, 0, 0, 0, 9, 0xc1,
	};

	stream(f, FRAME_V3);
	fake_server_say_bytes(&f->server, open_without_map, sizeof(open_without_map));
	settle(f);
	assert_true(f->down);
}

static void unknown_frame_is_ignored(void **state)
{
	struct fixture *f = *state;
	static const uint8_t event[] = {
		0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3, 0, 0, 0, 0, 0, 34, 0, 1, 0, 0, 0, 9,
	};

	stream(f, FRAME_V3);
	fake_server_say_bytes(&f->server, event, sizeof(event));
	settle(f);
	assert_false(f->down);
}

/* --- the end --- */

/* 100 kbit/s: a tenth of a second, and what arrives in it. */
static void pass_on_a_slow_link(struct fixture *f)
{
	uint64_t until = f->clock.now_ns + SECOND_NS / 10;

	fake_server_hear(&f->server);
	while (f->clock.now_ns < until)
		loop_step(f->loop, until - f->clock.now_ns);
	if (queue_used_bytes(f->queue) < queue_size_bytes(f->queue) / 2)
		push(f, 300, 600);
}

/* A server ends the connection after 15 s without a PONG. */
static void pong_does_not_wait_behind_a_socket_full_of_data(void **state)
{
	struct fixture *f = *state;
	size_t pongs, before, worst = 0;

	stream(f, FRAME_V3);
	f->server.read_limit = 1250;
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 50; k++)
			pass_on_a_slow_link(f);
		pongs = f->server.heard[MSG_PONG];
		before = f->server.bytes_read;
		fake_server_ping(&f->server);
		for (int k = 0; k < 150 && f->server.heard[MSG_PONG] == pongs; k++)
			pass_on_a_slow_link(f);
		assert_true(f->server.heard[MSG_PONG] > pongs);
		if (f->server.bytes_read - before > worst)
			worst = f->server.bytes_read - before;
	}
	assert_false(f->down);
	assert_in_range(worst, 1, 100 * 1024);
	/* And all of the link was used. */
	assert_true(f->server.bytes_read > 20 * 50 * 1250);
}

/* A server that never answers is not drowned in data. */
static void what_is_under_way_is_bounded(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	push(f, 600, 600);
	settle(f);
	assert_in_range(f->server.bytes_read, 20 * 1024, 64 * 1024);
	f->server.answer_pings = true;
	struct msg pong = { .type = MSG_PONG, .reply_to = f->server.last_ping };

	fake_server_say(&f->server, &pong);
	settle(f);
	pass(f, SECOND_NS);
	assert_records_in_order(f, 600);
	assert_true(queue_empty(f->queue));
}

static void finish_waits_until_everything_is_covered(void **state)
{
	struct fixture *f = *state;

	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	push(f, 50, 60);
	session_finish(f->session);
	settle(f);
	assert_int_equal(f->server.n_records, 50);
	assert_false(f->down);
	struct msg pong = { .type = MSG_PONG, .reply_to = f->server.last_ping };

	fake_server_say(&f->server, &pong);
	settle(f);
	assert_true(f->down);
	assert_int_equal(f->end, SESSION_DONE);
}

/* A replay reaches its end while the link is coming back. */
static void end_during_the_handshake_loses_nothing(void **state)
{
	struct fixture *f = *state;

	for (int stage = 0; stage < 3; stage++) {
		f->server.heard[MSG_NEWSOURCE] = f->server.n_records = 0;
		f->server.answer_pings = stage == 2;
		connect_gen(f, FRAME_V3, FRAME_V3);
		if (stage > 0)
			settle(f);
		push(f, 50, 60);
		session_finish(f->session);
		settle(f);
		assert_false(f->down);
		if (stage < 2) {
			struct msg pong = { .type = MSG_PONG, .reply_to = f->server.last_ping };

			f->server.answer_pings = true;
			fake_server_say(&f->server, &pong);
			settle(f);
		}
		fake_server_open(&f->server, "input.pcap:name=demo");
		settle(f);
		assert_true(f->down);
		assert_int_equal(f->end, SESSION_DONE);
		assert_int_equal(f->server.n_records, 50);
		fake_server_close(&f->server);
	}
}

/* A server of v0 or v2 closes as soon as it reads ERROR. */
static void error_does_not_overtake_records(void **state)
{
	struct fixture *f = *state;
	struct err why;

	err_set(&why, ERR_SYSTEM, "radio is gone");
	stream(f, FRAME_V3);
	f->server.answer_pings = false;
	push(f, 50, 60);
	session_finish_failed(f->session, &why);
	pass(f, SECOND_NS);
	assert_int_equal(f->server.n_records, 50);
	assert_int_equal(f->server.heard[MSG_ERROR], 0);
	struct msg pong = { .type = MSG_PONG, .reply_to = f->server.last_ping };

	fake_server_say(&f->server, &pong);
	settle(f);
	assert_int_equal(f->server.heard[MSG_ERROR], 1);
	assert_int_equal(f->end, SESSION_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(announces_after_the_pong_in_every_generation),
		TEST(reads_the_v0_open_of_a_2023_server),
		TEST(close_without_a_byte_means_not_spoken),
		TEST(another_reason_than_the_generation_is_kept),
		TEST(late_close_without_a_byte_is_no_answer),
		TEST(server_that_never_answers_is_given_up),
		TEST(close_after_newsource_means_refused),
		TEST(missing_open_ends_the_connection),
		TEST(local_v2_ping_is_answered_in_v3),
		TEST(local_v0_request_is_answered_in_v0),
		TEST(records_arrive_in_order_in_every_generation),
		TEST(single_record_leaves_within_milliseconds),
		TEST(records_stay_until_the_pong_covers_them),
		TEST(uncovered_records_are_sent_again),
		TEST(link_cut_at_any_byte_loses_nothing),
		TEST(slow_reader_gets_every_byte),
		TEST(ping_is_answered_before_waiting_data),
		TEST(unread_answers_end_the_connection),
		TEST(fixed_position_goes_with_every_record),
		TEST(message_keeps_its_place_among_the_records),
		TEST(packet_longer_than_a_frame_is_cut_not_lost),
		TEST(record_that_fits_nowhere_is_left_out_and_counted_once),
		TEST(quiet_server_is_asked_and_kept_if_it_answers),
		TEST(silent_server_is_given_up_within_20_seconds),
		TEST(servers_pings_keep_it_alive_and_idle),
		TEST(garbage_ends_the_connection_cleanly),
		TEST(malformed_known_frame_ends_the_connection),
		TEST(unknown_frame_is_ignored),
		TEST(pong_does_not_wait_behind_a_socket_full_of_data),
		TEST(what_is_under_way_is_bounded),
		TEST(finish_waits_until_everything_is_covered),
		TEST(end_during_the_handshake_loses_nothing),
		TEST(error_does_not_overtake_records),
	};

	signal(SIGPIPE, SIG_IGN);	/* as capture_main() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
