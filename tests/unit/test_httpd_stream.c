/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server from outside: WebSocket messages byte by byte, and how connections end. */
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
#include "protocol/frame.h"
#include "tests/lib/http_client.h"
#include "tests/lib/httpd_rig.h"

static struct httpd_rig rig;

static int setup(void **state)
{
	(void)state;
	return httpd_rig_setup(&rig, NULL, NULL);
}

static int teardown(void **state)
{
	(void)state;
	httpd_rig_teardown(&rig);
	return 0;
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
	size_t before = rig.n_tools;

	assert_int_equal(httpd_rig_upgrade_with(&rig, WS_PATH, ""), 101);
	for (int i = 0; i < 30000 && rig.n_tools == before; i++)
		loop_step(rig.loop, 1000000);
	assert_int_equal(rig.n_tools, before + 1);
	return rig.tools[before];
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
			loop_step(rig.loop, 1000000);
	}
	return true;
}

static void send_message(unsigned opening, const void *data, size_t len)
{
	static uint8_t message[70000];

	assert_true(http_client_write(&rig.client, message,
				      http_client_message(message, opening, data, len)));
}

/* The next message of the server; its opening byte. */
static unsigned read_message(uint8_t *out, size_t *len)
{
	uint8_t head[4];

	assert_true(http_client_read_all(&rig.client, head, 2));
	*len = head[1];
	if (head[1] == 126) {
		assert_true(http_client_read_all(&rig.client, head + 2, 2));
		*len = get_be16(head + 2);
	}
	assert_true(http_client_read_all(&rig.client, out, *len));
	return head[0];
}

