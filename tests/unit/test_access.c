/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials and certificates: where they come from, and how they are sent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/access.h"
#include "capture_common/log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CERT "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"

static struct access a;
static struct err e;
static char dir[64], said[4096];

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%.40s/test-XXXXXX", tmp ? tmp : "/tmp");
	unsetenv("KISMET_CAP_USER");
	unsetenv("KISMET_CAP_PASSWORD");
	unsetenv("KISMET_CAP_APIKEY");
	return mkdtemp(dir) ? 0 : -1;
}

static const char *path_of(const char *name)
{
	static char paths[4][100];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int teardown(void **state)
{
	static const char *const names[] = { "secret", "cert", "key", "log" };

	(void)state;
	access_free(&a);
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(path_of(names[i]));
	return rmdir(dir);
}

static const char *write_bytes(const char *name, const char *text, size_t len, mode_t mode)
{
	const char *path = path_of(name);
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static const char *write_text(const char *name, const char *text)
{
	return write_bytes(name, text, strlen(text), 0600);
}

/* access_load(), with what is logged in said[]. */
static int load(void)
{
	int before = dup(STDERR_FILENO), rc;
	FILE *f = fopen(path_of("log"), "w+");

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	rc = access_load(&a, &e);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	fclose(f);
	return rc;
}

static void must_load(void)
{
	if (load() < 0)
		fail_msg("%s", e.text);
}

static void must_fail(const char *what)
{
	if (load() == 0)
		fail_msg("taken, instead of '%s'", what);
	if (!strstr(e.text, what))
		fail_msg("says '%s', not '%s'", e.text, what);
	access_free(&a);
}

static void set(int (*setter)(void *, const char *, struct err *), const char *value)
{
	if (setter(&a, value, &e) < 0)
		fail_msg("%s: %s", value, e.text);
}

/* --- options --- */

static void place_of_credentials_is_header_or_query(void **state)
{
	bool in_query = false;

	(void)state;
	assert_int_equal(access_opt_auth_in(&in_query, "query", &e), 0);
	assert_true(in_query);
	assert_int_equal(access_opt_auth_in(&in_query, "header", &e), 0);
	assert_false(in_query);
	assert_int_equal(access_opt_auth_in(&in_query, "body", &e), -1);
}

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void fingerprint_may_be_written_as_tools_print_it(void **state)
{
	static const char *const good[] = {
		HEX, "sha256:" HEX, "SHA256:" HEX,
		"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
		"10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F",
	};
	static const char *const bad[][2] = {
		{ "", "0 digits" }, { HEX "0", "65 digits" }, { HEX HEX, "128 digits" },
		{ "sha256:", "0 digits" }, { "sha1:00", "hexadecimal" }, { ":" HEX, "hexadecimal" },
		{ "0:1", "hexadecimal" }, { "00::01", "hexadecimal" }, { "xx", "hexadecimal" },
		{ "0001020304050607080900010203040506070809", "SHA-1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		a.has_pin = false;
		memset(a.pin, 0xff, sizeof(a.pin));
		set(access_opt_pin, good[i]);
		assert_true(a.has_pin);
		for (uint8_t n = 0; n < ACCESS_PIN_SIZE; n++)
			assert_int_equal(a.pin[n], n);
	}
	a.has_pin = false;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(access_opt_pin(&a, bad[i][0], &e), -1);
		if (!strstr(e.text, bad[i][1]))
			fail_msg("%s: says '%s'", bad[i][0], e.text);
		assert_false(a.has_pin);
	}
}

static void last_of_secret_and_its_file_counts(void **state)
{
	(void)state;
	set(access_opt_user, "me");
	set(access_opt_password_file, "/nonexistent/file");
	set(access_opt_password, "old");
	set(access_opt_password, "new");
	must_load();
	assert_string_equal(a.password, "new");
	access_free(&a);
	set(access_opt_apikey, "OLD");
	set(access_opt_apikey_file, write_text("secret", "NEW"));
	must_load();
	assert_string_equal(a.apikey, "NEW");
}

static void useless_values_are_refused(void **state)
{
	(void)state;
	assert_int_equal(access_opt_user(&a, "", &e), -1);
	assert_int_equal(access_opt_user(&a, "a:b", &e), -1);
	assert_int_equal(access_opt_password(&a, "", &e), -1);
	assert_int_equal(access_opt_apikey(&a, "", &e), -1);
	assert_int_equal(access_opt_password(&a, "sEcret\r\nHost: x", &e), -1);
	assert_null(strstr(e.text, "sEcret"));
	assert_false(access_has_credentials(&a));
}

/* --- files --- */

static const struct {
	const char *text, *secret, *error;
} secret_files[] = {
	{ "s3cret", "s3cret", NULL },
	{ "s3cret\n", "s3cret", NULL },
	{ "s3cret\r\n", "s3cret", NULL },
	{ "two words \nsecond line\n", "two words ", NULL },
	{ "\xc3\xa4:&\n", "\xc3\xa4:&", NULL },
	{ "", NULL, "is empty" },
	{ "\n", NULL, "is empty" },
	{ "\r\nx\n", NULL, "is empty" },
	{ "a\tb\n", NULL, "control characters" },
	{ "a\rb\n", NULL, "control characters" },
};

static void first_line_of_a_file_is_the_secret(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(secret_files); i++) {
		set(access_opt_user, "me");
		set(access_opt_password_file, write_text("secret", secret_files[i].text));
		if (secret_files[i].error) {
			must_fail(secret_files[i].error);
			assert_non_null(strstr(e.text, "--password-file"));
			continue;
		}
		must_load();
		assert_string_equal(a.password, secret_files[i].secret);
		assert_string_equal(said, "");
		access_free(&a);
	}
}

static void unreadable_files_are_named(void **state)
{
	char *large = calloc(1, (64 << 10) + 1);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 64 << 10);
	set(access_opt_apikey_file, "/nonexistent/key");
	must_fail("--apikey-file /nonexistent/key: ");
	set(access_opt_apikey_file, dir);
	must_fail(dir);
	set(access_opt_apikey_file, write_bytes("secret", large, (64 << 10) + 1, 0600));
	must_fail("larger than 64 KiB");
	set(access_opt_apikey_file, write_bytes("secret", large, 1025, 0600));
	must_fail("more than 1024");
	set(access_opt_apikey_file, write_bytes("secret", large, 1024, 0600));
	must_load();
	assert_int_equal(strlen(a.apikey), 1024);
	free(large);
}

