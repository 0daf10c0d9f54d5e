/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pid file: one holder at a time, and nobody else's file is touched. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The module itself, with a flock() before which something may happen. */
static void (*before_flock)(void);

static int watched_flock(int fd, int operation)
{
	void (*fn)(void) = before_flock;

	before_flock = NULL;
	if (fn)
		fn();
	return flock(fd, operation);
}

#define flock watched_flock
#include "capture_common/pidfile.c"

static char folder[64], path[128];
static struct err e;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_pidfile.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/x.pid", folder);
	memset(&e, 0, sizeof(e));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pidfile_remove();
	unlink(path);
	return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static const char *file_text(const char *name)
{
	static char text[256];
	FILE *f = fopen(name, "r");
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void assert_mine(void)
{
	char expected[32];

	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	assert_string_equal(file_text(path), expected);
}

/* The error's text, with the path in the place of %s. */
static void assert_refused(enum err_code code, const char *fmt)
{
	char expected[512];
	const char *mark = strstr(fmt, "PATH");

	assert_int_equal(pidfile_create(path, &e), -1);
	assert_int_equal(e.code, code);
	snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(mark - fmt), fmt, path, mark + 4);
	assert_string_equal(e.text, expected);
}

static void pid_is_written_and_removed(void **state)
{
	(void)state;
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
	pidfile_remove();
	assert_null(file_text(path));
	pidfile_remove();
}

static void stale_file_is_replaced(void **state)
{
	(void)state;
	write_file(path, "1999999999\n");		/* longer than what replaces it */
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
}

static void number_of_a_stranger_does_not_matter(void **state)
{
	(void)state;
	write_file(path, "1\n");	/* lives, but is not one of us: numbers are used again */
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
}

static void empty_file_is_taken(void **state)
{
	(void)state;
	write_file(path, "");
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
}

/* --- a living holder --- */

static int go[2];
static pid_t holder;

static void hold_in_another_process(void)
{
	int up[2];
	char byte;

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(go), 0);
	fflush(NULL);
	holder = fork();
	assert_true(holder >= 0);
	if (holder == 0) {
		close(go[1]);
		if (pidfile_create(path, &e) < 0 || write(up[1], "", 1) != 1)
			_exit(1);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(up[1]);
	close(go[0]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
}

static void end_holder(void)
{
	int status;

	close(go[1]);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
}

static void living_holder_is_named(void **state)
{
	char expected[128];

	(void)state;
	hold_in_another_process();
	snprintf(expected, sizeof(expected), "--pidfile PATH: process %ld runs already",
		 (long)holder);
	assert_refused(ERR_BUSY, expected);
	snprintf(expected, sizeof(expected), "%ld\n", (long)holder);
	assert_string_equal(file_text(path), expected);
	end_holder();
}

/* It ended without removing the file, as after a crash. */
static void dead_holder_is_replaced(void **state)
{
	(void)state;
	hold_in_another_process();
	end_holder();
	assert_non_null(file_text(path));
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
}

static void holder_that_has_not_written_yet_still_holds(void **state)
{
	(void)state;
	hold_in_another_process();
	assert_int_equal(truncate(path, 0), 0);
	assert_refused(ERR_BUSY, "--pidfile PATH: another process has just taken it");
	end_holder();
}

static void remove_file(void)
{
	unlink(path);
}

static void replace_file(void)
{
	unlink(path);
	write_file(path, "77\n");
}

/* The one before us ends between our open() and our lock. */
static void file_removed_while_it_is_opened_is_made_again(void **state)
{
	(void)state;
	before_flock = remove_file;
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
	pidfile_remove();
	before_flock = replace_file;
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_mine();
}

/* --- whose file it is --- */

static void forked_child_does_not_remove_it(void **state)
{
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(pidfile_create(path, &e), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		pidfile_remove();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_mine();
}

static void file_put_in_its_place_is_not_removed(void **state)
{
	(void)state;
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_int_equal(unlink(path), 0);
	write_file(path, "somebody else's\n");
	pidfile_remove();
	assert_string_equal(file_text(path), "somebody else's\n");
}

static void second_file_replaces_the_first(void **state)
{
	char first[sizeof(path)];

	(void)state;
	assert_int_equal(pidfile_create(path, &e), 0);
	strcpy(first, path);
	snprintf(path, sizeof(path), "%s/y.pid", folder);
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_null(file_text(first));
	assert_mine();
}

/* --- what is left alone --- */

static void other_content_is_left_alone(void **state)
{
	static const char *const texts[] = {
		"root:x:0:0\n", "12x\n", "12 34\n", "-5\n", " 5\n", "\n",
		"123456789012345678901234567890123456789\n", "99999999999999999999\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(path, texts[i]);
		assert_refused(ERR_USAGE, "--pidfile PATH: holds something else than a process "
			       "number, so it is left alone");
		assert_string_equal(file_text(path), texts[i]);
	}
}

static void symbolic_link_is_not_followed(void **state)
{
	char target[128];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlink(target, path), 0);
	assert_refused(ERR_PERMISSION, "--pidfile PATH: is a symbolic link");
	assert_int_equal(access(target, F_OK), -1);
}

static void pipe_is_no_pid_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(ERR_USAGE, "--pidfile PATH: is not a regular file");
}

static void missing_folder_is_said(void **state)
{
	(void)state;
	assert_int_equal(pidfile_create("/nonexistent/x.pid", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "--pidfile /nonexistent/x.pid: "));
}

static void descriptor_is_not_inherited_by_programs(void **state)
{
	int fd, flags, found = 0;
	struct stat a, b;

	(void)state;
	assert_int_equal(pidfile_create(path, &e), 0);
	assert_int_equal(stat(path, &a), 0);
	for (fd = 0; fd < 64; fd++) {
		if (fstat(fd, &b) < 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
			continue;
		flags = fcntl(fd, F_GETFD);
		assert_true(flags & FD_CLOEXEC);
		found++;
	}
	assert_int_equal(found, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pid_is_written_and_removed),
		TEST(stale_file_is_replaced),
		TEST(number_of_a_stranger_does_not_matter),
		TEST(empty_file_is_taken),
		TEST(living_holder_is_named),
		TEST(dead_holder_is_replaced),
		TEST(holder_that_has_not_written_yet_still_holds),
		TEST(file_removed_while_it_is_opened_is_made_again),
		TEST(forked_child_does_not_remove_it),
		TEST(file_put_in_its_place_is_not_removed),
		TEST(second_file_replaces_the_first),
		TEST(other_content_is_left_alone),
		TEST(symbolic_link_is_not_followed),
		TEST(pipe_is_no_pid_file),
		TEST(missing_folder_is_said),
		TEST(descriptor_is_not_inherited_by_programs),
	};

	alarm(60);	/* a lost wake-up must not hang the build */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
