/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spool when things go wrong: crashes, damaged files, disks that refuse. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#ifdef __linux__
#include <sched.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mount.h>
#endif
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/spool_int.h"
#include "tests/lib/spool_rig.h"
#include "tests/lib/temp_folder.h"

static uint64_t sum(const uint64_t counts[RECORD_CLASSES])
{
	return counts[0] + counts[1] + counts[2] + counts[3];
}

/* --- files --- */

struct file {
	char path[300];
	uint8_t bytes[SPOOL_SEGMENT_BYTES];
	size_t len;
};

static void file_read(struct file *f)
{
	int fd = open(f->path, O_RDONLY);

	assert_true(fd >= 0);
	f->len = (size_t)read(fd, f->bytes, sizeof(f->bytes));
	close(fd);
}

static void file_write(const struct file *f, size_t len)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f->bytes, len), len);
	close(fd);
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* --- crashes --- */

static void flushed_records_survive_a_crash_once_and_in_order(void **state)
{
	struct spool_rig *g = *state;
	struct spool_leftover left;

	spool_rig_open(g);
	assert_false(spool_leftover(g->spool, &left));
	spool_rig_append_n(g, 5000);
	spool_flush(g->spool);
	spool_rig_settle(g);
	spool_rig_append_n(g, 10);	/* in memory only */
	spool_rig_crash(g);
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 5000);
	assert_true(spool_leftover(g->spool, &left));
	assert_true(left.instance == SPOOL_RIG_INSTANCE);
	assert_int_equal(left.first_number, 1);
	assert_int_equal(left.last_number, 5000);
	g->next_number = 5001;
	spool_rig_append_n(g, 100);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 5101);
}

/* Until they are released they come again, under the same numbers. */
static void taken_but_not_released_come_again(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 8000);
	spool_flush(g->spool);
	spool_rig_take_all(g);
	spool_release(g->spool, 4000);
	spool_rig_settle(g);
	spool_rig_crash(g);
	spool_rig_open(g);
	struct spool_stats s = spool_rig_stats(g);

	/* A segment stays as a whole. */
	assert_in_range(s.recovered, 4000, 7000);
	g->expected = 8001 - (uint32_t)s.recovered;
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 8001);
}

static void killed_process_leaves_all_that_was_flushed(void **state)
{
	struct spool_rig *g = *state;
	int status, fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		spool_rig_open(g);
		spool_rig_append_n(g, 3000);
		spool_flush(g->spool);
		spool_rig_settle(g);
		if (write(fds[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 3000);
	g->next_number = 3001;
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 3001);
}

static void close_writes_what_is_in_memory(void **state)
{
	struct spool_rig *g = *state;

	for (int run = 0; run < 5; run++) {
		spool_rig_open(g);
		assert_int_equal(spool_rig_stats(g).recovered, g->next_number - 1);
		spool_rig_append_n(g, 400);
		spool_rig_close(g);
	}
	spool_rig_open(g);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 2001);
}

/* A power cut would bring it back otherwise. */
static void removed_segment_is_synced(void **state)
{
	struct spool_disk d = { .dir_fd = -1, .lock_fd = -1, .fd = -1 };
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 10);
	spool_rig_close(g);
	d.path = g->folder;
	assert_int_equal(spool_folder_open(&d, &g->e), 0);
	assert_int_equal(spool_disk_remove(&d, 7), 0);
	assert_false(d.dir_unsynced);		/* there was none */
	assert_int_equal(spool_disk_remove(&d, 1), 0);
	assert_true(d.dir_unsynced);
	assert_int_equal(spool_disk_sync(&d), 0);
	assert_false(d.dir_unsynced);
	spool_disk_close(&d);
}

/* --- damaged files --- */

/* One segment of so many records that nothing has closed. */
static void one_torn_segment(struct spool_rig *g, struct file *f, unsigned n)
{
	spool_rig_open(g);
	spool_rig_append_n(g, n);
	spool_flush(g->spool);
	spool_rig_settle(g);
	spool_rig_crash(g);
	spool_rig_segment(g, 0, f->path, sizeof(f->path));
	file_read(f);
}

static void expect_recovered(struct spool_rig *g, unsigned n)
{
	g->expected = 1;
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, n);
	spool_rig_take_all(g);
	assert_int_equal(sum(spool_rig_stats(g).failed), 0);
	assert_int_equal(g->expected, n + 1);
	spool_rig_close(g);
}