static void everybody_may_read_a_secret_is_warned_of(void **state)
{
	(void)state;
	set(access_opt_apikey_file, write_bytes("secret", "KEY", 3, 0644));
	must_load();
	assert_non_null(strstr(said, "chmod 600"));
	assert_null(strstr(said, "KEY"));
	access_free(&a);
	set(access_opt_apikey_file, write_bytes("secret", "KEY", 3, 0640));
	must_load();
	assert_string_equal(said, "");
}

/* In a process of its own, started by somebody else than root. Exits with 0 if nothing was read. */
static void load_as_user(const char *path)
{
	uid_t uid = geteuid();

	if (uid == 0 && setreuid(65534, 0) < 0)
		_exit(0);	/* there are no other users here */
	set(access_opt_apikey_file, path);
	_exit(access_load(&a, &e) < 0 && e.code == ERR_PERMISSION && geteuid() == uid ? 0 : 1);
}

static void set_uid_program_reads_only_what_its_user_may(void **state)
{
	const char *path = write_bytes("secret", "root's", 6, 0);
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		load_as_user(path);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void give_certificates(const char *ca, const char *cert, const char *key)
{
	a.ca_file = ca ? strdup(ca) : NULL;
	a.client_cert_file = cert ? strdup(cert) : NULL;
	a.client_key_file = key ? strdup(key) : NULL;
}

static void certificates_are_read(void **state)
{
	char cert[100], key[100];

	(void)state;
	snprintf(cert, sizeof(cert), "%s", write_text("cert", CERT));
	snprintf(key, sizeof(key), "%s", write_text("key", KEY));
	give_certificates(cert, cert, key);
	must_load();
	assert_string_equal((char *)a.ca.data, CERT);
	assert_int_equal(a.ca.len, strlen(CERT));
	assert_string_equal((char *)a.client_cert.data, CERT);
	assert_string_equal((char *)a.client_key.data, KEY);
	assert_false(access_has_credentials(&a));
	access_free(&a);
	assert_null(a.client_key.data);
	/* Both in one. */
	give_certificates(NULL, write_bytes("cert", CERT KEY, strlen(CERT KEY), 0644), NULL);
	must_load();
	assert_string_equal((char *)a.client_key.data, CERT KEY);
	assert_non_null(strstr(said, "chmod 600"));
}

static void wrong_certificates_are_explained(void **state)
{
	char cert[100];

	(void)state;
	snprintf(cert, sizeof(cert), "%s", write_text("cert", CERT));
	give_certificates(NULL, cert, NULL);
	must_fail("has no private key; --ssl-client-key");
	give_certificates(NULL, cert, cert);
	must_fail("has no private key");
	give_certificates(NULL, NULL, cert);
	must_fail("needs --ssl-client-certificate");
	give_certificates(NULL, cert, write_text("key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
	must_fail("passphrase");
	give_certificates(write_text("key", "hello"), NULL, NULL);
	must_fail("--ssl-certificate");
	give_certificates(write_text("key", ""), NULL, NULL);
	must_fail("is empty");
	give_certificates("/nonexistent/ca.pem", NULL, NULL);
	must_fail("/nonexistent/ca.pem");
	give_certificates(write_text("key", "\x30\x82"), NULL, NULL);
	must_fail("but in DER; openssl x509");
	give_certificates(NULL, cert, write_text("key", "\x30\x82"));
	must_fail("--ssl-client-key");
	give_certificates(write_text("key", KEY), NULL, NULL);
	must_fail("has no certificate");
}

/* --- the environment --- */

static void environment_can_be_forgotten(void **state)
{
	(void)state;
	setenv("KISMET_CAP_USER", "u", 1);
	setenv("KISMET_CAP_PASSWORD", "secret", 1);
	setenv("KISMET_CAP_APIKEY", "key", 1);
	access_forget_env();
	assert_null(getenv("KISMET_CAP_USER"));
	assert_null(getenv("KISMET_CAP_PASSWORD"));
	assert_null(getenv("KISMET_CAP_APIKEY"));
}

static void environment_is_used_and_wiped(void **state)
{
	char user[] = "KISMET_CAP_USER=me", password[] = "KISMET_CAP_PASSWORD=s3cret",
	     key[] = "KISMET_CAP_APIKEY=";

	(void)state;
	putenv(user);
	putenv(password);
	putenv(key);
	must_load();
	assert_string_equal(a.user, "me");
	assert_string_equal(a.password, "s3cret");
	assert_null(a.apikey);
	assert_null(getenv("KISMET_CAP_PASSWORD"));
	assert_memory_equal(password, "KISMET_CAP_PASSWORD=\0\0\0\0\0\0", sizeof(password));
	assert_string_equal(user, "KISMET_CAP_USER=");
}

/* given: what of U (user), P and K options say. */
static const struct {
	const char *given, *user, *password, *key;
	bool warned;
} mixtures[] = {
	{ "", "eu", "ep", NULL, true },
	{ "UP", "ou", "op", NULL, false },
	{ "U", "ou", "ep", NULL, false },
	{ "P", "eu", "op", NULL, false },
	{ "K", NULL, NULL, "OK", false },
	{ "UPK", "ou", "op", NULL, true },
	{ "UK", "ou", "ep", NULL, true },
};

static void options_count_more_than_the_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mixtures); i++) {
		setenv("KISMET_CAP_USER", "eu", 1);
		setenv("KISMET_CAP_PASSWORD", "ep", 1);
		setenv("KISMET_CAP_APIKEY", "EK", 1);
		if (strchr(mixtures[i].given, 'U'))
			set(access_opt_user, "ou");
		if (strchr(mixtures[i].given, 'P'))
			set(access_opt_password, "op");
		if (strchr(mixtures[i].given, 'K'))
			set(access_opt_apikey, "OK");
		must_load();
		if (strcmp(a.user ? a.user : "", mixtures[i].user ? mixtures[i].user : "") != 0 ||
		    strcmp(a.password ? a.password : "",
			   mixtures[i].password ? mixtures[i].password : "") != 0 ||
		    strcmp(a.apikey ? a.apikey : "", mixtures[i].key ? mixtures[i].key : "") != 0)
			fail_msg("row %zu: user %s password %s key %s", i, a.user, a.password,
				 a.apikey);
		assert_int_equal(said[0] != '\0', mixtures[i].warned);
		assert_null(getenv("KISMET_CAP_APIKEY"));
		access_free(&a);
	}
}

