/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an opened source is told to tune to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_common/configure_plan.h"

static struct configure_plan plan;
static char text[40000];

/* The plan's channels joined by commas. */
static const char *channels(const char *definition, const char *reported)
{
	struct strlist l = STRLIST_INIT;
	struct text items[3000];
	struct srcdef def;
	size_t len = 0;

	configure_plan_free(&plan);
	assert_int_equal(strlist_add_split(&l, text_of(reported)), 0);
	for (size_t i = 0; i < l.n; i++)
		items[i] = text_of(l.items[i]);
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	assert_int_equal(configure_plan_make(&plan, &def, (struct text_list){ items, l.n }, 5), 0);
	srcdef_free(&def);
	strlist_free(&l);
	text[0] = '\0';
	for (size_t i = 0; i < plan.channels.n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
					plan.channels.items[i]);
	return text;
}

static int teardown(void **state)
{
	(void)state;
	configure_plan_free(&plan);
	return 0;
}

/* --- the hop list: docs/protocol.md 6.5 --- */

static void reported_channels_are_the_list(void **state)
{
	(void)state;
	assert_string_equal(channels("wlan0", "1,6,11HT40-"), "1,6,11HT40-");
	assert_true(configure_plan_hops(&plan));
}

static void channels_of_the_definition_replace_it(void **state)
{
	(void)state;
	assert_string_equal(channels("wlan0:channels=\"11,1,11,40\"", "1,6,11"), "11,1,11,40");
	assert_string_equal(channels("wlan0:channels=\"11,1\",block_channels=11,add_channels=9",
				     "1,6,11"), "11,1");
	/* As a server sends it back. */
	assert_string_equal(channels("wlan0:channels=11,1,name=x", "1,6,11"), "11,1");
}

static void channels_are_blocked_and_added(void **state)
{
	(void)state;
	assert_string_equal(channels("wlan0:block_channels=\"6,X\"", "1,6,11"), "1,11");
	assert_string_equal(channels("wlan0:block_channels=6ht40", "1,6HT40,11"), "1,11");
	assert_string_equal(channels("wlan0:add_channels=\"36,1,40\"", "1,6,11"), "1,6,11,36,40");
	assert_string_equal(channels("wlan0:add_channels=6,block_channels=6", "1,6,11"), "1,11,6");
	assert_string_equal(channels("wlan0:channel=9", "1,6"), "1,6,9");
	assert_string_equal(channels("wlan0:channel=6", "1,6"), "1,6");
	assert_string_equal(channels("wlan0:channel=6,block_channels=6", "1,6"), "1");
}

static void source_without_channels_is_left_alone(void **state)
{
	(void)state;
	assert_string_equal(channels("x.pcap", ""), "");
	assert_string_equal(channels("x.pcap:channels=\"1,6\"", ""), "");
	assert_string_equal(channels("wlan0:block_channels=\"1,6\"", "1,6"), "");
	assert_false(configure_plan_hops(&plan));
}

static void channel_hop_false_is_obeyed(void **state)
{
	(void)state;
	assert_string_equal(channels("wlan0:channel_hop=false,channel=6", "1,6"), "");
	assert_string_equal(channels("wlan0:channel_hop=F", "1,6"), "");
	assert_string_equal(channels("wlan0:channel_hop=true", "1,6"), "1,6");
	assert_string_equal(plan.problem, "");
	assert_string_equal(channels("wlan0:channel_hop=perhaps", "1,6"), "1,6");
	assert_string_equal(plan.problem, "channel_hop=perhaps is not understood");
}

static void endless_lists_are_cut(void **state)
{
	static char many[40000];
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < 2900; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len, "%u,", i);
	channels("wlan0", many);
	assert_int_equal(plan.channels.n, CONFIGURE_MAX_CHANNELS);
	channels("wlan0:add_channels=\"x,y,z\",channel=q", many);
	assert_int_equal(plan.channels.n, CONFIGURE_MAX_CHANNELS);
}

