/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: descriptors, timers and posted work, with a clock that jumps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/loop.h"
#include "tests/lib/fake_clock.h"

#define START_NS ((uint64_t)1000 * 1000000000)
#define MS_NS ((uint64_t)1000000)

static struct fake_clock fake;
static struct loop *loop;
static struct err e;

static int setup(void **state)
{
	(void)state;
	fake = (struct fake_clock){ .now_ns = START_NS };
	struct loop_clock clock = fake_clock_make(&fake);

	loop = fake.loop = loop_new(&clock, &e);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

/* --- descriptors --- */

/* A pipe whose reading end is watched; counts what is reported and may do something. */
struct probe {
	struct loop_watch watch;
	int fds[2];
	int calls;
	unsigned events;		/* of the last call */
	void (*then)(struct probe *p);
	struct probe *other;
	bool drain;
};

static void on_probe(void *user, unsigned events)
{
	struct probe *p = user;
	char bytes[16];

	p->calls++;
	p->events = events;
	if (p->drain)
		assert_true(read(p->fds[0], bytes, sizeof(bytes)) > 0);
	if (p->then)
		p->then(p);
}

static void probe_open(struct probe *p, unsigned events)
{
	memset(p, 0, sizeof(*p));
	p->watch.fd = -1;
	assert_int_equal(pipe(p->fds), 0);
	assert_int_equal(loop_watch(loop, &p->watch, p->fds[0], events, on_probe, p, &e), 0);
}

static void probe_write(const struct probe *p)
{
	assert_int_equal(write(p->fds[1], "x", 1), 1);
}

static void probe_close(struct probe *p)
{
	loop_unwatch(loop, &p->watch);
	for (int i = 0; i < 2; i++) {
		if (p->fds[i] >= 0)
			close(p->fds[i]);
	}
}

static void step(void)
{
	loop_step(loop, 0);
}

static void readable_is_reported_until_it_was_read(void **state)
{
	struct probe p;

	(void)state;
	probe_open(&p, LOOP_READ);
	step();
	assert_int_equal(p.calls, 0);
	probe_write(&p);
	step();
	step();
	assert_int_equal(p.calls, 2);
	assert_int_equal(p.events, LOOP_READ);
	p.drain = true;
	step();
	step();
	assert_int_equal(p.calls, 3);
	probe_close(&p);
}

static void events_can_be_changed_while_watching(void **state)
{
	struct probe p;

	(void)state;
	probe_open(&p, 0);
	probe_write(&p);
	step();
	assert_int_equal(p.calls, 0);
	loop_watch_events(loop, &p.watch, LOOP_READ);
	step();
	assert_int_equal(p.calls, 1);
	loop_watch_events(loop, &p.watch, 0);
	step();
	assert_int_equal(p.calls, 1);
	probe_close(&p);
	loop_watch_events(loop, &p.watch, LOOP_READ);	/* not registered: nothing happens */
}

static void both_directions_of_a_socket_are_reported(void **state)
{
	struct probe p;
	int fds[2];

	(void)state;
	probe_open(&p, LOOP_READ);
	loop_unwatch(loop, &p.watch);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(loop_watch(loop, &p.watch, fds[0], LOOP_READ | LOOP_WRITE, on_probe, &p,
				    &e), 0);
	step();
	assert_int_equal(p.events, LOOP_WRITE);
	assert_int_equal(write(fds[1], "x", 1), 1);
	step();
	assert_int_equal(p.events, LOOP_READ | LOOP_WRITE);
	probe_close(&p);
	close(fds[0]);
	close(fds[1]);
}

static void hang_up_is_reported_without_being_asked_for(void **state)
{
	struct probe p;
	int reader;

	(void)state;
	probe_open(&p, LOOP_READ);
	loop_unwatch(loop, &p.watch);
	assert_int_equal(loop_watch(loop, &p.watch, p.fds[1], 0, on_probe, &p, &e), 0);
	step();
	assert_int_equal(p.calls, 0);
	reader = p.fds[0];
	p.fds[0] = -1;
	close(reader);
	step();
	assert_int_equal(p.calls, 1);
	assert_true(p.events & LOOP_HANGUP);
	probe_close(&p);
}

static void last_bytes_before_a_hang_up_are_readable(void **state)
{
	struct probe p;

	(void)state;
	probe_open(&p, LOOP_READ);
	probe_write(&p);
	close(p.fds[1]);
	p.fds[1] = -1;
	step();
	assert_true(p.events & LOOP_READ);
	probe_close(&p);
}

static void unwatch_other(struct probe *p)
{
	loop_unwatch(loop, &p->other->watch);
}

static void watch_removed_in_the_same_turn_is_not_called(void **state)
{
	struct probe a, b;

	(void)state;
	probe_open(&a, LOOP_READ);
	probe_open(&b, LOOP_READ);
	a.other = &b;
	b.other = &a;
	a.then = b.then = unwatch_other;
	probe_write(&a);
	probe_write(&b);
	step();
	assert_int_equal(a.calls + b.calls, 1);
	step();
	assert_int_equal(a.calls + b.calls, 2);
	probe_close(&a);
	probe_close(&b);
}

/* The other's descriptor is closed, and its number goes to a new pipe, which has nothing to
 * read. */
static void replace_other(struct probe *p)
{
	struct probe *o = p->other;
	int fds[2];

	loop_unwatch(loop, &o->watch);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[0], o->fds[0]), o->fds[0]);
	close(fds[0]);
	close(o->fds[1]);
	o->fds[1] = fds[1];
	o->then = NULL;
	p->then = NULL;
	assert_int_equal(loop_watch(loop, &o->watch, o->fds[0], LOOP_READ, on_probe, o, &e), 0);
}

