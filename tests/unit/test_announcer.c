/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements as they arrive at a port of this host. */
#include <arpa/inet.h>
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
#include "capture_receiver/announcer.h"
#include "protocol/announce.h"
#include "tests/lib/fake_clock.h"

#define SECOND UINT64_C(1000000000)
#define A_UUID "00112233-4455-6677-8899-aabbccddeeff"

static struct fake_clock fake_time;
static struct loop *loop;
static struct announcer *announcer;
static struct announcer_config config;
static int fd;
static struct err e;

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake_time);
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	(void)state;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fake_time.now_ns = SECOND;
	loop = loop_new(&clock, &e);
	announcer = NULL;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (!loop || fd < 0 || bind(fd, (struct sockaddr *)&sin, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		return -1;
	config = (struct announcer_config){ .loop = loop, .address = "0.0.0.0",
					    .port = ntohs(sin.sin_port), .http_port = 2501,
					    .to = "127.0.0.1" };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	announcer_free(announcer);
	loop_free(loop);
	return close(fd);
}

/* Everything that came; returns how many, the last one in out. */
static int receive_all(struct announce *out)
{
	uint8_t data[200];
	ssize_t n;
	int count = 0;

	while ((n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) >= 0) {
		assert_int_equal(n, ANNOUNCE_SIZE);
		assert_int_equal(announce_parse(data, (size_t)n, out), 0);
		count++;
	}
	return count;
}

static int after(unsigned seconds, struct announce *out)
{
	uint64_t until = fake_time.now_ns + seconds * SECOND;

	while (fake_time.now_ns < until)
		loop_step(loop, until - fake_time.now_ns);
	loop_step(loop, 0);
	return receive_all(out);
}

static void the_first_is_sent_at_once_and_then_one_every_five_seconds(void **state)
{
	struct announce got;

	(void)state;
	announcer = announcer_new(&config, &e);
	assert_non_null(announcer);
	assert_int_equal(after(0, &got), 1);
	assert_int_equal(after(4, &got), 0);
	assert_int_equal(after(1, &got), 1);
	assert_int_equal(after(50, &got), 10);
}

static void what_was_given_is_announced(void **state)
{
	struct announce got;

	(void)state;
	config.tcp_port = 3501;
	config.uuid = A_UUID;
	config.name = "a name that is longer than the thirty-one characters";
	announcer = announcer_new(&config, &e);
	assert_int_equal(after(0, &got), 1);
	assert_int_equal(got.http_port, 2501);
	assert_int_equal(got.tcp_port, 3501);
	assert_string_equal(got.uuid, "00112233-4455-6677-8899-AABBCCDDEEFF");
	assert_string_equal(got.name, "a name that is longer than the ");
	assert_true(got.time_us > UINT64_C(1600000000000000));
}

static void without_a_uuid_it_is_the_same_at_each_start(void **state)
{
	struct announce first, second;
	char host[256] = "";

	(void)state;
	announcer = announcer_new(&config, &e);
	assert_int_equal(after(0, &first), 1);
	announcer_free(announcer);
	announcer = announcer_new(&config, &e);
	assert_int_equal(after(0, &second), 1);
	assert_string_equal(first.uuid, second.uuid);
	assert_string_not_equal(first.uuid + 24, "000000000000");
	gethostname(host, sizeof(host) - 1);
	assert_int_equal(strncmp(first.name, host, ANNOUNCE_NAME_SIZE - 1), 0);
}

static void mistakes_are_told(void **state)
{
	(void)state;
	config.uuid = "no uuid";
	assert_null(announcer_new(&config, &e));
	assert_int_equal(e.code, ERR_USAGE);
	config.uuid = NULL;
	config.address = "::";
	assert_null(announcer_new(&config, &e));
	assert_int_equal(e.code, ERR_USAGE);
	/* Nobody's: it is for documentation. */
	config.address = "192.0.2.77";
	assert_null(announcer_new(&config, &e));
}

static void a_network_that_is_not_there_is_tried_again(void **state)
{
	struct announce got;

	(void)state;
	/* From loopback there is no way elsewhere. */
	config.address = "127.0.0.1";
	config.to = "192.0.2.77";
	announcer = announcer_new(&config, &e);
	assert_non_null(announcer);
	assert_int_equal(after(20, &got), 0);
}

static void broadcasting_needs_no_network(void **state)
{
	(void)state;
	config.address = "127.0.0.1";
	config.to = NULL;
	announcer = announcer_new(&config, &e);
	assert_non_null(announcer);
	loop_step(loop, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_first_is_sent_at_once_and_then_one_every_five_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_given_is_announced, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_uuid_it_is_the_same_at_each_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(mistakes_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_network_that_is_not_there_is_tried_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(broadcasting_needs_no_network, setup, teardown),
	};

	log_init("test_announcer", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
