/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server from outside: requests, logins, and WebSocket messages byte by byte. */
#include <fcntl.h>
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
#include "capture_common/ws_pump.h"
#include "capture_receiver/httpd.h"
#include "protocol/frame.h"
#include "tests/lib/http_client.h"

#define WS_PATH "/datasource/remote/remotesource.ws"
#define KEY "8f3c77d1aa20"
#define BASIC "Authorization: Basic c2Vuc29yOnBhc3M6d29yZCAx\r\n"	/* sensor:pass:word 1 */
#define MAX_TOOLS 16

static char key_file[64], login_file[64];
static struct loop *loop;
static struct httpd *httpd;
static struct http_auth *auth;
static struct strlist addresses;
static struct http_client client;
static int tools[MAX_TOOLS];
static size_t n_tools;
static struct err e;

static void on_accepted(void *user, int fd, const char *peer)
{
	(void)user;
	assert_true(n_tools < MAX_TOOLS);
	assert_int_equal(strncmp(peer, "127.0.0.1:", 10), 0);
	tools[n_tools++] = fd;
}

static void write_file(char *path, const char *text)
{
	FILE *f;

	strcpy(path, "/tmp/test_httpd.XXXXXX");
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool answer_at_once;

static void start(const char *prefix, unsigned max_connections)
{
	struct httpd_config config = {
		.addresses = &addresses, .prefix = prefix, .auth = auth,
		.max_connections = max_connections, .answer_at_once = answer_at_once,
		.accepted = on_accepted,
	};

	httpd = httpd_new(loop, &config, &e);
	if (!httpd)
		fail_msg("%s", e.text);
}

static int setup_without_keys(void **state)
{
	(void)state;
	n_tools = 0;
	answer_at_once = true;
	httpd = NULL;
	client = (struct http_client){ .fd = -1 };
	addresses = (struct strlist)STRLIST_INIT;
	strlist_add(&addresses, text_of("127.0.0.1"));
	loop = loop_new(NULL, &e);
	auth = http_auth_new(NULL, NULL, &e);
	key_file[0] = login_file[0] = '\0';
	return loop && auth ? 0 : -1;
}

static int setup(void **state)
{
	if (setup_without_keys(state) < 0)
		return -1;
	http_auth_free(auth);
	write_file(key_file, "roof " KEY "\n");
	write_file(login_file, "sensor:pass:word 1\nplus:a+b c+d&e%f\n");
	auth = http_auth_new(key_file, login_file, &e);
	return auth ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	http_client_close(&client);
	httpd_free(httpd);
	while (n_tools > 0)
		close(tools[--n_tools]);
	http_auth_free(auth);
	loop_free(loop);
	strlist_free(&addresses);
	if (key_file[0])
		return unlink(key_file) | unlink(login_file);
	return 0;
}

/* --- requests --- */

static const char upgrade[] = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/* Sends a request on a new connection and reads the answer's header; returns the status. */
static int request(const char *line, const char *fields, char *answer, size_t size)
{
	char text[1000];
	size_t len = 0;

	http_client_close(&client);
	http_client_open(&client, loop, httpd_port(httpd));
	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", line, fields);
	assert_true(http_client_write(&client, text, strlen(text)));
	do {
		if (len + 1 == size || !http_client_read_all(&client, answer + len, 1))
			return -1;
		answer[++len] = '\0';
	} while (!strstr(answer, "\r\n\r\n"));
	return atoi(answer + strlen("HTTP/1.1 "));
}

/* The status of an upgrade to a WebSocket. */
static int upgrade_with(const char *target, const char *fields)
{
	char line[500], all[800], answer[1000];

	snprintf(line, sizeof(line), "GET %s", target);
	snprintf(all, sizeof(all), "%s%s", upgrade, fields);
	return request(line, all, answer, sizeof(answer));
}

static void only_the_endpoint_is_there(void **state)
{
	(void)state;
	start("", 10);
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
	start("kismet//here/", 10);
	assert_int_equal(upgrade_with("/kismet/here" WS_PATH, ""), 101);
	assert_int_equal(upgrade_with("//kismet//here/" WS_PATH, ""), 101);
	assert_int_equal(upgrade_with(WS_PATH, ""), 404);
	assert_int_equal(upgrade_with("/kismet/her" WS_PATH, ""), 404);
}

static void requests_that_are_no_upgrade_are_told_so(void **state)
{
	char answer[1000];

	(void)state;
	start("", 10);
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
	assert_int_equal(n_tools, 0);
}

static void the_subprotocol_is_ours_or_none(void **state)
{
	char answer[1000], fields[800];

	(void)state;
	start("", 10);
	assert_int_equal(request("GET " WS_PATH, upgrade, answer, sizeof(answer)), 101);
	assert_non_null(strstr(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	assert_null(strstr(answer, "Sec-WebSocket-Protocol"));
	snprintf(fields, sizeof(fields), "%sSec-WebSocket-Protocol: x, kismet-remote\r\n", upgrade);
	assert_int_equal(request("GET " WS_PATH, fields, answer, sizeof(answer)), 101);
	assert_int_equal(upgrade_with(WS_PATH, "Sec-WebSocket-Protocol: other\r\n"), 400);
}

/* --- logins --- */

static void nobody_is_let_in_without_a_login(void **state)
{
	char answer[1000];

	(void)state;
	start("", 10);
	assert_int_equal(request("GET " WS_PATH, upgrade, answer, sizeof(answer)), 401);
	assert_non_null(strstr(answer, "\r\nWWW-Authenticate: Basic realm="));
	assert_int_equal(upgrade_with(WS_PATH, "Cookie: KISMET=" KEY "0\r\n"), 401);
	assert_int_equal(upgrade_with(WS_PATH "?KISMET=wrongwrong", ""), 401);
	assert_int_equal(upgrade_with(WS_PATH, "Authorization: Basic AAAA\r\n"), 401);
	assert_int_equal(n_tools, 0);
}

static void each_way_of_logging_in_works(void **state)
{
	(void)state;
	start("", 10);
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
	start("", 10);
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
	answer_at_once = false;
	start("", 10);
	snprintf(text, sizeof(text), "GET " WS_PATH " HTTP/1.1\r\nHost: x\r\n%s%s\r\n", upgrade,
		 wrong);
	for (size_t i = 0; i < 5; i++) {
		http_client_open(&guesses[i], loop, httpd_port(httpd));
		assert_true(http_client_write(&guesses[i], text, strlen(text)));
	}
	assert_int_equal(upgrade_with(WS_PATH, BASIC), 101);
	assert_int_equal(recv(guesses[4].fd, text, sizeof(text), MSG_DONTWAIT), -1);
	http_client_close(&guesses[3]);
	assert_int_equal(upgrade_with(WS_PATH, BASIC), 101);
	httpd_free(httpd);
	httpd = NULL;
	assert_int_equal(http_client_read(&guesses[4], text, sizeof(text)), 0);
	for (size_t i = 0; i < 5; i++)
		http_client_close(&guesses[i]);
}

/* '&' cannot be said in a query (docs/protocol.md 3.4). */
static void signs_in_a_query_stay_what_they_are(void **state)
{
	(void)state;
	start("", 10);
	assert_int_equal(upgrade_with(WS_PATH "?user=sensor&password=pass:word+1", ""), 101);
	assert_int_equal(upgrade_with(WS_PATH "?user=plus&password=a%2Bb%20c%2Bd%26e%25f", ""),
			 401);
	assert_int_equal(upgrade_with(WS_PATH, "Authorization: Basic cGx1czphK2IgYytkJmUlZg==\r\n"),
			 101);
}

/* --- messages --- */

static size_t make_frame(uint8_t *out, uint32_t seqno, size_t payload)
{
	frame_put_v3(out, 1, 0, seqno, (uint32_t)payload);
	for (size_t i = 0; i < payload; i++)
		out[FRAME_V3_HEADER + i] = (uint8_t)(seqno + i);
	return FRAME_V3_HEADER + payload;
}

/* Lets a tool in. Returns the loop's end. */
static int connect_tool(void)
{
	size_t before = n_tools;

	assert_int_equal(upgrade_with(WS_PATH, ""), 101);
	for (int i = 0; i < 30000 && n_tools == before; i++)
		loop_step(loop, 1000000);
	assert_int_equal(n_tools, before + 1);
	return tools[before];
}

/* Reads len bytes of the loop's end; false when it ended before. */
static bool loop_reads(int fd, uint8_t *out, size_t len)
{
	for (size_t at = 0, turns = 0; at < len;) {
		ssize_t n = recv(fd, out + at, len - at, MSG_DONTWAIT);

		if (n == 0)
			return false;
		if (n > 0)
			at += (size_t)n;
		else if (++turns > 30000)
			fail_msg("waited in vain for %zu bytes", len - at);
		else
			loop_step(loop, 1000000);
	}
	return true;
}

static void send_message(unsigned opening, const void *data, size_t len)
{
	static uint8_t message[70000];

	assert_true(http_client_write(&client, message,
				      http_client_message(message, opening, data, len)));
}

/* The next message of the server; its opening byte. */
static unsigned read_message(uint8_t *out, size_t *len)
{
	uint8_t head[4];

	assert_true(http_client_read_all(&client, head, 2));
	*len = head[1];
	if (head[1] == 126) {
		assert_true(http_client_read_all(&client, head + 2, 2));
		*len = get_be16(head + 2);
	}
	assert_true(http_client_read_all(&client, out, *len));
	return head[0];
}

static void a_message_is_a_frame_both_ways(void **state)
{
	uint8_t frame[300], got[4000];
	size_t len;
	int fd;

	(void)state;
	start("", 10);
	fd = connect_tool();
	for (size_t payload = 0; payload < 200; payload += 33) {
		len = make_frame(frame, 7, payload);
		send_message(WS_FINAL | WS_BINARY, frame, len);
		assert_true(loop_reads(fd, got, len));
		assert_memory_equal(got, frame, len);
	}
	make_frame(frame, 1, 20);
	make_frame(frame + 40, 2, 200);
	assert_int_equal(write(fd, frame, 260), 260);
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_BINARY);
	assert_int_equal(len, 40);
	assert_memory_equal(got, frame, 40);
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_BINARY);
	assert_int_equal(len, 220);
	assert_memory_equal(got, frame + 40, 220);
}

static void a_message_in_pieces_and_single_bytes_is_put_together(void **state)
{
	uint8_t frame[60], got[60], wire[100];
	size_t n = make_frame(frame, 9, 40), len;
	int fd;

	(void)state;
	start("", 10);
	fd = connect_tool();
	send_message(WS_BINARY, frame, 5);
	send_message(WS_CONTINUED, frame + 5, 0);
	send_message(WS_CONTINUED, frame + 5, 20);
	send_message(WS_FINAL | WS_CONTINUED, frame + 25, n - 25);
	assert_true(loop_reads(fd, got, n));
	assert_memory_equal(got, frame, n);
	len = http_client_message(wire, WS_FINAL | WS_BINARY, frame, n);
	for (size_t i = 0; i < len; i++) {
		assert_true(http_client_write(&client, wire + i, 1));
		loop_step(loop, 0);
	}
	assert_true(loop_reads(fd, got, n));
	assert_memory_equal(got, frame, n);
}

/* What comes with the request itself is not lost. */
static void messages_right_behind_the_request_arrive(void **state)
{
	uint8_t frame[60], got[60], wire[1000];
	size_t n = make_frame(frame, 3, 11), len;
	char answer[1000];

	(void)state;
	start("", 10);
	http_client_open(&client, loop, httpd_port(httpd));
	len = (size_t)snprintf((char *)wire, sizeof(wire), "GET " WS_PATH " HTTP/1.1\r\nHost: x\r\n"
			       "%s\r\n", upgrade);
	len += http_client_message(wire + len, WS_FINAL | WS_BINARY, frame, n);
	len += http_client_message(wire + len, WS_FINAL | WS_BINARY, frame, n);
	assert_true(http_client_write(&client, wire, len));
	assert_true(http_client_read(&client, answer, sizeof(answer)) > 12);
	assert_memory_equal(answer, "HTTP/1.1 101", 12);
	while (n_tools == 0)
		loop_step(loop, 1000000);
	assert_true(loop_reads(tools[0], got, n));
	assert_true(loop_reads(tools[0], got, n));
	assert_memory_equal(got, frame, n);
}

/* Sends what must end the connection; returns the code of the close frame. */
static unsigned refused(unsigned opening, const void *data, size_t len)
{
	uint8_t got[1000];
	size_t n;
	int fd = connect_tool();

	send_message(opening, data, len);
	assert_int_equal(read_message(got, &n), WS_FINAL | WS_CLOSE);
	assert_int_equal(n, 2);
	assert_false(loop_reads(fd, got + 2, sizeof(got) - 2));
	return get_be16(got);
}

static void what_is_not_one_frame_ends_the_connection(void **state)
{
	uint8_t frames[200] = { 0 };
	size_t n = make_frame(frames, 1, 30);

	(void)state;
	start("", 10);
	make_frame(frames + n, 2, 30);
	assert_int_equal(refused(WS_FINAL | WS_BINARY, frames, 2 * n), 1002);
	assert_int_equal(refused(WS_FINAL | WS_BINARY, frames, n - 1), 1002);
	assert_int_equal(refused(WS_FINAL | WS_BINARY, frames, n + 1), 1002);
	assert_int_equal(refused(WS_FINAL | WS_BINARY, frames + 1, n), 1002);
	assert_int_equal(refused(WS_FINAL | WS_TEXT, "{}", 2), 1003);
}

/* Frame seqno of a test is of a length of its own. */
static size_t numbered(uint8_t *out, uint32_t seqno)
{
	return make_frame(out, seqno, seqno % 1000);
}

static void loop_reads_numbered(int fd, uint32_t from, uint32_t to)
{
	static uint8_t got[1100], expected[1100];

	for (; from < to; from++) {
		size_t n = numbered(expected, from);

		assert_true(loop_reads(fd, got, n));
		assert_memory_equal(got, expected, n);
	}
}

static void nothing_is_lost_when_many_are_sent_to_a_loop_that_waits(void **state)
{
	const uint32_t count = 20000;
	uint8_t frame[1100], wire[1200];
	uint32_t sent = 0, got = 0;
	size_t at = 0, len = 0;
	int fd;

	(void)state;
	start("", 10);
	fd = connect_tool();
	while (sent < count) {
		ssize_t rc;

		if (at == len) {
			at = 0;
			len = http_client_message(wire, WS_FINAL | WS_BINARY, frame,
						  numbered(frame, sent));
		}
		rc = send(client.fd, wire + at, len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		at += rc > 0 ? (size_t)rc : 0;
		sent += at == len;
		if (rc < 0) {
			/* The way is full. */
			loop_reads_numbered(fd, got, sent);
			got = sent;
		}
	}
	loop_reads_numbered(fd, got, sent);
}

static void a_peer_that_does_not_read_stops_no_other(void **state)
{
	static uint8_t many[200 * 1020];
	struct http_client slow;
	uint8_t frame[60], got[60];
	size_t n = 0, len;
	int slow_fd, fd;

	(void)state;
	start("", 10);
	for (uint32_t i = 0; i < 200; i++)
		n += make_frame(many + n, i, 1000);
	slow_fd = connect_tool();
	slow = client;
	client.fd = -1;
	/* Until nothing more goes in, however long the thread is given. */
	for (int full = 0; full < 50;) {
		ssize_t sent = send(slow_fd, many, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		full = sent < 0 ? full + 1 : 0;
		loop_step(loop, 1000000);
		if (sent > 0 && (size_t)sent < n) {
			/* The rest of the frame, or the stream would be none. */
			size_t at = (size_t)sent, end = (at + 1019) / 1020 * 1020;

			for (int i = 0; at < end && i < 50; i++) {
				sent = send(slow_fd, many + at, end - at, MSG_DONTWAIT);
				at += sent > 0 ? (size_t)sent : 0;
				loop_step(loop, 1000000);
			}
			if (at < end)
				break;
		}
	}
	fd = connect_tool();
	len = make_frame(frame, 5, 10);
	send_message(WS_FINAL | WS_BINARY, frame, len);
	assert_true(loop_reads(fd, got, len));
	assert_int_equal(write(fd, frame, len), len);
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_BINARY);
	http_client_close(&slow);
}

/* --- ends --- */

static void what_was_sent_before_a_close_arrives(void **state)
{
	uint8_t frame[60], got[60];
	size_t n = make_frame(frame, 3, 11);
	int fd;

	(void)state;
	start("", 10);
	fd = connect_tool();
	for (int i = 0; i < 50; i++)
		send_message(WS_FINAL | WS_BINARY, frame, n);
	http_client_close(&client);
	for (int i = 0; i < 50; i++)
		assert_true(loop_reads(fd, got, n));
	assert_false(loop_reads(fd, got, 1));
}

static void the_loop_closes_after_its_last_frame(void **state)
{
	uint8_t frame[60], got[60];
	size_t n = make_frame(frame, 3, 11), len;
	int fd;

	(void)state;
	start("", 10);
	fd = connect_tool();
	assert_int_equal(write(fd, frame, n), n);
	close(fd);
	n_tools = 0;
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_BINARY);
	assert_memory_equal(got, frame, n);
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_CLOSE);
	assert_int_equal(get_be16(got), 1000);
	assert_int_equal(http_client_read(&client, got, sizeof(got)), 0);
}

