/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and logins: their files, the order in which they are looked at, and failed logins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_receiver/http_auth.h"
#include "capture_receiver/http_fields.h"

#define SECOND UINT64_C(1000000000)
#define KEY "8f3c77d1aa20"
#define LOGIN "sensor:pass:word 1"
#define BASIC "Basic c2Vuc29yOnBhc3M6d29yZCAx"
#define WRONG_BASIC "Basic c2Vuc29yOnBhc3M6d29yZCAy"

static char key_file[64], login_file[64];
static struct http_auth *auth;
static struct err e;
static const char *who;

static void write_file(char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static int setup(void **state)
{
	int a, b;

	(void)state;
	auth = NULL;
	strcpy(key_file, "/tmp/test_http_auth.XXXXXX");
	strcpy(login_file, "/tmp/test_http_auth.XXXXXX");
	a = mkstemp(key_file);
	b = mkstemp(login_file);
	return close(a) | close(b);
}

static int teardown(void **state)
{
	(void)state;
	http_auth_free(auth);
	return unlink(key_file) | unlink(login_file);
}

static void use_files(const char *keys, const char *logins)
{
	if (keys)
		write_file(key_file, keys, strlen(keys));
	if (logins)
		write_file(login_file, logins, strlen(logins));
	auth = http_auth_new(keys ? key_file : NULL, logins ? login_file : NULL, &e);
}

static bool check(const char *cookie, const char *authorization, const char *query)
{
	struct http_credentials c = { cookie, authorization, query };

	return http_auth_check(auth, &c, &who);
}

/* --- files --- */

static void without_files_everybody_is_let_in(void **state)
{
	(void)state;
	use_files(NULL, NULL);
	assert_non_null(auth);
	assert_false(http_auth_required(auth));
	assert_true(check(NULL, NULL, NULL));
	assert_string_equal(who, "");
}

static void names_comments_and_line_ends_of_files(void **state)
{
	(void)state;
	use_files("# keys\r\n\r\n  \nthe roof\t " KEY " \r\n0123456789", "\n" LOGIN "\r\n");
	assert_non_null(auth);
	assert_true(http_auth_required(auth));
	assert_true(check("KISMET=" KEY, NULL, NULL));
	assert_string_equal(who, "the roof");
	assert_true(check("KISMET=0123456789", NULL, NULL));
	assert_string_equal(who, "");
	assert_true(check(NULL, BASIC, NULL));
	assert_string_equal(who, "sensor");
	assert_false(check("KISMET=# keys", NULL, NULL));
}

static void many_entries_are_all_kept(void **state)
{
	char text[100 * 20] = "", cookie[40];

	(void)state;
	for (int i = 0; i < 100; i++)
		snprintf(text + strlen(text), 32, "key-number-%d\n", i);
	use_files(text, NULL);
	for (int i = 0; i < 100; i++) {
		snprintf(cookie, sizeof(cookie), "KISMET=key-number-%d", i);
		assert_true(check(cookie, NULL, NULL));
	}
	assert_false(check("KISMET=key-number-100", NULL, NULL));
}

static void refuse(const char *keys, const char *logins, const char *words)
{
	use_files(keys, logins);
	assert_null(auth);
	assert_non_null(strstr(e.text, words));
	assert_non_null(strstr(e.text, keys ? key_file : login_file));
	assert_null(strstr(e.text, "seven77"));
}

static void mistakes_in_files_are_named_but_no_secret(void **state)
{
	char line[400];

	(void)state;
	refuse("", NULL, "no entry");
	refuse("# nothing\n", NULL, "no entry");
	refuse("\nroof seven77\n", NULL, "line 2: a key of less than 8");
	refuse(NULL, "user:seven77", "line 1: a password of less than 8");
	refuse(NULL, "seven77seven77", "no USER:PASSWORD");
	refuse(NULL, ":seven77seven77", "no USER:PASSWORD");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	refuse(line, NULL, "longer than 255");
	write_file(key_file, "abcd\0efghijk", 12);
	assert_null(http_auth_new(key_file, NULL, &e));
	assert_non_null(strstr(e.text, "a NUL"));
}

static void files_of_others_are_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod(key_file, 0640), 0);
	refuse(KEY "\n", NULL, "others may read");
	assert_int_equal(e.code, ERR_PERMISSION);
	assert_int_equal(chmod(key_file, 0602), 0);
	refuse(KEY "\n", NULL, "chmod 600");
	assert_null(http_auth_new("/", NULL, &e));
	assert_null(http_auth_new("/nonexistent/keys", NULL, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* --- order --- */

static void a_key_in_cookie_or_query(void **state)
{
	(void)state;
	use_files(KEY "\n", LOGIN "\n");
	assert_true(check("KISMET=" KEY, NULL, NULL));
	assert_true(check("a=b; KISMET=" KEY " ; c=d", NULL, NULL));
	assert_true(check("a=b;KISMET=" KEY, NULL, NULL));
	assert_false(check("XKISMET=" KEY, NULL, NULL));
	assert_false(check("KISMET=" KEY "0", NULL, NULL));
	assert_false(check("KISMET=", NULL, NULL));
	assert_true(check(NULL, NULL, "x=1&KISMET=" KEY));
	assert_true(check(NULL, NULL, "KISMET=8f3c77d1%61a20"));
	assert_false(check(NULL, NULL, "kismet=" KEY));
	assert_false(check(NULL, NULL, ""));
	assert_false(check(NULL, NULL, NULL));
}

static void a_cookie_hides_the_key_of_the_query(void **state)
{
	(void)state;
	use_files(KEY "\n", LOGIN "\n");
	assert_false(check("session=1", NULL, "KISMET=" KEY));
	assert_false(check("KISMET=wrongwrong", NULL, "KISMET=" KEY));
}

static void a_login_in_header_or_query(void **state)
{
	(void)state;
	use_files(KEY "\n", LOGIN "\n");
	assert_true(check(NULL, BASIC, NULL));
	assert_string_equal(who, "sensor");
	assert_true(check(NULL, "bASIC   c2Vuc29yOnBhc3M6d29yZCAx", NULL));
	assert_false(check(NULL, "Bearer c2Vuc29yOnBhc3M6d29yZCAx", NULL));
	assert_false(check(NULL, "Basicc2Vuc29yOnBhc3M6d29yZCAx", NULL));
	assert_false(check(NULL, "Basic", NULL));
	assert_false(check(NULL, "Basic c2Vuc29yOnBhc3M6d29yZCAx!", NULL));
	assert_true(check(NULL, NULL, "user=sensor&password=pass:word%201"));
	assert_true(check(NULL, NULL, "password=pass%3aword 1&user=sensor"));
	assert_false(check(NULL, NULL, "user=sensor&password=pass:word+1"));
	assert_false(check(NULL, NULL, "user=sensor"));
}

static void a_wrong_header_is_not_rescued_by_the_query_but_a_wrong_key_is(void **state)
{
	(void)state;
	use_files(KEY "\n", LOGIN "\n");
	assert_false(check(NULL, WRONG_BASIC, "user=sensor&password=pass:word%201"));
	assert_true(check("KISMET=wrongwrong", NULL, "user=sensor&password=pass:word%201"));
	assert_true(check("KISMET=wrongwrong", BASIC, NULL));
	assert_true(check("KISMET=" KEY, WRONG_BASIC, NULL));
}

static void the_query_is_decoded_before_it_is_split(void **state)
{
	char out[40];

	(void)state;
	assert_true(http_query("a=1%262&b=3", "a", out, sizeof(out)));
	assert_string_equal(out, "1");
	assert_true(http_query("a=1%26b%3D4", "b", out, sizeof(out)));
	assert_string_equal(out, "4");
	assert_true(http_query("a=%zz%4&b=", "a", out, sizeof(out)));
	assert_string_equal(out, "%zz%4");
	assert_true(http_query("a=%zz%4&b=", "b", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(http_query("a=12%0034", "a", out, sizeof(out)));
	assert_false(http_query("a=0123456789", "a", out, 10));
	assert_true(http_query("a=0123456789", "a", out, 11));
}

static void values_that_are_too_long_are_none(void **state)
{
	static char text[HTTP_QUERY_MAX + 10];
	char out[20];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "KISMET=", 7);
	assert_false(http_query(text, "KISMET", out, sizeof(out)));
	assert_false(http_cookie(text, "KISMET", out, sizeof(out)));
	memcpy(text, "Basic  ", 7);
	assert_false(http_basic(text, out, sizeof(out)));
	assert_string_equal(out, "");
}

static void an_origin_is_of_the_same_host_or_not(void **state)
{
	static const char *const same[][2] = {
		{ "http://127.0.0.1:2501", "127.0.0.1:2501" },
		{ "http://127.0.0.1", "127.0.0.1:2501" },
		{ "https://Roof.example.org:8443", "roof.example.org" },
		{ "http://[::1]", "[::1]:2501" }, { "http://[::1]:2501", "[::1]:2501" },
	};
	static const char *const other[][2] = {
		{ "http://evil.example.org", "127.0.0.1:2501" }, { "null", "null" }, { "", "" },
		{ "http://127.0.0.1:8080", "127.0.0.1:2501" }, { "http://", "" },
		{ "http://127.0.0.1", "127.0.0.12" }, { "http://127.0.0.12", "127.0.0.1" },
		{ "http://127.0.0.1:25", "127.0.0.1:2501" }, { "http://[::1]", "[::2]:2501" },
		{ "http://evil/127.0.0.1", "127.0.0.1" }, { "http://:2501", ":2501" },
		{ "http://[::1", "[::1]" }, { "127.0.0.1", "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_true(http_same_origin(same[i][0], same[i][1]));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		if (http_same_origin(other[i][0], other[i][1]))
			fail_msg("%s is taken for %s", other[i][0], other[i][1]);
	}
}

static void the_log_is_told_names_and_no_secrets(void **state)
{
	struct http_credentials c = { .authorization = BASIC };
	char out[20], key[400] = "";

	(void)state;
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "sensor");
	c = (struct http_credentials){ .cookie = "KISMET=0123456789" };
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "a key");
	c = (struct http_credentials){ .query = "KISMET=012345678901234567" };
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "a key");
	memset(key, 'k', sizeof(key) - 1);
	memcpy(key, "KISMET=", 7);
	c = (struct http_credentials){ .cookie = key };
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "a key");
	c = (struct http_credentials){ .query = key };
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "a key");
	c = (struct http_credentials){ .query = "user=me%0a&password=x" };
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "me\n");
	c = (struct http_credentials){ .query = "" };
	http_auth_claim(&c, out, sizeof(out));
	assert_string_equal(out, "nobody");
}