static void reused_descriptor_gets_no_event_of_its_predecessor(void **state)
{
	struct probe a, b;

	(void)state;
	probe_open(&a, LOOP_READ);
	probe_open(&b, LOOP_READ);
	a.other = &b;
	b.other = &a;
	a.then = b.then = replace_other;
	probe_write(&a);
	probe_write(&b);
	step();
	assert_int_equal(a.calls + b.calls, 1);
	step();
	assert_int_equal(a.calls + b.calls, 2);	/* the one that stayed */
	probe_write(a.calls ? &b : &a);
	step();
	assert_true(a.calls && b.calls);
	probe_close(&a);
	probe_close(&b);
}

static void watch_itself_anew(struct probe *p)
{
	loop_unwatch(loop, &p->watch);
	assert_int_equal(loop_watch(loop, &p->watch, p->fds[0], LOOP_READ, on_probe, p, &e), 0);
}

static void watch_can_be_renewed_in_its_callback(void **state)
{
	struct probe p;

	(void)state;
	probe_open(&p, LOOP_READ);
	p.then = watch_itself_anew;
	probe_write(&p);
	step();
	assert_int_equal(p.calls, 1);
	step();
	assert_int_equal(p.calls, 2);
	probe_close(&p);
}

/* More are always ready than the loop takes in one turn. */
static void nobody_starves_among_many_ready(void **state)
{
	enum { N = 100 };	/* 200 descriptors: some systems give 256 */
	struct probe *p = calloc(N, sizeof(*p));
	int i, turn;

	(void)state;
	assert_non_null(p);
	for (i = 0; i < N; i++) {
		probe_open(&p[i], LOOP_READ);
		probe_write(&p[i]);
	}
	for (turn = 0; turn < 4; turn++)
		step();
	for (i = 0; i < N; i++) {
		assert_true(p[i].calls >= 1);
		probe_close(&p[i]);
	}
	free(p);
}

static void what_cannot_be_watched_is_refused(void **state)
{
	struct loop_watch w = LOOP_WATCH_INIT;
	struct probe p;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	probe_open(&p, LOOP_READ);
	assert_int_equal(loop_watch(loop, &w, fileno(file), LOOP_READ, on_probe, &p, &e), -1);
	assert_int_equal(loop_watch(loop, &w, p.fds[0], LOOP_READ, on_probe, &p, &e), -1);
	assert_non_null(strstr(e.text, "watching descriptor"));
	close(p.fds[1]);
	assert_int_equal(loop_watch(loop, &w, p.fds[1], LOOP_READ, on_probe, &p, &e), -1);
	p.fds[1] = -1;
	assert_int_equal(w.fd, -1);
	fclose(file);
	probe_close(&p);
}

/* --- running --- */

static void stop_loop(struct probe *p)
{
	(void)p;
	loop_stop(loop);
}

static void stopped_loop_runs_again(void **state)
{
	struct probe p;

	(void)state;
	probe_open(&p, LOOP_READ);
	p.then = stop_loop;
	probe_write(&p);
	loop_run(loop);
	assert_int_equal(p.calls, 1);
	loop_run(loop);
	assert_int_equal(p.calls, 2);
	assert_false(fake.stuck);
	probe_close(&p);
}

static void loop_with_nothing_to_wait_for_is_stuck(void **state)
{
	(void)state;
	loop_run(loop);
	assert_true(fake.stuck);
	assert_int_equal(fake.now_ns, START_NS);
}

