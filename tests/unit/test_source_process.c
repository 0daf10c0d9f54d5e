/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source in a process of its own: what comes through, and what happens when one of the two
 * processes ends. The source writes what is done to it into memory that all processes share. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The other process's id. */
#include "capture_common/source_child.h"
#include "capture_common/source_process.c"

static struct shared {
	_Atomic unsigned opens, closes, tunes, uplinks;
	_Atomic bool go_on;		/* a read that gave all its packets may end */
	char definition[128], uplink[64];
} *shared;

/* --- the source, in its process --- */

static unsigned packets, given;
static enum source_read last = SOURCE_WAIT;

static int fake_probe(const struct srcdef *def, struct source_info *info, struct err *err)
{
	(void)def;
	(void)info;
	(void)err;
	return 0;
}

static void *fake_open(const struct srcdef *def, struct source_info *info, struct err *err)
{
	if (text_is(def->interface, "missing")) {
		err_set(err, ERR_NOT_FOUND, "missing: there is no such radio");
		return NULL;
	}
	snprintf(shared->definition, sizeof(shared->definition), "%.*s", TEXT_ARG(def->interface));
	snprintf(shared->uplink, sizeof(shared->uplink), "%s", info->uplink);
	snprintf(info->hardware, sizeof(info->hardware), "%.*s", TEXT_ARG(def->interface));
	snprintf(info->capif, sizeof(info->capif), "radio0mon");
	strlist_add_split(&info->channels, text_of("1,6,11"));
	info->has_dlt = true;
	info->dlt = 127;
	info->min_dwell_ms = 250;
	given = 0;
	shared->opens++;
	return shared;
}

static enum source_read fake_read(void *self, struct capture *c, struct source_wait *wait,
				  struct err *err)
{
	uint8_t data[1000] = { 0 };
	struct msg_packet p = { .dlt = 127, .has_time = true, .data = data, .len = sizeof(data),
				.orig_len = 2000 };

	(void)self;
	for (; given < packets; given++) {
		memcpy(data, &given, sizeof(given));
		p.time_us = given;
		if (!capture_packet(c, &p))
			return SOURCE_FULL;
	}
	if (given == packets && packets > 0) {
		given++;
		capture_message(c, MSG_CLASS_INFO, "all packets");
	}
	if (last == SOURCE_FAILED)
		err_set(err, ERR_SYSTEM, "radio0: unplugged");
	if (last == SOURCE_WAIT)
		wait->until_ns = capture_now_ns(c) + 1000000000;
	return last;
}

static int fake_tune(void *self, const char *channel, struct err *err)
{
	(void)self;
	shared->tunes++;
	if (strcmp(channel, "bad") == 0)
		return err_set(err, ERR_BUSY, "channel bad: wlan0 is up");
	return 0;
}

static void fake_close(void *self)
{
	(void)self;
	shared->closes++;
}

static void fake_uplink(void *self, const char *address)
{
	(void)self;
	snprintf(shared->uplink, sizeof(shared->uplink), "%s", address);
	shared->uplinks++;
}

static void fake_stats(void *self, struct source_stats *out)
{
	(void)self;
	*out = (struct source_stats){ .received = 7, .kernel_dropped = 3, .device_dropped = 1 };
	/* These were not told when it was opened. */
	if (given > 0 && last == SOURCE_WAIT)
		out->kernel_dropped += 1000;
}

static const struct source_ops ops = {
	.probe = fake_probe,
	.open = fake_open,
	.tune = fake_tune,
	.read = fake_read,
	.close = fake_close,
	.uplink = fake_uplink,
	.stats = fake_stats,
};

static const struct source_tool tool = {
	.program = "kismet_cap_fake",
	.type = "fake",
	.ops = &ops,
};

/* --- this process --- */

static struct source_process *process;
static struct queue *queue;
static struct capture capture;
static struct err e;

static const char *own;		/* definition; NULL: a local server says */
static char path[64];		/* of the recording */
static struct recorder_options record;
static bool record_only;

static void start(void)
{
	struct source_process_config cfg = { .run = source_child_run, .tool = &tool,
					     .definition = own, .record = &record,
					     .record_only = record_only };

	process = source_process_start(&cfg, &e);
	if (!process)
		fail_msg("%s", e.text);
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	queue = queue_new((size_t)1 << 20, QUEUE_WAIT, &e);
	capture = (struct capture){ .queue = queue };
	packets = given = 0;
	last = SOURCE_WAIT;
	process = NULL;
	own = NULL;
	record = (struct recorder_options){ .path = NULL };
	record_only = false;
	return shared != MAP_FAILED && queue ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	source_process_end(process);
	queue_free(queue);
	assert_int_equal(shared->opens, shared->closes);
	munmap(shared, sizeof(*shared));
	return 0;
}

