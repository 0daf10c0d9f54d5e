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
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/capture_options.h"
#include "capture_common/log.h"
#include "protocol/msg.h"
#include "tests/lib/fake_source.h"

#define MAX_ARGS 24

#ifdef HAVE_LWS
#define WEBSOCKETS true
#else
#define WEBSOCKETS false
#endif

static struct capture_options o;
static struct err e;
static char said[4096];			/* what was logged meanwhile */

static int read_logged(int argc, char **argv)
{
	int before = dup(STDERR_FILENO), rc;
	FILE *f = tmpfile();

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	rc = capture_options_read(&o, &fake_source_tool, argc, argv, &e);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	fclose(f);
	return rc;
}

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
	return read_logged(argc, argv);
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

/* Prints them, with one blank between them. */
static void assert_servers(const char *expected)
{
	char all[400] = "";

	for (size_t i = 0; i < o.connect.n; i++) {
		size_t len = strlen(all);

		if (len)
			all[len++] = ' ';
		endpoint_print(&o.connect.items[i], all + len, sizeof(all) - len);
	}
	assert_string_equal(all, expected);
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
	assert_servers("tcp://server:7");
	assert_source("radio0:name=x");
	assert_false(o.ssl || o.autodetect || access_has_credentials(&o.access));
	assert_null(o.endpoint);
	assert_null(o.via);
	assert_string_equal(said, "");
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
	assert_servers("tcp://server:3501");
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
		{ GOOD "--connect=http://server:2501", "--connect" },
		{ GOOD "--connect=ws://me:pw@server:2501", "--password-file" },
		{ GOOD "--host=", "--host" },
		{ GOOD "--source", "--source" },
		{ GOOD "--tcp=yes", "--tcp" },
		{ GOOD "--tcp --ssl", "--tcp and --ssl" },
		{ GOOD "--connect=tcp://server --ssl", "tcp:// and --ssl" },
		{ GOOD "--connect=wss://server --tcp", "wss:// and --tcp" },
		{ GOOD "--autodetect", "--connect and --autodetect" },
		{ "--autodetect", "--autodetect needs --source" },
		{ "--autodetect=1234 --source radio0", "--autodetect: '1234' is no UUID" },
		{ "--autodetect= --source radio0", "--autodetect" },
		{ "--autodetect --source radio0 --tcp --ssl", "--tcp and --ssl" },
		{ "--autodetect --source radio0 --via=nc", "--via cannot" },
		{ GOOD "--via=", "--via" },
		{ GOOD "--user=me", "--user needs --password-file" },
		{ GOOD "--password=pw", "--user" },
		{ GOOD "--user=", "--user" },
		{ GOOD "--user=me --password-file=/nonexistent/pw",
		  "--password-file /nonexistent" },
		{ GOOD "--apikey-file=/nonexistent/key", "--apikey-file /nonexistent" },
		{ GOOD "--apikey=a;b", "API key" },
		{ GOOD "--auth-in=body", "--auth-in" },
		{ GOOD "--endpoint=kismet/", "--endpoint" },
		{ GOOD "--ssl-certificate=/nonexistent/ca", "--ssl-certificate /nonexistent" },
		{ GOOD "--ssl-fingerprint=00", "--ssl-fingerprint" },
		{ GOOD "--ssl-client-key=/nonexistent/key", "--ssl-client-certificate" },
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
		{ "--in-fd=3 --out-fd=4 --autodetect", "--autodetect" },
		{ "--in-fd=3 --out-fd=4 --via=nc", "--via" },
		{ "--in-fd=0 --out-fd=1 --write=-", "standard output" },
		{ GOOD "--write=/dev/null --status-file=/dev/null", "--status-file" },
		{ GOOD "--write=x.pcapng --write-size=65535", "--write-size: at least 64k" },
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

/* --- servers --- */

static void servers_are_tried_in_the_order_given(void **state)
{
	(void)state;
	accept("--connect one --host=[::1]:7 --source radio0 --connect tcp://three:2501");
	assert_servers("tcp://one:3501 tcp://[::1]:7 tcp://three:2501");
}

static void announced_server_may_be_chosen(void **state)
{
	struct endpoint_wish wish;

	(void)state;
	accept("--autodetect --source radio0");
	assert_true(o.autodetect);
	assert_null(o.autodetect_uuid);
	assert_int_equal(o.connect.n, 0);
	capture_options_wish(&o, &wish);
	assert_false(wish.tcp || wish.tls || wish.credentials || wish.path);
	accept("--autodetect=4e1d07c3-0000-0000-0000-000016640402 --source radio0 --tcp");
	assert_string_equal(o.autodetect_uuid, "4E1D07C3-0000-0000-0000-000016640402");
	capture_options_wish(&o, &wish);
	assert_true(wish.tcp);
}

static const struct {
	const char *options, *servers, *path;
} websockets[] = {
	{ "--connect server:2501", "ws://server:2501", ENDPOINT_WS_PATH },
	{ "--connect server --apikey=K", "ws://server:2501", ENDPOINT_WS_PATH },
	{ "--connect server --user=me --password=pw", "ws://server:2501", ENDPOINT_WS_PATH },
	{ "--connect server --ssl --apikey=K", "wss://server:443", ENDPOINT_WS_PATH },
	{ "--connect wss://server --endpoint=/kismet/", "wss://server:443",
	  "/kismet" ENDPOINT_WS_PATH },
	{ "--connect server --endpoint=/a.ws", "ws://server:2501", "/a.ws" },
};

static void credentials_ask_for_a_websocket(void **state)
{
	char line[200];

	(void)state;
	for (size_t i = 0; i < sizeof(websockets) / sizeof(websockets[0]); i++) {
		snprintf(line, sizeof(line), "--source radio0 %s", websockets[i].options);
		if (!WEBSOCKETS) {
			refuse(line, "libwebsockets-dev");
			continue;
		}
		accept(line);
		assert_servers(websockets[i].servers);
		assert_string_equal(o.connect.items[0].path, websockets[i].path);
		assert_string_equal(said, "");
	}
}

/* Word: what the warning says. */
static const struct {
	const char *options, *word;
	bool websocket;
} warnings[] = {
	{ "--connect server:7 --tcp --apikey=sEcret", "--apikey are not used", false },
	{ "--connect tcp://server --user=me --password=sEcret", "tcp://server:3501", false },
	{ "--autodetect --tcp --apikey=sEcret", "not used", false },
	{ "--autodetect --apikey=sEcret", "whoever", true },
	{ "--autodetect=4e1d07c3-0000-0000-0000-000016640402 --user=me --password=sEcret",
	  "whoever", true },
	{ "--connect server:3501 --apikey=sEcret", "port 3501", true },
	{ "--connect server --user=me --password=sEcret --apikey=sEcret", "is not", true },
	{ "--connect ws://server --ssl-fingerprint="
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "--ssl-fingerprint has no effect", true },
	{ "--connect server --tcp --endpoint=/kismet/", "--endpoint has no effect", false },
};

static void useless_options_are_warned_of(void **state)
{
	char line[300];

	(void)state;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		snprintf(line, sizeof(line), "--source radio0 %s", warnings[i].options);
		if (warnings[i].websocket && !WEBSOCKETS)
			continue;
		accept(line);
		if (!strstr(said, warnings[i].word))
			fail_msg("%s: logs '%s'", line, said);
		assert_null(strstr(said, "sEcret"));
	}
	if (WEBSOCKETS) {
		accept("--source radio0 --autodetect --ssl --apikey=sEcret");
		assert_string_equal(said, "");
	}
	accept("--in-fd=3 --out-fd=4 --user=me --password=sEcret");
	assert_non_null(strstr(said, "no effect with --in-fd"));
	assert_false(access_has_credentials(&o.access));
	accept("--in-fd=3 --out-fd=4 --apikey-file=/nonexistent/key");
	assert_non_null(strstr(said, "no effect with --in-fd"));
}

