/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server is next, and whether an earlier one is back: real sockets on loopback, fake time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_common/log.h"
#include "capture_common/servers.h"
#include "tests/lib/announce_rig.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/link_owner.h"

#define SECOND_NS ((uint64_t)1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define UUID_A "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define UUID_B "BBBBBBBB-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define SERVERS 3

struct fixture {
	struct fake_clock clock;
	struct loop *loop;
	struct servers *servers;
	struct endpoint items[SERVERS];
	struct endpoint_list list;
	int listeners[SERVERS];		/* -1: refuses */
	struct autodetect *autodetect;
	uint16_t announce_port;
	unsigned better;
};

static struct fixture fixture;

static void on_better(void *user)
{
	((struct fixture *)user)->better++;
}

/* --- the servers --- */

static void start_server(struct fixture *f, size_t i)
{
	f->listeners[i] = listen_on_loopback(AF_INET, &f->items[i].port);
	assert_true(f->listeners[i] >= 0);
}

static void stop_server(struct fixture *f, size_t i)
{
	if (f->listeners[i] >= 0)
		close(f->listeners[i]);
	f->listeners[i] = -1;
}

/* How many connections came and were closed again, since the last call. */
static unsigned probes_at(struct fixture *f, size_t i)
{
	unsigned n = 0;

	link_set_nonblocking(f->listeners[i]);
	for (int fd; (fd = accept(f->listeners[i], NULL, NULL)) >= 0; n++) {
		char byte;

		assert_int_equal(recv(fd, &byte, 1, 0), 0);
		close(fd);
	}
	return n;
}

/* Ports that refuse, each for itself. */
static int setup(void **state)
{
	struct fixture *f = &fixture;
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct err e;

	memset(f, 0, sizeof(*f));
	f->clock.now_ns = 1000 * SECOND_NS;
	f->loop = loop_new(&clock, &e);
	f->clock.loop = f->loop;
	for (size_t i = 0; i < SERVERS; i++) {
		f->items[i] = (struct endpoint){ .kind = ENDPOINT_TCP, .host = "127.0.0.1" };
		start_server(f, i);
	}
	for (size_t i = 0; i < SERVERS; i++)
		stop_server(f, i);
	f->list = (struct endpoint_list){ f->items, SERVERS };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	servers_free(f->servers);
	autodetect_free(f->autodetect);
	loop_free(f->loop);
	for (size_t i = 0; i < SERVERS; i++)
		stop_server(f, i);
	return 0;
}

static void make(struct fixture *f, bool may_probe)
{
	struct servers_config cfg = { .loop = f->loop, .list = &f->list, .may_probe = may_probe,
				      .autodetect = f->autodetect, .better = on_better,
				      .user = f };
	struct err e;

	f->servers = servers_new(&cfg, &e);
	assert_non_null(f->servers);
}

static int now(struct fixture *f)
{
	return (int)(servers_now(f->servers) - f->items);
}

static void pass(struct fixture *f, uint64_t ns)
{
	uint64_t until = f->clock.now_ns + ns;

	while (f->clock.now_ns < until)
		loop_step(f->loop, until - f->clock.now_ns);
	for (int i = 0; i < 8; i++)
		loop_step(f->loop, 0);
}

/* --- the order --- */

static void servers_are_tried_in_the_order_of_the_list(void **state)
{
	struct fixture *f = *state;

	make(f, true);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(now(f), 0);
		assert_true(servers_failed(f->servers));
		assert_int_equal(now(f), 1);
		assert_true(servers_failed(f->servers));
		assert_int_equal(now(f), 2);
		assert_false(servers_failed(f->servers));
	}
	assert_int_equal(now(f), 0);
}

static void single_server_is_followed_by_a_wait(void **state)
{
	struct fixture *f = *state;

	f->list.n = 1;
	make(f, true);
	assert_false(servers_failed(f->servers));
	assert_int_equal(now(f), 0);
}

