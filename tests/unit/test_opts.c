/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option table: the command line, --help and the setters. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/opts.h"

struct settings {
	char *connect, *password, *autodetect, *source;
	bool help, list, ssl, override;
	unsigned count, sum;
	uint16_t port;
	size_t queue_size;
	int in_fd;
};

/* A setter that collects. */
static int add_to_sum(void *field, const char *value, struct err *e)
{
	unsigned n = 0;

	if (opt_uint(&n, value, e) < 0)
		return -1;
	*(unsigned *)field += n;
	return 0;
}

#define AT(member) .offset = offsetof(struct settings, member)

static const struct opt table[] = {
	{ "connect", 'c', OPT_ARG, "HOST:PORT", "the server", opt_string, AT(connect) },
	{ "source", 0, OPT_ARG, "DEFINITION", "what to capture from", opt_string, AT(source) },
	/* An exact name after two that begin with it. */
	{ "password-age", 0, OPT_ARG, "N", NULL, opt_uint, AT(count) },
	{ "password-count", 0, OPT_ARG, "N", NULL, opt_uint, AT(count) },
	{ "password", 0, OPT_ARG, "TEXT", "login", opt_string, AT(password), OPT_SECRET },
	{ "autodetect", 0, OPT_OPTIONAL_ARG, "UUID", "wait for a server",
	  opt_string, AT(autodetect) },
	{ "ssl", 0, OPT_NO_ARG, NULL, "encrypt", opt_flag, AT(ssl) },
	{ "ssl-port", 0, OPT_ARG, NULL, "", opt_port, AT(port) },
	{ "list", 0, OPT_NO_ARG, NULL, "devices", opt_flag, AT(list) },
	{ "queue-size", 0, OPT_ARG, "BYTES", "room", opt_bytes, AT(queue_size) },
	{ "in-fd", 0, OPT_ARG, "N", "descriptor", opt_fd, AT(in_fd) },
	{ "override", 0, OPT_ARG, "BOOL", "x", opt_bool, AT(override) },
	{ "add", 0, OPT_ARG, "N", "x", add_to_sum, AT(sum) },
	{ "help", 'h', OPT_NO_ARG, NULL, "this text", opt_flag, AT(help) },
	OPT_END
};

static struct settings s;
static struct err e;
static char words[32][64];
static char *argv[33];
static int argc;

static int setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	memset(&e, 0, sizeof(e));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	opts_free(table, &s);
	return 0;
}

/* A command line of writable words, as main() gets it. line is split at '|'. */
static void make_argv(const char *line)
{
	size_t len;

	argc = 0;
	snprintf(words[argc++], sizeof(words[0]), "prog");
	while (*line) {
		len = strcspn(line, "|");
		snprintf(words[argc++], sizeof(words[0]), "%.*s", (int)len, line);
		line += len + (line[len] == '|');
	}
	for (len = 0; len < (size_t)argc; len++)
		argv[len] = words[len];
	argv[argc] = NULL;
}

static int parse(const char *line)
{
	make_argv(line);
	return opts_parse(table, &s, argc, argv, &e);
}

static void refuse(const char *line, const char *text)
{
	if (parse(line) != -1)
		fail_msg("'%s' was taken", line);
	assert_string_equal(e.text, text);
	assert_int_equal(e.code, ERR_USAGE);
}

/* --- what is understood --- */

static void no_options_change_nothing(void **state)
{
	struct settings zero = { 0 };

	(void)state;
	assert_int_equal(parse(""), 0);
	assert_memory_equal(&s, &zero, sizeof(s));
	assert_int_equal(opts_parse(table, &s, 0, NULL, &e), 0);
}

static void both_spellings_of_a_value_work(void **state)
{
	(void)state;
	assert_int_equal(parse("--connect=a:1|--source|wlan0:name=x,y=\"1,2\"|--list"), 0);
	assert_string_equal(s.connect, "a:1");
	assert_string_equal(s.source, "wlan0:name=x,y=\"1,2\"");
	assert_true(s.list);
	assert_false(s.ssl);
}

static void values_are_taken_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(parse("--connect=|--source|-"), 0);
	assert_string_equal(s.connect, "");
	assert_string_equal(s.source, "-");
	assert_int_equal(parse("--connect=--list=x|--source|-5"), 0);
	assert_string_equal(s.connect, "--list=x");
	assert_string_equal(s.source, "-5");
	assert_false(s.list);
}

static void unique_prefixes_work(void **state)
{
	(void)state;
	assert_int_equal(parse("--conn=b|--so|c|--li|--q=7|--autod=u|--h"), 0);
	assert_string_equal(s.connect, "b");
	assert_string_equal(s.source, "c");
	assert_string_equal(s.autodetect, "u");
	assert_true(s.list && s.help);
	assert_int_equal(s.queue_size, 7);
}