static void wait_for_word(void)
{
	struct pollfd fd = { .fd = source_process_fd(process), .events = POLLIN };

	assert_int_equal(poll(&fd, 1, 10000), 1);
}

static int try_to_open(const char *definition, struct source_info *info)
{
	int rc;

	if (source_process_open(process, definition, "192.0.2.7", &e) < 0)
		return -1;
	do
		wait_for_word();
	while ((rc = source_process_opened(process, info, &e)) == 0);
	return rc;
}

static void open_source(const char *definition)
{
	struct source_info info = { .uuid = "" };

	if (try_to_open(definition, &info) < 0)
		fail_msg("%s", e.text);
	source_info_free(&info);
	source_process_read_on(process);
}

/* Until it has nothing for now, or for ever. */
static enum source_read read_until(enum source_read wanted)
{
	enum source_read r;

	for (;;) {
		struct source_wait wait = { .fd = -1, .until_ns = UINT64_MAX };

		r = source_process_read(process, &capture, &wait, &e);
		if (r == wanted || r == SOURCE_FAILED || r == SOURCE_END || r == SOURCE_FULL)
			return r;
		if (r == SOURCE_WAIT)
			wait_for_word();
	}
}

/* Takes packets first to first+n-1 out of the queue, and checks that they are those. */
static void take_packets(unsigned first, unsigned n)
{
	struct record r;

	for (unsigned i = first; i < first + n; i++) {
		assert_true(queue_peek(queue, &r));
		assert_int_equal(r.kind, RECORD_PACKET);
		assert_int_equal(r.packet.time_us, i);
		assert_int_equal(r.packet.dlt, 127);
		assert_int_equal(r.packet.len, 1000);
		assert_int_equal(r.packet.orig_len, 2000);
		assert_memory_equal(r.packet.data, &i, sizeof(i));
		queue_sent(queue);
	}
	queue_release(queue, queue_mark(queue));
}

static bool comes_true(_Atomic unsigned *value, unsigned wanted)
{
	time_t limit = time(NULL) + 10;

	while (*value != wanted && time(NULL) < limit)
		sched_yield();
	return *value == wanted;
}

/* --- what comes through --- */

static void source_tells_what_it_is(void **state)
{
	struct source_info info = { .uuid = "" };

	(void)state;
	start();
	assert_int_equal(try_to_open("radio0:name=roof", &info), 1);
	assert_string_equal(info.hardware, "radio0");
	assert_string_equal(info.capif, "radio0mon");
	assert_int_equal(info.channels.n, 3);
	assert_string_equal(info.channels.items[2], "11");
	assert_true(info.has_dlt);
	assert_int_equal(info.dlt, 127);
	assert_int_equal(info.min_dwell_ms, 250);
	source_info_free(&info);
	assert_string_equal(shared->uplink, "192.0.2.7");
}

static void source_that_cannot_be_opened_says_why(void **state)
{
	struct source_info info = { .uuid = "" };

	(void)state;
	start();
	assert_int_equal(try_to_open("missing", &info), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.text, "missing: there is no such radio");
	assert_false(source_process_died(process));
	open_source("radio0");		/* and the next one can */
}

/* The process that asks may have been taken over. */
static void nothing_but_the_owners_source_is_opened(void **state)
{
	struct source_info info = { .uuid = "" };

	(void)state;
	own = "radio0:name=roof";
	start();
	assert_int_equal(try_to_open("radio1:name=roof", &info), -1);
	assert_int_equal(e.code, ERR_PERMISSION);
	assert_int_equal(shared->opens, 0);
	open_source("radio0:name=cellar");
}

/* A server that wants something else with every message, while the driver takes its time. */
static void asking_over_and_over_ends_nothing(void **state)
{
	struct source_info info = { .uuid = "" };
	char definition[4000];

	(void)state;
	memset(definition, 'x', sizeof(definition));
	start();
	kill(process->pid, SIGSTOP);
	for (int i = 0; i < 500; i++) {
		source_process_close(process);
		snprintf(definition, sizeof(definition), "radio%d:name=", i);
		definition[strlen(definition)] = 'x';
		definition[sizeof(definition) - 1] = '\0';
		assert_int_equal(source_process_open(process, definition, "", &e), 0);
	}
	kill(process->pid, SIGCONT);
	assert_int_equal(try_to_open("radio1", &info), 1);
	source_info_free(&info);
	assert_false(source_process_died(process));
	assert_string_equal(shared->definition, "radio1");
	assert_in_range(shared->opens, 1, 3);
}

