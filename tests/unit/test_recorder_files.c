/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a recording: their names, which of them stay, and what a full disk leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/pcapng.h"
#include "capture_common/recorder_files.h"

#define FULL 3000		/* bytes that the disk of some tests takes */

static char folder[64], path[160];
static struct recorder_options options;
static struct recorder_files *files;
static struct recorder_outcome out;
static struct err e;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_recorder_files.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.pcapng", folder);
	options = (struct recorder_options){ .path = path };
	out = (struct recorder_outcome){ .packets = 0 };
	files = NULL;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/* Calls fn, if any, for each file; returns how many there are. */
static unsigned each_file(void (*fn)(const char *name))
{
	DIR *dir = opendir(folder);
	unsigned n = 0;

	assert_non_null(dir);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		char name[400];

		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", folder, d->d_name);
		if (fn)
			fn(name);
		n++;
	}
	closedir(dir);
	return n;
}

static void remove_file(const char *name)
{
	unlink(name);
}

static int teardown(void **state)
{
	(void)state;
	recorder_files_free(files);
	each_file(remove_file);
	rmdir(folder);
	return 0;
}

static void open_files(const char *tag)
{
	files = recorder_files_new(&options, tag, &e);
	if (!files)
		fail_msg("%s", e.text);
}

/* n packet blocks of 100 bytes each. */
static void write_packets(unsigned n, uint32_t interface)
{
	static uint8_t blocks[64 << 10];
	uint8_t data[68] = { 0 };
	struct pcapng_packet p = { .interface = interface, .data = data, .len = sizeof(data) };
	size_t len = 0;

	while (n-- > 0)
		len += pcapng_put_packet(&p, blocks + len, sizeof(blocks) - len);
	recorder_files_write(files, blocks, len, &out);
}

static off_t size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

