/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links over WebSockets with TLS: whom they trust, what they show, and what they say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/ws_certs.h"
#include "tests/lib/ws_rig.h"

#define BOTH_NAMES "DNS:localhost,IP:127.0.0.1"

static struct ws_rig rig;
static struct ws_cert ca, other_ca, good, client;
static SSL_CTX *server;

static int make_certificates(void **state)
{
	(void)state;
	ca = ws_cert_make(NULL, NULL, -10, 10);
	other_ca = ws_cert_make(NULL, NULL, -10, 10);
	good = ws_cert_make(BOTH_NAMES, &ca, -1, 1);
	client = ws_cert_make("DNS:sensor", &ca, -1, 1);
	server = ws_cert_server(&good, NULL);
	return 0;
}

static int free_certificates(void **state)
{
	(void)state;
	SSL_CTX_free(server);
	ws_cert_free(&ca);
	ws_cert_free(&other_ca);
	ws_cert_free(&good);
	ws_cert_free(&client);
	return 0;
}

static void trust(const struct ws_cert *issuer)
{
	rig.access.apikey = strdup("KEY");
	if (issuer)
		rig.access.ca = ws_cert_pem(issuer);
}

static void start(SSL_CTX *tls, const char *host)
{
	ws_peer_start(&rig.server, tls, ws_rig_serve_quietly, NULL);
	ws_rig_start_at(&rig, ENDPOINT_WSS, host, rig.server.port);
}

/* The link comes up. */
static void accepted(SSL_CTX *tls, const char *host)
{
	start(tls, host);
	ws_rig_up(&rig);
	assert_non_null(strstr(rig.owner.link->peer, "(WebSocket, TLS)"));
	ws_rig_end(&rig);
	assert_non_null(strstr(rig.server.request, "KISMET=KEY"));
}

/* It does not, for this reason, and no credentials were sent. */
static void refused(SSL_CTX *tls, const char *host, const char *words, enum err_code code)
{
	start(tls, host);
	while (rig.owner.calls[LINK_DOWN] == 0) {
		assert_int_equal(rig.owner.calls[LINK_UP], 0);
		loop_run(rig.owner.loop);
	}
	if (!strstr(rig.owner.err.text, words))
		fail_msg("%s: %s", words, rig.owner.err.text);
	assert_int_equal(rig.owner.err.code, code);
	ws_rig_end(&rig);
	assert_string_equal(rig.server.request, "");
	if (code == ERR_PERMISSION)
		assert_int_equal(rig.server.connections, 1);
}

static void refused_with(const char *names, const struct ws_cert *issuer, int from, int to,
			 const char *words)
{
	struct ws_cert cert = ws_cert_make(names, issuer, from, to);
	SSL_CTX *tls = ws_cert_server(&cert, NULL);

	refused(tls, "127.0.0.1", words, ERR_PERMISSION);
	SSL_CTX_free(tls);
	ws_cert_free(&cert);
}

/* --- chains and names --- */

static void a_good_certificate_is_accepted(void **state)
{
	(void)state;
	trust(&ca);
	accepted(server, "127.0.0.1");
	assert_string_equal(rig.server.server_name, "");	/* names only */
	trust(&ca);
	accepted(server, "localhost");
	assert_string_equal(rig.server.server_name, "localhost");
}

static void the_certificate_itself_may_be_the_ca_file(void **state)
{
	(void)state;
	trust(&good);
	accepted(server, "127.0.0.1");
}

static void an_unknown_ca_is_refused(void **state)
{
	(void)state;
	trust(&other_ca);
	refused(server, "127.0.0.1", "not issued by a trusted CA", ERR_PERMISSION);
	trust(NULL);
	refused(server, "127.0.0.1", "not issued by a trusted CA", ERR_PERMISSION);
}

static void a_self_signed_one_is_refused(void **state)
{
	(void)state;
	trust(NULL);
	refused_with(BOTH_NAMES, NULL, -1, 1, "self-signed");
}

static void dates_are_checked(void **state)
{
	(void)state;
	trust(&ca);
	refused_with(BOTH_NAMES, &ca, -5, -1, "has expired");
	trust(&ca);
	refused_with(BOTH_NAMES, &ca, 1, 5, "not valid yet; is this machine's clock right?");
}

static void names_are_checked(void **state)
{
	(void)state;
	trust(&ca);
	refused_with("DNS:localhost,DNS:a.example,IP:::1", &ca, -1, 1,
		     "not for 127.0.0.1 but for localhost, a.example, ::1");
	trust(&ca);
	refused_with("DNS:127.0.0.1", &ca, -1, 1, "not for 127.0.0.1");
	struct ws_cert cert = ws_cert_make("DNS:local*,IP:127.0.0.1", &ca, -1, 1);
	SSL_CTX *tls = ws_cert_server(&cert, NULL);

	trust(&ca);
	refused(tls, "localhost", "not for localhost but for local*", ERR_PERMISSION);
	SSL_CTX_free(tls);
	ws_cert_free(&cert);
}

/* --- fingerprints --- */

