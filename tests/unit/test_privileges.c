/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up capabilities, as the kernel tells of it in /proc/self/status. Each test is a process of
 * its own, because there is no way back. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/privileges.h"

#define BIT(cap) ((uint64_t)1 << (cap))

/* The number after "name:"; hexadecimal where base is 16. */
static uint64_t status_of(const char *name, int base)
{
	FILE *f = fopen("/proc/self/status", "r");
	size_t len = strlen(name);
	char line[256];
	uint64_t value = UINT64_MAX;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			value = strtoull(line + len + 1, NULL, base);
	}
	if (f)
		fclose(f);
	return value;
}

static void in_a_child(int (*check)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(check());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("line %d", WEXITSTATUS(status));
}

/* For checks in a child: its exit status is the line. */
#define CHECK(x) do { if (!(x)) return __LINE__; } while (0)

static int keeps_exactly(unsigned set, uint64_t bits)
{
	uint64_t before = status_of("CapPrm", 16);
	struct err e;

	CHECK(privileges_keep(set, &e) == 0);
	CHECK(status_of("CapPrm", 16) == (before & bits));
	CHECK(status_of("CapEff", 16) == (before & bits));
	CHECK(status_of("CapInh", 16) == 0);
	CHECK(status_of("CapAmb", 16) == 0);
	CHECK(status_of("NoNewPrivs", 10) == 1);
	if (before & BIT(CAP_SETPCAP))
		CHECK(status_of("CapBnd", 16) == 0);
	return 0;
}

static int keep_both(void)
{
	return keeps_exactly(PRIVILEGE_NET_ADMIN | PRIVILEGE_NET_RAW,
			     BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW));
}

static int keep_one(void)
{
	return keeps_exactly(PRIVILEGE_NET_RAW, BIT(CAP_NET_RAW));
}

static int keep_none(void)
{
	return keeps_exactly(0, 0);
}

static void only_what_is_named_stays(void **state)
{
	(void)state;
	in_a_child(keep_both);
	in_a_child(keep_one);
	in_a_child(keep_none);
}

static int step_by_step(void)
{
	struct err e;
	int line = keep_both();

	if (line)
		return line;
	line = keep_one();
	if (line)
		return line;
	CHECK(!privileges_has(PRIVILEGE_NET_ADMIN));
	return keep_none() ? __LINE__ : privileges_keep(~0u, &e) == 0 ? 0 : __LINE__;
}

static void more_can_be_given_up_later(void **state)
{
	(void)state;
	in_a_child(step_by_step);
}

static int nothing_comes_back(void)
{
	struct err e;

	CHECK(privileges_keep(0, &e) == 0);
	CHECK(privileges_keep(PRIVILEGE_NET_ADMIN | PRIVILEGE_NET_RAW, &e) == 0);
	CHECK(status_of("CapPrm", 16) == 0);
	CHECK(!privileges_has(PRIVILEGE_NET_ADMIN));
	CHECK(!privileges_has(PRIVILEGE_NET_RAW));
	CHECK(privileges_has(0));
	CHECK(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
	return 0;
}

static void what_was_given_up_stays_away(void **state)
{
	(void)state;
	in_a_child(nothing_comes_back);
}

static int give_up_everything(void)
{
	bool root = geteuid() == 0;
	struct err e;

	CHECK(privileges_give_up(&e) == 0);
	CHECK(status_of("CapPrm", 16) == 0);
	CHECK(status_of("CapEff", 16) == 0);
	CHECK(status_of("NoNewPrivs", 10) == 1);
	if (!root)
		return 0;
	CHECK(getuid() != 0 && geteuid() != 0 && getgid() != 0);
	CHECK(getgroups(0, NULL) == 0);
	CHECK(setuid(0) < 0);
	CHECK(open("/etc/shadow", O_RDONLY) < 0 && open("/etc/passwd", O_WRONLY) < 0);
	return 0;
}

/* Without capabilities, root still owns what is root's. */
static void nobody_is_left_of_root(void **state)
{
	(void)state;
	in_a_child(give_up_everything);
}

static int has_agrees_with_the_kernel(void)
{
	uint64_t now = status_of("CapEff", 16);

	CHECK(privileges_has(PRIVILEGE_NET_RAW) == ((now & BIT(CAP_NET_RAW)) != 0));
	CHECK(privileges_has(PRIVILEGE_NET_ADMIN) == ((now & BIT(CAP_NET_ADMIN)) != 0));
	return 0;
}

static void question_is_answered_as_the_kernel_does(void **state)
{
	(void)state;
	in_a_child(has_agrees_with_the_kernel);
}

static void names_are_those_that_users_know(void **state)
{
	(void)state;
	assert_string_equal(privileges_names(PRIVILEGE_NET_RAW), "CAP_NET_RAW");
	assert_string_equal(privileges_names(PRIVILEGE_NET_ADMIN | PRIVILEGE_NET_RAW),
			    "CAP_NET_ADMIN and CAP_NET_RAW");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_named_stays),
		cmocka_unit_test(more_can_be_given_up_later),
		cmocka_unit_test(what_was_given_up_stays_away),
		cmocka_unit_test(nobody_is_left_of_root),
		cmocka_unit_test(question_is_answered_as_the_kernel_does),
		cmocka_unit_test(names_are_those_that_users_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