static void half_a_login_is_refused(void **state)
{
	(void)state;
	set(access_opt_user, "me");
	must_fail("--user needs --password-file");
	set(access_opt_password, "x");
	must_fail("--user");
	setenv("KISMET_CAP_USER", "a:b", 1);
	set(access_opt_password, "x");
	must_fail("colon");
	must_load();
	assert_false(access_has_credentials(&a));
}

/* --- the request --- */

static const struct {
	const char *user, *password, *key;
	bool in_query;
	const char *target, *headers;
} requests[] = {
	{ NULL, NULL, NULL, false, "/p.ws", "" },
	{ NULL, NULL, NULL, true, "/p.ws", "" },
	{ NULL, NULL, "AB12-_", false, "/p.ws", "Cookie: KISMET=AB12-_\r\n" },
	{ NULL, NULL, "AB/+=", true, "/p.ws?KISMET=AB%2F%2B%3D", "" },
	/* RFC 7617 2 */
	{ "Aladdin", "open sesame", NULL, false, "/p.ws",
	  "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" },
	{ "test", "123\xc2\xa3", NULL, false, "/p.ws",
	  "Authorization: Basic dGVzdDoxMjPCow==\r\n" },
	{ "a", "b", NULL, false, "/p.ws", "Authorization: Basic YTpi\r\n" },
	{ "a", "bc", NULL, false, "/p.ws", "Authorization: Basic YTpiYw==\r\n" },
	{ "a", "bcd", NULL, false, "/p.ws", "Authorization: Basic YTpiY2Q=\r\n" },
	{ "a", "\xff\xfe?&", NULL, false, "/p.ws", "Authorization: Basic YTr//j8m\r\n" },
	{ "me", "a.b_c~d-e", NULL, true, "/p.ws?user=me&password=a.b_c~d-e", "" },
	{ "m e", "1+1=2%#?\xc3\xa4", NULL, true,
	  "/p.ws?user=m%20e&password=1%2B1%3D2%25%23%3F%C3%A4", "" },
};

