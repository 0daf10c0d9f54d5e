/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link over TCP until it is up or down: real sockets on this host, a name lookup under the
 * test's control, and time that passes when the test says so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/resolve.h"

static struct resolve *fake_resolve_start(struct loop *l, const char *host, uint16_t port,
					  void (*done)(void *, struct addrinfo *,
						       const struct err *),
					  void *user, struct err *e);
static void fake_resolve_free(struct resolve *r);
static void fake_freeaddrinfo(struct addrinfo *list);
static int fake_socket(int domain, int type, int protocol);
static int fake_connect(int fd, const struct sockaddr *address, socklen_t len);

#define resolve_start fake_resolve_start
#define resolve_free fake_resolve_free
#define freeaddrinfo fake_freeaddrinfo
#define socket fake_socket
#define connect fake_connect
#include "capture_common/link_tcp.c"
#undef resolve_start
#undef resolve_free
#undef freeaddrinfo
#undef socket
#undef connect

#include "tests/lib/fake_clock.h"
#include "tests/lib/link_owner.h"

#define SECOND ((uint64_t)1000000000)

static struct fake_clock fake;
static struct loop *loop;
static struct err e;

/* --- name lookup --- */

struct resolve {
	struct loop_post post;
	void (*done)(void *user, struct addrinfo *list, const struct err *e);
	void *user;
};

static struct {
	struct addrinfo list[4];
	struct sockaddr_storage addresses[4];
	size_t n;			/* 0: the name is unknown */
	bool never, refuse;
	int started, freed, lists;	/* lists: handed out and not freed */
	struct resolve resolve;
} names;

static void answer(void *user)
{
	struct resolve *r = user;
	struct err err;

	err_set(&err, ERR_NETWORK, "no such name");
	names.lists += names.n > 0;
	r->done(r->user, names.n ? names.list : NULL, &err);
}

static struct resolve *fake_resolve_start(struct loop *l, const char *host, uint16_t port,
					  void (*done)(void *, struct addrinfo *,
						       const struct err *),
					  void *user, struct err *err)
{
	assert_ptr_equal(l, loop);
	assert_true(host[0] && port);
	if (names.refuse) {
		err_set(err, ERR_SYSTEM, "no lookup");
		return NULL;
	}
	names.started++;
	names.resolve = (struct resolve){ .done = done, .user = user };
	if (!names.never)
		loop_post(l, &names.resolve.post, answer, &names.resolve);
	return &names.resolve;
}

static void fake_resolve_free(struct resolve *r)
{
	if (!r)
		return;
	names.freed++;
	loop_unpost(loop, &r->post);
}

static void fake_freeaddrinfo(struct addrinfo *list)
{
	assert_ptr_equal(list, names.list);
	names.lists--;
}

/* Another address for the name. */
static void add_address(int family, uint16_t port)
{
	struct addrinfo *a = &names.list[names.n];
	struct sockaddr_in *v4 = (struct sockaddr_in *)&names.addresses[names.n];
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&names.addresses[names.n];

	*a = (struct addrinfo){ .ai_family = family, .ai_socktype = SOCK_STREAM,
				.ai_addr = (struct sockaddr *)v4 };
	if (family == AF_INET) {
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		a->ai_addrlen = sizeof(*v4);
	} else {
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port),
					     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
		a->ai_addrlen = sizeof(*v6);
	}
	if (names.n > 0)
		names.list[names.n - 1].ai_next = a;
	names.n++;
}

/* --- addresses that never answer --- */

static int silent_left;			/* so many connections from now on */
static int silent[4], n_silent;		/* the other ends */
static int silent_fd = -1;

/* A descriptor that does not become writable, as one that waits for its connection. */
static int fake_socket(int domain, int type, int protocol)
{
	static const char junk[4096];
	int fds[2];

	if (silent_left == 0)
		return socket(domain, type, protocol);
	silent_left--;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (send(fds[0], junk, sizeof(junk), 0) > 0 || send(fds[0], junk, 1, 0) > 0)
		;
	silent[n_silent++] = fds[1];
	return silent_fd = fds[0];
}

static int fake_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	if (fd != silent_fd)
		return connect(fd, address, len);
	errno = EINPROGRESS;
	return -1;
}

