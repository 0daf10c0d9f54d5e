/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiver's options: their table, the file, the manual page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/loop.h"
#include "capture_receiver/settings.h"

#define MANUAL TEST_DATA "/../../capture_receiver/kismet_cap_receiver.8"

static struct settings s;
static struct err e;
static char file[64];

static int setup(void **state)
{
	int fd;

	(void)state;
	memset(&s, 0, sizeof(s));
	strcpy(file, "/tmp/test_settings.XXXXXX");
	fd = mkstemp(file);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	settings_free(&s);
	return unlink(file);
}

/* Reads words after the program's name; NULL ends them. */
static int read_words(const char *word, ...)
{
	static char copies[16][200];
	char *argv[17] = { (char *)"kismet_cap_receiver" };
	int argc = 1;
	va_list ap;

	settings_free(&s);
	va_start(ap, word);
	for (; word; word = va_arg(ap, const char *)) {
		snprintf(copies[argc - 1], sizeof(copies[0]), "%s", word);
		argv[argc] = copies[argc - 1];
		argc++;
	}
	va_end(ap);
	argv[argc] = NULL;
	return settings_read(&s, argc, argv, &e);
}

static void write_file(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void nobody_but_this_host_is_let_in_by_default(void **state)
{
	(void)state;
	assert_int_equal(read_words(NULL), 0);
	assert_int_equal(s.listen.addresses.n, 1);
	assert_string_equal(s.listen.addresses.items[0], "127.0.0.1");
	assert_int_equal(s.port, 3501);
	assert_int_equal(s.max_connections, 1024);
	assert_true(s.hop_rate_hps == 5);
	assert_true(s.exit_idle_ns == LOOP_NEVER);
	assert_null(s.write_path);
	assert_null(s.json_path);
	assert_int_equal(s.httpd.listen.addresses.n, 0);
	assert_int_equal(s.httpd.port, 2501);
	assert_false(s.announce.on);
}

static void anything_said_about_http_asks_for_it(void **state)
{
	static const char *const words[] = {
		"--httpd-bind-address=::1", "--httpd-port=2501", "--httpd-port-file=x",
		"--httpd-uri-prefix=/x", "--apikey-file=x", "--login-file=x",
		"--no-tcp",
	};

	(void)state;
	assert_int_equal(read_words("--no-httpd", "--server-announce", NULL), 0);
	assert_true(s.httpd.off && s.announce.on);
	assert_false(settings_asks_httpd(&s));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(read_words(words[i], NULL), 0);
		assert_true(settings_asks_httpd(&s));
	}
	assert_int_equal(read_words("--httpd-ssl-certificate=c", "--httpd-ssl-key=k",
				    "--httpd-ssl-client-ca=a", "--httpd-port=0", NULL), 0);
	assert_true(settings_asks_httpd(&s));
	assert_string_equal(s.httpd.certificate, "c");
	assert_string_equal(s.httpd.key, "k");
	assert_string_equal(s.httpd.client_ca, "a");
	assert_int_equal(s.httpd.port, 0);
}

static void announcements_are_described(void **state)
{
	(void)state;
	assert_int_equal(read_words("--server-announce", "--server-announce-address=192.0.2.1",
				    "--server-announce-port=7", "--server-name=roof",
				    "--server-uuid=00112233-4455-6677-8899-aabbccddeeff", NULL), 0);
	assert_true(s.announce.on);
	assert_string_equal(s.announce.address, "192.0.2.1");
	assert_int_equal(s.announce.port, 7);
	assert_string_equal(s.announce.name, "roof");
	assert_string_equal(s.announce.uuid, "00112233-4455-6677-8899-AABBCCDDEEFF");
}

static void options_are_read(void **state)
{
	(void)state;
	assert_int_equal(read_words("--remote-capture-port=0", "-w", "x", "--write-dir", "d",
				    "--json=-", "--max-connections=7", "--hop-rate=90/min",
				    "--exit-when-idle=1.5", "--quiet", NULL), 0);
	assert_int_equal(s.port, 0);
	assert_string_equal(s.write_path, "x");
	assert_string_equal(s.write_dir, "d");
	assert_string_equal(s.json_path, "-");
	assert_int_equal(s.max_connections, 7);
	assert_true(s.hop_rate_hps == 1.5);
	assert_true(s.exit_idle_ns == 1500000000);
	assert_int_equal(s.log_level, LOG_LEVEL_WARN);
	assert_int_equal(read_words("--hop-rate=0", NULL), 0);
	assert_true(s.hop_rate_hps == 0);
}

static void addresses_collect(void **state)
{
	(void)state;
	assert_int_equal(read_words("--remote-capture-listen=0.0.0.0",
				    "--remote-capture-listen", "::", NULL), 0);
	assert_int_equal(s.listen.addresses.n, 2);
	assert_string_equal(s.listen.addresses.items[1], "::");
}