static void packets_and_messages_come_in_order(void **state)
{
	struct record r;

	(void)state;
	packets = 500;
	last = SOURCE_END;
	start();
	open_source("radio0");
	assert_int_equal(read_until(SOURCE_END), SOURCE_END);
	take_packets(0, 500);
	assert_true(queue_peek(queue, &r));
	assert_int_equal(r.kind, RECORD_MESSAGE);
	assert_true(text_is(r.message.text, "all packets"));
}

static void failure_comes_behind_the_last_packet(void **state)
{
	(void)state;
	packets = 500;
	last = SOURCE_FAILED;
	start();
	open_source("radio0");
	assert_int_equal(read_until(SOURCE_FAILED), SOURCE_FAILED);
	assert_string_equal(e.text, "radio0: unplugged");
	take_packets(0, 500);
	assert_false(source_process_died(process));
}

/* 5 MB through a ring of 256 KiB and a queue of 1 MiB. */
static void full_queue_loses_nothing(void **state)
{
	unsigned taken = 0;
	enum source_read r;

	(void)state;
	packets = 5000;
	last = SOURCE_END;
	start();
	open_source("radio0");
	do {
		struct queue_stats q;

		r = read_until(SOURCE_END);
		queue_get_stats(queue, &q);
		unsigned n = q.unsent > 5000 - taken ? 5000 - taken : (unsigned)q.unsent;

		take_packets(taken, n);
		taken += n;
	} while (r == SOURCE_FULL);
	assert_int_equal(r, SOURCE_END);
	assert_int_equal(taken, 5000);
}

static void reopened_source_begins_anew(void **state)
{
	(void)state;
	packets = 100;
	start();
	open_source("radio0");
	wait_for_word();
	source_process_close(process);
	open_source("radio1");
	assert_string_equal(shared->definition, "radio1");
	while (!queue_has_unsent(queue))
		read_until(SOURCE_WAIT);
	take_packets(0, 1);
	assert_int_equal(shared->closes, 1);
}

