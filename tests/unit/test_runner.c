/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The radio session: when a source is opened, read and closed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/runner.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_source.h"

#define START_NS ((uint64_t)1000 * 1000000000)
#define MS ((uint64_t)1000000)

static struct fake_clock fake;
static struct loop *loop;
static struct queue *queue;
static struct runner *runner;
static struct err e;

/* --- what the runner tells --- */

static int n_records, n_ended;
static struct err ended_err;
static void (*when_ended)(void), (*when_records)(void);

static void on_records(void *user)
{
	assert_ptr_equal(user, &fake);
	n_records++;
	if (when_records)
		when_records();
}

static void on_ended(void *user, const struct err *err)
{
	assert_ptr_equal(user, &fake);
	n_ended++;
	ended_err = err ? *err : (struct err){ .code = ERR_NONE };
	assert_true(runner_ended(runner));
	assert_true(runner_is_open(runner));
	if (when_ended)
		when_ended();
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);
	struct runner_config cfg = { .tool = &fake_source_tool, .records = on_records,
				     .ended = on_ended, .user = &fake };

	(void)state;
	fake = (struct fake_clock){ .now_ns = START_NS };
	cfg.loop = loop = fake.loop = loop_new(&clock, &e);
	cfg.queue = queue = queue_new((size_t)1 << 20, QUEUE_WAIT, &e);
	runner = runner_new(&cfg, &e);
	fake_source_reset();
	n_records = n_ended = 0;
	when_ended = when_records = NULL;
	return loop && queue && runner ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	runner_free(runner);
	assert_int_equal(fake_source.opens, fake_source.closes);
	queue_free(queue);
	loop_free(loop);
	return 0;
}

static void open_source(const char *definition)
{
	if (runner_open(runner, text_of(definition), &e) < 0)
		fail_msg("%s", e.text);
}

static void start_source(enum source_read result)
{
	fake_source.result = result;
	open_source("radio0");
	runner_start(runner);
}

/* Until nothing is left to do now. Time stands still. */
static void step(int n)
{
	while (n-- > 0)
		loop_step(loop, 0);
}

/* --- opening --- */

static void open_source_tells_what_it_is(void **state)
{
	(void)state;
	assert_false(runner_is_open(runner));
	open_source("radio0:name=roof");
	assert_true(runner_is_open(runner));
	assert_false(runner_ended(runner));
	assert_ptr_equal(runner_self(runner), &fake_source);
	assert_string_equal(runner_info(runner)->hardware, "radio0");
	assert_ptr_equal(runner_capture(runner)->queue, queue);
	step(3);
	assert_int_equal(fake_source.reads, 0);		/* not before runner_start() */
}

static void source_that_cannot_be_opened_is_told(void **state)
{
	(void)state;
	fake_source.fail_open = true;
	assert_int_equal(runner_open(runner, text_of("radio0"), &e), -1);
	assert_string_equal(e.text, "radio0: not there");
	assert_false(runner_is_open(runner));
	assert_int_equal(runner_info(runner)->channels.n, 0);
	runner_start(runner);
	runner_close(runner);
	step(2);
	assert_int_equal(fake_source.reads, 0);
	fake_source.fail_open = false;
	open_source("radio0");
}

static void malformed_definition_is_told(void **state)
{
	(void)state;
	assert_int_equal(runner_open(runner, text_of(""), &e), -1);
	assert_non_null(strstr(e.text, "source definition"));
	assert_false(runner_means_the_same(runner, text_of("")));
	assert_int_equal(fake_source.opens, 0);
}

/* Servers send a definition back sorted and without its quotes: the radio stays as it is. */
static void definition_that_means_the_same_opens_nothing(void **state)
{
	(void)state;
	open_source("radio0:speed=5,name=\"roof\"");
	assert_true(runner_means_the_same(runner, text_of("radio0:name=roof,speed=5")));
	open_source("radio0:name=roof,SPEED=5");
	assert_int_equal(fake_source.opens, 1);
	assert_int_equal(fake_source.closes, 0);
}

static void other_definition_opens_anew(void **state)
{
	(void)state;
	start_source(SOURCE_WAIT);
	step(1);
	assert_false(runner_means_the_same(runner, text_of("radio1")));
	open_source("radio1");
	assert_int_equal(fake_source.opens, 2);
	assert_int_equal(fake_source.closes, 1);
	assert_string_equal(runner_info(runner)->hardware, "radio1");
	step(2);
	assert_int_equal(fake_source.reads, 1);		/* starts anew, too */
	runner_start(runner);
	runner_start(runner);
	step(2);
	assert_int_equal(fake_source.reads, 2);
	fake_source.fail_open = true;
	assert_int_equal(runner_open(runner, text_of("radio2"), &e), -1);
	assert_false(runner_is_open(runner));
	assert_int_equal(fake_source.closes, 2);
}

