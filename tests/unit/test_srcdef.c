/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source definitions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/srcdef.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct srcdef def;

static int teardown(void **state)
{
	(void)state;
	srcdef_free(&def);
	return 0;
}

static void parse(const char *text)
{
	srcdef_free(&def);
	assert_int_equal(srcdef_parse(&def, text_of(text)), 0);
}

static void assert_value(const char *key, const char *expected)
{
	struct text value = srcdef_get(&def, key);

	if (!expected) {
		assert_null(value.s);
		return;
	}
	assert_non_null(value.s);
	if (!text_is(value, expected))
		fail_msg("%s is \"%.*s\", not \"%s\"", key, TEXT_ARG(value), expected);
}

static void assert_prints(const char *expected)
{
	char out[SRCDEF_MAX_LEN * 2];

	assert_int_equal(srcdef_print(&def, out, sizeof(out)), strlen(expected));
	assert_string_equal(out, expected);
}

static void interface_ends_at_the_first_colon(void **state)
{
	(void)state;
	parse("wlan0");
	assert_true(text_is(def.interface, "wlan0"));
	assert_int_equal(def.n_options, 0);
	parse("wlan0:");
	assert_true(text_is(def.interface, "wlan0"));
	assert_int_equal(def.n_options, 0);
	assert_int_equal(def.n_problems, 0);
	parse("/tmp/a b,c=d.pcap:name=x:y");
	assert_true(text_is(def.interface, "/tmp/a b,c=d.pcap"));
	assert_value("name", "x:y");
	assert_int_equal(def.n_problems, 0);
}

static void options_are_read_in_order(void **state)
{
	(void)state;
	parse("wlan0:name=roof,channel=6,hop=false");
	assert_int_equal(def.n_options, 3);
	assert_value("name", "roof");
	assert_value("channel", "6");
	assert_value("hop", "false");
	assert_value("nothing", NULL);
	assert_true(text_is(def.options[1].key, "channel"));
}

static void keys_do_not_mind_case(void **state)
{
	(void)state;
	parse("wlan0:Channel_Hop=TRUE");
	assert_value("channel_hop", "TRUE");
	assert_true(text_is(def.options[0].key, "Channel_Hop"));
}

static void quotes_keep_commas_together(void **state)
{
	(void)state;
	parse("wlan0:channels=\"1,6,11\",name=\"a,b=c\"");
	assert_value("channels", "1,6,11");
	assert_value("name", "a,b=c");
	assert_int_equal(def.n_options, 2);
	assert_int_equal(def.n_problems, 0);
}

static void quotes_in_the_middle_are_taken_out(void **state)
{
	(void)state;
	parse("wlan0:name=a\"b,c\"d,x=\"\",y=1");
	assert_value("name", "ab,cd");
	assert_value("x", "");
	assert_value("y", "1");
	assert_int_equal(def.n_problems, 0);
}

static void bare_lists_as_servers_send_them(void **state)
{
	(void)state;
	parse("wlan0:channels=1,6,11HT40+,name=x");
	assert_value("channels", "1,6,11HT40+");
	assert_value("name", "x");
	assert_int_equal(def.n_options, 2);
	assert_int_equal(def.n_problems, 0);
	parse("wlan0:add_channels=1,2,channels=3,4,name=a,b");
	assert_value("add_channels", "1,2");
	assert_value("channels", "3,4");
	assert_value("name", "a,b");
}

static void empty_pieces_are_nothing(void **state)
{
	(void)state;
	parse("wlan0:,name=x,,channels=1,,6,");
	assert_value("name", "x");
	assert_value("channels", "1,6");
	assert_int_equal(def.n_problems, 0);
}

static void value_keeps_its_equals_signs(void **state)
{
	(void)state;
	parse("wlan0:filter=type==mgt,name= x ");
	assert_value("filter", "type==mgt");
	assert_value("name", " x ");	/* nothing is trimmed */
}

static void empty_value_is_there(void **state)
{
	(void)state;
	parse("wlan0:name=,channel=");
	assert_value("name", "");
	assert_value("channel", "");
}

static void first_of_repeated_keys_counts(void **state)
{
	struct text value;
	size_t pos = 0;

	(void)state;
	parse("wlan0:name=a,x=1,NAME=b,name=c");
	assert_value("name", "a");
	assert_false(def.options[0].repeated);
	assert_false(def.options[1].repeated);
	assert_true(def.options[2].repeated);
	assert_true(def.options[3].repeated);
	assert_true(srcdef_next(&def, "name", &pos, &value) && text_is(value, "a"));
	assert_true(srcdef_next(&def, "name", &pos, &value) && text_is(value, "b"));
	assert_true(srcdef_next(&def, "name", &pos, &value) && text_is(value, "c"));
	assert_false(srcdef_next(&def, "name", &pos, &value));
	assert_int_equal(def.n_problems, 0);	/* whether it is one, the reader knows */
}