/* --- guesses --- */

static void guesses_wait_longer_and_longer(void **state)
{
	static const uint32_t expected[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
	struct http_guesses *g = http_guesses_new(&e);

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(http_guesses_failed_ms(g, "192.0.2.1", i * SECOND), expected[i]);
	assert_int_equal(http_guesses_failed_ms(g, "192.0.2.2", 9 * SECOND), 1000);
	assert_int_equal(http_guesses_failed_ms(g, "192.0.2.1", 606 * SECOND), 30000);
	assert_int_equal(http_guesses_failed_ms(g, "192.0.2.1", 1207 * SECOND), 1000);
	http_guesses_free(g);
}

static void only_a_few_answers_wait_for_an_address_and_some_for_all(void **state)
{
	struct http_guesses *g = http_guesses_new(&e);
	unsigned all = 0;
	char address[20];

	(void)state;
	assert_false(http_guesses_wait(g, "nobody"));
	for (int i = 0; i < 20; i++) {
		snprintf(address, sizeof(address), "n%d", i);
		http_guesses_failed_ms(g, address, 0);
		for (int k = 0; k < HTTP_GUESSES_WAIT; k++)
			all += http_guesses_wait(g, address);
		assert_false(http_guesses_wait(g, address));
	}
	assert_int_equal(all, HTTP_GUESSES_WAIT_ALL);
	/* A crowd does not push those out. */
	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "m%d", i);
		http_guesses_failed_ms(g, address, (uint64_t)i + 1);
	}
	assert_false(http_guesses_wait(g, "m999"));
	http_guesses_waited(g, "n0");
	assert_true(http_guesses_wait(g, "m999"));
	http_guesses_waited(g, "m999");
	assert_true(http_guesses_wait(g, "n0"));
	http_guesses_free(g);
}