static void tail_torn_at_any_byte_costs_the_last_record_only(void **state)
{
	struct spool_rig *g = *state;
	static struct file nine, ten;

	one_torn_segment(g, &nine, 9);
	unlink(nine.path);
	g->next_number = 1;
	one_torn_segment(g, &ten, 10);
	assert_true(ten.len > nine.len);
	assert_memory_equal(nine.bytes, ten.bytes, nine.len);
	for (size_t len = nine.len; len < ten.len; len++) {
		file_write(&ten, len);
		expect_recovered(g, 9);
	}
	file_write(&ten, ten.len);
	expect_recovered(g, 10);
}

static void zeros_at_the_tail_are_ignored(void **state)
{
	struct spool_rig *g = *state;
	static struct file f;

	one_torn_segment(g, &f, 20);
	memset(f.bytes + f.len, 0, 4096);
	file_write(&f, f.len + 4096);
	expect_recovered(g, 20);
}

static void header_without_records_is_tidied_up(void **state)
{
	struct spool_rig *g = *state;
	static struct file f;

	one_torn_segment(g, &f, 1);
	file_write(&f, 0);
	expect_recovered(g, 0);
	assert_false(exists(f.path));
	file_write(&f, 130);		/* the header, and the beginning of a record */
	expect_recovered(g, 0);
	assert_false(exists(f.path));
}

/* What a power cut leaves of a segment that was just begun would take its room for ever. */
static void header_that_was_not_written_is_tidied_up(void **state)
{
	struct spool_rig *g = *state;
	static struct file f;
	static const size_t parts[] = { 1, 8, 127, 150 };

	g->cfg.gps = &(struct msg_gps){ .fix = 2, .name = text_of("a name of some length") };
	one_torn_segment(g, &f, 10);
	for (size_t i = 0; i < 4; i++) {
		file_write(&f, parts[i]);
		expect_recovered(g, 0);
		assert_false(exists(f.path));
	}
	memset(f.bytes, 0, f.len);
	file_write(&f, f.len);
	expect_recovered(g, 0);
	assert_false(exists(f.path));
}

/* What the end has counted, and was not found, is lost: counted, and not waited for. */
static void damage_in_the_middle_is_counted(void **state)
{
	struct spool_rig *g = *state;
	static struct file f;

	spool_rig_open(g);
	spool_rig_append_n(g, 3000);
	spool_rig_close(g);
	spool_rig_segment(g, 0, f.path, sizeof(f.path));
	file_read(&f);
	memset(f.bytes + f.len / 2, 0xa5, 3000);
	file_write(&f, f.len);
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 3000);
	g->may_skip = true;
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 3001);
	struct spool_stats s = spool_rig_stats(g);

	assert_in_range(sum(s.failed), 10, 2900);
	assert_int_equal(g->taken + sum(s.failed), 3000);
	spool_release(g->spool, 3000);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_stats(g).waiting, 0);
	assert_int_equal(spool_rig_stats(g).segments, 0);
}

/* Its numbers are known all the same: those behind it are later. */
static void segment_without_a_whole_record_tells_its_last_number(void **state)
{
	struct spool_rig *g = *state;
	struct spool_leftover left;
	static struct file f;

	g->next_number = 3000000001u;
	for (int run = 0; run < 2; run++) {
		spool_rig_open(g);
		spool_rig_append_n(g, 100);
		spool_rig_close(g);
	}
	spool_rig_segment(g, 0, f.path, sizeof(f.path));
	file_read(&f);
	memset(f.bytes + 128, 0xa5, f.len - 128 - SPOOL_END_BYTES);
	file_write(&f, f.len);
	spool_rig_open(g);
	assert_true(spool_leftover(g->spool, &left));
	assert_true(left.first_number == 3000000100u && left.last_number == 3000000200u);
	g->expected = 3000000101u;
	spool_rig_take_all(g);
	assert_int_equal(sum(spool_rig_stats(g).failed), 100);
}

static void one_flipped_bit_costs_one_record(void **state)
{
	struct spool_rig *g = *state;
	static struct file f;

	spool_rig_open(g);
	spool_rig_append_n(g, 100);
	spool_rig_close(g);
	spool_rig_segment(g, 0, f.path, sizeof(f.path));
	file_read(&f);
	f.bytes[128 + 16 + 3] ^= 1;	/* in the first record, behind its length */
	file_write(&f, f.len);
	spool_rig_open(g);
	g->expected = 2;
	spool_rig_take_all(g);
	assert_int_equal(sum(spool_rig_stats(g).failed), 1);
	assert_int_equal(g->expected, 101);
}

