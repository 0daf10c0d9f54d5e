/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which proxy of the environment leads to a server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/proxy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct err e;

/* The environment: names and values. */
static const char *variables[8][2];

static char *get(const char *name)
{
	for (size_t i = 0; i < COUNT(variables); i++) {
		if (variables[i][0] && strcmp(variables[i][0], name) == 0)
			return (char *)(uintptr_t)variables[i][1];
	}
	return NULL;
}

static void set_env(const char *name, const char *value)
{
	for (size_t i = 0; i < COUNT(variables); i++) {
		if (variables[i][0] && strcmp(variables[i][0], name) != 0)
			continue;
		variables[i][0] = name;
		variables[i][1] = value;
		return;
	}
	fail_msg("too many variables");
}

static int setup(void **state)
{
	(void)state;
	memset(variables, 0, sizeof(variables));
	return 0;
}

static int ask(const char *url, struct proxy *out)
{
	static const struct endpoint_wish none = { .tcp = false };
	struct endpoint ep;

	assert_int_equal(endpoint_parse(&ep, url, &e), 0);
	assert_int_equal(endpoint_settle(&ep, &none, &e), 0);
	return proxy_for(&ep, get, out, &e);
}

static void expect(const char *url, const char *host, uint16_t port, const char *login)
{
	struct proxy p;

	if (ask(url, &p) < 0)
		fail_msg("%s: %s", url, e.text);
	if (strcmp(p.host, host) != 0 || p.port != port || strcmp(p.login, login) != 0)
		fail_msg("%s: proxy '%s' port %d login '%s'", url, p.host, p.port, p.login);
}

static void direct(const char *url)
{
	expect(url, "", 0, "");
}

/* --- secrets --- */

static void a_login_in_any_variable_is_seen(void **state)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy", "ALL_PROXY" };

	for (size_t i = 0; i < COUNT(names); i++) {
		setup(state);
		set_env(names[i], "http://proxy:3128");
		set_env("no_proxy", "a@b");
		assert_false(proxy_has_login(get));
		set_env(names[i], "http://user:secret@proxy:3128");
		assert_true(proxy_has_login(get));
	}
}

/* --- choice --- */

static void nothing_set_is_a_direct_connection(void **state)
{
	(void)state;
	direct("ws://server");
	direct("wss://server");
	set_env("http_proxy", "");
	set_env("https_proxy", "");
	set_env("all_proxy", "");
	direct("ws://server");
	direct("wss://server");
}

static void each_scheme_has_its_variable(void **state)
{
	(void)state;
	set_env("http_proxy", "http://plain:1");
	set_env("https_proxy", "http://tls:2");
	expect("ws://server", "plain", 1, "");
	expect("wss://server", "tls", 2, "");
	direct("tcp://server");
}

static void small_letters_come_first(void **state)
{
	(void)state;
	set_env("HTTPS_PROXY", "http://big:2");
	set_env("ALL_PROXY", "http://all:3");
	expect("wss://server", "big", 2, "");
	expect("ws://server", "all", 3, "");
	set_env("https_proxy", "http://small:2");
	set_env("all_proxy", "http://small-all:3");
	expect("wss://server", "small", 2, "");
	expect("ws://server", "small-all", 3, "");
	set_env("https_proxy", "");
	expect("wss://server", "big", 2, "");
}

/* A web server's client can set it with a header "Proxy:". */
static void http_proxy_in_capitals_is_not_looked_at(void **state)
{
	(void)state;
	set_env("HTTP_PROXY", "http://evil:1");
	direct("ws://server");
}

/* --- what a proxy looks like --- */

static const struct {
	const char *value, *host;
	uint16_t port;
	const char *login;
} proxies[] = {
	{ "http://proxy:3128", "proxy", 3128, "" },
	{ "http://proxy:3128/", "proxy", 3128, "" },
	{ "HTTP://proxy", "proxy", 1080, "" },
	{ "proxy", "proxy", 1080, "" },
	{ "proxy:8080", "proxy", 8080, "" },
	{ "[2001:db8::1]:3128", "2001:db8::1", 3128, "" },
	{ "http://[::1]", "::1", 1080, "" },
	{ "http://me:pw@proxy:1", "proxy", 1, "me:pw" },
	{ "me:pw@proxy:1", "proxy", 1, "me:pw" },
	{ "http://me@proxy", "proxy", 1080, "me:" },
	{ "http://me:p%40%3a%2F%25%c3%A4@[::1]:7", "::1", 7, "me:p@:/%\xc3\xa4" },
	{ "http://me:a@b@proxy", "proxy", 1080, "me:a@b" },
	{ "http://me:p:w@proxy", "proxy", 1080, "me:p:w" },
};

static void proxies_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(proxies); i++) {
		set_env("http_proxy", proxies[i].value);
		expect("ws://server", proxies[i].host, proxies[i].port, proxies[i].login);
	}
}

