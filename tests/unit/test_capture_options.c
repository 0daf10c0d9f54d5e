/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every capture tool has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/capture_options.h"
#include "protocol/msg.h"
#include "tests/lib/fake_source.h"

#define MAX_ARGS 16

static struct capture_options o;
static struct err e;

/* Reads a command line of words with one blank between them. */
static int read_line(const char *line)
{
	static char words[1000], program[] = "kismet_cap_fake";
	char *argv[MAX_ARGS + 1] = { program };
	int argc = 1;

	capture_options_free(&o);
	e = (struct err){ .code = ERR_NONE };
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w && argc < MAX_ARGS; w = strtok(NULL, " "))
		argv[argc++] = w;
	return capture_options_read(&o, &fake_source_tool, argc, argv, &e);
}

static void accept(const char *line)
{
	if (read_line(line) < 0)
		fail_msg("%s: %s", line, e.text);
}

static void refuse(const char *line, const char *what)
{
	if (read_line(line) == 0)
		fail_msg("%s: taken", line);
	if (!strstr(e.text, what))
		fail_msg("%s: says '%s'", line, e.text);
	if (err_exit_status(&e) != 64)
		fail_msg("%s: exit status %d", line, err_exit_status(&e));
}

static void assert_source(const char *definition)
{
	assert_int_equal(o.sources.n, 1);
	assert_string_equal(o.sources.items[0], definition);
}

static int teardown(void **state)
{
	(void)state;
	capture_options_free(&o);
	return 0;
}

/* --- what is taken --- */

#define GOOD "--connect server:7 --source radio0:name=x "

static void defaults_are_as_documented(void **state)
{
	(void)state;
	accept(GOOD);
	assert_string_equal(o.connect.host, "server");
	assert_int_equal(o.connect.port, 7);
	assert_source("radio0:name=x");
	assert_false(o.tcp || o.disable_retry || o.daemonize || o.list || o.json);
	assert_null(o.pidfile);
	assert_false(o.fixed_gps.set);
	assert_true(o.auto_gen);
	assert_int_equal(o.queue_bytes, fake_source_tool.queue_bytes);
	assert_int_equal(o.frame_limit, 0);
	assert_int_equal(o.log_level, LOG_LEVEL_INFO);
	assert_false(capture_options_local(&o));
}

/* As in the manual of the reference tools: with '=' or without. */
static void known_command_lines_go_on_working(void **state)
{
	(void)state;
	accept("--connect=127.0.0.1:3501 --source=radio0 --tcp --disable-retry --daemonize "
	       "--fixed-gps=37.1,-122.5,30 --gps-name=roof");
	assert_true(o.tcp && o.disable_retry && o.daemonize);
	assert_true(o.fixed_gps.set);
	assert_string_equal(o.gps_name, "roof");
	accept("--host server:3501 --source radio0");
	assert_string_equal(o.connect.host, "server");
	accept("--list");
	assert_true(o.list);
	accept("--in-fd=3 --out-fd=4");
	assert_true(capture_options_local(&o));
	assert_int_equal(o.in_fd, 3);
	assert_int_equal(o.out_fd, 4);
	accept("--in-fd 0 --out-fd 1");
	assert_true(capture_options_local(&o));
}

/* The equator is a place: 0 is not "unset". */
static void sensor_may_stand_on_the_equator(void **state)
{
	(void)state;
	accept(GOOD "--fixed-gps 0,0");
	assert_true(o.fixed_gps.set);
	assert_true(o.fixed_gps.lat_deg == 0 && o.fixed_gps.lon_deg == 0);
}

static void generation_may_be_chosen(void **state)
{
	(void)state;
	accept(GOOD "--protocol=v3");
	assert_false(o.auto_gen);
	assert_int_equal(o.gen, FRAME_V3);
	accept(GOOD "--protocol=3");
	assert_int_equal(o.gen, FRAME_V3);
	accept(GOOD "--protocol=v3 --protocol=auto");
	assert_true(o.auto_gen);
	if (msg_gen_supported(FRAME_V2)) {
		accept(GOOD "--protocol=v2");
		assert_int_equal(o.gen, FRAME_V2);
		accept(GOOD "--protocol=0");
		assert_int_equal(o.gen, FRAME_V0);
	} else {
		refuse(GOOD "--protocol=v2", "--protocol");
	}
}

static void sizes_and_levels_are_read(void **state)
{
	(void)state;
	accept(GOOD "--queue-size=4M --frame-limit=8191 --log-level=warn --pidfile=/run/x.pid");
	assert_int_equal(o.queue_bytes, 4 << 20);
	assert_int_equal(o.frame_limit, 8191);
	assert_int_equal(o.log_level, LOG_LEVEL_WARN);
	assert_string_equal(o.pidfile, "/run/x.pid");
	accept(GOOD "--verbose");
	assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
	accept(GOOD "-V --log-level=error");
	assert_int_equal(o.log_level, LOG_LEVEL_ERROR);
}

static void help_and_version_need_nothing_else(void **state)
{
	(void)state;
	accept("--help");
	assert_true(o.help);
	accept("-h");
	assert_true(o.help);
	accept("--version --in-fd=3");
	assert_true(o.version);
	accept("-v");
	assert_true(o.version);
}

/* --- mistakes --- */

