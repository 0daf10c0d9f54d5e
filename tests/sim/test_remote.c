/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reconnecting, and finding out the generation: real TCP on loopback, fake time. */
#include <arpa/inet.h>
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

#include "capture_common/link.h"
#include "capture_common/log.h"
#include "capture_common/remote.h"
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
	struct remote *remote;
	int listener;
	uint16_t port;
	struct fake_server server;
	bool speaks[FRAME_GENS];	/* else closed at once, without a byte */
	unsigned accepted;
	enum frame_gen tried[16];
	bool open_on_announce;
	const char *asks_for;		/* in OPEN; NULL: what was announced */

	unsigned overs, gave_up;
	enum session_end last_end;
	struct err last_err;
	enum err_code gave_up_code;
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

	requests_session_over(f->requests);
	remote_down(f->remote, end, e);
}

static void on_records(void *user)
{
	session_records(((struct fixture *)user)->session);
}

static void on_ended(void *user, const struct err *e)
{
	(void)user;
	(void)e;
}

static void on_closed(void *user)
{
	(void)user;
}

static void on_over(void *user, enum session_end end, struct err *e, bool *refused)
{
	struct fixture *f = user;

	f->overs++;
	f->last_end = end;
	if (requests_take_failure(f->requests, e))
		*refused = true;
	f->last_err = *e;
}

static void on_gave_up(void *user, const struct err *e)
{
	struct fixture *f = user;

	f->gave_up++;
	f->gave_up_code = e->code;
}

/* --- the listening side --- */

static void listen_on(struct fixture *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(f->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int on = 1;

	f->listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(f->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->listener, 4), 0);
	getsockname(f->listener, (struct sockaddr *)&a, &len);
	f->port = ntohs(a.sin_port);
	link_set_nonblocking(f->listener);
}

static void hang_up(struct fixture *f)
{
	close(f->listener);
	f->listener = -1;
}

/* The generation of the first frame, without taking it. */
static bool peek_gen(int fd, enum frame_gen *gen)
{
	uint8_t head[64];
	ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	struct frame frame;

	if (n <= 0 || frame_parse(head, (size_t)n, FRAME_LIMIT_READ, &frame) != FRAME_OK)
		return false;
	*gen = frame.gen;
	return true;
}

/* Takes a connection, as a server that speaks some generations and closes on the others. */
static bool serve(struct fixture *f)
{
	static int pending = -1;
	enum frame_gen gen;

	if (pending < 0 && f->listener >= 0)
		pending = accept(f->listener, NULL, NULL);
	if (pending >= 0 && peek_gen(pending, &gen)) {
		f->tried[f->accepted++ % 16] = gen;
		fake_server_close(&f->server);
		if (f->speaks[gen])
			fake_server_begin(&f->server, pending, gen);
		else
			close(pending);
		pending = -1;
		return true;
	}
	size_t announced = f->server.heard[MSG_NEWSOURCE];
	bool heard = fake_server_hear(&f->server);

	if (f->open_on_announce && f->server.heard[MSG_NEWSOURCE] > announced)
		fake_server_open(&f->server, f->asks_for ? f->asks_for : "demo0:secret=1");
	return heard;
}

static void settle(struct fixture *f)
{
	for (int quiet = 0; quiet < 4;) {
		loop_step(f->loop, 0);
		quiet = serve(f) ? 0 : quiet + 1;
	}
}

static void pass(struct fixture *f, uint64_t ns)
{
	uint64_t until = f->clock.now_ns + ns;

	settle(f);
	while (f->clock.now_ns < until) {
		loop_step(f->loop, until - f->clock.now_ns);
		settle(f);
	}
}

/* --- making it --- */

