/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links over WebSockets that do not come up, or end: what is said about it. Without TLS. */
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

#include "tests/lib/link_owner.h"
#include "tests/lib/ws_peer.h"
#include "tests/lib/ws_rig.h"

static struct ws_rig rig;

static char asked[8192];		/* of the proxy */

static const uint8_t pong[20] = { 0xde, 0xca, 0xfb, 0xad, 0xa9, 0xa9, 0, 3, 0, 0, 0, 0,
				  0, 3, 0, 1, 0, 0, 0, 2 };

/* --- how established links end --- */

struct ending {
	uint8_t opcode;
	const void *data;
	size_t len;
	const char *words;
	enum err_code code;
};

static uint8_t much[60000];

static void serve_ending(struct ws_peer *p)
{
	const struct ending *ending = p->arg;

	if (!ws_peer_open(p))
		return;
	if (ending->opcode)
		ws_peer_send(p, ending->opcode, ending->data, ending->len);
	if (ending->code != ERR_PROTOCOL)
		return;
	/* It goes on as if nothing was; more than libwebsockets has room for at once. */
	for (int i = 0; i < 20; i++)
		ws_peer_send(p, 0x82, much, sizeof(much));
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
		ws_rig_start(&rig, serve_ending, (void *)(uintptr_t)&endings[i]);
		ws_rig_up(&rig);
		ws_rig_run_out(&rig);
		if (!strstr(rig.owner.err.text, endings[i].words))
			fail_msg("%s: %s", endings[i].words, rig.owner.err.text);
		assert_int_equal(rig.owner.err.code, endings[i].code);
		ws_rig_end(&rig);
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
		ws_rig_start(&rig, serve_refusing, (void *)(uintptr_t)&refusals[i]);
		link_owner_run(&rig.owner, LINK_DOWN, 1);
		if (!strstr(rig.owner.err.text, refusals[i].words))
			fail_msg("%s: %s", refusals[i].words, rig.owner.err.text);
		assert_null(strstr(rig.owner.err.text, "SECRET"));
		assert_int_equal(rig.owner.err.code, refusals[i].code);
		ws_rig_end(&rig);
		assert_non_null(strstr(rig.server.request, "?KISMET=SECRET "));
		assert_int_equal(rig.server.connections, 1);
	}
}

static void nobody_listening_has_its_words(void **state)
{
	uint16_t port;

	(void)state;
	close(listen_on_loopback(AF_INET, &port));
	ws_rig_start_at(&rig, ENDPOINT_WS, "127.0.0.1", port);
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	assert_non_null(strstr(rig.owner.err.text, "127.0.0.1 port"));
	assert_non_null(strstr(rig.owner.err.text, ": connecting: Connection refused"));
	assert_int_equal(rig.owner.err.code, ERR_NETWORK);
	ws_rig_end_client(&rig);
}

/* --- through a proxy --- */

static void serve_as_proxy(struct ws_peer *p)
{
	const char *answer = p->arg;

	if (!ws_peer_request(p))
		return;
	snprintf(asked, sizeof(asked), "%s", p->request);
	if (ws_peer_write(p, answer, strlen(answer)) && strstr(answer, " 200 "))
		ws_rig_serve_quietly(p);
}

static void start_proxied(const char *answer)
{
	char url[80];

	ws_peer_start(&rig.server, NULL, serve_as_proxy, (void *)(uintptr_t)answer);
	snprintf(url, sizeof(url), "http://us:er@127.0.0.1:%u", rig.server.port);
	setenv("http_proxy", url, 1);
	ws_rig_start_at(&rig, ENDPOINT_WS, "kismet.invalid", 2501);
}

static void a_proxy_is_asked_for_the_name(void **state)
{
	(void)state;
	start_proxied("HTTP/1.1 200 Connection established\r\n\r\n");
	ws_rig_up(&rig);
	ws_rig_end(&rig);
	unsetenv("http_proxy");
	assert_memory_equal(asked, "CONNECT kismet.invalid:2501 HTTP/1.1\r\n", 38);
	assert_non_null(strstr(asked, "dXM6ZXI="));
	assert_memory_equal(rig.server.request, "GET /prefix/datasource HTTP/1.1\r\n", 33);
	assert_non_null(strstr(rig.server.request, "\r\nHost: kismet.invalid:2501\r\n"));
}

static void a_proxy_that_refuses_has_its_words(void **state)
{
	(void)state;
	start_proxied("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	assert_non_null(strstr(rig.owner.err.text, "the proxy 127.0.0.1 does not let us through"));
	ws_rig_end(&rig);
	unsetenv("http_proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_has_its_words),
		cmocka_unit_test(each_refusal_has_its_words),
		cmocka_unit_test(nobody_listening_has_its_words),
		cmocka_unit_test(a_proxy_is_asked_for_the_name),
		cmocka_unit_test(a_proxy_that_refuses_has_its_words),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
