/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server is next, and looking whether an earlier one is back. */
#include "capture_common/servers.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_common/proxy.h"
#include "capture_common/resolve.h"

#define SECOND_NS ((uint64_t)1000000000)
#define PERIOD_MIN_NS (60 * SECOND_NS)
#define PERIOD_MAX_NS (3600 * SECOND_NS)
#define PROBE_LIMIT_NS (5 * SECOND_NS)

/* A connection that is closed as soon as it is there. */
struct probe {
	size_t index;			/* of the server */
	struct resolve *resolve;
	struct addrinfo *addresses, *next;	/* next one to try */
	struct loop_watch watch;
	int fd;
	struct loop_timer limit;
};

struct servers {
	struct servers_config cfg;
	struct autodetect_waiter waiter;
	struct endpoint found;		/* what autodetect said last */

	size_t now;			/* in the list */
	size_t start;			/* the first of this round */
	size_t tried;			/* of this round */
	bool promoted;			/* the present one only accepted connections so far */

	uint64_t period_ns;
	struct loop_timer timer;
	struct probe probe;
};

/* --- is an earlier one back? --- */

static void probe_next_address(struct servers *s);
static void on_period(void *user);

static void probe_close(struct servers *s)
{
	struct probe *p = &s->probe;

	loop_unwatch(s->cfg.loop, &p->watch);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void probe_end(struct servers *s)
{
	struct probe *p = &s->probe;

	loop_timer_cancel(s->cfg.loop, &p->limit);
	resolve_free(p->resolve);
	p->resolve = NULL;
	probe_close(s);
	if (p->addresses)
		freeaddrinfo(p->addresses);
	p->addresses = p->next = NULL;
}

static void arm_period(struct servers *s)
{
	loop_timer_set(s->cfg.loop, &s->timer, loop_now_ns(s->cfg.loop) + s->period_ns, on_period,
		       s);
}

static void stop_looking(struct servers *s)
{
	probe_end(s);
	loop_timer_cancel(s->cfg.loop, &s->timer);
}

static void probe_accepted(struct servers *s)
{
	probe_end(s);
	s->now = s->start = s->probe.index;
	s->tried = 0;
	s->promoted = true;
	s->cfg.better(s->cfg.user);
}

static void on_connected(void *user, unsigned events)
{
	struct servers *s = user;
	int failed = 0;
	socklen_t len = sizeof(failed);

	(void)events;
	if (getsockopt(s->probe.fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && failed == 0) {
		probe_accepted(s);
		return;
	}
	probe_close(s);
	probe_next_address(s);
}

/* Returns 0 when a connection is under way. */
static int probe_address(struct servers *s, const struct addrinfo *a)
{
	struct probe *p = &s->probe;
	struct err e;

	p->fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
	if (p->fd < 0 || link_set_nonblocking(p->fd) < 0)
		return -1;
	if (connect(p->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		return -1;
	return loop_watch(s->cfg.loop, &p->watch, p->fd, LOOP_WRITE, on_connected, s, &e);
}

static void probe_server(struct servers *s, size_t index);

/* Whether it accepts a connection of ours says nothing about one from a proxy. */
static bool is_behind_proxy(const struct endpoint *ep)
{
	struct proxy proxy;
	struct err e;

	return proxy_for(ep, getenv, &proxy, &e) < 0 || proxy.host[0];
}

static void probe_from(struct servers *s, size_t index)
{
	while (index < s->now && is_behind_proxy(&s->cfg.list->items[index]))
		index++;
	if (index < s->now)
		probe_server(s, index);
	else
		arm_period(s);
}

static void probe_failed(struct servers *s)
{
	probe_end(s);
	probe_from(s, s->probe.index + 1);
}

static void on_limit(void *user)
{
	probe_failed(user);
}

static void probe_next_address(struct servers *s)
{
	struct probe *p = &s->probe;

	while (p->next) {
		const struct addrinfo *a = p->next;

		p->next = a->ai_next;
		if (probe_address(s, a) == 0)
			return;
		probe_close(s);
	}
	probe_failed(s);
}

static void on_resolved(void *user, struct addrinfo *list, const struct err *e)
{
	struct servers *s = user;

	(void)e;
	s->probe.addresses = s->probe.next = list;
	probe_next_address(s);
}

/* One whose name cannot even be asked for is asked again in the next period. */
static void probe_server(struct servers *s, size_t index)
{
	const struct endpoint *ep = &s->cfg.list->items[index];
	struct probe *p = &s->probe;
	struct err e;

	p->index = index;
	p->resolve = resolve_start(s->cfg.loop, ep->host, ep->port, on_resolved, s, &e);
	if (!p->resolve) {
		arm_period(s);
		return;
	}
	loop_timer_set(s->cfg.loop, &p->limit, loop_now_ns(s->cfg.loop) + PROBE_LIMIT_NS, on_limit,
		       s);
}

static void on_period(void *user)
{
	probe_from(user, 0);
}

/* Already looking: a session that is lost and comes back does not put it off. */
static bool looking(const struct servers *s)
{
	return loop_timer_armed(&s->timer) || loop_timer_armed(&s->probe.limit);
}

/* --- one that announces itself --- */

static void on_found(void *user)
{
	struct servers *s = user;

	s->cfg.better(s->cfg.user);
}

static bool found_failed(struct servers *s)
{
	const struct endpoint *ep = autodetect_found(s->cfg.autodetect);

	if (!ep)
		return false;
	/* Another one was heard while this one was tried. */
	if (strcmp(ep->host, s->found.host) != 0 || ep->port != s->found.port)
		return true;
	autodetect_failed(s->cfg.autodetect);
	return false;
}

/* --- for the owner --- */

struct servers *servers_new(const struct servers_config *cfg, struct err *e)
{
	struct servers *s = calloc(1, sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "servers");
		return NULL;
	}
	s->cfg = *cfg;
	s->period_ns = PERIOD_MIN_NS;
	s->probe.fd = -1;
	s->probe.watch.fd = -1;
	s->waiter = (struct autodetect_waiter){ .found = on_found, .user = s };
	if (cfg->autodetect)
		autodetect_wait(cfg->autodetect, &s->waiter);
	return s;
}

void servers_free(struct servers *s)
{
	if (!s)
		return;
	stop_looking(s);
	if (s->cfg.autodetect)
		autodetect_unwait(s->cfg.autodetect, &s->waiter);
	free(s);
}

const struct endpoint *servers_now(struct servers *s)
{
	const struct endpoint *ep;

	if (!s->cfg.autodetect)
		return &s->cfg.list->items[s->now];
	ep = autodetect_found(s->cfg.autodetect);
	if (!ep)
		return NULL;
	s->found = *ep;
	return &s->found;
}

bool servers_failed(struct servers *s)
{
	if (s->cfg.autodetect)
		return found_failed(s);
	stop_looking(s);
	if (s->promoted && s->period_ns < PERIOD_MAX_NS)
		s->period_ns = s->period_ns * 2 < PERIOD_MAX_NS ? s->period_ns * 2 : PERIOD_MAX_NS;
	s->promoted = false;
	if (++s->tried >= s->cfg.list->n) {
		s->now = s->start = s->tried = 0;
		return false;
	}
	/* The start, then the list without it. */
	s->now = s->tried <= s->start ? s->tried - 1 : s->tried;
	return true;
}

void servers_works(struct servers *s)
{
	if (s->cfg.autodetect) {
		autodetect_works(s->cfg.autodetect);
		return;
	}
	s->start = s->now;
	s->tried = 0;
	if (s->now > 0 && s->cfg.may_probe && !looking(s))
		arm_period(s);
}

void servers_lasted(struct servers *s)
{
	if (s->promoted || s->now == 0)
		s->period_ns = PERIOD_MIN_NS;
	s->promoted = false;
}
