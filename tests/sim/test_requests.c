/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server may ask of a tool: a demo source behind a session over descriptors, fake time. */
#include <setjmp.h>
#include <signal.h>
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
#include "tests/lib/demo_source.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_server.h"

#define SECOND_NS ((uint64_t)1000000000)

struct fixture {
	struct fake_clock clock;
	struct loop *loop;
	struct queue *queue;
	struct runner *runner;
	struct requests *requests;
	struct session *session;
	struct fake_server server;
	bool down, closed, ended;
	enum session_end end;
};

static void on_request(void *user, const struct msg *m)
{
	struct fixture *f = user;

	requests_handle(f->requests, f->session, m);
}

static void on_room(void *user)
{
	runner_room(((struct fixture *)user)->runner);
}

static void on_down(void *user, enum session_end end, const struct err *e)
{
	struct fixture *f = user;

	(void)e;
	requests_session_over(f->requests);
	f->down = true;
	f->end = end;
}

static void on_records(void *user)
{
	session_records(((struct fixture *)user)->session);
}

static void on_ended(void *user, const struct err *e)
{
	(void)e;
	((struct fixture *)user)->ended = true;
}

static void on_closed(void *user)
{
	((struct fixture *)user)->closed = true;
}

static void start(struct fixture *f)
{
	struct err e;
	int fds[2];
	struct session_config cfg = { .loop = f->loop, .queue = f->queue, .local = true,
				      .auto_gen = true, .request = on_request, .room = on_room,
				      .down = on_down, .user = f };

	f->session = session_new(&cfg, &e);
	struct link_events events = session_link_events(f->session);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fake_server_begin(&f->server, fds[1], FRAME_V3);
	session_start(f->session, link_fd_new(f->loop, fds[0], fds[0], &events), FRAME_V3);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct err e;

	memset(&demo, 0, sizeof(demo));
	f->clock.now_ns = 1000 * SECOND_NS;
	f->loop = loop_new(&clock, &e);
	f->clock.loop = f->loop;
	f->queue = queue_new(QUEUE_MIN_BYTES, QUEUE_WAIT, &e);
	struct runner_config runner = { .loop = f->loop, .tool = &demo_tool, .queue = f->queue,
					.records = on_records, .ended = on_ended, .user = f };
	struct requests_config requests = { .loop = f->loop, .tool = &demo_tool, .uuid = "",
					    .local = true, .closed = on_closed, .user = f };

	f->runner = runner_new(&runner, &e);
	requests.runner = f->runner;
	f->requests = requests_new(&requests, &e);
	f->server.fd = -1;
	f->server.answer_pings = true;
	start(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	session_free(f->session);
	requests_free(f->requests);
	runner_free(f->runner);
	queue_free(f->queue);
	loop_free(f->loop);
	fake_server_free(&f->server);
	free(f);
	return 0;
}

static void settle(struct fixture *f)
{
	for (int quiet = 0; quiet < 4;) {
		loop_step(f->loop, 0);
		quiet = fake_server_hear(&f->server) ? 0 : quiet + 1;
	}
}

static void open_demo(struct fixture *f)
{
	fake_server_open(&f->server, "demo0:name=demo");
	settle(f);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
	assert_true(f->server.open_report.success);
}

/* The tuning thread works in real time; the loop waits for it while the clock stands still. */
static void wait_for(struct fixture *f, enum msg_type type, size_t count)
{
	f->clock.hold = true;
	while (f->server.heard[type] < count) {
		loop_step(f->loop, SECOND_NS / 100);
		fake_server_hear(&f->server);
	}
	f->clock.hold = false;
}

static uint32_t fix(struct fixture *f, const char *channel)
{
	struct msg m = { .type = MSG_CONFIGURE, .configure = { .channel = text_of(channel) } };

	return fake_server_say(&f->server, &m);
}

static uint32_t hop(struct fixture *f, const struct text *channels, size_t n, double rate_hps)
{
	struct msg m = {
		.type = MSG_CONFIGURE,
		.configure = { .has_hop = true,
			       .hop = { .has_rate = true, .rate_hps = rate_hps,
					.channels = { channels, n } } },
	};

	return fake_server_say(&f->server, &m);
}

/* --- list and probe --- */

static void list_is_answered_and_ends_the_session(void **state)
{
	struct fixture *f = *state;
	struct msg m = { .type = MSG_LIST };

	fake_server_say(&f->server, &m);
	settle(f);
	assert_int_equal(f->server.heard[MSG_LIST_REPORT], 1);
	assert_true(f->down);
	assert_int_equal(f->end, SESSION_DONE);
}

static void probe_of_another_tools_definition_says_no(void **state)
{
	struct fixture *f = *state;
	struct msg m = { .type = MSG_PROBE, .definition = text_of("wlan0") };

	fake_server_say(&f->server, &m);
	settle(f);
	assert_int_equal(f->server.heard[MSG_PROBE_REPORT], 1);
	assert_false(f->server.probe_success);
	assert_int_equal(f->end, SESSION_DONE);
	assert_int_equal(demo.opens, 0);
}

static void probe_of_ours_says_yes_and_opens_nothing(void **state)
{
	struct fixture *f = *state;
	struct msg m = { .type = MSG_PROBE, .definition = text_of("demo0:name=x") };

	fake_server_say(&f->server, &m);
	settle(f);
	assert_true(f->server.probe_success);
	assert_int_equal(demo.opens, 0);
}

/* --- open --- */

static void open_reports_what_the_source_is(void **state)
{
	struct fixture *f = *state;

	open_demo(f);
	assert_int_equal(f->server.open_report.dlt, 105);
	assert_int_equal(f->server.open_report.channels.n, 5);
	assert_int_equal(f->server.open_report.reply_to, 1);
	assert_int_equal(demo.opens, 1);
}

static void second_open_of_the_same_keeps_the_source(void **state)
{
	struct fixture *f = *state;

	open_demo(f);
	fake_server_open(&f->server, "demo0:name=\"demo\"");
	settle(f);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 2);
	assert_int_equal(demo.opens, 1);
}

