/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link over TCP while it is up: bytes in both directions, and how it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/link_owner.h"

static struct fake_clock fake;
static struct loop *loop;
static struct link_owner o;
static struct err e;
static int listener = -1, peer = -1, fds_before;

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fds_before = count_fds();
	fake = (struct fake_clock){ .now_ns = 1, .hold = true };
	listener = peer = -1;
	loop = fake.loop = loop_new(&clock, &e);
	o = (struct link_owner){ .loop = loop };
	return loop ? 0 : -1;
}

static void disconnect(void)
{
	link_free(o.link);
	o.link = NULL;
	if (listener >= 0)
		close(listener);
	if (peer >= 0)
		close(peer);
	listener = peer = -1;
}

static int teardown(void **state)
{
	(void)state;
	disconnect();
	loop_free(loop);
	assert_int_equal(count_fds(), fds_before);
	return 0;
}

static void connect_to_server(void)
{
	struct link_events events = link_owner_events(&o);
	uint16_t port = 0;

	listener = listen_on_loopback(AF_INET, &port);
	assert_true(listener >= 0);
	o.link = link_tcp_new(loop, "127.0.0.1", port, &events);
	link_owner_start(&o);
	link_owner_run(&o, LINK_UP, 1);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
}

static void bytes_go_both_ways(void **state)
{
	uint8_t buf[16];

	(void)state;
	connect_to_server();
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 0);
	assert_int_equal(link_send(o.link, (const uint8_t *)"hello", 5, &e), 5);
	assert_int_equal(recv(peer, buf, 5, MSG_WAITALL), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(send(peer, "world!", 6, 0), 6);
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(link_recv(o.link, buf, 4, &e), 4);
	link_owner_run(&o, LINK_READABLE, 2);		/* the rest is still there */
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 2);
	assert_memory_equal(buf, "d!", 2);
}

/* The kernel takes a part; what is left goes when the server reads on. */
static void what_the_kernel_did_not_take_goes_later(void **state)
{
	static uint8_t out[8 << 20], in[1 << 16];
	size_t sent = 0, got = 0;
	long n;

	(void)state;
	connect_to_server();
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 2654435761u >> 24);
	while (sent < sizeof(out)) {
		n = link_send(o.link, out + sent, sizeof(out) - sent, &e);
		assert_true(n >= 0);
		sent += (size_t)n;
		if (n > 0)
			continue;
		link_want_write(o.link, true);
		while (o.calls[LINK_WRITABLE] == 0) {
			ssize_t r = recv(peer, in, sizeof(in), MSG_DONTWAIT);

			if (r > 0) {
				assert_memory_equal(in, out + got, (size_t)r);
				got += (size_t)r;
			}
			loop_step(loop, 0);
		}
		link_want_write(o.link, false);
		o.calls[LINK_WRITABLE] = 0;
	}
	while (got < sent) {
		ssize_t r = recv(peer, in, sizeof(in), 0);

		assert_true(r > 0);
		assert_memory_equal(in, out + got, (size_t)r);
		got += (size_t)r;
	}
	loop_step(loop, 0);
	assert_int_equal(o.calls[LINK_WRITABLE], 0);
}

static void server_that_closes_is_noticed_after_its_last_bytes(void **state)
{
	uint8_t buf[16];

	(void)state;
	connect_to_server();
	assert_int_equal(send(peer, "bye", 3, 0), 3);
	close(peer);
	peer = -1;
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 3);
	link_owner_run(&o, LINK_READABLE, 2);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), -1);
	assert_string_equal(e.text, "closed by the server");
	assert_int_equal(e.code, ERR_NETWORK);
}

static void reset_connection_is_noticed(void **state)
{
	struct linger now = { .l_onoff = 1 };
	uint8_t buf[16];

	(void)state;
	connect_to_server();
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(peer);
	peer = -1;
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), -1);
	assert_non_null(strstr(e.text, "connection lost"));
	while (link_send(o.link, buf, sizeof(buf), &e) >= 0)
		;
	assert_non_null(strstr(e.text, "connection lost while sending"));
}

static void both_directions_are_served_in_one_turn(void **state)
{
	(void)state;
	connect_to_server();
	link_want_write(o.link, true);
	assert_int_equal(send(peer, "x", 1, 0), 1);
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(o.calls[LINK_WRITABLE], 1);
}

/* What was to be written went out while an answer was handled. */
static void writable_is_not_told_when_it_is_not_wanted_any_more(void **state)
{
	(void)state;
	connect_to_server();
	link_want_write(o.link, true);
	o.enough_after_reading = true;
	assert_int_equal(send(peer, "x", 1, 0), 1);
	link_owner_run(&o, LINK_READABLE, 1);
	loop_step(loop, 0);
	assert_int_equal(o.calls[LINK_WRITABLE], 0);
}

static void link_may_be_freed_in_each_callback(void **state)
{
	(void)state;
	for (int call = LINK_UP; call <= LINK_WRITABLE; call++) {
		o = (struct link_owner){ .loop = loop, .free_in = (enum link_call)call };
		connect_to_server();
		if (o.link) {
			link_want_write(o.link, true);
			assert_int_equal(send(peer, "x", 1, 0), 1);
			link_owner_run(&o, o.free_in, 1);
		}
		loop_step(loop, 0);
		assert_null(o.link);
		assert_int_equal(o.calls[call], 1);
		if (call == LINK_READABLE)
			assert_int_equal(o.calls[LINK_WRITABLE], 0);
		disconnect();
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_go_both_ways),
		TEST(what_the_kernel_did_not_take_goes_later),
		TEST(server_that_closes_is_noticed_after_its_last_bytes),
		TEST(reset_connection_is_noticed),
		TEST(both_directions_are_served_in_one_turn),
		TEST(writable_is_not_told_when_it_is_not_wanted_any_more),
		TEST(link_may_be_freed_in_each_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
