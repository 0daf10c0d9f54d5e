/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that starts helper commands, spoken to as via.c does: what it answers to one who does
 * not read at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/via_process.h"

static int sock;
static pid_t pid;

static void receive(struct via_reply *r)
{
	assert_int_equal(recv(sock, r, sizeof(*r), MSG_WAITALL), sizeof(*r));
}

static void begin(const char *command)
{
	const struct timeval limit = { .tv_sec = 60 };
	struct via_reply r;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(via_process_run(fds[1], command));
	}
	close(fds[1]);
	sock = fds[0];
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	receive(&r);
	assert_int_equal(r.type, VIA_READY);
}

static int teardown(void **state)
{
	int status;

	(void)state;
	close(sock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}

/* Returns the other end of the helper's standard input and output. */
static int ask_for(uint32_t id, const char *host)
{
	struct via_request r = { .type = VIA_START, .id = id, .port = 3501 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { &r, sizeof(r) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fds[2];

	snprintf(r.host, sizeof(r.host), "%s", host);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fds[1], sizeof(int));
	assert_int_equal(sendmsg(sock, &m, 0), sizeof(r));
	close(fds[1]);
	return fds[0];
}

/* Far more than the way to us holds. */
static void every_failed_start_is_told(void **state)
{
	enum { N = 1000 };
	static bool told[N];
	struct via_reply r;

	(void)state;
	begin("echo \"%h\"");
	for (uint32_t i = 0; i < N; i++)
		close(ask_for(i, "$(id)"));
	for (int i = 0; i < N; i++) {
		receive(&r);
		assert_int_equal(r.type, VIA_NOT_STARTED);
		assert_in_range(r.id, 0, N - 1);
		assert_false(told[r.id]);
		told[r.id] = true;
		assert_non_null(strstr(r.line, "has characters"));
	}
}

/* 64 were the limit once. */
static void hundred_helpers_run_at_a_time(void **state)
{
	enum { N = 100 };
	struct via_reply r;
	int fds[N];
	char byte;

	(void)state;
	begin("exec cat");
	for (uint32_t i = 0; i < N; i++) {
		fds[i] = ask_for(i, "x");
		assert_int_equal(write(fds[i], "x", 1), 1);
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(read(fds[i], &byte, 1), 1);
	for (int i = 0; i < N; i++)
		close(fds[i]);
	for (int i = 0; i < N; i++) {
		receive(&r);
		assert_int_equal(r.type, VIA_EXITED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_failed_start_is_told, teardown),
		cmocka_unit_test_teardown(hundred_helpers_run_at_a_time, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
