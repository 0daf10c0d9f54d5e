/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One WebSocket connection on libwebsockets' thread: how it is made, serves, and ends. The loop's
 * side is in ws_client_loop.c. */
#include <stdio.h>
#include <string.h>

#include "capture_common/link.h"
#include "capture_common/wipe.h"
#include "capture_common/ws_client_int.h"
#include "capture_common/ws_tls.h"

/* Less than over TCP: the pipe to the loop holds some as well. */
#define NOT_SENT_LOWAT_BYTES (128 * 1024)
#define WRITES_AT_ONCE 8		/* then the others have their turn */

_Static_assert(WS_PIPE_OUT_ROOM >= LWS_PRE, "libwebsockets needs room before a message");

struct ws_client **ws_client_next(struct ws_client *c)
{
	return &c->next;
}

const char *ws_client_host_of(struct ws_client *c, const void *ssl)
{
	return c->wsi && c->tls && ws_tls_is(c->wsi, ssl) ? c->text.host : NULL;
}

/* --- to the loop --- */

/* The lock is held. */
static void wake_loop(struct ws_client *c)
{
	if (!c->freed)
		loop_wakeup_trigger(c->wakeup);
}

static void tell(struct ws_client *c, enum ws_news news)
{
	c->over = true;
	ws_service_lock(c->service);
	c->news = news;
	wake_loop(c);
	ws_service_unlock(c->service);
}

/* One of c's flags under the lock. */
static void tell_flag(struct ws_client *c, bool *flag)
{
	ws_service_lock(c->service);
	*flag = true;
	wake_loop(c);
	ws_service_unlock(c->service);
}

/* The first reason is the one. */
static void set_why(struct ws_client *c, const struct err *e)
{
	ws_service_lock(c->service);
	if (c->why.code == ERR_NONE)
		c->why = *e;
	ws_service_unlock(c->service);
}

static void fail(struct ws_client *c, const struct err *e)
{
	set_why(c, e);
	ws_client_forget_secrets(c);
	if (!c->over)
		tell(c, WS_NEWS_FAILED);
}

/* --- connecting --- */

/* "host:port", with brackets for IPv6; without the port when it is the usual one. */
static void print_host(const struct ws_client *c, char *out, size_t size)
{
	bool brackets = strchr(c->text.host, ':');
	bool usual = c->host_port == (c->tls ? 443 : 80);
	int n = snprintf(out, size, "%s%s%s", brackets ? "[" : "", c->text.host,
			 brackets ? "]" : "");

	if (!usual && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, ":%u", c->host_port);
}

/* libwebsockets gives each part of a request only so much room, and cuts what is longer. */
static int check_lengths(const struct ws_client *c, struct err *e)
{
	size_t max = c->text.proxy ? WS_HOST_MAX - 1 : WS_HOST_MAX;

	if (strlen(c->text.host) > max)
		return err_set(e, ERR_UNSUPPORTED, "%.100s...: the name is too long for "
			"libwebsockets", c->text.host);
	if (strlen(c->text.target) > 2000)
		return err_set(e, ERR_UNSUPPORTED, "the path with its query is longer than 2000 "
			"bytes");
	return 0;
}

static int set_proxy(const struct ws_client *c, struct lws_vhost *vhost, struct err *e)
{
	bool brackets = strchr(c->text.proxy, ':'), login = c->text.proxy_login[0];
	char text[512];

	snprintf(text, sizeof(text), "%.255s%s%s%.64s%s:%u", c->text.proxy_login, login ? "@" : "",
		 brackets ? "[" : "", c->text.proxy, brackets ? "]" : "", c->proxy_port);
	int rc = lws_set_proxy(vhost, text);

	wipe(text, sizeof(text));
	if (rc == 0)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, "the proxy's login is too long for libwebsockets");
}

static int connect_now(struct ws_client *c, struct err *e)
{
	const struct ws_texts *t = &c->text;
	struct lws_vhost *vhost = ws_service_vhost(c->service, c->tls, t->proxy, e);
	char host[300], address[300];

	if (!vhost || check_lengths(c, e) < 0 || (t->proxy && set_proxy(c, vhost, e) < 0))
		return -1;
	print_host(c, host, sizeof(host));
	if (t->unix_path)
		snprintf(address, sizeof(address), "+%s", t->unix_path);
	else if (t->proxy)		/* for CONNECT */
		snprintf(address, sizeof(address), strchr(t->host, ':') ? "[%s]" : "%s", t->host);
	else
		snprintf(address, sizeof(address), "%s", t->address);
	struct lws_client_connect_info info = {
		.context = ws_service_context(c->service),
		.vhost = vhost,
		.address = address,
		.port = t->proxy ? c->host_port : c->port,
		.path = t->target,
		.host = host,
		.origin = host,
		.protocol = "kismet-remote",
		.local_protocol_name = "kismet-remote",
		.alpn = "http/1.1",
		.ssl_connection = (c->tls ? ws_tls_flags() : 0) | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.opaque_user_data = c,
	};
	/* WSI_CREATE may have come, and an end, before this returns. */
	struct lws *wsi = lws_client_connect_via_info(&info);

	if (wsi) {
		c->wsi = wsi;
		return 0;
	}
	c->wsi = NULL;
	ws_words_failed(c->stage, t->proxy, "", e);
	return -1;
}