static void make(struct fixture *f, bool auto_gen, enum frame_gen gen, bool retry)
{
	struct err e;
	struct session_config session = {
		.loop = f->loop,
		.queue = f->queue,
		.newsource = { .definition = text_of("demo0"), .type = text_of("demo"),
			       .uuid = text_of(DEMO_UUID), .instance = 1 },
		.request = on_request,
		.room = on_room,
		.down = on_down,
		.user = f,
	};
	struct remote_config remote = {
		.loop = f->loop,
		.endpoint = { .host = "127.0.0.1", .port = f->port },
		.auto_gen = auto_gen,
		.gen = gen,
		.retry = retry,
		.over = on_over,
		.gave_up = on_gave_up,
		.user = f,
	};

	f->session = session_new(&session, &e);
	f->remote = remote_new(&remote, &e);
	assert_non_null(f->session);
	assert_non_null(f->remote);
	remote_start(f->remote, f->session);
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
	struct requests_config requests = { .loop = f->loop, .tool = &demo_tool,
					    .uuid = DEMO_UUID, .definition = "demo0:secret=1",
					    .closed = on_closed, .user = f };

	f->runner = runner_new(&runner, &e);
	requests.runner = f->runner;
	f->requests = requests_new(&requests, &e);
	f->server.fd = -1;
	f->server.answer_pings = true;
	f->open_on_announce = true;
	f->speaks[FRAME_V3] = true;
	listen_on(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	remote_free(f->remote);
	session_free(f->session);
	requests_free(f->requests);
	runner_free(f->runner);
	queue_free(f->queue);
	loop_free(f->loop);
	fake_server_free(&f->server);
	if (f->listener >= 0)
		close(f->listener);
	free(f);
	return 0;
}

/* --- generations --- */

static void v3_server_is_spoken_to_at_once(void **state)
{
	struct fixture *f = *state;

	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 10);
	assert_true(session_streaming(f->session));
	assert_int_equal(f->accepted, 1);
}

static void old_servers_are_found_out_without_waiting(void **state)
{
	struct fixture *f = *state;

	if (!msg_gen_supported(FRAME_V0))
		skip();
	f->speaks[FRAME_V3] = false;
	f->speaks[FRAME_V0] = true;
	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 10);
	assert_true(session_streaming(f->session));
	assert_int_equal(session_gen(f->session), FRAME_V0);
	assert_int_equal(f->accepted, 3);
	assert_int_equal(f->tried[0], FRAME_V3);
	assert_int_equal(f->tried[1], FRAME_V2);
	assert_int_equal(f->tried[2], FRAME_V0);
}

static void generation_is_remembered_for_the_next_connection(void **state)
{
	struct fixture *f = *state;

	if (!msg_gen_supported(FRAME_V2))
		skip();
	f->speaks[FRAME_V3] = false;
	f->speaks[FRAME_V2] = true;
	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 10);
	assert_int_equal(f->accepted, 2);
	fake_server_close(&f->server);
	pass(f, 2 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_int_equal(f->accepted, 3);
	assert_int_equal(f->tried[2], FRAME_V2);
}

static void replaced_server_is_found_out_again(void **state)
{
	struct fixture *f = *state;

	if (!msg_gen_supported(FRAME_V2))
		skip();
	f->speaks[FRAME_V3] = false;
	f->speaks[FRAME_V2] = true;
	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 10);
	f->speaks[FRAME_V3] = true;
	f->speaks[FRAME_V2] = false;
	fake_server_close(&f->server);
	pass(f, 2 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_int_equal(session_gen(f->session), FRAME_V3);
}

static void server_of_another_kind_is_named_after_all_generations(void **state)
{
	struct fixture *f = *state;

	f->speaks[FRAME_V3] = false;
	make(f, true, FRAME_V3, false);
	pass(f, SECOND_NS);
	assert_int_equal(f->gave_up, 1);
	assert_int_equal(f->last_end, SESSION_NOT_SPOKEN);
	assert_non_null(strstr(f->last_err.text, "is it a server for remote capture?"));
}

static void asked_generation_is_the_only_one_tried(void **state)
{
	struct fixture *f = *state;

	f->speaks[FRAME_V3] = false;
	make(f, false, FRAME_V3, true);
	pass(f, SECOND_NS / 100);
	assert_int_equal(f->accepted, 1);
}

/* --- coming back --- */

static void server_that_starts_later_is_found_within_a_minute(void **state)
{
	struct fixture *f = *state;

	hang_up(f);
	make(f, true, FRAME_V3, true);
	pass(f, 600 * SECOND_NS);
	assert_false(session_streaming(f->session));
	assert_true(f->overs >= 10);
	assert_true(f->overs <= 40);
	listen_on(f);
	pass(f, 61 * SECOND_NS);
	assert_true(session_streaming(f->session));
}