/* --- reading --- */

static void on_tick(void *user)
{
	(*(int *)user)++;
}

static void source_with_more_is_read_in_bursts_beside_others(void **state)
{
	struct loop_timer timer = { .slot = 0 };
	int ticks = 0;

	(void)state;
	start_source(SOURCE_MORE);
	fake_source.packets = 1;
	for (int turn = 1; turn <= 10; turn++) {
		loop_timer_set(loop, &timer, 0, on_tick, &ticks);
		step(1);
		assert_int_equal(ticks, turn);
		assert_int_equal(n_records, turn);
		assert_int_equal(fake_source.reads, 64 * turn);
	}
}

static void burst_ends_with_a_good_batch(void **state)
{
	(void)state;
	fake_source.packet_len = 60000;
	fake_source.packets = 1;
	start_source(SOURCE_MORE);
	step(1);
	assert_in_range(fake_source.taken, 4, 5);	/* 256 KiB */
}

static void source_is_read_when_its_time_has_come(void **state)
{
	(void)state;
	fake_source.wait.until_ns = START_NS + 50 * MS;
	start_source(SOURCE_WAIT);
	step(3);
	assert_int_equal(fake_source.reads, 1);
	fake.now_ns = START_NS + 50 * MS - 1;
	step(1);
	assert_int_equal(fake_source.reads, 1);
	fake.now_ns++;
	fake_source.wait.until_ns = UINT64_MAX;
	step(3);
	assert_int_equal(fake_source.reads, 2);
	loop_run(loop);
	assert_true(fake.stuck);		/* for ever */
}

/* Such a source is a fault of its tool; everything else must go on. */
static void time_in_the_past_stops_nobody(void **state)
{
	struct loop_timer timer = { .slot = 0 };
	int ticks = 0;

	(void)state;
	fake_source.wait.until_ns = 1;
	start_source(SOURCE_WAIT);
	step(1);
	for (int i = 1; i <= 5; i++) {
		loop_timer_set(loop, &timer, 0, on_tick, &ticks);
		step(2);
		assert_int_equal(ticks, i);
	}
}

static int fds[2];

static void drain(struct fake_source *s)
{
	char byte;

	assert_int_equal(read(s->wait.fd, &byte, 1), 1);
}

static void close_pipe(void)
{
	close(fds[0]);
	close(fds[1]);
}

static void source_is_read_when_its_descriptor_is_readable(void **state)
{
	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_source.wait.fd = fds[0];
	start_source(SOURCE_WAIT);
	step(5);
	assert_int_equal(fake_source.reads, 1);
	fake_source.on_read = drain;
	for (unsigned i = 2; i < 10; i++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		step(3);
		assert_int_equal(fake_source.reads, i);
		assert_int_equal(n_records, (int)i);
	}
	runner_close(runner);
	close_pipe();
}

