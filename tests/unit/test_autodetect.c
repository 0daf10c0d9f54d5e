/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening for announcements over loopback, and which server is used. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/autodetect.h"
#include "capture_common/log.h"
#include "tests/lib/announce_rig.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/log_lines.h"

#define SECOND_NS ((uint64_t)1000000000)
#define SECOND_US ((uint64_t)1000000)
#define UUID_A "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define UUID_B "BBBBBBBB-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define UUID_C "CCCCCCCC-BBBB-CCCC-DDDD-EEEEEEEEEEEE"

struct fixture {
	struct fake_clock clock;
	struct loop *loop;
	struct autodetect *a;
	struct autodetect_config cfg;
	struct autodetect_waiter waiter;
	unsigned found;
	struct log_lines log;
	struct announce server;
};

static struct fixture fixture;

static void on_found(void *user)
{
	((struct fixture *)user)->found++;
}

static int setup(void **state)
{
	struct fixture *f = &fixture;
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct err e;

	memset(f, 0, sizeof(*f));
	f->clock.now_ns = 1000 * SECOND_NS;
	f->loop = loop_new(&clock, &e);
	f->clock.loop = f->loop;
	f->cfg = (struct autodetect_config){ .loop = f->loop, .port = announce_free_port() };
	f->waiter = (struct autodetect_waiter){ .found = on_found, .user = f };
	f->server = (struct announce){ .http_port = 2501, .tcp_port = 3501, .uuid = UUID_A,
				       .name = "example" };
	log_lines_start(&f->log);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->a)
		autodetect_unwait(f->a, &f->waiter);
	autodetect_free(f->a);
	loop_free(f->loop);
	log_lines_stop(&f->log);
	return 0;
}

/* False (the test is skipped) where the origin of datagrams cannot be checked. */
static bool make(struct fixture *f)
{
	struct err e;

	if (!announce_interfaces_are_told()) {
		print_message("this system does not tell on which interface a datagram came\n");
		return false;
	}
	f->a = autodetect_new(&f->cfg, &e);
	assert_non_null(f->a);
	autodetect_wait(f->a, &f->waiter);
	return true;
}

static void hear(struct fixture *f, const char *uuid, uint32_t tcp_port)
{
	f->server.time_us = announce_now_us();
	f->server.tcp_port = tcp_port;
	memcpy(f->server.uuid, uuid, UUID_SIZE);
	announce_send(f->cfg.port, &f->server);
	loop_step(f->loop, 0);
}

static void pass(struct fixture *f, uint64_t ns)
{
	f->clock.now_ns += ns;
	loop_step(f->loop, 0);
}

static uint16_t used_port(const struct fixture *f)
{
	const struct endpoint *ep = autodetect_found(f->a);

	return ep ? ep->port : 0;
}

static void first_server_is_used_and_told_to_all(void **state)
{
	struct fixture *f = *state;
	struct autodetect_waiter second = { .found = on_found, .user = f };

	if (!make(f))
		skip();
	autodetect_wait(f->a, &second);
	assert_null(autodetect_found(f->a));
	hear(f, UUID_A, 3501);
	assert_int_equal(f->found, 2);
	assert_string_equal(autodetect_found(f->a)->host, "127.0.0.1");
	assert_int_equal(autodetect_found(f->a)->port, 3501);
	assert_int_equal(autodetect_found(f->a)->kind, ENDPOINT_TCP);
	autodetect_unwait(f->a, &second);
	hear(f, UUID_B, 3502);
	assert_int_equal(used_port(f), 3501);
	assert_int_equal(f->found, 2);
}

