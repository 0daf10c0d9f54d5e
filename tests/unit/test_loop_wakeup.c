/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop, woken by signals and by other threads; with the real clock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/loop.h"
#include "tests/lib/fake_clock.h"

static struct loop *loop;
static struct err e;

static int setup(void **state)
{
	(void)state;
	loop = loop_new(NULL, &e);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

/* --- other threads --- */

static struct loop_wakeup *wakeup;
static int woken;

static void on_wakeup(void *user)
{
	woken++;
	if (user)
		loop_stop(user);
}

static void start_wakeup(void (*fn)(void *user), void *user)
{
	woken = 0;
	wakeup = loop_wakeup_new(loop, fn, user, &e);
	assert_non_null(wakeup);
}

static void *trigger_once(void *arg)
{
	loop_wakeup_trigger(arg);
	return NULL;
}

static void thread_wakes_a_waiting_loop(void **state)
{
	pthread_t thread;

	(void)state;
	start_wakeup(on_wakeup, loop);
	assert_int_equal(pthread_create(&thread, NULL, trigger_once, wakeup), 0);
	loop_run(loop);
	assert_int_equal(woken, 1);
	pthread_join(thread, NULL);
	loop_wakeup_free(wakeup);
}

/* What a thread says while time is held up by a fake clock comes through, too. */
static void thread_wakes_a_loop_whose_clock_stands_still(void **state)
{
	struct fake_clock fake = { .now_ns = 5, .hold = true };
	struct loop_clock clock = fake_clock_make(&fake);
	struct loop_timer timer = { .slot = 0 };
	pthread_t thread;

	(void)state;
	loop_free(loop);
	loop = loop_new(&clock, &e);
	assert_non_null(loop);
	start_wakeup(on_wakeup, loop);
	loop_timer_set(loop, &timer, 6, on_wakeup, NULL);	/* would come first */
	assert_int_equal(pthread_create(&thread, NULL, trigger_once, wakeup), 0);
	loop_run(loop);
	assert_int_equal(woken, 1);
	assert_true(loop_timer_armed(&timer));
	assert_int_equal(loop_now_ns(loop), 5);
	pthread_join(thread, NULL);
	loop_wakeup_free(wakeup);
}

static void triggers_between_two_turns_are_one(void **state)
{
	(void)state;
	start_wakeup(on_wakeup, NULL);
	for (int i = 0; i < 100000; i++)	/* more than a pipe holds */
		loop_wakeup_trigger(wakeup);
	loop_step(loop, 0);
	loop_step(loop, 0);
	assert_int_equal(woken, 1);
	loop_wakeup_trigger(wakeup);
	loop_step(loop, 0);
	assert_int_equal(woken, 2);
	loop_wakeup_free(wakeup);
}

#define PIECES 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int put, taken;

static void *put_pieces(void *arg)
{
	for (int i = 0; i < PIECES; i++) {
		pthread_mutex_lock(&lock);
		put++;
		pthread_mutex_unlock(&lock);
		loop_wakeup_trigger(arg);
	}
	return NULL;
}

static void take_pieces(void *user)
{
	(void)user;
	pthread_mutex_lock(&lock);
	taken = put;
	pthread_mutex_unlock(&lock);
	if (taken == 2 * PIECES)
		loop_stop(loop);
}

/* A lost one would leave the loop waiting for ever. */
static void no_trigger_is_lost(void **state)
{
	pthread_t threads[2];

	(void)state;
	put = taken = 0;
	start_wakeup(take_pieces, NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_pieces, wakeup), 0);
	loop_run(loop);
	assert_int_equal(taken, 2 * PIECES);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	loop_wakeup_free(wakeup);
}

static void free_wakeup(void *user)
{
	(void)user;
	loop_wakeup_free(wakeup);
	wakeup = NULL;
}

static void wakeup_may_free_itself(void **state)
{
	(void)state;
	start_wakeup(free_wakeup, NULL);
	loop_wakeup_trigger(wakeup);
	loop_step(loop, 0);
	assert_null(wakeup);
	loop_step(loop, 0);
	loop_wakeup_free(NULL);
}

/* --- signals --- */

static int usr1, usr2;
static pthread_t loop_thread;

static void on_usr1(void *user, int signo)
{
	(void)user;
	assert_int_equal(signo, SIGUSR1);
	assert_true(pthread_equal(pthread_self(), loop_thread));
	usr1++;
}

static void on_usr2(void *user, int signo)
{
	assert_int_equal(signo, SIGUSR2);
	usr2++;
	if (user)
		loop_stop(user);
}