static void round_after_a_lost_session_begins_with_its_server(void **state)
{
	struct fixture *f = *state;

	make(f, false);
	servers_failed(f->servers);
	servers_works(f->servers);
	assert_int_equal(now(f), 1);
	assert_true(servers_failed(f->servers));
	assert_int_equal(now(f), 0);
	assert_true(servers_failed(f->servers));
	assert_int_equal(now(f), 2);
	assert_false(servers_failed(f->servers));
	assert_int_equal(now(f), 0);
}

/* --- the first is back --- */

static void use_second(struct fixture *f)
{
	servers_failed(f->servers);
	servers_works(f->servers);
	assert_int_equal(now(f), 1);
}

static void first_server_is_found_again_within_a_minute(void **state)
{
	struct fixture *f = *state;

	make(f, true);
	use_second(f);
	pass(f, 2 * MINUTE_NS);
	assert_int_equal(f->better, 0);
	start_server(f, 0);
	pass(f, MINUTE_NS + SECOND_NS);
	assert_int_equal(f->better, 1);
	assert_int_equal(now(f), 0);
	assert_int_equal(probes_at(f, 0), 1);
	servers_works(f->servers);
	pass(f, 10 * MINUTE_NS);
	assert_int_equal(probes_at(f, 0), 0);
}

static void any_earlier_server_is_better_and_no_later_one(void **state)
{
	struct fixture *f = *state;

	make(f, true);
	servers_failed(f->servers);
	servers_failed(f->servers);
	servers_works(f->servers);
	assert_int_equal(now(f), 2);
	start_server(f, 1);
	start_server(f, 2);
	pass(f, MINUTE_NS + SECOND_NS);
	assert_int_equal(f->better, 1);
	assert_int_equal(now(f), 1);
	assert_int_equal(probes_at(f, 2), 0);
}

static void server_that_only_accepts_is_asked_ever_less_often(void **state)
{
	struct fixture *f = *state;
	uint64_t wait_ns = MINUTE_NS;

	make(f, true);
	start_server(f, 0);
	use_second(f);
	for (int i = 0; i < 9; i++) {
		unsigned before = f->better;

		pass(f, wait_ns - SECOND_NS);
		assert_int_equal(f->better, before);
		pass(f, 2 * SECOND_NS);
		assert_int_equal(f->better, before + 1);
		assert_int_equal(now(f), 0);
		assert_int_equal(probes_at(f, 0), 1);
		assert_true(servers_failed(f->servers));
		assert_int_equal(now(f), 1);
		servers_works(f->servers);
		wait_ns = wait_ns * 2 < 60 * MINUTE_NS ? wait_ns * 2 : 60 * MINUTE_NS;
	}
}

static void server_that_worked_again_is_asked_as_often_as_before(void **state)
{
	struct fixture *f = *state;

	make(f, true);
	start_server(f, 0);
	use_second(f);
	pass(f, MINUTE_NS + SECOND_NS);
	servers_failed(f->servers);
	servers_works(f->servers);
	pass(f, 2 * MINUTE_NS + SECOND_NS);
	assert_int_equal(f->better, 2);
	servers_works(f->servers);
	servers_lasted(f->servers);
	use_second(f);
	pass(f, MINUTE_NS + SECOND_NS);
	assert_int_equal(f->better, 3);
}

static void sessions_that_are_lost_do_not_put_it_off(void **state)
{
	struct fixture *f = *state;

	make(f, true);
	use_second(f);
	start_server(f, 0);
	for (int i = 0; i < 4; i++) {
		pass(f, 20 * SECOND_NS);
		if (!f->better)
			servers_works(f->servers);
	}
	assert_int_equal(f->better, 1);
}

static void nobody_is_asked_through_a_helper_command(void **state)
{
	struct fixture *f = *state;

	make(f, false);
	start_server(f, 0);
	use_second(f);
	pass(f, 10 * MINUTE_NS);
	assert_int_equal(f->better, 0);
	assert_int_equal(probes_at(f, 0), 0);
}

static void nobody_behind_a_proxy_is_asked(void **state)
{
	struct fixture *f = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("no_proxy", "", 1);
	f->items[0].kind = ENDPOINT_WS;
	make(f, true);
	start_server(f, 0);
	use_second(f);
	pass(f, 10 * MINUTE_NS);
	assert_int_equal(f->better, 0);
	assert_int_equal(probes_at(f, 0), 0);
	setenv("no_proxy", "127.0.0.1", 1);
	pass(f, MINUTE_NS);
	unsetenv("http_proxy");
	unsetenv("no_proxy");
	assert_int_equal(f->better, 1);
}

