/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper commands and the process that starts them. Each helper's other end is this program's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/via.h"
#include "tests/lib/link_owner.h"

#define LIMIT_MS 20000

static struct loop *loop;
static struct via *via;
static struct via_helper *helper;
static struct err e, why;		/* why: given to ended() */
static int ends;
static int stdio = -1;			/* our end of it */
static int fds_before;

static int setup(void **state)
{
	(void)state;
	fds_before = count_fds();
	loop = loop_new(NULL, &e);
	ends = 0;
	stdio = -1;
	via = NULL;
	helper = NULL;
	why = (struct err){ .code = ERR_NONE };
	return loop ? 0 : -1;
}

static void hang_up(void)
{
	if (stdio >= 0)
		close(stdio);
	stdio = -1;
}

static void end_all(void)
{
	hang_up();
	via_helper_free(helper);
	helper = NULL;
	via_end(via);
	via = NULL;
}

/* Nobody is left behind: neither a descriptor nor a child. */
static int teardown(void **state)
{
	(void)state;
	end_all();
	loop_free(loop);
	assert_int_equal(count_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void on_ended(void *user, const struct err *err)
{
	(void)user;
	why = *err;
	ends++;
	loop_stop(loop);
}

static void begin(const char *command)
{
	via = via_start(command, &e);
	if (!via)
		fail_msg("%s", e.text);
}

static struct via_helper *try_helper(const char *host)
{
	int fds[2];

	hang_up();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	stdio = fds[0];
	return via_helper_new(via, loop, host, 3501, fds[1], on_ended, NULL, &e);
}

static void run_on(const char *host)
{
	helper = try_helper(host);
	if (!helper)
		fail_msg("%s", e.text);
}

static void run(const char *command)
{
	begin(command);
	run_on("server.example");
}

static void wait_for_end(void)
{
	while (ends == 0)
		loop_run(loop);
}

/* Until the end of the stream, or size - 1 bytes. */
static size_t read_all(char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	do {
		struct pollfd fd = { .fd = stdio, .events = POLLIN };

		assert_int_equal(poll(&fd, 1, LIMIT_MS), 1);
		r = read(stdio, buf + n, size - 1 - n);
		n += r > 0 ? (size_t)r : 0;
	} while (r > 0 && n < size - 1);
	buf[n] = '\0';
	return n;
}

static void read_line(char *buf, size_t size)
{
	size_t n = 0;

	do
		assert_int_equal(read_all(buf + n, 2), 1);
	while (buf[n] != '\n' && ++n < size - 1);
	buf[n] = '\0';
}

static void expect_output(const char *text)
{
	char buf[512];

	read_all(buf, sizeof(buf));
	assert_string_equal(buf, text);
}

static void expect_end(enum err_code code, const char *text)
{
	wait_for_end();
	assert_int_equal(why.code, code);
	assert_string_equal(why.text, text);
}

/* A process that is a zombie of somebody else's has ended, too. */
static bool runs(pid_t pid)
{
	char path[64], line[256], state = 'Z';

	if (kill(pid, 0) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");

	if (!f)
		return access("/proc/self/stat", F_OK) != 0;
	if (fgets(line, sizeof(line), f) && strrchr(line, ')'))
		state = strrchr(line, ')')[2];
	fclose(f);
	return state != 'Z' && state != 'X';
}

static bool ends_soon(pid_t pid)
{
	for (int i = 0; i < LIMIT_MS && runs(pid); i++)
		poll(NULL, 0, 1);
	return !runs(pid);
}

static pid_t read_pid(void)
{
	char line[32];

	read_line(line, sizeof(line));
	return (pid_t)atol(line);
}

/* --- the command --- */

static void expect_command(const char *command, const char *host, const char *expected)
{
	char out[256];

	if (via_expand(command, host, 3501, out, sizeof(out), &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(out, expected);
}

static void host_and_port_are_filled_in(void **state)
{
	(void)state;
	expect_command("ssh -W %h:%p gw", "server.example", "ssh -W server.example:3501 gw");
	expect_command("%p%h", "2001:db8::1", "35012001:db8::1");
	expect_command("date +%%s; %%h", "x", "date +%s; %h");
	expect_command("cat", "x", "cat");
}

static void unknown_sequences_are_refused(void **state)
{
	char *field = NULL;

	(void)state;
	assert_int_equal(via_check("ssh %r@%h", &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.text, "'%r'"));
	assert_int_equal(via_check("ssh %", &e), -1);
	assert_int_equal(via_check("ssh %%%", &e), -1);
	assert_int_equal(via_check("", &e), -1);
	assert_int_equal(via_check(" \t", &e), -1);
	assert_int_equal(via_check("%%%h%p", &e), 0);
	assert_int_equal(via_opt(&field, "ssh %x", &e), -1);
	assert_null(field);
	assert_int_equal(via_opt(&field, "a", &e), 0);
	assert_int_equal(via_opt(&field, "b %h", &e), 0);
	assert_string_equal(field, "b %h");
	free(field);
	assert_null(via_start("ssh %x", &e));
}

static void hostile_hosts_are_quoted(void **state)
{
	(void)state;
	expect_command("nc %h %p", "a b", "nc 'a b' 3501");
	expect_command("nc %h %p", "$(reboot)", "nc '$(reboot)' 3501");
	expect_command("nc %h %p", "';reboot;'", "nc ''\\'';reboot;'\\''' 3501");
	expect_command("nc %h %p", "fe80::1%eth0", "nc 'fe80::1%eth0' 3501");
}

/* Quotes within quotes end them. */
static void hostile_hosts_are_refused_where_quotes_do_not_hold(void **state)
{
	static const char *const commands[] = {
		"nc \"%h\" %p", "nc '%h' %p", "nc `%h`", "nc \\%h", "nc ${x-%h}", "nc # %h",
		"cat <<%h",
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_int_equal(via_expand(commands[i], "$(reboot)", 1, out, sizeof(out), &e), -1);
		assert_int_equal(via_expand(commands[i], "2001:db8::1", 1, out, sizeof(out), &e),
				 0);
	}
	assert_int_equal(via_expand("nc %h", "-oProxyCommand=reboot", 1, out, sizeof(out), &e), -1);
	assert_int_equal(via_expand("nc %h", "a\nreboot", 1, out, sizeof(out), &e), -1);
	assert_int_equal(via_expand("nc %h", "", 1, out, sizeof(out), &e), -1);
}

static void long_commands_are_refused_and_not_cut(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(via_expand("nc %h %p", "aaaaaaa", 3501, out, sizeof(out), &e), 0);
	assert_int_equal(via_expand("nc %h %p", "aaaaaaaa", 3501, out, sizeof(out), &e), -1);
	assert_int_equal(via_expand("nc %h %p", "''''''''", 3501, out, sizeof(out), &e), -1);
}

static void shell_gets_a_hostile_host_as_one_word(void **state)
{
	(void)state;
	begin("printf '<%%s>' x; printf %%s %p");
	run_on("plain");
	expect_output("<x>3501");
	end_all();
	begin("printf %%s, %h %p");
	run_on("';echo oops;' $(echo oops) `echo oops` * \" \\ %p");
	expect_output("';echo oops;' $(echo oops) `echo oops` * \" \\ %p,3501,");
}

static void name_is_the_commands_first_word(void **state)
{
	static const char *const rows[][2] = {
		{ "ssh -W %h:%p gw", "ssh" },
		{ " /usr/bin/socat - x", "socat" },
		{ "SSHPASS=secret sshpass -e ssh", "sshpass" },
		{ "./", "./" },
		{ "a-command-with-a-name-that-is-longer", "a-command-with-a-name-that-is-l" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i][0]);
		assert_string_equal(via_name(via), rows[i][1]);
		end_all();
	}
}

/* --- a helper --- */

static void bytes_go_through_it(void **state)
{
	char buf[8];

	(void)state;
	run("exec cat");
	assert_int_equal(write(stdio, "hello", 5), 5);
	assert_int_equal(read_all(buf, 6), 5);
	assert_string_equal(buf, "hello");
	shutdown(stdio, SHUT_WR);
	expect_end(ERR_NETWORK, "via: exec exited with status 0");
}

static void exit_status_and_last_line_are_told(void **state)
{
	(void)state;
	begin("echo first >&2; echo refused >&2; exit 3");
	run_on("x");
	expect_end(ERR_SYSTEM, "via: echo exited with status 3: refused");
	assert_int_equal(ends, 1);
}

static void last_line_needs_no_newline(void **state)
{
	(void)state;
	begin("printf 'one\\r\\ntwo\\r\\n\\r\\n' >&2; printf 'three\\033[2J' >&2; exit 1");
	run_on("x");
	expect_end(ERR_SYSTEM, "via: printf exited with status 1: three?[2J");
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	begin("printf %%01000d 7 >&2; exit 1");
	run_on("x");
	wait_for_end();
	assert_non_null(strstr(why.text, "status 1: 00000000"));
	assert_in_range(strlen(why.text), 200, 260);
}

static void signal_that_killed_it_is_told(void **state)
{
	(void)state;
	run("kill -9 $$");
	expect_end(ERR_SYSTEM, "via: kill was killed by signal 9");
}

static void command_that_is_missing_is_told(void **state)
{
	(void)state;
	run("/nonexistent/ssh -W %h:%p gw");
	wait_for_end();
	assert_non_null(strstr(why.text, "via: ssh exited with status 127: "));
	assert_non_null(strstr(why.text, "/nonexistent/ssh"));
}

static void host_that_is_refused_is_told(void **state)
{
	(void)state;
	begin("echo \"%h\"");
	run_on("$(id)");
	wait_for_end();
	assert_non_null(strstr(why.text, "via: the host '$(id)' has characters"));
}

static void lines_cannot_steer_a_terminal(void **state)
{
	(void)state;
	run("printf '\\033[1m \\302\\2331m \\377 caf\\303\\251\\n' >&2; exit 1");
	expect_end(ERR_SYSTEM, "via: printf exited with status 1: ?[1m ?1m ? caf\xc3\xa9");
}

static void endless_lines_do_not_hide_the_end(void **state)
{
	(void)state;
	run("yes this line comes again and again, and takes up some room so that there are fewer "
	    "of them in the log of this test, as nobody reads them anyway >&2 & i=0; "
	    "while [ $i -lt 3000 ]; do i=$((i + 1)); done; exit 3");
	wait_for_end();
	assert_non_null(strstr(why.text, "via: yes exited with status 3"));
}

/* It would be one for a file "1:3501". */
static void host_in_brackets_is_no_pattern(void **state)
{
	char folder[] = "/tmp/test_via.XXXXXX", file[64], command[128];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/1:3501", folder);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	snprintf(command, sizeof(command), "cd %s && echo [%%h]:%%p", folder);
	begin(command);
	run_on("127.0.0.1");
	expect_output("[127.0.0.1]:3501\n");
	unlink(file);
	rmdir(folder);
}

/* Far more than the way to us holds, while nobody reads it. */
static void lines_by_the_thousand_block_nothing(void **state)
{
	char buf[8];

	(void)state;
	run("i=0; while [ $i -lt 20000 ]; do echo a line of some length, number $i; "
	    "i=$((i + 1)); done >&2; echo done; exit 4");
	expect_end(ERR_SYSTEM, "via: while exited with status 4: a line of some length, number "
		   "19999");
	assert_int_equal(read_all(buf, sizeof(buf)), 5);
}

static void helpers_are_told_apart(void **state)
{
	(void)state;
	begin("read x; exit $x");
	run_on("x");
	struct via_helper *first = helper;
	int first_stdio = stdio;

	stdio = -1;
	run_on("x");
	assert_int_equal(write(stdio, "5\n", 2), 2);
	expect_end(ERR_SYSTEM, "via: read exited with status 5");
	via_helper_free(helper);
	ends = 0;
	helper = first;
	assert_int_equal(write(first_stdio, "6\n", 2), 2);
	expect_end(ERR_SYSTEM, "via: read exited with status 6");
	close(first_stdio);
}

static void many_come_one_after_the_other(void **state)
{
	(void)state;
	begin("exit 0");
	for (int i = 0; i < 100; i++) {
		ends = 0;
		run_on("x");
		wait_for_end();
		via_helper_free(helper);
		helper = NULL;
	}
}

/* --- what a helper has --- */

static void nothing_that_is_open_here_is_open_there(void **state)
{
	int fds[2], high;

	(void)state;
	if (access("/proc/self/fd", F_OK) != 0)
		skip();
	assert_int_equal(pipe(fds), 0);
	high = fcntl(fds[0], F_DUPFD, 200);
	begin("ls /proc/self/fd | tr '\\n' ' '");
	run_on("x");
	expect_output("0 1 2 3 ");		/* ls has the folder open */
	close(high);
	close(fds[0]);
	close(fds[1]);
}

static void signals_are_as_usual(void **state)
{
	sigset_t some;

	(void)state;
	if (access("/proc/self/status", F_OK) != 0)
		skip();
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, NULL);
	/* From 32 on they are the C library's own, or an emulator's. */
	begin("exec sed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(.\\{8\\}\\)$/\\2/; s/^8/0/; /^.\\{8\\}$/p' "
	      "/proc/self/status");
	run_on("x");
	expect_output("00000000\n00000000\n");
	sigprocmask(SIG_UNBLOCK, &some, NULL);
	signal(SIGUSR2, SIG_DFL);
}

static void it_has_no_privileges_and_gets_none(void **state)
{
	(void)state;
	if (access("/proc/self/status", F_OK) != 0)
		skip();
	begin("exec sed -n 's/^\\(CapPrm\\|CapEff\\|NoNewPrivs\\):\\s*//p' /proc/self/status");
	run_on("x");
#ifdef HAVE_LIBCAP
	expect_output("0000000000000000\n0000000000000000\n1\n");
#endif
}

static void it_is_still_the_user_who_started_the_tool(void **state)
{
	char ids[64];

	(void)state;
	snprintf(ids, sizeof(ids), "%d\n", (int)getuid());
	begin("id -u");
	run_on("x");
	expect_output(ids);
}

static void secrets_of_the_environment_are_not_there(void **state)
{
	(void)state;
	setenv("KISMET_CAP_APIKEY", "secret", 1);
	setenv("KISMET_CAP_PASSWORD", "secret", 1);
	begin("env | grep -c secret");
	run_on("x");
	expect_output("0\n");
	unsetenv("KISMET_CAP_APIKEY");
	unsetenv("KISMET_CAP_PASSWORD");
}

/* --- the end --- */

/* Even one that does not read its input. */
static void freed_helper_ends(void **state)
{
	(void)state;
	begin("echo $$; exec sleep 1000");
	run_on("x");
	pid_t pid = read_pid();

	via_helper_free(helper);
	helper = NULL;
	hang_up();
	assert_true(ends_soon(pid));
	assert_int_equal(ends, 0);
}

static void what_was_written_before_the_end_goes_out(void **state)
{
	char path[] = "/tmp/test_via.XXXXXX", command[128];
	char block[10000] = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(command, sizeof(command), "cat >%s", path);
	begin(command);
	run_on("x");
	for (int i = 0; i < 10; i++)
		assert_int_equal(write(stdio, block, sizeof(block)), sizeof(block));
	end_all();
	assert_int_equal(lseek(fd, 0, SEEK_END), 10 * sizeof(block));
	close(fd);
	unlink(path);
}

static void all_of_a_pipeline_ends(void **state)
{
	pid_t pids[3];

	(void)state;
	begin("(echo $$; exec sleep 1000) | (cat; exec sleep 1000) & echo $!; echo $$; wait");
	run_on("x");
	for (int i = 0; i < 3; i++)
		pids[i] = read_pid();
	end_all();
	for (int i = 0; i < 3; i++)
		assert_true(ends_soon(pids[i]));
}

static void what_a_helper_leaves_behind_ends(void **state)
{
	(void)state;
	begin("sleep 1000 & echo $!");
	run_on("x");
	pid_t pid = read_pid();

	expect_end(ERR_NETWORK, "via: sleep exited with status 0");
	assert_true(ends_soon(pid));
}

static void helper_that_does_not_heed_sigterm_is_killed(void **state)
{
	(void)state;
	begin("trap '' TERM; echo $$; while :; do sleep 1000; done");
	run_on("x");
	pid_t pid = read_pid();

	end_all();
	assert_false(runs(pid));
}

static void stopped_helper_ends_too(void **state)
{
	(void)state;
	begin("echo $$; kill -STOP $$");
	run_on("x");
	pid_t pid = read_pid();

	end_all();
	assert_false(runs(pid));
}

/* Its own session: a terminal's signals do not reach it. */
static void helper_is_in_a_session_of_its_own(void **state)
{
	(void)state;
	begin("echo $$; exec cat");
	run_on("x");
	pid_t pid = read_pid();

	assert_int_equal(getsid(pid), pid);
	assert_int_not_equal(getsid(pid), getsid(0));
}

/* As kill -9 does it: nothing of this side runs any more. */
static void nobody_is_left_when_this_side_is_killed(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();

	if (pid == 0) {
		char command[64];

		snprintf(command, sizeof(command), "echo $$ $PPID; exec sleep 1000");
		begin(command);
		run_on("x");
		char line[64];

		read_line(line, sizeof(line));
		if (write(fds[1], line, strlen(line) + 1) > 0)
			pause();
		_exit(1);
	}
	char line[64];
	int child, spawner;

	assert_true(read(fds[0], line, sizeof(line)) > 0);
	assert_int_equal(sscanf(line, "%d %d", &child, &spawner), 2);
	assert_true(runs(child) && runs(spawner));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(ends_soon(child));
	assert_true(ends_soon(spawner));
	close(fds[0]);
	close(fds[1]);
}

/* --- when its process goes --- */

static void signals_do_not_end_the_process(void **state)
{
	(void)state;
	begin("echo $PPID; read x; exit 9");
	run_on("x");
	pid_t pid = read_pid();

	kill(pid, SIGINT);
	kill(pid, SIGTERM);
	kill(pid, SIGHUP);
	assert_int_equal(write(stdio, "\n", 1), 1);
	expect_end(ERR_SYSTEM, "via: echo exited with status 9");
}

static void its_death_is_told_to_all_and_later_ones(void **state)
{
	(void)state;
	begin("echo $PPID; exec cat");
	run_on("x");
	pid_t pid = read_pid();

	kill(pid, SIGKILL);
	wait_for_end();
	assert_non_null(strstr(why.text, "via: the process that starts echo is gone"));
	assert_int_equal(why.code, ERR_GONE);
	via_helper_free(helper);
	helper = try_helper("x");
	assert_null(helper);
	assert_non_null(strstr(e.text, "is gone"));
	assert_int_equal(e.code, ERR_GONE);
}

static void helper_may_be_freed_before_anything_came_of_it(void **state)
{
	(void)state;
	begin("exec cat");
	for (int i = 0; i < 20; i++) {
		run_on("x");
		via_helper_free(helper);
		helper = NULL;
	}
	via_helper_free(NULL);
	via_end(NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(host_and_port_are_filled_in),
		TEST(unknown_sequences_are_refused),
		TEST(hostile_hosts_are_quoted),
		TEST(hostile_hosts_are_refused_where_quotes_do_not_hold),
		TEST(long_commands_are_refused_and_not_cut),
		TEST(shell_gets_a_hostile_host_as_one_word),
		TEST(name_is_the_commands_first_word),
		TEST(bytes_go_through_it),
		TEST(exit_status_and_last_line_are_told),
		TEST(last_line_needs_no_newline),
		TEST(long_lines_are_cut),
		TEST(signal_that_killed_it_is_told),
		TEST(command_that_is_missing_is_told),
		TEST(host_that_is_refused_is_told),
		TEST(lines_cannot_steer_a_terminal),
		TEST(endless_lines_do_not_hide_the_end),
		TEST(host_in_brackets_is_no_pattern),
		TEST(lines_by_the_thousand_block_nothing),
		TEST(helpers_are_told_apart),
		TEST(many_come_one_after_the_other),
		TEST(nothing_that_is_open_here_is_open_there),
		TEST(signals_are_as_usual),
		TEST(it_has_no_privileges_and_gets_none),
		TEST(it_is_still_the_user_who_started_the_tool),
		TEST(secrets_of_the_environment_are_not_there),
		TEST(freed_helper_ends),
		TEST(what_was_written_before_the_end_goes_out),
		TEST(all_of_a_pipeline_ends),
		TEST(what_a_helper_leaves_behind_ends),
		TEST(helper_that_does_not_heed_sigterm_is_killed),
		TEST(stopped_helper_ends_too),
		TEST(helper_is_in_a_session_of_its_own),
		TEST(nobody_is_left_when_this_side_is_killed),
		TEST(signals_do_not_end_the_process),
		TEST(its_death_is_told_to_all_and_later_ones),
		TEST(helper_may_be_freed_before_anything_came_of_it),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