static void pin(const struct ws_cert *c)
{
	rig.access.has_pin = true;
	ws_cert_fingerprint(c, rig.access.pin);
}

static void a_fingerprint_is_enough(void **state)
{
	struct ws_cert cert = ws_cert_make("DNS:elsewhere", NULL, -5, -1);
	SSL_CTX *tls = ws_cert_server(&cert, NULL);

	(void)state;
	trust(NULL);
	pin(&cert);
	accepted(tls, "127.0.0.1");
	trust(&ca);			/* with a CA file, the rest is checked as well */
	pin(&cert);
	refused(tls, "127.0.0.1", "TLS: ", ERR_PERMISSION);
	SSL_CTX_free(tls);
	ws_cert_free(&cert);
}

static void another_fingerprint_is_refused_and_told(void **state)
{
	uint8_t hash[ACCESS_PIN_SIZE];
	char words[40];

	(void)state;
	ws_cert_fingerprint(&good, hash);
	snprintf(words, sizeof(words), "sha256:%02X:%02X:%02X:", hash[0], hash[1], hash[2]);
	trust(NULL);
	pin(&ca);
	refused(server, "127.0.0.1", words, ERR_PERMISSION);
	trust(&ca);
	pin(&ca);
	refused(server, "127.0.0.1", words, ERR_PERMISSION);
}

/* --- client certificates --- */

static void a_client_certificate_is_shown(void **state)
{
	SSL_CTX *tls = ws_cert_server(&good, &ca);

	(void)state;
	trust(&ca);
	rig.access.client_cert = ws_cert_pem(&client);
	rig.access.client_key = ws_cert_key_pem(&client);
	accepted(tls, "127.0.0.1");
	SSL_CTX_free(tls);
}

/* In TLS 1.3 the server says so only after the request. */
static void wants_certificate(SSL_CTX *tls, const char *words)
{
	start(tls, "127.0.0.1");
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	if (!strstr(rig.owner.err.text, words))
		fail_msg("%s: %s", words, rig.owner.err.text);
	ws_rig_end(&rig);
}

static void a_server_that_wants_one_has_its_words(void **state)
{
	SSL_CTX *tls = ws_cert_server(&good, &ca);
	struct ws_cert stranger = ws_cert_make("DNS:sensor", &other_ca, -1, 1);

	(void)state;
	trust(&ca);
	wants_certificate(tls, "wants a client certificate");
	trust(&ca);
	rig.access.client_cert = ws_cert_pem(&stranger);
	rig.access.client_key = ws_cert_key_pem(&stranger);
	wants_certificate(tls, "refuses our certificate");
	SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
	trust(&ca);
	wants_certificate(tls, "TLS: the server ");
	SSL_CTX_free(tls);
	ws_cert_free(&stranger);
}

/* Before anything is sent. Not to be tried again soon, so it is no failure of the network. */
static void unusable(const char *words)
{
	start(server, "127.0.0.1");
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	if (!strstr(rig.owner.err.text, words))
		fail_msg("%s: %s", words, rig.owner.err.text);
	assert_int_equal(rig.owner.err.code, ERR_PERMISSION);
	ws_rig_end(&rig);
	assert_int_equal(rig.server.connections, 0);
}

static void a_key_of_another_certificate_is_told(void **state)
{
	(void)state;
	trust(&ca);
	rig.access.client_cert = ws_cert_pem(&client);
	rig.access.client_key = ws_cert_key_pem(&good);
	unusable("the key does not belong to the certificate");
	trust(&ca);
	rig.access.client_cert = ws_cert_pem(&client);
	unusable("holds no private key");
}

/* --- through a proxy --- */

static void serve_as_proxy(struct ws_peer *p)
{
	static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";

	if (!ws_peer_request(p) || !ws_peer_write(p, yes, strlen(yes)))
		return;
	p->ssl = SSL_new(p->arg);
	SSL_set_fd(p->ssl, p->fd);
	if (SSL_accept(p->ssl) == 1)
		ws_rig_serve_quietly(p);
	SSL_free(p->ssl);
	p->ssl = NULL;
}

static void start_proxied(const struct ws_cert *issuer, const char *host,
			  void (*serve)(struct ws_peer *p), SSL_CTX *tls)
{
	char url[80];

	trust(issuer);
	ws_peer_start(&rig.server, NULL, serve, tls);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", rig.server.port);
	setenv("https_proxy", url, 1);
	ws_rig_start_at(&rig, ENDPOINT_WSS, host, 443);
}

static void proxied_fails(const char *words, enum err_code code)
{
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	if (!strstr(rig.owner.err.text, words))
		fail_msg("%s: %s", words, rig.owner.err.text);
	assert_int_equal(rig.owner.err.code, code);
	assert_null(strstr(rig.owner.err.text, "the proxy"));
	ws_rig_end(&rig);
	unsetenv("https_proxy");
}

static void a_proxy_leads_to_a_server_with_tls(void **state)
{
	(void)state;
	start_proxied(&ca, "localhost", serve_as_proxy, server);
	ws_rig_up(&rig);
	ws_rig_end(&rig);
	unsetenv("https_proxy");
	assert_memory_equal(rig.server.request, "GET /prefix/datasource HTTP/1.1\r\n", 33);
}

