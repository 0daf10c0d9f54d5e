/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file beside a radio: one owner at a time, and nothing is lost when the owner dies. */
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
#include <time.h>
#include <unistd.h>

/* The module itself, with a flock() before which something may happen, and with a /run of ours. */
static char folder[64], run_folder[96];
static void (*before_flock)(void);

/* Time does not pass here; what happens meanwhile is up to the test. */
static unsigned pauses;
static void (*after_pauses)(void);	/* of them, 20 */

static int counted_nanosleep(const struct timespec *t, struct timespec *rest)
{
	(void)rest;
	if (t->tv_sec != 0 || t->tv_nsec != 50 * 1000000L)
		fail_msg("waits for %ld ns", t->tv_nsec);
	if (++pauses == 20 && after_pauses)
		after_pauses();
	return 0;
}

static int watched_flock(int fd, int operation)
{
	void (*fn)(void) = before_flock;

	before_flock = NULL;
	if (fn)
		fn();
	return flock(fd, operation);
}

static const char *moved(const char *path)
{
	return strcmp(path, "/run/kismet_cap_linux_wifi") == 0 ? run_folder : path;
}

static int moved_mkdir(const char *path, mode_t mode)
{
	return mkdir(moved(path), mode);
}

static int moved_lstat(const char *path, struct stat *st)
{
	return lstat(moved(path), st);
}

#define flock watched_flock
#define mkdir moved_mkdir
#define lstat moved_lstat
#define nanosleep counted_nanosleep
#include "capture_linux_wifi/journal.c"
#undef flock
#undef mkdir
#undef lstat
#undef nanosleep

static char path[128];
static struct err e;
static struct undo_step read_steps[UNDO_MAX_STEPS];
static size_t n_read;
static size_t n_left;			/* so many of the last ones could not be undone */
static char boot[40];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_journal.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/phy0", folder);
	snprintf(run_folder, sizeof(run_folder), "%s/run", folder);
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
	memset(&e, 0, sizeof(e));
	n_read = n_left = 0;
	pauses = 0;
	after_pauses = NULL;
	read_boot_id(boot);
	log_init("test_journal", LOG_LEVEL_ERROR);
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static int parse(const char *text)
{
	int pid;

	return journal_parse(text, strlen(text), boot, &pid, read_steps, &n_read);
}

static void assert_step(const struct undo_step *got, const struct undo_step *expected)
{
	assert_int_equal(got->kind, expected->kind);
	assert_int_equal(got->ifindex, expected->ifindex);
	assert_int_equal(got->value, expected->value);
	assert_string_equal(got->name, expected->name);
}

/* Makes dir/NAME with that text. */
static void put_file(const char *name, const char *text)
{
	char file[128];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_journal(const char *name, const char *boot_id, const char *steps)
{
	char text[256];

	snprintf(text, sizeof(text), "kismet_cap_linux_wifi 1 %s 4711\n%s", boot_id, steps);
	put_file(name, text);
}

static bool exists(const char *name)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	return access(file, F_OK) == 0;
}

static const struct undo_step samples[] = {
	{ UNDO_DELETE, 0, 3, "wlan0mon" },
	{ UNDO_UP, 7, 0, "wlan0" },
	{ UNDO_DOWN, 4294967295u, 0, "w" },
	{ UNDO_TYPE, 7, 2, "wlan0" },
	{ UNDO_MANAGED, 7, 0, "wlan0" },
	{ UNDO_SOFT_BLOCK, 0, 0, "a phy\nof\\mine\177 \303\244" },
	{ UNDO_UP, 1, 4294967295u, "1234567890123456789012345678901" },
};

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* --- text --- */

static void every_step_reads_back(void **state)
{
	char text[1024] = "kismet_cap_linux_wifi 1 4b1d6a0c-0000 4711\n";
	size_t len = strlen(text);
	int pid;

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++)
		len += journal_print_step(&samples[i], text + len, sizeof(text) - len);
	assert_int_equal(journal_parse(text, len, boot, &pid, read_steps, &n_read), 0);
	assert_string_equal(boot, "4b1d6a0c-0000");
	assert_int_equal(pid, 4711);
	assert_int_equal(n_read, N_SAMPLES);
	for (size_t i = 0; i < N_SAMPLES; i++)
		assert_step(&read_steps[i], &samples[i]);
}

