/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source without a server: a demo source, fake time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/recorder.h"
#include "capture_common/solo.h"
#include "tests/lib/demo_source.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/log_lines.h"

#define SECOND_NS ((uint64_t)1000000000)

static struct fake_clock fake;
static struct loop *loop;
static struct recorder *recorder;
static struct runner *runner;
static struct requests *requests;
static struct solo *solo;
static struct log_lines lines;
static char path[64];
static unsigned n_over;
static struct err over_err;

static void on_over(void *user, const struct err *e)
{
	assert_ptr_equal(user, &fake);
	n_over++;
	over_err = e ? *e : (struct err){ .code = ERR_NONE };
}

static void on_records(void *user)
{
	(void)user;
}

static void on_ended(void *user, const struct err *e)
{
	(void)user;
	solo_source_ended(solo, e);
}

static void on_closed(void *user)
{
	(void)user;
	fail_msg("there is no server");
}

static void make_recorder(void)
{
	struct recorder_options options = { .path = path };
	struct recorder_config cfg = { .loop = loop, .options = &options };
	struct err e;
	int fd;

	strcpy(path, "/tmp/test_solo.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	recorder = recorder_new(&cfg, &e);
	assert_non_null(recorder);
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);
	struct err e;

	(void)state;
	memset(&demo, 0, sizeof(demo));
	fake = (struct fake_clock){ .now_ns = 1000 * SECOND_NS };
	loop = fake.loop = loop_new(&clock, &e);
	make_recorder();
	struct runner_config runner_cfg = { .loop = loop, .tool = &demo_tool,
					    .recorder = recorder, .records = on_records,
					    .ended = on_ended };

	runner = runner_new(&runner_cfg, &e);
	n_over = 0;
	log_lines_start(&lines);
	return runner ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	solo_free(solo);
	requests_free(requests);
	runner_free(runner);
	recorder_free(recorder);
	loop_free(loop);
	log_lines_stop(&lines);
	unlink(path);
	solo = NULL;
	assert_int_equal(demo.opens, demo.closes);
	return 0;
}

static void start(const char *definition, bool retry)
{
	struct requests_config requests_cfg = { .loop = loop, .tool = &demo_tool,
						.runner = runner, .definition = definition,
						.uuid = DEMO_UUID, .closed = on_closed };
	struct solo_config cfg = { .loop = loop, .runner = runner,
				   .definition = definition, .retry = retry, .over = on_over,
				   .user = &fake };
	struct err e;

	cfg.requests = requests = requests_new(&requests_cfg, &e);
	solo = solo_new(&cfg, &e);
	assert_non_null(solo);
	solo_start(solo);
}

static void pass(uint64_t ns)
{
	uint64_t until = fake.now_ns + ns;

	do
		loop_step(loop, until - fake.now_ns);
	while (fake.now_ns < until);
}

static struct hopper_state hopping(void)
{
	struct hopper_state state;

	assert_non_null(requests_hopper(requests));
	hopper_get_state(requests_hopper(requests), &state);
	return state;
}

/* The tuning thread works in real time: the loop waits for it while the clock stands still. */
static void pass_for_tuning(void)
{
	fake.hold = true;
	loop_step(loop, SECOND_NS / 1000);
	fake.hold = false;
	pass(SECOND_NS / 100);
}

static void wait_for_hops(unsigned n)
{
	struct hopper_stats stats = { .hops = 0 };

	for (int i = 0; i < 5000 && stats.hops < n; i++) {
		pass_for_tuning();
		if (requests_hopper(requests))
			hopper_get_stats(requests_hopper(requests), &stats);
	}
	assert_true(stats.hops >= n);
}

/* --- opening and recording --- */

static void source_is_opened_and_recorded(void **state)
{
	struct source_stats stats;

	(void)state;
	demo.packets_to_send = 250;
	start("demo0:name=roof,channel_hop=false", true);
	assert_int_equal(demo.opens, 0);
	pass(SECOND_NS);
	assert_int_equal(demo.opens, 1);
	assert_int_equal(demo.packets_sent, 250);
	assert_int_equal(n_over, 0);
	recorder_free(recorder);		/* waits until all is written */
	runner_capture(runner)->recorder = recorder = NULL;
	runner_get_stats(runner, &stats);
	FILE *f = fopen(path, "r");

	fseek(f, 0, SEEK_END);
	assert_true(ftell(f) > 250 * (60 + 32));
	fclose(f);
}

