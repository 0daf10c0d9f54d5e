/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hopping and fixed channels, with a radio and a clock under the test's control. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "capture_common/hopper.c"	/* to see whether the tuner is busy */
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_radio.h"

#define START_NS ((uint64_t)1000 * 1000000000)
#define MS ((uint64_t)1000000)

static struct fake_clock fake;
static struct fake_radio radio;
static struct loop *loop;
static struct hopper *hopper;
static struct err e;

/* --- what the hopper tells --- */

struct answer {
	uint32_t request;
	bool overtaken, failed;
	char text[200];
};

static struct answer answers[16];
static int n_answers, n_pruned, n_none_left;
static char pruned_text[400];

static struct answer *add_answer(uint32_t request, const char *text)
{
	struct answer *a = &answers[n_answers++];

	assert_true(n_answers <= 16);
	*a = (struct answer){ .request = request };
	snprintf(a->text, sizeof(a->text), "%.190s", text);
	return a;
}

static void on_fixed(void *user, uint32_t request, const struct err *err)
{
	assert_ptr_equal(user, &radio);
	add_answer(request, err ? err->text : "")->failed = err != NULL;
}

static void on_overtaken(void *user, uint32_t request, const char *text)
{
	assert_ptr_equal(user, &radio);
	add_answer(request, text)->overtaken = true;
}

static void on_pruned(void *user, const char *text, bool none_left)
{
	assert_ptr_equal(user, &radio);
	n_pruned++;
	n_none_left += none_left;
	snprintf(pruned_text, sizeof(pruned_text), "%s", text);
}

static int n_behind;
static char behind_text[160];

static void on_behind(void *user, const char *text)
{
	assert_ptr_equal(user, &radio);
	n_behind++;
	snprintf(behind_text, sizeof(behind_text), "%s", text);
}

/* --- life --- */