static void a_message_is_a_frame_both_ways(void **state)
{
	uint8_t frame[300], got[4000];
	size_t len;
	int fd;

	(void)state;
	httpd_rig_start(&rig, "", 10);
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
	httpd_rig_start(&rig, "", 10);
	fd = connect_tool();
	send_message(WS_BINARY, frame, 5);
	send_message(WS_CONTINUED, frame + 5, 0);
	send_message(WS_CONTINUED, frame + 5, 20);
	send_message(WS_FINAL | WS_CONTINUED, frame + 25, n - 25);
	assert_true(loop_reads(fd, got, n));
	assert_memory_equal(got, frame, n);
	len = http_client_message(wire, WS_FINAL | WS_BINARY, frame, n);
	for (size_t i = 0; i < len; i++) {
		assert_true(http_client_write(&rig.client, wire + i, 1));
		loop_step(rig.loop, 0);
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
	httpd_rig_start(&rig, "", 10);
	http_client_open(&rig.client, rig.loop, httpd_port(rig.httpd));
	len = (size_t)snprintf((char *)wire, sizeof(wire), "GET " WS_PATH " HTTP/1.1\r\nHost: x\r\n"
			       "%s\r\n", httpd_rig_upgrade);
	len += http_client_message(wire + len, WS_FINAL | WS_BINARY, frame, n);
	len += http_client_message(wire + len, WS_FINAL | WS_BINARY, frame, n);
	assert_true(http_client_write(&rig.client, wire, len));
	assert_true(http_client_read(&rig.client, answer, sizeof(answer)) > 12);
	assert_memory_equal(answer, "HTTP/1.1 101", 12);
	while (rig.n_tools == 0)
		loop_step(rig.loop, 1000000);
	assert_true(loop_reads(rig.tools[0], got, n));
	assert_true(loop_reads(rig.tools[0], got, n));
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
	httpd_rig_start(&rig, "", 10);
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
	httpd_rig_start(&rig, "", 10);
	fd = connect_tool();
	while (sent < count) {
		ssize_t rc;

		if (at == len) {
			at = 0;
			len = http_client_message(wire, WS_FINAL | WS_BINARY, frame,
						  numbered(frame, sent));
		}
		rc = send(rig.client.fd, wire + at, len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
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
	httpd_rig_start(&rig, "", 10);
	for (uint32_t i = 0; i < 200; i++)
		n += make_frame(many + n, i, 1000);
	slow_fd = connect_tool();
	slow = rig.client;
	rig.client.fd = -1;
	/* Until nothing more goes in, however long the thread is given. */
	for (int full = 0; full < 50;) {
		ssize_t sent = send(slow_fd, many, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		full = sent < 0 ? full + 1 : 0;
		loop_step(rig.loop, 1000000);
		if (sent > 0 && (size_t)sent < n) {
			/* The rest of the frame, or the stream would be none. */
			size_t at = (size_t)sent, end = (at + 1019) / 1020 * 1020;

			for (int i = 0; at < end && i < 50; i++) {
				sent = send(slow_fd, many + at, end - at, MSG_DONTWAIT);
				at += sent > 0 ? (size_t)sent : 0;
				loop_step(rig.loop, 1000000);
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
	httpd_rig_start(&rig, "", 10);
	fd = connect_tool();
	for (int i = 0; i < 50; i++)
		send_message(WS_FINAL | WS_BINARY, frame, n);
	http_client_close(&rig.client);
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
	httpd_rig_start(&rig, "", 10);
	fd = connect_tool();
	assert_int_equal(write(fd, frame, n), n);
	close(fd);
	rig.n_tools = 0;
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_BINARY);
	assert_memory_equal(got, frame, n);
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_CLOSE);
	assert_int_equal(get_be16(got), 1000);
	assert_int_equal(http_client_read(&rig.client, got, sizeof(got)), 0);
}

/* Until nothing more goes in while the tool does not read. Returns how many bytes did. */
static size_t fill_the_way(int fd, const uint8_t *many, size_t n)
{
	size_t sent = 0;

	for (int full = 0; full < 50;) {
		ssize_t rc = send(fd, many + sent % n, n - sent % n, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += rc > 0 ? (size_t)rc : 0;
		full = rc < 0 ? full + 1 : 0;
		loop_step(rig.loop, 1000000);
	}
	return sent;
}

/* The loop closes while much of what it sent is still on its way. */
static void nothing_of_the_loop_is_lost(bool tool_streams)
{
	static uint8_t many[200 * 1020], got[4000];
	uint8_t frame[60];
	size_t n = 0, len, sent;
	int fd;

	for (uint32_t i = 0; i < 200; i++)
		n += make_frame(many + n, i, 1000);
	httpd_rig_start(&rig, "", 10);
	fd = connect_tool();
	sent = fill_the_way(fd, many, n);
	close(fd);
	rig.n_tools = 0;
	for (int i = 0; i < 20; i++) {
		if (tool_streams)
			send_message(WS_FINAL | WS_BINARY, frame, make_frame(frame, 3, 11));
		loop_step(rig.loop, 1000000);
	}
	for (size_t at = 0; at + 1020 <= sent; at += 1020) {
		assert_int_equal(read_message(got, &len), WS_FINAL | WS_BINARY);
		assert_int_equal(len, 1020);
		assert_memory_equal(got, many + at % n, 1020);
	}
	assert_int_equal(read_message(got, &len), WS_FINAL | WS_CLOSE);
	assert_int_equal(get_be16(got), 1000);
}

static void the_last_frames_arrive_when_the_loop_closes_on_a_full_way(void **state)
{
	(void)state;
	nothing_of_the_loop_is_lost(false);
}

static void the_last_frames_arrive_while_the_tool_still_streams(void **state)
{
	(void)state;
	nothing_of_the_loop_is_lost(true);
}

static void it_may_end_at_any_time(void **state)
{
	struct http_client half;
	char answer[1000];
	int fd;

	(void)state;
	httpd_rig_start(&rig, "", 10);
	http_client_open(&half, rig.loop, httpd_port(rig.httpd));
	assert_true(http_client_write(&half, "GET / HT", 8));
	fd = connect_tool();
	send_message(WS_BINARY, "\xDE\xCA", 2);
	loop_step(rig.loop, 0);
	httpd_free(rig.httpd);
	rig.httpd = NULL;
	assert_int_equal(http_client_read(&half, answer, sizeof(answer)), 0);
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		;
	http_client_close(&half);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(a_message_is_a_frame_both_ways),
		ONE(a_message_in_pieces_and_single_bytes_is_put_together),
		ONE(messages_right_behind_the_request_arrive),
		ONE(what_is_not_one_frame_ends_the_connection),
		ONE(nothing_is_lost_when_many_are_sent_to_a_loop_that_waits),
		ONE(a_peer_that_does_not_read_stops_no_other),
		ONE(what_was_sent_before_a_close_arrives),
		ONE(the_loop_closes_after_its_last_frame),
		ONE(the_last_frames_arrive_when_the_loop_closes_on_a_full_way),
		ONE(the_last_frames_arrive_while_the_tool_still_streams),
		ONE(it_may_end_at_any_time),
	};

	log_init("test_httpd_stream", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
