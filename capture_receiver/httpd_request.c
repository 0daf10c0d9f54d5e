/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP requests: what there is, who may have it, and what the others are told. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "capture_common/wipe.h"
#include "capture_receiver/http_fields.h"
#include "capture_receiver/httpd_int.h"
#include "capture_receiver/safe_text.h"

#define UPGRADE_REQUIRED 426
#define LOOK_MS 1000		/* whether somebody who waits is still there */

/* What there is below the prefix. Returns 0 to go on, or the status of the answer. */
struct route {
	const char *path;
	enum lws_token_indexes method;
	const char *allow;
	unsigned (*judge)(struct httpd_conn *c, const char *upgrade);
};

struct fields {
	char cookie[HTTP_QUERY_MAX], authorization[HTTP_QUERY_MAX], query[HTTP_QUERY_MAX];
};

/* --- credentials --- */

/* The text of a header field, or NULL when there is none or it does not fit. */
static const char *copy_field(struct lws *wsi, enum lws_token_indexes token, char *out, size_t size)
{
	return lws_hdr_total_length(wsi, token) > 0 &&
	       lws_hdr_copy(wsi, out, (int)size, token) > 0 ? out : NULL;
}

/* Appends a piece of a query that libwebsockets has percent-decoded: '%' is encoded again. */
static size_t append_piece(char *out, size_t at, size_t size, const char *piece)
{
	if (at > 0 && at + 1 < size)
		out[at++] = '&';
	for (; *piece && at + 4 < size; piece++) {
		out[at++] = *piece;
		if (*piece == '%') {
			out[at++] = '2';
			out[at++] = '5';
		}
	}
	return at;
}

/* libwebsockets gives a query in pieces, split at '&', decoded, with '+' as blanks. */
static const char *copy_query(struct lws *wsi, char *out, size_t size)
{
	char piece[HTTP_QUERY_MAX];
	size_t at = 0;

	for (int i = 0; lws_hdr_copy_fragment(wsi, piece, sizeof(piece), WSI_TOKEN_HTTP_URI_ARGS,
					      i) >= 0; i++)
		at = append_piece(out, at, size, piece);
	wipe(piece, sizeof(piece));
	out[at] = '\0';
	return at > 0 ? out : NULL;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* How long the answer is to wait, at least something; or 0 when too many of that address do. */
static uint32_t wait_ms(struct httpd_conn *c)
{
	struct httpd *h = c->httpd;
	uint32_t ms;

	http_guesses_address(c->peer, c->waits_for);
	ms = http_guesses_failed_ms(h->guesses, c->waits_for, now_ns());
	if (!http_guesses_wait(h->guesses, c->waits_for)) {
		c->waits_for[0] = '\0';
		return 0;
	}
	return h->config.answer_at_once ? 1 : ms;
}

void httpd_request_end(struct httpd_conn *c)
{
	if (c->waits_for[0])
		http_guesses_waited(c->httpd->guesses, c->waits_for);
	c->waits_for[0] = '\0';
}

static unsigned refuse_login(struct httpd_conn *c, const struct http_credentials *with)
{
	char claim[64], safe[64];

	c->wait_ms = wait_ms(c);
	http_auth_claim(with, claim, sizeof(claim));
	safe_text(safe, sizeof(safe), text_of(claim));
	httpd_log(c->httpd, LOG_LEVEL_WARN, "%s: login refused: %s (answer after %u s)", c->peer,
		  safe, c->wait_ms / 1000);
	return HTTP_STATUS_UNAUTHORIZED;
}

/* A blank of the query may have been '+', which stands for itself with stock servers. */
static bool query_is_good(const struct http_auth *auth, struct http_credentials *with, char *query,
			  const char **who)
{
	bool blanks = strchr(query, ' ') != NULL;

	if (http_auth_check(auth, with, who))
		return true;
	for (char *c = query; *c; c++)
		*c = *c == ' ' ? '+' : *c;
	return blanks && http_auth_check(auth, with, who);
}

static void accept_login(struct httpd_conn *c, const char *who)
{
	char safe[64];

	safe_text(safe, sizeof(safe), text_of(*who ? who : "a key"));
	if (http_auth_required(c->httpd->config.auth))
		httpd_log(c->httpd, LOG_LEVEL_INFO, "%s: logged in: %s", c->peer, safe);
}

static unsigned judge_login(struct httpd_conn *c)
{
	struct fields f = { .query = "" };
	struct http_credentials with = {
		.cookie = copy_field(c->wsi, WSI_TOKEN_HTTP_COOKIE, f.cookie, sizeof(f.cookie)),
		.authorization = copy_field(c->wsi, WSI_TOKEN_HTTP_AUTHORIZATION, f.authorization,
					    sizeof(f.authorization)),
		.query = copy_query(c->wsi, f.query, sizeof(f.query)),
	};
	const char *who = "";
	unsigned status = 0;

	if (query_is_good(c->httpd->config.auth, &with, f.query, &who))
		accept_login(c, who);
	else
		status = refuse_login(c, &with);
	wipe(&f, sizeof(f));
	return status;
}

/* --- routes --- */

/* No subprotocol, or ours among those that are offered. */
static bool offers_protocol(struct lws *wsi)
{
	char offer[128];

	if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) <= 0)
		return true;
	return lws_hdr_copy(wsi, offer, sizeof(offer), WSI_TOKEN_PROTOCOL) > 0 &&
	       strstr(offer, "kismet-remote");
}

