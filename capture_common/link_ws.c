/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link over a WebSocket: finds out whom to connect to, lets ws_client.c do it, and then is a
 * stream of frames. */
#include "capture_common/link_ws.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture_common/proxy.h"
#include "capture_common/resolve.h"
#include "capture_common/wipe.h"

#define RESOLVE_TIMEOUT_NS ((uint64_t)20 * 1000000000)
#define CONNECT_TIMEOUT_NS ((uint64_t)15 * 1000000000)	/* TCP, TLS and HTTP */
/* When a helper's connection broke, for the helper to say why. */
#define HELPER_TIMEOUT_NS ((uint64_t)1000000000)

struct link_ws {
	struct link link;
	struct loop *loop;
	struct ws_service *service;
	const struct access *access;
	struct endpoint endpoint;
	struct proxy proxy;
	struct resolve *resolve;
	struct addrinfo *addresses, *next;	/* next one to try */
	struct ws_client *client;
	struct link *probe;
	struct loop_timer timer;
	struct loop_post post, more;
	bool up, want_write;
	struct err err;				/* of the last address, or of a better one */

	struct via *via;
	struct via_helper *helper;
	char folder[64];			/* private, for the socket; "": none */
	struct sockaddr_un socket;
	int listener;
	struct loop_watch accepting;
};

static struct link_ws *of(struct link *l)
{
	return (struct link_ws *)l;
}

/* Of what several addresses say, a network's failure tells least. */
static void note_err(struct link_ws *w, const struct err *e)
{
	if (w->err.code == ERR_NONE || w->err.code == ERR_NETWORK || e->code != ERR_NETWORK)
		w->err = *e;
}

static void give_up(struct link_ws *w)
{
	loop_timer_cancel(w->loop, &w->timer);
	w->link.events.down(w->link.events.user, &w->err);
}

static void give_up_later(void *user)
{
	give_up(user);
}

/* --- connected --- */

static void on_writable(void *user)
{
	struct link_ws *w = user;

	if (w->want_write)		/* still */
		w->link.events.writable(w->link.events.user);
}

static void on_readable(void *user)
{
	struct link_ws *w = user;

	w->link.events.readable(w->link.events.user);
}

/* Either callback may free the link, so only one is called from here. */
static void on_ready(void *user, bool readable, bool writable)
{
	struct link_ws *w = user;

	if (writable)
		loop_post(w->loop, &w->post, on_writable, w);
	if (readable)
		w->link.events.readable(w->link.events.user);
}

static void on_up(void *user)
{
	struct link_ws *w = user;

	loop_timer_cancel(w->loop, &w->timer);
	w->up = true;
	loop_post(w->loop, &w->more, on_readable, w);
	w->link.events.up(w->link.events.user);
}

static long ws_send(struct link *l, const uint8_t *data, size_t len, struct err *e)
{
	return ws_client_send(of(l)->client, data, len, e);
}

static long ws_recv(struct link *l, uint8_t *buf, size_t size, struct err *e)
{
	bool more;
	long n = ws_client_recv(of(l)->client, buf, size, &more, e);

	if (n >= 0 && more)
		loop_post(of(l)->loop, &of(l)->more, on_readable, l);
	return n;
}

static void ws_want_write(struct link *l, bool want)
{
	struct link_ws *w = of(l);

	w->want_write = want;
	if (ws_client_want_write(w->client, want))
		loop_post(w->loop, &w->post, on_writable, w);
}

/* --- connecting --- */

static void try_next(struct link_ws *w);

static void end_client(struct link_ws *w)
{
	loop_timer_cancel(w->loop, &w->timer);
	ws_client_free(w->client);
	w->client = NULL;
}

static void end_probe(struct link_ws *w)
{
	link_free(w->probe);
	w->probe = NULL;
	try_next(w);
}

static void on_probe_up(void *user)
{
	end_probe(user);
}

static void on_probe_down(void *user, const struct err *e)
{
	struct link_ws *w = user;
	bool proxied = w->proxy.host[0];
	struct err better;

	if (e->sys) {
		err_sys(&better, e->sys, "%s: connecting%s%s", w->link.peer,
			proxied ? " to the proxy " : "", proxied ? w->link.address : "");
		better.code = ERR_NETWORK;	/* no firewall's "permission denied" is a refusal */
		note_err(w, &better);
	}
	end_probe(w);
}

/* libwebsockets does not say why there is no TCP connection; the system does. */
static void probe(struct link_ws *w)
{
	const struct link_events events = { .up = on_probe_up, .down = on_probe_down, .user = w };

	w->probe = link_tcp_new(w->loop, w->link.address,
				w->proxy.host[0] ? w->proxy.port : w->endpoint.port, &events);
	if (w->probe)
		link_start(w->probe);
	else
		try_next(w);
}