static void text_is_for_people_to_read_too(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(journal_print_step(&samples[1], text, sizeof(text)), 13);
	assert_string_equal(text, "up 7 0 wlan0\n");
}

static void too_small_a_buffer_is_told_by_the_length(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(journal_print_step(&samples[1], text, sizeof(text)), 13);
	assert_string_equal(text, "up 7 0 ");
}

static void damaged_lines_are_left_out(void **state)
{
	static const char *const lines[] = {
		"", "up", "up 7", "up 7 0", "up 7 0 ", "UP 7 0 wlan0", "up  7 0 wlan0",
		"up -7 0 wlan0", "up 7x 0 wlan0", "up 4294967296 0 wlan0", "up 7 99999999999 wlan0",
		"up 7 0 ../x", "up 7 0 .", "up 7 0 ..", "up 7 0 a\\0", "up 7 0 a\\057b",
		"up 7 0 a\\000b", "up 7 0 a\\400b", "up 7 0 a\\189b", "up 7 0 a b", "up 7 0 a\tb",
		"up 7 0 12345678901234567890123456789012", "start 7 0 wlan0",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text),
			 "kismet_cap_linux_wifi 1 b 1\n%s\ndown 7 0 wlan0\n", lines[i]);
		assert_int_equal(parse(text), 0);
		if (n_read != 1)
			fail_msg("\"%s\" was read as a step", lines[i]);
		assert_int_equal(read_steps[0].kind, UNDO_DOWN);
	}
}

static void line_cut_by_a_full_disk_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(parse("kismet_cap_linux_wifi 1 b 1\nup 7 0 wlan0\nup 8 0 wlan1"), 0);
	assert_int_equal(n_read, 1);
}

static void more_steps_than_there_can_be_are_left_out(void **state)
{
	char text[2048] = "kismet_cap_linux_wifi 1 b 1\n";

	(void)state;
	for (int i = 0; i < UNDO_MAX_STEPS + 5; i++)
		strcat(text, "up 7 0 wlan0\n");
	assert_int_equal(parse(text), 0);
	assert_int_equal(n_read, UNDO_MAX_STEPS);
}

static void other_texts_are_no_journals(void **state)
{
	static const char *const texts[] = {
		"", "\n", "4711\n", "kismet_cap_linux_wifi", "kismet_cap_linux_wifi 1 \n",
		"kismet_cap_linux_wifi 1 b 1", "kismet_cap_linux_wifi 1 b\n",
		"kismet_cap_linux_wifi 1 b x\n", "kismet_cap_linux_wifi 1 b 2147483648\n",
		"kismet_cap_linux_wifi 1 b 1 1\n", "kismet_cap_linux_wifi 2 b 1\n",
		"kismet_cap_linux_wifi 1 1234567890123456789012345678901234567890 1\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (parse(texts[i]) != -1)
			fail_msg("\"%s\" was taken for a journal", texts[i]);
		assert_int_equal(n_read, 0);
	}
}

/* --- one owner --- */

static void second_owner_is_told_who_the_first_is(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);
	char pid[32];

	(void)state;
	assert_non_null(j);
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_BUSY);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(e.text, pid));
	journal_remove(j);
	assert_false(exists("phy0"));
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	journal_remove(j);
}

static void file_is_for_the_owner_only(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);
	struct stat st;

	(void)state;
	assert_non_null(j);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(fcntl(j->fd, F_GETFD) & FD_CLOEXEC);
	journal_remove(j);
}

static void names_stay_in_the_folder(void **state)
{
	static const char *const names[][2] = {
		{ "../phy0", "_._phy0" }, { "..", "_." }, { ".", "_" }, { "", "_" },
		{ "a/b c", "a_b_c" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct journal *j = journal_take(folder, names[i][0], &e);

		assert_non_null(j);
		assert_string_equal(j->path + strlen(folder) + 1, names[i][1]);
		assert_true(exists(names[i][1]));
		journal_remove(j);
	}
}

static void link_in_its_place_is_not_followed(void **state)
{
	(void)state;
	put_file("target", "");
	assert_int_equal(symlink("target", path), 0);
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_SYSTEM);
}

static void remove_the_file(void)
{
	assert_int_equal(unlink(path), 0);
}

static void lock_of_a_removed_file_is_no_lock(void **state)
{
	struct journal *j;

	(void)state;
	before_flock = remove_the_file;
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	assert_true(exists("phy0"));
	assert_null(journal_take(folder, "phy0", &e));
	journal_remove(j);
}

