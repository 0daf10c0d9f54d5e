/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiver and real files: what happens when it is killed at any byte and started again, and
 * what it does to files that are not its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/transport_tcp.h"
#include "tests/lib/receiver_fixture.h"

#define SECOND RECEIVER_FIXTURE_SECOND
#define OTHER_UUID "4E1D07C3-0000-0000-0000-0000AAAAAAAA"
#define INSTANCE UINT64_C(0x1122334455667788)

static struct receiver_fixture *f;
static char folder[64], path[128], json_path[128];

static void start(void)
{
	f->real_outputs = true;
	for (int i = 0; i < RECEIVER_FIXTURE_TOOLS; i++)
		f->tools[i].gen = FRAME_V3;
	receiver_fixture_start(f);
}

static void restart(void)
{
	struct receiver_config config = f->config;

	receiver_fixture_stop(f);
	memset(f, 0, sizeof(*f));
	f->config = config;
	start();
}

static int setup(void **state)
{
	(void)state;
	f = calloc(1, sizeof(*f));
	strcpy(folder, "/tmp/test_receiver.XXXXXX");
	if (!f || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/all.pcapng", folder);
	snprintf(json_path, sizeof(json_path), "%s/all.json", folder);
	return 0;
}

static void remove_folder(const char *name)
{
	DIR *d = opendir(name);
	struct dirent *entry;
	char sub[512];

	while (d && (entry = readdir(d)) != NULL) {
		snprintf(sub, sizeof(sub), "%s/%s", name, entry->d_name);
		if (entry->d_name[0] != '.' && unlink(sub) < 0)
			remove_folder(sub);
	}
	if (d)
		closedir(d);
	rmdir(name);
}

static int teardown(void **state)
{
	(void)state;
	if (f->receiver)
		receiver_fixture_stop(f);
	free(f);
	remove_folder(folder);
	return 0;
}

/* --- files --- */

static void load(const char *name, struct fake_output *o)
{
	FILE *file = fopen(name, "rb");
	long size;

	fake_output_init(o);
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	o->data = malloc((size_t)size + 1);
	o->len = fread(o->data, 1, (size_t)size, file);
	o->data[o->len] = '\0';
	assert_int_equal(o->len, size);
	fclose(file);
}

static void save(const char *name, const void *data, size_t len)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	fclose(file);
}

static void check_next(void *user, const struct fake_packet *p)
{
	uint32_t *next = user;

	assert_int_equal(p->id, *next);
	assert_int_equal(p->time_us, *next);
	++*next;
}

/* The file has packets 1 to n, each once and in order. */
static void assert_file(const char *name, uint32_t n)
{
	struct fake_output o;
	uint32_t next = 1;

	load(name, &o);
	assert_int_equal(fake_output_packets(&o, check_next, &next), n);
	fake_output_free(&o);
}

static long count_file(const char *name)
{
	struct fake_output o;
	long n;

	load(name, &o);
	n = fake_output_packets(&o, NULL, NULL);
	fake_output_free(&o);
	return n;
}

static void send_packets(struct fake_tool *tool, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		fake_tool_packet(tool, first + i, 20);
}

static void send_json(struct fake_tool *tool, uint32_t number)
{
	char json[40];
	struct msg m = { .type = MSG_DATA, .data.json = {
		.type = text_of("RTL433"), .has_time = true, .time_us = number } };

	snprintf(json, sizeof(json), "{\"n\":%u}", number);
	m.data.json.json = text_of(json);
	fake_tool_say_numbered(tool, &m, number);
}

static struct fake_tool *open_source(const char *definition, const char *uuid)
{
	f->tools[0].instance = INSTANCE;
	return receiver_fixture_open(f, 0, definition, uuid);
}

/* --- killed and started again --- */

static void killed_at_any_byte_it_loses_and_doubles_no_packet(void **state)
{
	struct fake_output whole;

	(void)state;
	f->config.sink.write_path = path;
	start();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 5);
	receiver_fixture_settle(f);
	load(path, &whole);
	assert_true(whole.len > 500);
	for (size_t len = 0; len <= whole.len; len++) {
		receiver_fixture_stop(f);
		memset(f, 0, sizeof(*f));
		f->config.sink.write_path = path;
		save(path, whole.data, len);
		start();
		send_packets(open_source("x:name=demo", TEST_UUID), 1, 8);
		receiver_fixture_settle(f);
		assert_file(path, 8);
	}
	fake_output_free(&whole);
}

static size_t check_lines(const struct fake_output *o)
{
	size_t n = 0;

	for (char *s = (char *)o->data, *end; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		char want[40];

		*end = '\0';
		snprintf(want, sizeof(want), "\"json\":{\"n\":%zu}}", ++n);
		assert_non_null(strstr(s, want));
	}
	return n;
}