static void source_at_its_end_ends_the_program(void **state)
{
	(void)state;
	demo.end = true;
	start("demo0", true);
	pass(SECOND_NS);
	assert_int_equal(n_over, 1);
	assert_int_equal(over_err.code, ERR_NONE);
}

/* --- failing --- */

static void source_that_fails_is_opened_again(void **state)
{
	(void)state;
	demo.fail = true;
	start("demo0", true);
	pass(SECOND_NS);
	assert_int_equal(demo.opens, 1);
	demo.fail = false;
	pass(8 * SECOND_NS);
	assert_int_equal(demo.opens, 2);
	assert_true(runner_is_open(runner));
	pass(1000 * SECOND_NS);
	assert_int_equal(demo.opens, 2);
	assert_int_equal(n_over, 0);
	assert_int_equal(log_lines_count(&lines, "demo0: unplugged; opening it again in"), 1);
}

static void source_that_cannot_be_opened_is_tried_again_and_again(void **state)
{
	(void)state;
	demo.fail_open = true;
	start("demo0", true);
	pass(1000 * SECOND_NS);
	assert_in_range(log_lines_count(&lines, "somebody else has it; opening it"), 4, 12);
	demo.fail_open = false;
	pass(310 * SECOND_NS);
	assert_int_equal(demo.opens, 1);
	assert_int_equal(n_over, 0);
}

static void failure_is_the_end_without_retry(void **state)
{
	(void)state;
	demo.fail_open = true;
	start("demo0", false);
	assert_int_equal(n_over, 0);		/* not from within */
	pass(SECOND_NS);
	assert_int_equal(n_over, 1);
	assert_int_equal(over_err.code, ERR_BUSY);
	pass(1000 * SECOND_NS);
	assert_int_equal(n_over, 1);
}

static void source_that_fails_later_is_the_end_without_retry(void **state)
{
	(void)state;
	demo.fail = true;
	start("demo0", false);
	pass(SECOND_NS);
	assert_int_equal(n_over, 1);
	assert_string_equal(over_err.text, "demo0: unplugged");
}

/* --- tuning --- */

static void all_channels_are_hopped_over(void **state)
{
	(void)state;
	start("demo0", true);
	wait_for_hops(3);
	assert_true(hopping().hopping);
	assert_true(hopping().shuffle);
	assert_true(hopping().rate_hps == 5);
	assert_int_equal(hopping().channels->n, 5);
}

static void definition_says_which_channels_and_how_fast(void **state)
{
	(void)state;
	start("demo0:channels=\"6,1,36\",channel_hoprate=120/min", true);
	wait_for_hops(2);
	assert_true(hopping().hopping);
	assert_true(hopping().rate_hps == 2);
	assert_int_equal(hopping().channels->n, 3);
	assert_string_equal(hopping().channels->items[0], "6");
}

static void no_hopping_when_it_is_off(void **state)
{
	(void)state;
	start("demo0:channel=6,channel_hop=false", true);
	pass(10 * SECOND_NS);
	assert_false(hopping().hopping);
	assert_int_equal(demo.tunes, 0);
}

static void one_channel_is_stayed_on(void **state)
{
	(void)state;
	start("demo0:channels=11", true);
	pass_for_tuning();
	for (int i = 0; i < 5000 && strcmp(hopping().channel, "11") != 0; i++)
		pass_for_tuning();
	assert_string_equal(hopping().channel, "11");
	pass(10 * SECOND_NS);
	assert_false(hopping().hopping);
	assert_int_equal(demo.tunes, 1);
}

static void source_opened_again_hops_again(void **state)
{
	(void)state;
	start("demo0:channels=\"1,6\"", true);
	wait_for_hops(2);
	demo.fail = true;
	pass(SECOND_NS);
	demo.fail = false;
	pass(8 * SECOND_NS);
	assert_int_equal(demo.opens, 2);
	assert_true(hopping().hopping);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(source_is_opened_and_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(source_at_its_end_ends_the_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(source_that_fails_is_opened_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			source_that_cannot_be_opened_is_tried_again_and_again, setup, teardown),
		cmocka_unit_test_setup_teardown(failure_is_the_end_without_retry, setup, teardown),
		cmocka_unit_test_setup_teardown(source_that_fails_later_is_the_end_without_retry,
						setup, teardown),
		cmocka_unit_test_setup_teardown(all_channels_are_hopped_over, setup, teardown),
		cmocka_unit_test_setup_teardown(definition_says_which_channels_and_how_fast, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_hopping_when_it_is_off, setup, teardown),
		cmocka_unit_test_setup_teardown(one_channel_is_stayed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(source_opened_again_hops_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
