/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small WebSocket server for tests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/ws_peer.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "tests/lib/link_owner.h"

#define ACCEPT_SUFFIX "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"	/* RFC 6455 1.3 */

static long read_some(struct ws_peer *p, void *buf, size_t len)
{
	return p->ssl ? SSL_read(p->ssl, buf, (int)len) : recv(p->fd, buf, len, 0);
}

bool ws_peer_read(struct ws_peer *p, void *buf, size_t len)
{
	uint8_t *at = buf;

	while (len > 0) {
		long n = read_some(p, at, len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool ws_peer_write(struct ws_peer *p, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		long n = p->ssl ? SSL_write(p->ssl, at, (int)len) :
				  send(p->fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool ws_peer_request(struct ws_peer *p)
{
	size_t n = 0;

	while (n + 1 < sizeof(p->request) && ws_peer_read(p, p->request + n, 1)) {
		p->request[++n] = '\0';
		if (n >= 4 && strcmp(p->request + n - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

bool ws_peer_upgrade(struct ws_peer *p, const char *extra)
{
	const char *key = strstr(p->request, "Sec-WebSocket-Key: ");
	unsigned char hash[EVP_MAX_MD_SIZE], accept[64];
	char text[1024];
	unsigned int len;

	if (!key)
		return false;
	key += strlen("Sec-WebSocket-Key: ");
	snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(key, "\r"), key, ACCEPT_SUFFIX);
	EVP_Digest(text, strlen(text), hash, &len, EVP_sha1(), NULL);
	EVP_EncodeBlock(accept, hash, (int)len);
	snprintf(text, sizeof(text), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n", (char *)accept,
		 extra);
	return ws_peer_write(p, text, strlen(text));
}

bool ws_peer_open(struct ws_peer *p)
{
	return ws_peer_request(p) && ws_peer_upgrade(p, "");
}

bool ws_peer_send(struct ws_peer *p, uint8_t opcode, const void *data, size_t len)
{
	uint8_t header[10] = { opcode };
	size_t n = 2;

	if (len < 126) {
		header[1] = (uint8_t)len;
	} else if (len <= UINT16_MAX) {
		header[1] = 126;
		put_be16(header + 2, (uint16_t)len);
		n = 4;
	} else {
		header[1] = 127;
		put_be64(header + 2, len);
		n = 10;
	}
	return ws_peer_write(p, header, n) && ws_peer_write(p, data, len);
}

long ws_peer_receive(struct ws_peer *p, uint8_t *opcode, uint8_t *buf, size_t size)
{
	uint8_t header[2], more[8], mask[4];
	uint64_t len;

	if (!ws_peer_read(p, header, 2) || !(header[1] & 0x80))
		return -1;
	*opcode = header[0];
	len = header[1] & 0x7f;
	if (len == 126) {
		if (!ws_peer_read(p, more, 2))
			return -1;
		len = get_be16(more);
	} else if (len == 127) {
		if (!ws_peer_read(p, more, 8))
			return -1;
		len = get_be64(more);
	}
	if (len > size || !ws_peer_read(p, mask, 4) || !ws_peer_read(p, buf, (size_t)len))
		return -1;
	for (size_t i = 0; i < len; i++)
		buf[i] ^= mask[i % 4];
	return (long)len;
}

void ws_peer_hear_out(struct ws_peer *p)
{
	uint8_t buf[4096], opcode = 0;

	while (opcode != 0x88 && ws_peer_receive(p, &opcode, buf, sizeof(buf)) >= 0)
		;
}

void ws_peer_drain(struct ws_peer *p)
{
	uint8_t buf[4096];

	while (read_some(p, buf, sizeof(buf)) > 0)
		;
}

/* --- the thread --- */

static void serve_one(struct ws_peer_server *s, int fd)
{
	struct ws_peer p = { .fd = fd, .arg = s->arg };

	s->connections++;
	if (s->tls) {
		p.ssl = SSL_new(s->tls);
		SSL_set_fd(p.ssl, fd);
	}
	if (!s->tls || SSL_accept(p.ssl) == 1) {
		const char *name = p.ssl ? SSL_get_servername(p.ssl, TLSEXT_NAMETYPE_host_name) :
					   NULL;

		s->handshakes++;
		snprintf(s->server_name, sizeof(s->server_name), "%s", name ? name : "");
		s->serve(&p);
		memcpy(s->request, p.request, sizeof(s->request));
	}
	SSL_free(p.ssl);
	shutdown(fd, SHUT_WR);
	p.ssl = NULL;
	ws_peer_drain(&p);		/* a reset would overtake what was sent */
	close(fd);
}

static void *server_thread(void *user)
{
	struct ws_peer_server *s = user;

	for (;;) {
		struct pollfd fds[2] = { { .fd = s->listener, .events = POLLIN },
					 { .fd = s->stop[0], .events = POLLIN } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			return NULL;
		int fd = fds[0].revents ? accept(s->listener, NULL, NULL) : -1;

		if (fd >= 0)
			serve_one(s, fd);
	}
}

void ws_peer_start(struct ws_peer_server *s, SSL_CTX *tls, void (*serve)(struct ws_peer *p),
		   void *arg)
{
	*s = (struct ws_peer_server){ .tls = tls, .serve = serve, .arg = arg };
	s->listener = listen_on_loopback(AF_INET, &s->port);
	assert_true(s->listener >= 0);
	assert_int_equal(pipe(s->stop), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, server_thread, s), 0);
}

void ws_peer_end(struct ws_peer_server *s)
{
	assert_int_equal(write(s->stop[1], "", 1), 1);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->stop[1]);
	close(s->listener);
}