static void killed_at_any_byte_it_loses_and_doubles_no_json(void **state)
{
	struct fake_output whole, now;

	(void)state;
	f->config.sink.json_path = json_path;
	start();
	open_source("x:name=demo", TEST_UUID);
	for (uint32_t i = 1; i <= 3; i++)
		send_json(&f->tools[0], i);
	receiver_fixture_settle(f);
	load(json_path, &whole);
	assert_true(whole.len > 300);
	for (size_t len = 0; len <= whole.len; len++) {
		receiver_fixture_stop(f);
		memset(f, 0, sizeof(*f));
		f->config.sink.json_path = json_path;
		save(json_path, whole.data, len);
		start();
		open_source("x:name=demo", TEST_UUID);
		for (uint32_t i = 1; i <= 5; i++)
			send_json(&f->tools[0], i);
		receiver_fixture_settle(f);
		load(json_path, &now);
		assert_int_equal(check_lines(&now), 5);
		fake_output_free(&now);
	}
	fake_output_free(&whole);
}

/* Packets and JSON are written at different moments: one file may be ahead of the other. */
static void each_file_gets_what_it_lacks(void **state)
{
	struct fake_output now;

	(void)state;
	f->config.sink.write_path = path;
	f->config.sink.json_path = json_path;
	start();
	open_source("x:name=demo", TEST_UUID);
	send_packets(&f->tools[0], 1, 1);
	send_json(&f->tools[0], 2);
	send_packets(&f->tools[0], 3, 1);
	send_json(&f->tools[0], 4);
	receiver_fixture_settle(f);
	unlink(json_path);
	restart();
	open_source("x:name=demo", TEST_UUID);
	send_packets(&f->tools[0], 1, 1);
	send_json(&f->tools[0], 2);
	send_packets(&f->tools[0], 3, 1);
	send_json(&f->tools[0], 4);
	receiver_fixture_settle(f);
	assert_int_equal(count_file(path), 2);
	load(json_path, &now);
	assert_non_null(strstr((char *)now.data, "{\"n\":2}"));
	assert_non_null(strstr((char *)now.data, "{\"n\":4}"));
	fake_output_free(&now);
	assert_int_equal(receiver_totals(f->receiver)->repeated, 2);
}

static void continued_file_has_a_section_for_each_start(void **state)
{
	struct fake_output o;

	(void)state;
	f->config.sink.write_path = path;
	for (uint32_t i = 0; i < 4; i++) {
		start();
		send_packets(open_source("x:name=demo", TEST_UUID), 1 + 3 * i, 3);
		receiver_fixture_settle(f);
		assert_file(path, 3 * i + 3);
		receiver_fixture_stop(f);
		memset(f, 0, sizeof(*f));
		f->config.sink.write_path = path;
	}
	load(path, &o);
	fake_output_free(&o);
	start();
}

/* --- files of others --- */

static void refused(const struct receiver_config *config, const char *what)
{
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct loop *loop;
	struct err e = { .code = ERR_NONE };

	f->clock.now_ns = 1;
	loop = loop_new(&clock, &e);
	assert_null(receiver_new(loop, config, &e));
	assert_non_null(strstr(e.text, what));
	loop_free(loop);
}

static void assert_content(const char *name, const char *text)
{
	struct fake_output o;

	load(name, &o);
	assert_string_equal((char *)o.data, text);
	fake_output_free(&o);
}

static void file_that_is_no_capture_is_left_alone(void **state)
{
	struct receiver_config config = { .sink = { .write_path = path }, .max_connections = 1,
					  .table_fd = -1 };

	(void)state;
	save(path, "my thesis\n", 10);
	refused(&config, "not a pcapng");
	assert_content(path, "my thesis\n");
	/* Two bytes could be the start of ours, but are not. */
	save(path, "my", 2);
	refused(&config, "not a pcapng");
	config.sink = (struct sink_config){ .json_path = json_path };
	save(json_path, "my thesis\n", 10);
	refused(&config, "JSON lines");
	save(json_path, "{\"a\":1", 6);
	refused(&config, "last line");
	assert_content(json_path, "{\"a\":1");
}

static void file_in_use_is_refused(void **state)
{
	struct receiver_config config = { .sink = { .write_path = path }, .max_connections = 1,
					  .table_fd = -1 };
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	refused(&config, "being written already");
	close(fd);
	/* One file for two outputs is the same mistake. */
	config.sink.json_path = path;
	refused(&config, "being written already");
}

static void folder_that_cannot_be_is_told(void **state)
{
	struct receiver_config config = { .sink = { .write_dir = "/dev/null/x" },
					  .max_connections = 1, .table_fd = -1 };

	(void)state;
	refused(&config, "/dev/null/x");
	config.sink = (struct sink_config){ .write_path = "/nonexistent/x" };
	refused(&config, "/nonexistent/x");
	config.sink = (struct sink_config){ .write_path = folder };
	refused(&config, folder);
}

