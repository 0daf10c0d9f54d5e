/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server may ask while its source opens in a process of its own, which may take seconds: a
 * session over descriptors, fake time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_common/requests.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_server.h"
#include "tests/lib/slow_source.h"

#define SECOND_NS ((uint64_t)1000000000)

static struct fixture {
	struct fake_clock clock;
	struct loop *loop;
	struct queue *queue;
	struct source_process *process;
	struct runner *runner;
	struct requests *requests;
	struct session *session;
	struct fake_server server;
	bool closed;
	unsigned down;
} fixture, *const f = &fixture;

/* --- as the feed does it --- */

static void on_request(void *user, const struct msg *m)
{
	(void)user;
	requests_handle(f->requests, f->session, m);
}

static void on_room(void *user)
{
	(void)user;
	runner_room(f->runner);
}

static void on_down(void *user, enum session_end end, const struct err *e)
{
	(void)user;
	(void)end;
	(void)e;
	requests_session_over(f->requests);
	f->down++;
}

static void on_opened(void *user, const struct err *e)
{
	(void)user;
	requests_opened(f->requests, e);
}

static void on_records(void *user)
{
	(void)user;
	session_records(f->session);
}

static void on_ended(void *user, const struct err *e)
{
	(void)user;
	(void)e;
}

static void on_closed(void *user)
{
	(void)user;
	f->closed = true;
	requests_source_closing(f->requests);
	runner_close(f->runner);
}

/* --- the fixture --- */

static void connect_server(void)
{
	struct link_events events = session_link_events(f->session);
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fake_server_begin(&f->server, fds[1], FRAME_V3);
	session_start(f->session, link_fd_new(f->loop, fds[0], fds[0], &events), FRAME_V3);
}

static void make_session(void)
{
	struct err e;
	struct session_config cfg = { .loop = f->loop, .queue = f->queue, .local = true,
				      .auto_gen = true, .request = on_request, .room = on_room,
				      .down = on_down };

	f->session = session_new(&cfg, &e);
	assert_non_null(f->session);
}

static void start(void)
{
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct err e;

	f->process = slow_source_start();
	f->clock = (struct fake_clock){ .now_ns = 1000 * SECOND_NS, .hold = true };
	f->clock.loop = f->loop = loop_new(&clock, &e);
	f->queue = queue_new(QUEUE_MIN_BYTES, QUEUE_WAIT, &e);
	struct runner_config runner = { .loop = f->loop, .tool = &slow_source_tool,
					.queue = f->queue, .process = f->process,
					.opened = on_opened, .records = on_records,
					.ended = on_ended };
	struct requests_config requests = { .loop = f->loop, .tool = &slow_source_tool, .uuid = "",
					    .local = true, .closed = on_closed };

	f->runner = runner_new(&runner, &e);
	requests.runner = f->runner;
	f->requests = requests_new(&requests, &e);
	make_session();
	connect_server();
}

static int setup(void **state)
{
	(void)state;
	memset(f, 0, sizeof(*f));
	f->server.fd = -1;
	f->server.answer_pings = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	session_free(f->session);
	requests_free(f->requests);
	runner_free(f->runner);
	if (slow_source)
		slow_source_finish(f->process);
	queue_free(f->queue);
	loop_free(f->loop);
	fake_server_free(&f->server);
	return 0;
}

static void turn(uint64_t timeout_ns)
{
	loop_step(f->loop, timeout_ns);
	fake_server_hear(&f->server);
}

static void wait_for(enum msg_type type, size_t count)
{
	for (int i = 0; f->server.heard[type] < count && i < 1000; i++)
		turn(SECOND_NS / 100);
	assert_int_equal(f->server.heard[type], count);
}

/* Nothing more comes of what was said. */
static void settle(void)
{
	for (int i = 0; i < 8; i++)
		turn(SECOND_NS / 1000);
}

/* The server asks, and the source is opening for as long as the test likes. */
static uint32_t begin_to_open(const char *definition)
{
	slow_source->hold = true;
	uint32_t request = fake_server_open(&f->server, definition);

	for (int i = 0; slow_source->opening == 0 && i < 1000; i++)
		turn(SECOND_NS / 100);
	assert_int_equal(slow_source->opening, 1);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 0);
	return request;
}

