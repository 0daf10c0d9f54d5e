/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The radio session with its source in a process of its own, and as it is in that process. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/record_ring.h"
#include "capture_common/runner.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_source.h"
#include "tests/lib/slow_source.h"

#define START_NS ((uint64_t)1000 * 1000000000)
#define STEP_NS ((uint64_t)10000000)

static struct fake_clock fake;
static struct loop *loop;
static struct queue *queue;
static struct record_ring *ring;
static struct source_process *process;
static struct runner *runner;
static struct err e;

/* --- what the runner tells --- */

static int n_opened, n_ended;
static struct err opened_err, ended_err;
static void (*when_opened)(void);

static void on_opened(void *user, const struct err *err)
{
	assert_ptr_equal(user, &fake);
	n_opened++;
	opened_err = err ? *err : (struct err){ .code = ERR_NONE };
	assert_int_equal(runner_is_open(runner), err == NULL);
	if (when_opened)
		when_opened();
}

static void on_records(void *user)
{
	assert_ptr_equal(user, &fake);
}

static void on_ended(void *user, const struct err *err)
{
	assert_ptr_equal(user, &fake);
	n_ended++;
	ended_err = err ? *err : (struct err){ .code = ERR_NONE };
}

/* The other process works in real time; the loop waits for it while the clock stands still. */
static void make_runner(const struct source_tool *tool)
{
	struct loop_clock clock = fake_clock_make(&fake);
	struct runner_config cfg = { .tool = tool, .queue = queue, .ring = ring,
				     .process = process, .opened = on_opened,
				     .records = on_records, .ended = on_ended, .user = &fake };

	fake = (struct fake_clock){ .now_ns = START_NS, .hold = true };
	cfg.loop = loop = fake.loop = loop_new(&clock, &e);
	assert_non_null(loop);
	runner = runner_new(&cfg, &e);
	assert_non_null(runner);
	n_opened = n_ended = 0;
	when_opened = NULL;
}

static void start(void)
{
	process = slow_source_start();
	queue = queue_new((size_t)1 << 20, QUEUE_WAIT, &e);
	assert_non_null(queue);
	make_runner(&slow_source_tool);
}

static int setup(void **state)
{
	(void)state;
	loop = NULL;
	queue = NULL;
	ring = NULL;
	process = NULL;
	runner = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	runner_free(runner);
	if (slow_source)
		slow_source_finish(process);
	queue_free(queue);
	record_ring_free(ring);
	loop_free(loop);
	return 0;
}

static int begin(const char *definition)
{
	return runner_open(runner, text_of(definition), &e);
}

static void wait_for_outcome(int n)
{
	for (int i = 0; n_opened < n && i < 1000; i++)
		loop_step(loop, STEP_NS);
	assert_int_equal(n_opened, n);
}

static void open_source(const char *definition)
{
	int n = n_opened;

	assert_int_equal(begin(definition), 1);
	wait_for_outcome(n + 1);
	if (opened_err.code != ERR_NONE)
		fail_msg("%s", opened_err.text);
}

/* So many turns of the loop in which nothing is expected. */
static void settle(void)
{
	for (int i = 0; i < 5; i++)
		loop_step(loop, 1000000);
}

/* --- opening --- */