static void segment_that_is_gone_is_counted(void **state)
{
	struct spool_rig *g = *state;
	char path[300];

	spool_rig_open(g);
	spool_rig_append_n(g, 10000);
	spool_flush(g->spool);
	spool_rig_settle(g);
	spool_rig_segment(g, 1, path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	g->may_skip = true;
	spool_rig_take_all(g);
	struct spool_stats s = spool_rig_stats(g);

	assert_true(sum(s.failed) > 100);
	assert_int_equal(g->taken + sum(s.failed), 10000);
	assert_int_equal(g->expected, 10001);
}

static void other_files_stay_alone(void **state)
{
	static const char *const names[] = { "0000000001.spool", "5.spool", "notes.txt" };
	struct spool_rig *g = *state;
	static struct file f;

	memset(f.bytes, 'x', 500);
	for (int i = 0; i < 3; i++) {
		snprintf(f.path, sizeof(f.path), "%s/%s", g->folder, names[i]);
		file_write(&f, 500);
	}
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 0);
	spool_rig_append_n(g, 1000);
	spool_flush(g->spool);
	spool_rig_take_all(g);
	spool_release(g->spool, 1000);
	spool_rig_settle(g);
	assert_int_equal(spool_rig_disk_bytes(g), 1500);
	assert_int_equal(spool_rig_stats(g).bytes, 500);	/* it has the name of one */
}

static void another_source_is_an_error(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 10);
	spool_rig_close(g);
	g->cfg.uuid = "5FE308BD-0000-0000-0000-00C0CA999999";
	assert_null(spool_open(&g->cfg, &g->e));
	assert_int_equal(g->e.code, ERR_DATA);
	assert_non_null(strstr(g->e.text, SPOOL_RIG_UUID));
}

static void smaller_size_gives_up_the_oldest(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 20000);
	spool_rig_close(g);
	g->cfg.max_bytes = SPOOL_MIN_BYTES;
	spool_rig_open(g);
	spool_rig_settle(g);
	assert_true(spool_rig_disk_bytes(g) <= SPOOL_MIN_BYTES);
	struct spool_stats s = spool_rig_stats(g);

	assert_int_equal(s.recovered, 20000);
	g->expected = (uint32_t)sum(s.full) + 1;
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 20001);
}

/* --- a disk that refuses --- */

static void refused_records_stay_in_memory_and_go_later(void **state)
{
	struct spool_rig *g = *state;
	unsigned n = 0;

	spool_rig_open(g);
	spool_rig_append_n(g, 50);
	temp_folder_limit_files(1000);
	spool_rig_pass(g, 2000);
	assert_true(spool_rig_stats(g).broken);
	assert_non_null(strstr(spool_problem(g->spool), g->folder));
	while (n < 100000 && spool_rig_append(g))
		n++;
	assert_in_range(n, 500, 3000);
	spool_rig_pass(g, 6000);
	assert_true(spool_rig_stats(g).broken);
	assert_false(spool_rig_append(g));
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	spool_rig_pass(g, 5100);
	assert_false(spool_rig_stats(g).broken);
	assert_string_equal(spool_problem(g->spool), "");
	spool_rig_append_n(g, 1000);
	spool_flush(g->spool);
	spool_rig_settle(g);
	spool_rig_crash(g);
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, g->next_number - 1);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, g->next_number);
}

/* Behind what was whole before, a part of the next records has reached the disk. */
static void half_written_records_do_not_come_twice(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 50);
	spool_flush(g->spool);
	spool_rig_settle(g);
	temp_folder_limit_files(spool_rig_disk_bytes(g) + 2000);
	spool_rig_append_n(g, 50);
	spool_flush(g->spool);
	spool_rig_settle(g);
	assert_true(spool_rig_stats(g).broken);
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	spool_rig_pass(g, 5100);
	assert_false(spool_rig_stats(g).broken);
	spool_rig_crash(g);
	spool_rig_open(g);
	assert_int_equal(spool_rig_stats(g).recovered, 100);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 101);
}

static void refused_records_are_lent_from_memory(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 1000);
	spool_flush(g->spool);
	spool_rig_settle(g);
	temp_folder_limit_files(1000);
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 100; k++)
			spool_rig_append(g);
		spool_rig_pass(g, 700);
		for (int k = 0; k < 120; k++)
			spool_rig_take(g);
		spool_rig_stats(g);
	}
	spool_rig_take_all(g);
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	assert_int_equal(g->expected, g->next_number);
	spool_rig_pass(g, 6000);
	assert_false(spool_rig_stats(g).broken);
}

