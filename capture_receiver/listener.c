/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binding to addresses, and accepting without letting a crowd stop the work. */
#include "capture_receiver/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_receiver/report.h"

#define MAX_SOCKETS 32
#define ACCEPTS_A_TURN 64
#define PAUSE_NS UINT64_C(250000000)
#define PORT_TRIES 20
#define ADDRESS_SIZE 160

struct listener {
	struct loop *loop;
	struct listener_config config;
	struct loop_watch watches[MAX_SOCKETS];
	size_t n;
	uint16_t port;
	struct loop_timer pause;
	bool told_pause;
};

/* "192.0.2.7:3501", "[2001:db8::1]:3501" */
static void print_address(const struct sockaddr *sa, socklen_t len, char *out, size_t size)
{
	char host[128], port[16];

	if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, size, "unknown address");
	else if (strchr(host, ':'))
		snprintf(out, size, "[%s]:%s", host, port);
	else
		snprintf(out, size, "%s:%s", host, port);
}

/* --- accepting --- */

static void want_all(struct listener *l, unsigned events)
{
	for (size_t i = 0; i < l->n; i++)
		loop_watch_events(l->loop, &l->watches[i], events);
}

static void on_pause_over(void *user)
{
	want_all(user, LOOP_READ);
}

/* No descriptor or no memory: those who wait stay in the system's queue for a moment. */
static void pause_accepting(struct listener *l, int errnum)
{
	if (!l->told_pause)
		report_warn("connections wait: %s", strerror(errnum));
	l->told_pause = true;
	want_all(l, 0);
	loop_timer_set(l->loop, &l->pause, loop_now_ns(l->loop) + PAUSE_NS, on_pause_over, l);
}

static void hand_over(struct listener *l, int fd, const struct sockaddr *sa, socklen_t len)
{
	int on = 1;
	char peer[ADDRESS_SIZE];

	if (link_set_nonblocking(fd) < 0) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	print_address(sa, len, peer, sizeof(peer));
	l->config.accepted(l->config.user, fd, peer);
}

/* Accepts one; false when there is no other right now. */
static bool accept_one(struct listener *l, int socket)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd = accept(socket, (struct sockaddr *)&sa, &len);

	if (fd >= 0) {
		l->told_pause = false;
		hand_over(l, fd, (struct sockaddr *)&sa, len);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(l, errno);
	/* The peer may be gone again already: not our error. */
	return errno == ECONNABORTED || errno == EINTR;
}

static void on_listening(void *user, unsigned events)
{
	struct listener *l = user;

	(void)events;
	/* Level-triggered: whoever has something is reported in each turn. */
	for (size_t i = 0; i < l->n; i++) {
		for (int k = 0; k < ACCEPTS_A_TURN && accept_one(l, l->watches[i].fd); k++)
			;
	}
}

/* --- binding --- */

static uint16_t port_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return 0;
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port :
						((struct sockaddr_in *)&sa)->sin_port);
}

static void set_port(struct sockaddr *sa, uint16_t port)
{
	if (sa->sa_family == AF_INET6)
		((struct sockaddr_in6 *)sa)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)sa)->sin_port = htons(port);
}

/* A listening socket, or -1 with errno. */
static int open_socket(const struct addrinfo *ai, uint16_t port, bool v6_only)
{
	int fd = socket(ai->ai_family, SOCK_STREAM, 0), on = 1, saved;
	int only = v6_only;

	if (fd < 0)
		return -1;
	set_port(ai->ai_addr, port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (link_set_nonblocking(fd) == 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int watch_socket(struct listener *l, int fd, struct err *e)
{
	struct loop_watch *w = &l->watches[l->n];

	w->fd = -1;
	if (loop_watch(l->loop, w, fd, LOOP_READ, on_listening, l, e) < 0) {
		close(fd);
		return -1;
	}
	l->n++;
	if (l->port == 0)
		l->port = port_of(fd);
	return 0;
}

/* Listens at all addresses that a name has; one of them must do. */
static int listen_at(struct listener *l, const char *address, bool v6_only, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list, *ai;
	size_t before = l->n;
	int rc = getaddrinfo(address, NULL, &hints, &list);

	if (rc != 0)
		return err_set(e, ERR_NOT_FOUND, "%s: %s", address, gai_strerror(rc));
	err_set(e, ERR_USAGE, "%s: no address to listen at", address);
	for (ai = list, rc = 0; ai && rc == 0 && l->n < MAX_SOCKETS; ai = ai->ai_next) {
		int fd = open_socket(ai, l->port, v6_only);

		if (fd >= 0)
			rc = watch_socket(l, fd, e);
		else
			err_sys(e, errno, "%s, port %u", address, l->port);
	}
	freeaddrinfo(list);
	return rc == 0 && l->n > before ? 0 : -1;
}

static void close_sockets(struct listener *l)
{
	while (l->n > 0) {
		int fd = l->watches[--l->n].fd;

		loop_unwatch(l->loop, &l->watches[l->n]);
		close(fd);
	}
}

/* "::" takes IPv4 as well unless that has an address of its own. */
static bool has_ipv4(const struct strlist *addresses)
{
	for (size_t i = 0; i < addresses->n; i++) {
		if (!strchr(addresses->items[i], ':'))
			return true;
	}
	return false;
}

static int listen_at_all(struct listener *l, struct err *e)
{
	const struct strlist *a = l->config.addresses;

	for (size_t i = 0; i < a->n; i++) {
		if (listen_at(l, a->items[i], has_ipv4(a), e) < 0) {
			close_sockets(l);
			return -1;
		}
	}
	return 0;
}

/* A free port of the first address may be taken at another one. */
static int find_port(struct listener *l, struct err *e)
{
	int rc = -1;

	for (int i = 0; rc < 0 && i < (l->config.port ? 1 : PORT_TRIES); i++) {
		l->port = l->config.port;
		rc = listen_at_all(l, e);
		if (rc < 0 && e->sys != EADDRINUSE)
			break;
	}
	return rc;
}

static void log_addresses(const struct listener *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		char text[ADDRESS_SIZE];

		if (getsockname(l->watches[i].fd, (struct sockaddr *)&sa, &len) < 0)
			continue;
		print_address((struct sockaddr *)&sa, len, text, sizeof(text));
		report_info("listening on %s%s%s%s", text, l->config.what ? " (" : "",
			    l->config.what ? l->config.what : "", l->config.what ? ")" : "");
	}
}

struct listener *listener_new(struct loop *loop, const struct listener_config *config,
			      struct err *e)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l) {
		err_sys(e, ENOMEM, "listening");
		return NULL;
	}
	l->loop = loop;
	l->config = *config;
	if (find_port(l, e) < 0) {
		err_wrap(e, "cannot listen");
		free(l);
		return NULL;
	}
	log_addresses(l);
	return l;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	loop_timer_cancel(l->loop, &l->pause);
	close_sockets(l);
	free(l);
}

uint16_t listener_port(const struct listener *l)
{
	return l->port;
}

uint64_t listener_raise_limit(uint64_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < count) {
		limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
			return 0;
	}
	return limit.rlim_cur;
}
