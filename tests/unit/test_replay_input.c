/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replay source over time: pipes, files that grow, and pacing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/loop.h"
#include "capture_pcapfile/replay.h"
#include "tests/lib/replay_rig.h"

#define MICRO 0xa1b2c3d4u
#define T0 UINT64_C(1700000000123456)
#define S UINT64_C(1000000000)

static struct replay_rig rig;

static int setup(void **state)
{
	(void)state;
	replay_rig_init(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_rig_free(&rig);
	return 0;
}

static void make_packets(uint32_t n, uint32_t len)
{
	uint32_t i;

	capfile_pcap(&rig.file, MICRO, 65535, 127);
	for (i = 0; i < n; i++)
		capfile_record(&rig.file, i, T0 + i * 1000000, len, len);
}

static void assert_packets(uint32_t n)
{
	uint32_t i;

	assert_int_equal(rig.n_packets, n);
	for (i = 0; i < n; i++) {
		assert_int_equal(rig.packets[i].number, i);
		assert_int_equal(rig.packets[i].packet.time_us, T0 + i * 1000000);
	}
}

static void put(int fd, size_t from, size_t to)
{
	assert_int_equal(write(fd, rig.file.data + from, to - from), to - from);
}

/* Reads as long as there is something to do at once. */
static enum source_read read_on(void)
{
	enum source_read status;

	do {
		status = replay_rig_read(&rig);
	} while (status == SOURCE_MORE || status == SOURCE_FULL);
	return status;
}

/* --- pipes --- */

static void a_fifo_byte_by_byte_gives_the_packets_of_the_file(void **state)
{
	size_t i;
	int fd;

	(void)state;
	make_packets(9, 33);
	assert_int_equal(mkfifo(rig.path, 0600), 0);
	assert_int_equal(replay_rig_open_with(&rig, "name=n"), 0);
	assert_false(rig.info.has_dlt);
	/* Nobody has opened it for writing: that is not its end. */
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_int_not_equal(rig.wait.until_ns, LOOP_NEVER);
	/* Neither is a writer that says nothing. */
	close(open(rig.path, O_WRONLY));
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_int_equal(rig.wait.fd, -1);
	fd = open(rig.path, O_WRONLY);
	for (i = 0; i < rig.file.len; i++) {
		put(fd, i, i + 1);
		assert_int_equal(read_on(), SOURCE_WAIT);
		assert_true(rig.wait.fd >= 0);
		assert_int_equal(rig.wait.until_ns, LOOP_NEVER);
		assert_int_equal(rig.n_packets, i + 1 < 24 ? 0 : (i + 1 - 24) / 49);
	}
	close(fd);
	assert_int_equal(read_on(), SOURCE_END);
	assert_packets(9);
}

static void a_fifo_that_holds_something_else_fails(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(mkfifo(rig.path, 0600), 0);
	assert_int_equal(replay_rig_open_with(&rig, "name=n"), 0);
	fd = open(rig.path, O_WRONLY);
	assert_int_equal(write(fd, "garbage\n", 8), 8);
	assert_int_equal(read_on(), SOURCE_FAILED);
	assert_int_equal(rig.e.code, ERR_DATA);
	assert_non_null(strstr(rig.e.text, "n: it is no pcap or pcapng file"));
	close(fd);
}

static void a_fifo_cannot_be_looped(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(rig.path, 0600), 0);
	assert_int_equal(replay_rig_open_with(&rig, "loop=2"), -1);
	assert_int_equal(rig.e.code, ERR_USAGE);
	assert_non_null(strstr(rig.e.text, "loop="));
}

/* Puts fd in place of standard input; returns what was there. */
static int swap_stdin(int fd)
{
	int before = dup(STDIN_FILENO);

	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	return before;
}

static void standard_input_is_read_and_left_as_it_was(void **state)
{
	int ends[2], before, flags;

	(void)state;
	make_packets(9, 33);
	assert_int_equal(pipe(ends), 0);
	before = swap_stdin(ends[0]);
	flags = fcntl(STDIN_FILENO, F_GETFL);
	put(ends[1], 0, 100);
	assert_int_equal(replay_rig_open(&rig, "-:name=n"), 0);
	assert_int_equal(rig.info.dlt, 127);
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_true(rig.wait.fd >= 0);
	assert_int_equal(rig.n_packets, 1);
	put(ends[1], 100, rig.file.len);
	assert_int_equal(read_on(), SOURCE_WAIT);
	close(ends[1]);
	assert_int_equal(read_on(), SOURCE_END);
	assert_packets(9);
	replay_rig_close(&rig);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFL), flags);
	dup2(before, STDIN_FILENO);
	close(before);
	close(ends[0]);
}

