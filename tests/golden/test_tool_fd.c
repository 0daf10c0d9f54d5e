/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real kismet_cap_pcapfile, started as a local server starts it, hears what the recorded
 * servers said; what it answers is held against what the original tools answered then. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/msg.h"

#define TOOL BUILD_DIR "/kismet_cap_pcapfile"
#define MAX_MESSAGES 64
#define STREAM_SIZE 65536
#define PATIENCE_MS 10000

static const char *const prefixes[FRAME_GENS] = { "v0", "v2", "v3" };

/* Everything that one side said, decoded. */
struct talk {
	uint8_t bytes[STREAM_SIZE];
	size_t len;
	struct msg messages[MAX_MESSAGES];
	enum frame_gen gens[MAX_MESSAGES];
	size_t n;
	struct arena arena;
};

static void decode(struct talk *t)
{
	size_t at = 0;
	struct frame f;

	arena_reset(&t->arena);
	t->n = 0;
	while (t->n < MAX_MESSAGES &&
	       frame_parse(t->bytes + at, t->len - at, FRAME_LIMIT_READ, &f) == FRAME_OK) {
		assert_int_equal(msg_decode(&f, &t->arena, &t->messages[t->n]), 0);
		t->gens[t->n++] = f.gen;
		at += f.total_len;
	}
}

static void read_file(const char *folder, const char *name, struct talk *t)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *in = fopen(path, "rb");

	assert_non_null(in);
	arena_init(&t->arena, ARENA_LIMIT_BYTES);
	t->len = fread(t->bytes, 1, sizeof(t->bytes), in);
	fclose(in);
	decode(t);
}

static size_t count(const struct talk *t, enum msg_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->messages[i].type == type;
	return n;
}

static const struct msg *find(const struct talk *t, enum msg_type type, size_t nth)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->messages[i].type == type && nth-- == 0)
			return &t->messages[i];
	}
	fail_msg("no %s", msg_type_name(type));
	return NULL;
}

/* --- the tool as a child --- */

struct tool {
	pid_t pid;
	int to, from;
};

static void run_child(int in, int out)
{
	char in_fd[32], out_fd[32];

	snprintf(in_fd, sizeof(in_fd), "--in-fd=%d", in);
	snprintf(out_fd, sizeof(out_fd), "--out-fd=%d", out);
	if (chdir(TEST_DATA "/vectors") == 0)
		execl(TOOL, TOOL, in_fd, out_fd, "--log-level=error", (char *)NULL);
	_exit(99);
}

static struct tool start(void)
{
	int to[2], from[2];

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid_t pid = fork();

