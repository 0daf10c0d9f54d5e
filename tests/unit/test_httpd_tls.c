/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTTP server over TLS: certificates of both sides, and files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/httpd.h"
#include "protocol/frame.h"
#include "tests/lib/http_client.h"
#include "tests/lib/make_certificate.h"

static const char upgrade[] = "GET /datasource/remote/remotesource.ws HTTP/1.1\r\nHost: x\r\n"
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* Files of the test's folder. */
#define FILES 9
static const char *const names[FILES] = {
	"ca.pem", "other-ca.pem", "server.pem", "server.key", "client.pem", "client.key",
	"stranger.pem", "stranger.key", "junk.pem",
};
enum { CA, OTHER_CA, SERVER, SERVER_KEY, CLIENT, CLIENT_KEY, STRANGER, STRANGER_KEY, JUNK };

static char folder[64], files[FILES][100];
static struct loop *loop;
static struct httpd *httpd;
static struct http_auth *auth;
static struct strlist addresses;
static struct http_client client;
static int tool;
static struct err e;

static int make_files(void **state)
{
	struct certificate ca, other_ca, server, peer, stranger;
	FILE *f;

	(void)state;
	strcpy(folder, "/tmp/test_httpd_tls.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	for (size_t i = 0; i < FILES; i++)
		snprintf(files[i], sizeof(files[i]), "%s/%s", folder, names[i]);
	make_certificate(&ca, "the authority", NULL);
	make_certificate(&other_ca, "another authority", NULL);
	make_certificate(&server, "localhost", &ca);
	make_certificate(&peer, "a tool", &ca);
	make_certificate(&stranger, "a stranger", &other_ca);
	write_certificate(&ca, files[CA], NULL);
	write_certificate(&other_ca, files[OTHER_CA], NULL);
	write_certificate(&server, files[SERVER], files[SERVER_KEY]);
	write_certificate(&peer, files[CLIENT], files[CLIENT_KEY]);
	write_certificate(&stranger, files[STRANGER], files[STRANGER_KEY]);
	free_certificate(&ca);
	free_certificate(&other_ca);
	free_certificate(&server);
	free_certificate(&peer);
	free_certificate(&stranger);
	f = fopen(files[JUNK], "w");
	return f && fputs("no certificate\n", f) >= 0 ? fclose(f) : -1;
}

static int remove_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILES; i++)
		unlink(files[i]);
	return rmdir(folder);
}

static int setup(void **state)
{
	(void)state;
	tool = -1;
	httpd = NULL;
	client = (struct http_client){ .fd = -1 };
	addresses = (struct strlist)STRLIST_INIT;
	strlist_add(&addresses, text_of("127.0.0.1"));
	loop = loop_new(NULL, &e);
	auth = http_auth_new(NULL, NULL, &e);
	return loop && auth ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	http_client_close(&client);
	httpd_free(httpd);
	if (tool >= 0)
		close(tool);
	http_auth_free(auth);
	loop_free(loop);
	strlist_free(&addresses);
	return 0;
}

static void on_accepted(void *user, int fd, const char *peer)
{
	(void)user;
	(void)peer;
	assert_true(tool < 0);
	tool = fd;
}

static struct httpd *start(const char *certificate, const char *key, const char *client_ca)
{
	struct httpd_config config = {
		.addresses = &addresses, .auth = auth, .max_connections = 10,
		.certificate = certificate, .key = key, .client_ca = client_ca,
		.accepted = on_accepted,
	};

	httpd = httpd_new(loop, &config, &e);
	return httpd;
}

/* Whether a client gets a WebSocket. */
static bool is_let_in(const char *certificate, const char *key)
{
	char answer[1000];

	http_client_close(&client);
	http_client_open(&client, loop, httpd_port(httpd));
	return http_client_tls(&client, files[CA], certificate, key) &&
	       http_client_write(&client, upgrade, strlen(upgrade)) &&
	       http_client_read(&client, answer, sizeof(answer)) > 12 &&
	       memcmp(answer, "HTTP/1.1 101", 12) == 0;
}

