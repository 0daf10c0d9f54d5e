/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/opts.h"

struct settings {
	char *source, *password, *autodetect, *gps_name;
	bool ssl, list, override;
	size_t queue_size;
};

#define AT(member) .offset = offsetof(struct settings, member)

static const struct opt table[] = {
	{ "source", 0, OPT_ARG, "DEFINITION", "", opt_string, AT(source) },
	{ "password", 0, OPT_ARG, "TEXT", "", opt_string, AT(password), OPT_SECRET },
	{ "gps-name", 0, OPT_ARG, "NAME", "", opt_string, AT(gps_name) },
	{ "autodetect", 0, OPT_OPTIONAL_ARG, "UUID", "", opt_string, AT(autodetect) },
	{ "ssl", 0, OPT_NO_ARG, NULL, "", opt_flag, AT(ssl) },
	{ "override", 0, OPT_ARG, "BOOL", "", opt_bool, AT(override) },
	{ "list", 0, OPT_NO_ARG, NULL, "", opt_flag, AT(list), OPT_NOT_IN_FILE },
	{ "queue-size", 0, OPT_ARG, "BYTES", "", opt_bytes, AT(queue_size) },
	OPT_END
};

static struct settings s;
static struct err e;

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

static void accept(const char *text)
{
	if (opts_read_text(table, &s, "x.conf", text, strlen(text), &e) != 0)
		fail_msg("%s", e.text);
}

static void refuse(const char *text, const char *message)
{
	if (opts_read_text(table, &s, "x.conf", text, strlen(text), &e) != -1)
		fail_msg("'%s' was taken", text);
	assert_string_equal(e.text, message);
}

static void source_is(const char *line, const char *value)
{
	accept(line);
	assert_string_equal(s.source, value);
}

/* --- what is understood --- */

static void nothing_is_a_configuration_too(void **state)
{
	struct settings zero = { 0 };

	(void)state;
	assert_int_equal(opts_read_text(table, &s, "x.conf", NULL, 0, &e), 0);
	accept("");
	accept("\n\n   \n\t\n# comment\n  # comment\n#\n\r\n");
	accept("\xef\xbb\xbf");
	assert_memory_equal(&s, &zero, sizeof(s));
}

static void keys_and_values_are_set(void **state)
{
	(void)state;
	accept("source=wlan0\nqueue_size = 4M\n\tpassword\t=\thunter2\t\nssl");
	assert_string_equal(s.source, "wlan0");
	assert_string_equal(s.password, "hunter2");
	assert_int_equal(s.queue_size, 4 << 20);
	assert_true(s.ssl);
}

static void dashes_and_underscores_are_the_same(void **state)
{
	(void)state;
	accept("gps_name=a\nqueue-size=1");
	assert_string_equal(s.gps_name, "a");
	accept("gps-name=b\nqueue_size=2");
	assert_string_equal(s.gps_name, "b");
	assert_int_equal(s.queue_size, 2);
}

static void crlf_and_a_byte_order_mark_do_no_harm(void **state)
{
	(void)state;
	accept("\xef\xbb\xbfsource=a\r\nssl\r\ngps_name=\"b\"\r\npassword=c\r");
	assert_string_equal(s.source, "a");
	assert_true(s.ssl);
	assert_string_equal(s.gps_name, "b");
	assert_string_equal(s.password, "c");
}

static void values_keep_inner_blanks_and_equals(void **state)
{
	(void)state;
	source_is("source =  a  b = c , \t d  ", "a  b = c , \t d");
	source_is("source=", "");
	source_is("source=   ", "");
	source_is("source==", "=");
}

static void comments_begin_after_a_blank_only(void **state)
{
	(void)state;
	source_is("source=a#b", "a#b");
	source_is("source=a #b", "a");
	source_is("source=a\t# b # c", "a");
	source_is("source= # nothing", "");
	source_is("source=# nothing", "");
	accept("ssl # a comment");
	assert_true(s.ssl);
}

static void quotes_keep_everything(void **state)
{
	(void)state;
	source_is("source=\"  a # b  \"", "  a # b  ");
	source_is("source = \"a\"  # comment", "a");
	source_is("source=\"\"", "");
	source_is("source=\"say \\\"hi\\\" to C:\\\\x\\y\"", "say \"hi\" to C:\\x\\y");
	source_is("source=\"\\\\\"", "\\");
}

static void quotes_inside_a_definition_stay(void **state)
{
	(void)state;
	source_is("source=wlan0:name=\"roof #2\",channels=\"1,6\" # comment",
		  "wlan0:name=\"roof #2\",channels=\"1,6\"");
	source_is("source=wlan0:name=\" # \"", "wlan0:name=\" # \"");
	source_is("source=a\\b", "a\\b");
}