static void open_of_something_else_closes_the_first(void **state)
{
	struct fixture *f = *state;

	open_demo(f);
	fake_server_open(&f->server, "demo0:name=other");
	settle(f);
	assert_int_equal(demo.opens, 2);
	assert_int_equal(demo.closes, 1);
}

static void packets_follow_the_open_report(void **state)
{
	struct fixture *f = *state;

	demo.packets_to_send = 3000;
	open_demo(f);
	for (int i = 0; i < 20; i++) {
		loop_step(f->loop, SECOND_NS);
		settle(f);
	}
	assert_int_equal(f->server.heard[MSG_DATA], 3000);
	assert_true(queue_empty(f->queue));
}

static void unusable_definition_is_refused_in_words(void **state)
{
	struct fixture *f = *state;

	demo.fail_open = true;
	fake_server_open(&f->server, "demo0");
	settle(f);
	assert_false(f->server.open_report.success);
	assert_string_equal(f->server.open_message, "demo0: somebody else has it");
}

/* --- configure --- */

static void fixed_channel_is_set_and_reported(void **state)
{
	struct fixture *f = *state;

	open_demo(f);
	uint32_t request = fix(f, "6");

	wait_for(f, MSG_CONFIGURE_REPORT, 1);
	assert_true(f->server.configure_report.success);
	assert_int_equal(f->server.configure_report.reply_to, request);
	assert_string_equal(f->server.configure_channel, "6");
	assert_string_equal(demo.channel, "6");
}

static void refused_channel_is_reported_as_failure_with_the_reason(void **state)
{
	struct fixture *f = *state;

	strcpy(demo.refuse, "bad");
	open_demo(f);
	fix(f, "bad");
	wait_for(f, MSG_CONFIGURE_REPORT, 1);
	assert_false(f->server.configure_report.success);
	assert_string_equal(f->server.configure_message, "demo0: channel bad: not possible");
}