static void make_hopper(uint32_t skip, unsigned min_dwell_ms)
{
	struct hopper_config cfg = {
		.loop = loop,
		.tune = fake_radio_tune,
		.self = &radio,
		.skip = skip,
		.min_dwell_ms = min_dwell_ms,
		.fixed = on_fixed,
		.overtaken = on_overtaken,
		.pruned = on_pruned,
		.behind = on_behind,
		.user = &radio,
	};

	hopper_free(hopper);
	hopper = hopper_new(&cfg, &e);
	assert_non_null(hopper);
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fake = (struct fake_clock){ .now_ns = START_NS, .hold = true };
	loop = fake.loop = loop_new(&clock, &e);
	if (!loop)
		return -1;
	fake_radio_init(&radio);
	n_answers = n_pruned = n_none_left = n_behind = 0;
	make_hopper(0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_radio_hold(&radio, false);
	hopper_free(hopper);
	hopper = NULL;
	loop_free(loop);
	fake_radio_end(&radio);
	return 0;
}

/* --- requests --- */

static int hop_over(const char *channels, struct msg_hop hop)
{
	struct text items[32];
	size_t n = 0;

	while (*channels) {
		size_t len = strcspn(channels, ",");

		items[n++] = (struct text){ channels, len };
		channels += len + (channels[len] == ',');
	}
	hop.channels = (struct text_list){ items, n };
	return hopper_hop(hopper, &hop, &e);
}

static void hop(const char *channels, double rate_hps)
{
	struct msg_hop at = { .has_rate = true, .rate_hps = rate_hps };

	assert_int_equal(hop_over(channels, at), 0);
}

static void fix(const char *channel, uint32_t request)
{
	hopper_fix(hopper, text_of(channel), request);
}

/* --- time --- */

/* Until the radio has done what it was asked for; no time passes. */
static void settle(void)
{
	loop_step(loop, 0);
	while (tuner_busy(hopper->tuner))
		loop_step(loop, LOOP_NEVER);
}

/* Time passes while the radio may be at work. */
static void pass(uint64_t ns)
{
	fake.now_ns += ns;
	loop_step(loop, 0);
}

static struct hopper_stats stats(void)
{
	struct hopper_stats s;

	hopper_get_stats(hopper, &s);
	return s;
}

static struct hopper_state state_now(void)
{
	struct hopper_state s;

	hopper_get_state(hopper, &s);
	return s;
}

/* Hops n times and checks the channels. */
static void expect_hops(const char *const *channels, int n, uint64_t dwell_ns)
{
	int first = fake_radio_started(&radio);

	for (int i = 0; i < n; i++) {
		settle();
		assert_int_equal(fake_radio_started(&radio), first + i + 1);
		assert_string_equal(radio.channels[first + i], channels[i]);
		fake.now_ns += dwell_ns;
	}
}

/* --- hopping --- */

static void list_is_visited_in_order_over_and_over(void **state)
{
	static const char *const channels[] = { "1", "6", "11", "1", "6", "11", "1" };

	(void)state;
	hop("1,6,11", 5);
	expect_hops(channels, 7, 200 * MS);
	assert_int_equal(stats().hops, 7);
	assert_int_equal(stats().late, 0);
	assert_true(state_now().hopping);
	assert_string_equal(state_now().channel, "");
	assert_int_equal(state_now().channels->n, 3);
}

static void offset_is_where_it_begins(void **state)
{
	static const char *const channels[] = { "11", "1", "6", "11" };
	struct msg_hop at = { .has_rate = true, .rate_hps = 1, .has_offset = true, .offset = 5 };

	(void)state;
	assert_int_equal(hop_over("1,6,11", at), 0);
	assert_int_equal(state_now().offset, 5);
	expect_hops(channels, 4, 1000 * MS);
}

static void shuffle_uses_the_tool_s_step_unless_told(void **state)
{
	static const char *const by_2[] = { "1", "3", "5", "2", "4", "1" };
	static const char *const by_3[] = { "1", "4", "2", "5", "3", "1" };
	struct msg_hop at = { .has_rate = true, .rate_hps = 1, .has_shuffle = true,
			      .shuffle = true };

	(void)state;
	make_hopper(2, 0);
	assert_int_equal(hop_over("1,2,3,4,5", at), 0);
	assert_int_equal(state_now().skip, 2);
	expect_hops(by_2, 6, 1000 * MS);
	at.has_skip = true;
	at.skip = 3;
	assert_int_equal(hop_over("1,2,3,4,5", at), 0);
	assert_int_equal(state_now().skip, 3);
	expect_hops(by_3, 6, 1000 * MS);
}

/* The driver takes 30 ms each time, and the loop comes up to 8 ms late: after 200 hops there is
 * not a nanosecond of drift. */
static void slow_driver_moves_no_deadline(void **state)
{
	(void)state;
	hop("1,6,11", 10);
	for (int i = 0; i < 200; i++) {
		fake_radio_hold(&radio, true);
		loop_step(loop, 0);
		fake_radio_wait_started(&radio, i + 1);
		assert_int_equal(stats().hops, i);
		pass(30 * MS);
		fake_radio_hold(&radio, false);
		settle();
		fake.now_ns = START_NS + (uint64_t)(i + 1) * 100 * MS - 1;
		loop_step(loop, 0);
		assert_int_equal(stats().hops, i + 1);
		fake.now_ns += 1 + (uint64_t)(i % 5) * 2 * MS;
	}
	assert_int_equal(stats().late, 0);
}

/* A driver that needs 250 ms at 10 hops a second: two of three turns are passed over. */
static void late_driver_is_counted_not_waited_for(void **state)
{
	static const char *const channels[] = { "1", "6", "11", "1" };

	(void)state;
	hop("1,6,11", 10);
	for (int i = 0; i < 4; i++) {
		fake_radio_hold(&radio, true);
		loop_step(loop, 0);		/* asks */
		fake_radio_wait_started(&radio, i + 1);
		assert_string_equal(radio.channels[i], channels[i]);
		pass(100 * MS);
		pass(100 * MS);
		pass(50 * MS);
		fake_radio_hold(&radio, false);
		settle();
		assert_int_equal(stats().late, 2 * (i + 1));
		fake.now_ns += 50 * MS;
	}
	assert_int_equal(stats().hops, 4);
}

/* The driver takes so many turns of 100 ms for each change. */
static void hop_slowly(unsigned changes, unsigned turns)
{
	uint64_t hops = stats().hops;

	for (unsigned i = 0; i < changes; i++) {
		fake_radio_hold(&radio, true);
		loop_step(loop, 0);		/* asks */
		fake_radio_wait_started(&radio, ++hops);
		for (unsigned t = 1; t < turns; t++)
			pass(100 * MS);
		pass(50 * MS);
		fake_radio_hold(&radio, false);
		settle();
		fake.now_ns += 50 * MS;
	}
}

static void rate_that_is_kept_is_told(void **state)
{
	(void)state;
	hop("1,6,11", 10);
	hop_slowly(60, 1);
	assert_int_equal(n_behind, 0);
	hop_slowly(60, 2);
	assert_true(n_behind > 0);
	hop_slowly(60, 2);		/* the window with both kinds has passed */
	int told = n_behind;

	assert_non_null(strstr(behind_text, "of 10 hops a second, 5 are kept"));
	assert_true(state_now().rate_hps > 4.9 && state_now().rate_hps < 5.1);
	hop_slowly(100, 2);
	assert_int_equal(n_behind, told);
	hop("1,6,11", 10);		/* asked anew, judged anew */
	assert_true(state_now().rate_hps > 9.9);
}

/* A laptop that slept: one hop, not a thousand, and then the usual pace. */
static void long_pause_is_not_made_up_for(void **state)
{
	(void)state;
	hop("1,6,11", 10);
	settle();
	fake.now_ns += 100 * 1000 * MS;
	settle();
	assert_int_equal(stats().hops, 2);
	settle();
	pass(100 * MS - 1);
	assert_int_equal(stats().hops, 2);
	pass(1);
	settle();
	assert_int_equal(stats().hops, 3);
}

static void rate_0_hops_nowhere(void **state)
{
	(void)state;
	hop("1,6,11", 0);
	fake.hold = false;
	loop_run(loop);
	assert_true(fake.stuck);
	assert_int_equal(stats().hops, 0);
	assert_true(state_now().hopping);
	assert_int_equal(state_now().channels->n, 3);
	assert_true(state_now().rate_hps == 0);
}

static void reported_rate_is_the_one_in_use(void **state)
{
	(void)state;
	hop("1,6,11", 0.5);
	assert_true(state_now().rate_hps == 0.5);
	hop("1,6,11", 3);
	assert_true(state_now().rate_hps == 3);
	hop("1,6,11", 1e6);
	assert_true(state_now().rate_hps == 100);	/* 10 ms each at least */
	make_hopper(0, 50);
	hop("1,6,11", 100);
	assert_true(state_now().rate_hps == 20);
	hop("1,6,11", -5);
	assert_true(state_now().rate_hps == 0);
}

static void absent_fields_keep_their_values(void **state)
{
	struct msg_hop all = { true, true, true, true, 7, true, 3, 2, { NULL, 0 } };
	struct msg_hop none = { .rate_hps = 99 };

	(void)state;
	assert_int_equal(hop_over("1,2,3,4,5", all), 0);
	assert_int_equal(hop_over("5,4,3,2,1", none), 0);
	assert_true(state_now().rate_hps == 7);
	assert_true(state_now().shuffle);
	assert_int_equal(state_now().skip, 3);
	assert_int_equal(state_now().offset, 2);
	assert_string_equal(state_now().channels->items[0], "5");
}

static void request_without_a_list_changes_nothing(void **state)
{
	static const char *const channels[] = { "1", "6", "11" };

	(void)state;
	assert_int_equal(hop_over("", (struct msg_hop){ .rate_hps = 1 }), -1);
	assert_non_null(strstr(e.text, "without a list"));
	hop("1,6,11", 10);
	assert_int_equal(hop_over("", (struct msg_hop){ .has_rate = true, .rate_hps = 1 }), -1);
	expect_hops(channels, 3, 100 * MS);
}

/* --- refused channels --- */

static void refused_channel_leaves_after_three_refusals(void **state)
{
	static const char *const with[] = { "1", "13", "6", "1", "13", "6", "1", "13" };
	static const char *const without[] = { "6", "1", "6", "1", "6" };

	(void)state;
	fake_radio_refuse(&radio, "13");
	hop("1,13,6", 10);
	expect_hops(with, 8, 100 * MS);
	assert_int_equal(n_pruned, 1);
	assert_int_equal(n_none_left, 0);
	assert_non_null(strstr(pruned_text, "channel 13 was refused 3 times"));
	assert_non_null(strstr(pruned_text, "no channel 13 here"));
	expect_hops(without, 5, 100 * MS);
	assert_int_equal(n_pruned, 1);
	assert_int_equal(stats().refused, 3);
	assert_int_equal(stats().hops, 13 - 3);		/* those are not hops */
	assert_int_equal(state_now().channels->n, 2);
	assert_true(state_now().hopping);
}

static void refusals_now_and_then_do_not_count_together(void **state)
{
	(void)state;
	hop("1,6", 10);
	for (int round = 0; round < 20; round++) {
		fake_radio_refuse(&radio, round % 3 < 2 ? "6" : NULL);
		for (int i = 0; i < 2; i++) {
			settle();
			fake.now_ns += 100 * MS;
		}
	}
	assert_int_equal(n_pruned, 0);
	assert_int_equal(state_now().channels->n, 2);
}

static void refusals_of_a_channel_that_left_blame_no_other(void **state)
{
	(void)state;
	fake_radio_refuse(&radio, "13");
	hop("13,6,1", 10);
	for (int i = 0; i < 7; i++) {
		settle();
		fake.now_ns += 100 * MS;
	}
	assert_int_equal(n_pruned, 1);
	fake_radio_refuse(&radio, "6");
	for (int i = 0; i < 4; i++) {
		settle();
		fake.now_ns += 100 * MS;
	}
	assert_int_equal(stats().refused, 3 + 2);
	assert_int_equal(n_pruned, 1);
}

static void hopping_ends_when_all_channels_are_refused(void **state)
{
	int tunes;

	(void)state;
	fake_radio_refuse_all(&radio, true);
	hop("1,6,11", 10);
	for (int i = 0; i < 20; i++) {
		settle();
		fake.now_ns += 100 * MS;
	}
	assert_int_equal(n_pruned, 3);
	assert_int_equal(n_none_left, 1);
	assert_false(state_now().hopping);
	tunes = fake_radio_started(&radio);
	assert_int_equal(tunes, 9);
	fake_radio_refuse_all(&radio, false);
	hop("1,6", 10);			/* asked anew, it begins anew */
	settle();
	assert_int_equal(fake_radio_started(&radio), tunes + 1);
}

/* --- fixed channels --- */

static void expect_answer(int i, uint32_t request, const char *what)
{
	assert_true(i < n_answers);
	assert_int_equal(answers[i].request, request);
	assert_int_equal(answers[i].overtaken, strcmp(what, "overtaken") == 0);
	assert_int_equal(answers[i].failed, strcmp(what, "failed") == 0);
}

static void fixed_channel_is_set_and_answered_once(void **state)
{
	(void)state;
	hop("1,6,11", 10);
	settle();
	fix("11HT40", 77);
	assert_int_equal(n_answers, 0);		/* not from within the call */
	settle();
	pass(1000 * MS);
	assert_int_equal(n_answers, 1);
	expect_answer(0, 77, "");
	assert_false(state_now().hopping);
	assert_string_equal(state_now().channel, "11HT40");
	assert_string_equal(radio.channels[1], "11HT40");
	assert_int_equal(fake_radio_started(&radio), 2);	/* and no hop any more */
	hop("1,6,11", 0);
	assert_string_equal(state_now().channel, "");
}

static void refused_channel_is_answered_with_the_reason(void **state)
{
	(void)state;
	hopper_set_current(hopper, "3");
	fake_radio_refuse(&radio, "14");
	fix("14", 5);
	settle();
	expect_answer(0, 5, "failed");
	assert_string_equal(answers[0].text, "no channel 14 here");
	assert_string_equal(state_now().channel, "3");
	assert_int_equal(n_answers, 1);
}

/* The hop's own answer is not taken for it. */
static void fixed_channel_waits_for_a_hop_under_way(void **state)
{
	(void)state;
	fake_radio_hold(&radio, true);
	fake_radio_refuse(&radio, "1");
	hop("1,6", 10);
	loop_step(loop, 0);
	fake_radio_wait_started(&radio, 1);
	fix("9", 3);
	loop_step(loop, 0);
	assert_int_equal(n_answers, 0);
	fake_radio_hold(&radio, false);
	settle();
	settle();
	assert_int_equal(n_answers, 1);
	expect_answer(0, 3, "");
	assert_string_equal(state_now().channel, "9");
	assert_int_equal(n_pruned, 0);
}

static void newer_channel_overtakes_an_older_one(void **state)
{
	(void)state;
	fake_radio_hold(&radio, true);
	fix("1", 11);
	fake_radio_wait_started(&radio, 1);
	fix("2", 12);			/* waits for the radio */
	fix("3", 13);			/* so does this */
	assert_int_equal(n_answers, 2);
	expect_answer(0, 11, "overtaken");
	assert_non_null(strstr(answers[0].text, "channel 1"));
	expect_answer(1, 12, "overtaken");
	fake_radio_hold(&radio, false);
	settle();
	settle();
	assert_int_equal(n_answers, 3);
	expect_answer(2, 13, "");
	assert_string_equal(state_now().channel, "3");
	assert_int_equal(fake_radio_started(&radio), 2);	/* 2 was never tuned to */
}

static void hop_list_overtakes_a_channel(void **state)
{
	static const char *const channels[] = { "6", "11" };

	(void)state;
	fake_radio_hold(&radio, true);
	fix("1", 11);
	fake_radio_wait_started(&radio, 1);
	hop("6,11", 10);
	assert_int_equal(n_answers, 1);
	expect_answer(0, 11, "overtaken");
	loop_step(loop, 0);		/* too early: the radio is still busy */
	assert_int_equal(stats().late, 1);
	fake_radio_hold(&radio, false);
	settle();
	fake.now_ns += 100 * MS;
	expect_hops(channels, 2, 100 * MS);
	assert_int_equal(n_answers, 1);
	assert_string_equal(state_now().channel, "");
}

/* A late refusal of the old list says nothing about the new one. */
static void new_list_is_not_blamed_for_the_old_one(void **state)
{
	(void)state;
	fake_radio_refuse(&radio, "13");
	for (int i = 0; i < 10; i++) {
		fake_radio_hold(&radio, true);
		hop("13,1,2", 10);
		loop_step(loop, 0);
		fake_radio_wait_started(&radio, i + 1);
		hop("6", 0);
		fake_radio_hold(&radio, false);
		settle();
	}
	assert_int_equal(n_pruned, 0);
	assert_int_equal(stats().refused, 0);
	assert_int_equal(state_now().channels->n, 1);
}

/* The session that asked is gone: the radio does it all the same, and nobody is told. */
static void forgotten_request_is_carried_out_in_silence(void **state)
{
	(void)state;
	fake_radio_hold(&radio, true);
	fix("1", 11);
	fake_radio_wait_started(&radio, 1);
	hopper_forget_request(hopper);
	fake_radio_hold(&radio, false);
	settle();
	assert_string_equal(state_now().channel, "1");
	fake_radio_hold(&radio, true);
	hop("6,11", 10);
	loop_step(loop, 0);
	fix("2", 12);			/* waits */
	hopper_forget_request(hopper);
	fake_radio_hold(&radio, false);
	settle();
	settle();
	assert_string_equal(state_now().channel, "2");
	assert_int_equal(n_answers, 0);
	fix("3", 13);
	settle();
	expect_answer(0, 13, "");
}

/* --- beside everything else --- */

struct packets {
	struct loop_watch watch;
	int fds[2];
	int got;
};

static void on_packet(void *user, unsigned events)
{
	struct packets *p = user;
	char byte;

	(void)events;
	p->got += read(p->fds[0], &byte, 1) == 1;
}

static void packets_flow_while_the_driver_takes_900_ms(void **state)
{
	struct packets p = { .watch = LOOP_WATCH_INIT };

	(void)state;
	assert_int_equal(pipe(p.fds), 0);
	assert_int_equal(loop_watch(loop, &p.watch, p.fds[0], LOOP_READ, on_packet, &p, &e), 0);
	hop("1,6", 5);
	fake_radio_hold(&radio, true);
	loop_step(loop, 0);
	fake_radio_wait_started(&radio, 1);
	for (int i = 1; i <= 90; i++) {
		assert_int_equal(write(p.fds[1], "x", 1), 1);
		pass(10 * MS);
		assert_int_equal(p.got, i);
	}
	assert_int_equal(stats().late, 4);
	fake_radio_hold(&radio, false);
	settle();
	loop_unwatch(loop, &p.watch);
	close(p.fds[0]);
	close(p.fds[1]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_is_visited_in_order_over_and_over),
		TEST(offset_is_where_it_begins),
		TEST(shuffle_uses_the_tool_s_step_unless_told),
		TEST(slow_driver_moves_no_deadline),
		TEST(late_driver_is_counted_not_waited_for),
		TEST(rate_that_is_kept_is_told),
		TEST(long_pause_is_not_made_up_for),
		TEST(rate_0_hops_nowhere),
		TEST(reported_rate_is_the_one_in_use),
		TEST(absent_fields_keep_their_values),
		TEST(request_without_a_list_changes_nothing),
		TEST(refused_channel_leaves_after_three_refusals),
		TEST(refusals_now_and_then_do_not_count_together),
		TEST(refusals_of_a_channel_that_left_blame_no_other),
		TEST(hopping_ends_when_all_channels_are_refused),
		TEST(fixed_channel_is_set_and_answered_once),
		TEST(refused_channel_is_answered_with_the_reason),
		TEST(fixed_channel_waits_for_a_hop_under_way),
		TEST(newer_channel_overtakes_an_older_one),
		TEST(hop_list_overtakes_a_channel),
		TEST(new_list_is_not_blamed_for_the_old_one),
		TEST(forgotten_request_is_carried_out_in_silence),
		TEST(packets_flow_while_the_driver_takes_900_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