/* --- a file for each source --- */

static void own_file(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/dir/%s", folder, name);
}

static char dir_path[128];

static void start_dir(void)
{
	snprintf(dir_path, sizeof(dir_path), "%s/dir", folder);
	f->config.sink.write_dir = dir_path;
	start();
}

static void each_source_gets_its_own_file(void **state)
{
	char name[200];

	(void)state;
	start_dir();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 3);
	f->tools[1].instance = 7;
	receiver_fixture_open(f, 1, "x:name=../..\x1b[31m/ r\xc3\xa4t", OTHER_UUID);
	send_packets(&f->tools[1], 1, 2);
	receiver_fixture_settle(f);
	own_file(name, sizeof(name), "pcapfile-demo-" TEST_UUID ".pcapng");
	assert_file(name, 3);
	own_file(name, sizeof(name), "pcapfile-_._..__31m__r__t-" OTHER_UUID ".pcapng");
	assert_file(name, 2);
}

static void own_file_goes_on_after_reconnects_and_restarts(void **state)
{
	char name[200];

	(void)state;
	own_file(name, sizeof(name), "pcapfile-demo-" TEST_UUID ".pcapng");
	start_dir();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 3);
	receiver_fixture_settle(f);
	send_packets(open_source("x:name=demo", TEST_UUID), 2, 4);
	receiver_fixture_settle(f);
	assert_file(name, 5);
	restart();
	send_packets(open_source("x:name=demo", TEST_UUID), 4, 6);
	receiver_fixture_settle(f);
	assert_file(name, 9);
}

static void own_file_survives_a_kill_at_any_byte(void **state)
{
	struct fake_output whole;
	char name[200];

	(void)state;
	own_file(name, sizeof(name), "pcapfile-demo-" TEST_UUID ".pcapng");
	start_dir();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 3);
	receiver_fixture_settle(f);
	load(name, &whole);
	for (size_t len = 0; len <= whole.len; len++) {
		receiver_fixture_stop(f);
		memset(f, 0, sizeof(*f));
		save(name, whole.data, len);
		start_dir();
		send_packets(open_source("x:name=demo", TEST_UUID), 1, 4);
		receiver_fixture_settle(f);
		assert_file(name, 4);
	}
	fake_output_free(&whole);
}

static void foreign_file_in_the_folder_is_left_alone(void **state)
{
	char foreign[200], own[200];

	(void)state;
	own_file(foreign, sizeof(foreign), "pcapfile-demo-" TEST_UUID ".pcapng");
	own_file(own, sizeof(own), "pcapfile-demo-" TEST_UUID "-2.pcapng");
	snprintf(dir_path, sizeof(dir_path), "%s/dir", folder);
	mkdir(dir_path, 0700);
	save(foreign, "my thesis\n", 10);
	start_dir();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 3);
	receiver_fixture_settle(f);
	assert_content(foreign, "my thesis\n");
	assert_file(own, 3);
	/* One that another program made in the meantime is not ours either. */
	receiver_fixture_stop(f);
	memset(f, 0, sizeof(*f));
	start_dir();
	save(own, "my thesis\n", 10);
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 3);
	receiver_fixture_settle(f);
	assert_content(own, "my thesis\n");
}

static void folder_that_vanishes_makes_tools_wait(void **state)
{
	struct msg ping = { .type = MSG_PING };
	struct fake_tool *tool;
	char name[200];

	(void)state;
	own_file(name, sizeof(name), "pcapfile-demo-" TEST_UUID ".pcapng");
	start_dir();
	rmdir(dir_path);
	tool = open_source("x:name=demo", TEST_UUID);
	send_packets(tool, 1, 3);
	fake_tool_say(tool, &ping);
	receiver_fixture_pass(f, 5 * SECOND);
	assert_true(receiver_is_paused(f->receiver));
	assert_int_equal(tool->heard[MSG_PONG], 0);
	mkdir(dir_path, 0700);
	receiver_fixture_pass(f, SECOND);
	assert_false(receiver_is_paused(f->receiver));
	assert_int_equal(tool->heard[MSG_PONG], 1);
	assert_file(name, 3);
}

static void both_kinds_of_file_can_be_had_at_once(void **state)
{
	char name[200];

	(void)state;
	own_file(name, sizeof(name), "pcapfile-demo-" TEST_UUID ".pcapng");
	f->config.sink.write_path = path;
	start_dir();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 3);
	receiver_fixture_settle(f);
	assert_file(path, 3);
	assert_file(name, 3);
	/* One of them was lost: it alone gets everything again. */
	unlink(name);
	restart();
	send_packets(open_source("x:name=demo", TEST_UUID), 1, 5);
	receiver_fixture_settle(f);
	assert_file(path, 5);
	assert_file(name, 5);
}