static int setup_signals(void **state)
{
	loop_thread = pthread_self();
	usr1 = usr2 = 0;
	return setup(state);
}

static void signal_is_handled_on_the_loop_not_at_once(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	raise(SIGUSR1);
	assert_int_equal(usr1, 0);
	loop_step(loop, 0);
	assert_int_equal(usr1, 1);
	loop_step(loop, 0);
	assert_int_equal(usr1, 1);
}

static void two_may_listen_for_one_signal(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	assert_int_equal(loop_signal(loop, SIGUSR2, on_usr2, NULL, &e), 0);
	raise(SIGUSR1);
	loop_step(loop, 0);
	assert_int_equal(usr1, 2);
	assert_int_equal(usr2, 0);
}

/* More of one signal than the pipe to the loop holds, then the one that ends the program. */
static void flood_of_one_signal_hides_no_other(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	assert_int_equal(loop_signal(loop, SIGUSR2, on_usr2, NULL, &e), 0);
	for (int i = 0; i < 70000; i++)
		raise(SIGUSR1);
	raise(SIGUSR2);
	loop_step(loop, 0);
	assert_true(usr1 >= 1);
	assert_int_equal(usr2, 1);
}

static atomic_bool storming;

static void *storm(void *arg)
{
	pthread_t *target = arg;

	while (atomic_load(&storming))
		pthread_kill(*target, SIGUSR1);
	return NULL;
}

struct relay {
	struct loop_watch watch;
	int fds[2];
	int got;
};

static void on_byte(void *user, unsigned events)
{
	struct relay *r = user;
	char byte;

	assert_int_equal(events, LOOP_READ);
	if (read(r->fds[0], &byte, 1) == 1 && ++r->got < 2000)
		assert_int_equal(write(r->fds[1], "x", 1), 1);
	if (r->got == 2000)
		loop_stop(loop);
}

/* Each wait may be interrupted; descriptors are reported when they are ready, and only then. */
static void signal_storm_disturbs_no_descriptor(void **state)
{
	struct relay r = { .watch = LOOP_WATCH_INIT };
	pthread_t thread;

	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	assert_int_equal(pipe(r.fds), 0);
	assert_int_equal(loop_watch(loop, &r.watch, r.fds[0], LOOP_READ, on_byte, &r, &e), 0);
	assert_int_equal(write(r.fds[1], "x", 1), 1);
	atomic_store(&storming, true);
	assert_int_equal(pthread_create(&thread, NULL, storm, &loop_thread), 0);
	loop_run(loop);
	atomic_store(&storming, false);
	pthread_join(thread, NULL);
	assert_int_equal(r.got, 2000);
	loop_unwatch(loop, &r.watch);
	close(r.fds[0]);
	close(r.fds[1]);
}

static void *raise_usr2(void *arg)
{
	pthread_kill(*(pthread_t *)arg, SIGUSR2);
	return NULL;
}

static void signal_ends_a_wait_without_end(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR2, on_usr2, loop, &e), 0);
	assert_int_equal(pthread_create(&thread, NULL, raise_usr2, &loop_thread), 0);
	loop_run(loop);
	assert_int_equal(usr2, 1);
	pthread_join(thread, NULL);
}

static void signals_that_cannot_be_caught_are_refused(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGKILL, on_usr1, NULL, &e), -1);
	assert_non_null(strstr(e.text, "signal 9"));
	for (int i = 0; i < 8; i++)
		assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), -1);
}

static void freed_loop_gives_signals_back(void **state)
{
	struct sigaction now;

	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_usr1, NULL, &e), 0);
	loop_free(loop);
	loop = NULL;
	assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
}

#define THREADS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define SIGNALS(test) cmocka_unit_test_setup_teardown(test, setup_signals, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREADS(thread_wakes_a_waiting_loop),
		THREADS(thread_wakes_a_loop_whose_clock_stands_still),
		THREADS(triggers_between_two_turns_are_one),
		THREADS(no_trigger_is_lost),
		THREADS(wakeup_may_free_itself),
		SIGNALS(signal_is_handled_on_the_loop_not_at_once),
		SIGNALS(two_may_listen_for_one_signal),
		SIGNALS(flood_of_one_signal_hides_no_other),
		SIGNALS(signal_storm_disturbs_no_descriptor),
		SIGNALS(signal_ends_a_wait_without_end),
		SIGNALS(signals_that_cannot_be_caught_are_refused),
		SIGNALS(freed_loop_gives_signals_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