void ws_client_connect(struct ws_client *c)
{
	struct err e = { .code = ERR_NONE };

	if (connect_now(c, &e) < 0)
		fail(c, &e);
}

/* TCP stands. */
static void on_connected(struct ws_client *c, struct lws *wsi)
{
	c->wsi = wsi;
	c->stage = c->text.proxy ? WS_STAGE_PROXY : c->tls ? WS_STAGE_TLS : WS_STAGE_ANSWER;
}

/* The server's certificate was found good by now. */
static int add_headers(struct ws_client *c, struct lws *wsi, char **at, size_t room)
{
	size_t len = c->text.headers ? strlen(c->text.headers) : 0;

	c->stage = WS_STAGE_ANSWER;
	if (c->tls)
		ws_tls_explain_close(wsi, &c->unanswered);
	if (len > room)
		return -1;
	if (len > 0)
		memcpy(*at, c->text.headers, len);
	*at += len;
	return 0;
}

/* Without an HTTP status, and without words of TLS. */
static void explain_rest(struct ws_client *c, const char *cause, struct err *e)
{
	if (c->unanswered.code != ERR_NONE && ws_words_closed_unanswered(c->stage, cause))
		*e = c->unanswered;
	else
		ws_words_failed(c->stage, c->text.proxy, cause, e);
}

/* The thread may be about to wait, and is to look at the client once more. */
static void part(struct ws_client *c, struct lws *wsi)
{
	lws_set_opaque_user_data(wsi, NULL);
	c->wsi = NULL;
	if (c->ending)
		ws_service_wake(c->service);
}

/* That the proxy let us through to the server is seen only by TLS having begun. */
static enum ws_stage stage_of(const struct ws_client *c, struct lws *wsi)
{
	return c->stage == WS_STAGE_PROXY && c->tls && lws_get_ssl(wsi) ? WS_STAGE_TLS : c->stage;
}

static void on_failure(struct ws_client *c, struct lws *wsi, const char *cause)
{
	struct err e = { .code = ERR_NONE };
	unsigned status = lws_http_client_http_response(wsi);
	char place[256] = "";

	c->stage = stage_of(c, wsi);
	if (status) {
		if (lws_hdr_copy(wsi, place, sizeof(place), WSI_TOKEN_HTTP_LOCATION) < 0)
			snprintf(place, sizeof(place), "an address that is too long to be told");
		ws_words_status(status, c->text.target ? c->text.target : "", place, cause, &e);
	} else if (!c->tls || c->stage < WS_STAGE_TLS ||
		   !ws_tls_explain(wsi, c->text.host, c->stage == WS_STAGE_TLS, &e)) {
		explain_rest(c, cause, &e);
	}
	part(c, wsi);
	fail(c, &e);
}

static void on_established(struct ws_client *c, struct lws *wsi)
{
	c->wsi = wsi;
	link_set_tcp_options(lws_get_socket_fd(wsi), NOT_SENT_LOWAT_BYTES);
	ws_client_forget_secrets(c);
	c->stage = WS_STAGE_UP;
	tell(c, WS_NEWS_UP);
}

static void on_close_frame(struct ws_client *c, const uint8_t *data, size_t len)
{
	struct err e;

	ws_words_closed(data, len, &e);
	set_why(c, &e);
}

static void on_closed(struct ws_client *c, struct lws *wsi)
{
	struct err e = { .code = ERR_NONE };

	if (c->tls && ws_tls_explain(wsi, c->text.host, false, &e))
		set_why(c, &e);
	part(c, wsi);
	if (!c->over) {
		explain_rest(c, "", &e);
		fail(c, &e);
	}
	tell_flag(c, &c->gone);
}

/* --- frames and messages --- */

/* Whole messages only go to lws_write(), which keeps what the network does not take, in order with
 * its own pongs. Returns -1 to close. */
