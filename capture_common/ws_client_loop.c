/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One WebSocket connection on the loop's thread: its beginning and end, and what passes between. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/wipe.h"
#include "capture_common/ws_client_int.h"

/* --- texts --- */

void ws_client_forget_secrets(struct ws_client *c)
{
	wipe_and_free(&c->text.target);
	wipe_and_free(&c->text.headers);
	wipe_and_free(&c->text.proxy_login);
}

static int copy_text(char **copy, const char *text)
{
	*copy = text ? strdup(text) : NULL;
	return text && !*copy ? -1 : 0;
}

/* The zone of an IPv6 address is this machine's own, and the dot at the end of a name is the
 * resolver's: neither belongs into a request or a certificate. */
static void strip_host(char *host)
{
	size_t len = strlen(host);

	if (strchr(host, ':'))
		host[strcspn(host, "%")] = '\0';
	else if (len > 1 && host[len - 1] == '.')
		host[len - 1] = '\0';
}

static int copy_texts(struct ws_texts *t, const struct ws_client_config *cfg, struct err *e)
{
	int failed = copy_text(&t->address, cfg->address);

	failed |= copy_text(&t->unix_path, cfg->unix_path);
	failed |= copy_text(&t->proxy, cfg->proxy);
	failed |= copy_text(&t->proxy_login, cfg->proxy_login ? cfg->proxy_login : "");
	failed |= copy_text(&t->host, cfg->host);
	failed |= copy_text(&t->target, cfg->target);
	failed |= copy_text(&t->headers, cfg->headers);
	if (failed)
		return err_sys(e, ENOMEM, "WebSocket");
	strip_host(t->host);
	return 0;
}

/* --- for the link --- */

/* Each of the callbacks may free the link, and so this. */
static void on_wakeup(void *user)
{
	struct ws_client *c = user;

	ws_service_lock(c->service);
	enum ws_news news = c->news;
	bool readable = c->readable || c->gone, room = c->room;
	struct err why = c->why;

	c->news = WS_NEWS_NONE;
	c->readable = c->room = false;
	ws_service_unlock(c->service);
	if (news == WS_NEWS_FAILED)
		c->failed(c->user, &why);
	else if (news == WS_NEWS_UP)
		c->up(c->user);
	else if (readable || room)
		c->ready(c->user, readable, room);
}

static void wake_thread(struct ws_client *c)
{
	ws_service_lock(c->service);
	ws_service_wake(c->service);
	ws_service_unlock(c->service);
}

long ws_client_send(struct ws_client *c, const uint8_t *data, size_t len, struct err *e)
{
	bool wake;
	long n = ws_pipe_put(c->pipe, data, len, &wake);

	if (wake)
		wake_thread(c);
	if (n < 0)
		return err_set(e, ERR_PROTOCOL, "WebSocket: what is to be sent is no frame");
	return n;
}

bool ws_client_want_write(struct ws_client *c, bool want)
{
	return ws_pipe_want_room(c->pipe, want);
}

long ws_client_recv(struct ws_client *c, uint8_t *buf, size_t size, bool *more, struct err *e)
{
	bool wake;

	ws_service_lock(c->service);
	bool gone = c->gone;	/* before looking: nothing comes after it */
	struct err why = c->why;

	ws_service_unlock(c->service);
	size_t n = ws_pipe_get(c->pipe, buf, size, &wake, more);

	if (wake)
		wake_thread(c);
	if (n > 0 || !gone) {
		*more |= gone;
		return (long)n;
	}
	if (why.code == ERR_NONE)
		return err_set(e, ERR_NETWORK, "closed by the server");
	return err_set(e, why.code, "%s", why.text);
}

struct ws_client *ws_client_new(const struct ws_client_config *cfg, struct err *e)
{
	struct ws_client *c = calloc(1, sizeof(*c));

	if (!c) {
		err_sys(e, ENOMEM, "WebSocket");
		return NULL;
	}
	c->service = cfg->service;
	c->port = cfg->port;
	c->proxy_port = cfg->proxy_port;
	c->host_port = cfg->host_port;
	c->tls = cfg->tls;
	c->up = cfg->up;
	c->ready = cfg->ready;
	c->failed = cfg->failed;
	c->user = cfg->user;
	c->pipe = ws_pipe_new(e);
	if (c->pipe && copy_texts(&c->text, cfg, e) == 0)
		c->wakeup = loop_wakeup_new(cfg->loop, on_wakeup, c, e);
	if (c->wakeup && ws_service_add(c->service, c, e) == 0)
		return c;
	loop_wakeup_free(c->wakeup);
	ws_client_destroy(c);
	return NULL;
}

void ws_client_free(struct ws_client *c)
{
	if (!c)
		return;
	struct ws_service *s = c->service;
	struct loop_wakeup *wakeup = c->wakeup;

	ws_service_lock(s);
	c->freed = true;		/* from now on it is the other thread's alone */
	ws_service_wake(s);
	ws_service_unlock(s);
	loop_wakeup_free(wakeup);
}

void ws_client_destroy(struct ws_client *c)
{
	ws_client_forget_secrets(c);
	ws_pipe_free(c->pipe);
	free(c->text.address);
	free(c->text.unix_path);
	free(c->text.proxy);
	free(c->text.host);
	free(c);
}