static void refused_announcements_are_counted_and_logged_once(void **state)
{
	struct fixture *f = *state;
	struct autodetect_stats stats;

	f->cfg.uuid = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee";
	if (!make(f))
		skip();
	for (int i = 0; i < 3; i++) {
		announce_send_bytes(f->cfg.port, "?", 1);
		hear(f, UUID_A, 3501);
		f->server.time_us = announce_now_us() - 3600 * SECOND_US;
		memcpy(f->server.uuid, UUID_B, UUID_SIZE);
		announce_send(f->cfg.port, &f->server);
		loop_step(f->loop, 0);
	}
	autodetect_get_stats(f->a, &stats);
	assert_int_equal(stats.heard, 9);
	assert_int_equal(stats.malformed, 3);
	assert_int_equal(stats.other_server, 3);
	assert_int_equal(stats.old, 3);
	assert_int_equal(log_lines_count(&f->log, "malformed"), 1);
	assert_int_equal(log_lines_count(&f->log, "another server"), 1);
	assert_int_equal(log_lines_count(&f->log, "(server 'example', " UUID_A ")"), 1);
	assert_int_equal(log_lines_count(&f->log, "its time is not now"), 1);
	assert_null(autodetect_found(f->a));
	hear(f, UUID_B, 3501);
	assert_int_equal(used_port(f), 3501);
}

static void longer_datagram_is_not_cut_to_fit(void **state)
{
	struct fixture *f = *state;
	uint8_t longer[ANNOUNCE_SIZE + 50] = { 0 };
	struct autodetect_stats stats;

	if (!make(f))
		skip();
	f->server.time_us = announce_now_us();
	announce_write(&f->server, longer);
	announce_send_bytes(f->cfg.port, longer, sizeof(longer));
	loop_step(f->loop, 0);
	autodetect_get_stats(f->a, &stats);
	assert_int_equal(stats.malformed, 1);
}

static void name_of_a_server_cannot_forge_log_lines(void **state)
{
	struct fixture *f = *state;

	if (!make(f))
		skip();
	memcpy(f->server.name, "a\nb\x1b[2Jc\xff", 10);
	hear(f, UUID_A, 3501);
	assert_int_equal(log_lines_count(&f->log, "server 'a?b?[2Jc?'"), 1);
}

static void failed_server_is_replaced_by_the_next_one(void **state)
{
	struct fixture *f = *state;

	if (!make(f))
		skip();
	hear(f, UUID_A, 3501);
	pass(f, 5 * SECOND_NS);
	autodetect_failed(f->a);
	hear(f, UUID_A, 3501);
	assert_int_equal(f->found, 1);
	hear(f, UUID_B, 3502);
	assert_int_equal(used_port(f), 3502);
	assert_int_equal(f->found, 2);
	/* not back and forth */
	pass(f, 5 * SECOND_NS);
	autodetect_failed(f->a);
	hear(f, UUID_A, 3501);
	assert_int_equal(used_port(f), 3502);
	pass(f, 60 * SECOND_NS);
	hear(f, UUID_A, 3501);
	assert_int_equal(used_port(f), 3501);
}

static void server_that_works_is_kept(void **state)
{
	struct fixture *f = *state;

	if (!make(f))
		skip();
	hear(f, UUID_A, 3501);
	pass(f, 5 * SECOND_NS);
	autodetect_failed(f->a);
	autodetect_works(f->a);
	hear(f, UUID_B, 3502);
	assert_int_equal(used_port(f), 3501);
}

static void invented_servers_are_not_tried_faster_than_one_a_second(void **state)
{
	struct fixture *f = *state;

	if (!make(f))
		skip();
	hear(f, UUID_A, 3501);
	pass(f, 5 * SECOND_NS);
	autodetect_failed(f->a);
	hear(f, UUID_B, 3502);
	autodetect_failed(f->a);
	hear(f, UUID_C, 3503);
	assert_int_equal(used_port(f), 3502);
	pass(f, SECOND_NS);
	hear(f, UUID_C, 3503);
	assert_int_equal(used_port(f), 3503);
}

static void named_server_is_not_replaced(void **state)
{
	struct fixture *f = *state;

	f->cfg.uuid = UUID_A;
	if (!make(f))
		skip();
	hear(f, UUID_A, 3501);
	pass(f, 5 * SECOND_NS);
	autodetect_failed(f->a);
	hear(f, UUID_B, 3502);
	assert_int_equal(used_port(f), 3501);
	hear(f, UUID_A, 3503);
	assert_int_equal(used_port(f), 3503);
	assert_int_equal(f->found, 2);
	assert_int_equal(log_lines_count(&f->log, "has moved to tcp://127.0.0.1:3503"), 1);
}

