/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link over two inherited descriptors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/link_owner.h"

#define NOT_OPEN 9000000

static struct fake_clock fake;
static struct loop *loop;
static struct link_owner o;
static struct err e;
static int fds_before;
static int to_tool = -1, from_tool = -1;	/* the server's ends */

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fds_before = count_fds();
	fake = (struct fake_clock){ .now_ns = 1 };
	to_tool = from_tool = -1;
	loop = fake.loop = loop_new(&clock, &e);
	o = (struct link_owner){ .loop = loop };
	return loop ? 0 : -1;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void disconnect(void)
{
	link_free(o.link);
	o.link = NULL;
	close_end(&to_tool);
	close_end(&from_tool);
}

static int teardown(void **state)
{
	(void)state;
	disconnect();
	loop_free(loop);
	assert_int_equal(count_fds(), fds_before);
	return 0;
}

static void make_link(int in_fd, int out_fd)
{
	struct link_events events = link_owner_events(&o);

	o.link = link_fd_new(loop, in_fd, out_fd, &events);
	assert_non_null(o.link);
}

static void make_pipes(void)
{
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	to_tool = in[1];
	from_tool = out[0];
	make_link(in[0], out[1]);
}

static void connect_pipes(void)
{
	make_pipes();
	link_owner_start(&o);
	link_owner_run(&o, LINK_UP, 1);
}

static void expect_down(const char *what)
{
	link_owner_start(&o);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_int_equal(o.calls[LINK_UP], 0);
	if (!strstr(o.err.text, what))
		fail_msg("says '%s'", o.err.text);
}

/* --- up --- */

static void pipes_are_up_at_once(void **state)
{
	(void)state;
	connect_pipes();
	assert_string_equal(o.link->peer, "the local server");
	loop_step(loop, 0);
	assert_int_equal(link_owner_total(&o), 1);
}

/* A local server writes before the tool looks; a request must not come before the link is up. */
static void what_was_sent_before_the_start_comes_after_up(void **state)
{
	(void)state;
	make_pipes();
	assert_int_equal(write(to_tool, "x", 1), 1);
	link_owner_start(&o);
	while (link_owner_total(&o) == 0)
		loop_step(loop, 0);
	assert_int_equal(o.calls[LINK_UP], 1);
	assert_int_equal(o.calls[LINK_READABLE], 0);
	link_owner_run(&o, LINK_READABLE, 1);
}

static void one_socket_may_serve_both_ways(void **state)
{
	uint8_t buf[8];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	to_tool = fds[1];
	make_link(fds[0], fds[0]);
	link_owner_start(&o);
	link_owner_run(&o, LINK_UP, 1);
	assert_int_equal(link_send(o.link, (const uint8_t *)"out", 3, &e), 3);
	assert_int_equal(read(fds[1], buf, sizeof(buf)), 3);
	assert_int_equal(write(fds[1], "in", 2), 2);
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 2);
	link_want_write(o.link, true);
	link_owner_run(&o, LINK_WRITABLE, 1);
	link_want_write(o.link, false);
	close_end(&to_tool);
	link_owner_run(&o, LINK_DOWN, 1);
}