static void returned_server_is_found_within_a_second_and_a_half_at_first(void **state)
{
	struct fixture *f = *state;

	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS);
	fake_server_close(&f->server);
	pass(f, SECOND_NS * 3 / 2);
	assert_true(session_streaming(f->session));
}

static void thousand_link_cuts_open_the_radio_once_and_lose_nothing(void **state)
{
	struct fixture *f = *state;

	demo.packets_to_send = 5000;
	make(f, true, FRAME_V3, true);
	for (int i = 0; i < 1000; i++) {
		fake_server_close(&f->server);
		pass(f, 40 * SECOND_NS);
		assert_true(session_streaming(f->session));
	}
	assert_int_equal(demo.opens, 1);
	assert_int_equal(demo.closes, 0);
	assert_int_equal(demo.packets_sent, 5000);
	assert_true(queue_empty(f->queue));
}

static void disable_retry_gives_up_at_the_first_failure(void **state)
{
	struct fixture *f = *state;

	hang_up(f);
	make(f, true, FRAME_V3, false);
	pass(f, 100 * SECOND_NS);
	assert_int_equal(f->gave_up, 1);
	assert_int_equal(f->gave_up_code, ERR_NETWORK);
	assert_int_equal(f->overs, 1);
}

static void refusal_is_explained_and_waits_longer(void **state)
{
	struct fixture *f = *state;

	f->open_on_announce = false;
	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 100);
	fake_server_close(&f->server);
	pass(f, SECOND_NS);
	assert_int_equal(f->last_end, SESSION_REFUSED);
	assert_non_null(strstr(f->last_err.text, "may not know this type of source"));
	assert_int_equal(f->accepted, 1);
	pass(f, 10 * SECOND_NS);
	assert_true(f->accepted >= 2);
}

static void failed_open_is_reported_with_its_reason(void **state)
{
	struct fixture *f = *state;

	demo.fail_open = true;
	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 100);
	assert_int_equal(f->server.heard[MSG_OPEN_REPORT], 1);
	assert_false(f->server.open_report.success);
	assert_string_equal(f->server.open_message, "demo0: somebody else has it");
	demo.fail_open = false;
	pass(f, 10 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_int_equal(demo.opens, 1);
}

static void lost_server_is_not_blamed_on_a_source_that_failed_before(void **state)
{
	struct fixture *f = *state;

	demo.fail_open = true;
	make(f, true, FRAME_V3, true);
	pass(f, SECOND_NS / 100);
	assert_string_equal(f->last_err.text, "demo0: somebody else has it");
	hang_up(f);
	pass(f, 10 * SECOND_NS);
	assert_int_equal(f->last_end, SESSION_NO_LINK);
	assert_non_null(strstr(f->last_err.text, "connecting"));
}

static void remote_server_may_not_choose_what_is_opened(void **state)
{
	struct fixture *f = *state;

	f->asks_for = "demo1:secret=1";
	make(f, true, FRAME_V3, true);
	pass(f, 310 * SECOND_NS);
	assert_false(session_streaming(f->session));
	assert_false(f->server.open_report.success);
	assert_non_null(strstr(f->server.open_message, "server"));
	assert_int_equal(demo.opens, 0);
	f->asks_for = "demo0:name=added,secret=2";
	pass(f, 310 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_string_equal(demo.secret, "1");		/* its owner's */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(v3_server_is_spoken_to_at_once),
		TEST(old_servers_are_found_out_without_waiting),
		TEST(generation_is_remembered_for_the_next_connection),
		TEST(replaced_server_is_found_out_again),
		TEST(server_of_another_kind_is_named_after_all_generations),
		TEST(asked_generation_is_the_only_one_tried),
		TEST(server_that_starts_later_is_found_within_a_minute),
		TEST(returned_server_is_found_within_a_second_and_a_half_at_first),
		TEST(thousand_link_cuts_open_the_radio_once_and_lose_nothing),
		TEST(disable_retry_gives_up_at_the_first_failure),
		TEST(refusal_is_explained_and_waits_longer),
		TEST(failed_open_is_reported_with_its_reason),
		TEST(remote_server_may_not_choose_what_is_opened),
		TEST(lost_server_is_not_blamed_on_a_source_that_failed_before),
	};

	signal(SIGPIPE, SIG_IGN);	/* as capture_main() does */
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
