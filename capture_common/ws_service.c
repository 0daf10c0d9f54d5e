/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One libwebsockets context in one thread, for all WebSocket links of the program. Several contexts
 * would not do: they share the index of their OpenSSL data without a lock. */
#include "capture_common/ws_service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "capture_common/ws_int.h"
#include "capture_common/ws_pipe.h"
#include "capture_common/ws_tls.h"

#define MAX_FDS 256			/* two for each connection */
#define SERVE_BYTES (64 << 10)		/* read from a connection at once */
#define HEADER_BYTES 8192		/* of an answer */
/* Links give up earlier than libwebsockets does, and know better why. */
#define LWS_TIMEOUT_S 60

struct ws_service {
	const struct access *access;
	pthread_t thread;
	bool started;
	struct lws_context *context;
	struct lws_vhost *vhosts[2][2];	/* tls, proxy */
	struct ws_tls *tls;
	struct ws_client *clients;	/* the thread's own */
	lws_sorted_usec_list_t limit;	/* of the last words */
	bool enough;

	pthread_mutex_t lock;		/* also for ws_client.c */
	struct ws_client *added;
	bool stop;
};

static const struct lws_protocols protocols[] = {
	{ .name = "kismet-remote", .callback = ws_client_callback, .rx_buffer_size = WS_RX_BYTES,
	  .tx_packet_size = WS_PIPE_OUT_BYTES },
	{ .name = NULL },
};

/* libwebsockets names functions and states, never headers or targets, at these levels. */
static void log_line(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

	(void)level;
	log_debug("libwebsockets: %.*s", len, line);
}

void ws_service_lock(struct ws_service *s)
{
	pthread_mutex_lock(&s->lock);
}

void ws_service_unlock(struct ws_service *s)
{
	pthread_mutex_unlock(&s->lock);
}

struct lws_context *ws_service_context(struct ws_service *s)
{
	return s->context;
}

/* --- virtual hosts --- */

static const char *host_of(void *user, const void *ssl)
{
	struct ws_service *s = user;
	const char *host = NULL;

	for (struct ws_client *c = s->clients; c && !host; c = *ws_client_next(c))
		host = ws_client_host_of(c, ssl);
	return host;
}

/* Proxy settings are a virtual host's; those of the environment are read by proxy.c. */
struct lws_vhost *ws_service_vhost(struct ws_service *s, bool tls, bool proxy, struct err *e)
{
	static const char *const names[2][2] = { { "ws", "ws-proxy" }, { "wss", "wss-proxy" } };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.vhost_name = names[tls][proxy],
		.http_proxy_address = ":0",	/* none */
#ifdef LWS_WITH_SOCKS5
		.socks_proxy_address = ":0",
#endif
		.connect_timeout_secs = LWS_TIMEOUT_S,
	};
	struct lws_vhost *vhost;

	if (s->vhosts[tls][proxy])
		return s->vhosts[tls][proxy];
	if (tls && !s->tls)
		s->tls = ws_tls_new(s->access, host_of, s, e);
	if (tls && !s->tls) {
		/* No other try will change what is in files: the same as a refusal. */
		if (e->code == ERR_DATA)
			e->code = ERR_PERMISSION;
		return NULL;
	}
	if (tls) {
		info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		ws_tls_configure(s->tls, &info);
	}
	vhost = lws_create_vhost(s->context, &info);
	if (!vhost)
		err_set(e, ERR_SYSTEM, "WebSocket: libwebsockets makes no virtual host");
	s->vhosts[tls][proxy] = vhost;
	return vhost;
}

/* --- the thread --- */

/* Returns false when it is time to stop. */
static bool take_in(struct ws_service *s)
{
	struct ws_client *c;
	bool stop;

	ws_service_lock(s);
	c = s->added;
	s->added = NULL;
	stop = s->stop;
	ws_service_unlock(s);
	while (c) {
		struct ws_client *next = *ws_client_next(c);

		*ws_client_next(c) = s->clients;
		s->clients = c;
		if (!stop)
			ws_client_connect(c);
		c = next;
	}
	return !stop;
}

static void look_at_clients(struct ws_service *s)
{
	struct ws_client **at = &s->clients;

	while (*at) {
		struct ws_client *c = *at;

		if (ws_client_look(c)) {
			at = ws_client_next(c);
			continue;
		}
		*at = *ws_client_next(c);
		ws_client_destroy(c);
	}
}

static void on_limit(lws_sorted_usec_list_t *limit)
{
	struct ws_service *s = lws_container_of(limit, struct ws_service, limit);

	s->enough = true;
}

/* What was sent before the links were freed goes out, if the network takes it soon. */
static void say_last_words(struct ws_service *s)
{
	lws_sul_schedule(s->context, 0, &s->limit, on_limit,
			 (lws_usec_t)WS_LAST_WORDS_S * LWS_USEC_PER_SEC);
	look_at_clients(s);
	while (s->clients && !s->enough) {
		lws_service(s->context, 0);
		look_at_clients(s);
	}
	lws_sul_schedule(s->context, 0, &s->limit, on_limit, LWS_SET_TIMER_USEC_CANCEL);
}

static void *service_thread(void *user)
{
	struct ws_service *s = user;

	while (take_in(s)) {
		look_at_clients(s);
		lws_service(s->context, 0);
	}
	say_last_words(s);
	lws_context_destroy(s->context);
	while (s->clients) {
		struct ws_client *c = s->clients;

		s->clients = *ws_client_next(c);
		ws_client_destroy(c);
	}
	return NULL;
}

/* It takes no signals: they are the loop's. */
static int start_thread(struct ws_service *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&s->thread, NULL, service_thread, s);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int start(struct ws_service *s, struct err *e)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.fd_limit_per_thread = MAX_FDS,
		.pt_serv_buf_size = SERVE_BYTES,
		.max_http_header_data = HEADER_BYTES,
		.timeout_secs = LWS_TIMEOUT_S,
	};

	if (ws_lib_load(e) < 0)
		return -1;
	lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
	s->context = lws_create_context(&info);
	if (!s->context)
		return err_set(e, ERR_SYSTEM, "WebSocket: libwebsockets does not start");
	int rc = start_thread(s);

	if (rc == 0) {
		s->started = true;
		return 0;
	}
	lws_context_destroy(s->context);
	s->context = NULL;
	return err_sys(e, rc, "WebSocket: thread");
}

int ws_service_check(const char *host, struct err *e)
{
	if (strlen(host) > WS_HOST_MAX)
		return err_set(e, ERR_UNSUPPORTED, "%.60s...: libwebsockets takes no names of more "
			       "than %d characters", host, WS_HOST_MAX);
	return ws_lib_load(e);
}

int ws_service_add(struct ws_service *s, struct ws_client *c, struct err *e)
{
	if (!s->started && start(s, e) < 0)
		return -1;
	ws_service_lock(s);
	*ws_client_next(c) = s->added;
	s->added = c;
	ws_service_wake(s);
	ws_service_unlock(s);
	return 0;
}

void ws_service_wake(struct ws_service *s)
{
	lws_cancel_service(s->context);
}

/* --- the owner --- */

struct ws_service *ws_service_new(const struct access *access, struct err *e)
{
	struct ws_service *s = calloc(1, sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "WebSocket");
		return NULL;
	}
	s->access = access;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void ws_service_free(struct ws_service *s)
{
	if (!s)
		return;
	if (s->started) {
		ws_service_lock(s);
		s->stop = true;
		ws_service_wake(s);	/* under the lock: after it, the context may be gone */
		ws_service_unlock(s);
		pthread_join(s->thread, NULL);
	}
	ws_tls_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
