/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server listens, as users write it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "capture_common/endpoint.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct err e;

static void expect(const char *text, enum endpoint_kind kind, const char *host, uint16_t port,
		   const char *path)
{
	struct endpoint out;

	if (endpoint_parse(&out, text, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	if (out.kind != kind || strcmp(out.host, host) != 0 || out.port != port ||
	    strcmp(out.path, path) != 0)
		fail_msg("%s: taken as kind %d, %s port %d path %s", text, out.kind, out.host,
			 out.port, out.path);
}

/* what: a part of the message. */
static void refuse(const char *text, const char *what)
{
	struct endpoint out;

	e.text[0] = '\0';
	if (endpoint_parse(&out, text, &e) == 0)
		fail_msg("%s: taken as %s port %d", text, out.host, out.port);
	if (!strstr(e.text, what))
		fail_msg("%s: says '%s'", text, e.text);
	assert_int_equal(e.code, ERR_USAGE);
}

/* --- reading --- */

static void names_and_addresses_are_understood(void **state)
{
	(void)state;
	expect("server:3501", ENDPOINT_UNSAID, "server", 3501, "");
	expect("192.0.2.7:65535", ENDPOINT_UNSAID, "192.0.2.7", 65535, "");
	expect("a.b-c.example:1", ENDPOINT_UNSAID, "a.b-c.example", 1, "");
	expect("[::1]:3501", ENDPOINT_UNSAID, "::1", 3501, "");
	expect("[2001:db8::7]:10", ENDPOINT_UNSAID, "2001:db8::7", 10, "");
	expect("[fe80::1%eth0]:3501", ENDPOINT_UNSAID, "fe80::1%eth0", 3501, "");
	expect("[server]:7", ENDPOINT_UNSAID, "server", 7, "");
}

static void port_may_be_left_out(void **state)
{
	(void)state;
	expect("server", ENDPOINT_UNSAID, "server", 0, "");
	expect("[::1]", ENDPOINT_UNSAID, "::1", 0, "");
	expect("tcp://server", ENDPOINT_TCP, "server", 0, "");
	expect("wss://server", ENDPOINT_WSS, "server", 0, "");
}

static void scheme_and_path_may_be_given(void **state)
{
	(void)state;
	expect("tcp://server:99", ENDPOINT_TCP, "server", 99, "");
	expect("TCP://[::1]:99", ENDPOINT_TCP, "::1", 99, "");
	expect("ws://server:2501", ENDPOINT_WS, "server", 2501, "");
	expect("wss://[::1]/kismet/", ENDPOINT_WSS, "::1", 0, "/kismet/");
	expect("Wss://[::1]:8443/kismet/", ENDPOINT_WSS, "::1", 8443, "/kismet/");
	expect("ws://server/a/b.ws", ENDPOINT_WS, "server", 0, "/a/b.ws");
	expect("ws://server/", ENDPOINT_WS, "server", 0, "");
	expect("ws://server/a%20b:c/", ENDPOINT_WS, "server", 0, "/a%20b:c/");
}

static void other_schemes_are_named(void **state)
{
	(void)state;
	refuse("https://server", "https:// is not known");
	refuse("http://server:2501/", "http://");
	refuse("w://server", "w://");
	refuse("://server", "://");
}

/* They would be in the log, and in the list of processes. */
static void secrets_in_an_endpoint_are_not_repeated(void **state)
{
	static const char *const texts[] = {
		"wss://me:sEcret@server/", "me:sEcret@server:3501", "sEcret@server",
		"wss://me:a/sEcret@server/", "me:sEcret@://server", "ws://server/?KISMET=sEcret",
		"server:2501?KISMET=sEcret", "wss://server/x#sEcret", "sEcret?://server",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		refuse(texts[i], "--user");
		if (strstr(e.text, "sEcret"))
			fail_msg("%s: says '%s'", texts[i], e.text);
	}
	refuse("wss://me:sEcret@server/", "--password-file");
}

static void bad_ports_are_refused(void **state)
{
	(void)state;
	refuse("server:", "no port");
	refuse("server:0", "'0' is no port");
	refuse("server:65536", "no port");
	refuse("server:-1", "no port");
	refuse("server:+1", "no port");
	refuse("server: 1", "no port");
	refuse("server:35o1", "'35o1' is no port");
	refuse("server:99999999999999999999999", "no port");
	refuse("ws://server:/path", "no port");
	refuse("ws://server:x/path", "'x' is no port");
	refuse("[::1]:", "no port");
	refuse("[::1]:x", "no port");
}

static void bad_hosts_are_refused(void **state)
{
	char text[400];

	(void)state;
	refuse("", "host is missing");
	refuse(":3501", "host is missing");
	refuse("[]:3501", "host is missing");
	refuse("tcp://", "host is missing");
	refuse("wss:///kismet/", "host is missing");
	refuse("::1", "brackets");
	refuse("2001:db8::7:3501", "brackets");
	refuse("[::1", "no address");
	refuse("[::1]3501", "no address");
	refuse("ws://[::1/]", "no address");
	refuse("two words", "no host");
	refuse("-oProxyCommand=x", "no host");
	refuse("a;b:1", "no host");
	refuse("a\r\nb", "no host");
	memset(text, 'h', sizeof(text));
	text[399] = '\0';
	refuse(text, "too long");
	text[256] = '\0';
	refuse(text, "too long");
	text[255] = '\0';
	expect(text, ENDPOINT_UNSAID, text, 0, "");
}

static void bad_paths_are_refused(void **state)
{
	char text[700] = "ws://server/", *path = NULL;

	(void)state;
	refuse("server/kismet/", "only ws:// and wss://");
	refuse("server:3501/", "only ws:// and wss://");
	refuse("tcp://server/", "only ws:// and wss://");
	refuse("ws://server/a b", "%XX");
	refuse("ws://server/a\r\nb", "%XX");
	refuse("ws://server/\xc3\xa4", "%XX");
	memset(text + strlen(text), 'p', sizeof(text) - strlen(text) - 1);
	refuse(text, "too long");
	assert_int_equal(endpoint_opt_path(&path, "kismet/", &e), -1);
	assert_non_null(strstr(e.text, "begins with '/'"));
	assert_int_equal(endpoint_opt_path(&path, "/?KISMET=sEcret", &e), -1);
	assert_null(strstr(e.text, "sEcret"));
	assert_null(path);
	assert_int_equal(endpoint_opt_path(&path, "/a/", &e), 0);
	assert_int_equal(endpoint_opt_path(&path, "/b/", &e), 0);
	assert_string_equal(path, "/b/");
	free(path);
}

static void several_are_kept_in_order(void **state)
{
	struct endpoint_list l = { NULL, 0 };

	(void)state;
	assert_int_equal(endpoint_opt_add(&l, "one:1", &e), 0);
	assert_int_equal(endpoint_opt_add(&l, "wss://two", &e), 0);
	assert_int_equal(endpoint_opt_add(&l, "three:0", &e), -1);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[0].host, "one");
	assert_string_equal(l.items[1].host, "two");
	endpoint_list_free(&l);
	assert_int_equal(l.n, 0);
	assert_null(l.items);
}

/* --- what was not said --- */

#define DEFAULT_PATH ENDPOINT_WS_PATH

static const struct {
	const char *text;
	struct endpoint_wish wish;
	const char *printed, *path;
} settled[] = {
	{ "h", { .tcp = false }, "tcp://h:3501", "" },
	{ "h:3501", { .tcp = false }, "tcp://h:3501", "" },
	{ "h:9", { .tcp = false }, "tcp://h:9", "" },
	{ "[2001:db8::1]", { .tcp = false }, "tcp://[2001:db8::1]:3501", "" },
	{ "h:2501", { .tcp = true }, "tcp://h:2501", "" },
	{ "tcp://h:2501", { .credentials = true }, "tcp://h:2501", "" },
	{ "h", { .tcp = true, .credentials = true, .path = "/p/" }, "tcp://h:3501", "" },
	{ "h:2501", { .tcp = false }, "ws://h:2501", DEFAULT_PATH },
	{ "ws://h", { .tcp = false }, "ws://h:2501", DEFAULT_PATH },
	{ "h", { .credentials = true }, "ws://h:2501", DEFAULT_PATH },
	{ "h:3501", { .credentials = true }, "ws://h:3501", DEFAULT_PATH },
	{ "h", { .path = "/x.ws" }, "ws://h:2501", "/x.ws" },
	{ "h:9", { .path = "/kismet/" }, "ws://h:9", "/kismet" DEFAULT_PATH },
	{ "h", { .tls = true }, "wss://h:443", DEFAULT_PATH },
	{ "h:9", { .tls = true }, "wss://h:9", DEFAULT_PATH },
	{ "ws://h:9", { .tls = true }, "wss://h:9", DEFAULT_PATH },
	{ "wss://[::1]/kismet/", { .tcp = false }, "wss://[::1]:443", "/kismet" DEFAULT_PATH },
	{ "wss://h/a.ws", { .path = "/kismet/" }, "wss://h:443", "/a.ws" },
	{ "wss://h/", { .path = "/kismet/" }, "wss://h:443", "/kismet" DEFAULT_PATH },
};

static void what_was_not_said_follows_from_the_rest(void **state)
{
	struct endpoint ep;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(settled); i++) {
		assert_int_equal(endpoint_parse(&ep, settled[i].text, &e), 0);
		for (int twice = 0; twice < 2; twice++) {
			if (endpoint_settle(&ep, &settled[i].wish, &e) < 0)
				fail_msg("row %zu: %s", i, e.text);
			endpoint_print(&ep, text, sizeof(text));
			if (strcmp(text, settled[i].printed) != 0 ||
			    strcmp(ep.path, settled[i].path) != 0)
				fail_msg("row %zu: %s with path '%s'", i, text, ep.path);
		}
	}
}