static void fill_disk_at(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* --- names --- */

static void one_file_is_called_as_asked(void **state)
{
	FILE *old = fopen(path, "w");

	(void)state;
	fputs("what was there before", old);
	fclose(old);
	open_files(NULL);
	assert_string_equal(recorder_files_name(files), path);
	assert_int_equal(size_of(path), 21);	/* until there is something better */
	write_packets(3, 0);
	recorder_files_end(files, &out);
	write_packets(2, 0);
	assert_int_equal(size_of(path), 500);
	assert_int_equal(out.packets, 5);
	assert_int_equal(out.bytes, 500);
	assert_int_equal(each_file(NULL), 1);
}

static void rotated_files_are_numbered(void **state)
{
	char pattern[200];

	(void)state;
	options.max_packets = 1;
	open_files(NULL);
	for (int i = 1; i <= 3; i++) {
		snprintf(pattern, sizeof(pattern), "%s/trace_%05d_20????????????.pcapng", folder,
			 i);
		write_packets(1, 0);
		assert_int_equal(fnmatch(pattern, recorder_files_name(files), 0), 0);
		recorder_files_end(files, &out);
	}
	assert_int_equal(each_file(NULL), 3);
	assert_int_equal(out.files, 2);		/* the first one was opened before */
}

static void each_source_has_a_name_of_its_own(void **state)
{
	char expected[200];

	(void)state;
	open_files("../roof #2");
	snprintf(expected, sizeof(expected), "%s/trace-_._roof__2.pcapng", folder);
	assert_string_equal(recorder_files_name(files), expected);
	assert_int_equal(size_of(expected), 0);
}

static void names_that_come_to_the_same_are_found(void **state)
{
	(void)state;
	assert_true(recorder_same_file_tag("roof #2", "Roof__2"));
	assert_false(recorder_same_file_tag("roof", "roof-2"));
	assert_false(recorder_same_file_tag("", "roof"));
}

static void name_without_a_dot_stays_whole(void **state)
{
	char expected[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/trace", folder);
	open_files("wlan0");
	snprintf(expected, sizeof(expected), "%s/trace-wlan0", folder);
	assert_string_equal(recorder_files_name(files), expected);
}

static void file_that_cannot_be_is_refused_at_once(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/missing/trace.pcapng", folder);
	assert_null(recorder_files_new(&options, NULL, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "--write: "));
	assert_non_null(strstr(e.text, "missing/trace.pcapng: "));
}

static void pipe_that_nobody_reads_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(recorder_files_new(&options, NULL, &e));
	assert_non_null(strstr(e.text, "nobody reads this pipe"));
}

static void standard_output_is_one_file_of_one_source(void **state)
{
	char dash[] = "-";

	(void)state;
	options.path = dash;
	options.max_bytes = 1000;
	assert_int_equal(recorder_check(&options, 1, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	options.max_bytes = 0;
	assert_int_equal(recorder_check(&options, 2, &e), -1);
	assert_null(recorder_files_new(&options, "wlan0", &e));
	assert_int_equal(e.code, ERR_USAGE);
	options.path = path;
	assert_int_equal(recorder_check(&options, 2, &e), 0);
	options.keep_files = 3;			/* of one? */
	assert_int_equal(recorder_check(&options, 1, &e), -1);
	options.path = NULL;
	assert_int_equal(recorder_check(&options, 1, &e), 0);
}

/* --- which stay --- */

static void make_file(const char *name)
{
	char whole[200];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s/%s", folder, name);
	f = fopen(whole, "w");
	assert_non_null(f);
	fclose(f);
}

static void oldest_go_and_numbers_go_on(void **state)
{
	(void)state;
	make_file("trace_00007_20200101000000.pcapng");
	make_file("trace_00002_20300101000000.pcapng");
	make_file("trace_00009_20200101000000.pcap");	/* these are others' */
	make_file("trace_0001_20200101000000.pcapng");
	make_file("other_00009_20200101000000.pcapng");
	options.max_packets = 1;
	options.keep_files = 2;
	open_files(NULL);
	for (int i = 0; i < 5; i++) {
		write_packets(1, 0);
		recorder_files_end(files, &out);
	}
	assert_int_equal(each_file(NULL), 2 + 3);
	assert_non_null(strstr(recorder_files_name(files), "/trace_00012_"));
	assert_int_equal(size_of(recorder_files_name(files)), 100);
	assert_int_equal(out.removed_files, 2 + 3);
}

/* --- the disk refuses --- */

static void full_disk_leaves_whole_blocks(void **state)
{
	(void)state;
	open_files(NULL);
	fill_disk_at(FULL - 50);
	write_packets(40, 0);
	write_packets(1, 3);
	recorder_files_end(files, &out);
	fill_disk_at(RLIM_INFINITY);
	assert_int_equal(size_of(path), FULL - 100);
	assert_int_equal(out.packets, FULL / 100 - 1);
	assert_int_equal(out.bytes, FULL - 100);
	assert_int_equal(out.dropped[0], 40 - (FULL / 100 - 1));
	assert_int_equal(out.dropped[3], 1);
	assert_true(out.problem != 0);
	out.problem = 0;
	write_packets(1, 0);			/* not before it is told to */
	assert_int_equal(size_of(path), FULL - 100);
	recorder_files_retry(files);
	write_packets(2, 0);
	assert_int_equal(out.problem, 0);
	assert_int_equal(size_of(path), FULL + 100);
	assert_int_equal(each_file(NULL), 1);
}

static void full_disk_leaves_the_last_file_to_go_on_with(void **state)
{
	char first[200];

	(void)state;
	options.max_packets = 1000;
	options.keep_files = 10;
	open_files(NULL);
	snprintf(first, sizeof(first), "%s", recorder_files_name(files));
	fill_disk_at(FULL - 50);
	write_packets(40, 0);
	fill_disk_at(0);
	for (int i = 0; i < 3; i++) {		/* these leave no empty files */
		recorder_files_retry(files);
		write_packets(1, 0);
		assert_int_equal(each_file(NULL), 1);
	}
	fill_disk_at(RLIM_INFINITY);
	recorder_files_retry(files);
	write_packets(2, 0);
	assert_int_equal(each_file(NULL), 1);
	assert_int_equal(size_of(first), FULL + 100);
	assert_string_equal(recorder_files_name(files), first);
	assert_int_equal(out.kept_packets, FULL / 100 - 1);
	assert_int_equal(out.kept_bytes, FULL - 100);
}

static void full_disk_costs_one_old_file_at_most(void **state)
{
	(void)state;
	options.max_packets = 1;
	options.keep_files = 3;
	open_files(NULL);
	for (int i = 0; i < 5; i++) {
		write_packets(1, 0);
		recorder_files_end(files, &out);
	}
	assert_int_equal(each_file(NULL), 3);
	fill_disk_at(0);
	for (int i = 0; i < 10; i++) {
		recorder_files_retry(files);
		write_packets(1, 0);
	}
	fill_disk_at(RLIM_INFINITY);
	assert_int_equal(each_file(NULL), 2);
	recorder_files_retry(files);
	write_packets(1, 0);
	assert_int_equal(each_file(NULL), 3);
}

static void what_a_source_reads_is_not_replaced(void **state)
{
	char definition[200], other[] = "/dev/null:name=other";
	char *items[] = { other, definition };
	struct strlist sources = { .items = items, .n = 2 };

	(void)state;
	make_file("trace.pcapng");
	snprintf(definition, sizeof(definition), "%s/./trace.pcapng:name=x", folder);
	options.sources = &sources;
	assert_null(recorder_files_new(&options, NULL, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(each_file(NULL), 1);
	sources.n = 1;
	open_files(NULL);
}

static void without_a_source_there_is_no_file(void **state)
{
	(void)state;
	open_files(NULL);
	recorder_files_free(files);
	assert_int_equal(each_file(NULL), 0);
	options.max_packets = 1;
	open_files(NULL);
	recorder_files_free(files);
	files = NULL;
	assert_int_equal(each_file(NULL), 0);
}

static void standard_output_outlives_its_descriptor(void **state)
{
	char dash[] = "-";
	int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	options.path = dash;
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	files = recorder_files_new(&options, NULL, &e);
	dup2(saved, STDOUT_FILENO);		/* as the background has it */
	close(saved);
	assert_non_null(files);
	write_packets(2, 0);
	assert_int_equal(size_of(path), 200);
}

/* --- pipes --- */

static void closed_pipe_is_told(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);

	open_files(NULL);
	write_packets(100, 0);
	assert_int_equal(out.packets, 100);
	close(reader);
	write_packets(1, 0);
	assert_int_equal(out.problem, EPIPE);
	assert_int_equal(out.packets, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_file_is_called_as_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(rotated_files_are_numbered, setup, teardown),
		cmocka_unit_test_setup_teardown(each_source_has_a_name_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_come_to_the_same_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(name_without_a_dot_stays_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(file_that_cannot_be_is_refused_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pipe_that_nobody_reads_is_refused_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(standard_output_is_one_file_of_one_source, setup,
						teardown),
		cmocka_unit_test_setup_teardown(oldest_go_and_numbers_go_on, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_leaves_whole_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_leaves_the_last_file_to_go_on_with,
						setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_costs_one_old_file_at_most, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_a_source_reads_is_not_replaced, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_a_source_there_is_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(standard_output_outlives_its_descriptor, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closed_pipe_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