static void on_failed(void *user, const struct err *e)
{
	struct link_ws *w = user;
	struct err named = *e;

	err_wrap(&named, "%s", w->link.peer);
	note_err(w, &named);
	end_client(w);
	if (w->helper && e->code == ERR_NETWORK)
		loop_timer_set(w->loop, &w->timer, loop_now_ns(w->loop) + HELPER_TIMEOUT_NS,
			       give_up_later, w);
	else if (e->sys == ECONNREFUSED && !w->via)
		probe(w);
	else if (e->code == ERR_PERMISSION)
		give_up(w);		/* its other addresses say the same */
	else
		try_next(w);
}

static void on_connect_timeout(void *user)
{
	struct link_ws *w = user;
	struct err e;

	err_set(&e, ERR_NETWORK, "%s: connecting: no answer within %d s", w->link.peer,
		(int)(CONNECT_TIMEOUT_NS / 1000000000));
	note_err(w, &e);
	end_client(w);
	try_next(w);
}

static void name_peer(struct link_ws *w)
{
	const char *kind = w->endpoint.kind == ENDPOINT_WSS ? "WebSocket, TLS" : "WebSocket";
	const char *address = w->link.address;

	if (!address[0] || w->proxy.host[0] || strcmp(address, w->endpoint.host) == 0)
		snprintf(w->link.peer, sizeof(w->link.peer), "%.60s port %u (%s)",
			 w->endpoint.host, w->endpoint.port, kind);
	else
		snprintf(w->link.peer, sizeof(w->link.peer), "%.50s (%.40s) port %u (%s)",
			 w->endpoint.host, address, w->endpoint.port, kind);
}

/* Returns 0 when a connection is under way: to this address, or to the helper's socket. */
static int connect_to(struct link_ws *w, const char *address, const char *unix_path,
		      struct err *e)
{
	char *target = NULL, *headers = NULL;
	bool proxied = w->proxy.host[0] && address;
	struct ws_client_config cfg = {
		.service = w->service,
		.loop = w->loop,
		.address = proxied ? NULL : address,
		.port = w->endpoint.port,
		.unix_path = unix_path,
		.proxy = proxied ? address : NULL,
		.proxy_port = w->proxy.port,
		.proxy_login = w->proxy.login,
		.host = w->endpoint.host,
		.host_port = w->endpoint.port,
		.tls = w->endpoint.kind == ENDPOINT_WSS,
		.up = on_up,
		.ready = on_ready,
		.failed = on_failed,
		.user = w,
	};

	if (access_request(w->access, &w->endpoint, &target, &headers, e) < 0)
		return -1;
	cfg.target = target;
	cfg.headers = headers;
	w->client = ws_client_new(&cfg, e);
	wipe_and_free(&target);
	wipe_and_free(&headers);
	if (!w->client)
		return -1;
	loop_timer_set(w->loop, &w->timer, loop_now_ns(w->loop) + CONNECT_TIMEOUT_NS,
		       on_connect_timeout, w);
	return 0;
}

static void try_next(struct link_ws *w)
{
	while (w->next) {
		const struct addrinfo *a = w->next;
		char address[sizeof(w->link.address)];
		struct err e;

		w->next = a->ai_next;
		if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(address), NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		strcpy(w->link.address, address);
		name_peer(w);
		if (connect_to(w, address, NULL, &e) == 0)
			return;
		err_wrap(&e, "%s", w->link.peer);
		note_err(w, &e);
	}
	give_up(w);
}

/* --- the name --- */

static void on_resolved(void *user, struct addrinfo *list, const struct err *e)
{
	struct link_ws *w = user;

	w->addresses = w->next = list;
	if (!list)
		w->err = *e;
	resolve_free(w->resolve);
	w->resolve = NULL;
	loop_timer_cancel(w->loop, &w->timer);
	try_next(w);
}

static void on_resolve_timeout(void *user)
{
	struct link_ws *w = user;

	resolve_free(w->resolve);
	w->resolve = NULL;
	err_set(&w->err, ERR_NETWORK, "%s: name lookup: no answer within %d s",
		w->proxy.host[0] ? w->proxy.host : w->endpoint.host,
		(int)(RESOLVE_TIMEOUT_NS / 1000000000));
	give_up(w);
}

static int start_direct(struct link_ws *w)
{
	if (proxy_for(&w->endpoint, getenv, &w->proxy, &w->err) < 0)
		return -1;
	bool proxied = w->proxy.host[0];

	w->resolve = resolve_start(w->loop, proxied ? w->proxy.host : w->endpoint.host,
				   proxied ? w->proxy.port : w->endpoint.port, on_resolved, w,
				   &w->err);
	if (!w->resolve)
		return -1;
	loop_timer_set(w->loop, &w->timer, loop_now_ns(w->loop) + RESOLVE_TIMEOUT_NS,
		       on_resolve_timeout, w);
	return 0;
}