static void unterminated_quote_takes_the_rest_and_is_told(void **state)
{
	(void)state;
	parse("wlan0:channel=6,name=\"a,b=1,c");
	assert_value("channel", "6");
	assert_value("name", "a,b=1,c");
	assert_int_equal(def.n_problems, 1);
	assert_non_null(strstr(def.problem, "quote"));
	assert_non_null(strstr(def.problem, "a,b=1,c"));
}

static void malformed_pieces_do_not_hide_the_others(void **state)
{
	(void)state;
	parse("wlan0:monitor,name=x");		/* no '=' in the first place */
	assert_value("name", "x");
	assert_int_equal(def.n_problems, 1);
	assert_non_null(strstr(def.problem, "monitor"));
	parse("wlan0:a=1,=2,b=3");		/* no key */
	assert_value("a", "1");
	assert_value("b", "3");
	assert_int_equal(def.n_options, 2);
	assert_int_equal(def.n_problems, 1);
	assert_non_null(strstr(def.problem, "=2"));
	parse("wlan0:a=1,=2,3,b=3");		/* what follows it belongs to nothing */
	assert_value("a", "1");
	assert_int_equal(def.n_problems, 2);
	parse("wlan0:\"x=1\",b=2");		/* a quoted piece has no key */
	assert_value("b", "2");
	assert_value("x", NULL);
	assert_int_equal(def.n_problems, 1);
	parse(":name=x");
	assert_value("name", "x");
	assert_int_equal(def.n_problems, 1);
	assert_non_null(strstr(def.problem, "interface"));
}

static void problems_stay_short(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "wlan0:", 6);
	text[sizeof(text) - 1] = '\0';
	parse(text);
	assert_int_equal(def.n_problems, 1);
	assert_true(strlen(def.problem) < sizeof(def.problem) - 1);
}

static void assert_refused(struct text definition, const char *why)
{
	assert_int_equal(srcdef_parse(&def, definition), -EINVAL);
	assert_non_null(strstr(def.problem, why));
	assert_null(def.text);
	assert_int_equal(def.n_options, 0);
}

static void what_cannot_be_read_is_refused(void **state)
{
	static char text[SRCDEF_MAX_LEN + 2];

	(void)state;
	assert_refused(text_of(""), "empty");
	assert_refused(text_of(NULL), "empty");
	assert_refused((struct text){ "wlan0:name=\0x", 13 }, "NUL");
	memset(text, 'x', SRCDEF_MAX_LEN + 1);
	assert_refused(text_of(text), "long");
	text[SRCDEF_MAX_LEN] = '\0';
	parse(text);
	strcpy(text, "wlan0:");
	for (int i = 0; i < SRCDEF_MAX_OPTIONS; i++)
		snprintf(text + strlen(text), 16, "k%d=,", i);
	parse(text);
	assert_int_equal(def.n_options, SRCDEF_MAX_OPTIONS);
	srcdef_free(&def);
	strcat(text, "more=1");
	assert_refused(text_of(text), "many");
}

static void booleans_in_full_or_in_part(void **state)
{
	static const char *const yes[] = { "true", "t", "TRUE", "Tru" };
	static const char *const no[] = { "false", "F", "fal" };
	static const char *const neither[] = { "", "yes", "1", "truest", "tf", "0" };
	char text[40];

	(void)state;
	for (size_t i = 0; i < LEN(yes) + LEN(no) + LEN(neither); i++) {
		bool is_yes = i < LEN(yes), is_no = !is_yes && i < LEN(yes) + LEN(no), bad = false;

		snprintf(text, sizeof(text), "x:hop=%s", is_yes ? yes[i] :
			 is_no ? no[i - LEN(yes)] : neither[i - LEN(yes) - LEN(no)]);
		parse(text);
		assert_int_equal(srcdef_bool(&def, "hop", true, &bad), !is_no);
		assert_int_equal(srcdef_bool(&def, "hop", false, &bad), is_yes);
		assert_int_equal(bad, !is_yes && !is_no);
		assert_int_equal(srcdef_bool(&def, "hop", false, NULL), is_yes);
	}
	parse("x");
	{
		bool bad = false;

		assert_true(srcdef_bool(&def, "hop", true, &bad));
		assert_false(srcdef_bool(&def, "hop", false, &bad));
		assert_false(bad);
	}
}

