/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links over WebSockets through a helper command. This program is the helper as well:
 *
 *	test_link_ws_via PORT	goes between its standard input and output and that port
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/ws_rig.h"

static char program[4096];
static char folder[] = "/tmp/test-link-ws-via.XXXXXX";

/* --- the helper --- */

static bool pass(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, (size_t)n) == n;
}

static int relay(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "relay: nobody there\n");
		return 3;
	}
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents && !pass(0, fd))
			return 0;
		if (fds[1].revents && !pass(fd, 1))
			return 0;
	}
	return 1;
}

/* --- the tests --- */

static struct ws_rig rig;

static int entries(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;			/* . and .. */
}

/* The helper's process before the server's thread. */
static void start(const char *command, void (*serve)(struct ws_peer *p), void *arg)
{
	struct err e;

	rig.via = via_start(command, &e);
	assert_non_null(rig.via);
	ws_peer_start(&rig.server, NULL, serve, arg);
	ws_rig_start_at(&rig, ENDPOINT_WS, "kismet.invalid", rig.server.port);
}

static void end(void)
{
	ws_rig_end_client(&rig);
	via_end(rig.via);
	ws_peer_end(&rig.server);
	rig.via = NULL;
	assert_int_equal(entries(), 0);
}

static const char *relay_command(void)
{
	static char command[sizeof(program) + 4];

	snprintf(command, sizeof(command), "%s %%p", program);
	return command;
}

static void serve_echo(struct ws_peer *p)
{
	uint8_t buf[1000], opcode;

	if (!ws_peer_open(p))
		return;
	while (ws_peer_receive(p, &opcode, buf, sizeof(buf)) == sizeof(buf))
		ws_peer_send(p, 0x82, buf, sizeof(buf));
}

static void frames_go_through_the_helper(void **state)
{
	uint8_t frame[1000], got[1000];

	(void)state;
	start(relay_command(), serve_echo, NULL);
	ws_rig_up(&rig);
	assert_int_equal(entries(), 0);		/* the socket is gone at once */
	for (uint32_t i = 0; i < 50; i++) {
		ws_rig_frame(frame, sizeof(frame), i);
		ws_rig_send(&rig, frame, sizeof(frame));
		assert_int_equal(ws_rig_receive(&rig, got, sizeof(got)), sizeof(got));
		assert_memory_equal(got, frame, sizeof(frame));
	}
	end();
	assert_non_null(strstr(rig.server.request, "\r\nHost: kismet.invalid:"));
}

static size_t messages;
static bool goodbye;

static void serve_to_the_end(struct ws_peer *p)
{
	uint8_t buf[1000], opcode = 0;

	if (!ws_peer_open(p))
		return;
	while (!goodbye && ws_peer_receive(p, &opcode, buf, sizeof(buf)) >= 0) {
		messages += opcode == 0x82;
		goodbye = opcode == 0x88;
	}
}

static void what_was_sent_before_the_end_goes_through_the_helper(void **state)
{
	uint8_t frame[1000];

	(void)state;
	start(relay_command(), serve_to_the_end, NULL);
	ws_rig_up(&rig);
	for (uint32_t i = 0; i < 500; i++) {
		ws_rig_frame(frame, sizeof(frame), i);
		ws_rig_send(&rig, frame, sizeof(frame));
	}
	end();
	assert_int_equal(messages, 500);
	assert_true(goodbye);
}

/* It is the place of the user who started the tool, which runs as another one by now. */
static void a_useless_tmpdir_is_no_obstacle(void **state)
{
	(void)state;
	goodbye = false;
	setenv("TMPDIR", "/nonexistent", 1);
	start(relay_command(), serve_to_the_end, NULL);
	ws_rig_up(&rig);
	end();
	setenv("TMPDIR", folder, 1);
}

static void fails_with(const char *command, void (*serve)(struct ws_peer *p), void *arg,
		       const char *words)
{
	start(command, serve, arg);
	link_owner_run(&rig.owner, LINK_DOWN, 1);
	if (!strstr(rig.owner.err.text, words))
		fail_msg("%s: %s", words, rig.owner.err.text);
	end();
}

static void a_helper_that_fails_tells_why(void **state)
{
	(void)state;
	fails_with("echo no route >&2; exit 7", ws_rig_serve_quietly, NULL, "no route");
	fails_with("exit 0", ws_rig_serve_quietly, NULL, "kismet.invalid port");
}

static void serve_refusing(struct ws_peer *p)
{
	const char *answer = p->arg;

	if (ws_peer_request(p))
		ws_peer_write(p, answer, strlen(answer));
}

static void the_server_is_believed_more_than_the_helper(void **state)
{
	(void)state;
	fails_with(relay_command(), serve_refusing,
		   (void *)(uintptr_t)"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "HTTP 401");
}

static void freed_at_any_time(void **state)
{
	(void)state;
	for (int turns = 0; turns < 6; turns++) {
		start(relay_command(), serve_echo, NULL);
		for (int i = 0; i < turns; i++)
			loop_step(rig.owner.loop, 1000000);
		end();
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_go_through_the_helper),
		cmocka_unit_test(what_was_sent_before_the_end_goes_through_the_helper),
		cmocka_unit_test(a_useless_tmpdir_is_no_obstacle),
		cmocka_unit_test(a_helper_that_fails_tells_why),
		cmocka_unit_test(the_server_is_believed_more_than_the_helper),
		cmocka_unit_test(freed_at_any_time),
	};

	if (argc > 1)
		return relay((uint16_t)atoi(argv[1]));
	signal(SIGPIPE, SIG_IGN);
	if (!realpath(argv[0], program) || !mkdtemp(folder))
		return 1;
	setenv("TMPDIR", folder, 1);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	rmdir(folder);
	return rc;
}
