/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links over WebSockets, with a server that does what the test wants. Without TLS. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link_ws.h"
#include "protocol/frame.h"
#include "tests/lib/link_owner.h"
#include "tests/lib/ws_peer.h"

struct rig {
	struct link_owner owner;
	struct ws_peer_server server;
	struct access access;
	struct ws_service *service;
	struct endpoint endpoint;
};

static struct rig rig;

static void make_link(struct rig *r)
{
	struct link_events events = link_owner_events(&r->owner);

	r->owner.link = link_ws_new(r->service, r->owner.loop, &r->access, &r->endpoint, NULL,
				    &events);
	link_owner_start(&r->owner);
}

static void start_at(struct rig *r, uint16_t port)
{
	struct err e;

	r->owner = (struct link_owner){ .loop = loop_new(NULL, &e) };
	assert_non_null(r->owner.loop);
	r->service = ws_service_new(&r->access, &e);
	assert_non_null(r->service);
	r->endpoint = (struct endpoint){ .kind = ENDPOINT_WS, .host = "127.0.0.1", .port = port,
					 .path = "/prefix/datasource" };
	make_link(r);
}

static void start(struct rig *r, void (*serve)(struct ws_peer *p), void *arg)
{
	ws_peer_start(&r->server, NULL, serve, arg);
	start_at(r, r->server.port);
}

static void end_client(struct rig *r)
{
	link_free(r->owner.link);
	ws_service_free(r->service);
	loop_free(r->owner.loop);
	access_free(&r->access);
}

static void end(struct rig *r)
{
	end_client(r);
	ws_peer_end(&r->server);
}

/* A v3 frame of len bytes. */
static void put_frame(uint8_t *out, size_t len, uint32_t seed)
{
	frame_put_v3(out, 7, 0, seed, (uint32_t)(len - FRAME_V3_HEADER));
	for (size_t i = FRAME_V3_HEADER; i < len; i++)
		out[i] = (uint8_t)(i * 7 + seed);
}

static void run_until_up(struct rig *r)
{
	while (r->owner.calls[LINK_UP] == 0 && r->owner.calls[LINK_DOWN] == 0)
		loop_run(r->owner.loop);
	if (r->owner.calls[LINK_DOWN])
		print_error("%s\n", r->owner.err.text);
	assert_int_equal(r->owner.calls[LINK_UP], 1);
}

/* Sends all, in pieces of this size, waiting when need be. */
static void send_all(struct rig *r, const uint8_t *data, size_t len, size_t piece)
{
	struct err e;

	while (len > 0) {
		long n = link_send(r->owner.link, data, len < piece ? len : piece, &e);

		assert_true(n >= 0);
		data += n;
		len -= (size_t)n;
		if (n > 0)
			continue;
		int before = r->owner.calls[LINK_WRITABLE];

		link_want_write(r->owner.link, true);
		while (r->owner.calls[LINK_WRITABLE] == before)
			loop_run(r->owner.loop);
		link_want_write(r->owner.link, false);
	}
}

/* Receives len bytes, or up to the end. */
static size_t receive(struct rig *r, uint8_t *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		long n = link_recv(r->owner.link, buf + got, len - got, &r->owner.err);

		if (n < 0)
			break;
		got += (size_t)n;
		if (n == 0)
			loop_run(r->owner.loop);
	}
	return got;
}

/* Runs until the stream of an established link ends. */
static void run_until_end(struct rig *r)
{
	uint8_t buf[4096];

	while (receive(r, buf, sizeof(buf)) == sizeof(buf))
		;
}

/* --- the request --- */

static void serve_quietly(struct ws_peer *p)
{
	if (ws_peer_open(p))
		ws_peer_drain(p);
}

static void the_request_is_as_servers_want_it(void **state)
{
	char host[64];

	(void)state;
	rig.access = (struct access){ .apikey = strdup("SECRET+KEY") };
	start(&rig, serve_quietly, NULL);
	run_until_up(&rig);
	snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%u\r\n", rig.server.port);
	end(&rig);
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
	start(&rig, serve_quietly, NULL);
	run_until_up(&rig);
	end(&rig);
	assert_non_null(strstr(rig.server.request, "\r\nAuthorization: Basic dTpwJnc=\r\n"));
	assert_null(strstr(rig.server.request, "Cookie:"));
}

static void no_credentials_make_no_header(void **state)
{
	(void)state;
	start(&rig, serve_quietly, NULL);
	run_until_up(&rig);
	assert_string_equal(rig.owner.link->address, "127.0.0.1");
	assert_non_null(strstr(rig.owner.link->peer, "(WebSocket)"));
	end(&rig);
	assert_null(strstr(rig.server.request, "Authorization"));
	assert_null(strstr(rig.server.request, "Cookie"));
}