/* Browsers say which page asks, and let any page ask: without a login, any page could send packets
 * to a receiver that its reader can reach. */
static bool is_of_a_page(struct httpd_conn *c)
{
	char origin[300], host[300];

	if (http_auth_required(c->httpd->config.auth) ||
	    lws_hdr_total_length(c->wsi, WSI_TOKEN_ORIGIN) <= 0)
		return false;
	if (copy_field(c->wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) &&
	    copy_field(c->wsi, WSI_TOKEN_HOST, host, sizeof(host)) &&
	    http_same_origin(origin, host))
		return false;
	httpd_log(c->httpd, LOG_LEVEL_WARN, "%s: refused: it comes from a web page of another "
		  "host (Origin is not Host)", c->peer);
	return true;
}

static unsigned judge_remote_source(struct httpd_conn *c, const char *upgrade)
{
	char version[8] = "";

	if (!upgrade || strcasecmp(upgrade, "websocket") != 0 ||
	    lws_hdr_copy(c->wsi, version, sizeof(version), WSI_TOKEN_VERSION) <= 0 ||
	    strcmp(version, "13") != 0)
		return UPGRADE_REQUIRED;
	if (lws_hdr_total_length(c->wsi, WSI_TOKEN_KEY) <= 0 ||
	    lws_hdr_total_length(c->wsi, WSI_TOKEN_HOST) <= 0 || !offers_protocol(c->wsi))
		return HTTP_STATUS_BAD_REQUEST;
	return is_of_a_page(c) ? HTTP_STATUS_FORBIDDEN : judge_login(c);
}

static const struct route routes[] = {
	{ ENDPOINT_WS_PATH, WSI_TOKEN_GET_URI, "GET", judge_remote_source },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* libwebsockets has collapsed repeated slashes. */
static const struct route *find_route(struct httpd_conn *c)
{
	size_t prefix = strlen(c->httpd->prefix);
	char *path = NULL;
	int len = 0;

	if (lws_http_get_uri_and_method(c->wsi, &path, &len) < 0 || (size_t)len < prefix ||
	    strncmp(path, c->httpd->prefix, prefix) != 0)
		return NULL;
	for (size_t i = 0; i < ROUTES; i++) {
		if ((size_t)len - prefix == strlen(routes[i].path) &&
		    memcmp(path + prefix, routes[i].path, (size_t)len - prefix) == 0)
			return &routes[i];
	}
	return NULL;
}

unsigned httpd_request_judge(struct httpd_conn *c, const char *upgrade)
{
	const struct route *route = find_route(c);

	if (!route)
		return HTTP_STATUS_NOT_FOUND;
	c->allow = route->allow;
	if (lws_hdr_total_length(c->wsi, route->method) <= 0)
		return HTTP_STATUS_METHOD_NOT_ALLOWED;
	return route->judge(c, upgrade);
}

/* --- answers --- */

struct answer {
	unsigned status;
	const char *reason, *fields;
};

static const struct answer answers[] = {
	{ HTTP_STATUS_BAD_REQUEST, "Bad Request", "" },
	{ HTTP_STATUS_UNAUTHORIZED, "Unauthorized",
	  "WWW-Authenticate: Basic realm=\"Kismet\"\r\n" },
	{ HTTP_STATUS_FORBIDDEN, "Forbidden", "" },
	{ HTTP_STATUS_NOT_FOUND, "Not Found", "" },
	{ HTTP_STATUS_METHOD_NOT_ALLOWED, "Method Not Allowed", "" },
	{ UPGRADE_REQUIRED, "Upgrade Required",
	  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" },
};

#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

/* Ends the connection, as the value says to libwebsockets. */
static int give_answer(struct httpd_conn *c)
{
	const struct answer *a = answers;
	char text[LWS_PRE + 512];
	int len;

	while (a < answers + ANSWERS - 1 && a->status != c->status)
		a++;
	len = snprintf(text + LWS_PRE, sizeof(text) - LWS_PRE,
		       "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: text/plain\r\n"
		       "Content-Length: %zu\r\n%s%s%s%s\r\n%s\n", a->status, a->reason,
		       strlen(a->reason) + 1, c->allow ? "Allow: " : "",
		       c->allow ? c->allow : "", c->allow ? "\r\n" : "", a->fields, a->reason);
	lws_write(c->wsi, (unsigned char *)text + LWS_PRE, (size_t)len, LWS_WRITE_HTTP_HEADERS);
	return -1;
}

/* A piece of what is left to wait. */
static void wait_a_while(struct httpd_conn *c)
{
	uint32_t ms = c->wait_ms < LOOK_MS ? c->wait_ms : LOOK_MS;

	c->wait_ms -= ms;
	lws_set_timer_usecs(c->wsi, (lws_usec_t)ms * LWS_US_PER_MS);
}

int httpd_request_answer(struct httpd_conn *c)
{
	if (c->status == 0)
		c->status = httpd_request_judge(c, NULL);
	if (c->wait_ms == 0)
		return give_answer(c);
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	lws_rx_flow_control(c->wsi, 0);
	wait_a_while(c);
	return 0;
}

/* libwebsockets does not look while nothing is to be read. */
static bool has_hung_up(struct httpd_conn *c)
{
	char byte;

	return recv(lws_get_socket_fd(c->wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int httpd_request_waited(struct httpd_conn *c)
{
	if (!c->wsi || c->status == 0)
		return 0;
	if (c->wait_ms == 0)
		return give_answer(c);
	if (has_hung_up(c))
		return -1;
	wait_a_while(c);
	return 0;
}