/* Of what is on the disk nothing is left to be read; what is in memory need not get there first. */
static void refused_records_do_not_wait_for_the_next_try(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 3000);
	spool_flush(g->spool);
	spool_rig_settle(g);
	temp_folder_limit_files(1000);
	for (int i = 0; i < 20; i++) {
		uint64_t began_ns = g->clock.now_ns;

		for (int k = 0; k < 2000; k++)
			spool_rig_append(g);
		spool_flush(g->spool);
		spool_rig_take_all(g);
		assert_true(g->clock.now_ns == began_ns);
		assert_true(spool_rig_stats(g).broken);
		assert_int_equal(g->expected, g->next_number);
		spool_release(g->spool, g->expected - 1);
		spool_rig_pass(g, 300);
	}
	temp_folder_limit_files(TEMP_FOLDER_NO_LIMIT);
	spool_rig_pass(g, 6000);
	assert_false(spool_rig_stats(g).broken);
	assert_int_equal(sum(spool_rig_stats(g).failed), 0);
}

/* Opening a pipe that nobody reads takes for ever, as a dead disk does. */
static void disk_that_hangs_does_not_hold_up_the_end(void **state)
{
	struct spool_rig *g = *state;
	char path[300], byte;
	int fd;

	spool_rig_open(g);
	g->spool->patience_ms = 20;
	spool_rig_append_n(g, 100);
	spool_flush(g->spool);
	spool_rig_settle(g);
	snprintf(path, sizeof(path), "%s/notes.new", g->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	spool_shift_times(g->spool, 1, 100, 5000000, SPOOL_RIG_TIME);
	spool_rig_append_n(g, 30);
	assert_false(spool_flush_now(g->spool));
	assert_true(spool_rig_stats(g).broken);
	assert_non_null(strstr(spool_problem(g->spool), "does not answer"));
	assert_int_equal(spool_rig_stats(g).unwritten, 30);
	assert_int_equal(spool_close(g->spool), 30);
	g->spool = NULL;
	/* It comes back, and tidies up: what it had open is closed. */
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
	while ((g->spool = spool_open(&g->cfg, &g->e)) == NULL)
		assert_int_equal(g->e.code, ERR_BUSY);
	assert_int_equal(spool_rig_stats(g).recovered, 100);
}

/* As when somebody tidies up: what was in it is counted, what comes goes to a new one. */
static void folder_that_goes_comes_again(void **state)
{
	struct spool_rig *g = *state;

	spool_rig_open(g);
	spool_rig_append_n(g, 2000);
	spool_flush(g->spool);
	spool_rig_settle(g);
	temp_folder_remove(g->folder);
	spool_rig_append_n(g, 100);
	spool_rig_pass(g, SPOOL_FLUSH_MS + 100);
	assert_true(spool_rig_disk_bytes(g) > 0);
	assert_false(spool_rig_stats(g).broken);
	g->may_skip = true;
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 2101);
	struct spool_stats s = spool_rig_stats(g);

	assert_int_equal(g->taken + sum(s.failed), 2100);
	assert_in_range(g->taken, 100, 2100);
	spool_rig_append_n(g, 100);
	spool_rig_crash(g);
}

/* Many at once, so that several chunks are on their way when the first is refused. */
static void folder_that_goes_with_its_parent_comes_again(void **state)
{
	struct spool_rig *g = *state;
	char parent[300], path[310];

	snprintf(parent, sizeof(parent), "%s/sources", g->folder);
	assert_int_equal(mkdir(parent, 0700), 0);
	snprintf(path, sizeof(path), "%s/sources/one", g->folder);
	g->cfg.folder = path;
	spool_rig_open(g);
	for (int i = 0; i < 5; i++) {
		uint32_t before = g->next_number;

		spool_rig_append_n(g, 300);
		spool_flush(g->spool);
		spool_rig_settle(g);
		temp_folder_remove(path);
		temp_folder_remove(parent);
		while (spool_rig_append(g))
			;
		spool_rig_pass(g, SPOOL_FLUSH_MS + 100);
		assert_false(spool_rig_stats(g).broken);
		assert_int_equal(spool_rig_stats(g).unwritten, 0);
		assert_true(exists(path));
		g->may_skip = true;
		spool_rig_take_all(g);
		assert_int_equal(g->expected, g->next_number);
		assert_true(sum(spool_rig_stats(g).failed) <= (uint64_t)(i + 1) * 300);
		assert_true(g->next_number > before + 300);
	}
	spool_release(g->spool, g->expected - 1);
	spool_rig_close(g);
	temp_folder_remove(path);
	temp_folder_remove(parent);
}

/* --- whole disks, in a mount namespace of the test's own --- */

#ifdef __linux__

