/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links over WebSockets, with a server that does what the test wants. Without TLS. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link_ws.h"
#include "tests/lib/link_owner.h"
#include "tests/lib/ws_peer.h"
#include "tests/lib/ws_rig.h"

static struct ws_rig rig;

/* --- the request --- */

static void the_request_is_as_servers_want_it(void **state)
{
	char host[64];

	(void)state;
	rig.access = (struct access){ .apikey = strdup("SECRET+KEY") };
	ws_rig_start(&rig, ws_rig_serve_quietly, NULL);
	ws_rig_up(&rig);
	snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%u\r\n", rig.server.port);
	ws_rig_end(&rig);
	const char *request = rig.server.request;

	assert_memory_equal(request, "GET /prefix/datasource HTTP/1.1\r\n", 33);
	assert_non_null(strstr(request, host));
	assert_non_null(strstr(request, "\r\nCookie: KISMET="));
	assert_non_null(strstr(request, "\r\nSec-WebSocket-Protocol: kismet-remote\r\n"));
	assert_non_null(strstr(request, "\r\nSec-WebSocket-Version: 13\r\n"));
	assert_null(strstr(request, "?"));
	assert_null(strstr(request, "permessage-deflate"));
	assert_int_equal(rig.server.connections, 1);
}

static void a_login_goes_into_a_header(void **state)
{
	(void)state;
	rig.access = (struct access){ .user = strdup("u"), .password = strdup("p&w") };
	ws_rig_start(&rig, ws_rig_serve_quietly, NULL);
	ws_rig_up(&rig);
	ws_rig_end(&rig);
	assert_non_null(strstr(rig.server.request, "\r\nAuthorization: Basic dTpwJnc=\r\n"));
	assert_null(strstr(rig.server.request, "Cookie:"));
}

static void no_credentials_make_no_header(void **state)
{
	(void)state;
	ws_rig_start(&rig, ws_rig_serve_quietly, NULL);
	ws_rig_up(&rig);
	assert_string_equal(rig.owner.link->address, "127.0.0.1");
	assert_non_null(strstr(rig.owner.link->peer, "(WebSocket)"));
	ws_rig_end(&rig);
	assert_null(strstr(rig.server.request, "Authorization"));
	assert_null(strstr(rig.server.request, "Cookie"));
}

static void serve_with_subprotocol(struct ws_peer *p)
{
	if (ws_peer_request(p) && ws_peer_upgrade(p, "Sec-WebSocket-Protocol: kismet-remote\r\n"))
		ws_peer_hear_out(p);
}

static void an_answer_that_names_the_subprotocol_is_fine(void **state)
{
	(void)state;
	ws_rig_start(&rig, serve_with_subprotocol, NULL);
	ws_rig_up(&rig);
	ws_rig_end(&rig);
}

/* --- frames out --- */

static const size_t lengths[] = { 20, 125, 126, 127, 1000, 16383, 65535, 65536, 70000, 20, 21 };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

struct seen {
	size_t messages, bytes;
	bool good, ponged, closed;
	uint8_t buf[1 << 17];
};

static struct seen seen;

/* Closes when it has seen all, or something wrong. */
static void serve_checking(struct ws_peer *p)
{
	static uint8_t expected[1 << 17];
	uint8_t opcode;

	seen.good = ws_peer_open(p);
	for (size_t i = 0; i < LENGTHS && seen.good; i++) {
		long n = ws_peer_receive(p, &opcode, seen.buf, sizeof(seen.buf));

		ws_rig_frame(expected, lengths[i], (uint32_t)i);
		seen.good = n == (long)lengths[i] && opcode == 0x82 &&
			    memcmp(seen.buf, expected, lengths[i]) == 0;
		seen.messages++;
	}
}

static void frames_become_one_message_each(void **state)
{
	static uint8_t stream[1 << 19];
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		ws_rig_frame(stream + len, lengths[i], (uint32_t)i);
		len += lengths[i];
	}
	memset(&seen, 0, sizeof(seen));
	ws_rig_start(&rig, serve_checking, NULL);
	ws_rig_up(&rig);
	ws_rig_send(&rig, stream, len);
	ws_rig_run_out(&rig);
	ws_rig_end(&rig);
	assert_true(seen.good);
	assert_int_equal(seen.messages, LENGTHS);
}

static void serve_counting(struct ws_peer *p)
{
	uint8_t opcode;

	if (!ws_peer_open(p))
		return;
	while (ws_peer_receive(p, &opcode, seen.buf, sizeof(seen.buf)) == 16000 && opcode == 0x82)
		seen.messages++;
}

