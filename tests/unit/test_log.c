/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's own log: what reaches standard error and syslog, and in which pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

/* The module itself, with a syslog of ours. */
static char sent_ident[64], sent_text[2048];
static int sent_priority, opened;

static void fake_openlog(const char *ident, int option, int facility)
{
	(void)option;
	(void)facility;
	snprintf(sent_ident, sizeof(sent_ident), "%s", ident);
	opened++;
}

static void __attribute__((format(printf, 2, 3)))
fake_syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sent_text, sizeof(sent_text), fmt, ap);
	va_end(ap);
	sent_priority = priority;
}

#undef openlog
#undef syslog
#define openlog fake_openlog
#define syslog fake_syslog
#include "capture_common/log.c"

static char got[8192];		/* what was written to standard error */

static int setup(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	to_syslog = false;
	log_set_tag(NULL);
	log_init("prog", LOG_LEVEL_INFO);
	got[0] = '\0';
	return 0;
}

/* Runs fn with standard error going to fd. */
static void with_stderr(int fd, void (*fn)(void))
{
	int saved = dup(2);

	dup2(fd, 2);
	fn();
	dup2(saved, 2);
	close(saved);
}

static void read_all(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
}

/* What fn writes to standard error, in got. */
static void capture(void (*fn)(void))
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	with_stderr(fds[1], fn);
	close(fds[1]);
	read_all(fds[0]);
	close(fds[0]);
}

static void say_hello(void)
{
	log_info("hello %d", 5);
}

static void line_has_the_programs_name(void **state)
{
	(void)state;
	capture(say_hello);
	assert_string_equal(got, "prog: hello 5\n");
}

static void line_has_the_tag(void **state)
{
	char tag_text[] = "roof";

	(void)state;
	log_set_tag(tag_text);
	tag_text[0] = 'X';		/* it was copied */
	capture(say_hello);
	assert_string_equal(got, "prog: roof: hello 5\n");
	log_set_tag(NULL);
	capture(say_hello);
	assert_string_equal(got, "prog: hello 5\n");
}

static void say_one_of_each(void)
{
	log_error("e");
	log_warn("w");
	log_info("i");
	log_debug("d");
}

static void levels_filter(void **state)
{
	static const char *const expected[] = {
		[LOG_LEVEL_ERROR] = "prog: e\n",
		[LOG_LEVEL_WARN] = "prog: e\nprog: w\n",
		[LOG_LEVEL_INFO] = "prog: e\nprog: w\nprog: i\n",
		[LOG_LEVEL_DEBUG] = "prog: e\nprog: w\nprog: i\nprog: d\n",
	};
	int level;

	(void)state;
	for (level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		log_set_level((enum log_level)level);
		capture(say_one_of_each);
		assert_string_equal(got, expected[level]);
		assert_true(log_enabled(LOG_LEVEL_ERROR));
		assert_int_equal(log_enabled(LOG_LEVEL_DEBUG), level == LOG_LEVEL_DEBUG);
	}
}

static void level_names_are_read(void **state)
{
	enum log_level level = LOG_LEVEL_ERROR;

	(void)state;
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse("warn", &level), 0);
	assert_int_equal(level, LOG_LEVEL_WARN);
	assert_int_equal(log_level_parse("error", &level), 0);
	assert_int_equal(log_level_parse("info", &level), 0);
	assert_int_equal(log_level_parse("", &level), -1);
	assert_int_equal(log_level_parse("INFO", &level), -1);
	assert_int_equal(log_level_parse("infos", &level), -1);
	assert_int_equal(level, LOG_LEVEL_INFO);
}

static void say_hostile(void)
{
	log_info("name %s", "a\nprog: forged\r\t\x1b[31m\x7f\xc3\xa9\xc2\x9b" "1m\xff");
}

static void peers_cannot_break_the_line(void **state)
{
	(void)state;
	capture(say_hostile);
	assert_string_equal(got, "prog: name a?prog: forged???[31m?\xc3\xa9?1m?\n");
}

static char long_text[3000];

static void say_long(void)
{
	log_info("%s", long_text);
}

static void long_line_is_cut_at_1_kib(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	capture(say_long);
	assert_int_equal(strlen(got), 1024);
	assert_string_equal(got + 1020, "...\n");
}

static void longest_whole_line_is_not_cut(void **state)
{
	const size_t fits = 1023 - strlen("prog: ");

	(void)state;
	memset(long_text, 'x', fits);
	long_text[fits] = '\0';
	capture(say_long);
	assert_int_equal(strlen(got), 1024);
	assert_string_equal(got + 1020, "xxx\n");
}

static void say_with_errno(void)
{
	errno = ENODEV;
	log_info("x");
}

static void errno_survives(void **state)
{
	int null = open("/dev/null", O_RDONLY);

	(void)state;
	with_stderr(null, say_with_errno);	/* where every write fails */
	assert_int_equal(errno, ENODEV);
	close(null);
}

/* --- one write a line --- */

#define THREADS 4
#define LINES 200