static void it_may_end_at_any_time(void **state)
{
	struct http_client half;
	char answer[1000];
	int fd;

	(void)state;
	start("", 10);
	http_client_open(&half, loop, httpd_port(httpd));
	assert_true(http_client_write(&half, "GET / HT", 8));
	fd = connect_tool();
	send_message(WS_BINARY, "\xDE\xCA", 2);
	loop_step(loop, 0);
	httpd_free(httpd);
	httpd = NULL;
	assert_int_equal(http_client_read(&half, answer, sizeof(answer)), 0);
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		;
	http_client_close(&half);
}

static void too_many_are_closed_and_the_others_stay(void **state)
{
	struct http_client idle[65];
	char c;

	(void)state;
	start("", 1);
	for (size_t i = 0; i < 65; i++)
		http_client_open(&idle[i], loop, httpd_port(httpd));
	loop_step(loop, 1000000);
	http_client_open(&client, loop, httpd_port(httpd));
	assert_int_equal(http_client_read(&client, &c, 1), 0);
	http_client_close(&idle[7]);
	/* Its place is free once the thread has seen that. */
	while (upgrade_with(WS_PATH, "") != 101)
		loop_step(loop, 1000000);
	for (size_t i = 0; i < 65; i++)
		http_client_close(&idle[i]);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup_without_keys, teardown)
#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(only_the_endpoint_is_there),
		ONE(a_prefix_is_part_of_the_path),
		ONE(requests_that_are_no_upgrade_are_told_so),
		ONE(the_subprotocol_is_ours_or_none),
		WITH_KEYS(nobody_is_let_in_without_a_login),
		WITH_KEYS(each_way_of_logging_in_works),
		WITH_KEYS(credentials_are_looked_at_in_the_order_of_stock_servers),
		WITH_KEYS(a_failed_login_waits_and_nobody_else),
		WITH_KEYS(signs_in_a_query_stay_what_they_are),
		ONE(a_message_is_a_frame_both_ways),
		ONE(a_message_in_pieces_and_single_bytes_is_put_together),
		ONE(messages_right_behind_the_request_arrive),
		ONE(what_is_not_one_frame_ends_the_connection),
		ONE(nothing_is_lost_when_many_are_sent_to_a_loop_that_waits),
		ONE(a_peer_that_does_not_read_stops_no_other),
		ONE(what_was_sent_before_a_close_arrives),
		ONE(the_loop_closes_after_its_last_frame),
		ONE(it_may_end_at_any_time),
		ONE(too_many_are_closed_and_the_others_stay),
	};

	log_init("test_httpd", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