static void command_line_wins_over_the_file(void **state)
{
	(void)state;
	write_file("remote_capture_listen=192.0.2.1\nremote-capture-listen=192.0.2.2\n"
		   "remote_capture_port=77 # comment\nquiet\nwrite=a\n");
	assert_int_equal(read_words("--config", file, NULL), 0);
	assert_int_equal(s.listen.addresses.n, 2);
	assert_string_equal(s.listen.addresses.items[0], "192.0.2.1");
	assert_int_equal(s.port, 77);
	assert_true(s.quiet);
	assert_int_equal(read_words("--remote-capture-listen=::1", "--config", file,
				    "--write=b", "--remote-capture-listen=::2", NULL), 0);
	assert_int_equal(s.listen.addresses.n, 2);
	assert_string_equal(s.listen.addresses.items[0], "::1");
	assert_string_equal(s.listen.addresses.items[1], "::2");
	assert_string_equal(s.write_path, "b");
	assert_int_equal(s.port, 77);
}

static void mistakes_name_the_option(void **state)
{
	static const struct {
		const char *first, *second, *named;
	} bad[] = {
		{ "--max-connections=0", NULL, "--max-connections" },
		{ "--max-connections=1000001", NULL, "--max-connections" },
		{ "--max-connections=x", NULL, "--max-connections" },
		{ "--hop-rate=-1", NULL, "--hop-rate" },
		{ "--hop-rate=5/hour", NULL, "--hop-rate" },
		{ "--exit-when-idle=-1", NULL, "--exit-when-idle" },
		{ "--exit-when-idle=nan", NULL, "--exit-when-idle" },
		{ "--exit-when-idle=", NULL, "--exit-when-idle" },
		{ "--log-level=loud", NULL, "--log-level" },
		{ "--remote-capture-listen=", NULL, "--remote-capture-listen" },
		{ "--remote-capture-port=65536", NULL, "--remote-capture-port" },
		{ "--write=-", "--json=-", "--json" },
		{ "--write=-", "--daemonize", "--write=-" },
		{ "--json=-", "--daemonize", "--json=-" },
		{ "--write=", NULL, "--write" },
		{ "--httpd-port=x", NULL, "--httpd-port" },
		{ "--httpd-ssl-certificate=x", NULL, "--httpd-ssl-key" },
		{ "--httpd-ssl-key=x", NULL, "--httpd-ssl-certificate" },
		{ "--httpd-ssl-client-ca=x", NULL, "--httpd-ssl-certificate" },
		{ "--server-uuid=x", NULL, "--server-uuid" },
		{ "--no-tcp", "--no-httpd", "--no-httpd" },
		{ "--no-tcp", "--port-file=x", "--port-file" },
		{ "--config=/nonexistent/x", NULL, "/nonexistent/x" },
		{ "stray", NULL, "stray" },
		{ "--no-such-thing", NULL, "--no-such-thing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_words(bad[i].first, bad[i].second, NULL) != -1)
			fail_msg("%s was taken", bad[i].first);
		if (!strstr(e.text, bad[i].named))
			fail_msg("%s: %s", bad[i].first, e.text);
	}
	write_file("max_connections=0\n");
	assert_int_equal(read_words("--config", file, NULL), -1);
	assert_non_null(strstr(e.text, file));
}

/* What mdoc makes of a dash is "\-" or "-"; options are written as Fl -name. */
static void manual_has_every_option_and_in_this_order(void **state)
{
	static char manual[60000];
	FILE *f = fopen(MANUAL, "r");
	const char *at, *options;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(manual, 1, sizeof(manual) - 1, f);
	fclose(f);
	manual[n] = '\0';
	options = strstr(manual, ".Sh OPTIONS");
	assert_non_null(options);
	at = options;
	for (const struct opt *o = settings_table; o->name; o++) {
		char line[100];

		if (o->letter)
			snprintf(line, sizeof(line), "\n.It Fl %c , Fl -%s", o->letter, o->name);
		else
			snprintf(line, sizeof(line), "\n.It Fl -%s", o->name);
		at = strstr(at, line);
		if (!at)
			fail_msg("the manual page lacks --%s, or has it elsewhere", o->name);
		snprintf(line, sizeof(line), "Fl -%s", o->name);
		assert_true(strstr(manual, line) < options);
	}
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(nobody_but_this_host_is_let_in_by_default),
		ONE(options_are_read),
		ONE(anything_said_about_http_asks_for_it),
		ONE(announcements_are_described),
		ONE(addresses_collect),
		ONE(command_line_wins_over_the_file),
		ONE(mistakes_name_the_option),
		ONE(manual_has_every_option_and_in_this_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