static void serve_with_subprotocol(struct ws_peer *p)
{
	if (ws_peer_request(p) && ws_peer_upgrade(p, "Sec-WebSocket-Protocol: kismet-remote\r\n"))
		ws_peer_drain(p);
}

static void an_answer_that_names_the_subprotocol_is_fine(void **state)
{
	(void)state;
	start(&rig, serve_with_subprotocol, NULL);
	run_until_up(&rig);
	end(&rig);
}

/* --- frames out --- */

static const size_t lengths[] = { 20, 125, 126, 127, 1000, 16383, 65535, 65536, 70000, 20, 21 };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

struct seen {
	size_t messages, bytes;
	bool good, ponged;
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

		put_frame(expected, lengths[i], (uint32_t)i);
		seen.good = n == (long)lengths[i] && opcode == 0x82 &&
			    memcmp(seen.buf, expected, lengths[i]) == 0;
		seen.messages++;
	}
}

static void frames_are_sent(size_t piece)
{
	static uint8_t stream[1 << 19];
	size_t len = 0;

	for (size_t i = 0; i < LENGTHS; i++) {
		put_frame(stream + len, lengths[i], (uint32_t)i);
		len += lengths[i];
	}
	memset(&seen, 0, sizeof(seen));
	start(&rig, serve_checking, NULL);
	run_until_up(&rig);
	send_all(&rig, stream, len, piece);
	run_until_end(&rig);
	end(&rig);
	assert_true(seen.good);
	assert_int_equal(seen.messages, LENGTHS);
}

static void frames_become_one_message_each(void **state)
{
	(void)state;
	frames_are_sent(1 << 19);
	frames_are_sent(4097);
}

static void frames_written_in_single_bytes_are_whole(void **state)
{
	(void)state;
	frames_are_sent(7);
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
	start(&rig, serve_counting, NULL);
	run_until_up(&rig);
	put_frame(frame, sizeof(frame), 1);
	for (int i = 0; i < 1000; i++)
		send_all(&rig, frame, sizeof(frame), sizeof(frame));
	put_frame(frame, 20, 1);
	send_all(&rig, frame, 20, 20);	/* a short one: the server closes */
	run_until_end(&rig);
	end(&rig);
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
	start(&rig, serve_one_frame, NULL);
	run_until_up(&rig);
	put_frame(frame, sizeof(frame), 1);
	send_all(&rig, frame, sizeof(frame), sizeof(frame));
	link_free(rig.owner.link);
	rig.owner.link = NULL;
	ws_peer_end(&rig.server);	/* waits until it has seen the end */
	end_client(&rig);
	assert_int_equal(seen.bytes, sizeof(frame) + 1);
}

/* --- messages in --- */

static const uint8_t pong[20] = { 0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3, 0, 0, 0, 0,
				  0, 3, 0, 1, 0, 0, 0, 2 };

#define LONG_MESSAGE 300000

static void serve_fragments(struct ws_peer *p)
{
	static uint8_t frame[LONG_MESSAGE];

	put_frame(frame, sizeof(frame), 5);
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
	start(&rig, serve_fragments, NULL);
	run_until_up(&rig);
	assert_int_equal(receive(&rig, got, sizeof(got)), sizeof(got) - 1);
	put_frame(frame, sizeof(frame), 5);
	assert_memory_equal(got, pong, 20);
	assert_memory_equal(got + 20, frame, sizeof(frame));
	assert_memory_equal(got + 20 + sizeof(frame), pong, 20);
	assert_string_equal(rig.owner.err.text, "closed by the server");
	end(&rig);
}

/* The owner reads nothing until all was sent. */
static void serve_much(struct ws_peer *p)
{
	static uint8_t frame[60000];

	if (!ws_peer_open(p))
		return;
	for (uint32_t i = 0; i < 100; i++) {
		put_frame(frame, sizeof(frame), i);
		ws_peer_send(p, 0x82, frame, sizeof(frame));
	}
}

static void a_slow_reader_loses_nothing(void **state)
{
	static uint8_t got[60000], frame[60000];

	(void)state;
	start(&rig, serve_much, NULL);
	run_until_up(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(receive(&rig, got, sizeof(got)), sizeof(got));
		put_frame(frame, sizeof(frame), i);
		assert_memory_equal(got, frame, sizeof(frame));
	}
	assert_int_equal(receive(&rig, got, 1), 0);
	end(&rig);
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
	start(&rig, serve_ping, NULL);
	run_until_up(&rig);
	run_until_end(&rig);
	end(&rig);
	assert_true(seen.ponged);
}