static void flags_can_be_spelt_out(void **state)
{
	(void)state;
	accept("ssl=false");
	assert_false(s.ssl);
	accept("ssl = true");
	assert_true(s.ssl);
	accept("override=true");
	assert_true(s.override);
	accept("override=\"false\"");
	assert_false(s.override);
}

static void optional_values_may_be_missing(void **state)
{
	(void)state;
	accept("autodetect=false");
	assert_null(s.autodetect);
	accept("autodetect");
	assert_string_equal(s.autodetect, "");
	accept("autodetect=A-B");
	assert_string_equal(s.autodetect, "A-B");
	accept("autodetect=true");
	assert_string_equal(s.autodetect, "");
}

static void last_of_a_repeated_key_counts(void **state)
{
	(void)state;
	source_is("source=a\nsource=b\n", "b");
}

/* --- mistakes --- */

static void mistakes_name_file_and_line(void **state)
{
	(void)state;
	refuse("# one\n\nsource=a\nqueue_size: 4M\n",
	       "x.conf line 4: not understood; lines look like key=value");
	refuse("\r\nqueue_size=abc",
	       "x.conf line 2: queue_size: 'abc' is not a size; use a number with k, M or G");
	assert_int_equal(e.code, ERR_USAGE);
}

static void unknown_keys_are_named_with_a_guess(void **state)
{
	(void)state;
	refuse("queue_sze=1", "x.conf line 1: queue_sze: no such option "
	       "(did you mean queue-size?)");
	refuse("frobnicate", "x.conf line 1: frobnicate: no such option");
	refuse("pass=x", "x.conf line 1: pass: no such option");	/* no prefixes here */
}

static void lines_without_a_key_are_not_understood(void **state)
{
	static const char *const bad[] = {
		"=x", " = x", "--source=x", "source x", "[section]", "source:x", "source#x",
		"ssl#x", "\"source\"=x", "s\xc3\xb6urce=x", "=\"", "source x=\"y\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (strcmp(bad[i], "--source=x") == 0)
			refuse(bad[i], "x.conf line 1: --source: no such option "
			       "(did you mean source?)");
		else
			refuse(bad[i],
			       "x.conf line 1: not understood; lines look like key=value");
	}
}

static void quotes_must_be_closed(void **state)
{
	(void)state;
	refuse("source=\"abc", "x.conf line 1: source: the quote is not closed");
	refuse("source=\"abc\\\"", "x.conf line 1: source: the quote is not closed");
	refuse("source=\"", "x.conf line 1: source: the quote is not closed");
	refuse("source=\"\\", "x.conf line 1: source: the quote is not closed");
	refuse("source=\"a\nb\"", "x.conf line 1: source: the quote is not closed");
	refuse("source=a\"b # c", "x.conf line 1: source: a quote is not closed; to have one in "
	       "the value put the whole value in quotes and write \\\" for it");
}

static void nothing_may_follow_a_closing_quote(void **state)
{
	(void)state;
	refuse("source=\"a\"b",
	       "x.conf line 1: source: there is text right after the closing quote");
	refuse("source=\"a\"#b",
	       "x.conf line 1: source: there is text right after the closing quote");
	refuse("source=\"a\" b", "x.conf line 1: source: there is text after the closing quote");
}

static void values_where_none_belong_are_refused(void **state)
{
	(void)state;
	refuse("ssl=maybe", "x.conf line 1: ssl: takes true, false or nothing");
	refuse("ssl=", "x.conf line 1: ssl: takes true, false or nothing");
	refuse("source", "x.conf line 1: source: takes a value");
	refuse("source # x", "x.conf line 1: source: takes a value");
	refuse("list", "x.conf line 1: list: works on the command line only");
}

static void binary_files_are_recognised(void **state)
{
	static const char nul[] = "ssl\nsource=a\0b\n";

	(void)state;
	assert_int_equal(opts_read_text(table, &s, "x.conf", nul, sizeof(nul) - 1, &e), -1);
	assert_string_equal(e.text, "x.conf line 2: has a control character (0x00); "
			    "is this a configuration file?");
	assert_int_equal(e.code, ERR_DATA);
	refuse("\x7f" "ELF", "x.conf line 1: has a control character (0x7f); "
	       "is this a configuration file?");
	refuse("source=a\rb", "x.conf line 1: has a control character (0x0d); "
	       "is this a configuration file?");
	refuse("source=a\r\r\n", "x.conf line 1: has a control character (0x0d); "
	       "is this a configuration file?");
}

