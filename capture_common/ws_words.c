/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong with a WebSocket connection, in words. */
#include "capture_common/ws_words.h"

#include <errno.h>
#include <string.h>

#include "protocol/bytes.h"

#define CLOSE_NORMAL 1000
#define CLOSE_GOING_AWAY 1001
#define CLOSE_REFUSED 1008		/* RFC 6455 7.4.1: "policy violation" */

/* What a server sent, so that it harms no terminal: printable ASCII, clipped. */
static void put_printable(char *out, size_t size, const void *text, size_t len)
{
	const unsigned char *p = text;
	size_t n = 0;

	for (; n < len && n + 1 < size; n++)
		out[n] = p[n] >= ' ' && p[n] < 0x7f ? (char)p[n] : '?';
	out[n] = '\0';
}

/* Up to the query. */
static void put_place(char *out, size_t size, const char *place)
{
	put_printable(out, size, place, strcspn(place, "?#"));
}

static void proxy_failed(const char *cause, const char *proxy, struct err *e)
{
	if (strstr(cause, "not h1"))
		err_set(e, ERR_NETWORK, "the proxy %.60s does not let us through to the server: it "
			"does not allow it, cannot reach it, or wants a login "
			"(http://USER:PASSWORD@HOST:PORT in the environment)", proxy);
	else
		err_set(e, ERR_NETWORK, "the proxy %.60s ends the connection instead of leading to "
			"the server", proxy);
}

static bool no_http(const char *cause)
{
	return strstr(cause, "pars") || strstr(cause, "missing");
}

static bool timed_out(const char *cause)
{
	return strncmp(cause, "Timed out", 9) == 0;
}

bool ws_words_closed_unanswered(enum ws_stage stage, const char *cause)
{
	return stage == WS_STAGE_ANSWER && !no_http(cause) && !timed_out(cause);
}

static void no_answer(const char *cause, const char *proxy, struct err *e)
{
	if (no_http(cause) && proxy)
		err_set(e, ERR_PROTOCOL, "what answers through the proxy %.60s is no HTTP server, "
			"or the proxy's own answer came in pieces, which libwebsockets 4.1 cannot "
			"read", proxy);
	else if (no_http(cause))
		err_set(e, ERR_PROTOCOL, "what answers is no HTTP server; is it the server's HTTP "
			"port?");
	else if (timed_out(cause))
		err_set(e, ERR_NETWORK, "the server does not answer the request");
	else
		err_set(e, ERR_NETWORK, "the server closes the connection without an HTTP answer; "
			"is it its HTTP port, and does it want TLS (wss://)?");
}

void ws_words_failed(enum ws_stage stage, const char *proxy, const char *cause, struct err *e)
{
	switch (stage) {
	case WS_STAGE_CONNECT:
		err_set(e, ERR_NETWORK, "connecting: refused, or cannot be reached");
		e->sys = ECONNREFUSED;
		return;
	case WS_STAGE_PROXY:
		proxy_failed(cause, proxy ? proxy : "", e);
		return;
	case WS_STAGE_TLS:
		err_set(e, ERR_NETWORK, "closed during the TLS handshake");
		return;
	case WS_STAGE_ANSWER:
		no_answer(cause, proxy, e);
		return;
	case WS_STAGE_UP:
		err_set(e, ERR_NETWORK, "closed by the server");
		return;
	}
}

static void redirected(unsigned status, const char *location, struct err *e)
{
	char place[160];

	put_place(place, sizeof(place), location);
	if (place[0])
		err_set(e, ERR_PROTOCOL, "the server redirects to %s (HTTP %u), which is not "
			"followed; connect there", place, status);
	else
		err_set(e, ERR_PROTOCOL, "the server redirects (HTTP %u) without saying where to",
			status);
}

void ws_words_status(unsigned status, const char *target, const char *location, const char *cause,
		     struct err *e)
{
	char path[100], why[80];

	put_place(path, sizeof(path), target);
	put_printable(why, sizeof(why), cause, strlen(cause));
	if (status == 401)
		err_set(e, ERR_PERMISSION, "the server refuses the login (HTTP 401): check --user "
			"and --password-file, or --apikey-file; the key needs the role datasource "
			"or admin");
	else if (status == 403)
		err_set(e, ERR_PERMISSION, "the server, or a proxy before it, forbids this (HTTP "
			"403)");
	else if (status == 404)
		err_set(e, ERR_PROTOCOL, "no WebSocket at %s (HTTP 404): is there a prefix, "
			"--endpoint?", path);
	else if (status == 400)
		err_set(e, ERR_PROTOCOL, "the server does not understand the request (HTTP 400); "
			"is it plain HTTP to a TLS port, or no WebSocket at %s?", path);
	else if (status == 502 || status == 503 || status == 504)
		err_set(e, ERR_BUSY, "a proxy answers, the server behind it does not (HTTP %u)",
			status);
	else if (status >= 300 && status < 400)
		redirected(status, location, e);
	else if (status == 101)
		err_set(e, ERR_PROTOCOL, "the server's answer is no good WebSocket upgrade: %s",
			why);
	else
		err_set(e, ERR_PROTOCOL, "%s is no WebSocket (HTTP %u); is there a prefix, "
			"--endpoint?", path, status);
}

void ws_words_closed(const uint8_t *data, size_t len, struct err *e)
{
	unsigned code = len >= 2 ? get_be16(data) : CLOSE_NORMAL;
	enum err_code kind = code == CLOSE_REFUSED ? ERR_PERMISSION : ERR_NETWORK;
	char reason[124];

	put_printable(reason, sizeof(reason), len > 2 ? data + 2 : data, len > 2 ? len - 2 : 0);
	if (reason[0])
		err_set(e, kind, "closed by the server: %s (code %u)", reason, code);
	else if (code == CLOSE_NORMAL || code == CLOSE_GOING_AWAY)
		err_set(e, kind, "closed by the server");
	else
		err_set(e, kind, "closed by the server (code %u)", code);
}