static bool hear_from(struct fixture *f, const char *source)
{
	f->server.time_us = announce_now_us();
	bool sent = announce_send_from(source, f->cfg.port, &f->server);

	loop_step(f->loop, 0);
	return sent;
}

static void server_with_two_addresses_does_not_wander(void **state)
{
	struct fixture *f = *state;

	if (!make(f) || !hear_from(f, "127.0.0.1") || !hear_from(f, "127.0.0.2"))
		skip();
	for (int i = 0; i < 10; i++) {
		pass(f, 5 * SECOND_NS);
		hear_from(f, "127.0.0.2");
		hear_from(f, "127.0.0.1");
	}
	assert_int_equal(f->found, 1);
	assert_string_equal(autodetect_found(f->a)->host, "127.0.0.1");
	/* but is followed when the first one is gone, */
	pass(f, 11 * SECOND_NS);
	hear_from(f, "127.0.0.2");
	assert_int_equal(f->found, 1);
	pass(f, 1 * SECOND_NS);
	hear_from(f, "127.0.0.2");
	assert_string_equal(autodetect_found(f->a)->host, "127.0.0.2");
	/* or cannot be reached */
	autodetect_failed(f->a);
	pass(f, SECOND_NS);
	hear_from(f, "127.0.0.1");
	assert_string_equal(autodetect_found(f->a)->host, "127.0.0.1");
	assert_int_equal(f->found, 3);
}

/* Whoever forges announcements of the server cannot take all waits away. */
static void flood_of_moves_is_followed_slowly_and_not_logged_for_ever(void **state)
{
	struct fixture *f = *state;

	if (!make(f))
		skip();
	for (int i = 0; i < 100; i++) {
		hear(f, UUID_A, 3501 + (uint32_t)i % 2);
		f->clock.now_ns += SECOND_NS / 4;
	}
	assert_true(f->found >= 20);
	assert_true(f->found <= 26);
	assert_int_equal(log_lines_count(&f->log, "has moved to"), 9);
	assert_int_equal(log_lines_count(&f->log, "not logged until one works"), 1);
	autodetect_works(f->a);
	pass(f, SECOND_NS);
	hear(f, UUID_A, 3503);
	assert_int_equal(log_lines_count(&f->log, "has moved to"), 10);
}

static void clock_of_another_sender_does_not_silence_the_server(void **state)
{
	struct fixture *f = *state;
	struct autodetect_stats stats;

	if (!make(f) || !hear_from(f, "127.0.0.1"))
		skip();
	f->server.time_us = announce_now_us() + 50 * SECOND_US;
	if (!announce_send_from("127.0.0.2", f->cfg.port, &f->server))
		skip();
	loop_step(f->loop, 0);
	for (int i = 0; i < 5; i++) {
		pass(f, 5 * SECOND_NS);
		hear_from(f, "127.0.0.1");
	}
	autodetect_get_stats(f->a, &stats);
	assert_int_equal(stats.heard, 7);
	assert_int_equal(stats.old, 0);
	hear_from(f, "127.0.0.2");
	autodetect_get_stats(f->a, &stats);
	assert_int_equal(stats.old, 1);
}

static void http_port_is_used_for_websockets(void **state)
{
	struct fixture *f = *state;

	f->cfg.websocket = true;
	f->cfg.wish.credentials = true;
	if (!make(f))
		skip();
	hear(f, UUID_A, 3501);
	assert_int_equal(used_port(f), 2501);
	assert_int_equal(autodetect_found(f->a)->kind, ENDPOINT_WS);
	assert_string_equal(autodetect_found(f->a)->path, ENDPOINT_WS_PATH);
}

