/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process in the sandbox can do, and what it cannot: tried in processes of their own,
 * because there is no way back. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "capture_common/privileges.h"
#include "capture_common/sandbox.h"

/* The child's exit status. */
static int in_sandbox(int (*what)(void))
{
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (privileges_keep(0, &e) < 0 || sandbox_enter(&e) < 0)
			_exit(99);
		_exit(what());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* 1 when there is a filter: not under every emulator. */
static int has_filter(void)
{
	char line[128];
	int mode = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	}
	if (f)
		fclose(f);
	return mode == 2;
}

static void need_filter(void)
{
	if (in_sandbox(has_filter) != 1) {
		print_message("no seccomp filters here\n");
		skip();
	}
}

static int start_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno == EPERM ? 1 : 2;
}

static int open_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM;
}

static int change_namespace(void)
{
	return syscall(SYS_unshare, 0) < 0 && errno == EPERM;
}

static void *in_thread(void *arg)
{
	return open_packet_socket() ? arg : NULL;
}

static int threads_too(void)
{
	pthread_t t;
	void *result = NULL;

	if (pthread_create(&t, NULL, in_thread, &result) != 0)
		return 2;
	pthread_join(t, &result);
	return result == &result;
}

static int talk_over_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	char byte = 0;
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(l, (struct sockaddr *)&a, len) < 0 || listen(l, 1) < 0 ||
	    getsockname(l, (struct sockaddr *)&a, &len) < 0 ||
	    connect(c, (struct sockaddr *)&a, len) < 0)
		return 2;
	int s = accept(l, NULL, NULL);

	return write(c, "x", 1) == 1 && read(s, &byte, 1) == 1 && byte == 'x';
}

static void no_program_can_be_started(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(in_sandbox(start_a_program), 1);
}

static void no_packet_socket_can_be_opened(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(in_sandbox(open_packet_socket), 1);
	assert_int_equal(in_sandbox(threads_too), 1);
}

static void no_namespace_can_be_entered(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(in_sandbox(change_namespace), 1);
}

static void servers_can_still_be_talked_to(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(talk_over_tcp), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_program_can_be_started),
		cmocka_unit_test(no_packet_socket_can_be_opened),
		cmocka_unit_test(no_namespace_can_be_entered),
		cmocka_unit_test(servers_can_still_be_talked_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