static void descriptor_and_time_wake_whichever_is_first(void **state)
{
	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_source.wait = (struct source_wait){ .fd = fds[0],
						  .until_ns = START_NS + 50 * MS };
	start_source(SOURCE_WAIT);
	step(1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	fake_source.on_read = drain;
	fake_source.wait.until_ns = START_NS + 80 * MS;
	step(2);
	assert_int_equal(fake_source.reads, 2);
	fake_source.on_read = NULL;
	fake.now_ns = START_NS + 79 * MS;	/* the first time counts no more */
	step(2);
	assert_int_equal(fake_source.reads, 2);
	fake.now_ns = START_NS + 80 * MS;
	fake_source.wait.until_ns = UINT64_MAX;
	step(2);
	assert_int_equal(fake_source.reads, 3);
	runner_close(runner);
	close_pipe();
}

/* A child was started anew: its pipe got the number that the old one had. */
static void replace_pipe(struct fake_source *s)
{
	int anew[2];

	s->on_read = drain;
	assert_int_equal(pipe(anew), 0);
	close_pipe();
	assert_int_equal(dup2(anew[0], fds[0]), fds[0]);
	close(anew[0]);
	fds[1] = anew[1];
}

static void new_descriptor_with_the_old_number_wakes_as_well(void **state)
{
	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_source.wait.fd = fds[0];
	start_source(SOURCE_WAIT);
	step(1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	fake_source.on_read = replace_pipe;
	step(2);
	assert_int_equal(fake_source.reads, 2);
	assert_int_equal(write(fds[1], "x", 1), 1);
	step(2);
	assert_int_equal(fake_source.reads, 3);
	runner_close(runner);
	close_pipe();
}

static void close_own_end(struct fake_source *s)
{
	s->on_read = NULL;
	close(fds[0]);
}

static void on_other(void *user, unsigned events)
{
	(void)events;
	(*(int *)user)++;
}

/* The source closes its descriptor while it has more anyway; a connection gets the number. */
static void number_that_went_to_somebody_else_is_left_alone(void **state)
{
	struct loop_watch other = LOOP_WATCH_INIT;
	int calls = 0, anew[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_source.wait.fd = fds[0];
	start_source(SOURCE_WAIT);
	step(1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	fake_source.on_read = close_own_end;
	fake_source.result = SOURCE_MORE;
	step(1);
	assert_int_equal(pipe(anew), 0);
	assert_int_equal(anew[0], fds[0]);
	assert_int_equal(loop_watch(loop, &other, anew[0], LOOP_READ, on_other, &calls, &e), 0);
	fake_source.result = SOURCE_WAIT;
	fake_source.wait.fd = -1;
	step(2);
	assert_int_equal(write(anew[1], "x", 1), 1);
	step(1);
	assert_int_equal(calls, 1);
	loop_unwatch(loop, &other);
	close(anew[0]);
	close(anew[1]);
	close(fds[1]);
}

static void descriptor_that_cannot_be_watched_ends_the_source(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	fake_source.wait.fd = fileno(file);
	start_source(SOURCE_WAIT);
	step(3);
	assert_int_equal(n_ended, 1);
	assert_non_null(strstr(ended_err.text, "watching descriptor"));
	fclose(file);
}

/* --- a full queue --- */

static void release(unsigned records)
{
	while (records-- > 0)
		queue_sent(queue);
	queue_release(queue, queue_mark(queue));
}

static void full_queue_makes_a_source_wait_without_loss(void **state)
{
	struct queue_stats stats;
	unsigned taken, reads;

	(void)state;
	fake_source.packet_len = 50000;
	fake_source.packets = 30;
	start_source(SOURCE_MORE);
	step(3);
	taken = fake_source.taken;
	reads = fake_source.reads;
	assert_int_equal(taken, 20);			/* 1 MiB */
	step(3);
	runner_room(runner);				/* there is none */
	step(3);
	assert_int_equal(fake_source.reads, reads);
	release(2);
	runner_room(runner);				/* not worth a burst */
	step(3);
	assert_int_equal(fake_source.reads, reads);
	release(10);
	fake_source.result = SOURCE_WAIT;
	runner_room(runner);
	step(3);
	assert_int_equal(fake_source.taken, 30);	/* all that it had */
	queue_get_stats(queue, &stats);
	assert_int_equal(stats.pushed, 30);
}

/* The descriptor stays readable all the time. */
static void full_queue_causes_no_busy_loop(void **state)
{
	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_source.wait.fd = fds[0];
	start_source(SOURCE_WAIT);
	step(1);
	assert_int_equal(write(fds[1], "x", 1), 1);
	fake_source.packet_len = 50000;
	fake_source.packets = 30;
	step(1);
	assert_int_equal(fake_source.reads, 2);
	loop_run(loop);
	assert_true(fake.stuck);
	assert_int_equal(fake_source.reads, 2);
	runner_close(runner);
	close_pipe();
}

static void room_means_nothing_to_a_source_that_waits(void **state)
{
	(void)state;
	runner_room(runner);
	start_source(SOURCE_WAIT);
	step(1);
	runner_room(runner);
	step(2);
	assert_int_equal(fake_source.reads, 1);
}

/* --- the end --- */

static void end_is_told_once_and_the_source_stays_open(void **state)
{
	(void)state;
	fake_source.packets = 3;
	start_source(SOURCE_END);
	step(3);
	assert_int_equal(n_ended, 1);
	assert_int_equal(ended_err.code, ERR_NONE);
	assert_int_equal(fake_source.reads, 1);
	assert_int_equal(fake_source.taken, 3);
	assert_int_equal(n_records, 1);
	runner_start(runner);
	runner_room(runner);
	loop_run(loop);
	assert_true(fake.stuck);
	assert_int_equal(fake_source.reads, 1);
	assert_int_equal(fake_source.closes, 0);
}

/* A driver that fails is not asked again and again. */
static void failure_is_told_once_with_its_reason(void **state)
{
	(void)state;
	err_set(&fake_source.err, ERR_SYSTEM, "the interface went down");
	start_source(SOURCE_FAILED);
	step(5);
	assert_int_equal(n_ended, 1);
	assert_string_equal(ended_err.text, "the interface went down");
	assert_int_equal(fake_source.reads, 1);
}

static void closed_source_has_not_ended(void **state)
{
	(void)state;
	start_source(SOURCE_END);
	step(1);
	runner_close(runner);
	assert_false(runner_ended(runner));
	assert_false(runner_is_open(runner));
	runner_close(runner);
	assert_int_equal(fake_source.closes, 1);
	start_source(SOURCE_WAIT);
	step(1);
	assert_int_equal(fake_source.reads, 2);
}

static void counts_of_a_closed_source_stay(void **state)
{
	struct source_stats stats;

	(void)state;
	start_source(SOURCE_END);
	step(3);
	runner_close(runner);
	runner_get_stats(runner, &stats);
	assert_true(stats.filtered > 0);
	open_source("radio1");
	fake_source.reads = 0;
	runner_get_stats(runner, &stats);
	assert_int_equal(stats.filtered, 0);
}

static void close_it(void)
{
	runner_close(runner);
}

static void open_another(void)
{
	when_ended = NULL;
	fake_source.result = SOURCE_WAIT;
	open_source("radio1");
	runner_start(runner);
}

static void source_may_be_closed_when_it_ends(void **state)
{
	(void)state;
	when_ended = close_it;
	start_source(SOURCE_FAILED);
	step(3);
	assert_int_equal(fake_source.closes, 1);
	when_ended = open_another;
	start_source(SOURCE_END);
	step(3);
	assert_int_equal(fake_source.opens, 3);
	assert_int_equal(fake_source.reads, 3);
	assert_false(runner_ended(runner));
}

static void source_may_be_closed_when_records_came(void **state)
{
	static const enum source_read results[] = { SOURCE_MORE, SOURCE_WAIT, SOURCE_FULL,
						    SOURCE_END };

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	when_records = close_it;
	for (unsigned i = 0; i < 4; i++) {
		fake_source.wait = (struct source_wait){ .fd = fds[0],
							  .until_ns = START_NS };
		start_source(results[i]);
		step(5);
		assert_int_equal(fake_source.closes, i + 1);
		assert_int_equal(n_records, (int)i + 1);
	}
	close_pipe();
}

/* --- warnings --- */

/* What is written to standard error meanwhile. */
static char *warnings_for(const char *definition, char *buf, size_t size)
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	struct srcdef def = { 0 };

	assert_non_null(file);
	assert_true(before >= 0);
	dup2(fileno(file), STDERR_FILENO);
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	runner_check_definition(&fake_source_tool, &def);
	srcdef_free(&def);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	buf[fread(buf, 1, size - 1, file)] = '\0';
	fclose(file);
	return buf;
}

static void doubtful_definitions_are_warned_of(void **state)
{
	char buf[2000];

	(void)state;
	log_set_level(LOG_LEVEL_WARN);
	assert_string_equal(warnings_for("radio0:speed=5,name=x,file=a,file=b", buf, 2000), "");
	assert_non_null(strstr(warnings_for("radio0:sped=5", buf, 2000), "sped="));
	assert_non_null(strstr(warnings_for("radio0:speed=5,Speed=6", buf, 2000), "given twice"));
	assert_non_null(strstr(warnings_for("radio0:name=\"x", buf, 2000), "source definition"));
	log_set_level(LOG_LEVEL_ERROR);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_source_tells_what_it_is),
		TEST(source_that_cannot_be_opened_is_told),
		TEST(malformed_definition_is_told),
		TEST(definition_that_means_the_same_opens_nothing),
		TEST(other_definition_opens_anew),
		TEST(source_with_more_is_read_in_bursts_beside_others),
		TEST(burst_ends_with_a_good_batch),
		TEST(source_is_read_when_its_time_has_come),
		TEST(time_in_the_past_stops_nobody),
		TEST(source_is_read_when_its_descriptor_is_readable),
		TEST(descriptor_and_time_wake_whichever_is_first),
		TEST(new_descriptor_with_the_old_number_wakes_as_well),
		TEST(number_that_went_to_somebody_else_is_left_alone),
		TEST(descriptor_that_cannot_be_watched_ends_the_source),
		TEST(full_queue_makes_a_source_wait_without_loss),
		TEST(full_queue_causes_no_busy_loop),
		TEST(room_means_nothing_to_a_source_that_waits),
		TEST(end_is_told_once_and_the_source_stays_open),
		TEST(failure_is_told_once_with_its_reason),
		TEST(closed_source_has_not_ended),
		TEST(counts_of_a_closed_source_stay),
		TEST(source_may_be_closed_when_it_ends),
		TEST(source_may_be_closed_when_records_came),
		TEST(doubtful_definitions_are_warned_of),
	};

	log_init("test_runner", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