static void child_process_does_not_give_it_up(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(j);
	pid = fork();
	if (pid == 0) {
		journal_remove(j);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(exists("phy0"));
	assert_null(journal_take(folder, "phy0", &e));
	journal_remove(j);
}

static void writing_replaces_what_was_there(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);
	struct content c;

	(void)state;
	assert_non_null(j);
	assert_int_equal(journal_write(j, samples, N_SAMPLES, &e), 0);
	assert_int_equal(journal_write(j, samples, 2, &e), 0);
	assert_true(read_content(j->fd, &c));
	assert_int_equal(c.n, 2);
	assert_step(&c.steps[1], &samples[1]);
	assert_int_equal(c.pid, getpid());
	assert_string_equal(c.boot_id, boot);
	journal_remove(j);
}

/* --- a dead owner --- */

static char given_name[64];
static int calls;

static size_t note_leftover(void *user, const char *name, struct undo_step *steps, size_t n)
{
	assert_ptr_equal(user, &calls);
	calls++;
	snprintf(given_name, sizeof(given_name), "%s", name);
	memcpy(read_steps, steps, n * sizeof(*steps));
	n_read = n;
	memmove(steps, steps + n - n_left, n_left * sizeof(*steps));
	return n_left;
}

static int leftovers(void)
{
	calls = 0;
	return journal_each_leftover(folder, note_leftover, &calls);
}

/* As a process that is killed. */
static void die_with_a_journal(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct journal *j = journal_take(folder, "phy0", &e);

		_exit(j && journal_write(j, samples, N_SAMPLES, &e) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void steps_of_a_killed_process_are_handed_over(void **state)
{
	struct journal *j;

	(void)state;
	die_with_a_journal();
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_int_equal(leftovers(), 1);
	assert_int_equal(calls, 1);
	assert_string_equal(given_name, "phy0");
	assert_int_equal(n_read, N_SAMPLES);
	for (size_t i = 0; i < N_SAMPLES; i++)
		assert_step(&read_steps[i], &samples[i]);
	assert_false(exists("phy0"));
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	journal_remove(j);
}

static void journal_of_a_living_owner_is_left_alone(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);

	(void)state;
	assert_non_null(j);
	assert_int_equal(journal_write(j, samples, N_SAMPLES, &e), 0);
	assert_int_equal(leftovers(), 0);
	assert_int_equal(calls, 0);
	assert_true(exists("phy0"));
	journal_remove(j);
}

static void earlier_boot_says_nothing_about_this_one(void **state)
{
	struct journal *j;

	(void)state;
	put_journal("phy0", "0-0-0", "up 7 0 wlan0\n");
	put_journal("phy1", "0-0-0", "up 7 0 wlan0\n");
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	assert_int_equal(leftovers(), 0);
	assert_int_equal(calls, 0);
	assert_false(exists("phy1"));
	journal_remove(j);
}

static void journals_without_steps_are_only_removed(void **state)
{
	(void)state;
	put_journal("phy1", boot, "");
	assert_int_equal(leftovers(), 0);
	assert_int_equal(calls, 0);
	assert_false(exists("phy1"));
}

static void assert_left(size_t n)
{
	n_left = 0;
	assert_int_equal(leftovers(), 1);
	assert_int_equal(n_read, n);
	for (size_t i = 0; i < n; i++)
		assert_step(&read_steps[i], &samples[N_SAMPLES - n + i]);
	assert_false(exists("phy0"));
}

static void steps_that_could_not_be_undone_stay(void **state)
{
	static const size_t counts[] = { 1, 3, N_SAMPLES };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct content c;
		int fd, pid;

		die_with_a_journal();
		n_left = counts[i];
		assert_int_equal(leftovers(), 1);
		fd = open_locked(path, 0, false, &pid);
		assert_true(fd >= 0);
		assert_true(read_content(fd, &c));
		close(fd);
		assert_string_equal(c.boot_id, boot);
		assert_true(c.pid > 0 && !lives(c.pid));
		assert_left(counts[i]);
	}
}

static void owner_may_leave_steps_behind(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);

	(void)state;
	assert_non_null(j);
	assert_int_equal(journal_write(j, samples, N_SAMPLES, &e), 0);
	journal_leave(j, samples + N_SAMPLES - 2, 2);
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_left(2);
	journal_leave(NULL, NULL, 0);
}

