/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owner of a link, for tests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/link_owner.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void called(struct link_owner *o, enum link_call call)
{
	o->calls[call]++;
	if (o->free_in == call) {
		link_free(o->link);
		o->link = NULL;
	}
	loop_stop(o->loop);
}

static void on_up(void *user)
{
	called(user, LINK_UP);
}

static void on_readable(void *user)
{
	struct link_owner *o = user;

	if (o->enough_after_reading)
		link_want_write(o->link, false);
	called(o, LINK_READABLE);
}

static void on_writable(void *user)
{
	called(user, LINK_WRITABLE);
}

static void on_down(void *user, const struct err *e)
{
	struct link_owner *o = user;

	o->err = *e;
	called(o, LINK_DOWN);
}

struct link_events link_owner_events(struct link_owner *o)
{
	return (struct link_events){ on_up, on_readable, on_writable, on_down, o };
}

int link_owner_total(const struct link_owner *o)
{
	int total = 0;

	for (int i = 0; i < LINK_CALLS; i++)
		total += o->calls[i];
	return total;
}

void link_owner_start(struct link_owner *o)
{
	int before = link_owner_total(o);

	assert_non_null(o->link);
	link_start(o->link);
	assert_int_equal(link_owner_total(o), before);
}

void link_owner_run(struct link_owner *o, enum link_call call, int n)
{
	while (o->calls[call] < n)
		loop_run(o->loop);
}

int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int listen_on_loopback(int family, uint16_t *port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 :
						       (struct sockaddr *)&v6;
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, address, len) < 0 || listen(fd, 5) < 0 ||
	    getsockname(fd, address, &len) < 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}
