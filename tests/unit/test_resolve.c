/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name lookup off the loop, with a resolver that answers when the test wants. No DNS server is
 * ever asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netdb.h>
#include <pthread.h>
#include <unistd.h>

static int fake_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
			    struct addrinfo **list);
static void fake_freeaddrinfo(struct addrinfo *list);
static int fake_pipe(int fds[2]);
static int fake_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			       void *(*fn)(void *), void *arg);

#define getaddrinfo fake_getaddrinfo
#define freeaddrinfo fake_freeaddrinfo
#define pipe fake_pipe
#define pthread_create fake_pthread_create
#include "capture_common/resolve.c"
#undef getaddrinfo
#undef freeaddrinfo
#undef pipe
#undef pthread_create

#include "tests/lib/fake_clock.h"

/* --- the resolver --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* under the lock */
static bool holding;		/* names get no answer */
static int asked, answered;	/* lookups of names */
static int freed;		/* lists that resolve.c freed by itself */

static int pipe_errno, thread_errno;	/* what fails next */

/* Waits, without a lock that the loop needs, until the test lets it answer. */
static void wait_for_release(void)
{
	pthread_mutex_lock(&lock);
	asked++;
	pthread_cond_broadcast(&changed);
	while (holding)
		pthread_cond_wait(&changed, &lock);
	answered++;
	pthread_mutex_unlock(&lock);
}

static int fake_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
			    struct addrinfo **list)
{
	struct addrinfo numeric = *hints;

	if (hints->ai_flags & AI_NUMERICHOST)
		return getaddrinfo(host, port, hints, list);
	wait_for_release();
	if (strcmp(host, "server.invalid") != 0)
		return EAI_NONAME;
	numeric.ai_flags |= AI_NUMERICHOST;
	return getaddrinfo("192.0.2.7", port, &numeric, list);
}

static void fake_freeaddrinfo(struct addrinfo *list)
{
	freeaddrinfo(list);
	pthread_mutex_lock(&lock);
	freed++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int fake_pipe(int fds[2])
{
	if (!pipe_errno)
		return pipe(fds);
	errno = pipe_errno;
	return -1;
}

static int fake_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			       void *(*fn)(void *), void *arg)
{
	return thread_errno ? thread_errno : pthread_create(thread, attr, fn, arg);
}