static void assert_address(const char *peer, const char *expected)
{
	char out[HTTP_GUESSES_ADDRESS];

	http_guesses_address(peer, out);
	assert_string_equal(out, expected);
}

static void a_guesser_is_known_by_its_network(void **state)
{
	(void)state;
	assert_address("192.0.2.7:41234", "192.0.2.7");
	assert_address("[2001:db8:1:2:3:4:5:6]:41234", "2001:db8:1:2::");
	assert_address("[2001:db8:1:2:ffff::]:1", "2001:db8:1:2::");
	assert_address("[::ffff:192.0.2.7]:41234", "192.0.2.7");
	assert_address("[fe80::1%eth0]:41234", "fe80::");
	assert_address("unknown address", "unknown address");
	assert_address("", "");
}

static void a_crowd_pushes_out_the_quietest(void **state)
{
	struct http_guesses *g = http_guesses_new(&e);
	char address[20];

	(void)state;
	http_guesses_failed_ms(g, "first", 0);
	http_guesses_failed_ms(g, "second", 0);
	for (int i = 0; i < 255; i++) {
		snprintf(address, sizeof(address), "n%d", i);
		http_guesses_failed_ms(g, "second", (uint64_t)i + 1);
		http_guesses_failed_ms(g, address, (uint64_t)i + 1);
	}
	assert_int_equal(http_guesses_failed_ms(g, "second", 300), 30000);
	assert_int_equal(http_guesses_failed_ms(g, "first", 300), 1000);
	http_guesses_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_files_everybody_is_let_in, setup, teardown),
		cmocka_unit_test_setup_teardown(names_comments_and_line_ends_of_files, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_entries_are_all_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(mistakes_in_files_are_named_but_no_secret, setup,
						teardown),
		cmocka_unit_test_setup_teardown(files_of_others_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_in_cookie_or_query, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cookie_hides_the_key_of_the_query, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_login_in_header_or_query, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_wrong_header_is_not_rescued_by_the_query_but_a_wrong_key_is, setup,
			teardown),
		cmocka_unit_test(the_query_is_decoded_before_it_is_split),
		cmocka_unit_test(values_that_are_too_long_are_none),
		cmocka_unit_test(an_origin_is_of_the_same_host_or_not),
		cmocka_unit_test(the_log_is_told_names_and_no_secrets),
		cmocka_unit_test(guesses_wait_longer_and_longer),
		cmocka_unit_test(a_crowd_pushes_out_the_quietest),
		cmocka_unit_test(only_a_few_answers_wait_for_an_address_and_some_for_all),
		cmocka_unit_test(a_guesser_is_known_by_its_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
