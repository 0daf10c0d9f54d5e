/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's side of a WebSocket, as far as the sink needs it. */
#include "tests/bench/websocket.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEY_SIZE 24			/* 16 bytes in base64 */
#define REQUEST_MAX 8192
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"	/* RFC 6455 1.3 */

/* --- SHA-1 of a short text (RFC 3174) --- */

static uint32_t roll(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void sha1_block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 80; i++)
		w[i] = roll(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ?
			     (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 :
			     i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
		uint32_t t = roll(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = roll(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* text: 60 bytes, the length of a key with the GUID, so padding fills a second block. */
static void sha1_of_60(const char *text, uint8_t out[20])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t block[128] = { 0 };

	memcpy(block, text, 60);
	block[60] = 0x80;
	block[126] = 60 * 8 >> 8;
	block[127] = 60 * 8 & 0xff;
	sha1_block(h, block);
	sha1_block(h, block + 64);
	for (int i = 0; i < 20; i++)
		out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* --- the handshake --- */

static void base64_of_20(const uint8_t *in, char out[29])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t padded[21] = { 0 };
	char *o = out;

	memcpy(padded, in, 20);
	for (int i = 0; i < 21; i += 3) {
		const uint8_t *p = padded + i;
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*o++ = digits[v >> shift & 63];
	}
	out[27] = '=';
	out[28] = '\0';
}

/* The client's key within the request, or NULL. */
static const char *find_key(const char *request)
{
	static const char name[] = "\r\nSec-WebSocket-Key:";

	for (const char *line = request; (line = strstr(line, "\r\n")) != NULL; line += 2) {
		if (strncasecmp(line, name, sizeof(name) - 1) != 0)
			continue;
		line += sizeof(name) - 1;
		line += strspn(line, " \t");
		return strcspn(line, " \t\r") == KEY_SIZE ? line : NULL;
	}
	return NULL;
}

static void write_answer(const char *key, char answer[WEBSOCKET_ANSWER_MAX])
{
	char text[KEY_SIZE + sizeof(GUID)], accept[29];
	uint8_t digest[20];

	memcpy(text, key, KEY_SIZE);
	memcpy(text + KEY_SIZE, GUID, sizeof(GUID));
	sha1_of_60(text, digest);
	base64_of_20(digest, accept);
	snprintf(answer, WEBSOCKET_ANSWER_MAX,
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
}

long websocket_accept(const uint8_t *p, size_t have, char answer[WEBSOCKET_ANSWER_MAX])
{
	char request[REQUEST_MAX + 1];
	size_t len = have < REQUEST_MAX ? have : REQUEST_MAX;
	const char *end, *key;

	memcpy(request, p, len);
	request[len] = '\0';
	end = strstr(request, "\r\n\r\n");
	if (!end)
		return have < REQUEST_MAX ? 0 : -1;
	key = find_key(request);
	if (strncmp(request, "GET ", 4) != 0 || !key || key > end)
		return -1;
	write_answer(key, answer);
	return end - request + 4;
}

/* --- messages --- */

static void unmask(uint8_t *p, size_t len, const uint8_t *mask)
{
	uint64_t wide, v;
	size_t i = 0;

	memcpy(&wide, mask, 4);
	memcpy((uint8_t *)&wide + 4, mask, 4);
	for (; i + 8 <= len; i += 8) {
		memcpy(&v, p + i, 8);
		v ^= wide;
		memcpy(p + i, &v, 8);
	}
	for (; i < len; i++)
		p[i] ^= mask[i % 4];
}

/* Returns the length of the header, with its mask, once that is there. */
static size_t read_header(const uint8_t *p, size_t have, uint64_t *len)
{
	unsigned extra = (p[1] & 0x7f) == 126 ? 2 : (p[1] & 0x7f) == 127 ? 8 : 0;

	if (have < 2 + extra + 4)
		return 0;
	*len = extra ? 0 : p[1] & 0x7f;
	for (unsigned i = 0; i < extra; i++)
		*len = *len << 8 | p[2 + i];
	return 2 + extra + 4;
}

static bool known(unsigned op)
{
	return op == WEBSOCKET_BINARY || op == WEBSOCKET_CLOSE || op == WEBSOCKET_PING ||
	       op == WEBSOCKET_PONG;
}

int websocket_next(uint8_t *p, size_t have, struct websocket_msg *m)
{
	uint64_t len;
	size_t header;

	if (have < 2)
		return 0;
	if ((p[0] & 0xf0) != 0x80 || !known(p[0] & 0x0f) || !(p[1] & 0x80))
		return -1;
	header = read_header(p, have, &len);
	if (header == 0)
		return 0;
	if (len >= 1 << 20)
		return -1;
	if (have < header + len)
		return 0;
	*m = (struct websocket_msg){ .op = p[0] & 0x0f, .at = p + header, .len = (size_t)len,
				     .total = header + (size_t)len };
	unmask(m->at, m->len, m->at - 4);
	return 1;
}

size_t websocket_put_header(uint8_t out[WEBSOCKET_HEADER_MAX], enum websocket_op op, size_t len)
{
	out[0] = (uint8_t)(0x80 | op);
	if (len < 126) {
		out[1] = (uint8_t)len;
		return 2;
	}
	out[1] = 126;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	return 4;
}