static void step_waits_for_its_timeout(void **state)
{
	(void)state;
	loop_step(loop, 7 * MS_NS);
	assert_int_equal(fake.now_ns, START_NS + 7 * MS_NS);
	assert_int_equal(loop_now_ns(loop), fake.now_ns);
	loop_step(loop, 0);
	assert_int_equal(fake.now_ns, START_NS + 7 * MS_NS);
}

static void time_stands_still_within_a_turn(void **state)
{
	(void)state;
	fake.now_ns += 5;
	assert_int_equal(loop_now_ns(loop), START_NS);
	assert_int_equal(loop_refresh_ns(loop), START_NS + 5);
	assert_int_equal(loop_now_ns(loop), START_NS + 5);
}

/* --- timers --- */

static char order[64];		/* the names of the timers and posts that were called */

struct item {
	struct loop_timer timer;
	struct loop_post post;
	char name;
	uint64_t called_ns;
	void (*then)(struct item *i);
	struct item *other;
	int left;
};

static void on_item(void *user)
{
	struct item *i = user;
	size_t len = strlen(order);

	i->called_ns = loop_now_ns(loop);
	if (len + 1 < sizeof(order)) {
		order[len] = i->name;
		order[len + 1] = '\0';
	}
	if (i->then)
		i->then(i);
}

static int setup_items(void **state)
{
	order[0] = '\0';
	return setup(state);
}

static void arm(struct item *i, uint64_t after_ns)
{
	loop_timer_set(loop, &i->timer, loop_now_ns(loop) + after_ns, on_item, i);
}

static void timers_come_in_order_at_their_times(void **state)
{
	struct item a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };

	(void)state;
	arm(&b, 20 * MS_NS);
	arm(&c, 3600 * 1000 * MS_NS);
	arm(&a, 1);
	assert_true(loop_timer_armed(&a.timer));
	loop_run(loop);
	assert_string_equal(order, "abc");
	assert_int_equal(a.called_ns, START_NS + 1);
	assert_int_equal(b.called_ns, START_NS + 20 * MS_NS);
	assert_int_equal(c.called_ns, START_NS + 3600 * 1000 * MS_NS);
	assert_false(loop_timer_armed(&a.timer));
}

static void equal_times_come_in_the_order_of_arming(void **state)
{
	struct item items[8] = { { .name = 0 } };

	(void)state;
	for (int i = 0; i < 8; i++) {
		items[i].name = (char)('a' + i);
		arm(&items[i], 7);
	}
	arm(&items[2], 7);
	loop_run(loop);
	assert_string_equal(order, "abdefghc");
}

static void armed_again_moves(void **state)
{
	struct item a = { .name = 'a' }, b = { .name = 'b' };

	(void)state;
	arm(&a, 5);
	arm(&b, 10);
	arm(&a, 15);
	loop_run(loop);
	assert_string_equal(order, "ba");
	assert_int_equal(a.called_ns, START_NS + 15);
}

static void cancel_other(struct item *i)
{
	loop_timer_cancel(loop, &i->other->timer);
}

static void cancelled_timer_is_not_called(void **state)
{
	struct item a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };

	(void)state;
	a.then = b.then = cancel_other;
	a.other = &b;
	b.other = &a;
	arm(&a, 5);		/* both are due in the same turn; either cancels the other */
	arm(&b, 5);
	arm(&c, 4);
	loop_timer_cancel(loop, &c.timer);
	loop_timer_cancel(loop, &c.timer);
	loop_run(loop);
	assert_int_equal(strlen(order), 1);
	assert_null(strchr(order, 'c'));
}

static void arm_again(struct item *i)
{
	if (i->left-- > 0)
		loop_timer_set(loop, &i->timer, i->timer.at_ns + 10 * MS_NS, on_item, i);
}

static void timer_can_arm_itself_again(void **state)
{
	struct item a = { .name = 'a', .then = arm_again, .left = 10000 };

	(void)state;
	arm(&a, 10 * MS_NS);
	loop_run(loop);
	assert_int_equal(a.left, -1);
	assert_int_equal(a.called_ns, START_NS + 10001 * 10 * MS_NS);
}

static void timer_in_the_past_comes_at_once(void **state)
{
	struct item a = { .name = 'a' };

	(void)state;
	loop_timer_set(loop, &a.timer, 0, on_item, &a);
	step();
	assert_string_equal(order, "a");
	assert_int_equal(fake.now_ns, START_NS);
}