static void whole_name_wins_over_a_longer_one(void **state)
{
	(void)state;
	assert_int_equal(parse("--ssl|--password=x|--password-count=3"), 0);
	assert_true(s.ssl);
	assert_string_equal(s.password, "x");
}

static void optional_value_comes_only_after_equals(void **state)
{
	(void)state;
	assert_int_equal(parse("--autodetect"), 0);
	assert_string_equal(s.autodetect, "");
	assert_int_equal(parse("--autodetect=X-Y"), 0);
	assert_string_equal(s.autodetect, "X-Y");
	assert_int_equal(parse("--autodetect|--list"), 0);
	assert_string_equal(s.autodetect, "");
	refuse("--autodetect|X-Y", "'X-Y': no option; all begin with --");
}

static void letters_work(void **state)
{
	(void)state;
	assert_int_equal(parse("-h|-c|x:1"), 0);
	assert_true(s.help);
	assert_string_equal(s.connect, "x:1");
}

static void last_of_a_repeated_option_counts(void **state)
{
	(void)state;
	assert_int_equal(parse("--connect=a|--connect=b|--queue-size=1|--queue-size=2"), 0);
	assert_string_equal(s.connect, "b");
	assert_int_equal(s.queue_size, 2);
}

static void collecting_setter_sees_every_value(void **state)
{
	(void)state;
	assert_int_equal(parse("--add=1|--add|20|--add=300"), 0);
	assert_int_equal(s.sum, 321);
}

/* --- mistakes --- */

static void unknown_options_are_named_with_a_guess(void **state)
{
	(void)state;
	refuse("--conect=x", "--conect: no such option (did you mean --connect?)");
	refuse("--list|--passwrod=x", "--passwrod: no such option (did you mean --password?)");
	refuse("--queue_sise=1", "--queue_sise: no such option (did you mean --queue-size?)");
	refuse("-connect", "-connect: no such option (did you mean --connect?)");
	refuse("--frobnicate", "--frobnicate: no such option");
	refuse("-x", "-x: no such option");
	refuse("-hx", "-hx: no such option");
	refuse("---help", "---help: no such option (did you mean --help?)");
	refuse("--=x", "--: no such option");
}

static void value_of_an_unknown_option_is_not_repeated(void **state)
{
	(void)state;
	assert_int_equal(parse("--pasword=hunter2"), -1);
	assert_null(strstr(e.text, "hunter2"));
	assert_int_equal(parse("-password=hunter2"), -1);
	assert_null(strstr(e.text, "hunter2"));
	assert_int_equal(parse("--password|--hunter2"), -1);
	assert_null(strstr(e.text, "hunter2"));
}

static void ambiguous_prefix_names_two(void **state)
{
	(void)state;
	refuse("--pass=x", "--pass: could be --password-age or --password");
	refuse("--s", "--s: could be --source or --ssl-port");
}

static void missing_value_is_a_mistake(void **state)
{
	(void)state;
	refuse("--source", "--source: takes a value");
	refuse("-c", "--connect: takes a value");
	refuse("--sou|--list", "--source: takes a value; one that begins with -- is written as "
	       "--source=VALUE");
	assert_false(s.list);
}

static void unwanted_value_is_a_mistake(void **state)
{
	(void)state;
	refuse("--list=yes", "--list: takes no value");
	refuse("--list=", "--list: takes no value");
}

static void stray_words_are_mistakes(void **state)
{
	(void)state;
	refuse("wlan0", "'wlan0': no option; all begin with --");
	refuse("--list|--|x", "'--': no option; all begin with --");
	refuse("-", "'-': no option; all begin with --");
	assert_int_equal(parse("|--list"), -1);		/* an empty word */
	assert_string_equal(e.text, "'': no option; all begin with --");
}

static void setters_complaint_names_the_option(void **state)
{
	(void)state;
	refuse("--queue=abc", "--queue-size: 'abc' is not a size; use a number with k, M or G");
	refuse("-c|x|--in-fd=-1", "--in-fd: '-1' is not a whole number");
}

/* --- secrets --- */

static void secret_is_wiped_from_argv(void **state)
{
	(void)state;
	assert_int_equal(parse("--password=hunter2|--connect=a|--password|hunter3"), 0);
	assert_string_equal(s.password, "hunter3");
	assert_memory_equal(words[1], "--password=\0\0\0\0\0\0\0", 19);
	assert_string_equal(words[2], "--connect=a");
	assert_memory_equal(words[4], "\0\0\0\0\0\0\0", 8);
}