static void secrets_are_not_repeated_in_errors(void **state)
{
	(void)state;
	refuse("password=\"hunter2", "x.conf line 1: password: the quote is not closed");
	refuse("pasword=hunter2", "x.conf line 1: pasword: no such option "
	       "(did you mean password?)");
}

static void lines_up_to_16_kib_are_fine(void **state)
{
	const size_t max = 16384, key = strlen("source=");
	char *text = malloc(max + 2);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', max + 1);
	memcpy(text, "source=", key);
	assert_int_equal(opts_read_text(table, &s, "x.conf", text, max, &e), 0);
	assert_int_equal(strlen(s.source), max - key);
	assert_int_equal(opts_read_text(table, &s, "x.conf", text, max + 1, &e), -1);
	assert_string_equal(e.text, "x.conf line 1: longer than 16384 bytes; "
			    "is this a configuration file?");
	free(text);
}

static void texts_up_to_1_mib_are_fine(void **state)
{
	const size_t max = 1 << 20;
	char *text = malloc(max + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', max + 1);
	assert_int_equal(opts_read_text(table, &s, "x.conf", text, max, &e), 0);
	assert_int_equal(opts_read_text(table, &s, "x.conf", text, max + 1, &e), -1);
	assert_string_equal(e.text, "x.conf: longer than 1048576 bytes; "
			    "is this a configuration file?");
	free(text);
}

static void very_long_keys_fit_in_the_message(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'k', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(opts_read_text(table, &s, "x.conf", text, strlen(text), &e), -1);
	assert_non_null(strstr(e.text, "no such option"));
	memcpy(text + 4000, "=\"", 2);
	assert_int_equal(opts_read_text(table, &s, "x.conf", text, strlen(text), &e), -1);
	assert_non_null(strstr(e.text, "the quote is not closed"));
}

/* What came before a mistake is set, and freed as usual. */
static void settings_before_a_mistake_are_owned(void **state)
{
	(void)state;
	refuse("source=a\nbad", "x.conf line 2: bad: no such option");
	assert_string_equal(s.source, "a");
}

/* --- files --- */

static char path[] = "/tmp/test_conf.XXXXXX";

static void file_is_read(void **state)
{
	static const char text[] = "source=wlan0\nssl\n";
	char expected[128];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(opts_read_file(table, &s, path, &e), 0);
	assert_string_equal(s.source, "wlan0");
	assert_true(s.ssl);
	assert_int_equal(write(fd, "x\n", 2), 2);
	assert_int_equal(opts_read_file(table, &s, path, &e), -1);
	snprintf(expected, sizeof(expected), "%s line 3: x: no such option", path);
	assert_string_equal(e.text, expected);
	close(fd);
	unlink(path);
}

static void missing_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(opts_read_file(table, &s, "/nonexistent/x.conf", &e), -1);
	assert_non_null(strstr(e.text, "cannot open /nonexistent/x.conf: "));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void folder_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(opts_read_file(table, &s, "/", &e), -1);
	assert_non_null(strstr(e.text, "cannot read /: "));
}

static void endless_file_is_not_read_for_ever(void **state)
{
	(void)state;
	assert_int_equal(opts_read_file(table, &s, "/dev/zero", &e), -1);
	assert_non_null(strstr(e.text, "is this a configuration file?"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_a_configuration_too),
		TEST(keys_and_values_are_set),
		TEST(dashes_and_underscores_are_the_same),
		TEST(crlf_and_a_byte_order_mark_do_no_harm),
		TEST(values_keep_inner_blanks_and_equals),
		TEST(comments_begin_after_a_blank_only),
		TEST(quotes_keep_everything),
		TEST(quotes_inside_a_definition_stay),
		TEST(flags_can_be_spelt_out),
		TEST(optional_values_may_be_missing),
		TEST(last_of_a_repeated_key_counts),
		TEST(mistakes_name_file_and_line),
		TEST(unknown_keys_are_named_with_a_guess),
		TEST(lines_without_a_key_are_not_understood),
		TEST(quotes_must_be_closed),
		TEST(nothing_may_follow_a_closing_quote),
		TEST(values_where_none_belong_are_refused),
		TEST(binary_files_are_recognised),
		TEST(secrets_are_not_repeated_in_errors),
		TEST(lines_up_to_16_kib_are_fine),
		TEST(texts_up_to_1_mib_are_fine),
		TEST(very_long_keys_fit_in_the_message),
		TEST(settings_before_a_mistake_are_owned),
		TEST(file_is_read),
		TEST(missing_file_is_named),
		TEST(folder_is_no_file),
		TEST(endless_file_is_not_read_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