/* --- pipes and sockets --- */

static void full_pipe_makes_tools_wait_until_it_is_read(void **state)
{
	static uint8_t buf[1 << 16];
	struct fake_output got;
	struct fake_tool *tool;
	uint32_t next = 1;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	f->config.sink.write_path = path;
	start();
	tool = open_source("x:name=demo", TEST_UUID);
	for (uint32_t i = 1; i <= 500; i++)
		fake_tool_packet(tool, i, 10000);
	receiver_fixture_settle(f);
	assert_true(receiver_is_paused(f->receiver));
	fake_output_init(&got);
	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0; receiver_fixture_settle(f)) {
		struct output_target t = fake_output_target(&got);

		t.write(t.self, buf, (size_t)n);
	}
	assert_false(receiver_is_paused(f->receiver));
	assert_int_equal(fake_output_packets(&got, check_next, &next), 500);
	fake_output_free(&got);
	close(fd);
	/* Without a reader there is nothing left to do, also when no packet comes. */
	loop_run(f->loop);
	assert_false(f->clock.stuck);
}

static void make_sockets(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
}

static void sockets_work_as_the_fake_does(void **state)
{
	uint8_t buf[4096];
	struct transport *t;
	int fds[2];
	ssize_t n;

	(void)state;
	f->config.sink.write_path = path;
	start();
	make_sockets(fds);
	t = transport_tcp_new(f->loop, fds[0], "peer");
	receiver_accept(f->receiver, t);
	/* Lets the fake tool make the bytes. */
	f->tools[5].instance = INSTANCE;
	fake_tool_newsource(&f->tools[5], "x:name=demo", "pcapfile", TEST_UUID);
	fake_tool_open_report(&f->tools[5]);
	send_packets(&f->tools[5], 1, 20);
	n = write(fds[1], f->tools[5].to_receiver.data, f->tools[5].to_receiver.len);
	assert_int_equal(n, f->tools[5].to_receiver.len);
	for (int i = 0; i < 5; i++)
		loop_step(f->loop, 0);
	assert_file(path, 20);
	n = read(fds[1], buf, sizeof(buf));
	assert_true(n > FRAME_V3_HEADER && memcmp(buf, "\xde\xca\xfb\xad", 4) == 0);
	close(fds[1]);
	for (int i = 0; i < 5; i++)
		loop_step(f->loop, 0);
	assert_int_equal(receiver_connections(f->receiver), 0);
}

/* A tool that hangs up while we do not read must not make the loop spin. */
static void hang_up_during_a_pause_is_not_reported_over_and_over(void **state)
{
	struct transport *t;
	int fds[2], fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	f->config.sink.write_path = path;
	start();
	make_sockets(fds);
	t = transport_tcp_new(f->loop, fds[0], "peer");
	receiver_accept(f->receiver, t);
	open_source("x:name=demo", TEST_UUID);
	for (uint32_t i = 1; i <= 100; i++)
		fake_tool_packet(&f->tools[0], i, 10000);
	receiver_fixture_settle(f);
	assert_true(receiver_is_paused(f->receiver));
	close(fds[1]);
	/* A spinning loop would never let the clock jump. */
	for (int i = 0; i < 20 && f->clock.now_ns < RECEIVER_FIXTURE_START_NS + 10 * SECOND; i++)
		loop_step(f->loop, 20 * SECOND);
	assert_true(f->clock.now_ns >= RECEIVER_FIXTURE_START_NS + 10 * SECOND);
	close(fd);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(killed_at_any_byte_it_loses_and_doubles_no_packet),
		ONE(killed_at_any_byte_it_loses_and_doubles_no_json),
		ONE(each_file_gets_what_it_lacks),
		ONE(continued_file_has_a_section_for_each_start),
		ONE(file_that_is_no_capture_is_left_alone),
		ONE(file_in_use_is_refused),
		ONE(folder_that_cannot_be_is_told),
		ONE(each_source_gets_its_own_file),
		ONE(own_file_goes_on_after_reconnects_and_restarts),
		ONE(own_file_survives_a_kill_at_any_byte),
		ONE(foreign_file_in_the_folder_is_left_alone),
		ONE(folder_that_vanishes_makes_tools_wait),
		ONE(both_kinds_of_file_can_be_had_at_once),
		ONE(full_pipe_makes_tools_wait_until_it_is_read),
		ONE(sockets_work_as_the_fake_does),
		ONE(hang_up_during_a_pause_is_not_reported_over_and_over),
	};

	log_init("test", LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