/* --- how established links end --- */

struct ending {
	uint8_t opcode;
	const void *data;
	size_t len;
	const char *words;
	enum err_code code;
};

static void serve_ending(struct ws_peer *p)
{
	const struct ending *ending = p->arg;

	if (!ws_peer_open(p))
		return;
	if (ending->opcode)
		ws_peer_send(p, ending->opcode, ending->data, ending->len);
}

static void each_end_has_its_words(void **state)
{
	static const struct ending endings[] = {
		{ 0, NULL, 0, "closed by the server", ERR_NETWORK },
		{ 0x88, "", 0, "closed by the server", ERR_NETWORK },
		{ 0x88, "\x03\xe8", 2, "closed by the server", ERR_NETWORK },
		{ 0x88, "\x03\xf3", 2, "closed by the server (code 1011)", ERR_NETWORK },
		{ 0x88, "\x03\xf0go\x1b[2Jaway", 12,
		  "closed by the server: go?[2Jaway (code 1008)", ERR_PERMISSION },
		{ 0x81, "hello", 5, "the server sends text over the WebSocket", ERR_PROTOCOL },
		{ 0x82, "hello there, tool", 17, "not one frame each", ERR_PROTOCOL },
		{ 0x82, pong, 19, "not one frame each", ERR_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		start(&rig, serve_ending, (void *)(uintptr_t)&endings[i]);
		run_until_up(&rig);
		run_until_end(&rig);
		if (!strstr(rig.owner.err.text, endings[i].words))
			fail_msg("%s: %s", endings[i].words, rig.owner.err.text);
		assert_int_equal(rig.owner.err.code, endings[i].code);
		end(&rig);
	}
}

/* --- no link --- */

struct refusal {
	const char *answer;
	const char *words;
	enum err_code code;
};

static void serve_refusing(struct ws_peer *p)
{
	const struct refusal *refusal = p->arg;

	if (ws_peer_request(p))
		ws_peer_write(p, refusal->answer, strlen(refusal->answer));
}

static void each_refusal_has_its_words(void **state)
{
	static const struct refusal refusals[] = {
		{ "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
		  "refuses the login (HTTP 401): check --user", ERR_PERMISSION },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "HTTP 403",
		  ERR_PERMISSION },
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n",
		  "no WebSocket at /prefix/datasource (HTTP 404)", ERR_PROTOCOL },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP 400", ERR_PROTOCOL },
		{ "HTTP/1.1 502 Bad Gateway\r\n\r\n", "the server behind it does not", ERR_BUSY },
		{ "HTTP/1.1 302 Found\r\nLocation: https://other/x?KISMET=SECRET\r\n\r\n",
		  "redirects to https://other/x (HTTP 302)", ERR_PROTOCOL },
		{ "HTTP/1.1 301 Moved\r\n\r\n", "without saying where", ERR_PROTOCOL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "no WebSocket (HTTP 200)",
		  ERR_PROTOCOL },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		  "Connection: Upgrade\r\nSec-WebSocket-Accept: bm9uc2Vuc2U=\r\n\r\n",
		  "no good WebSocket upgrade", ERR_PROTOCOL },
		{ "\xde\xca\xfb\xad garbage\r\n\r\n", "without an HTTP answer", ERR_NETWORK },
		{ "SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "HTTP", ERR_NETWORK },
		{ "", "closes the connection without an HTTP answer", ERR_NETWORK },
		{ "HTTP/1.1 101 Swit", "closes the connection without", ERR_NETWORK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		rig.access = (struct access){ .apikey = strdup("SECRET"), .in_query = true };
		start(&rig, serve_refusing, (void *)(uintptr_t)&refusals[i]);
		link_owner_run(&rig.owner, LINK_DOWN, 1);
		if (!strstr(rig.owner.err.text, refusals[i].words))
			fail_msg("%s: %s", refusals[i].words, rig.owner.err.text);
		assert_null(strstr(rig.owner.err.text, "SECRET"));
		assert_int_equal(rig.owner.err.code, refusals[i].code);
		end(&rig);
		assert_non_null(strstr(rig.server.request, "?KISMET=SECRET "));
		assert_int_equal(rig.server.connections, 1);
	}
}

static void nobody_listening_has_its_words(void **state)
{
	uint16_t port;

	(void)state;
	close(listen_on_loopback(AF_INET, &port));
	start_at(&rig, port);
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	assert_non_null(strstr(rig.owner.err.text, "127.0.0.1 port"));
	assert_non_null(strstr(rig.owner.err.text, "refused"));
	assert_int_equal(rig.owner.err.code, ERR_NETWORK);
	end_client(&rig);
}