static void tuning_is_answered(void **state)
{
	(void)state;
	start();
	assert_int_equal(source_process_tune(process, "6", &e), -1);	/* nothing is open */
	open_source("radio0");
	assert_int_equal(source_process_tune(process, "6", &e), 0);
	assert_int_equal(source_process_tune(process, "bad", &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_string_equal(e.text, "channel bad: wlan0 is up");
	assert_int_equal(source_process_tune(process, "6", &e), 0);
	assert_int_equal(shared->tunes, 3);
}

static void server_that_moves_is_told(void **state)
{
	(void)state;
	start();
	open_source("radio0");
	source_process_set_uplink(process, "2001:db8::1");
	assert_true(comes_true(&shared->uplinks, 1));
	assert_string_equal(shared->uplink, "2001:db8::1");
}

static void drops_of_the_system_are_known(void **state)
{
	struct source_stats stats;

	(void)state;
	last = SOURCE_END;
	start();
	open_source("radio0");
	assert_int_equal(read_until(SOURCE_END), SOURCE_END);
	source_process_get_stats(process, &stats);
	assert_int_equal(stats.received, 7);
	assert_int_equal(stats.kernel_dropped, 3);
	assert_int_equal(stats.device_dropped, 1);
}

/* What nobody read before the end, and counts that changed at the end only. */
static void last_counts_are_taken_at_the_end(void **state)
{
	struct source_stats stats;

	(void)state;
	packets = 20;
	start();
	open_source("radio0");
	wait_for_word();
	source_process_close(process);
	source_process_finish(process);
	source_process_get_stats(process, &stats);
	assert_int_equal(stats.received, 7);
	assert_int_equal(stats.kernel_dropped, 3 + 1000);
	assert_int_equal(stats.not_passed_on, 20 + 1);	/* the message is one, too */
}

/* --- recording --- */

static void record_to_file(void)
{
	strcpy(path, "/tmp/test_source_process.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	record.path = path;
}

/* n packets of 1000 bytes each, no more. */
static bool file_holds(unsigned n)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 1000 * (off_t)n &&
	       st.st_size < 1000 * (off_t)(n + 1) + 32 * (off_t)n;
}

static void packets_are_recorded_and_passed_on(void **state)
{
	struct source_stats stats;

	(void)state;
	packets = 200;
	last = SOURCE_END;
	record_to_file();
	start();
	open_source("radio0");
	assert_int_equal(read_until(SOURCE_END), SOURCE_END);
	take_packets(0, 200);
	source_process_finish(process);
	source_process_get_stats(process, &stats);
	assert_int_equal(stats.recorded.packets, 200);	/* not those of a second ago */
	source_process_end(process);
	process = NULL;
	assert_true(file_holds(200));
	unlink(path);
}

static void recorded_only_is_not_passed_on(void **state)
{
	struct source_stats stats;

	(void)state;
	packets = 200;
	last = SOURCE_END;
	record_to_file();
	record_only = true;
	start();
	open_source("radio0");
	assert_int_equal(read_until(SOURCE_END), SOURCE_END);
	assert_false(queue_has_unsent(queue));
	source_process_get_stats(process, &stats);
	assert_int_equal(stats.received, 7);
	assert_int_equal(stats.recorded.files, 1);
	source_process_end(process);
	process = NULL;
	assert_true(file_holds(200));
	unlink(path);
}

static void file_that_cannot_be_is_told_at_once(void **state)
{
	struct source_process_config cfg = { .run = source_child_run, .tool = &tool,
					     .record = &record };
	char missing[] = "/tmp/missing/folder/trace.pcapng";

	(void)state;
	record.path = missing;
	assert_null(source_process_start(&cfg, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "--write: /tmp/missing/folder/trace.pcapng: "));
}

/* --- when one of them ends --- */

static void end_closes_the_source(void **state)
{
	(void)state;
	start();
	open_source("radio0");
	source_process_end(process);
	process = NULL;
	assert_int_equal(shared->closes, 1);	/* before end() returns */
}

static void its_death_is_told_and_costs_no_packet(void **state)
{
	struct source_info info = { .uuid = "" };

	(void)state;
	packets = 100;
	start();
	open_source("radio0");
	wait_for_word();
	kill(process->pid, SIGKILL);
	assert_int_equal(read_until(SOURCE_FAILED), SOURCE_FAILED);
	assert_non_null(strstr(e.text, "signal 9"));
	assert_true(source_process_died(process));
	assert_int_equal(try_to_open("radio0", &info), -1);
	assert_int_equal(source_process_tune(process, "6", &e), -1);
	shared->closes++;		/* nobody could */
}

/* As kill -9 does it: nothing of this side runs any more. */
static void death_of_the_other_side_closes_the_source(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();

	if (pid == 0) {
		start();
		open_source("radio0");
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(comes_true(&shared->closes, 1));
	close(ready[0]);
	close(ready[1]);
}

static void death_of_the_other_side_loses_nothing_of_the_recording(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	packets = 200;
	record_to_file();
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();

	if (pid == 0) {
		start();
		open_source("radio0");
		while (queue_unsent_bytes(queue) < 10 * 1000)
			read_until(SOURCE_WAIT);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(comes_true(&shared->closes, 1));
	time_t limit = time(NULL) + 10;
	struct stat st = { 0 };

	while (!(stat(path, &st) == 0 && st.st_size > 10 * 1000) && time(NULL) < limit)
		sched_yield();
	assert_true(st.st_size > 10 * 1000);
	unlink(path);
	close(ready[0]);
	close(ready[1]);
}

/* The terminal's Ctrl-C reaches both: the one with the radio leaves it to the other when to end. */
static void signals_are_the_other_sides(void **state)
{
	(void)state;
	start();
	open_source("radio0");
	kill(process->pid, SIGINT);
	kill(process->pid, SIGTERM);
	kill(process->pid, SIGHUP);
	assert_int_equal(source_process_tune(process, "6", &e), 0);
	assert_int_equal(shared->closes, 0);
}

static void nothing_that_is_open_here_is_open_there(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	start();
	close(fds[1]);
	struct pollfd fd = { .fd = fds[0], .events = POLLIN };

	assert_int_equal(poll(&fd, 1, 10000), 1);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

/* One that was taken over says what it likes. */
static void nonsense_from_there_ends_it(void **state)
{
	int fds[2];

	(void)state;
	start();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	dup2(fds[0], process->commands);
	close(fds[0]);
	assert_int_equal(write(fds[1], "\xc1garbage", 8), 8);
	assert_int_equal(read_until(SOURCE_FAILED), SOURCE_FAILED);
	assert_true(source_process_died(process));
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(source_tells_what_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(source_that_cannot_be_opened_says_why, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_but_the_owners_source_is_opened, setup,
						teardown),
		cmocka_unit_test_setup_teardown(asking_over_and_over_ends_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_and_messages_come_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(failure_comes_behind_the_last_packet, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_queue_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(reopened_source_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(tuning_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(server_that_moves_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(drops_of_the_system_are_known, setup, teardown),
		cmocka_unit_test_setup_teardown(last_counts_are_taken_at_the_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(packets_are_recorded_and_passed_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(recorded_only_is_not_passed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(file_that_cannot_be_is_told_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(end_closes_the_source, setup, teardown),
		cmocka_unit_test_setup_teardown(its_death_is_told_and_costs_no_packet, setup,
						teardown),
		cmocka_unit_test_setup_teardown(death_of_the_other_side_closes_the_source, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			death_of_the_other_side_loses_nothing_of_the_recording, setup, teardown),
		cmocka_unit_test_setup_teardown(signals_are_the_other_sides, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_that_is_open_here_is_open_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nonsense_from_there_ends_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
