/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread of the HTTP server: libwebsockets' context, and what it calls back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_receiver/httpd_int.h"

#define REQUEST_S 10		/* for TLS and the request's header */
#define HEADER_BYTES 8192

static struct httpd_conn *conn_of(struct lws *wsi)
{
	return lws_get_opaque_user_data(wsi);
}

/* --- connections --- */

static void release(struct httpd_conn *c)
{
	if (c->wsi || c->raw || c->adopting)
		return;
	httpd_stream_free(c);
	httpd_gone(c->httpd, c->let_in);
	free(c);
}

static void adopt(struct httpd *h, const struct httpd_note *note)
{
	struct httpd_conn *c = calloc(1, sizeof(*c));
	lws_adopt_desc_t what = {
		.vh = h->vhost,
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
		.fd = { .sockfd = note->fd },
		.opaque = c,
	};

	if (!c) {
		httpd_gone(h, false);
		close(note->fd);
		return;
	}
	c->httpd = h;
	c->raw_fd = c->rest_fd = -1;
	c->adopting = true;
	memcpy(c->peer, note->peer, sizeof(c->peer));
	/* Closes the descriptor when it fails. */
	c->wsi = lws_adopt_descriptor_vhost_via_info(&what);
	c->adopting = false;
	release(c);
}

static void adopt_all(struct httpd *h)
{
	struct httpd_note *note = httpd_take(h, &h->accepted), *next;

	for (; note; note = next) {
		next = note->next;
		adopt(h, note);
		free(note);
	}
}

static void on_destroyed(struct lws *wsi)
{
	struct httpd_conn *c = conn_of(wsi);

	if (!c)
		return;
	if (wsi == c->raw) {
		c->raw = NULL;
		httpd_stream_loop_gone(c);
	} else {
		c->wsi = NULL;
		if (!c->asked && c->httpd->config.certificate && !c->httpd->ending)
			httpd_log(c->httpd, LOG_LEVEL_INFO, "closed %s: no request over TLS",
				  c->peer);
		httpd_request_end(c);
		httpd_stream_peer_gone(c);
	}
	release(c);
}

/* --- what libwebsockets calls --- */

/* The value of Upgrade is made unreadable to have a refused request answered as any other one: a
 * status that is given from within this callback could not wait. */
static int on_upgrade(struct httpd_conn *c, struct lws *wsi, char *upgrade)
{
	c->wsi = wsi;
	c->asked = true;
	c->status = httpd_request_judge(c, upgrade);
	if (c->status)
		memset(upgrade, '-', strlen(upgrade));
	return 0;
}

static int on_http(struct httpd_conn *c, struct lws *wsi)
{
	c->wsi = wsi;
	c->asked = true;
	return httpd_request_answer(c);
}

static int on_stream(struct lws *wsi, enum lws_callback_reasons reason, void *in, size_t len)
{
	struct httpd_conn *c = conn_of(wsi);

	if (!c)
		return 0;
	if (reason == LWS_CALLBACK_ESTABLISHED)
		return httpd_stream_open(c);
	if (reason == LWS_CALLBACK_RECEIVE)
		return httpd_stream_message(c, in, len);
	if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
		return httpd_stream_writable(c);
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		return httpd_stream_loop_readable(c);
	if (reason == LWS_CALLBACK_RAW_WRITEABLE_FILE)
		return httpd_stream_loop_writable(c);
	if (reason == LWS_CALLBACK_RAW_CLOSE_FILE)
		httpd_stream_loop_closes(c);
	return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t len)
{
	struct httpd *h = lws_context_user(lws_get_context(wsi));

	(void)user;
	switch ((int)reason) {
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		adopt_all(h);
		return 0;
	case LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION:
		/* len: what OpenSSL thinks of the certificate; 0 here would let in anybody. */
		return len ? 0 : 1;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return conn_of(wsi) ? on_upgrade(conn_of(wsi), wsi, in) : -1;
	case LWS_CALLBACK_HTTP:
		return conn_of(wsi) ? on_http(conn_of(wsi), wsi) : -1;
	case LWS_CALLBACK_RAW_ADOPT:
	case LWS_CALLBACK_RAW_RX:
		/* What CONNECT makes of a connection; libwebsockets would wait for it forever. */
		return -1;
	case LWS_CALLBACK_TIMER:
		return conn_of(wsi) ? httpd_request_waited(conn_of(wsi)) : -1;
	case LWS_CALLBACK_WSI_DESTROY:
		on_destroyed(wsi);
		return 0;
	default:
		return on_stream(wsi, reason, in, len);
	}
}

/* --- the context --- */

static const struct lws_protocols protocols[] = {
	{ .name = "kismet-remote", .callback = on_event, .rx_buffer_size = HTTPD_READ_BYTES },
	{ .name = NULL },
};

/* None: libwebsockets would take a peer that it was told not to read from for a dead one. The loop
 * sends each tool a PING every few seconds (docs/protocol.md 3.8) and knows when it is waiting. */
static const lws_retry_bo_t no_idle_policy = { .secs_since_valid_hangup = 0 };

static void set_tls(struct lws_context_creation_info *info, const struct httpd_config *config)
{
	info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info->ssl_cert_filepath = config->certificate;
	info->ssl_private_key_filepath = config->key;
	info->ssl_options_set = httpd_tls_options();
	if (!config->client_ca)
		return;
	info->options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
	info->ssl_ca_filepath = config->client_ca;
}

int httpd_thread_prepare(struct httpd *h, struct err *e)
{
	struct lws_context_creation_info info = {
		/* Sockets come from our own listener. */
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.user = h,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.fd_limit_per_thread = httpd_descriptors(h->config.max_connections) + 8,
		.pt_serv_buf_size = HTTPD_READ_BYTES,
		.timeout_secs = REQUEST_S,
		.timeout_secs_ah_idle = REQUEST_S,
		.max_http_header_data = HEADER_BYTES,
		/* A waiting one must not make others wait. */
		.max_http_header_pool = HTTPD_STRANGERS + 1,
		.retry_and_idle_policy = &no_idle_policy,
		.alpn = "http/1.1",
	};

	/* Its lines would tell what came with a request. */
	lws_set_log_level(0, NULL);
	if (h->config.certificate)
		set_tls(&info, &h->config);
	h->context = lws_create_context(&info);
	h->vhost = h->context ? lws_get_vhost_by_name(h->context, "default") : NULL;
	if (!h->vhost)
		return err_set(e, ERR_SYSTEM, "libwebsockets cannot be started");
	return 0;
}

static bool must_stop(struct httpd *h)
{
	bool stop;

	pthread_mutex_lock(&h->lock);
	stop = h->stop;
	pthread_mutex_unlock(&h->lock);
	return stop;
}

void *httpd_thread(void *httpd)
{
	struct httpd *h = httpd;

	while (!must_stop(h) && lws_service(h->context, 0) >= 0)
		;
	if (!must_stop(h))
		httpd_give_up(h);
	return NULL;
}

void httpd_thread_free(struct httpd *h)
{
	h->ending = true;
	if (h->context)
		lws_context_destroy(h->context);
	h->context = NULL;
}