/* --- through a proxy --- */

static void serve_as_proxy(struct ws_peer *p)
{
	const char *answer = p->arg;

	if (!ws_peer_request(p))
		return;
	snprintf((char *)seen.buf, sizeof(seen.buf), "%s", p->request);
	if (ws_peer_write(p, answer, strlen(answer)) && strstr(answer, " 200 "))
		serve_quietly(p);
}

static void start_proxied(const char *answer)
{
	struct err e;
	char url[80];

	ws_peer_start(&rig.server, NULL, serve_as_proxy, (void *)(uintptr_t)answer);
	snprintf(url, sizeof(url), "http://us:er@127.0.0.1:%u", rig.server.port);
	setenv("http_proxy", url, 1);
	rig.owner = (struct link_owner){ .loop = loop_new(NULL, &e) };
	rig.service = ws_service_new(&rig.access, &e);
	rig.endpoint = (struct endpoint){ .kind = ENDPOINT_WS, .host = "kismet.invalid",
					  .port = 2501, .path = "/x" };
	make_link(&rig);
}

static void a_proxy_is_asked_for_the_name(void **state)
{
	(void)state;
	start_proxied("HTTP/1.1 200 Connection established\r\n\r\n");
	run_until_up(&rig);
	end(&rig);
	unsetenv("http_proxy");
	assert_memory_equal(seen.buf, "CONNECT kismet.invalid:2501 HTTP/1.1\r\n", 38);
	assert_non_null(strstr((char *)seen.buf, "dXM6ZXI="));
	assert_memory_equal(rig.server.request, "GET /x HTTP/1.1\r\n", 17);
	assert_non_null(strstr(rig.server.request, "\r\nHost: kismet.invalid:2501\r\n"));
}

static void a_proxy_that_refuses_has_its_words(void **state)
{
	(void)state;
	start_proxied("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	assert_non_null(strstr(rig.owner.err.text, "the proxy 127.0.0.1 does not let us through"));
	end(&rig);
	unsetenv("http_proxy");
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
		start(&rig, serve_slowly, NULL);
		for (int i = 0; i < turns; i++)
			loop_step(rig.owner.loop, 1000000);
		end(&rig);
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
			start_at(&rig, port);
		} else {
			start(&rig, serve_much, NULL);
		}
		rig.owner.free_in = calls[i];
		while (rig.owner.link) {
			loop_run(rig.owner.loop);
			if (rig.owner.link)
				link_want_write(rig.owner.link, true);
		}
		if (calls[i] == LINK_DOWN)
			end_client(&rig);
		else
			end(&rig);
	}
	assert_int_equal(count_fds(), before);
}

/* One thread serves them all; some end early. */
static void several_links_at_once(void **state)
{
	struct link_owner others[5];

	(void)state;
	start(&rig, serve_ping, NULL);
	for (int i = 0; i < 5; i++) {
		struct link_events events = link_owner_events(&others[i]);

		others[i] = (struct link_owner){ .loop = rig.owner.loop };
		others[i].link = link_ws_new(rig.service, others[i].loop, &rig.access,
					     &rig.endpoint, NULL, &events);
		link_owner_start(&others[i]);
	}
	link_free(others[2].link);
	run_until_up(&rig);
	for (int i = 0; i < 5; i++) {
		if (i == 2)
			continue;
		while (others[i].calls[LINK_UP] == 0)
			loop_run(rig.owner.loop);
		link_free(others[i].link);
	}
	end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_as_servers_want_it),
		cmocka_unit_test(a_login_goes_into_a_header),
		cmocka_unit_test(no_credentials_make_no_header),
		cmocka_unit_test(an_answer_that_names_the_subprotocol_is_fine),
		cmocka_unit_test(frames_become_one_message_each),
		cmocka_unit_test(frames_written_in_single_bytes_are_whole),
		cmocka_unit_test(a_slow_server_slows_the_sender_down),
		cmocka_unit_test(a_last_frame_goes_out_although_the_link_is_freed),
		cmocka_unit_test(fragments_are_put_together),
		cmocka_unit_test(a_slow_reader_loses_nothing),
		cmocka_unit_test(pings_are_answered),
		cmocka_unit_test(each_end_has_its_words),
		cmocka_unit_test(each_refusal_has_its_words),
		cmocka_unit_test(nobody_listening_has_its_words),
		cmocka_unit_test(a_proxy_is_asked_for_the_name),
		cmocka_unit_test(a_proxy_that_refuses_has_its_words),
		cmocka_unit_test(freed_before_an_answer),
		cmocka_unit_test(freed_in_each_callback),
		cmocka_unit_test(several_links_at_once),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