static void bad_proxies_are_refused_without_their_password(void **state)
{
	static const char *const bad[] = {
		"http://", "http://me:sEcret@", "http://me:sEcret@proxy:0", "me:sEcret@proxy:x",
		"http://me:sEcret%@proxy", "http://me:sEcret%4@proxy", "http://me:sEcret%zz@proxy",
		"http://me:sEcret%+4@proxy", "http://me:sEcret% 4@proxy",
		"http://me:sEcret%4g@proxy",
		"http://me:sEcret%0d%0a@proxy", "http://:sEcret@proxy", "http://me:sEcret@a b",
		"socks5://me:sEcret@proxy", "https://me:sEcret@proxy", "socks4a://proxy",
		"://proxy",
	};
	char longest[600];
	struct proxy p;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		set_env("http_proxy", bad[i]);
		if (ask("ws://server", &p) == 0)
			fail_msg("%s: taken as %s", bad[i], p.host);
		assert_string_equal(p.host, "");
		if (strstr(e.text, "sEcret") || !strstr(e.text, "http_proxy"))
			fail_msg("%s: says '%s'", bad[i], e.text);
		direct("wss://server");
	}
	set_env("http_proxy", "socks5://proxy");
	assert_int_equal(ask("ws://server", &p), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest + 590, "@proxy", 7);
	set_env("http_proxy", longest);
	assert_int_equal(ask("ws://server", &p), -1);
	set_env("http_proxy", longest + 590 - 254);
	assert_int_equal(ask("ws://server", &p), 0);
	assert_int_equal(strlen(p.login), 255);
	set_env("http_proxy", longest + 590 - 255);
	assert_int_equal(ask("ws://server", &p), -1);
}

/* --- exceptions --- */

static const struct {
	const char *list, *url;
	bool proxied;
} exceptions[] = {
	{ "*", "ws://server", false },
	{ "a,*", "ws://server", false },
	{ "", "ws://server", true },
	{ ",, ,", "ws://server", true },
	{ "server", "ws://server", false },
	{ "SERVER", "ws://server", false },
	{ "other, server", "ws://server", false },
	{ "other\tserver", "ws://server", false },
	{ "serve", "ws://server", true },
	{ "erver", "ws://server", true },
	{ "example.org", "ws://example.org", false },
	{ "example.org", "ws://a.b.example.org", false },
	{ "example.org", "ws://badexample.org", true },
	{ "example.org", "ws://example.org.evil", true },
	{ ".example.org", "ws://a.example.org", false },
	{ ".example.org", "ws://example.org", false },
	{ ".example.org", "ws://badexample.org", true },
	{ "example.org.", "ws://a.example.org", false },
	{ "example.org", "ws://a.example.org.", false },
	{ ".", "ws://server", true },
	{ "a.example.org", "ws://example.org", true },
	{ "server:2501", "ws://server", false },
	{ "server:2501", "ws://server:2502", true },
	{ "server:x", "ws://server", true },
	{ "192.0.2.1", "ws://192.0.2.1", false },
	{ "192.0.2.1", "ws://192.0.2.11", true },
	{ "0.2.1", "ws://192.0.2.1", true },
	{ ".2.1", "ws://192.0.2.1", true },
	{ "192.0.2.1:2501", "ws://192.0.2.1", false },
	{ "192.0.2.1:9", "ws://192.0.2.1", true },
	{ "192.0.2.0/24", "ws://192.0.2.200", false },
	{ "192.0.2.0/24", "ws://192.0.3.200", true },
	{ "192.0.2.128/25", "ws://192.0.2.127", true },
	{ "192.0.2.128/25", "ws://192.0.2.129", false },
	{ "192.0.2.77/32", "ws://192.0.2.77", false },
	{ "192.0.2.77/32", "ws://192.0.2.76", true },
	{ "0.0.0.0/0", "ws://192.0.2.76", false },
	{ "0.0.0.0/0", "ws://server", true },
	{ "0.0.0.0/0", "ws://[::1]", true },
	{ "192.0.2.0/33", "ws://192.0.2.0", true },
	{ "192.0.2.0/", "ws://192.0.2.0", true },
	{ "192.0.2.0/-1", "ws://192.0.2.0", true },
	{ "192.0.2.0/x", "ws://192.0.2.0", true },
	{ "::1", "ws://[::1]", false },
	{ "0:0::1", "ws://[::1]", false },
	{ "[::1]", "ws://[::1]", false },
	{ "[::1]:2501", "ws://[::1]", false },
	{ "[::1]:9", "ws://[::1]", true },
	{ "2001:db8::/32", "ws://[2001:db8:1::2]", false },
	{ "2001:db8::/32", "ws://[2001:db9::2]", true },
	{ "2001:db8::/129", "ws://[2001:db8::]", true },
	{ "fe80::/10", "ws://[fe80::1%eth0]", false },
	{ "fe80::/10", "ws://[fec0::1]", true },
	{ "[", "ws://[::1]", true },
	{ "[]", "ws://[::1]", true },
};

static void exceptions_are_those_of_curl(void **state)
{
	struct proxy p;

	(void)state;
	set_env("http_proxy", "http://proxy:1");
	for (size_t i = 0; i < COUNT(exceptions); i++) {
		set_env("no_proxy", exceptions[i].list);
		assert_int_equal(ask(exceptions[i].url, &p), 0);
		if ((p.host[0] != '\0') != exceptions[i].proxied)
			fail_msg("no_proxy=%s %s: proxy '%s'", exceptions[i].list,
				 exceptions[i].url, p.host);
	}
}

static void exceptions_in_capitals_come_second(void **state)
{
	(void)state;
	set_env("http_proxy", "http://proxy:1");
	set_env("NO_PROXY", "server");
	direct("ws://server");
	set_env("no_proxy", "other");
	expect("ws://server", "proxy", 1, "");
	set_env("http_proxy", "socks5://proxy:1");
	direct("ws://other");
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_login_in_any_variable_is_seen),
		TEST(nothing_set_is_a_direct_connection),
		TEST(each_scheme_has_its_variable),
		TEST(small_letters_come_first),
		TEST(http_proxy_in_capitals_is_not_looked_at),
		TEST(proxies_are_understood),
		TEST(bad_proxies_are_refused_without_their_password),
		TEST(exceptions_are_those_of_curl),
		TEST(exceptions_in_capitals_come_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
