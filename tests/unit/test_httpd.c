/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server from outside: requests, logins, and places. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/httpd.h"
#include "capture_receiver/httpd_int.h"
#include "tests/lib/http_client.h"
#include "tests/lib/httpd_rig.h"

#define KEY "8f3c77d1aa20"
#define BASIC "Authorization: Basic c2Vuc29yOnBhc3M6d29yZCAx\r\n"	/* sensor:pass:word 1 */

static char key_file[64], login_file[64];
static struct httpd_rig rig;

static void write_file(char *path, const char *text)
{
	FILE *f;

	strcpy(path, "/tmp/test_httpd.XXXXXX");
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup_without_keys(void **state)
{
	(void)state;
	return httpd_rig_setup(&rig, NULL, NULL);
}

static int setup(void **state)
{
	(void)state;
	write_file(key_file, "roof " KEY "\n");
	write_file(login_file, "sensor:pass:word 1\nplus:a+b c+d&e%f\n");
	return httpd_rig_setup(&rig, key_file, login_file);
}

static int teardown_without_keys(void **state)
{
	(void)state;
	httpd_rig_teardown(&rig);
	return 0;
}

static int teardown(void **state)
{
	teardown_without_keys(state);
	return unlink(key_file) | unlink(login_file);
}

/* --- requests --- */

static const char *const upgrade = httpd_rig_upgrade;

static int request(const char *line, const char *fields, char *answer, size_t size)
{
	return httpd_rig_request(&rig, line, fields, answer, size);
}

static int upgrade_with(const char *target, const char *fields)
{
	return httpd_rig_upgrade_with(&rig, target, fields);
}

static void only_the_endpoint_is_there(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(upgrade_with("/", ""), 404);
	assert_int_equal(upgrade_with(WS_PATH "/", ""), 404);
	assert_int_equal(upgrade_with("/kismet" WS_PATH, ""), 404);
	assert_int_equal(upgrade_with("/datasource/remote/../remotesource.ws", ""), 404);
	assert_int_equal(upgrade_with("//datasource///remote//remotesource.ws", ""), 101);
	assert_int_equal(upgrade_with(WS_PATH "?x=1", ""), 101);
}

static void a_prefix_is_part_of_the_path(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "kismet//here/", 10);
	assert_int_equal(upgrade_with("/kismet/here" WS_PATH, ""), 101);
	assert_int_equal(upgrade_with("//kismet//here/" WS_PATH, ""), 101);
	assert_int_equal(upgrade_with(WS_PATH, ""), 404);
	assert_int_equal(upgrade_with("/kismet/her" WS_PATH, ""), 404);
}

static void requests_that_are_no_upgrade_are_told_so(void **state)
{
	char answer[1000];

	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(request("GET " WS_PATH, "", answer, sizeof(answer)), 426);
	assert_non_null(strstr(answer, "\r\nSec-WebSocket-Version: 13\r\n"));
	assert_int_equal(request("POST " WS_PATH, "Content-Length: 3\r\n", answer, sizeof(answer)),
			 405);
	assert_non_null(strstr(answer, "\r\nAllow: GET\r\n"));
	assert_int_equal(request("GET /x", "", answer, sizeof(answer)), 404);
	assert_int_equal(request("GET " WS_PATH, "Upgrade: h2c\r\nConnection: Upgrade\r\n", answer,
				 sizeof(answer)), 426);
	assert_int_equal(request("GET " WS_PATH, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
				 "Sec-WebSocket-Version: 13\r\n", answer, sizeof(answer)), 400);
	assert_int_equal(rig.n_tools, 0);
}

/* libwebsockets would make a plain socket of it, without a limit in time. */
static void connect_holds_no_place(void **state)
{
	static const char text[] = "CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n";
	char answer[1000];

	(void)state;
	httpd_rig_start(&rig, "", 10);
	http_client_open(&rig.client, rig.loop, httpd_port(rig.httpd));
	assert_true(http_client_write(&rig.client, text, strlen(text)));
	while (http_client_read(&rig.client, answer, sizeof(answer)) > 0)
		;
	assert_int_equal(rig.n_tools, 0);
}