static void steps_can_be_taken_over_with_the_radio(void **state)
{
	struct journal *j;
	struct content c;

	(void)state;
	die_with_a_journal();
	j = journal_take_over(folder, "phy0", read_steps, &n_read, &e);
	assert_non_null(j);
	assert_int_equal(n_read, N_SAMPLES);
	assert_step(&read_steps[2], &samples[2]);
	assert_true(read_content(j->fd, &c));
	assert_int_equal(c.n, N_SAMPLES);
	assert_int_equal(c.pid, getpid());
	journal_remove(j);
	j = journal_take_over(folder, "phy0", read_steps, &n_read, &e);
	assert_non_null(j);
	assert_int_equal(n_read, 0);
	journal_remove(j);
}

static void empty_files_are_left_to_whoever_makes_them(void **state)
{
	struct journal *j;

	(void)state;
	put_file("phy0", "");
	put_file("lock-of-somebody", "");
	assert_int_equal(leftovers(), 0);
	assert_true(exists("phy0") && exists("lock-of-somebody"));
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	journal_remove(j);
	assert_true(exists("lock-of-somebody"));
}

/* --- another process at the same moment --- */

static int other_fd;
static struct journal *other;

/* As somebody else's process: a lock is of the open file, not of the process. */
static void lock_as_another(void)
{
	other_fd = open(path, O_RDWR);
	assert_true(other_fd >= 0);
	assert_int_equal(flock(other_fd, LOCK_EX | LOCK_NB), 0);
}

static void end_of_cleaning(void)
{
	assert_int_equal(unlink(path), 0);
	close(other_fd);
}

static void who_only_cleans_up_is_waited_for(void **state)
{
	struct journal *j;

	(void)state;
	die_with_a_journal();
	lock_as_another();
	after_pauses = end_of_cleaning;
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	assert_int_equal(pauses, 20);
	journal_remove(j);
}

static void cleaning_without_end_is_said(void **state)
{
	(void)state;
	die_with_a_journal();
	lock_as_another();
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_non_null(strstr(e.text, "still undoes"));
	assert_int_equal(pauses, 100);
	close(other_fd);
}

static void name_in_a_new_file(void)
{
	char text[128];
	int len = snprintf(text, sizeof(text), HEAD "%s %ld\n", boot, (long)getpid());

	assert_int_equal(write(other_fd, text, (size_t)len), len);
}

static void owner_that_has_yet_to_write_its_name_is_waited_for(void **state)
{
	char pid[32];

	(void)state;
	put_file("phy0", "");
	lock_as_another();
	after_pauses = name_in_a_new_file;
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(pauses, 20);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(e.text, pid));
	close(other_fd);
}

/* It wins between our opening the new file and our locking it. */
static void take_it_first(void)
{
	other = journal_take(folder, "phy0", &e);
	assert_non_null(other);
}

static void new_file_is_taken_by_one_only(void **state)
{
	(void)state;
	before_flock = take_it_first;
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(pauses, 0);
	journal_remove(other);
}

static void living_owner_is_not_waited_for(void **state)
{
	struct journal *j = journal_take(folder, "phy0", &e);

	(void)state;
	assert_non_null(j);
	assert_null(journal_take(folder, "phy0", &e));
	assert_int_equal(leftovers(), 0);
	assert_int_equal(pauses, 0);
	journal_remove(j);
}

static void other_files_are_left_alone(void **state)
{
	(void)state;
	put_file("x.pid", "4711\n");
	put_journal(".hidden", boot, "up 7 0 wlan0\n");
	assert_int_equal(mkdir(run_folder, 0700), 0);
	put_journal("phy0", boot, "up 7 0 wlan0\n");
	assert_int_equal(leftovers(), 1);
	assert_true(exists("x.pid") && exists(".hidden") && exists("run"));
	assert_false(exists("phy0"));
}

static void damaged_file_is_begun_anew(void **state)
{
	struct journal *j;
	struct content c;

	(void)state;
	put_file("phy0", "nothing of ours, and a text longer than the first line of a journal that "
		 "takes its place\nand more\n");
	j = journal_take(folder, "phy0", &e);
	assert_non_null(j);
	assert_true(read_content(j->fd, &c));
	assert_int_equal(c.n, 0);
	journal_remove(j);
}