	if (pid == 0) {
		close(to[1]);
		close(from[0]);
		run_child(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	return (struct tool){ pid, to[1], from[0] };
}

/* Reads until the tool ends or has said count of type; a stuck one fails the test. */
static void hear(struct tool *tool, struct talk *t, enum msg_type type, size_t wanted)
{
	arena_init(&t->arena, ARENA_LIMIT_BYTES);
	t->len = 0;
	for (;;) {
		struct pollfd p = { .fd = tool->from, .events = POLLIN };

		decode(t);
		if (count(t, type) >= wanted)
			return;
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		ssize_t n = read(tool->from, t->bytes + t->len, sizeof(t->bytes) - t->len);

		if (n <= 0)
			return;
		t->len += (size_t)n;
	}
}

/* Returns the exit status, or minus the signal. */
static int finish(struct tool *tool)
{
	int status;

	close(tool->to);
	close(tool->from);
	waitpid(tool->pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- a case --- */

struct session {
	char folder[300];
	struct talk server, original, ours;
	struct tool tool;
};

/* Says all that the recorded server said, and hears until there are wanted of type. */
static struct session *replay(int gen, const char *name, enum msg_type type, size_t wanted)
{
	static struct session s;

	snprintf(s.folder, sizeof(s.folder), TEST_DATA "/vectors/%s-%s", prefixes[gen], name);
	read_file(s.folder, "server.bin", &s.server);
	read_file(s.folder, "client.bin", &s.original);
	s.tool = start();
	assert_int_equal(write(s.tool.to, s.server.bytes, s.server.len), s.server.len);
	hear(&s.tool, &s.ours, type, wanted);
	return &s;
}

static int end(struct session *s)
{
	int status = finish(&s->tool);

	arena_reset(&s->server.arena);
	arena_reset(&s->original.arena);
	arena_reset(&s->ours.arena);
	return status;
}

/* In the generation that the server began in, and v3 after a v2 PING. That is v0 even where the
 * original v2 tool took the liberty to answer in v2: servers of 2018 to 2021 begin just so and
 * know only v0. */
static void assert_generation_of_the_server(const struct session *s)
{
	enum frame_gen gen = s->server.gens[0] == FRAME_V2 ? FRAME_V3 : s->server.gens[0];

	for (size_t i = 0; i < s->ours.n; i++)
		assert_int_equal(s->ours.gens[i], gen);
}

static void assert_text(struct text a, struct text b)
{
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.s, b.s, a.len);
}

static void assert_same_packets(const struct session *s)
{
	for (size_t i = 0; i < 8; i++) {
		const struct msg_packet *a = &find(&s->original, MSG_DATA, i)->data.packet;
		const struct msg_packet *b = &find(&s->ours, MSG_DATA, i)->data.packet;

		assert_int_equal(a->dlt, b->dlt);
		assert_true(a->time_us == b->time_us);
		assert_int_equal(a->len, b->len);
		assert_memory_equal(a->data, b->data, a->len);
	}
}

/* --- tests --- */

static void check_open(int gen)
{
	struct session *s = replay(gen, "fd-open", MSG_DATA, 8);
	const struct msg_open_report *a = &find(&s->original, MSG_OPEN_REPORT, 0)->open_report;
	const struct msg_open_report *b = &find(&s->ours, MSG_OPEN_REPORT, 0)->open_report;

	assert_true(b->success);
	assert_int_equal(a->reply_to, b->reply_to);
	assert_int_equal(a->dlt, b->dlt);
	assert_text(a->uuid, b->uuid);
	assert_same_packets(s);
	assert_generation_of_the_server(s);
	assert_int_equal(end(s), 0);
}

static void check_probe(int gen)
{
	struct session *s = replay(gen, "fd-probe", MSG_PROBE_REPORT, 2);
	const struct msg_probe_report *r = &find(&s->ours, MSG_PROBE_REPORT, 0)->probe_report;

	assert_true(r->success);
	assert_int_equal(r->reply_to, find(&s->server, MSG_PROBE, 0)->seqno);
	assert_generation_of_the_server(s);
	assert_int_equal(end(s), 0);
}

static void check_probe_no(int gen)
{
	struct session *s = replay(gen, "fd-probe-no", MSG_PROBE_REPORT, 2);

	assert_false(find(&s->ours, MSG_PROBE_REPORT, 0)->probe_report.success);
	assert_int_equal(end(s), 0);
}

static void check_list(int gen)
{
	struct session *s = replay(gen, "fd-list-unsupported", MSG_LIST_REPORT, 2);
	const struct msg_list_report *r = &find(&s->ours, MSG_LIST_REPORT, 0)->list_report;

	assert_true(r->success);
	assert_int_equal(r->n_interfaces, 0);
	assert_int_equal(end(s), 0);
}

static void check_open_missing(int gen)
{
	struct session *s = replay(gen, "fd-open-missing", MSG_OPEN_REPORT, 2);
	const struct msg_open_report *r = &find(&s->ours, MSG_OPEN_REPORT, 0)->open_report;

	assert_false(r->success);
	assert_true(r->message.len > 0);
	end(s);
}

/* The original v3 tool crashes here. */
static void check_configure(int gen)
{
	struct session *s = replay(gen, "fd-configure-unsupported", MSG_CONFIGURE_REPORT, 1);

	assert_false(find(&s->ours, MSG_CONFIGURE_REPORT, 0)->configure_report.success);
	assert_int_equal(end(s), 0);
}

static void check_unknown_then_shutdown(int gen)
{
	struct session *s = replay(gen, "fd-unknown-shutdown", MSG_REGISTER, 1);

	assert_true(find(&s->ours, MSG_OPEN_REPORT, 0)->open_report.success);
	assert_int_equal(end(s), 0);
}

#define IN_EVERY_GENERATION(check)						\
	static void check##_v0(void **state) { (void)state; run(check, FRAME_V0); }	\
	static void check##_v2(void **state) { (void)state; run(check, FRAME_V2); }	\
	static void check##_v3(void **state) { (void)state; run(check, FRAME_V3); }

static void run(void (*check)(int gen), enum frame_gen gen)
{
	if (!msg_gen_supported(gen))
		skip();
	check((int)gen);
}

IN_EVERY_GENERATION(check_open)
IN_EVERY_GENERATION(check_probe)
IN_EVERY_GENERATION(check_probe_no)
IN_EVERY_GENERATION(check_list)
IN_EVERY_GENERATION(check_open_missing)
IN_EVERY_GENERATION(check_configure)
IN_EVERY_GENERATION(check_unknown_then_shutdown)

#define TESTS(check) cmocka_unit_test(check##_v0), cmocka_unit_test(check##_v2), \
		     cmocka_unit_test(check##_v3)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TESTS(check_open), TESTS(check_probe), TESTS(check_probe_no), TESTS(check_list),
		TESTS(check_open_missing), TESTS(check_configure),
		TESTS(check_unknown_then_shutdown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
