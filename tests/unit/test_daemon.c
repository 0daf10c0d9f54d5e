/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going to the background: what the caller of the program sees, and what the child finds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/daemon.h"

/* test process ── program (becomes the waiting parent) ── child
 *
 * The child writes what it finds to report[1], and waits where it must for the end of go[0]. */
static int report[2], go[2];
static pid_t program;

static void run_child(void (*child)(void))
{
	struct err e;

	close(report[0]);
	close(go[1]);
	if (daemon_start(&e) < 0)
		_exit(99);
	alarm(60);	/* nobody waits for us any more */
	child();
	_exit(0);
}

static void start(void (*child)(void))
{
	assert_int_equal(pipe(report), 0);
	assert_int_equal(pipe(go), 0);
	fflush(NULL);
	program = fork();
	assert_true(program >= 0);
	if (program == 0)
		run_child(child);
	close(report[1]);
	close(go[0]);
}

/* As a shell has it. */
static int program_status(void)
{
	int status;

	assert_int_equal(waitpid(program, &status, 0), program);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void let_go(void)
{
	close(go[1]);
}

/* All that the child ever said; returns when it is gone. */
static const char *child_report(void)
{
	static char text[512];
	size_t len = 0;
	ssize_t n;

	while ((n = read(report[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(report[0]);
	return text;
}

/* --- what children do --- */

static void say(const char *text)
{
	if (write(report[1], text, strlen(text)) < 0)
		_exit(98);
}

static void wait_for_go(void)
{
	char byte;

	while (read(go[0], &byte, 1) < 0 && errno == EINTR)
		;
}

static void come_up_and_stay(void)
{
	daemon_ready();
	wait_for_go();
	say("stayed");
}

static void fail_with_66(void)
{
	_exit(66);
}

static void end_well_before_it_is_up(void)
{
	_exit(0);
}

static void die_by_signal(void)
{
	signal(SIGALRM, SIG_DFL);
	raise(SIGALRM);
}

/* --- what the caller sees --- */

static void caller_gets_0_while_the_child_runs(void **state)
{
	(void)state;
	start(come_up_and_stay);
	assert_int_equal(program_status(), 0);
	let_go();
	assert_string_equal(child_report(), "stayed");
}

static void caller_gets_the_status_of_a_failed_start(void **state)
{
	(void)state;
	start(fail_with_66);
	let_go();
	assert_int_equal(program_status(), 66);
	child_report();
	start(end_well_before_it_is_up);
	let_go();
	assert_int_equal(program_status(), 0);
	child_report();
}

static void caller_learns_of_a_crash(void **state)
{
	(void)state;
	start(die_by_signal);
	let_go();
	assert_int_equal(program_status(), 128 + SIGALRM);
	child_report();
}

static void say_up_and_wait_for_a_signal(void)
{
	say("u");
	for (;;)
		pause();
}

static void stopping_the_caller_stops_the_child(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	char byte;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start(say_up_and_wait_for_a_signal);
		assert_int_equal(read(report[0], &byte, 1), 1);
		assert_int_equal(kill(program, signals[i]), 0);
		assert_int_equal(program_status(), 128 + signals[i]);
		let_go();
		child_report();
	}
}

static void come_up_late(void)
{
	say("u");
	wait_for_go();
	daemon_ready();
	say("survived");
}

static void child_survives_a_caller_that_is_gone(void **state)
{
	char byte;

	(void)state;
	start(come_up_late);
	assert_int_equal(read(report[0], &byte, 1), 1);
	assert_int_equal(kill(program, SIGKILL), 0);
	assert_int_equal(program_status(), 1000 + SIGKILL);
	let_go();
	assert_string_equal(child_report(), "survived");
}

/* --- what the child finds --- */

static char folder[1024];
static struct stat standard[3];

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Which of the standard descriptors are what. */
static void say_descriptors(void)
{
	struct stat st, null;
	int fd;

	stat("/dev/null", &null);
	for (fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0)
			say("closed ");
		else if (same(&st, &null))
			say("null ");
		else if (same(&st, &standard[fd]))
			say("kept ");
		else
			say("other ");
	}
}

static void say_surroundings(void)
{
	char now[1024];

	say(getsid(0) == getpid() ? "session " : "no session ");
	say(getcwd(now, sizeof(now)) && strcmp(now, folder) == 0 ? "folder " : "other folder ");
	say_descriptors();
	daemon_ready();
	say_descriptors();
	daemon_ready();
}

static void child_has_its_session_and_loses_its_terminal(void **state)
{
	int fds[2], saved[3], fd;

	(void)state;
	assert_non_null(getcwd(folder, sizeof(folder)));
	fflush(NULL);
	assert_int_equal(pipe(fds), 0);	/* stands for the terminal */
	for (fd = 0; fd <= 2; fd++) {
		saved[fd] = dup(fd);
		dup2(fds[fd > 0], fd);
		fstat(fd, &standard[fd]);
	}
	start(say_surroundings);
	for (fd = 0; fd <= 2; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	close(fds[0]);
	close(fds[1]);
	let_go();
	assert_int_equal(program_status(), 0);
	assert_string_equal(child_report(), "session folder kept kept kept null null null ");
}

static void ready_without_start_changes_nothing(void **state)
{
	struct stat before, after;

	(void)state;
	fstat(1, &before);
	daemon_ready();
	assert_int_equal(fstat(1, &after), 0);
	assert_true(same(&before, &after));
}

/* --- when the system refuses --- */

static void start_without_descriptors(void)
{
	struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	struct err e = { .code = ERR_NONE };

	setrlimit(RLIMIT_NOFILE, &none);
	say(daemon_start(&e) == -1 && e.code == ERR_SYSTEM ? e.text : "?");
}

static void refusal_is_an_error_and_no_fork(void **state)
{
	char expected[256];

	(void)state;
	assert_int_equal(pipe(report), 0);
	fflush(NULL);
	program = fork();
	assert_true(program >= 0);
	if (program == 0) {
		start_without_descriptors();
		_exit(5);
	}
	close(report[1]);
	assert_int_equal(program_status(), 5);
	snprintf(expected, sizeof(expected), "cannot go to the background: %s", strerror(EMFILE));
	assert_string_equal(child_report(), expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caller_gets_0_while_the_child_runs),
		cmocka_unit_test(caller_gets_the_status_of_a_failed_start),
		cmocka_unit_test(caller_learns_of_a_crash),
		cmocka_unit_test(stopping_the_caller_stops_the_child),
		cmocka_unit_test(child_survives_a_caller_that_is_gone),
		cmocka_unit_test(child_has_its_session_and_loses_its_terminal),
		cmocka_unit_test(ready_without_start_changes_nothing),
		cmocka_unit_test(refusal_is_an_error_and_no_fork),
	};

	alarm(60);	/* a lost wake-up must not hang the build */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