static void peek_sees_the_last_value_and_changes_nothing(void **state)
{
	struct settings zero = { 0 };

	(void)state;
	make_argv("stray|--bogus|--conn=a|--password=hunter2|-c|b|--list|--source");
	assert_string_equal(opts_peek(table, "connect", argc, argv), "b");
	assert_string_equal(opts_peek(table, "password", argc, argv), "hunter2");
	assert_string_equal(words[4], "--password=hunter2");
	assert_null(opts_peek(table, "source", argc, argv));
	assert_null(opts_peek(table, "queue-size", argc, argv));
	assert_null(opts_peek(table, "nonsense", argc, argv));
	assert_memory_equal(&s, &zero, sizeof(s));
}

/* A value is no option, however much it looks like one. */
static void peek_is_not_fooled_by_values(void **state)
{
	(void)state;
	make_argv("--source|connect=x|--password=--connect=y");
	assert_null(opts_peek(table, "connect", argc, argv));
	make_argv("--connect|first");
	assert_string_equal(opts_peek(table, "connect", argc, argv), "first");
}

/* --- setters --- */

static void numbers_are_checked(void **state)
{
	(void)state;
	assert_int_equal(opt_uint(&s.count, "0", &e), 0);
	assert_int_equal(s.count, 0);
	assert_int_equal(opt_uint(&s.count, "4294967295", &e), 0);
	assert_true(s.count == 4294967295u);
	assert_int_equal(opt_uint(&s.count, "4294967296", &e), -1);
	assert_string_equal(e.text, "'4294967296' is more than 4294967295");
	assert_int_equal(opt_uint(&s.count, "99999999999999999999999999999", &e), -1);
	assert_int_equal(opt_uint(&s.count, "", &e), -1);
	assert_string_equal(e.text, "'' is not a whole number");
	assert_int_equal(opt_uint(&s.count, "1x", &e), -1);
	assert_int_equal(opt_uint(&s.count, " 1", &e), -1);
	assert_int_equal(opt_uint(&s.count, "+1", &e), -1);
	assert_int_equal(opt_uint(&s.count, "-1", &e), -1);
	assert_int_equal(opt_uint(&s.count, "0x1", &e), -1);
	assert_true(s.count == 4294967295u);
}

static void ports_and_descriptors_have_their_ranges(void **state)
{
	(void)state;
	assert_int_equal(opt_port(&s.port, "0", &e), 0);
	assert_int_equal(opt_port(&s.port, "65535", &e), 0);
	assert_int_equal(s.port, 65535);
	assert_int_equal(opt_port(&s.port, "65536", &e), -1);
	assert_string_equal(e.text, "'65536' is more than 65535");
	assert_int_equal(opt_fd(&s.in_fd, "2147483647", &e), 0);
	assert_int_equal(s.in_fd, INT_MAX);
	assert_int_equal(opt_fd(&s.in_fd, "2147483648", &e), -1);
}

static void sizes_have_units(void **state)
{
	static const struct { const char *text; size_t bytes; } good[] = {
		{ "0", 0 }, { "1000", 1000 }, { "1k", 1024 }, { "512K", 524288 },
		{ "4M", 4u << 20 }, { "4m", 4u << 20 }, { "1G", 1u << 30 }, { "1g", 1u << 30 },
	};
	static const char *const bad[] = { "", "k", "1kb", "1.5M", "-1", "1 k", "1T", "abc" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(opt_bytes(&s.queue_size, good[i].text, &e), 0);
		assert_true(s.queue_size == good[i].bytes);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(opt_bytes(&s.queue_size, bad[i], &e), -1);
		assert_non_null(strstr(e.text, "is not a size; use a number with k, M or G"));
	}
	assert_true(s.queue_size == 1u << 30);
}

static void sizes_do_not_overflow(void **state)
{
	static const char *const huge[] = {
		"99999999999999999999", "18446744073709551616", "18446744073709551615k",
		"18014398509481984k", "17592186044416M", "17179869184G",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		assert_int_equal(opt_bytes(&s.queue_size, huge[i], &e), -1);
		assert_non_null(strstr(e.text, "is more than this machine can address"));
	}
}

static void bool_takes_two_words(void **state)
{
	(void)state;
	assert_int_equal(opt_bool(&s.override, "true", &e), 0);
	assert_true(s.override);
	assert_int_equal(opt_bool(&s.override, "false", &e), 0);
	assert_false(s.override);
	assert_int_equal(opt_bool(&s.override, "yes", &e), -1);
	assert_string_equal(e.text, "'yes' is neither true nor false");
	assert_int_equal(opt_bool(&s.override, "", &e), -1);
}

static void freed_settings_can_be_freed_again(void **state)
{
	(void)state;
	assert_int_equal(parse("--connect=a|--password=b"), 0);
	opts_free(table, &s);
	assert_null(s.connect);
	assert_null(s.password);
	opts_free(table, &s);
}

/* --- rows by name --- */