static void server_that_does_not_answer_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	int fds = count_fds();

	/* an address that no name lookup has to be asked for, and that is refused at once */
	snprintf(f->items[0].host, sizeof(f->items[0].host), "::1");
	make(f, true);
	use_second(f);
	pass(f, 10 * MINUTE_NS);
	assert_int_equal(f->better, 0);
	assert_int_equal(count_fds(), fds);
}

static void freed_while_asking_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	int fds = count_fds();

	make(f, true);
	start_server(f, 0);
	use_second(f);
	f->clock.now_ns += MINUTE_NS;
	loop_step(f->loop, 0);
	servers_free(f->servers);
	f->servers = NULL;
	stop_server(f, 0);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(f->better, 0);
}

/* --- autodetect --- */

static bool make_listening(struct fixture *f)
{
	struct autodetect_config cfg = { .loop = f->loop };
	struct err e;

	if (!announce_interfaces_are_told()) {
		print_message("this system does not tell on which interface a datagram came\n");
		return false;
	}
	f->announce_port = cfg.port = announce_free_port();
	f->autodetect = autodetect_new(&cfg, &e);
	assert_non_null(f->autodetect);
	f->list = (struct endpoint_list){ NULL, 0 };
	make(f, true);
	return true;
}

static void hear(struct fixture *f, const char *uuid, uint32_t port)
{
	struct announce a = { .tcp_port = port, .time_us = announce_now_us() };

	memcpy(a.uuid, uuid, UUID_SIZE);
	announce_send(f->announce_port, &a);
	loop_step(f->loop, 0);
}

static void nobody_is_next_until_an_announcement_comes(void **state)
{
	struct fixture *f = *state;

	if (!make_listening(f))
		skip();
	assert_null(servers_now(f->servers));
	assert_false(servers_failed(f->servers));
	hear(f, UUID_A, 3501);
	assert_int_equal(f->better, 1);
	assert_int_equal(servers_now(f->servers)->port, 3501);
	assert_false(servers_failed(f->servers));
	assert_int_equal(servers_now(f->servers)->port, 3501);
}

static void announcement_during_a_failed_try_is_not_lost(void **state)
{
	struct fixture *f = *state;

	if (!make_listening(f))
		skip();
	hear(f, UUID_A, 3501);
	servers_now(f->servers);
	servers_failed(f->servers);
	f->clock.now_ns += 5 * SECOND_NS;
	loop_step(f->loop, 0);
	servers_now(f->servers);	/* tried again */
	hear(f, UUID_B, 3502);
	assert_true(servers_failed(f->servers));
	assert_int_equal(servers_now(f->servers)->port, 3502);
}

static void freed_servers_are_not_told_of_announcements(void **state)
{
	struct fixture *f = *state;

	if (!make_listening(f))
		skip();
	servers_free(f->servers);
	f->servers = NULL;
	hear(f, UUID_A, 3501);
	assert_int_equal(f->better, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(servers_are_tried_in_the_order_of_the_list),
		TEST(single_server_is_followed_by_a_wait),
		TEST(round_after_a_lost_session_begins_with_its_server),
		TEST(first_server_is_found_again_within_a_minute),
		TEST(any_earlier_server_is_better_and_no_later_one),
		TEST(server_that_only_accepts_is_asked_ever_less_often),
		TEST(server_that_worked_again_is_asked_as_often_as_before),
		TEST(sessions_that_are_lost_do_not_put_it_off),
		TEST(nobody_is_asked_through_a_helper_command),
		TEST(nobody_behind_a_proxy_is_asked),
		TEST(server_that_does_not_answer_leaves_nothing_behind),
		TEST(freed_while_asking_leaves_nothing_behind),
		TEST(nobody_is_next_until_an_announcement_comes),
		TEST(announcement_during_a_failed_try_is_not_lost),
		TEST(freed_servers_are_not_told_of_announcements),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