static void credentials_are_sent_as_servers_read_them(void **state)
{
	struct endpoint ep = { .kind = ENDPOINT_WS, .path = "/p.ws" };
	char *target, *headers;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		access_free(&a);
		if (requests[i].user) {
			set(access_opt_user, requests[i].user);
			set(access_opt_password, requests[i].password);
		}
		if (requests[i].key)
			set(access_opt_apikey, requests[i].key);
		a.in_query = requests[i].in_query;
		must_load();
		if (access_request(&a, &ep, &target, &headers, &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		if (strcmp(target, requests[i].target) != 0 ||
		    strcmp(headers, requests[i].headers) != 0)
			fail_msg("row %zu: '%s' '%s'", i, target, headers);
		free(target);
		free(headers);
	}
}

static void what_cannot_be_sent_is_said_at_start(void **state)
{
	struct endpoint ep = { .kind = ENDPOINT_WS, .path = "/p.ws" };
	static const char *const keys[] = { "a b", "a;b", "a,b", "a\"b", "a\\b", "\xc3\xa4" };
	char *target = (char *)1, *headers = (char *)1;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		set(access_opt_apikey, keys[i]);
		must_fail("API key");
		assert_null(strstr(e.text, keys[i]));
	}
	set(access_opt_user, "me");
	set(access_opt_password, "sEcret&more");
	must_load();
	a.in_query = true;
	assert_int_equal(access_request(&a, &ep, &target, &headers, &e), -1);
	assert_null(target);
	assert_null(headers);
	assert_null(strstr(e.text, "sEcret"));
	must_fail("--auth-in=query");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(place_of_credentials_is_header_or_query),
		TEST(fingerprint_may_be_written_as_tools_print_it),
		TEST(last_of_secret_and_its_file_counts),
		TEST(useless_values_are_refused),
		TEST(first_line_of_a_file_is_the_secret),
		TEST(unreadable_files_are_named),
		TEST(everybody_may_read_a_secret_is_warned_of),
		TEST(set_uid_program_reads_only_what_its_user_may),
		TEST(certificates_are_read),
		TEST(wrong_certificates_are_explained),
		TEST(environment_can_be_forgotten),
		TEST(environment_is_used_and_wiped),
		TEST(options_count_more_than_the_environment),
		TEST(half_a_login_is_refused),
		TEST(credentials_are_sent_as_servers_read_them),
		TEST(what_cannot_be_sent_is_said_at_start),
	};

	log_init("test_access", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