static void every_request_gets_exactly_one_answer(void **state)
{
	struct fixture *f = *state;

	open_demo(f);
	fix(f, "1");
	fix(f, "6");
	fix(f, "11");
	wait_for(f, MSG_CONFIGURE_REPORT, 3);
	assert_string_equal(f->server.configure_channel, "11");
	assert_true(f->server.configure_report.success);
	settle(f);
	assert_int_equal(f->server.heard[MSG_CONFIGURE_REPORT], 3);
}

/* Servers close a source whose configure report says failure. */
static void overtaken_request_is_no_failure(void **state)
{
	struct fixture *f = *state;
	const struct text channels[] = { text_of("1"), text_of("6") };

	open_demo(f);
	fix(f, "1");
	fix(f, "6");
	hop(f, channels, 2, 5);
	wait_for(f, MSG_CONFIGURE_REPORT, 3);
	assert_int_equal(f->server.configure_failures, 0);
	assert_true(f->server.configure_report.has_hop);
}

static void hop_list_is_confirmed_and_hopped(void **state)
{
	struct fixture *f = *state;
	const struct text channels[] = { text_of("1"), text_of("6"), text_of("11") };

	open_demo(f);
	hop(f, channels, 3, 5);
	wait_for(f, MSG_CONFIGURE_REPORT, 1);
	assert_true(f->server.configure_report.success);
	assert_true(f->server.configure_report.has_hop);
	assert_int_equal(f->server.configure_report.hop.channels.n, 3);
}

static void empty_hop_list_is_refused_by_a_tunable_source(void **state)
{
	struct fixture *f = *state;

	open_demo(f);
	hop(f, NULL, 0, 5);
	settle(f);
	assert_int_equal(f->server.heard[MSG_CONFIGURE_REPORT], 1);
	assert_false(f->server.configure_report.success);
}

static void empty_hop_list_is_fine_for_a_source_without_channels(void **state)
{
	struct fixture *f = *state;

	demo.no_channels = true;
	open_demo(f);
	hop(f, NULL, 0, 5);
	settle(f);
	assert_int_equal(f->server.heard[MSG_CONFIGURE_REPORT], 1);
	assert_true(f->server.configure_report.success);
}

static void configure_before_open_is_refused_not_a_crash(void **state)
{
	struct fixture *f = *state;

	fix(f, "6");
	settle(f);
	assert_int_equal(f->server.heard[MSG_CONFIGURE_REPORT], 1);
	assert_false(f->server.configure_report.success);
}

static void close_is_passed_on(void **state)
{
	struct fixture *f = *state;
	struct msg m = { .type = MSG_SHUTDOWN, .text = text_of("enough") };

	open_demo(f);
	fake_server_say(&f->server, &m);
	settle(f);
	assert_true(f->closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_is_answered_and_ends_the_session),
		TEST(probe_of_another_tools_definition_says_no),
		TEST(probe_of_ours_says_yes_and_opens_nothing),
		TEST(open_reports_what_the_source_is),
		TEST(second_open_of_the_same_keeps_the_source),
		TEST(open_of_something_else_closes_the_first),
		TEST(packets_follow_the_open_report),
		TEST(unusable_definition_is_refused_in_words),
		TEST(fixed_channel_is_set_and_reported),
		TEST(refused_channel_is_reported_as_failure_with_the_reason),
		TEST(every_request_gets_exactly_one_answer),
		TEST(overtaken_request_is_no_failure),
		TEST(hop_list_is_confirmed_and_hopped),
		TEST(empty_hop_list_is_refused_by_a_tunable_source),
		TEST(empty_hop_list_is_fine_for_a_source_without_channels),
		TEST(configure_before_open_is_refused_not_a_crash),
		TEST(close_is_passed_on),
	};

	signal(SIGPIPE, SIG_IGN);	/* as capture_main() does */
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
