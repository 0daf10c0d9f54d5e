/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker thread: order, who is told, and its end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "capture_common/worker.h"

#define JOBS 100

struct rig {
	struct loop *loop;
	struct worker *worker;
	struct task {
		struct worker_job job;
		struct rig *rig;
		int index;
		pthread_t thread;
		bool signals_blocked;
	} tasks[JOBS];
	int worked[JOBS], n_worked;	/* the worker's, until it was drained */
	int told[JOBS], n_told;
	bool again;
};

static void work(void *user)
{
	struct task *t = user;
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	t->signals_blocked = sigismember(&set, SIGTERM);
	t->thread = pthread_self();
	t->rig->worked[t->rig->n_worked++] = t->index;
}

static void give(struct rig *g, int i);

static void done(void *user)
{
	struct task *t = user;

	assert_false(t->job.busy);
	t->rig->told[t->rig->n_told++] = t->index;
	if (t->rig->again && t->index + 1 < JOBS)
		give(t->rig, t->index + 1);
}

static void give(struct rig *g, int i)
{
	struct task *t = &g->tasks[i];

	t->rig = g;
	t->index = i;
	t->job = (struct worker_job){ .work = work, .done = done, .user = t };
	worker_do(g->worker, &t->job);
}

static int setup(void **state)
{
	static struct rig rig;
	struct err e;

	rig = (struct rig){ .loop = loop_new(NULL, &e) };
	rig.worker = worker_new(rig.loop, &e);
	*state = &rig;
	return rig.worker ? 0 : -1;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	worker_free(g->worker);
	loop_free(g->loop);
	return 0;
}

static void jobs_are_done_and_told_of_in_order(void **state)
{
	struct rig *g = *state;

	for (int i = 0; i < JOBS; i++)
		give(g, i);
	while (g->n_told < JOBS)
		loop_step(g->loop, LOOP_NEVER);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(g->worked[i], i);
		assert_int_equal(g->told[i], i);
	}
}

static void work_is_done_elsewhere_without_signals(void **state)
{
	struct rig *g = *state;

	give(g, 0);
	worker_drain(g->worker);
	assert_false(pthread_equal(g->tasks[0].thread, pthread_self()));
	assert_true(g->tasks[0].signals_blocked);
}

static void nobody_is_told_before_the_loop_turns(void **state)
{
	struct rig *g = *state;

	give(g, 0);
	assert_true(g->tasks[0].job.busy);
	assert_int_equal(g->n_told, 0);
	loop_step(g->loop, LOOP_NEVER);
	assert_int_equal(g->n_told, 1);
}

static void drained_worker_has_told_of_all(void **state)
{
	struct rig *g = *state;

	for (int i = 0; i < JOBS; i++)
		give(g, i);
	worker_drain(g->worker);
	assert_int_equal(g->n_told, JOBS);
	loop_step(g->loop, 0);
	assert_int_equal(g->n_told, JOBS);
	worker_drain(g->worker);	/* nothing to wait for */
}

static void done_gives_the_next_job(void **state)
{
	struct rig *g = *state;

	g->again = true;
	give(g, 0);
	while (g->n_told < JOBS)
		loop_step(g->loop, LOOP_NEVER);
	assert_int_equal(g->told[JOBS - 1], JOBS - 1);
}

static void freed_worker_finishes_and_tells_nobody(void **state)
{
	struct rig *g = *state;

	for (int i = 0; i < JOBS; i++)
		give(g, i);
	worker_free(g->worker);
	g->worker = NULL;
	assert_int_equal(g->n_worked, JOBS);
	loop_step(g->loop, 0);
	assert_int_equal(g->n_told, 0);
}

static void job_without_done_is_fine(void **state)
{
	struct rig *g = *state;

	give(g, 0);
	worker_drain(g->worker);
	g->tasks[1] = g->tasks[0];
	g->tasks[1].job = (struct worker_job){ .work = work, .user = &g->tasks[1] };
	worker_do(g->worker, &g->tasks[1].job);
	worker_drain(g->worker);
	assert_int_equal(g->n_worked, 2);
	assert_int_equal(g->n_told, 1);
	assert_false(g->tasks[1].job.busy);
}

/* --- jobs that hang --- */

/* As a card that does not answer, until somebody writes to the pipe. */
struct hanging {
	struct worker_job job;
	int begin[2], end[2], left[2];
	bool told;
};

static void hang(void *user)
{
	struct hanging *h = user;
	char byte = 0;

	assert_int_equal(write(h->begin[1], &byte, 1), 1);
	assert_int_equal(read(h->end[0], &byte, 1), 1);
}

static void tell_hanging(void *user)
{
	((struct hanging *)user)->told = true;
}

static void was_left(void *user)
{
	struct hanging *h = user;

	assert_int_equal(write(h->left[1], "", 1), 1);
}

/* Its job is being worked on. */
static void begin_hanging(struct rig *g, struct hanging *h)
{
	char byte;

	*h = (struct hanging){ .told = false };
	assert_int_equal(pipe(h->begin) | pipe(h->end) | pipe(h->left), 0);
	h->job = (struct worker_job){ .work = hang, .done = tell_hanging, .user = h };
	worker_do(g->worker, &h->job);
	assert_int_equal(read(h->begin[0], &byte, 1), 1);
}

static void let_go(struct hanging *h)
{
	assert_int_equal(write(h->end[1], "", 1), 1);
}

static void end_hanging(struct hanging *h)
{
	int *fds[] = { h->begin, h->end, h->left };

	for (int i = 0; i < 3; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static void hanging_job_is_not_waited_for_without_a_limit(void **state)
{
	struct rig *g = *state;
	struct hanging h;

	assert_true(worker_drain_within(g->worker, 0));
	begin_hanging(g, &h);
	give(g, 0);
	assert_false(worker_drain_within(g->worker, 1));
	assert_false(h.told);
	let_go(&h);
	assert_true(worker_drain_within(g->worker, 100000));
	assert_true(h.told);
	assert_int_equal(g->n_told, 1);
	end_hanging(&h);
}

static void abandoned_worker_tells_when_it_comes_back(void **state)
{
	struct rig *g = *state;
	struct hanging h;
	char byte;

	begin_hanging(g, &h);
	give(g, 0);
	assert_false(worker_drain_within(g->worker, 1));
	assert_true(worker_abandon(g->worker, was_left, &h));
	g->worker = NULL;
	loop_free(g->loop);		/* there is nobody to be told */
	g->loop = loop_new(NULL, &(struct err){ 0 });
	let_go(&h);
	assert_int_equal(read(h.left[0], &byte, 1), 1);
	assert_false(h.told);
	assert_int_equal(g->n_worked, 0);
	end_hanging(&h);
}

static void worker_that_is_idle_is_not_left_behind(void **state)
{
	struct rig *g = *state;

	give(g, 0);
	worker_drain(g->worker);
	assert_false(worker_abandon(g->worker, was_left, NULL));
	g->worker = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(jobs_are_done_and_told_of_in_order),
		TEST(work_is_done_elsewhere_without_signals),
		TEST(nobody_is_told_before_the_loop_turns),
		TEST(drained_worker_has_told_of_all),
		TEST(done_gives_the_next_job),
		TEST(freed_worker_finishes_and_tells_nobody),
		TEST(job_without_done_is_fine),
		TEST(hanging_job_is_not_waited_for_without_a_limit),
		TEST(abandoned_worker_tells_when_it_comes_back),
		TEST(worker_that_is_idle_is_not_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
