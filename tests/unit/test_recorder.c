/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording: what comes into which file, and that every packet is there or counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Its worker, to wait for. */
#include "capture_common/recorder.c"
#include "tests/lib/capfile.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/log_lines.h"
#include "tests/lib/read_capture.h"

#define START_NS ((uint64_t)1000 * SECOND_NS)
#define FILES_MAX 64

static char folder[64], path[160];
static struct recorder_options options;
static struct fake_clock fake;
static struct loop *loop;
static struct recorder *rec;
static unsigned n_over, n_room;
static bool waits;
static struct log_lines lines;
static struct err e;

static void on_over(void *user)
{
	assert_ptr_equal(user, &fake);
	n_over++;
}

static void on_room(void *user)
{
	assert_ptr_equal(user, &fake);
	n_room++;
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	strcpy(folder, "/tmp/test_recorder.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/trace.pcapng", folder);
	options = (struct recorder_options){ .path = path };
	fake = (struct fake_clock){ .now_ns = START_NS };
	loop = fake.loop = loop_new(&clock, &e);
	rec = NULL;
	n_over = n_room = 0;
	waits = false;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	log_lines_start(&lines);
	return loop ? 0 : -1;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_trace(const struct dirent *d)
{
	return strncmp(d->d_name, "trace", 5) == 0;
}

/* Returns how many files there are; their names are in order. */
static unsigned list_files(char names[FILES_MAX][400])
{
	struct dirent **list;
	int n = scandir(folder, &list, is_trace, by_name);

	assert_in_range(n, 0, FILES_MAX);
	for (int i = 0; i < n; i++) {
		snprintf(names[i], 400, "%s/%s", folder, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return (unsigned)n;
}

static unsigned count_files(void)
{
	static char names[FILES_MAX][400];

	return list_files(names);
}

static int teardown(void **state)
{
	static char names[FILES_MAX][400];
	unsigned n;

	(void)state;
	recorder_free(rec);
	loop_free(loop);
	log_lines_stop(&lines);
	n = list_files(names);
	for (unsigned i = 0; i < n; i++)
		unlink(names[i]);
	rmdir(folder);
	return 0;
}

static void start(void)
{
	struct recorder_config cfg = { .loop = loop, .options = &options,
				       .program = "kismet_cap_test 1.0", .waits = waits,
				       .over = on_over, .room = on_room, .user = &fake };

	rec = recorder_new(&cfg, &e);
	if (!rec)
		fail_msg("%s", e.text);
	recorder_interface(rec, "wlan0mon", "mt7921u");
}

static void stop(void)
{
	recorder_free(rec);
	rec = NULL;
}

static bool try_to_put(uint32_t n, uint32_t dlt, uint32_t len)
{
	static uint8_t data[RECORDER_PACKET_MAX + 1];
	struct msg_packet p = { .dlt = dlt, .has_time = true, .time_us = 1700000000000000u + n,
				.data = data, .len = len, .orig_len = len + 5 };

	if (!recorder_has_room(rec, &p))
		return false;
	capfile_fill(data, len, n);
	recorder_packet(rec, &p);
	return true;
}

/* Packet number n, 0 to 99. */
static void put(uint32_t n, uint32_t dlt, uint32_t len)
{
	assert_true(try_to_put(n, dlt, len));
}

/* Time passes, and all that is due is done and known. */
static void pass(uint64_t ns)
{
	uint64_t until = fake.now_ns + ns;

	do {
		worker_drain(rec->worker);
		loop_step(loop, until - fake.now_ns);
	} while (fake.now_ns < until);
	worker_drain(rec->worker);
}

static uint8_t *load(const char *name, size_t *len)
{
	FILE *f = fopen(name, "r");
	uint8_t *data = malloc((size_t)1 << 20);

	assert_non_null(f);
	assert_non_null(data);
	*len = fread(data, 1, (size_t)1 << 20, f);
	fclose(f);
	return data;
}

static struct read_capture read_file(const char *name)
{
	struct read_capture r;
	size_t len;
	uint8_t *data = load(name, &len);

	read_capture(&r, data, len);
	if (r.status != READER_END)
		fail_msg("%s: %s", name, r.e.text);
	free(data);
	return r;
}

/* Packets in all files together, which are numbered from 0. */
static unsigned read_all(void)
{
	static char names[FILES_MAX][400];
	unsigned n = list_files(names), packets = 0;

	for (unsigned i = 0; i < n; i++) {
		struct read_capture r = read_file(names[i]);

		for (size_t k = 0; k < r.n; k++)
			assert_int_equal(r.packets[k].number, packets++);
		read_capture_free(&r);
	}
	return packets;
}

static struct recorder_stats stats_now(void)
{
	struct recorder_stats s;

	recorder_get_stats(rec, &s);
	return s;
}

static bool file_has(const char *text)
{
	size_t len, n = strlen(text);
	uint8_t *data = load(path, &len);
	bool found = false;

	for (size_t i = 0; i + n <= len && !found; i++)
		found = memcmp(data + i, text, n) == 0;
	free(data);
	return found;
}

/* --- what is in a file --- */

static void packets_are_as_they_came(void **state)
{
	(void)state;
	start();
	put(0, 127, 60);
	put(1, 105, 0);
	put(2, 127, 1500);
	stop();
	struct read_capture r = read_file(path);

	assert_int_equal(r.n, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(r.packets[i].time_us, 1700000000000000u + i);
	assert_int_equal(r.packets[2].number, 2);
	assert_int_equal(r.packets[2].len, 1500);
	assert_int_equal(r.packets[2].orig_len, 1505);
	assert_int_equal(r.packets[0].dlt, 127);
	assert_int_equal(r.packets[1].dlt, 105);
	assert_int_equal(r.packets[0].interface, r.packets[2].interface);
	assert_true(r.packets[0].interface != r.packets[1].interface);
	read_capture_free(&r);
	assert_true(file_has("wlan0mon"));
	assert_true(file_has("mt7921u"));
	assert_true(file_has("kismet_cap_test 1.0"));
}

static void recording_without_packets_is_a_valid_file(void **state)
{
	(void)state;
	options.max_seconds = 1;
	start();
	pass(10 * SECOND_NS);
	stop();
	static char names[FILES_MAX][400];

	assert_int_equal(list_files(names), 1);
	size_t len;
	uint8_t *data = load(names[0], &len);
	uint32_t total;

	memcpy(&total, data + 4, 4);
	assert_int_equal(len, total);		/* the section block, and nothing behind it */
	free(data);
}

static void what_was_there_stays_until_there_is_a_source(void **state)
{
	struct recorder_config cfg = { .loop = loop, .options = &options, .program = "x" };
	FILE *f = fopen(path, "w");
	struct stat st;

	(void)state;
	fputs("precious", f);
	fclose(f);
	rec = recorder_new(&cfg, &e);
	assert_non_null(rec);
	pass(10 * SECOND_NS);
	stop();
	assert_true(file_has("precious"));
	start();
	worker_drain(rec->worker);		/* a kill from here on leaves a file to read */
	assert_false(file_has("precious"));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
}

static void packets_are_on_disk_after_a_second(void **state)
{
	(void)state;
	start();
	put(0, 127, 60);
	pass(SECOND_NS);
	assert_int_equal(read_all(), 1);
	put(1, 127, 60);
	recorder_flush(rec);
	worker_drain(rec->worker);
	assert_int_equal(read_all(), 2);
	assert_int_equal(stats_now().packets, 2);
	assert_int_equal(stats_now().files, 1);
}

static void source_that_is_another_one_now_has_a_section_of_its_own(void **state)
{
	(void)state;
	start();
	put(0, 127, 60);
	recorder_interface(rec, "wlan0mon", "mt7921u");
	put(1, 127, 60);
	recorder_interface(rec, "wlan1mon", "ath9k");
	put(2, 127, 60);
	stop();
	assert_int_equal(read_all(), 3);
	assert_true(file_has("wlan0mon"));
	assert_true(file_has("wlan1mon"));
}

/* Of the last statistics block in the file. */
static void last_counts(uint64_t *received, uint64_t *dropped)
{
	size_t len, at = 0;
	uint8_t *data = load(path, &len);
	uint32_t type, total;

	*received = *dropped = UINT64_MAX;
	while (at < len) {
		memcpy(&type, data + at, 4);
		memcpy(&total, data + at + 4, 4);
		if (type == 5) {
			memcpy(received, data + at + 24, 8);
			memcpy(dropped, data + at + 36, 8);
		}
		at += total;
	}
	free(data);
}

static void what_is_no_packet_is_counted(void **state)
{
	struct msg_data d = { .json = { .type = text_of("x"), .json = text_of("{}") } };

	(void)state;
	start();
	recorder_data(rec, &d);
	put(0, 127, RECORDER_PACKET_MAX + 1);
	put(0, 70000, 60);
	for (uint32_t i = 0; i < RECORDER_INTERFACES + 1; i++)
		put(i, 100 + i, RECORDER_PACKET_MAX / 100);
	pass(SECOND_NS);
	assert_int_equal(stats_now().not_packets, 4);
	assert_int_equal(stats_now().packets, RECORDER_INTERFACES);
	assert_int_equal(read_all(), RECORDER_INTERFACES);
}

/* --- rotation --- */

static void files_have_so_many_packets(void **state)
{
	(void)state;
	options.max_packets = 7;
	start();
	for (uint32_t i = 0; i < 70; i++)
		put(i, i % 2 ? 105 : 127, 60);
	stop();
	assert_int_equal(count_files(), 10);	/* and no empty one behind them */
	assert_int_equal(read_all(), 70);
}

static void files_are_not_longer_than_allowed(void **state)
{
	static char names[FILES_MAX][400];
	struct stat st;

	(void)state;
	options.max_bytes = 5000;
	start();
	for (uint32_t i = 0; i < 99; i++)
		put(i, 105 + i % 3, 10 * i);
	stop();
	unsigned n = list_files(names);

	assert_in_range(n, 11, 20);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(stat(names[i], &st), 0);
		assert_in_range(st.st_size, 0, 5000);
	}
	assert_int_equal(read_all(), 99);
}

static void files_are_not_open_longer_than_allowed(void **state)
{
	(void)state;
	options.max_seconds = 60;
	start();
	for (uint32_t i = 0; i < 30; i++) {
		put(i, 127, 60);
		pass(10 * SECOND_NS);
	}
	assert_int_equal(count_files(), 5);
	pass(3600 * SECOND_NS);
	assert_int_equal(count_files(), 5);
	stop();
	assert_int_equal(read_all(), 30);
}

/* --- a disk that is slow, or full --- */

static void slow_disk_costs_packets_and_says_how_many(void **state)
{
	uint64_t received, dropped;

	(void)state;
	start();
	/* The loop does not turn: no chunk comes back. */
	for (int i = 0; i < 1000; i++)
		put(1, 127, 1000);
	worker_drain(rec->worker);
	put(2, 127, 60);
	stop();
	last_counts(&received, &dropped);
	struct read_capture r = read_file(path);

	assert_int_equal(received, 1001);
	assert_in_range(dropped, 1, 700);
	assert_int_equal(r.n + dropped, 1001);
	assert_int_equal(r.packets[r.n - 1].number, 2);
	read_capture_free(&r);
}

static void source_that_waits_loses_nothing(void **state)
{
	unsigned refused = 0;

	(void)state;
	waits = true;
	start();
	for (unsigned i = 0; i < 900; i++) {
		while (!try_to_put(i % 100, 127, 1000)) {
			unsigned before = n_room;

			refused++;
			worker_drain(rec->worker);
			assert_int_equal(n_room, before + 1);
		}
	}
	stop();
	assert_true(refused > 0);
	struct read_capture r = read_file(path);

	assert_int_equal(r.n, 900);
	read_capture_free(&r);
}

static void fill_disk_at(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* n packets, one a second. */
static void put_slowly(int n)
{
	while (n-- > 0) {
		put(1, 127, 1000);
		pass(SECOND_NS);
	}
}

static void full_disk_is_counted_and_told_once(void **state)
{
	uint64_t received, dropped;

	(void)state;
	start();
	put_slowly(3);
	fill_disk_at(20000);
	put_slowly(60);
	assert_true(stats_now().dropped > 30);
	assert_true(stats_now().broken);
	fill_disk_at(RLIM_INFINITY);
	put_slowly(20);
	assert_false(stats_now().broken);
	assert_int_equal(stats_now().dropped + stats_now().packets, 83);
	uint64_t lost = stats_now().dropped;

	stop();
	last_counts(&received, &dropped);
	assert_int_equal(received, 83);
	assert_int_equal(dropped, lost);
	struct read_capture r = read_file(path);

	assert_int_equal(r.n, 83 - lost);
	read_capture_free(&r);
	assert_int_equal(log_lines_count(&lines, "packets are left out"), 1);
	assert_int_equal(log_lines_count(&lines, "again after"), 1);
}

static void broken_disk_is_not_waited_for(void **state)
{
	(void)state;
	waits = true;
	start();
	fill_disk_at(0);
	put(0, 127, 1000);
	recorder_flush(rec);
	worker_drain(rec->worker);
	for (uint32_t i = 0; i < 3000; i++)
		put(1, 127, 1000);
	assert_int_equal(stats_now().dropped, 3001);
	fill_disk_at(RLIM_INFINITY);
}

static void end_of_a_full_disk_is_told_at_the_end_at_least(void **state)
{
	(void)state;
	start();
	put_slowly(3);
	fill_disk_at(1000);
	put_slowly(12);
	fill_disk_at(RLIM_INFINITY);
	while (stats_now().broken)
		put_slowly(1);
	assert_int_equal(log_lines_count(&lines, "again after"), 0);
	stop();
	assert_int_equal(log_lines_count(&lines, "again after"), 1);
	assert_int_equal(log_lines_count(&lines, path), 3);
}

static void rotation_outlives_a_full_disk(void **state)
{
	(void)state;
	options.max_packets = 100;
	start();
	put_slowly(3);
	fill_disk_at(0);
	put_slowly(30);
	assert_int_equal(count_files(), 1);
	fill_disk_at(RLIM_INFINITY);
	put_slowly(20);
	assert_int_equal(count_files(), 1);
	assert_int_equal(stats_now().files, 1);
	assert_int_equal(stats_now().dropped + stats_now().packets, 53);
}

/* --- pipes --- */

static void pipe_that_is_closed_ends_the_recording(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);

	start();
	put_slowly(2);
	assert_int_equal(stats_now().packets, 2);
	close(reader);
	put_slowly(5);
	assert_true(stats_now().over);
	assert_int_equal(n_over, 1);
	assert_int_equal(stats_now().packets, 2);
	assert_int_equal(stats_now().dropped, 5);
	assert_int_equal(log_lines_count(&lines, "nobody reads any more"), 1);
	stop();
	assert_int_equal(n_over, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_are_as_they_came, setup, teardown),
		cmocka_unit_test_setup_teardown(recording_without_packets_is_a_valid_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_there_stays_until_there_is_a_source, setup,
						teardown),
		cmocka_unit_test_setup_teardown(packets_are_on_disk_after_a_second, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			source_that_is_another_one_now_has_a_section_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_packet_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(files_have_so_many_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_not_longer_than_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_not_open_longer_than_allowed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(slow_disk_costs_packets_and_says_how_many, setup,
						teardown),
		cmocka_unit_test_setup_teardown(source_that_waits_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_disk_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_is_counted_and_told_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(end_of_a_full_disk_is_told_at_the_end_at_least,
						setup, teardown),
		cmocka_unit_test_setup_teardown(rotation_outlives_a_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(pipe_that_is_closed_ends_the_recording, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