static void every_mistake_names_its_option(void **state)
{
	static const char *const lines[][2] = {
		{ "", "--connect" },
		{ "--source radio0", "--connect" },
		{ "--connect server:7", "--source" },
		{ "--connect server:7 --source=", "--source" },
		{ "--connect", "--connect" },
		{ GOOD "--connect=server:0", "--connect" },
		{ GOOD "--connect=::1", "--connect" },
		{ GOOD "--connect=ws://server:2501", "--connect" },
		{ GOOD "--host=", "--host" },
		{ GOOD "--source", "--source" },
		{ GOOD "--tcp=yes", "--tcp" },
		{ GOOD "--protocol=v9", "--protocol" },
		{ GOOD "--protocol=", "--protocol" },
		{ GOOD "--fixed-gps=91,0", "--fixed-gps" },
		{ GOOD "--fixed-gps=here", "--fixed-gps" },
		{ GOOD "--queue-size=1k", "--queue-size" },
		{ GOOD "--queue-size=-1", "--queue-size" },
		{ GOOD "--queue-size=much", "--queue-size" },
		{ GOOD "--frame-limit=1023", "--frame-limit" },
		{ GOOD "--frame-limit=65537", "--frame-limit" },
		{ GOOD "--log-level=loud", "--log-level" },
		{ GOOD "--json", "--json" },
		{ "--in-fd=3", "--out-fd" },
		{ "--out-fd=3", "--in-fd" },
		{ "--in-fd=x --out-fd=4", "--in-fd" },
		{ "--in-fd=3 --out-fd=-4", "--out-fd" },
		{ "--in-fd=3 --out-fd=4 --connect=server:7", "--connect" },
		{ "--in-fd=3 --out-fd=4 --daemonize", "--daemonize" },
		{ GOOD "--no-such-thing", "--no-such-thing" },
		{ GOOD "-x", "-x" },
		{ GOOD "stray", "stray" },
		{ GOOD "--config=/nonexistent/x.conf", "/nonexistent/x.conf" },
		{ GOOD "--config", "--config" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refuse(lines[i][0], lines[i][1]);
}

/* --- the configuration file --- */

static char path[64];

static const char *write_config(const char *text)
{
	static char option[100];
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%.40s/test-XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	snprintf(option, sizeof(option), "--config=%s", path);
	return option;
}

static const char *line_with(const char *before, const char *config, const char *after)
{
	static char line[400];

	snprintf(line, sizeof(line), "%s %s %s", before, config, after);
	return line;
}

static void file_gives_what_the_command_line_does_not(void **state)
{
	const char *config = write_config("connect=filehost:99\nsource = radio9 # the old one\n"
					  "queue_size = 2M\ntcp\nlog-level=error\n");

	(void)state;
	accept(config);
	assert_string_equal(o.connect.host, "filehost");
	assert_source("radio9");
	assert_int_equal(o.queue_bytes, 2 << 20);
	assert_true(o.tcp);
	assert_int_equal(o.log_level, LOG_LEVEL_ERROR);
	unlink(path);
}

/* Wherever --config stands. */
static void command_line_wins_over_the_file(void **state)
{
	const char *config = write_config("connect=filehost:99\nsource=radio9\n");

	(void)state;
	accept(line_with("--source=radio1 --connect=cmd:1", config, ""));
	assert_string_equal(o.connect.host, "cmd");
	assert_source("radio1");
	accept(line_with("", config, "--source=radio1"));
	assert_string_equal(o.connect.host, "filehost");
	assert_int_equal(o.connect.port, 99);
	assert_source("radio1");
	unlink(path);
}

/* Those of the file and those of the command line are not mixed. */
static void sources_add_up_in_one_place(void **state)
{
	const char *config = write_config("connect=filehost:99\nsource=radio1\nsource=radio2\n");

	(void)state;
	accept(line_with("", config, ""));
	assert_int_equal(o.sources.n, 2);
	assert_string_equal(o.sources.items[0], "radio1");
	assert_string_equal(o.sources.items[1], "radio2");
	accept(line_with("--source=radio7", config, "--source radio8 --source=radio9"));
	assert_int_equal(o.sources.n, 3);
	assert_string_equal(o.sources.items[0], "radio7");
	assert_string_equal(o.sources.items[2], "radio9");
	unlink(path);
}

static void mistake_in_the_file_names_its_line(void **state)
{
	static const char *const texts[][2] = {
		{ "source=x\nconnect=server:0\n", "line 2: connect" },
		{ "nonsense=1\n", "nonsense" },
		{ "in-fd=3\n", "in-fd" },
		{ "config=other.conf\n", "config" },
		{ "list\n", "list" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *config = write_config(texts[i][0]);

		refuse(line_with(GOOD, config, ""), texts[i][1]);
		assert_non_null(strstr(e.text, path));
		unlink(path);
	}
}

/* --- help --- */

static char help[20000];

static void print_help(void)
{
	FILE *file = tmpfile();
	int before = dup(STDOUT_FILENO);

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	capture_options_help(&fake_source_tool);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(file);
	help[fread(help, 1, sizeof(help) - 1, file)] = '\0';
	fclose(file);
}

static void help_has_every_option_and_key(void **state)
{
	(void)state;
	print_help();
	for (const struct opt *opt = capture_option_table; opt->name; opt++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", opt->name);
		if (!strstr(help, name))
			fail_msg("no %s in the help", name);
	}
	assert_non_null(strstr(help, "speed=N"));
	assert_non_null(strstr(help, "file=FILE"));
	assert_non_null(strstr(help, "kismet_cap_fake: a source for tests"));
	assert_null(strstr(help, "kismet_cap_fake --list"));	/* it cannot */
	for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 79);
}

#define TEST(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_as_documented),
		TEST(known_command_lines_go_on_working),
		TEST(sensor_may_stand_on_the_equator),
		TEST(generation_may_be_chosen),
		TEST(sizes_and_levels_are_read),
		TEST(help_and_version_need_nothing_else),
		TEST(every_mistake_names_its_option),
		TEST(file_gives_what_the_command_line_does_not),
		TEST(command_line_wins_over_the_file),
		TEST(sources_add_up_in_one_place),
		TEST(mistake_in_the_file_names_its_line),
		TEST(help_has_every_option_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
