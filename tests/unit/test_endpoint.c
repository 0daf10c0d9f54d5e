/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server listens, as users write it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/endpoint.h"

static struct err e;

static void expect(const char *text, const char *host, uint16_t port)
{
	struct endpoint out = { .host = "" };

	if (endpoint_parse(&out, text, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	assert_string_equal(out.host, host);
	assert_int_equal(out.port, port);
}

/* what: a part of the message. */
static void refuse(const char *text, const char *what)
{
	struct endpoint out;

	e.text[0] = '\0';
	if (endpoint_opt(&out, text, &e) == 0)
		fail_msg("%s: taken as %s port %d", text, out.host, out.port);
	if (!strstr(e.text, what))
		fail_msg("%s: says '%s'", text, e.text);
}

static void names_and_addresses_are_understood(void **state)
{
	(void)state;
	expect("server:3501", "server", 3501);
	expect("192.0.2.7:65535", "192.0.2.7", 65535);
	expect("a.b-c.example:1", "a.b-c.example", 1);
	expect("[::1]:3501", "::1", 3501);
	expect("[2001:db8::7]:10", "2001:db8::7", 10);
	expect("[fe80::1%eth0]:3501", "fe80::1%eth0", 3501);
	expect("[server]:7", "server", 7);
}

static void port_may_be_left_out(void **state)
{
	(void)state;
	expect("server", "server", ENDPOINT_TCP_PORT);
	expect("[::1]", "::1", ENDPOINT_TCP_PORT);
	expect("tcp://server", "server", ENDPOINT_TCP_PORT);
}

static void scheme_may_be_given(void **state)
{
	(void)state;
	expect("tcp://server:99", "server", 99);
	expect("TCP://[::1]:99", "::1", 99);
}

static void other_schemes_are_named(void **state)
{
	(void)state;
	refuse("ws://server:2501", "ws://");
	refuse("https://server", "https://");
	refuse("://server", "://");
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
	refuse("::1", "brackets");
	refuse("2001:db8::7:3501", "brackets");
	refuse("[::1", "no address");
	refuse("[::1]3501", "no address");
	memset(text, 'h', sizeof(text));
	text[399] = '\0';
	refuse(text, "too long");
	text[256] = '\0';
	refuse(text, "too long");
	text[255] = '\0';
	expect(text, text, ENDPOINT_TCP_PORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_understood),
		cmocka_unit_test(port_may_be_left_out),
		cmocka_unit_test(scheme_may_be_given),
		cmocka_unit_test(other_schemes_are_named),
		cmocka_unit_test(bad_ports_are_refused),
		cmocka_unit_test(bad_hosts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