static void *chatter(void *arg)
{
	int i;

	for (i = 0; i < LINES; i++)
		log_info("thread %d line %d", *(int *)arg, i);
	return NULL;
}

/* A datagram socket shows each write by itself. Read by another thread, since it holds few.
 * Returns how many whole lines there were, or -1 when there was anything else. */
static void *count_lines(void *arg)
{
	int fd = *(int *)arg, thread, line, n_good = 0, n_bad = 0;
	char text[2048], expected[128];
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[n] = '\0';
		if (strcmp(text, "end") == 0)
			break;
		thread = line = -1;
		sscanf(text, "prog: thread %d line %d", &thread, &line);
		snprintf(expected, sizeof(expected), "prog: thread %d line %d\n", thread, line);
		if (strcmp(text, expected) == 0)
			n_good++;
		else
			n_bad++;
	}
	return (void *)(intptr_t)(n_bad ? -1 : n_good);
}

static void chatter_from_all_threads(void)
{
	pthread_t threads[THREADS];
	int numbers[THREADS], i;

	for (i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, chatter, &numbers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void threads_never_mix_their_lines(void **state)
{
	pthread_t reader;
	void *n_good;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_int_equal(pthread_create(&reader, NULL, count_lines, &fds[0]), 0);
	with_stderr(fds[1], chatter_from_all_threads);
	assert_int_equal(send(fds[1], "end", 3, 0), 3);
	pthread_join(reader, &n_good);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal((intptr_t)n_good, THREADS * LINES);
}

/* --- closed descriptors --- */

/* In a process without standard descriptors: opens a file and logs. Returns its exit status. */
static int log_without_stderr(const char *path)
{
	struct stat st;
	int fd;

	close(0);
	close(1);
	close(2);
	log_init("prog", LOG_LEVEL_DEBUG);
	fd = open(path, O_RDWR);
	if (fd <= 2)
		return 1;
	log_error("this must not end up in the file");
	if (fstat(fd, &st) < 0 || st.st_size != 0)
		return 2;
	if (write(1, "x", 1) != -1 || errno != EBADF)	/* output that nobody gets still fails */
		return 3;
	return 0;
}

static void closed_stderr_does_not_hit_other_files(void **state)
{
	char path[] = "/tmp/test_log.XXXXXX";
	int fd = mkstemp(path), status;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(log_without_stderr(path));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- supervisors --- */

static void init_and_say_one_of_each(void)
{
	char stream[64];
	struct stat st;

	fstat(2, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("prog", LOG_LEVEL_DEBUG);
	say_one_of_each();
}

static void journal_gets_priorities(void **state)
{
	(void)state;
	capture(init_and_say_one_of_each);
	assert_string_equal(got, "<3>prog: e\n<4>prog: w\n<6>prog: i\n<7>prog: d\n");
}

static void init_and_say_hello(void)
{
	log_init("prog", LOG_LEVEL_INFO);
	say_hello();
}

/* The right device, another stream of it. */
static void init_with_a_neighbour_and_say_hello(void)
{
	char stream[64];
	struct stat st;

	fstat(2, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	init_and_say_hello();
}

static void inherited_journal_variable_is_not_believed(void **state)
{
	static const char *const others[] = { "1:2", "x", "", "18446744073709551615:1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		setenv("JOURNAL_STREAM", others[i], 1);
		capture(init_and_say_hello);
		assert_string_equal(got, "prog: hello 5\n");
	}
	capture(init_with_a_neighbour_and_say_hello);
	assert_string_equal(got, "prog: hello 5\n");
}

static void log_to_syslog_and_say(void)
{
	log_to_syslog();
	log_to_syslog();
	log_warn("over %s", "there\n");
}

static void syslog_gets_it_instead(void **state)
{
	(void)state;
	log_set_tag("roof");
	capture(log_to_syslog_and_say);
	assert_string_equal(got, "");
	assert_int_equal(opened, 1);
	assert_string_equal(sent_ident, "prog");
	assert_string_equal(sent_text, "roof: over there?");
	assert_int_equal(sent_priority, LOG_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(line_has_the_programs_name, setup),
		cmocka_unit_test_setup(line_has_the_tag, setup),
		cmocka_unit_test_setup(levels_filter, setup),
		cmocka_unit_test_setup(level_names_are_read, setup),
		cmocka_unit_test_setup(peers_cannot_break_the_line, setup),
		cmocka_unit_test_setup(long_line_is_cut_at_1_kib, setup),
		cmocka_unit_test_setup(longest_whole_line_is_not_cut, setup),
		cmocka_unit_test_setup(errno_survives, setup),
		cmocka_unit_test_setup(threads_never_mix_their_lines, setup),
		cmocka_unit_test_setup(closed_stderr_does_not_hit_other_files, setup),
		cmocka_unit_test_setup(journal_gets_priorities, setup),
		cmocka_unit_test_setup(inherited_journal_variable_is_not_believed, setup),
		cmocka_unit_test_setup(syslog_gets_it_instead, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