static void hold(bool on)
{
	pthread_mutex_lock(&lock);
	holding = on;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wait_until(const int *counter, int value)
{
	pthread_mutex_lock(&lock);
	while (*counter < value)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

/* --- the loop --- */

static struct fake_clock fake;
static struct loop *loop;
static struct err e;

static int setup(void **state)
{
	(void)state;
	fake = (struct fake_clock){ .now_ns = 1, .hold = true };
	struct loop_clock clock = fake_clock_make(&fake);

	holding = false;
	asked = answered = freed = pipe_errno = thread_errno = 0;
	loop = fake.loop = loop_new(&clock, &e);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

struct asker {
	struct resolve *resolve;
	pthread_t thread;
	int calls;
	struct addrinfo *list;
	struct err err;
	bool free_within;
};

static void on_done(void *user, struct addrinfo *list, const struct err *err)
{
	struct asker *a = user;

	assert_true(pthread_equal(a->thread, pthread_self()));
	a->calls++;
	a->list = list;
	a->err = *err;
	if (a->free_within) {
		resolve_free(a->resolve);
		a->resolve = NULL;
	}
	loop_stop(loop);
}

static void ask(struct asker *a, const char *host)
{
	*a = (struct asker){ .thread = pthread_self() };
	a->resolve = resolve_start(loop, host, 3501, on_done, a, &e);
	assert_non_null(a->resolve);
	assert_int_equal(a->calls, 0);
}

static void finish(struct asker *a)
{
	resolve_free(a->resolve);
	if (a->list)
		freeaddrinfo(a->list);
}

static void expect_address(const struct asker *a, const char *address)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	assert_int_equal(a->calls, 1);
	assert_non_null(a->list);
	assert_int_equal(a->list->ai_socktype, SOCK_STREAM);
	assert_int_equal(getnameinfo(a->list->ai_addr, a->list->ai_addrlen, host, sizeof(host),
				     port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV), 0);
	assert_string_equal(host, address);
	assert_string_equal(port, "3501");
}

/* --- tests --- */

static void addresses_need_no_resolver(void **state)
{
	static const char *const addresses[] = { "192.0.2.7", "127.0.0.1", "2001:db8::7", "::1" };
	struct asker a;

	(void)state;
	for (int i = 0; i < 4; i++) {
		ask(&a, addresses[i]);
		loop_run(loop);
		expect_address(&a, addresses[i]);
		finish(&a);
	}
	assert_int_equal(asked, 0);
}

static void name_is_looked_up_and_told_on_the_loop(void **state)
{
	struct asker a;

	(void)state;
	ask(&a, "server.invalid");
	loop_run(loop);
	expect_address(&a, "192.0.2.7");
	assert_int_equal(asked, 1);
	finish(&a);
	assert_int_equal(freed, 0);	/* the list was handed over */
}

static void unknown_name_is_reported_with_the_name(void **state)
{
	struct asker a;

	(void)state;
	ask(&a, "no-such-host.invalid");
	loop_run(loop);
	assert_int_equal(a.calls, 1);
	assert_null(a.list);
	assert_int_equal(a.err.code, ERR_NETWORK);
	assert_non_null(strstr(a.err.text, "no-such-host.invalid"));
	assert_non_null(strstr(a.err.text, gai_strerror(EAI_NONAME)));
	finish(&a);
}

static void on_timer(void *user)
{
	(*(int *)user)++;
	loop_stop(loop);
}

static void resolver_that_never_answers_holds_up_nothing(void **state)
{
	struct loop_timer timer = { .slot = 0 };
	struct asker a;
	int ticks = 0;

	(void)state;
	hold(true);
	ask(&a, "server.invalid");
	wait_until(&asked, 1);
	fake.hold = false;
	for (int i = 1; i <= 100; i++) {
		loop_timer_set(loop, &timer, loop_now_ns(loop) + 1000000000, on_timer, &ticks);
		loop_run(loop);
		assert_int_equal(ticks, i);
	}
	assert_int_equal(a.calls, 0);
	resolve_free(a.resolve);	/* returns at once; the thread is still asking */
	assert_int_equal(answered, 0);
	hold(false);
	wait_until(&freed, 1);		/* its answer went with it */
	loop_step(loop, 0);
	assert_int_equal(a.calls, 0);
}

static void answer_that_comes_with_the_end_is_dropped(void **state)
{
	struct asker a;

	(void)state;
	for (int i = 1; i <= 200; i++) {
		ask(&a, "server.invalid");
		if (i % 2)
			wait_until(&answered, i);	/* about to tell, or has told */
		resolve_free(a.resolve);
		wait_until(&freed, i);
		loop_step(loop, 0);
		assert_int_equal(a.calls, 0);
	}
}

static void lookup_may_be_freed_in_its_callback(void **state)
{
	struct asker a;

	(void)state;
	ask(&a, "server.invalid");
	a.free_within = true;
	loop_run(loop);
	expect_address(&a, "192.0.2.7");
	finish(&a);
	ask(&a, "192.0.2.7");
	a.free_within = true;
	loop_run(loop);
	expect_address(&a, "192.0.2.7");
	finish(&a);
}

static void address_that_is_not_wanted_any_more_is_freed(void **state)
{
	struct asker a;

	(void)state;
	ask(&a, "192.0.2.7");
	resolve_free(a.resolve);
	loop_step(loop, 0);
	assert_int_equal(a.calls, 0);
	assert_int_equal(freed, 1);
	resolve_free(NULL);
}

static void lookups_do_not_disturb_one_another(void **state)
{
	struct asker a, b, c;

	(void)state;
	hold(true);
	ask(&a, "server.invalid");
	ask(&b, "other.invalid");
	wait_until(&asked, 2);
	ask(&c, "::1");
	loop_run(loop);
	expect_address(&c, "::1");
	hold(false);
	while (a.calls + b.calls < 2)
		loop_run(loop);
	expect_address(&a, "192.0.2.7");
	assert_null(b.list);
	finish(&a);
	finish(&b);
	finish(&c);
}

static void refuse(const char *host, const char *what)
{
	struct asker a = { .thread = pthread_self() };

	assert_null(resolve_start(loop, host, 3501, on_done, &a, &e));
	assert_non_null(strstr(e.text, what));
	loop_step(loop, 0);
	assert_int_equal(a.calls, 0);
}

/* The sanitizers watch for what is left behind. */
static void lookup_that_cannot_start_leaves_nothing_behind(void **state)
{
	char name[300];

	(void)state;
	pipe_errno = EMFILE;
	refuse("server.invalid", "name lookup");
	pipe_errno = 0;
	thread_errno = EAGAIN;
	refuse("server.invalid", "thread");
	memset(name, 'x', sizeof(name));
	name[299] = '\0';
	refuse(name, "too long");
	assert_int_equal(asked, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_need_no_resolver),
		TEST(name_is_looked_up_and_told_on_the_loop),
		TEST(unknown_name_is_reported_with_the_name),
		TEST(resolver_that_never_answers_holds_up_nothing),
		TEST(answer_that_comes_with_the_end_is_dropped),
		TEST(lookup_may_be_freed_in_its_callback),
		TEST(address_that_is_not_wanted_any_more_is_freed),
		TEST(lookups_do_not_disturb_one_another),
		TEST(lookup_that_cannot_start_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