static void let_it_open(void)
{
	slow_source->hold = false;
}

static uint32_t configure(const char *channel)
{
	struct msg m = { .type = MSG_CONFIGURE, .configure = { .channel = text_of(channel) } };

	return fake_server_say(&f->server, &m);
}

static void end_session(void)
{
	unsigned before = f->down;

	fake_server_close(&f->server);
	for (int i = 0; f->down == before && i < 1000; i++)
		loop_step(f->loop, SECOND_NS / 100);
	assert_int_equal(f->down, before + 1);
}

/* --- while it opens --- */

/* A server takes a tool that does not answer for dead. */
static void pings_are_answered_while_the_source_opens(void **state)
{
	(void)state;
	start();
	uint32_t request = begin_to_open("radio0");

	for (unsigned i = 1; i <= 3; i++) {
		fake_server_ping(&f->server);
		wait_for(MSG_PONG, i);
	}
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 0);
	let_it_open();
	wait_for(MSG_OPEN_REPORT, 1);
	assert_true(f->server.open_report.success);
	assert_int_equal(f->server.open_report.reply_to, request);
	assert_int_equal(f->server.open_report.channels.n, 3);
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
}

static void packets_follow_the_report_and_tuning_works(void **state)
{
	(void)state;
	start();
	slow_source->packets = 500;
	begin_to_open("radio0");
	settle();
	assert_int_equal(f->server.heard[MSG_DATA], 0);
	let_it_open();
	wait_for(MSG_OPEN_REPORT, 1);
	for (int i = 0; f->server.heard[MSG_DATA] < 500 && i < 1000; i++) {
		f->clock.now_ns += SECOND_NS / 100;	/* batches are sent after a while */
		turn(SECOND_NS / 100);
	}
	assert_int_equal(f->server.heard[MSG_DATA], 500);
	uint32_t request = configure("6");

	wait_for(MSG_CONFIGURE_REPORT, 1);
	assert_true(f->server.configure_report.success);
	assert_int_equal(f->server.configure_report.reply_to, request);
	assert_int_equal(slow_source->tunes, 1);
}

static void refusal_is_reported_once(void **state)
{
	struct err e;

	(void)state;
	start();
	slow_source->fail_open = true;
	uint32_t request = begin_to_open("radio0");

	let_it_open();
	wait_for(MSG_OPEN_REPORT, 1);
	assert_false(f->server.open_report.success);
	assert_int_equal(f->server.open_report.reply_to, request);
	assert_string_equal(f->server.open_message, "radio0: not there");
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
	assert_int_equal(f->down, 1);		/* a local server starts another */
	assert_true(requests_take_failure(f->requests, &e));
	assert_string_equal(e.text, "radio0: not there");
	assert_false(requests_take_failure(f->requests, &e));
}

static void configure_while_it_opens_says_that_it_is_not_open(void **state)
{
	(void)state;
	start();
	begin_to_open("radio0");
	uint32_t request = configure("6");

	wait_for(MSG_CONFIGURE_REPORT, 1);
	assert_false(f->server.configure_report.success);
	assert_int_equal(f->server.configure_report.reply_to, request);
	assert_non_null(strstr(f->server.configure_message, "not open"));
	assert_int_equal(slow_source->tunes, 0);
	let_it_open();
	wait_for(MSG_OPEN_REPORT, 1);
	configure("6");
	wait_for(MSG_CONFIGURE_REPORT, 2);
	assert_true(f->server.configure_report.success);
}

static void close_while_it_opens_closes_what_it_opened(void **state)
{
	struct msg m = { .type = MSG_SHUTDOWN, .text = text_of("enough") };

	(void)state;
	start();
	begin_to_open("radio0");
	fake_server_say(&f->server, &m);
	for (int i = 0; !f->closed && i < 1000; i++)
		turn(SECOND_NS / 100);
	assert_true(f->closed);
	let_it_open();
	assert_true(slow_source_reaches(&slow_source->closes, 1));
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 0);
	assert_false(runner_is_open(f->runner));
}