/* --- the server and the owner of the link --- */

static int listener = -1, peer = -1;
static struct link_owner o;

static uint16_t listen_on(int family)
{
	uint16_t port = 0;

	listener = listen_on_loopback(family, &port);
	return port;
}

/* A port at which nobody listens, as it was free a moment ago. */
static uint16_t refused_port(void)
{
	uint16_t port = listen_on(AF_INET);

	assert_true(port > 0);
	close(listener);
	listener = -1;
	return port;
}

static void accept_peer(void)
{
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
}

static int fds_before;

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	fds_before = count_fds();
	fake = (struct fake_clock){ .now_ns = SECOND, .hold = true };
	memset(&names, 0, sizeof(names));
	silent_left = n_silent = 0;
	silent_fd = listener = peer = -1;
	loop = fake.loop = loop_new(&clock, &e);
	o = (struct link_owner){ .loop = loop };
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	link_free(o.link);
	loop_free(loop);
	if (listener >= 0)
		close(listener);
	if (peer >= 0)
		close(peer);
	while (n_silent > 0)
		close(silent[--n_silent]);
	assert_int_equal(names.lists, 0);
	assert_int_equal(names.started, names.freed);
	assert_int_equal(count_fds(), fds_before);
	return 0;
}

static void start(const char *host, uint16_t port)
{
	struct link_events events = link_owner_events(&o);

	o.link = link_tcp_new(loop, host, port, &events);
	link_owner_start(&o);
}

static void connect_to_server(void)
{
	uint16_t port = listen_on(AF_INET);

	assert_true(port > 0);
	add_address(AF_INET, port);
	start("127.0.0.1", port);
	link_owner_run(&o, LINK_UP, 1);
	accept_peer();
}

/* --- connecting --- */