static void frames_go_both_ways(void **state)
{
	static uint8_t frame[30000], got[30020], message[30020];
	size_t n = FRAME_V3_HEADER + 20000, len;

	(void)state;
	assert_non_null(start(files[SERVER], files[SERVER_KEY], NULL));
	assert_true(is_let_in(NULL, NULL));
	frame_put_v3(frame, 1, 0, 1, 20000);
	memset(frame + FRAME_V3_HEADER, 0x77, 20000);
	len = http_client_message(message, WS_FINAL | WS_BINARY, frame, n);
	assert_true(http_client_write(&client, message, len));
	while (tool < 0)
		loop_step(loop, 1000000);
	for (size_t at = 0; at < n;) {
		ssize_t rc = recv(tool, got + at, n - at, MSG_DONTWAIT);

		assert_true(rc != 0);
		at += rc > 0 ? (size_t)rc : 0;
		loop_step(loop, 1000);
	}
	assert_memory_equal(got, frame, n);
	assert_int_equal(write(tool, frame, n), n);
	assert_true(http_client_read_all(&client, got, n + 4));
	assert_int_equal(got[0], WS_FINAL | WS_BINARY);
	assert_memory_equal(got + 4, frame, n);
}

static void plain_http_and_silence_get_no_answer(void **state)
{
	char answer[100];

	(void)state;
	assert_non_null(start(files[SERVER], files[SERVER_KEY], NULL));
	http_client_open(&client, loop, httpd_port(httpd));
	assert_true(http_client_write(&client, upgrade, strlen(upgrade)));
	while (http_client_read(&client, answer, sizeof(answer)) > 0)
		assert_int_not_equal(answer[0], 'H');
	assert_int_equal(tool, -1);
}

static void the_client_sees_who_signed_the_server(void **state)
{
	(void)state;
	assert_non_null(start(files[STRANGER], files[STRANGER_KEY], NULL));
	assert_false(is_let_in(NULL, NULL));
}

static void only_tools_with_a_certificate_of_the_authority_are_let_in(void **state)
{
	(void)state;
	assert_non_null(start(files[SERVER], files[SERVER_KEY], files[CA]));
	assert_false(is_let_in(NULL, NULL));
	assert_false(is_let_in(files[STRANGER], files[STRANGER_KEY]));
	assert_int_equal(tool, -1);
	assert_true(is_let_in(files[CLIENT], files[CLIENT_KEY]));
}

static void refuse(const char *certificate, const char *key, const char *ca, const char *named)
{
	assert_null(start(certificate, key, ca));
	if (!strstr(e.text, named))
		fail_msg("%s is not named: %s", named, e.text);
}

static void files_that_are_not_good_are_named(void **state)
{
	(void)state;
	refuse("/nonexistent/a", files[SERVER_KEY], NULL,
	       "certificate /nonexistent/a: No such file");
	refuse(files[SERVER], "/nonexistent/b", NULL, "key /nonexistent/b: No such file");
	refuse(files[JUNK], files[SERVER_KEY], NULL, files[JUNK]);
	refuse(files[SERVER], files[JUNK], NULL, files[JUNK]);
	refuse(files[SERVER], files[CLIENT_KEY], NULL, files[CLIENT_KEY]);
	refuse(files[SERVER], files[SERVER_KEY], files[JUNK], files[JUNK]);
	assert_non_null(start(files[SERVER], files[SERVER_KEY], NULL));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(frames_go_both_ways),
		ONE(plain_http_and_silence_get_no_answer),
		ONE(the_client_sees_who_signed_the_server),
		ONE(only_tools_with_a_certificate_of_the_authority_are_let_in),
		ONE(files_that_are_not_good_are_named),
	};

	log_init("test_httpd_tls", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