static void prints_as_a_server_sends_it(void **state)
{
	(void)state;
	parse("wlan0:Name=x,channels=\"1,6\"");
	assert_prints("wlan0:channels=1,6,name=x");
	parse("wlan0");
	assert_prints("wlan0");
	parse("wlan0:b=2,a=1,B=3");
	assert_prints("wlan0:a=1,b=2,b=3");
}

static void prints_quotes_where_the_value_needs_them(void **state)
{
	(void)state;
	parse("wlan0:name=\"a,b=c\"");
	assert_prints("wlan0:name=\"a,b=c\"");
	parse("wlan0:name=\"a,,b\",x=\"a,\",y=\",a\"");
	assert_prints("wlan0:name=\"a,,b\",x=\"a,\",y=\",a\"");
	parse("wlan0:name=a=b");
	assert_prints("wlan0:name=a=b");
}

static void printing_stays_in_its_buffer(void **state)
{
	char out[30];
	size_t len;

	(void)state;
	parse("wlan0:name=x,channels=\"1,6\"");
	len = srcdef_print(&def, NULL, 0);
	assert_int_equal(len, strlen("wlan0:channels=1,6,name=x"));
	for (size_t size = 1; size < sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		assert_int_equal(srcdef_print(&def, out, size), len);
		assert_int_equal(strlen(out), size <= len ? size - 1 : len);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
	}
}

/* Random definitions made of the characters that matter. */
static void what_was_printed_prints_the_same_again(void **state)
{
	static const char alphabet[] = "aAb1:=,,\"\"== ";
	char text[60], first[200], second[200];
	unsigned int random = 7;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		size_t len = 0, wanted;

		random = random * 1103515245 + 12345;
		for (wanted = 1 + (random >> 16) % (sizeof(text) - 2); len < wanted; len++) {
			random = random * 1103515245 + 12345;
			text[len] = alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
		}
		text[len] = '\0';
		parse(text);
		assert_true(srcdef_print(&def, first, sizeof(first)) < sizeof(first));
		if (first[0] == '\0')
			continue;
		parse(first);
		srcdef_print(&def, second, sizeof(second));
		assert_string_equal(first, second);
	}
}

static void servers_keys_are_known(void **state)
{
	(void)state;
	assert_true(srcdef_key_is_servers(text_of("name")));
	assert_true(srcdef_key_is_servers(text_of("Channel_HopRate")));
	assert_true(srcdef_key_is_servers(text_of("info_antenna_beamwidth")));
	assert_false(srcdef_key_is_servers(text_of("realtime")));
	assert_false(srcdef_key_is_servers(text_of("")));
	assert_false(srcdef_key_is_servers(text_of("channe")));
}

static void freeing_twice_is_fine(void **state)
{
	struct srcdef zero = { .n_options = 0 };

	(void)state;
	srcdef_free(&zero);
	parse("wlan0:a=1");
	srcdef_free(&def);
	srcdef_free(&def);
	assert_value("a", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(interface_ends_at_the_first_colon, teardown),
		cmocka_unit_test_teardown(options_are_read_in_order, teardown),
		cmocka_unit_test_teardown(keys_do_not_mind_case, teardown),
		cmocka_unit_test_teardown(quotes_keep_commas_together, teardown),
		cmocka_unit_test_teardown(quotes_in_the_middle_are_taken_out, teardown),
		cmocka_unit_test_teardown(bare_lists_as_servers_send_them, teardown),
		cmocka_unit_test_teardown(empty_pieces_are_nothing, teardown),
		cmocka_unit_test_teardown(value_keeps_its_equals_signs, teardown),
		cmocka_unit_test_teardown(empty_value_is_there, teardown),
		cmocka_unit_test_teardown(first_of_repeated_keys_counts, teardown),
		cmocka_unit_test_teardown(unterminated_quote_takes_the_rest_and_is_told, teardown),
		cmocka_unit_test_teardown(malformed_pieces_do_not_hide_the_others, teardown),
		cmocka_unit_test_teardown(problems_stay_short, teardown),
		cmocka_unit_test_teardown(what_cannot_be_read_is_refused, teardown),
		cmocka_unit_test_teardown(booleans_in_full_or_in_part, teardown),
		cmocka_unit_test_teardown(prints_as_a_server_sends_it, teardown),
		cmocka_unit_test_teardown(prints_quotes_where_the_value_needs_them, teardown),
		cmocka_unit_test_teardown(printing_stays_in_its_buffer, teardown),
		cmocka_unit_test_teardown(what_was_printed_prints_the_same_again, teardown),
		cmocka_unit_test_teardown(servers_keys_are_known, teardown),
		cmocka_unit_test_teardown(freeing_twice_is_fine, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