/* Others see the command line in the list of processes. */
static void secrets_are_wiped_from_the_command_line(void **state)
{
	char program[] = "kismet_cap_fake", list[] = "--help", password[] = "--password=s3cret",
	     apikey[] = "--apikey", key[] = "s3cret";
	char *argv[] = { program, list, password, apikey, key, NULL };

	(void)state;
	capture_options_free(&o);
	assert_int_equal(read_logged(5, argv), 0);
	assert_memory_equal(password, "--password=\0\0\0\0\0\0", sizeof(password));
	assert_memory_equal(key, "\0\0\0\0\0\0", sizeof(key));
	assert_string_equal(o.access.password, "s3cret");
	assert_string_equal(o.access.apikey, "s3cret");
}

static void files_of_secrets_are_left_alone_without_a_server(void **state)
{
	(void)state;
	accept("--list --apikey-file=/nonexistent/key");
	accept("--help --apikey-file=/nonexistent/key");
	accept("--version --user=me");
}

static void helper_command_is_taken_as_it_is(void **state)
{
	(void)state;
	accept(GOOD "--via=nc");
	assert_string_equal(o.via, "nc");
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
	assert_servers("tcp://filehost:99");
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
	assert_servers("tcp://cmd:1");
	assert_source("radio1");
	accept(line_with("", config, "--source=radio1"));
	assert_servers("tcp://filehost:99");
	assert_source("radio1");
	accept(line_with("--autodetect", config, ""));
	assert_true(o.autodetect);
	assert_int_equal(o.connect.n, 0);
	unlink(path);
	config = write_config("autodetect\nsource=radio9\n");
	accept(config);
	assert_true(o.autodetect);
	accept(line_with("--host=one:1", config, "--connect=two:2"));
	assert_false(o.autodetect);
	assert_servers("tcp://one:1 tcp://two:2");
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

static void file_with_a_secret_should_not_be_for_everybody(void **state)
{
	const char *config = write_config("connect=tcp://filehost\nsource=radio9\n"
					  "apikey=sEcret\n");

	(void)state;
	accept(config);
	assert_null(strstr(said, "chmod"));
	assert_int_equal(chmod(path, 0644), 0);
	accept(config);
	assert_non_null(strstr(said, "chmod 600"));
	assert_null(strstr(said, "sEcret"));
	unlink(path);
}

static void mistake_in_the_file_names_its_line(void **state)
{
	static const char *const texts[][2] = {
		{ "source=x\nconnect=server:0\n", "line 2: connect" },
		{ "apikey=\n", "line 1: apikey" },
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
		TEST(servers_are_tried_in_the_order_given),
		TEST(announced_server_may_be_chosen),
		TEST(credentials_ask_for_a_websocket),
		TEST(useless_options_are_warned_of),
		TEST(secrets_are_wiped_from_the_command_line),
		TEST(files_of_secrets_are_left_alone_without_a_server),
		TEST(helper_command_is_taken_as_it_is),
		TEST(file_gives_what_the_command_line_does_not),
		TEST(command_line_wins_over_the_file),
		TEST(sources_add_up_in_one_place),
		TEST(file_with_a_secret_should_not_be_for_everybody),
		TEST(mistake_in_the_file_names_its_line),
		TEST(help_has_every_option_and_key),
	};

	log_init("test_capture_options", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
