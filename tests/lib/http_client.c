/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of HTTP and WebSockets made of a plain socket. */
#include "tests/lib/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/bytes.h"

#define TURN_NS UINT64_C(1000000)
#define TURNS 30000

static void wait_a_turn(struct http_client *c, unsigned *turns)
{
	if (++*turns > TURNS)
		fail_msg("waited in vain for the HTTP server");
	loop_step(c->loop, TURN_NS);
}

void http_client_open(struct http_client *c, struct loop *loop, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };

	*c = (struct http_client){ .loop = loop };
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(c->fd >= 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
}

/* Is it to be tried again? */
static bool ssl_waits(struct http_client *c, int rc, unsigned *turns)
{
	int error = SSL_get_error(c->ssl, rc);

	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return false;
	wait_a_turn(c, turns);
	return true;
}

bool http_client_tls(struct http_client *c, const char *ca, const char *certificate,
		     const char *key)
{
	unsigned turns = 0;
	int rc;

	c->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(c->ctx);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_CTX_load_verify_locations(c->ctx, ca, NULL), 1);
	if (certificate) {
		assert_int_equal(SSL_CTX_use_certificate_chain_file(c->ctx, certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(c->ctx, key, SSL_FILETYPE_PEM), 1);
	}
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	SSL_set_fd(c->ssl, c->fd);
	while ((rc = SSL_connect(c->ssl)) != 1) {
		if (!ssl_waits(c, rc, &turns))
			return false;
	}
	return true;
}

void http_client_close(struct http_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	c->ssl = NULL;
	c->ctx = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* Returns how many bytes went, 0 to try again, -1 when the connection is gone. */
static long write_some(struct http_client *c, const uint8_t *data, size_t len, unsigned *turns)
{
	ssize_t n;

	if (c->ssl) {
		int rc = SSL_write(c->ssl, data, (int)len);

		return rc > 0 ? rc : ssl_waits(c, rc, turns) ? 0 : -1;
	}
	n = send(c->fd, data, len, MSG_NOSIGNAL);
	if (n < 0 && errno == EAGAIN)
		wait_a_turn(c, turns);
	return n >= 0 ? n : errno == EAGAIN ? 0 : -1;
}

bool http_client_write(struct http_client *c, const void *data, size_t len)
{
	unsigned turns = 0;

	for (size_t at = 0; at < len;) {
		long n = write_some(c, (const uint8_t *)data + at, len - at, &turns);

		if (n < 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

size_t http_client_read(struct http_client *c, void *buf, size_t size)
{
	unsigned turns = 0;

	for (;;) {
		ssize_t n;

		if (c->ssl) {
			n = SSL_read(c->ssl, buf, (int)size);
			if (n > 0 || !ssl_waits(c, (int)n, &turns))
				return n > 0 ? (size_t)n : 0;
			continue;
		}
		n = recv(c->fd, buf, size, 0);
		if (n >= 0 || errno != EAGAIN)
			return n > 0 ? (size_t)n : 0;
		wait_a_turn(c, &turns);
	}
}

bool http_client_read_all(struct http_client *c, void *buf, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = http_client_read(c, (uint8_t *)buf + at, len - at);
		if (n == 0)
			return false;
	}
	return true;
}

size_t http_client_message(uint8_t *out, unsigned opening, const void *data, size_t len)
{
	static const uint8_t mask[4] = { 0x5A, 0x00, 0xFF, 0x81 };
	size_t at = 2;

	out[0] = (uint8_t)opening;
	if (len < 126) {
		out[1] = (uint8_t)(0x80 | len);
	} else if (len <= UINT16_MAX) {
		out[1] = 0x80 | 126;
		put_be16(out + 2, (uint16_t)len);
		at = 4;
	} else {
		out[1] = 0x80 | 127;
		put_be64(out + 2, len);
		at = 10;
	}
	memcpy(out + at, mask, 4);
	for (size_t i = 0; i < len; i++)
		out[at + 4 + i] = ((const uint8_t *)data)[i] ^ mask[i % 4];
	return at + 4 + len;
}