/* Much more than all buffers hold, so that each of them is full at times. */
static void a_slow_server_slows_the_sender_down(void **state)
{
	static uint8_t frame[16000];

	(void)state;
	memset(&seen, 0, sizeof(seen));
	ws_rig_start(&rig, serve_counting, NULL);
	ws_rig_up(&rig);
	ws_rig_frame(frame, sizeof(frame), 1);
	for (int i = 0; i < 1000; i++)
		ws_rig_send(&rig, frame, sizeof(frame));
	ws_rig_frame(frame, 20, 1);
	ws_rig_send(&rig, frame, 20);	/* a short one: the server closes */
	ws_rig_run_out(&rig);
	ws_rig_end(&rig);
	assert_int_equal(seen.messages, 1000);
}

static void serve_one_frame(struct ws_peer *p)
{
	uint8_t opcode;

	if (ws_peer_open(p))
		seen.bytes = (size_t)ws_peer_receive(p, &opcode, seen.buf, sizeof(seen.buf));
	seen.bytes += ws_peer_receive(p, &opcode, seen.buf, sizeof(seen.buf)) == 2 &&
		      opcode == 0x88 && seen.buf[0] == 3 && seen.buf[1] == 0xe8;
}

static void a_last_frame_goes_out_although_the_link_is_freed(void **state)
{
	uint8_t frame[500];

	(void)state;
	memset(&seen, 0, sizeof(seen));
	ws_rig_start(&rig, serve_one_frame, NULL);
	ws_rig_up(&rig);
	ws_rig_frame(frame, sizeof(frame), 1);
	ws_rig_send(&rig, frame, sizeof(frame));
	link_free(rig.owner.link);
	rig.owner.link = NULL;
	ws_peer_end(&rig.server);	/* waits until it has seen the end */
	ws_rig_end_client(&rig);
	assert_int_equal(seen.bytes, sizeof(frame) + 1);
}

/* --- messages in --- */

static const uint8_t pong[20] = { 0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3, 0, 0, 0, 0,
				  0, 3, 0, 1, 0, 0, 0, 2 };

#define LONG_MESSAGE 300000

static void serve_fragments(struct ws_peer *p)
{
	static uint8_t frame[LONG_MESSAGE];

	ws_rig_frame(frame, sizeof(frame), 5);
	if (!ws_peer_open(p) || !ws_peer_send(p, 0x82, pong, sizeof(pong)))
		return;
	for (size_t at = 0; at < sizeof(frame); at += 4096) {
		bool last = at + 4096 >= sizeof(frame);
		uint8_t opcode = (uint8_t)((at ? 0 : 2) | (last ? 0x80 : 0));

		ws_peer_send(p, opcode, frame + at, last ? sizeof(frame) - at : 4096);
		if (at == 8192)		/* allowed between fragments */
			ws_peer_send(p, 0x89, "hi", 2);
	}
	ws_peer_send(p, 0x82, pong, sizeof(pong));
}

static void fragments_are_put_together(void **state)
{
	static uint8_t got[LONG_MESSAGE + 41], frame[LONG_MESSAGE];

	(void)state;
	ws_rig_start(&rig, serve_fragments, NULL);
	ws_rig_up(&rig);
	assert_int_equal(ws_rig_receive(&rig, got, sizeof(got)), sizeof(got) - 1);
	ws_rig_frame(frame, sizeof(frame), 5);
	assert_memory_equal(got, pong, 20);
	assert_memory_equal(got + 20, frame, sizeof(frame));
	assert_memory_equal(got + 20 + sizeof(frame), pong, 20);
	assert_string_equal(rig.owner.err.text, "closed by the server");
	ws_rig_end(&rig);
}

static void serve_much(struct ws_peer *p)
{
	static uint8_t frame[60000];

	if (!ws_peer_open(p))
		return;
	for (uint32_t i = 0; i < 100; i++) {
		ws_rig_frame(frame, sizeof(frame), i);
		ws_peer_send(p, 0x82, frame, sizeof(frame));
	}
}

/* In small pieces, so that everything before it is full. */
static void a_slow_reader_loses_nothing(void **state)
{
	static uint8_t got[60000], frame[60000];

	(void)state;
	ws_rig_start(&rig, serve_much, NULL);
	ws_rig_up(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		for (size_t at = 0; at < sizeof(got); at += 60)
			assert_int_equal(ws_rig_receive(&rig, got + at, 60), 60);
		ws_rig_frame(frame, sizeof(frame), i);
		assert_memory_equal(got, frame, sizeof(frame));
	}
	assert_int_equal(ws_rig_receive(&rig, got, 1), 0);
	ws_rig_end(&rig);
}