static void contradictions_name_both_sides(void **state)
{
	static const struct {
		const char *text;
		struct endpoint_wish wish;
		const char *words[2];
	} rows[] = {
		{ "h", { .tcp = true, .tls = true }, { "--tcp", "--ssl" } },
		{ "tcp://h", { .tls = true }, { "tcp://", "--ssl" } },
		{ "ws://h", { .tcp = true }, { "ws://", "--tcp" } },
		{ "wss://h", { .tcp = true }, { "wss://", "--tcp" } },
	};
	struct endpoint ep;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(endpoint_parse(&ep, rows[i].text, &e), 0);
		assert_int_equal(endpoint_settle(&ep, &rows[i].wish, &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
		if (!strstr(e.text, rows[i].words[0]) || !strstr(e.text, rows[i].words[1]))
			fail_msg("%s: says '%s'", rows[i].text, e.text);
	}
}

static void unsettled_endpoints_can_be_printed(void **state)
{
	struct endpoint ep;
	char text[16];

	(void)state;
	assert_int_equal(endpoint_parse(&ep, "[::1]:7", &e), 0);
	endpoint_print(&ep, text, sizeof(text));
	assert_string_equal(text, "[::1]:7");
	endpoint_print(&ep, text, 5);
	assert_string_equal(text, "[::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_understood),
		cmocka_unit_test(port_may_be_left_out),
		cmocka_unit_test(scheme_and_path_may_be_given),
		cmocka_unit_test(other_schemes_are_named),
		cmocka_unit_test(secrets_in_an_endpoint_are_not_repeated),
		cmocka_unit_test(bad_ports_are_refused),
		cmocka_unit_test(bad_hosts_are_refused),
		cmocka_unit_test(bad_paths_are_refused),
		cmocka_unit_test(several_are_kept_in_order),
		cmocka_unit_test(what_was_not_said_follows_from_the_rest),
		cmocka_unit_test(contradictions_name_both_sides),
		cmocka_unit_test(unsettled_endpoints_can_be_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