static void source_in_its_process_is_opened_in_the_background(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	assert_int_equal(begin("radio0:name=roof"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	settle();
	assert_int_equal(n_opened, 0);
	assert_false(runner_is_open(runner));
	assert_null(runner_self(runner));
	runner_start(runner);		/* there is nothing yet */
	slow_source->hold = false;
	wait_for_outcome(1);
	assert_int_equal(opened_err.code, ERR_NONE);
	assert_string_equal(runner_info(runner)->hardware, "radio0");
	assert_int_equal(runner_info(runner)->channels.n, 3);
	assert_ptr_equal(runner_self(runner), process);
	settle();
	assert_int_equal(slow_source->reads, 0);
	assert_int_equal(n_opened, 1);
}

static void refusal_is_told_once_and_the_next_try_may_succeed(void **state)
{
	(void)state;
	start();
	slow_source->fail_open = true;
	assert_int_equal(begin("radio0"), 1);
	wait_for_outcome(1);
	assert_int_equal(opened_err.code, ERR_NOT_FOUND);
	assert_string_equal(opened_err.text, "radio0: not there");
	assert_false(runner_is_open(runner));
	assert_false(runner_means_the_same(runner, text_of("radio0")));
	assert_false(runner_lost(runner));
	settle();
	assert_int_equal(n_opened, 1);
	slow_source->fail_open = false;
	open_source("radio0");
	assert_int_equal(slow_source->opens, 1);
}

static void same_definition_while_it_opens_opens_once(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	assert_int_equal(begin("radio0:a=1,b=2"), 1);
	assert_true(runner_means_the_same(runner, text_of("radio0:b=2,a=1")));
	assert_int_equal(begin("radio0:b=2,a=1"), 1);
	slow_source->hold = false;
	wait_for_outcome(1);
	settle();
	assert_int_equal(n_opened, 1);
	assert_int_equal(slow_source->opening, 1);
	assert_int_equal(begin("radio0:b=2,a=1"), 0);	/* it is open now */
	assert_int_equal(slow_source->opening, 1);
}

static void other_definition_while_it_opens_is_the_one_that_counts(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	assert_int_equal(begin("radio0"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	assert_int_equal(begin("radio1"), 1);
	assert_true(runner_means_the_same(runner, text_of("radio1")));
	slow_source->hold = false;
	wait_for_outcome(1);
	assert_string_equal(runner_info(runner)->hardware, "radio1");
	settle();
	assert_int_equal(n_opened, 1);
	assert_int_equal(slow_source->opens, 2);
	assert_int_equal(slow_source->closes, 1);
}

/* The first one is refused long after nobody wants it any more. */
static void refusal_of_an_abandoned_one_is_not_told(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	slow_source->fail_open = true;
	assert_int_equal(begin("radio0"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	runner_close(runner);
	slow_source->hold = false;
	settle();
	assert_int_equal(n_opened, 0);
	slow_source->fail_open = false;
	open_source("radio0");
	assert_int_equal(n_opened, 1);
}

static void close_while_it_opens_is_the_end_of_it(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	assert_int_equal(begin("radio0"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	runner_close(runner);
	assert_false(runner_means_the_same(runner, text_of("radio0")));
	slow_source->hold = false;
	assert_true(slow_source_reaches(&slow_source->closes, 1));
	settle();
	assert_int_equal(n_opened, 0);
	assert_false(runner_is_open(runner));
	runner_close(runner);		/* not open is fine */
	open_source("radio0");
	assert_int_equal(slow_source->opens, 2);
}

static void close_it(void)
{
	runner_close(runner);
}

static void source_may_be_closed_when_it_has_opened(void **state)
{
	(void)state;
	start();
	when_opened = close_it;
	assert_int_equal(begin("radio0"), 1);
	wait_for_outcome(1);
	assert_false(runner_is_open(runner));
	assert_true(slow_source_reaches(&slow_source->closes, 1));
	settle();
	assert_int_equal(n_opened, 1);
}

/* Twice the same warning would look like two mistakes. */
static void doubtful_definition_is_warned_of_in_one_process_only(void **state)
{
	char log[2000];
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	const char *first;

	(void)state;
	assert_non_null(file);
	assert_true(before >= 0);
	log_set_level(LOG_LEVEL_WARN);
	dup2(fileno(file), STDERR_FILENO);	/* of both processes */
	start();
	assert_int_equal(begin("radio0:nonsense=1"), 1);
	wait_for_outcome(1);
	dup2(before, STDERR_FILENO);
	close(before);
	log_set_level(LOG_LEVEL_ERROR);
	rewind(file);
	log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
	fclose(file);
	first = strstr(log, "nonsense=");
	assert_non_null(first);
	assert_null(strstr(first + 1, "nonsense="));
}

/* --- the end of its process --- */

/* As if it had been killed: nothing can be sent to it, nothing comes from it. */
static void kill_process(void)
{
	pid_t pid = 0;
	FILE *children;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	children = fopen(path, "r");
	if (!children) {
		print_message("%s cannot be read\n", path);
		skip();
	}
	assert_int_equal(fscanf(children, "%d", &pid), 1);
	fclose(children);
	kill(pid, SIGKILL);
}

static void process_that_dies_while_it_opens_is_an_outcome(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	assert_int_equal(begin("radio0"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	kill_process();
	wait_for_outcome(1);
	assert_int_equal(opened_err.code, ERR_SYSTEM);
	assert_non_null(strstr(opened_err.text, "signal 9"));
	assert_true(runner_lost(runner));
	assert_int_equal(begin("radio0"), -1);
	assert_non_null(strstr(e.text, "signal 9"));
	settle();
	assert_int_equal(n_opened, 1);
}

static void process_that_dies_ends_the_source(void **state)
{
	(void)state;
	start();
	open_source("radio0");
	runner_start(runner);
	assert_false(runner_lost(runner));
	kill_process();
	for (int i = 0; n_ended == 0 && i < 1000; i++)
		loop_step(loop, STEP_NS);
	assert_int_equal(n_ended, 1);
	assert_non_null(strstr(ended_err.text, "signal 9"));
	assert_true(runner_lost(runner));
	assert_true(runner_ended(runner));
	runner_close(runner);
	assert_int_equal(begin("radio0"), -1);
	slow_source->closes++;		/* nobody could */
}

/* --- while it is open --- */

static void server_is_known_before_and_after_opening(void **state)
{
	(void)state;
	start();
	runner_set_uplink(runner, "192.0.2.7");
	slow_source->hold = true;
	assert_int_equal(begin("radio0"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	runner_set_uplink(runner, "192.0.2.7");		/* nothing new */
	slow_source->hold = false;
	wait_for_outcome(1);
	assert_string_equal(slow_source->uplink, "192.0.2.7");
	runner_set_uplink(runner, "2001:db8::1");
	assert_true(slow_source_reaches(&slow_source->uplinks, 1));
	assert_string_equal(slow_source->uplink, "2001:db8::1");
}

static void server_that_moves_while_it_opens_is_told(void **state)
{
	(void)state;
	start();
	slow_source->hold = true;
	assert_int_equal(begin("radio0"), 1);
	assert_true(slow_source_reaches(&slow_source->opening, 1));
	runner_set_uplink(runner, "192.0.2.9");
	slow_source->hold = false;
	wait_for_outcome(1);
	assert_true(slow_source_reaches(&slow_source->uplinks, 1));
	assert_string_equal(slow_source->uplink, "192.0.2.9");
}

static unsigned take_packets(unsigned first)
{
	struct record r;

	for (; queue_peek(queue, &r); first++) {
		assert_int_equal(r.kind, RECORD_PACKET);
		assert_int_equal(r.packet.len, 1000);
		assert_memory_equal(r.packet.data, &first, sizeof(first));
		queue_sent(queue);
	}
	queue_release(queue, queue_mark(queue));
	return first;
}

/* 3 MB through a ring of 256 KiB and a queue of 1 MiB that is full again and again. */
static void packets_come_into_the_queue_without_loss(void **state)
{
	unsigned taken = 0;

	(void)state;
	start();
	slow_source->packets = 3000;
	open_source("radio0");
	runner_start(runner);
	for (int i = 0; taken < 3000 && i < 1000; i++) {
		for (int k = 0; k < 8; k++)
			loop_step(loop, 1000000);
		taken = take_packets(taken);
		runner_room(runner);
	}
	assert_int_equal(taken, 3000);
}

static void drops_of_each_source_are_its_own(void **state)
{
	struct source_stats stats;

	(void)state;
	start();
	for (int i = 0; i < 3; i++) {
		open_source("radio0");
		runner_start(runner);
		for (int k = 0; k < 1000; k++) {
			loop_step(loop, STEP_NS);
			runner_get_stats(runner, &stats);
			if (stats.received == 7)
				break;
		}
		assert_int_equal(stats.received, 7);
		assert_int_equal(stats.kernel_dropped, 3);
		runner_close(runner);
	}
}

static void tuning_goes_to_the_process(void **state)
{
	(void)state;
	start();
	open_source("radio0");
	assert_int_equal(runner_tune(runner)(runner_self(runner), "6", &e), 0);
	assert_int_equal(slow_source->tunes, 1);
}

/* --- in that process: a ring in place of the queue --- */

static void start_with_ring(void)
{
	ring = record_ring_new(RECORD_RING_MIN_BYTES, &e);
	assert_non_null(ring);
	fake_source_reset();
	make_runner(&fake_source_tool);
	fake.hold = false;
}

static unsigned empty_ring(void)
{
	struct record r;
	unsigned n = 0;

	for (; record_ring_peek(ring, &r) == 1; n++) {
		assert_int_equal(r.kind, RECORD_PACKET);
		assert_int_equal(r.packet.len, 100);
		record_ring_pop(ring);
	}
	return n;
}

static void packets_go_into_the_ring(void **state)
{
	(void)state;
	start_with_ring();
	fake_source.packets = 5;
	assert_int_equal(begin("radio0"), 0);
	assert_true(runner_is_open(runner));
	runner_start(runner);
	loop_step(loop, 0);
	assert_int_equal(empty_ring(), 5);
	assert_int_equal(runner_capture(runner)->refused, 0);
	assert_false(runner_lost(runner));
}

static void full_ring_makes_the_source_wait_without_loss(void **state)
{
	unsigned taken, reads;

	(void)state;
	start_with_ring();
	fake_source.packets = 1000;
	begin("radio0");
	runner_start(runner);
	for (int i = 0; i < 3; i++)
		loop_step(loop, 0);
	reads = fake_source.reads;
	assert_int_equal(reads, 1);		/* it waits for room */
	assert_in_range(fake_source.taken, 20, 200);
	taken = empty_ring();
	for (int i = 0; i < 3; i++)
		loop_step(loop, 0);
	assert_int_equal(fake_source.reads, reads);
	while (taken < 1000) {
		runner_room(runner);
		loop_step(loop, 0);
		unsigned more = empty_ring();

		assert_true(more > 0);
		taken += more;
	}
	assert_int_equal(taken, 1000);
	assert_int_equal(fake_source.taken, 1000);
}

/* Each turn of the loop reads a burst, and ends: commands must be heard meanwhile. */
static void source_with_more_leaves_the_loop_its_turn(void **state)
{
	(void)state;
	start_with_ring();
	fake_source.result = SOURCE_MORE;
	begin("radio0");
	runner_start(runner);
	for (unsigned i = 1; i < 5; i++) {
		loop_step(loop, 0);
		assert_int_equal(fake_source.reads, 64 * i);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(source_in_its_process_is_opened_in_the_background),
		TEST(refusal_is_told_once_and_the_next_try_may_succeed),
		TEST(same_definition_while_it_opens_opens_once),
		TEST(other_definition_while_it_opens_is_the_one_that_counts),
		TEST(refusal_of_an_abandoned_one_is_not_told),
		TEST(close_while_it_opens_is_the_end_of_it),
		TEST(source_may_be_closed_when_it_has_opened),
		TEST(doubtful_definition_is_warned_of_in_one_process_only),
		TEST(process_that_dies_while_it_opens_is_an_outcome),
		TEST(process_that_dies_ends_the_source),
		TEST(server_is_known_before_and_after_opening),
		TEST(server_that_moves_while_it_opens_is_told),
		TEST(packets_come_into_the_queue_without_loss),
		TEST(drops_of_each_source_are_its_own),
		TEST(tuning_goes_to_the_process),
		TEST(packets_go_into_the_ring),
		TEST(full_ring_makes_the_source_wait_without_loss),
		TEST(source_with_more_leaves_the_loop_its_turn),
	};

	log_init("test_runner_process", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
