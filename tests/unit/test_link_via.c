/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link over a helper command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_common/sandbox.h"
#include "capture_common/via.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/link_owner.h"

#define BIG ((size_t)8 << 20)

static struct fake_clock fake;
static struct loop *loop;
static struct via *via;
static struct link_owner o;
static struct err e;
static int fds_before;

/* Helpers are real, so time stands still while the loop waits for them. */
static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fds_before = count_fds();
	fake = (struct fake_clock){ .now_ns = 1, .hold = true };
	loop = fake.loop = loop_new(&clock, &e);
	o = (struct link_owner){ .loop = loop };
	via = NULL;
	return loop ? 0 : -1;
}

static void disconnect(void)
{
	link_free(o.link);
	o.link = NULL;
}

static int teardown(void **state)
{
	(void)state;
	disconnect();
	via_end(via);
	loop_free(loop);
	assert_int_equal(count_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void begin(const char *command)
{
	via = via_start(command, &e);
	if (!via)
		fail_msg("%s", e.text);
}

static void make_link(const char *host)
{
	struct link_events events = link_owner_events(&o);

	o.link = link_via_new(via, loop, host, 3501, &events);
	assert_non_null(o.link);
}

static void connect_via(void)
{
	make_link("server.example");
	link_owner_start(&o);
	link_owner_run(&o, LINK_UP, o.calls[LINK_UP] + 1);
}

static void expect_bytes(const char *text)
{
	char buf[256];
	size_t got = 0;

	while (got < strlen(text)) {
		link_owner_run(&o, LINK_READABLE, o.calls[LINK_READABLE] + 1);
		long n = link_recv(o.link, (uint8_t *)buf + got, sizeof(buf) - 1 - got, &e);

		assert_true(n >= 0);
		got += (size_t)n;
	}
	buf[got] = '\0';
	assert_string_equal(buf, text);
}

/* Reads what comes, as an owner does, until the link is down. */
static void expect_down(const char *text)
{
	uint8_t buf[256];

	while (o.calls[LINK_DOWN] == 0) {
		int before = o.calls[LINK_READABLE];

		loop_run(loop);
		if (o.calls[LINK_READABLE] > before)
			assert_true(link_recv(o.link, buf, sizeof(buf), &e) >= 0);
	}
	assert_int_equal(o.calls[LINK_DOWN], 1);
	assert_string_equal(o.err.text, text);
}

/* --- data --- */

static void link_is_up_at_once_and_says_through_what(void **state)
{
	(void)state;
	begin("/bin/cat");
	connect_via();
	assert_string_equal(o.link->peer, "server.example port 3501 via cat");
	assert_string_equal(o.link->address, "");
	assert_int_equal(link_send(o.link, (const uint8_t *)"hello", 5, &e), 5);
	expect_bytes("hello");
	assert_int_equal(o.calls[LINK_UP], 1);
	assert_int_equal(o.calls[LINK_DOWN], 0);
}

static void helper_knows_where_to_go(void **state)
{
	(void)state;
	begin("echo %h:%p; cat");
	connect_via();
	expect_bytes("server.example:3501\n");
}

/* Returns how much more went out. */
static size_t send_more(const uint8_t *out, size_t sent)
{
	long n = sent < BIG ? link_send(o.link, out + sent, BIG - sent, &e) : 0;

	assert_true(n >= 0);
	link_want_write(o.link, sent + (size_t)n < BIG);
	return (size_t)n;
}

static void megabytes_go_both_ways(void **state)
{
	static uint8_t out[BIG], in[1 << 16];
	size_t sent = 0, got = 0;

	(void)state;
	begin("cat");
	connect_via();
	for (size_t i = 0; i < BIG; i++)
		out[i] = (uint8_t)(i * 2654435761u >> 24);
	sent += send_more(out, sent);
	while (got < BIG) {
		int before = o.calls[LINK_READABLE];

		loop_run(loop);
		assert_int_equal(o.calls[LINK_DOWN], 0);
		if (o.calls[LINK_READABLE] > before) {
			long n = link_recv(o.link, in, sizeof(in), &e);

			assert_true(n >= 0);
			assert_memory_equal(in, out + got, (size_t)n);
			got += (size_t)n;
		} else {
			sent += send_more(out, sent);
		}
	}
	assert_int_equal(sent, got);
}

/* --- the end --- */

static void failure_names_its_cause(void **state)
{
	(void)state;
	begin("echo 'Connection refused' >&2; exit 255");
	connect_via();
	expect_down("server.example port 3501: via: echo exited with status 255: Connection "
		    "refused");
	assert_int_equal(o.err.code, ERR_SYSTEM);
}

/* What it wrote is read first. */
static void last_bytes_come_before_the_end(void **state)
{
	(void)state;
	begin("echo bye; exit 0");
	connect_via();
	expect_bytes("bye\n");
	expect_down("server.example port 3501: via: echo exited with status 0");
	assert_int_equal(o.err.code, ERR_NETWORK);
}

static void helper_that_only_closes_the_stream_is_given_up(void **state)
{
	(void)state;
	begin("exec sleep 1000 >/dev/null </dev/null");
	connect_via();
	while (o.calls[LINK_READABLE] == 0)
		loop_run(loop);
	uint8_t buf[8];

	assert_int_equal(link_recv(o.link, buf, sizeof(buf), &e), 0);
	assert_int_equal(o.calls[LINK_DOWN], 0);
	fake.hold = false;
	expect_down("server.example port 3501: via: exec closed the connection");
}

/* The stream is held by what it has left behind: a session of its own, so that it stays. */
static void end_of_the_helper_ends_a_silent_stream(void **state)
{
	(void)state;
	begin("setsid sleep 1000 2>/dev/null & echo $! $!; exit 7");
	connect_via();
	link_owner_run(&o, LINK_READABLE, 1);
	char buf[64] = "";

	assert_true(link_recv(o.link, (uint8_t *)buf, sizeof(buf) - 1, &e) > 0);
	/* Time goes on when the helper's end has come. */
	while (o.calls[LINK_DOWN] == 0) {
		loop_step(loop, 1000000);
		fake.now_ns += 1000000;
	}
	assert_string_equal(o.err.text, "server.example port 3501: via: setsid exited with status "
			    "7");
	kill((pid_t)atol(buf), SIGKILL);
}

static void sending_to_one_that_has_gone_leads_to_its_reason(void **state)
{
	static const uint8_t junk[65536];

	(void)state;
	begin("exec <&-; echo gone >&2; exit 5");
	connect_via();
	while (o.calls[LINK_READABLE] == 0)
		loop_run(loop);
	for (int i = 0; i < 100; i++)
		assert_true(link_send(o.link, junk, sizeof(junk), &e) >= 0);
	link_want_write(o.link, true);
	expect_down("server.example port 3501: via: exec exited with status 5: gone");
}

static void host_that_cannot_be_given_is_told(void **state)
{
	(void)state;
	begin("echo '%h'");
	make_link("$(id)");
	link_owner_start(&o);
	link_owner_run(&o, LINK_UP, 1);
	expect_down("$(id) port 3501: via: the host '$(id)' has characters that a helper command "
		    "which has quotes, '$' or '#' itself is not given");
}

static void helpers_without_their_process_are_told(void **state)
{
	(void)state;
	begin("echo $PPID; cat");
	connect_via();
	link_owner_run(&o, LINK_READABLE, 1);
	char buf[64] = "";

	assert_true(link_recv(o.link, (uint8_t *)buf, sizeof(buf) - 1, &e) > 0);
	kill((pid_t)atol(buf), SIGKILL);
	fake.hold = false;
	while (o.calls[LINK_DOWN] == 0) {
		loop_step(loop, LOOP_NEVER);
		link_recv(o.link, (uint8_t *)buf, sizeof(buf), &e);
	}
	disconnect();
	o.calls[LINK_DOWN] = 0;
	make_link("x");
	link_owner_start(&o);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_non_null(strstr(o.err.text, "x port 3501: via: the process that starts echo is "
			       "gone"));
}

static void link_may_be_freed_in_each_callback(void **state)
{
	(void)state;
	begin("echo x; exec cat");
	for (int call = LINK_UP; call <= LINK_WRITABLE; call++) {
		o = (struct link_owner){ .loop = loop, .free_in = (enum link_call)call };
		connect_via();
		if (o.link) {
			link_want_write(o.link, true);
			link_owner_run(&o, o.free_in, 1);
		}
		assert_null(o.link);
		assert_int_equal(o.calls[call], 1);
	}
	via_end(via);
	begin("exit 1");
	o = (struct link_owner){ .loop = loop, .free_in = LINK_DOWN };
	connect_via();
	uint8_t buf[8];

	while (o.link) {
		link_recv(o.link, buf, sizeof(buf), &e);
		loop_run(loop);
	}
}

static void link_may_be_freed_before_it_is_up(void **state)
{
	(void)state;
	begin("cat");
	make_link("x");
	link_owner_start(&o);
	disconnect();
	loop_step(loop, 0);
	make_link("x");			/* never started */
	disconnect();
	assert_int_equal(link_owner_total(&o), 0);
}

static void links_come_one_after_the_other(void **state)
{
	(void)state;
	begin("exec cat");
	for (int i = 0; i < 30; i++) {
		connect_via();
		assert_int_equal(link_send(o.link, (const uint8_t *)"again", 5, &e), 5);
		expect_bytes("again");
		disconnect();
	}
}

/* Where the process on the network may start nothing. */
static int in_the_sandbox(void)
{
	struct err why;

	begin("echo through; exec cat");
	if (sandbox_enter(&why) < 0)
		return 1;
	connect_via();
	expect_bytes("through\n");
	disconnect();
	connect_via();
	expect_bytes("through\n");
	disconnect();
	via_end(via);
	return 0;
}

static void it_works_in_the_sandbox(void **state)
{
	int status;

	(void)state;
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_the_sandbox());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(link_is_up_at_once_and_says_through_what),
		TEST(helper_knows_where_to_go),
		TEST(megabytes_go_both_ways),
		TEST(failure_names_its_cause),
		TEST(last_bytes_come_before_the_end),
		TEST(helper_that_only_closes_the_stream_is_given_up),
		TEST(end_of_the_helper_ends_a_silent_stream),
		TEST(sending_to_one_that_has_gone_leads_to_its_reason),
		TEST(host_that_cannot_be_given_is_told),
		TEST(helpers_without_their_process_are_told),
		TEST(link_may_be_freed_in_each_callback),
		TEST(link_may_be_freed_before_it_is_up),
		TEST(links_come_one_after_the_other),
		TEST(it_works_in_the_sandbox),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