static void find_wants_the_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(opts_find(table, "queue-size", 10), opts_find(table, "queue_sizeX", 10));
	assert_non_null(opts_find(table, "queue_size", 10));
	assert_null(opts_find(table, "queue", 5));
	assert_null(opts_find(table, "queue-sizes", 11));
	assert_null(opts_find(table, "", 0));
}

static void guess_is_quiet_when_nothing_is_near(void **state)
{
	char word[200];

	(void)state;
	memset(word, 'c', sizeof(word));
	assert_null(opts_guess(table, word, sizeof(word)));
	assert_null(opts_guess(table, "", 0));
	assert_null(opts_guess(table, "x", 1));
	assert_null(opts_guess(table, "wireless", 8));
	assert_string_equal(opts_guess(table, "suorce", 6)->name, "source");
	assert_string_equal(opts_guess(table, "lst", 3)->name, "list");
}

/* --- help --- */

#define ROW(n, l, h, a) .name = n, .letter = l, .has_arg = h, .arg = a

static void check_help(const struct opt *t, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	opts_print(t, f);
	fclose(f);
	assert_string_equal(text, expected);
	free(text);
}

static void help_is_aligned_and_wrapped(void **state)
{
	static const struct opt t[] = {
		{ ROW("connect", 0, OPT_ARG, "HOST:PORT"), .help = "the server" },
		{ ROW("autodetect", 0, OPT_OPTIONAL_ARG, "UUID"), .help = "wait\nfor a server" },
		{ ROW("host", 0, OPT_ARG, "HOST:PORT"), .help = NULL },
		{ ROW("wide", 'w', OPT_ARG, NULL),
		  .help = "0123456789 0123456789 0123456789 0123456789 01234567 0123456789 "
		  "0123456789 0123456789 0123456789 01234567 9" },
		{ ROW("a-name-of-22-character", 0, OPT_NO_ARG, NULL), .help = "fits" },
		{ ROW("a-name-of-23-characters", 0, OPT_NO_ARG, NULL), .help = "does not" },
		{ ROW("help", 'h', OPT_NO_ARG, NULL), .help = "this text" },
		OPT_END
	};

	(void)state;
	check_help(t,
		   "  --connect=HOST:PORT       the server\n"
		   "  --autodetect[=UUID]       wait\n"
		   "                            for a server\n"
		   "  -w, --wide=VALUE          0123456789 0123456789 0123456789 0123456789\n"
		   "                            01234567 0123456789 0123456789 0123456789\n"
		   "                            0123456789 01234567 9\n"
		   "  --a-name-of-22-character  fits\n"
		   "  --a-name-of-23-characters\n"
		   "                            does not\n"
		   "  -h, --help                this text\n");
}

#define A16 "aaaaaaaaaaaaaaaa"
#define MARGIN "                            "

static void help_uses_the_last_column_and_no_more(void **state)
{
	static const struct opt t[] = {
		{ ROW("x", 0, OPT_NO_ARG, NULL), .help = A16 A16 A16 " bb" },
		{ ROW("y", 0, OPT_NO_ARG, NULL), .help = A16 A16 A16 " bbb" },
		{ ROW("z", 0, OPT_NO_ARG, NULL), .help = A16 A16 A16 A16 " b" },
		OPT_END
	};

	(void)state;
	check_help(t,
		   "  --x                       " A16 A16 A16 " bb\n"
		   "  --y                       " A16 A16 A16 "\n" MARGIN "bbb\n"
		   "  --z                       " A16 A16 A16 A16 "\n" MARGIN "b\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_options_change_nothing),
		TEST(both_spellings_of_a_value_work),
		TEST(values_are_taken_as_they_are),
		TEST(unique_prefixes_work),
		TEST(whole_name_wins_over_a_longer_one),
		TEST(optional_value_comes_only_after_equals),
		TEST(letters_work),
		TEST(last_of_a_repeated_option_counts),
		TEST(collecting_setter_sees_every_value),
		TEST(unknown_options_are_named_with_a_guess),
		TEST(value_of_an_unknown_option_is_not_repeated),
		TEST(ambiguous_prefix_names_two),
		TEST(missing_value_is_a_mistake),
		TEST(unwanted_value_is_a_mistake),
		TEST(stray_words_are_mistakes),
		TEST(setters_complaint_names_the_option),
		TEST(secret_is_wiped_from_argv),
		TEST(peek_sees_the_last_value_and_changes_nothing),
		TEST(peek_is_not_fooled_by_values),
		TEST(numbers_are_checked),
		TEST(ports_and_descriptors_have_their_ranges),
		TEST(sizes_have_units),
		TEST(sizes_do_not_overflow),
		TEST(bool_takes_two_words),
		TEST(freed_settings_can_be_freed_again),
		TEST(find_wants_the_whole_name),
		TEST(guess_is_quiet_when_nothing_is_near),
		TEST(help_is_aligned_and_wrapped),
		TEST(help_uses_the_last_column_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