/* --- rates --- */

static double rate(const char *s)
{
	double r;

	return configure_parse_rate(text_of(s), &r) == 0 ? r : -1;
}

static void rates_have_three_units(void **state)
{
	(void)state;
	assert_true(rate("5/sec") == 5);
	assert_true(rate("0.5/sec") == 0.5);
	assert_true(rate("90/min") == 1.5);
	assert_true(rate("4/dwell") == 0.25);
}

static void what_is_no_rate_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "5", "/sec", "5/hour", "5/sec ", "-5/sec", "0/sec", "nan/sec", "inf/sec",
		"1e300/sec", "1e-320/dwell", "5sec", "0/dwell",
		"5/secccccccccccccccccccccccccccccccccccccccccccccc",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(rate(bad[i]) == -1);
	assert_int_equal(configure_parse_rate((struct text){ NULL, 0 }, NULL), -1);
}

static void rate_of_the_definition_counts_first(void **state)
{
	(void)state;
	channels("wlan0:channel_hoprate=2/sec", "1,6");
	assert_true(plan.rate_hps == 2);
	channels("wlan0", "1,6");
	assert_true(plan.rate_hps == 5);
	channels("wlan0:channel_hoprate=often", "1,6");
	assert_true(plan.rate_hps == 5);
	assert_string_equal(plan.problem, "channel_hoprate=often is not understood");
}

/* --- the message --- */

static struct msg_configure message(size_t index, size_t count, bool *send)
{
	static struct text items[3000];
	struct msg_configure m;

	*send = configure_plan_message(&plan, index, count, items, &m);
	return m;
}

static void hop_message_is_complete(void **state)
{
	struct msg_configure m;
	bool send;

	(void)state;
	channels("wlan0", "1,6,11");
	m = message(0, 1, &send);
	assert_true(send && m.has_hop && m.hop.has_rate && m.hop.has_shuffle && m.hop.has_offset);
	assert_false(m.hop.has_skip);
	assert_true(m.hop.rate_hps == 5 && m.hop.shuffle);
	assert_null(m.channel.s);
	assert_int_equal(m.hop.channels.n, 3);
	assert_true(text_is(m.hop.channels.items[2], "11"));
}

static void sources_start_in_different_places(void **state)
{
	static const uint32_t want[] = { 0, 3, 6 };
	bool send;

	(void)state;
	channels("wlan0", "1,2,3,4,5,6,7,8,9,10,11");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(message(i, 3, &send).hop.offset, want[i]);
	/* More sources than channels. */
	assert_int_equal(message(30, 40, &send).hop.offset, 0);
}

static void one_channel_is_tuned_to_and_none_is_nothing(void **state)
{
	struct msg_configure m;
	bool send;

	(void)state;
	channels("wlan0:channels=6", "1,6,11");
	m = message(0, 1, &send);
	assert_true(send && !m.has_hop && text_is(m.channel, "6"));
	channels("wlan0:channel_hop=false", "1,6,11");
	message(0, 1, &send);
	assert_false(send);
	channels("wlan0", "1,6,11");
	plan.rate_hps = 0;
	message(0, 1, &send);
	assert_false(send);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reported_channels_are_the_list),
		cmocka_unit_test(channels_of_the_definition_replace_it),
		cmocka_unit_test(channels_are_blocked_and_added),
		cmocka_unit_test(source_without_channels_is_left_alone),
		cmocka_unit_test(channel_hop_false_is_obeyed),
		cmocka_unit_test(endless_lists_are_cut),
		cmocka_unit_test(rates_have_three_units),
		cmocka_unit_test(what_is_no_rate_is_refused),
		cmocka_unit_test(rate_of_the_definition_counts_first),
		cmocka_unit_test(hop_message_is_complete),
		cmocka_unit_test(sources_start_in_different_places),
		cmocka_unit_test(one_channel_is_tuned_to_and_none_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