static int on_writable(struct ws_client *c)
{
	if (c->broken) {
		lws_close_reason(c->wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
		return -1;
	}
	for (int i = 0; !lws_partial_buffered(c->wsi) && i < WRITES_AT_ONCE; i++) {
		size_t len;
		uint8_t *messages = ws_pipe_take(c->pipe, &len);

		if (!messages && c->ending) {
			lws_close_reason(c->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
			return -1;
		}
		if (!messages)
			return 0;
		/* As "HTTP" because they are framed already. */
		if (lws_write(c->wsi, messages, len, LWS_WRITE_HTTP) < 0)
			return -1;
		if (ws_pipe_sent(c->pipe))
			tell_flag(c, &c->room);
	}
	lws_callback_on_writable(c->wsi);
	return 0;
}

static int check_message(struct ws_client *c, const uint8_t *data, size_t len, struct err *e)
{
	bool final = lws_is_final_fragment(c->wsi);

	if (!lws_frame_is_binary(c->wsi))
		return err_set(e, ERR_PROTOCOL, "the server sends text over the WebSocket: it is "
			       "no server for remote capture");
	if (ws_check_bytes(&c->check, data, len, final) < 0)
		return err_set(e, ERR_PROTOCOL, "the server sends WebSocket messages that are not "
			       "one frame each");
	return 0;
}

/* Here libwebsockets 4.1 must not be told to close: it would go on collecting bytes behind those
 * that are in its buffer, and beyond the buffer's end. So that is done when it may write. */
static void end_broken(struct ws_client *c, const struct err *e)
{
	c->broken = true;
	set_why(c, e);
	tell_flag(c, &c->gone);
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, WS_LAST_WORDS_S);
	lws_callback_on_writable(c->wsi);
}

static void on_message(struct ws_client *c, const uint8_t *data, size_t len)
{
	struct err e;
	bool first;

	if (c->broken)
		return;
	if (check_message(c, data, len, &e) < 0) {
		end_broken(c, &e);
		return;
	}
	/* When the link is gone, what it sent before still has to go out. */
	if (len == 0 || c->ending)
		return;
	if (ws_pipe_give(c->pipe, data, len, &first) < 0) {
		err_set(&e, ERR_SYSTEM, "WebSocket: libwebsockets does not stop reading");
		end_broken(c, &e);
		return;
	}
	if (first)
		tell_flag(c, &c->readable);
	if (ws_pipe_is_full(c->pipe) && !c->stopped) {
		c->stopped = true;
		lws_rx_flow_control(c->wsi, 0);
	}
}

/* --- what libwebsockets says --- */

/* Returns -1 to close. */
int ws_client_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		       size_t len)
{
	/* Some reasons come without a connection, and TLS' with others. */
	bool ours = reason == LWS_CALLBACK_WSI_CREATE ||
		    reason == LWS_CALLBACK_WSI_DESTROY ||
		    reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ||
		    reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER ||
		    reason == LWS_CALLBACK_CLIENT_ESTABLISHED ||
		    reason == LWS_CALLBACK_CLIENT_RECEIVE ||
		    reason == LWS_CALLBACK_CLIENT_WRITEABLE ||
		    reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE ||
		    reason == LWS_CALLBACK_CLIENT_CLOSED;
	struct ws_client *c = ours ? lws_get_opaque_user_data(wsi) : NULL;

	(void)user;
	if (!c)
		return 0;
	if (reason == LWS_CALLBACK_WSI_CREATE)
		on_connected(c, wsi);
	else if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
		return add_headers(c, wsi, in, len);
	else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR)
		on_failure(c, wsi, in ? in : "");
	else if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED)
		on_established(c, wsi);
	else if (reason == LWS_CALLBACK_CLIENT_RECEIVE)
		on_message(c, in, len);
	else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE)
		return on_writable(c);
	else if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE)
		on_close_frame(c, in, len);
	else if (wsi == c->wsi)
		on_closed(c, wsi);	/* or destroyed without having been closed */
	return 0;
}

/* --- what the loop has done --- */

/* What was sent before the link was freed still goes out, if the network takes it soon. */
static void begin_to_end(struct ws_client *c)
{
	c->ending = true;
	if (c->wsi && c->stage == WS_STAGE_UP) {
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, WS_LAST_WORDS_S);
		lws_callback_on_writable(c->wsi);
		return;
	}
	if (c->wsi)
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

/* Without asking first whether the network takes it: mostly it does, and what it does not take
 * libwebsockets keeps. */
static void send_at_once(struct ws_client *c)
{
	if (c->broken || c->ending || lws_partial_buffered(c->wsi))
		lws_callback_on_writable(c->wsi);
	else if (on_writable(c) < 0)
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

bool ws_client_look(struct ws_client *c)
{
	ws_service_lock(c->service);
	bool freed = c->freed;

	ws_service_unlock(c->service);
	if (freed && !c->ending)
		begin_to_end(c);
	if (c->wsi && c->stage == WS_STAGE_UP && ws_pipe_has_output(c->pipe))
		send_at_once(c);
	if (c->wsi && c->stopped && !ws_pipe_is_full(c->pipe)) {
		c->stopped = false;
		lws_rx_flow_control(c->wsi, 1);
	}
	return !freed || c->wsi;
}
