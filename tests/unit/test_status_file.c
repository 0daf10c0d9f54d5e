/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status file: readers see one text or the next, and nobody else's file is touched. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The module itself, with a clock that can be set, and refusals that root gets, too. */
static time_t now_s;
static int refuse_rename, refuse_write, refuse_pwrite;

static int set_clock(clockid_t id, struct timespec *t)
{
	assert_int_equal(id, CLOCK_MONOTONIC);
	*t = (struct timespec){ .tv_sec = now_s };
	return 0;
}

static int refusing_rename(const char *from, const char *to)
{
	if (!refuse_rename)
		return rename(from, to);
	errno = refuse_rename;
	return -1;
}

static ssize_t refusing_write(int fd, const void *data, size_t len)
{
	if (!refuse_write)
		return write(fd, data, len > 3 ? 3 : len);	/* piece by piece */
	errno = refuse_write;
	return -1;
}

static ssize_t refusing_pwrite(int fd, const void *data, size_t len, off_t at)
{
	if (!refuse_pwrite)
		return pwrite(fd, data, len, at);
	errno = refuse_pwrite;
	return -1;
}

#define clock_gettime set_clock
#define rename refusing_rename
#define write refusing_write
#define pwrite refusing_pwrite
#include "capture_common/status_file.c"
#undef rename

static char folder[64], path[128], new_path[140];
static struct status_file *file;
static struct err e;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_status.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/status", folder);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	memset(&e, 0, sizeof(e));
	now_s = 1000;
	refuse_rename = refuse_write = refuse_pwrite = 0;
	file = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	status_file_free(file);
	unlink(path);
	unlink(new_path);
	return rmdir(folder);
}

static void put_file(const char *name, const char *content)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(content, f);
	assert_int_equal(fclose(f), 0);
}

static void expect_file(const char *content)
{
	char got[256];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(got, content);
}

static void put(const char *content)
{
	assert_int_equal(status_file_write(file, content, strlen(content), &e), 0);
}

static void make(void)
{
	file = status_file_new(path, &e);
	assert_non_null(file);
}

static void file_is_there_from_the_beginning_to_the_end(void **state)
{
	(void)state;
	put_file(path, "of the program before");
	make();
	expect_file("");
	put("one\n");
	expect_file("one\n");
	put("two, longer\n");
	expect_file("two, longer\n");
	put("3\n");
	expect_file("3\n");
	assert_int_equal(access(new_path, F_OK), -1);
	status_file_free(file);
	file = NULL;
	assert_int_equal(access(path, F_OK), -1);
}

/* Whoever has opened it goes on reading what it was. */
static void reader_never_sees_half_of_two_texts(void **state)
{
	char got[32] = "";
	int fd;

	(void)state;
	make();
	put("first text\n");
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, got, 5), 5);
	put("2nd\n");
	assert_int_equal(read(fd, got + 5, 20), 6);
	assert_string_equal(got, "first text\n");
	close(fd);
}

static void where_it_may_not_be_replaced_it_is_written_in_place(void **state)
{
	struct stat before, after;

	(void)state;
	make();
	put("a longer text\n");
	assert_int_equal(stat(path, &before), 0);
	refuse_rename = EACCES;
	put("short\n");
	expect_file("short\n\n\n\n\n\n\n\n\n");
	put("a text that is longer\n");
	expect_file("a text that is longer\n");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(access(new_path, F_OK), -1);
	refuse_rename = 0;
	put("short\n");
	expect_file("short\n");
}

static void symbolic_links_are_not_followed(void **state)
{
	char other[140];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	put_file(other, "precious");
	assert_int_equal(symlink("other", path), 0);
	assert_null(status_file_new(path, &e));
	assert_non_null(strstr(e.text, "is a symbolic link"));
	unlink(path);
	make();
	assert_int_equal(symlink("other", new_path), 0);
	put("text\n");
	expect_file("text\n");
	unlink(path);
	assert_int_equal(rename(other, path), 0);
	expect_file("precious");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_null(status_file_new(folder, &e));
	assert_null(status_file_new("/dev/null", &e));
	assert_non_null(strstr(e.text, "/dev/null: is not a regular file"));
	assert_null(status_file_new("/no/such/folder/status", &e));
	assert_non_null(strstr(e.text, "/no/such/folder/status: No such file"));
}

/* As a crash leaves it. */
static void half_written_file_of_an_earlier_run_is_no_hindrance(void **state)
{
	(void)state;
	put_file(new_path, "half");
	make();
	put("text\n");
	expect_file("text\n");
	assert_int_equal(access(new_path, F_OK), -1);
}

static void full_disk_is_told_once_an_hour(void **state)
{
	(void)state;
	make();
	refuse_write = refuse_pwrite = ENOSPC;
	assert_int_equal(status_file_write(file, "x", 1, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, strerror(ENOSPC)));
	for (int i = 0; i < 3599; i++) {
		now_s++;
		assert_int_equal(status_file_write(file, "x", 1, &e), -1);
		assert_int_equal(e.code, ERR_NONE);
		assert_string_equal(e.text, "");
	}
	now_s++;
	assert_int_equal(status_file_write(file, "x", 1, &e), -1);
	assert_non_null(strstr(e.text, strerror(ENOSPC)));
	refuse_write = refuse_pwrite = 0;
	put("works again\n");
	expect_file("works again\n");
}

static void file_that_others_removed_comes_back_where_it_can(void **state)
{
	(void)state;
	make();
	put("text\n");
	unlink(path);
	put("again\n");
	expect_file("again\n");
	refuse_rename = EACCES;
	unlink(path);
	assert_int_equal(status_file_write(file, "x", 1, &e), -1);
	assert_non_null(strstr(e.text, strerror(EACCES)));
}

/* Root may search any folder: here it is renamed, which looks the same from the path. */
static void file_in_a_folder_that_cannot_be_searched_is_emptied(void **state)
{
	char moved[80];

	(void)state;
	make();
	put("text\n");
	snprintf(moved, sizeof(moved), "%s.moved", folder);
	assert_int_equal(rename(folder, moved), 0);
	status_file_free(file);
	file = NULL;
	assert_int_equal(rename(moved, folder), 0);
	expect_file("");
}

static void file_of_somebody_else_is_not_removed(void **state)
{
	(void)state;
	make();
	put("text\n");
	unlink(path);
	put_file(path, "another's");
	status_file_free(file);
	file = NULL;
	expect_file("another's");
	status_file_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(file_is_there_from_the_beginning_to_the_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(reader_never_sees_half_of_two_texts,
						setup, teardown),
		cmocka_unit_test_setup_teardown(where_it_may_not_be_replaced_it_is_written_in_place,
						setup, teardown),
		cmocka_unit_test_setup_teardown(symbolic_links_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(half_written_file_of_an_earlier_run_is_no_hindrance,
						setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_is_told_once_an_hour, setup, teardown),
		cmocka_unit_test_setup_teardown(file_that_others_removed_comes_back_where_it_can,
						setup, teardown),
		cmocka_unit_test_setup_teardown(file_of_somebody_else_is_not_removed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			file_in_a_folder_that_cannot_be_searched_is_emptied, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