static void missing_port_falls_back_to_the_other(void **state)
{
	struct fixture *f = *state;

	f->cfg.websocket = true;
	if (!make(f))
		skip();
	f->server.http_port = 0;
	hear(f, UUID_A, 3501);
	assert_int_equal(used_port(f), 3501);
	assert_int_equal(autodetect_found(f->a)->kind, ENDPOINT_TCP);
	assert_int_equal(log_lines_count(&f->log, "without a port for WebSockets"), 1);
}

static void missing_tcp_port_needs_a_build_with_websockets(void **state)
{
	struct fixture *f = *state;
	struct autodetect_stats stats;

	if (!make(f))
		skip();
	hear(f, UUID_A, 0);
	autodetect_get_stats(f->a, &stats);
#ifdef HAVE_LWS
	assert_int_equal(used_port(f), 2501);
	assert_int_equal(autodetect_found(f->a)->kind, ENDPOINT_WS);
#else
	assert_int_equal(stats.no_port, 1);
	assert_null(autodetect_found(f->a));
#endif
}

static void tls_is_never_given_up_for_a_port(void **state)
{
	struct fixture *f = *state;
	struct autodetect_stats stats;

	f->cfg.websocket = f->cfg.wish.tls = true;
	if (!make(f))
		skip();
	f->server.http_port = 0;
	hear(f, UUID_A, 3501);
	autodetect_get_stats(f->a, &stats);
	assert_null(autodetect_found(f->a));
	assert_int_equal(stats.no_port, 1);
	f->server.http_port = 443;
	hear(f, UUID_A, 3501);
	assert_int_equal(autodetect_found(f->a)->kind, ENDPOINT_WSS);
	assert_int_equal(used_port(f), 443);
}

static void two_programs_listen_at_the_same_time(void **state)
{
	struct fixture *f = *state;
	struct autodetect *other;
	struct err e;

	if (!make(f))
		skip();
	other = autodetect_new(&f->cfg, &e);
	assert_non_null(other);
	autodetect_free(other);
	hear(f, UUID_A, 3501);
	assert_int_equal(used_port(f), 3501);
}

static void broadcast_is_heard_by_all(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(f->cfg.port),
				  .sin_addr.s_addr = htonl(0x7fffffff) };
	uint8_t bytes[ANNOUNCE_SIZE];
	struct autodetect *other;
	struct err e;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	f->server.time_us = announce_now_us();
	announce_write(&f->server, bytes);
	bool sent = sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to)) > 0;

	if (!sent || !make(f)) {
		close(fd);
		skip();
	}
	other = autodetect_new(&f->cfg, &e);
	assert_non_null(other);
	sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	loop_step(f->loop, 0);
	assert_int_equal(used_port(f), 3501);
	assert_non_null(autodetect_found(other));
	autodetect_free(other);
}

static void wrong_uuid_is_a_mistake_of_the_user(void **state)
{
	struct fixture *f = *state;
	struct err e;

	f->cfg.uuid = "example";
	assert_null(autodetect_new(&f->cfg, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.text, "'example' is no UUID"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_server_is_used_and_told_to_all),
		TEST(refused_announcements_are_counted_and_logged_once),
		TEST(longer_datagram_is_not_cut_to_fit),
		TEST(name_of_a_server_cannot_forge_log_lines),
		TEST(failed_server_is_replaced_by_the_next_one),
		TEST(server_that_works_is_kept),
		TEST(invented_servers_are_not_tried_faster_than_one_a_second),
		TEST(named_server_is_not_replaced),
		TEST(server_with_two_addresses_does_not_wander),
		TEST(flood_of_moves_is_followed_slowly_and_not_logged_for_ever),
		TEST(clock_of_another_sender_does_not_silence_the_server),
		TEST(http_port_is_used_for_websockets),
		TEST(missing_port_falls_back_to_the_other),
		TEST(missing_tcp_port_needs_a_build_with_websockets),
		TEST(tls_is_never_given_up_for_a_port),
		TEST(two_programs_listen_at_the_same_time),
		TEST(broadcast_is_heard_by_all),
		TEST(wrong_uuid_is_a_mistake_of_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
