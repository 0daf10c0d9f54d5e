/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets on loopback: where they are, and what happens when many come. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/listener.h"
#include "tests/lib/fake_clock.h"

#define SECOND UINT64_C(1000000000)
#define MAX_FDS 256

static struct fake_clock fake_time;
static struct loop *loop;
static struct strlist addresses;
static struct listener *listener;
static int accepted[MAX_FDS], mine[MAX_FDS];
static size_t n_accepted, n_mine;
static char last_peer[200];
static struct err e;

static void on_accepted(void *user, int fd, const char *peer)
{
	(void)user;
	assert_true(n_accepted < MAX_FDS);
	accepted[n_accepted++] = fd;
	snprintf(last_peer, sizeof(last_peer), "%s", peer);
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake_time);

	(void)state;
	fake_time.now_ns = SECOND;
	loop = loop_new(&clock, &e);
	n_accepted = n_mine = 0;
	listener = NULL;
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	listener_free(listener);
	loop_free(loop);
	strlist_free(&addresses);
	while (n_accepted > 0)
		close(accepted[--n_accepted]);
	while (n_mine > 0)
		close(mine[--n_mine]);
	return 0;
}

static struct listener *listen_at(const char *commas, uint16_t port)
{
	struct listener_config config = { .addresses = &addresses, .port = port,
					  .accepted = on_accepted };

	strlist_free(&addresses);
	strlist_add_split(&addresses, text_of(commas));
	return listener_new(loop, &config, &e);
}

static int connect_to(const char *address, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, address, &sa.sin_addr);
	assert_true(fd >= 0 && n_mine < MAX_FDS);
	mine[n_mine++] = fd;
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

static void turns(int n)
{
	while (n-- > 0)
		loop_step(loop, 0);
}

static void tool_is_handed_over_with_its_address(void **state)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	char want[60];

	(void)state;
	listener = listen_at("127.0.0.1", 0);
	assert_non_null(listener);
	assert_int_equal(connect_to("127.0.0.1", listener_port(listener)), 0);
	turns(3);
	assert_int_equal(n_accepted, 1);
	getsockname(mine[0], (struct sockaddr *)&sa, &len);
	snprintf(want, sizeof(want), "127.0.0.1:%u", ntohs(sa.sin_port));
	assert_string_equal(last_peer, want);
	assert_true(fcntl(accepted[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(accepted[0], F_GETFD) & FD_CLOEXEC);
}

static void all_addresses_have_the_same_port(void **state)
{
	(void)state;
	listener = listen_at("127.0.0.1,127.0.0.2", 0);
	if (!listener && e.sys == EADDRNOTAVAIL)
		skip();		/* some systems have one loopback address only */
	assert_non_null(listener);
	assert_int_equal(connect_to("127.0.0.1", listener_port(listener)), 0);
	assert_int_equal(connect_to("127.0.0.2", listener_port(listener)), 0);
	assert_int_equal(connect_to("127.0.0.3", listener_port(listener)), -1);
	turns(3);
	assert_int_equal(n_accepted, 2);
}

static void localhost_is_this_host(void **state)
{
	(void)state;
	listener = listen_at("localhost", 0);
	assert_non_null(listener);
	assert_int_equal(connect_to("127.0.0.1", listener_port(listener)), 0);
	turns(3);
	assert_int_equal(n_accepted, 1);
}

static void port_in_use_is_told(void **state)
{
	char want[60];

	(void)state;
	listener = listen_at("127.0.0.1", 0);
	assert_non_null(listener);
	assert_null(listen_at("127.0.0.1", listener_port(listener)));
	snprintf(want, sizeof(want), "127.0.0.1, port %u: ", listener_port(listener));
	assert_non_null(strstr(e.text, want));
	assert_int_equal(e.sys, EADDRINUSE);
}

static void address_of_another_host_is_told(void **state)
{
	(void)state;
	assert_null(listen_at("192.0.2.99", 0));
	assert_non_null(strstr(e.text, "192.0.2.99"));
	/* What was opened before it is closed again. */
	assert_null(listen_at("127.0.0.1,192.0.2.99", 0));
}

static void crowd_is_taken_in_portions(void **state)
{
	(void)state;
	listener = listen_at("127.0.0.1", 0);
	assert_non_null(listener);
	for (int i = 0; i < 100; i++)
		assert_int_equal(connect_to("127.0.0.1", listener_port(listener)), 0);
	turns(1);
	assert_in_range(n_accepted, 1, 64);
	turns(10);
	assert_int_equal(n_accepted, 100);
}

/* Two numbers below it are free, whatever descriptors were inherited. */
static rlim_t limit_with_two_left(void)
{
	int first = dup(STDERR_FILENO), second = dup(STDERR_FILENO);

	assert_true(first >= 0 && second > first);
	close(first);
	close(second);
	return (rlim_t)second + 1;
}

static void without_descriptors_tools_wait_and_the_loop_rests(void **state)
{
	struct rlimit before, low;

	(void)state;
	listener = listen_at("127.0.0.1", 0);
	assert_non_null(listener);
	for (int i = 0; i < 5; i++)
		assert_int_equal(connect_to("127.0.0.1", listener_port(listener)), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = limit_with_two_left();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (int i = 0; i < 20; i++)
		loop_step(loop, 10 * SECOND);
	setrlimit(RLIMIT_NOFILE, &before);
	/* The clock only moves when nothing is ready: it was not asked all the time. */
	assert_true(fake_time.now_ns > SECOND);
	assert_in_range(n_accepted, 1, 2);
	for (int i = 0; i < 5; i++)
		loop_step(loop, SECOND);
	assert_int_equal(n_accepted, 5);
}

static void limit_is_raised_as_far_as_it_goes(void **state)
{
	struct rlimit before, now;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	now = before;
	now.rlim_cur = 100;
	setrlimit(RLIMIT_NOFILE, &now);
	assert_int_equal(listener_raise_limit(50), 100);
	assert_int_equal(listener_raise_limit(200), before.rlim_max < 200 ? before.rlim_max : 200);
	if (before.rlim_max != RLIM_INFINITY)
		assert_int_equal(listener_raise_limit(before.rlim_max + 1), before.rlim_max);
	setrlimit(RLIMIT_NOFILE, &before);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(tool_is_handed_over_with_its_address),
		ONE(all_addresses_have_the_same_port),
		ONE(localhost_is_this_host),
		ONE(port_in_use_is_told),
		ONE(address_of_another_host_is_told),
		ONE(crowd_is_taken_in_portions),
		ONE(without_descriptors_tools_wait_and_the_loop_rests),
		ONE(limit_is_raised_as_far_as_it_goes),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