static void up_comes_once_connected(void **state)
{
	char text[64];
	int on = 0;
	socklen_t len = sizeof(on);

	(void)state;
	connect_to_server();
	assert_int_equal(o.calls[LINK_UP], 1);
	assert_int_equal(o.calls[LINK_DOWN], 0);
	snprintf(text, sizeof(text), "127.0.0.1 port %u", of(o.link)->port);
	assert_string_equal(o.link->peer, text);
	assert_int_equal(getsockopt(of(o.link)->fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	assert_true(on);
	assert_true(fcntl(of(o.link)->fd, F_GETFD) & FD_CLOEXEC);
	assert_false(loop_timer_armed(&of(o.link)->timer));
	loop_step(loop, 0);
	assert_int_equal(o.calls[LINK_READABLE] + o.calls[LINK_WRITABLE], 0);
}

static void refused_connection_was_never_up(void **state)
{
	uint16_t port = refused_port();

	(void)state;
	add_address(AF_INET, port);
	start("sensor.invalid", port);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_int_equal(o.calls[LINK_UP], 0);
	assert_int_equal(o.err.code, ERR_NETWORK);
	assert_non_null(strstr(o.err.text, "sensor.invalid (127.0.0.1) port"));
	assert_non_null(strstr(o.err.text, strerror(ECONNREFUSED)));
	loop_step(loop, 0);
	assert_int_equal(o.calls[LINK_DOWN], 1);
}

static void ipv6_works_as_well(void **state)
{
	uint16_t port = listen_on(AF_INET6);

	(void)state;
	if (port == 0)
		skip();
	add_address(AF_INET6, port);
	start("::1", port);
	link_owner_run(&o, LINK_UP, 1);
	accept_peer();
	assert_non_null(strstr(o.link->peer, "::1 port"));
}

static void next_address_is_tried_after_a_refusal(void **state)
{
	uint16_t dead = refused_port(), port = listen_on(AF_INET);

	(void)state;
	add_address(AF_INET, dead);
	add_address(AF_INET6, dead);	/* refused too, or there is no IPv6 */
	add_address(AF_INET, port);
	start("server.invalid", port);
	link_owner_run(&o, LINK_UP, 1);
	accept_peer();
	assert_int_equal(o.calls[LINK_DOWN], 0);
}

static void link_is_down_when_no_address_is_left(void **state)
{
	uint16_t dead = refused_port();

	(void)state;
	add_address(AF_INET, dead);
	add_address(AF_INET, dead);
	start("server.invalid", dead);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_int_equal(o.calls[LINK_DOWN], 1);
	assert_int_equal(o.calls[LINK_UP], 0);
}

static void silent_address_is_given_up_after_ten_seconds(void **state)
{
	uint16_t port = listen_on(AF_INET);

	(void)state;
	add_address(AF_INET, port);
	add_address(AF_INET, port);
	silent_left = 1;
	start("server.invalid", port);
	fake.hold = false;
	loop_step(loop, 0);
	fake.now_ns += 10 * SECOND - 1;
	loop_step(loop, 0);
	assert_int_equal(silent_fd, of(o.link)->fd);
	fake.now_ns++;
	silent_fd = -1;			/* its number will be used again */
	loop_step(loop, 0);		/* on to the next address */
	fake.hold = true;
	link_owner_run(&o, LINK_UP, 1);
	accept_peer();
}

static void connection_that_never_comes_about_is_down(void **state)
{
	(void)state;
	add_address(AF_INET, 1);
	silent_left = 1;
	start("server.invalid", 1);
	fake.hold = false;
	link_owner_run(&o, LINK_DOWN, 1);
	assert_int_equal(fake.now_ns, 11 * SECOND);
	assert_non_null(strstr(o.err.text, "no answer within 10 s"));
}

/* --- the name --- */

static void unknown_name_is_down(void **state)
{
	(void)state;
	start("server.invalid", 1);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_string_equal(o.err.text, "no such name");
}

static void lookup_without_an_answer_is_given_up(void **state)
{
	(void)state;
	names.never = true;
	start("server.invalid", 1);
	fake.hold = false;
	link_owner_run(&o, LINK_DOWN, 1);
	assert_int_equal(fake.now_ns, 21 * SECOND);
	assert_non_null(strstr(o.err.text, "server.invalid: name lookup: no answer"));
}

static void lookup_that_cannot_start_is_told_later(void **state)
{
	(void)state;
	names.refuse = true;
	start("server.invalid", 1);
	link_owner_run(&o, LINK_DOWN, 1);
	assert_string_equal(o.err.text, "no lookup");
}

/* --- the end --- */

static void link_may_be_freed_when_it_is_down(void **state)
{
	(void)state;
	o.free_in = LINK_DOWN;
	start("server.invalid", 1);		/* the lookup fails */
	link_owner_run(&o, LINK_DOWN, 1);
	add_address(AF_INET, refused_port());
	start("server.invalid", 1);		/* refused */
	link_owner_run(&o, LINK_DOWN, 2);
	names.refuse = true;
	start("server.invalid", 1);		/* no lookup */
	link_owner_run(&o, LINK_DOWN, 3);
	names.refuse = false;
	names.never = true;
	fake.hold = false;
	start("server.invalid", 1);		/* no answer */
	link_owner_run(&o, LINK_DOWN, 4);
	assert_null(o.link);
}

static void link_may_be_freed_before_it_is_up(void **state)
{
	struct link_events events = link_owner_events(&o);

	(void)state;
	o.link = link_tcp_new(loop, "server.invalid", 1, &events);
	link_free(o.link);			/* never started */
	add_address(AF_INET, 1);
	start("server.invalid", 1);
	link_free(o.link);			/* looking up */
	silent_left = 1;
	start("server.invalid", 1);
	loop_step(loop, 0);
	link_free(o.link);			/* connecting */
	o.link = NULL;
	fake.hold = false;
	loop_run(loop);
	assert_true(fake.stuck);
	assert_int_equal(link_owner_total(&o), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(up_comes_once_connected),
		TEST(refused_connection_was_never_up),
		TEST(ipv6_works_as_well),
		TEST(next_address_is_tried_after_a_refusal),
		TEST(link_is_down_when_no_address_is_left),
		TEST(silent_address_is_given_up_after_ten_seconds),
		TEST(connection_that_never_comes_about_is_down),
		TEST(unknown_name_is_down),
		TEST(lookup_without_an_answer_is_given_up),
		TEST(lookup_that_cannot_start_is_told_later),
		TEST(link_may_be_freed_when_it_is_down),
		TEST(link_may_be_freed_before_it_is_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