static void missing_folder_has_no_leftovers(void **state)
{
	(void)state;
	calls = 0;
	assert_int_equal(journal_each_leftover("/nonexistent", note_leftover, &calls), 0);
	assert_null(journal_take("/nonexistent", "phy0", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* --- the folder --- */

static void assert_dir(const char *expected)
{
	char out[128];
	struct stat st;

	assert_int_equal(journal_dir(out, sizeof(out), &e), 0);
	assert_string_equal(out, expected);
	assert_int_equal(stat(moved(out), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void folder_of_the_service_comes_first(void **state)
{
	char several[128];

	(void)state;
	snprintf(several, sizeof(several), "%s:/nonexistent", folder);
	setenv("RUNTIME_DIRECTORY", several, 1);
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	assert_dir(folder);
}

static void folder_in_run_is_made(void **state)
{
	(void)state;
	assert_dir("/run/kismet_cap_linux_wifi");
	assert_true(exists("run"));
}

static void user_has_a_folder_too(void **state)
{
	char expected[128];

	(void)state;
	strcpy(run_folder, "/nonexistent/run");
	setenv("XDG_RUNTIME_DIR", folder, 1);
	snprintf(expected, sizeof(expected), "%s/kismet_cap_linux_wifi", folder);
	assert_dir(expected);
}

static void folder_that_others_write_to_is_not_used(void **state)
{
	(void)state;
	setenv("RUNTIME_DIRECTORY", folder, 1);
	assert_int_equal(chmod(folder, 0770), 0);
	assert_dir("/run/kismet_cap_linux_wifi");
	assert_int_equal(chmod(run_folder, 0702), 0);
	assert_int_equal(journal_dir(path, sizeof(path), &e), -1);
	assert_int_equal(e.code, ERR_PERMISSION);
}

static void link_to_a_folder_is_not_used(void **state)
{
	(void)state;
	assert_int_equal(symlink(folder, run_folder), 0);
	assert_int_equal(journal_dir(path, sizeof(path), &e), -1);
	assert_int_equal(e.code, ERR_PERMISSION);
}

static void without_a_folder_the_error_says_why(void **state)
{
	(void)state;
	strcpy(run_folder, "/nonexistent/run");
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	setenv("RUNTIME_DIRECTORY", "", 1);
	assert_int_equal(journal_dir(path, sizeof(path), &e), -1);
	assert_non_null(strstr(e.text, "relative/kismet_cap_linux_wifi"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_step_reads_back),
		TEST(text_is_for_people_to_read_too),
		TEST(too_small_a_buffer_is_told_by_the_length),
		TEST(damaged_lines_are_left_out),
		TEST(line_cut_by_a_full_disk_is_left_out),
		TEST(more_steps_than_there_can_be_are_left_out),
		TEST(other_texts_are_no_journals),
		TEST(second_owner_is_told_who_the_first_is),
		TEST(file_is_for_the_owner_only),
		TEST(names_stay_in_the_folder),
		TEST(link_in_its_place_is_not_followed),
		TEST(lock_of_a_removed_file_is_no_lock),
		TEST(child_process_does_not_give_it_up),
		TEST(writing_replaces_what_was_there),
		TEST(steps_of_a_killed_process_are_handed_over),
		TEST(journal_of_a_living_owner_is_left_alone),
		TEST(earlier_boot_says_nothing_about_this_one),
		TEST(journals_without_steps_are_only_removed),
		TEST(steps_that_could_not_be_undone_stay),
		TEST(owner_may_leave_steps_behind),
		TEST(steps_can_be_taken_over_with_the_radio),
		TEST(empty_files_are_left_to_whoever_makes_them),
		TEST(who_only_cleans_up_is_waited_for),
		TEST(cleaning_without_end_is_said),
		TEST(owner_that_has_yet_to_write_its_name_is_waited_for),
		TEST(new_file_is_taken_by_one_only),
		TEST(living_owner_is_not_waited_for),
		TEST(other_files_are_left_alone),
		TEST(damaged_file_is_begun_anew),
		TEST(missing_folder_has_no_leftovers),
		TEST(folder_of_the_service_comes_first),
		TEST(folder_in_run_is_made),
		TEST(user_has_a_folder_too),
		TEST(folder_that_others_write_to_is_not_used),
		TEST(link_to_a_folder_is_not_used),
		TEST(without_a_folder_the_error_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