/* The first one is answered at once: nothing will come of it. */
static uint32_t overtake(uint32_t first, const char *definition)
{
	uint32_t last = fake_server_open(&f->server, definition);

	wait_for(MSG_OPEN_REPORT, 1);
	assert_false(f->server.open_report.success);
	assert_int_equal(f->server.open_report.reply_to, first);
	return last;
}

static void second_open_of_the_same_while_it_opens_opens_once(void **state)
{
	(void)state;
	start();
	uint32_t first = begin_to_open("radio0:a=1,b=2");
	uint32_t last = overtake(first, "radio0:b=2,a=1");

	let_it_open();
	wait_for(MSG_OPEN_REPORT, 2);
	assert_true(f->server.open_report.success);
	assert_int_equal(f->server.open_report.reply_to, last);
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 2);
	assert_int_equal(slow_source->opens, 1);
}

static void open_of_something_else_while_it_opens_is_what_counts(void **state)
{
	(void)state;
	start();
	uint32_t first = begin_to_open("radio0");
	uint32_t last = overtake(first, "radio1");

	let_it_open();
	wait_for(MSG_OPEN_REPORT, 2);
	assert_true(f->server.open_report.success);
	assert_int_equal(f->server.open_report.reply_to, last);
	assert_string_equal(runner_info(f->runner)->hardware, "radio1");
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 2);
	assert_int_equal(slow_source->closes, 1);
}

/* --- sessions that end meanwhile --- */

static void next_session_finds_open_what_the_last_one_asked_for(void **state)
{
	(void)state;
	start();
	begin_to_open("radio0");
	end_session();
	let_it_open();
	for (int i = 0; !runner_is_open(f->runner) && i < 1000; i++)
		loop_step(f->loop, SECOND_NS / 100);
	assert_true(runner_is_open(f->runner));
	connect_server();
	uint32_t request = fake_server_open(&f->server, "radio0");

	wait_for(MSG_OPEN_REPORT, 1);
	assert_true(f->server.open_report.success);
	assert_int_equal(f->server.open_report.reply_to, request);
	configure("6");
	wait_for(MSG_CONFIGURE_REPORT, 1);
	assert_true(f->server.configure_report.success);
	assert_int_equal(slow_source->opens, 1);
	assert_int_equal(slow_source->closes, 0);
}

static void next_session_waits_for_what_still_opens(void **state)
{
	(void)state;
	start();
	begin_to_open("radio0");
	end_session();
	connect_server();
	fake_server_ping(&f->server);		/* so that the number differs from before */
	wait_for(MSG_PONG, 1);
	uint32_t request = fake_server_open(&f->server, "radio0");

	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 0);
	let_it_open();
	wait_for(MSG_OPEN_REPORT, 1);
	assert_int_equal(f->server.open_report.reply_to, request);
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
	assert_int_equal(slow_source->opens, 1);
}

/* Nobody asked in this session: nobody gets the answer. */
static void answer_of_an_old_session_is_not_sent_to_the_next(void **state)
{
	(void)state;
	start();
	slow_source->fail_open = true;
	begin_to_open("radio0");
	end_session();
	connect_server();
	let_it_open();
	fake_server_ping(&f->server);
	wait_for(MSG_PONG, 1);
	settle();
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 0);
	assert_int_equal(f->down, 1);
	assert_false(requests_take_failure(f->requests, NULL));
	slow_source->fail_open = false;
	fake_server_open(&f->server, "radio0");
	wait_for(MSG_OPEN_REPORT, 1);
	assert_true(f->server.open_report.success);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pings_are_answered_while_the_source_opens),
		TEST(packets_follow_the_report_and_tuning_works),
		TEST(refusal_is_reported_once),
		TEST(configure_while_it_opens_says_that_it_is_not_open),
		TEST(close_while_it_opens_closes_what_it_opened),
		TEST(second_open_of_the_same_while_it_opens_opens_once),
		TEST(open_of_something_else_while_it_opens_is_what_counts),
		TEST(next_session_finds_open_what_the_last_one_asked_for),
		TEST(next_session_waits_for_what_still_opens),
		TEST(answer_of_an_old_session_is_not_sent_to_the_next),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