static void the_subprotocol_is_ours_or_none(void **state)
{
	char answer[1000], fields[800];

	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(request("GET " WS_PATH, upgrade, answer, sizeof(answer)), 101);
	assert_non_null(strstr(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	assert_null(strstr(answer, "Sec-WebSocket-Protocol"));
	snprintf(fields, sizeof(fields), "%sSec-WebSocket-Protocol: x, kismet-remote\r\n", upgrade);
	assert_int_equal(request("GET " WS_PATH, fields, answer, sizeof(answer)), 101);
	assert_int_equal(upgrade_with(WS_PATH, "Sec-WebSocket-Protocol: other\r\n"), 400);
}

/* Any page may open a WebSocket to any host; its browser says which page it is. */
static void pages_of_other_hosts_send_nothing(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(upgrade_with(WS_PATH, "Origin: http://evil.example.org\r\n"), 403);
	assert_int_equal(upgrade_with(WS_PATH, "Origin: null\r\n"), 403);
	assert_int_equal(rig.n_tools, 0);
	assert_int_equal(upgrade_with(WS_PATH, "Origin: http://localhost\r\n"), 101);
}

/* --- logins --- */

static void a_page_with_a_login_is_let_in(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(upgrade_with(WS_PATH, "Origin: http://example.org\r\n" BASIC), 101);
	assert_int_equal(upgrade_with(WS_PATH, "Origin: http://example.org\r\n"), 401);
}

static void nobody_is_let_in_without_a_login(void **state)
{
	char answer[1000];

	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(request("GET " WS_PATH, upgrade, answer, sizeof(answer)), 401);
	assert_non_null(strstr(answer, "\r\nWWW-Authenticate: Basic realm="));
	assert_int_equal(upgrade_with(WS_PATH, "Cookie: KISMET=" KEY "0\r\n"), 401);
	assert_int_equal(upgrade_with(WS_PATH "?KISMET=wrongwrong", ""), 401);
	assert_int_equal(upgrade_with(WS_PATH, "Authorization: Basic AAAA\r\n"), 401);
	assert_int_equal(rig.n_tools, 0);
}

static void each_way_of_logging_in_works(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(upgrade_with(WS_PATH, "Cookie: a=b; KISMET=" KEY "\r\n"), 101);
	assert_int_equal(upgrade_with(WS_PATH, BASIC), 101);
	assert_int_equal(upgrade_with(WS_PATH "?KISMET=" KEY, ""), 101);
	assert_int_equal(upgrade_with(WS_PATH "?user=sensor&password=pass:word%201", ""), 101);
	assert_int_equal(upgrade_with(WS_PATH "?x=1&password=pass%3Aword%201&user=sensor", ""),
			 101);
}

static void credentials_are_looked_at_in_the_order_of_stock_servers(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(upgrade_with(WS_PATH "?KISMET=" KEY, "Cookie: x=1\r\n"), 401);
	assert_int_equal(upgrade_with(WS_PATH "?user=sensor&password=pass:word%201",
				      "Authorization: Basic AAAA\r\n"), 401);
	assert_int_equal(upgrade_with(WS_PATH "?user=sensor&password=pass:word%201",
				      "Cookie: KISMET=wrongwrong\r\n"), 101);
	assert_int_equal(upgrade_with(WS_PATH "?KISMET=wrongwrong", BASIC), 101);
}

/* The first guess waits for a second, the fifth for sixteen. */
static void a_failed_login_waits_and_nobody_else(void **state)
{
	static const char wrong[] = "Cookie: KISMET=wrongwrong\r\n";
	struct http_client guesses[5];
	char text[1000];

	(void)state;
	rig.answer_at_once = false;
	httpd_rig_start(&rig, "", 10);
	snprintf(text, sizeof(text), "GET " WS_PATH " HTTP/1.1\r\nHost: x\r\n%s%s\r\n", upgrade,
		 wrong);
	for (size_t i = 0; i < 5; i++) {
		http_client_open(&guesses[i], rig.loop, httpd_port(rig.httpd));
		assert_true(http_client_write(&guesses[i], text, strlen(text)));
	}
	assert_int_equal(upgrade_with(WS_PATH, BASIC), 101);
	assert_int_equal(recv(guesses[4].fd, text, sizeof(text), MSG_DONTWAIT), -1);
	http_client_close(&guesses[3]);
	assert_int_equal(upgrade_with(WS_PATH, BASIC), 101);
	httpd_free(rig.httpd);
	rig.httpd = NULL;
	assert_int_equal(http_client_read(&guesses[4], text, sizeof(text)), 0);
	for (size_t i = 0; i < 5; i++)
		http_client_close(&guesses[i]);
}

/* The last one does not wait: the receiver has no place for so many. */
static void a_guesser_takes_few_places(void **state)
{
	struct http_client guesses[20];
	char text[1000];

	(void)state;
	rig.answer_at_once = false;
	httpd_rig_start(&rig, "", 10);
	snprintf(text, sizeof(text), "GET " WS_PATH " HTTP/1.1\r\nHost: x\r\n%s\r\n", upgrade);
	for (size_t i = 0; i < 20; i++) {
		http_client_open(&guesses[i], rig.loop, httpd_port(rig.httpd));
		assert_true(http_client_write(&guesses[i], text, strlen(text)));
	}
	assert_true(http_client_read(&guesses[19], text, sizeof(text)) > 12);
	assert_memory_equal(text, "HTTP/1.1 401", 12);
	assert_int_equal(recv(guesses[7].fd, text, sizeof(text), MSG_DONTWAIT), -1);
	assert_int_equal(upgrade_with(WS_PATH, BASIC), 101);
	for (size_t i = 0; i < 20; i++)
		http_client_close(&guesses[i]);
}

/* '&' cannot be said in a query (docs/protocol.md 3.4). */
static void signs_in_a_query_stay_what_they_are(void **state)
{
	(void)state;
	httpd_rig_start(&rig, "", 10);
	assert_int_equal(upgrade_with(WS_PATH "?user=sensor&password=pass:word+1", ""), 101);
	assert_int_equal(upgrade_with(WS_PATH "?user=plus&password=a%2Bb%20c%2Bd%26e%25f", ""),
			 401);
	assert_int_equal(upgrade_with(WS_PATH, "Authorization: Basic cGx1czphK2IgYytkJmUlZg==\r\n"),
			 101);
}

/* --- places --- */

static void too_many_are_closed_and_the_others_stay(void **state)
{
	static struct http_client idle[HTTPD_STRANGERS + 1];
	char c;

	(void)state;
	httpd_rig_start(&rig, "", 1);
	for (size_t i = 0; i <= HTTPD_STRANGERS; i++)
		http_client_open(&idle[i], rig.loop, httpd_port(rig.httpd));
	loop_step(rig.loop, 1000000);
	http_client_open(&rig.client, rig.loop, httpd_port(rig.httpd));
	assert_int_equal(http_client_read(&rig.client, &c, 1), 0);
	http_client_close(&idle[7]);
	/* Its place is free once the thread has seen that. */
	while (upgrade_with(WS_PATH, "") != 101)
		loop_step(rig.loop, 1000000);
	for (size_t i = 0; i <= HTTPD_STRANGERS; i++)
		http_client_close(&idle[i]);
}

static void strangers_and_those_that_were_let_in_have_places_of_their_own(void **state)
{
	static struct http_client idle[HTTPD_STRANGERS];
	struct http_client tools[5];
	char c;

	(void)state;
	httpd_rig_start(&rig, "", 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(upgrade_with(WS_PATH, ""), 101);
		tools[i] = rig.client;
		rig.client.fd = -1;
	}
	for (size_t i = 0; i < HTTPD_STRANGERS; i++)
		http_client_open(&idle[i], rig.loop, httpd_port(rig.httpd));
	http_client_open(&rig.client, rig.loop, httpd_port(rig.httpd));
	assert_int_equal(http_client_read(&rig.client, &c, 1), 0);
	for (size_t i = 0; i < HTTPD_STRANGERS; i++) {
		assert_int_equal(recv(idle[i].fd, &c, 1, MSG_DONTWAIT), -1);
		http_client_close(&idle[i]);
	}
	for (size_t i = 0; i < 5; i++)
		http_client_close(&tools[i]);
}

static bool can_connect(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	rc = connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	close(fd);
	return rc == 0;
}

static void nobody_is_kept_waiting_when_libwebsockets_gives_up(void **state)
{
	struct http_client idle;
	uint16_t port;
	char c;

	(void)state;
	httpd_rig_start(&rig, "", 10);
	port = httpd_port(rig.httpd);
	http_client_open(&idle, rig.loop, port);
	assert_int_equal(upgrade_with(WS_PATH, ""), 101);
	httpd_give_up(rig.httpd);
	assert_int_equal(http_client_read(&rig.client, &c, 1), 0);
	assert_int_equal(http_client_read(&idle, &c, 1), 0);
	http_client_close(&idle);
	assert_int_equal(httpd_port(rig.httpd), port);
	assert_false(can_connect(port));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup_without_keys, teardown_without_keys)
#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(only_the_endpoint_is_there),
		ONE(a_prefix_is_part_of_the_path),
		ONE(requests_that_are_no_upgrade_are_told_so),
		ONE(connect_holds_no_place),
		ONE(the_subprotocol_is_ours_or_none),
		ONE(pages_of_other_hosts_send_nothing),
		WITH_KEYS(a_page_with_a_login_is_let_in),
		WITH_KEYS(nobody_is_let_in_without_a_login),
		WITH_KEYS(each_way_of_logging_in_works),
		WITH_KEYS(credentials_are_looked_at_in_the_order_of_stock_servers),
		WITH_KEYS(a_failed_login_waits_and_nobody_else),
		WITH_KEYS(a_guesser_takes_few_places),
		WITH_KEYS(signs_in_a_query_stay_what_they_are),
		ONE(too_many_are_closed_and_the_others_stay),
		ONE(strangers_and_those_that_were_let_in_have_places_of_their_own),
		ONE(nobody_is_kept_waiting_when_libwebsockets_gives_up),
	};

	log_init("test_httpd", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