static void a_file_as_standard_input_can_be_looped(void **state)
{
	int fd, before;

	(void)state;
	make_packets(9, 33);
	replay_rig_save(&rig);
	fd = open(rig.path, O_RDONLY);
	before = swap_stdin(fd);
	assert_int_equal(replay_rig_open(&rig, "-:loop=2"), 0);
	assert_int_equal(read_on(), SOURCE_END);
	assert_int_equal(rig.n_packets, 18);
	replay_rig_close(&rig);
	dup2(before, STDIN_FILENO);
	close(before);
	close(fd);
}

/* --- files that grow --- */

static void a_followed_file_goes_on_when_it_grows(void **state)
{
	static const size_t ends[] = { 0, 3, 24, 30, 73, 73 + 49 - 1, 73 + 49, 300 };
	size_t i;
	int fd;

	(void)state;
	make_packets(9, 33);
	fd = open(rig.path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(replay_rig_open_with(&rig, "follow=true"), 0);
	for (i = 1; i < sizeof(ends) / sizeof(ends[0]); i++) {
		put(fd, ends[i - 1], ends[i]);
		assert_int_equal(read_on(), SOURCE_WAIT);
		assert_int_equal(rig.wait.fd, -1);
		assert_int_equal(rig.wait.until_ns, rig.now_ns + S / 4);
		assert_int_equal(rig.n_packets, ends[i] < 24 ? 0 : (ends[i] - 24) / 49);
	}
	put(fd, 300, rig.file.len);
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_packets(9);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(read_on(), SOURCE_FAILED);
	assert_non_null(strstr(rig.e.text, "it became shorter"));
	close(fd);
}

/* --- pacing --- */

static void a_rate_is_kept(void **state)
{
	const uint64_t start_ns = rig.now_ns;
	uint64_t i;

	(void)state;
	make_packets(9, 33);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_open_with(&rig, "pps=0.5,name=n"), 0);
	for (i = 0; i < 8; i++) {
		replay_rig_clock(&rig, start_ns + i * 2 * S);
		assert_int_equal(read_on(), SOURCE_WAIT);
		assert_int_equal(rig.n_packets, i + 1);
		assert_int_equal(rig.wait.until_ns, start_ns + (i + 1) * 2 * S);
		assert_int_equal(rig.wait.fd, -1);
	}
	replay_rig_clock(&rig, start_ns + 16 * S);
	assert_int_equal(read_on(), SOURCE_END);
	assert_packets(9);
	assert_string_equal(rig.messages[0], "2 n: replaying 0.5 packets a second");
}

static void real_time_goes_by_the_file(void **state)
{
	const uint64_t start_ns = rig.now_ns;

	(void)state;
	make_packets(9, 33);
	replay_rig_save(&rig);
	/* shift= moves what is sent, not when. */
	assert_int_equal(replay_rig_open_with(&rig, "realtime=t,speed=2,pps=1,shift=now,name=n"),
			 0);
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_int_equal(rig.n_packets, 1);
	assert_int_equal(rig.wait.until_ns, start_ns + S / 2);
	replay_rig_clock(&rig, start_ns + S);
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_int_equal(rig.n_packets, 3);
	assert_string_equal(rig.messages[0], "2 n: replaying in real time, 2 times as fast");
}

static void another_pass_keeps_the_pauses(void **state)
{
	const uint64_t start_ns = rig.now_ns;

	(void)state;
	make_packets(2, 33);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_open_with(&rig, "realtime=true,loop=2"), 0);
	assert_int_equal(read_on(), SOURCE_WAIT);
	replay_rig_clock(&rig, start_ns + S);
	assert_int_equal(read_on(), SOURCE_WAIT);
	assert_int_equal(rig.n_packets, 3);
	assert_int_equal(rig.wait.until_ns, start_ns + 2 * S);
	replay_rig_clock(&rig, start_ns + 2 * S);
	assert_int_equal(read_on(), SOURCE_END);
	assert_int_equal(rig.n_packets, 4);
}

static void a_full_queue_keeps_the_due_packet(void **state)
{
	const uint64_t start_ns = rig.now_ns;

	(void)state;
	make_packets(9, 65530);
	replay_rig_save(&rig);
	rig.keep_full = true;
	assert_int_equal(replay_rig_open_with(&rig, "pps=1000"), 0);
	assert_int_equal(read_on(), SOURCE_WAIT);
	replay_rig_clock(&rig, start_ns + 8 * S / 1000);
	assert_int_equal(read_on(), SOURCE_END);
	assert_packets(9);
	assert_true(rig.times_full > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fifo_byte_by_byte_gives_the_packets_of_the_file),
		TEST(a_fifo_that_holds_something_else_fails),
		TEST(a_fifo_cannot_be_looped),
		TEST(standard_input_is_read_and_left_as_it_was),
		TEST(a_file_as_standard_input_can_be_looped),
		TEST(a_followed_file_goes_on_when_it_grows),
		TEST(a_rate_is_kept),
		TEST(real_time_goes_by_the_file),
		TEST(another_pass_keeps_the_pauses),
		TEST(a_full_queue_keeps_the_due_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