static void arm_for_the_past(struct item *i)
{
	loop_timer_set(loop, &i->timer, 0, on_item, i);
}

static void timer_that_is_always_due_starves_nobody(void **state)
{
	struct item a = { .name = 'a', .then = arm_for_the_past };
	struct item b = { .name = 'b' };
	struct probe p;

	(void)state;
	probe_open(&p, LOOP_READ);
	probe_write(&p);
	arm(&a, 0);
	arm(&b, 0);
	step();
	step();
	assert_int_equal(p.calls, 2);
	assert_non_null(strchr(order, 'b'));
	loop_timer_cancel(loop, &a.timer);
	probe_close(&p);
}

/* --- posted work --- */

static void post(struct item *i)
{
	loop_post(loop, &i->post, on_item, i);
}

static void post_again(struct item *i)
{
	post(i);
}

static void posts_come_in_order_after_everything_else(void **state)
{
	struct item a = { .name = 'a' }, b = { .name = 'b' }, t = { .name = 't' };

	(void)state;
	post(&b);
	post(&a);
	post(&b);	/* again: still once */
	arm(&t, 0);
	step();
	assert_string_equal(order, "tba");
	step();
	assert_string_equal(order, "tba");
}

static void loop_does_not_wait_while_work_is_posted(void **state)
{
	struct item a = { .name = 'a' };

	(void)state;
	post(&a);
	loop_step(loop, LOOP_NEVER);
	assert_string_equal(order, "a");
	assert_false(fake.stuck);
}

static void posting_itself_again_starves_nobody(void **state)
{
	struct item a = { .name = 'a', .then = post_again };
	struct probe p;

	(void)state;
	probe_open(&p, LOOP_READ);
	probe_write(&p);
	post(&a);
	step();
	step();
	assert_string_equal(order, "aa");
	assert_int_equal(p.calls, 2);
	loop_unpost(loop, &a.post);
	step();
	assert_string_equal(order, "aa");
	probe_close(&p);
}

static void unpost_other(struct item *i)
{
	loop_unpost(loop, &i->other->post);
}

static void unposted_is_not_called(void **state)
{
	struct item a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };

	(void)state;
	post(&a);
	post(&b);
	loop_unpost(loop, &b.post);	/* the last one: the next goes behind a */
	loop_unpost(loop, &b.post);
	post(&c);
	step();
	assert_string_equal(order, "ac");

	a.then = unpost_other;
	a.other = &b;
	post(&a);
	post(&b);
	post(&c);
	step();
	assert_string_equal(order, "acac");
}

static void posted_in_a_post_waits_for_the_next_turn(void **state)
{
	struct item a = { .name = 'a', .then = post_again };
	struct item b = { .name = 'b' };

	(void)state;
	post(&a);
	post(&b);
	step();
	assert_string_equal(order, "ab");
	step();
	assert_string_equal(order, "aba");
	loop_unpost(loop, &a.post);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ITEMS(test) cmocka_unit_test_setup_teardown(test, setup_items, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(readable_is_reported_until_it_was_read),
		PLAIN(events_can_be_changed_while_watching),
		PLAIN(both_directions_of_a_socket_are_reported),
		PLAIN(hang_up_is_reported_without_being_asked_for),
		PLAIN(last_bytes_before_a_hang_up_are_readable),
		PLAIN(watch_removed_in_the_same_turn_is_not_called),
		PLAIN(reused_descriptor_gets_no_event_of_its_predecessor),
		PLAIN(watch_can_be_renewed_in_its_callback),
		PLAIN(nobody_starves_among_many_ready),
		PLAIN(what_cannot_be_watched_is_refused),
		PLAIN(stopped_loop_runs_again),
		PLAIN(loop_with_nothing_to_wait_for_is_stuck),
		PLAIN(step_waits_for_its_timeout),
		PLAIN(time_stands_still_within_a_turn),
		ITEMS(timers_come_in_order_at_their_times),
		ITEMS(equal_times_come_in_the_order_of_arming),
		ITEMS(armed_again_moves),
		ITEMS(cancelled_timer_is_not_called),
		ITEMS(timer_can_arm_itself_again),
		ITEMS(timer_in_the_past_comes_at_once),
		ITEMS(timer_that_is_always_due_starves_nobody),
		ITEMS(posts_come_in_order_after_everything_else),
		ITEMS(loop_does_not_wait_while_work_is_posted),
		ITEMS(posting_itself_again_starves_nobody),
		ITEMS(unposted_is_not_called),
		ITEMS(posted_in_a_post_waits_for_the_next_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