/* The rig's folder is a disk of a megabyte from now on. */
static void mount_small_disk(const struct spool_rig *g)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", g->folder, "tmpfs", 0, "size=1m,mode=700") < 0) {
		print_message("no file systems can be mounted here\n");
		skip();
	}
}

static void unmount(const struct spool_rig *g)
{
	assert_int_equal(umount2(g->folder, MNT_DETACH), 0);
}

static void full_disk_is_waited_for(void **state)
{
	struct spool_rig *g = *state;

	mount_small_disk(g);
	spool_rig_open(g);
	for (int i = 0; i < 100000 && !spool_rig_stats(g).broken; i++) {
		if (!spool_rig_append(g))
			spool_rig_settle(g);
	}
	assert_true(spool_rig_stats(g).broken);
	assert_non_null(strstr(spool_problem(g->spool), "space"));
	while (spool_rig_append(g))
		;
	spool_rig_pass(g, 20000);
	assert_true(spool_rig_stats(g).broken);
	/* What the server takes makes room. */
	for (int i = 0; i < 3000; i++) {
		if (!spool_rig_take(g))
			spool_rig_settle(g);
	}
	spool_release(g->spool, g->expected - 1);
	spool_rig_pass(g, 5100);
	assert_false(spool_rig_stats(g).broken);
	spool_rig_append_n(g, 100);
	spool_rig_take_all(g);
	struct spool_stats s = spool_rig_stats(g);

	assert_int_equal(sum(s.full) + sum(s.failed), 0);
	assert_int_equal(g->expected, g->next_number);
	spool_rig_close(g);
	unmount(g);
}

static void read_only_disk_lends_what_it_has(void **state)
{
	struct spool_rig *g = *state;
	const unsigned long remount = MS_REMOUNT;

	mount_small_disk(g);
	spool_rig_open(g);
	spool_rig_append_n(g, 1000);
	spool_rig_close(g);
	assert_int_equal(mount("none", g->folder, "tmpfs", remount | MS_RDONLY, "size=1m"), 0);
	spool_rig_open(g);
	assert_int_equal(g->e.code, ERR_SYSTEM);
	assert_non_null(strstr(g->e.text, "ead-only"));
	assert_true(spool_rig_stats(g).broken);
	spool_rig_append_n(g, 100);
	spool_rig_pass(g, 7000);
	assert_true(spool_rig_stats(g).broken);
	spool_rig_take_all(g);
	assert_int_equal(g->expected, 1101);
	spool_release(g->spool, 1100);
	spool_rig_settle(g);
	assert_int_equal(mount("none", g->folder, "tmpfs", remount, "size=1m"), 0);
	spool_rig_pass(g, 5100);
	assert_false(spool_rig_stats(g).broken);
	assert_int_equal(spool_rig_stats(g).waiting, 0);
	assert_int_equal(spool_rig_disk_bytes(g), 0);	/* removed now */
	spool_rig_close(g);
	unmount(g);
}

#else

static void full_disk_is_waited_for(void **state)
{
	(void)state;
	print_message("Linux only\n");
	skip();
}

static void read_only_disk_lends_what_it_has(void **state)
{
	(void)state;
	print_message("Linux only\n");
	skip();
}

#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, spool_rig_setup, spool_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flushed_records_survive_a_crash_once_and_in_order),
		TEST(taken_but_not_released_come_again),
		TEST(killed_process_leaves_all_that_was_flushed),
		TEST(close_writes_what_is_in_memory),
		TEST(tail_torn_at_any_byte_costs_the_last_record_only),
		TEST(zeros_at_the_tail_are_ignored),
		TEST(header_without_records_is_tidied_up),
		TEST(header_that_was_not_written_is_tidied_up),
		TEST(removed_segment_is_synced),
		TEST(damage_in_the_middle_is_counted),
		TEST(segment_without_a_whole_record_tells_its_last_number),
		TEST(one_flipped_bit_costs_one_record),
		TEST(segment_that_is_gone_is_counted),
		TEST(other_files_stay_alone),
		TEST(another_source_is_an_error),
		TEST(smaller_size_gives_up_the_oldest),
		TEST(refused_records_stay_in_memory_and_go_later),
		TEST(half_written_records_do_not_come_twice),
		TEST(refused_records_are_lent_from_memory),
		TEST(refused_records_do_not_wait_for_the_next_try),
		TEST(disk_that_hangs_does_not_hold_up_the_end),
		TEST(folder_that_goes_comes_again),
		TEST(folder_that_goes_with_its_parent_comes_again),
		TEST(full_disk_is_waited_for),
		TEST(read_only_disk_lends_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