/* Returns whether the server was asked for this host, after one that the user wrote. */
static bool asked_for(const char *host, const char *written, const char *names)
{
	struct ws_cert cert = ws_cert_make(names, &ca, -1, 1);
	SSL_CTX *tls = ws_cert_server(&cert, NULL);
	char line[100];

	start_proxied(&ca, written, serve_as_proxy, tls);
	ws_rig_up(&rig);
	ws_rig_end(&rig);
	unsetenv("https_proxy");
	SSL_CTX_free(tls);
	ws_cert_free(&cert);
	snprintf(line, sizeof(line), "\r\nHost: %s\r\n", host);
	return strstr(rig.server.request, line);
}

static void zones_and_last_dots_are_nothing_for_the_server(void **state)
{
	(void)state;
	assert_true(asked_for("[fe80::1]", "fe80::1%lo", "IP:fe80::1"));
	assert_true(asked_for("a.example", "a.example.", "DNS:a.example"));
}

static void serve_as_proxy_to_none(struct ws_peer *p)
{
	static const char no[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	char byte;

	if (ws_peer_request(p) && ws_peer_write(p, yes, strlen(yes)) && ws_peer_read(p, &byte, 1))
		ws_peer_write(p, no, strlen(no));
}

static void a_proxy_is_not_blamed_for_the_server_behind_it(void **state)
{
	(void)state;
	start_proxied(&other_ca, "localhost", serve_as_proxy, server);
	proxied_fails("not issued by a trusted CA", ERR_PERMISSION);
	start_proxied(&ca, "localhost", serve_as_proxy_to_none, NULL);
	proxied_fails("no TLS: ", ERR_NETWORK);
}

/* --- the rest --- */

static void serve_plain(struct ws_peer *p)
{
	const char *answer = p->arg;
	char byte;

	if (ws_peer_read(p, &byte, 1))
		ws_peer_write(p, answer, strlen(answer));
}

static void a_server_without_tls_has_its_words(void **state)
{
	static const char *const answers[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		trust(NULL);
		ws_peer_start(&rig.server, NULL, serve_plain, (void *)(uintptr_t)answers[i]);
		ws_rig_start_at(&rig, ENDPOINT_WSS, "127.0.0.1", rig.server.port);
		link_owner_run(&rig.owner, LINK_DOWN, 1);
		assert_non_null(strstr(rig.owner.err.text, "no TLS: "));
		assert_int_equal(rig.owner.err.code, ERR_NETWORK);
		ws_rig_end(&rig);
	}
}

#define MESSAGES 600

static size_t seen;

static void serve_counting(struct ws_peer *p)
{
	static uint8_t buf[16000];
	uint8_t opcode;

	if (!ws_peer_open(p))
		return;
	while (ws_peer_receive(p, &opcode, buf, sizeof(buf)) == sizeof(buf)) {
		seen++;
		ws_peer_send(p, 0x82, buf, sizeof(buf));
	}
}

static void frames_go_both_ways(void **state)
{
	static uint8_t frame[16000], got[16000];

	(void)state;
	seen = 0;
	trust(&ca);
	ws_peer_start(&rig.server, server, serve_counting, NULL);
	ws_rig_start_at(&rig, ENDPOINT_WSS, "localhost", rig.server.port);
	ws_rig_up(&rig);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		ws_rig_frame(frame, sizeof(frame), i);
		ws_rig_send(&rig, frame, sizeof(frame));
		if (i < 20)
			continue;	/* some are always under way */
		assert_int_equal(ws_rig_receive(&rig, got, sizeof(got)), sizeof(got));
		ws_rig_frame(frame, sizeof(frame), i - 20);
		assert_memory_equal(got, frame, sizeof(frame));
	}
	ws_rig_frame(frame, 20, 1);
	ws_rig_send(&rig, frame, 20);
	ws_rig_run_out(&rig);
	ws_rig_end(&rig);
	assert_int_equal(seen, MESSAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_certificate_is_accepted),
		cmocka_unit_test(the_certificate_itself_may_be_the_ca_file),
		cmocka_unit_test(an_unknown_ca_is_refused),
		cmocka_unit_test(a_self_signed_one_is_refused),
		cmocka_unit_test(dates_are_checked),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(a_fingerprint_is_enough),
		cmocka_unit_test(another_fingerprint_is_refused_and_told),
		cmocka_unit_test(a_client_certificate_is_shown),
		cmocka_unit_test(a_server_that_wants_one_has_its_words),
		cmocka_unit_test(a_key_of_another_certificate_is_told),
		cmocka_unit_test(a_proxy_leads_to_a_server_with_tls),
		cmocka_unit_test(zones_and_last_dots_are_nothing_for_the_server),
		cmocka_unit_test(a_proxy_is_not_blamed_for_the_server_behind_it),
		cmocka_unit_test(a_server_without_tls_has_its_words),
		cmocka_unit_test(frames_go_both_ways),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