static void inherited_descriptors_do_not_block_or_leak_to_children(void **state)
{
	int in[2], out[2];

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	to_tool = in[1];
	from_tool = out[0];
	make_link(in[0], out[1]);
	link_owner_start(&o);
	link_owner_run(&o, LINK_UP, 1);
	assert_true(fcntl(in[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(out[1], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(in[0], F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(out[1], F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(to_tool, F_GETFL) & O_NONBLOCK);
}

/* --- wrong descriptors --- */

static void descriptor_that_is_not_open_is_named(void **state)
{
	(void)state;
	make_link(NOT_OPEN, NOT_OPEN + 1);
	expect_down("--in-fd: descriptor 9000000");
}

static void missing_output_is_named(void **state)
{
	int in[2];

	(void)state;
	assert_int_equal(pipe(in), 0);
	to_tool = in[1];
	make_link(in[0], NOT_OPEN);
	expect_down("--out-fd: descriptor 9000000");
}

static void regular_file_is_refused(void **state)
{
	FILE *file = tmpfile();
	int in[2];

	(void)state;
	assert_non_null(file);
	assert_int_equal(pipe(in), 0);
	to_tool = in[1];
	make_link(in[0], dup(fileno(file)));
	expect_down("--out-fd");
	disconnect();
	o.calls[LINK_DOWN] = 0;
	make_link(dup(fileno(file)), dup(fileno(file)));
	expect_down("--in-fd");
	fclose(file);
}

/* --- data --- */

static void bytes_go_both_ways(void **state)
{
	uint8_t buf[16];

	(void)state;
	connect_pipes();
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 0);
	assert_int_equal(link_send(o.link, (const uint8_t *)"hello", 5, &e), 5);
	assert_int_equal(read(from_tool, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(write(to_tool, "world", 5), 5);
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(link_recv(o.link, buf, 3, &e), 3);
	link_owner_run(&o, LINK_READABLE, 2);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 2);
	assert_memory_equal(buf, "ld", 2);
}

static void what_the_pipe_did_not_take_goes_later(void **state)
{
	static uint8_t out[1 << 20], in[1 << 13];
	size_t sent = 0, got = 0;

	(void)state;
	connect_pipes();
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 2654435761u >> 24);
	while (got < sizeof(out)) {
		long n = 0;

		if (sent < sizeof(out))
			n = link_send(o.link, out + sent, sizeof(out) - sent, &e);
		assert_true(n >= 0);
		sent += (size_t)n;
		if (n > 0)
			continue;
		link_want_write(o.link, true);
		ssize_t r = read(from_tool, in, sizeof(in));

		assert_true(r > 0);
		assert_memory_equal(in, out + got, (size_t)r);
		got += (size_t)r;
		link_owner_run(&o, LINK_WRITABLE, o.calls[LINK_WRITABLE] + 1);
		link_want_write(o.link, false);
	}
	assert_int_equal(sent, got);
}

/* --- hang-ups --- */

static void server_that_closes_its_output_is_noticed(void **state)
{
	uint8_t buf[16];

	(void)state;
	connect_pipes();
	assert_int_equal(write(to_tool, "bye", 3), 3);
	close_end(&to_tool);
	link_owner_run(&o, LINK_READABLE, 1);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 3);
	link_owner_run(&o, LINK_READABLE, 2);
	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), -1);
	assert_string_equal(e.text, "closed by the server");
}

/* Nothing is being written, and the server still holds the other pipe. */
static void server_that_stops_reading_is_noticed_by_an_idle_tool(void **state)
{
	(void)state;
	connect_pipes();
	o.free_in = LINK_DOWN;
	close_end(&from_tool);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_string_equal(o.err.text, "closed by the server");
	assert_null(o.link);
	loop_run(loop);
	assert_true(fake.stuck);	/* nothing is left that would wake it */
}

static void server_that_stops_reading_is_noticed_while_writing(void **state)
{
	static const uint8_t junk[4096];
	long n;

	(void)state;
	connect_pipes();
	while ((n = link_send(o.link, junk, sizeof(junk), &e)) > 0)
		;
	assert_int_equal(n, 0);
	link_want_write(o.link, true);
	close_end(&from_tool);
	link_owner_run(&o, LINK_WRITABLE, 1);
	assert_int_equal(link_send(o.link, junk, sizeof(junk), &e), -1);
	assert_non_null(strstr(e.text, "connection lost while sending"));
	assert_int_equal(o.calls[LINK_DOWN], 0);
}

/* --- the end --- */

static void link_may_be_freed_in_each_callback(void **state)
{
	(void)state;
	for (int call = LINK_UP; call <= LINK_WRITABLE; call++) {
		o = (struct link_owner){ .loop = loop, .free_in = (enum link_call)call };
		connect_pipes();
		if (o.link) {
			link_want_write(o.link, true);
			assert_int_equal(write(to_tool, "x", 1), 1);
			link_owner_run(&o, o.free_in, 1);
		}
		loop_step(loop, 0);
		assert_null(o.link);
		assert_int_equal(o.calls[call], 1);
		disconnect();
	}
}

static void link_may_be_freed_before_it_is_up(void **state)
{
	(void)state;
	make_pipes();
	link_owner_start(&o);
	disconnect();
	loop_step(loop, 0);
	make_pipes();		/* never started */
	disconnect();
	assert_int_equal(link_owner_total(&o), 0);
	link_free(NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pipes_are_up_at_once),
		TEST(what_was_sent_before_the_start_comes_after_up),
		TEST(one_socket_may_serve_both_ways),
		TEST(inherited_descriptors_do_not_block_or_leak_to_children),
		TEST(descriptor_that_is_not_open_is_named),
		TEST(missing_output_is_named),
		TEST(regular_file_is_refused),
		TEST(bytes_go_both_ways),
		TEST(what_the_pipe_did_not_take_goes_later),
		TEST(server_that_closes_its_output_is_noticed),
		TEST(server_that_stops_reading_is_noticed_by_an_idle_tool),
		TEST(server_that_stops_reading_is_noticed_while_writing),
		TEST(link_may_be_freed_in_each_callback),
		TEST(link_may_be_freed_before_it_is_up),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