/* --- over a helper command --- */

static void remove_socket(struct link_ws *w)
{
	if (w->listener >= 0) {
		loop_unwatch(w->loop, &w->accepting);
		close(w->listener);
		w->listener = -1;
		unlink(w->socket.sun_path);
	}
	if (w->folder[0])
		rmdir(w->folder);
	w->folder[0] = '\0';
}

static void on_helper_ended(void *user, const struct err *e)
{
	struct link_ws *w = user;

	via_helper_free(w->helper);
	w->helper = NULL;
	if (w->up)
		return;			/* the link is up, and is told by the stream's end */
	end_client(w);
	/* One that ended well did so because the connection did, and knows less about it. */
	if (w->err.code == ERR_NONE || e->code != ERR_NETWORK) {
		w->err = *e;
		err_wrap(&w->err, "%s", w->link.peer);
	}
	give_up(w);
}

/* The client has connected to us: the helper goes on from here. */
static void on_accept(void *user, unsigned events)
{
	struct link_ws *w = user;
	int fd = accept(w->listener, NULL, NULL);

	(void)events;
	if (fd < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (fd >= 0) {
		remove_socket(w);
		w->helper = via_helper_new(w->via, w->loop, w->endpoint.host, w->endpoint.port,
					   fd, on_helper_ended, w, &w->err);
	} else {
		err_sys(&w->err, errno, "--via: accept");
		remove_socket(w);
	}
	if (w->helper)
		return;
	err_wrap(&w->err, "%s", w->link.peer);
	end_client(w);
	give_up(w);
}

static bool make_folder(struct link_ws *w, const char *place)
{
	if (!place || place[0] != '/' || strlen(place) > 40)
		return false;
	snprintf(w->folder, sizeof(w->folder), "%s/kismet-ws.XXXXXX", place);
	if (mkdtemp(w->folder))
		return true;
	w->folder[0] = '\0';
	return false;
}

/* For libwebsockets to connect to, in a folder that is nobody else's. TMPDIR is the place of the
 * user who started the tool, which may be another one by now. */
static int make_socket(struct link_ws *w)
{
	if (!make_folder(w, getenv("TMPDIR")) && !make_folder(w, "/tmp"))
		return err_sys(&w->err, errno, "--via: folder in /tmp");
	w->socket.sun_family = AF_UNIX;
	snprintf(w->socket.sun_path, sizeof(w->socket.sun_path), "%.63s/s", w->folder);
	w->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (w->listener < 0 || link_set_nonblocking(w->listener) < 0 ||
	    bind(w->listener, (struct sockaddr *)&w->socket, sizeof(w->socket)) < 0 ||
	    listen(w->listener, 1) < 0)
		return err_sys(&w->err, errno, "--via: socket in %s", w->folder);
	return loop_watch(w->loop, &w->accepting, w->listener, LOOP_READ, on_accept, w, &w->err);
}

static int start_via(struct link_ws *w)
{
	if (make_socket(w) == 0 && connect_to(w, NULL, w->socket.sun_path, &w->err) == 0)
		return 0;
	remove_socket(w);
	return -1;
}

/* --- the rest --- */

static void ws_start(struct link *l)
{
	struct link_ws *w = of(l);

	if ((w->via ? start_via(w) : start_direct(w)) == 0)
		return;
	err_wrap(&w->err, "%s", w->link.peer);
	loop_post(w->loop, &w->post, give_up_later, w);
}

static void ws_free(struct link *l)
{
	struct link_ws *w = of(l);

	loop_timer_cancel(w->loop, &w->timer);
	loop_unpost(w->loop, &w->post);
	resolve_free(w->resolve);
	loop_unpost(w->loop, &w->more);
	ws_client_free(w->client);
	link_free(w->probe);
	via_helper_leave(w->helper, WS_LAST_WORDS_MS);
	remove_socket(w);
	if (w->addresses)
		freeaddrinfo(w->addresses);
	wipe(&w->proxy, sizeof(w->proxy));
	free(w);
}

static const struct link_ops ws_ops = {
	.start = ws_start,
	.send = ws_send,
	.recv = ws_recv,
	.want_write = ws_want_write,
	.free = ws_free,
};

struct link *link_ws_new(struct ws_service *service, struct loop *loop,
			 const struct access *access, const struct endpoint *endpoint,
			 struct via *via, const struct link_events *events)
{
	struct link_ws *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->link = (struct link){ .ops = &ws_ops, .events = *events };
	w->service = service;
	w->loop = loop;
	w->access = access;
	w->endpoint = *endpoint;
	w->via = via;
	w->listener = -1;
	w->accepting.fd = -1;
	name_peer(w);
	return &w->link;
}