static void serve_ping(struct ws_peer *p)
{
	uint8_t opcode = 0;

	if (!ws_peer_open(p) || !ws_peer_send(p, 0x89, "are you there", 13))
		return;
	seen.ponged = ws_peer_receive(p, &opcode, seen.buf, sizeof(seen.buf)) == 13 &&
		      opcode == 0x8a && memcmp(seen.buf, "are you there", 13) == 0;
}

static void pings_are_answered(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	ws_rig_start(&rig, serve_ping, NULL);
	ws_rig_up(&rig);
	ws_rig_run_out(&rig);
	ws_rig_end(&rig);
	assert_true(seen.ponged);
}

/* --- last words --- */

#define LAST_BYTES 60000

static void serve_to_the_end(struct ws_peer *p)
{
	uint8_t opcode;

	seen.good = ws_peer_open(p);
	while (seen.good && !seen.closed) {
		long n = ws_peer_receive(p, &opcode, seen.buf, sizeof(seen.buf));

		seen.good = n >= 0;
		seen.closed = opcode == 0x88;
		seen.messages += opcode == 0x82 && n == LAST_BYTES;
	}
}

static void what_was_sent_before_the_end_arrives(void **state)
{
	static uint8_t frame[LAST_BYTES];

	(void)state;
	for (int i = 0; i < 10; i++) {
		memset(&seen, 0, sizeof(seen));
		ws_rig_start(&rig, serve_to_the_end, NULL);
		ws_rig_up(&rig);
		for (uint32_t seed = 0; seed < 8; seed++) {
			ws_rig_frame(frame, sizeof(frame), seed);
			ws_rig_send(&rig, frame, sizeof(frame));
		}
		ws_rig_end(&rig);
		assert_int_equal(seen.messages, 8);
		assert_true(seen.good);
		assert_true(seen.closed);
	}
}

/* --- freed at any time --- */

static void serve_slowly(struct ws_peer *p)
{
	ws_peer_drain(p);		/* and never answers */
}

static void freed_before_an_answer(void **state)
{
	int before = count_fds();

	(void)state;
	for (int turns = 0; turns < 8; turns++) {
		ws_rig_start(&rig, serve_slowly, NULL);
		for (int i = 0; i < turns; i++)
			loop_step(rig.owner.loop, 1000000);
		ws_rig_end(&rig);
	}
	assert_int_equal(count_fds(), before);
}

static void freed_in_each_callback(void **state)
{
	static const enum link_call calls[] = { LINK_UP, LINK_READABLE, LINK_WRITABLE, LINK_DOWN };
	int before = count_fds();

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint16_t port;

		if (calls[i] == LINK_DOWN) {
			close(listen_on_loopback(AF_INET, &port));
			ws_rig_start_at(&rig, ENDPOINT_WS, "127.0.0.1", port);
		} else {
			ws_rig_start(&rig, serve_much, NULL);
		}
		rig.owner.free_in = calls[i];
		while (rig.owner.link) {
			loop_run(rig.owner.loop);
			if (rig.owner.link)
				link_want_write(rig.owner.link, true);
		}
		if (calls[i] == LINK_DOWN)
			ws_rig_end_client(&rig);
		else
			ws_rig_end(&rig);
	}
	assert_int_equal(count_fds(), before);
}

/* One thread serves them all; some end early. */
static void several_links_at_once(void **state)
{
	struct link_owner others[5];

	(void)state;
	ws_rig_start(&rig, serve_ping, NULL);
	for (int i = 0; i < 5; i++) {
		struct link_events events = link_owner_events(&others[i]);

		others[i] = (struct link_owner){ .loop = rig.owner.loop };
		others[i].link = link_ws_new(rig.service, others[i].loop, &rig.access,
					     &rig.endpoint, NULL, &events);
		link_owner_start(&others[i]);
	}
	link_free(others[2].link);
	ws_rig_up(&rig);
	for (int i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		while (others[i].calls[LINK_UP] == 0)
			loop_run(rig.owner.loop);
		link_free(others[i].link);
	}
	ws_rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_as_servers_want_it),
		cmocka_unit_test(a_login_goes_into_a_header),
		cmocka_unit_test(no_credentials_make_no_header),
		cmocka_unit_test(an_answer_that_names_the_subprotocol_is_fine),
		cmocka_unit_test(frames_become_one_message_each),
		cmocka_unit_test(a_slow_server_slows_the_sender_down),
		cmocka_unit_test(a_last_frame_goes_out_although_the_link_is_freed),
		cmocka_unit_test(fragments_are_put_together),
		cmocka_unit_test(a_slow_reader_loses_nothing),
		cmocka_unit_test(pings_are_answered),
		cmocka_unit_test(what_was_sent_before_the_end_arrives),
		cmocka_unit_test(freed_before_an_answer),
		cmocka_unit_test(freed_in_each_callback),
		cmocka_unit_test(several_links_at_once),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
