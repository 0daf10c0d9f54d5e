/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking NetworkManager, without a bus to ask on. With one, tests/system/network-manager runs this
 * with NETWORK_MANAGER set to what there is: "managing" wlan0, "refusing", "absent", "stopped" or
 * "silent". */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_linux_wifi/network_manager.h"

static struct err e;
static int descriptors;
static char folder[64];
static struct sockaddr_un address;

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	descriptors = count_descriptors();
	return 0;
}

static int nothing_left_open(void **state)
{
	(void)state;
	return count_descriptors() == descriptors ? 0 : -1;
}

/* --- without a bus --- */

/* A socket of ours as the system's bus; the caller closes it. */
static int make_bus(void)
{
	char text[sizeof(address.sun_path) + 16];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(folder, "/tmp/test_network_manager.XXXXXX");
	assert_non_null(mkdtemp(folder));
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/bus", folder);
	snprintf(text, sizeof(text), "unix:path=%s", address.sun_path);
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", text, 1), 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void remove_bus(int fd)
{
	close(fd);
	unlink(address.sun_path);
	rmdir(folder);
}

static void assert_nobody(void)
{
	assert_int_equal(network_manager_manages("wlan0", &e), 0);
	assert_int_equal(network_manager_set_managed("wlan0", false, &e), 0);
	assert_string_equal(e.text, "");
}

static void without_a_bus_nobody_manages(void **state)
{
	(void)state;
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_nobody();
}

static void bus_that_has_ended_is_none(void **state)
{
	int fd = make_bus();

	(void)state;
	assert_nobody();
	remove_bus(fd);
}

static void bus_that_hangs_up_is_an_error(void **state)
{
	int fd = make_bus(), status, expected = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(listen(fd, 4), 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 2; i++)
			close(accept(fd, NULL, NULL));
		_exit(0);
	}
#ifdef HAVE_DBUS
	expected = -1;
#else
	/* Nobody connects. */
	for (int i = 0; i < 2; i++) {
		int c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_int_equal(connect(c, (struct sockaddr *)&address, sizeof(address)), 0);
		close(c);
	}
#endif
	assert_int_equal(network_manager_manages("wlan0", &e), expected);
	assert_int_equal(network_manager_set_managed("wlan0", false, &e), expected);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(expected == 0 || strstr(e.text, "wlan0: NetworkManager"));
	remove_bus(fd);
}

static void name_that_is_no_text_is_nobodys(void **state)
{
	(void)state;
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_int_equal(network_manager_manages("wlan\xff", &e), 0);
	assert_int_equal(network_manager_set_managed("wlan\xff", false, &e), 0);
}

/* --- with NetworkManager, or something like it --- */

static void interface_is_given_up_and_taken_back(void **state)
{
	(void)state;
	assert_int_equal(network_manager_manages("wlan0", &e), 1);
	assert_int_equal(network_manager_set_managed("wlan0", false, &e), 0);
	assert_int_equal(network_manager_manages("wlan0", &e), 0);
	assert_int_equal(network_manager_set_managed("wlan0", true, &e), 0);
	assert_int_equal(network_manager_manages("wlan0", &e), 1);
	assert_string_equal(e.text, "");
}

static void unknown_interface_is_not_managed(void **state)
{
	(void)state;
	assert_int_equal(network_manager_manages("wlan7", &e), 0);
	assert_int_equal(network_manager_set_managed("wlan7", false, &e), 0);
	assert_int_equal(network_manager_manages("wlan\xff", &e), 0);
	assert_string_equal(e.text, "");
}

static void answer_of_another_type_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(network_manager_manages("odd0", &e), -1);
	assert_non_null(strstr(e.text, "odd0: asking NetworkManager"));
}

static void refusal_says_what_to_try(void **state)
{
	(void)state;
	assert_int_equal(network_manager_manages("wlan0", &e), 1);
	assert_int_equal(network_manager_set_managed("wlan0", false, &e), -1);
	assert_int_equal(e.code, ERR_PERMISSION);
	assert_non_null(strstr(e.text, "nmcli device set wlan0 managed no"));
	assert_int_equal(network_manager_set_managed("wlan0", true, &e), -1);
	assert_non_null(strstr(e.text, "nmcli device set wlan0 managed yes"));
}

static void absent_one_manages_nothing(void **state)
{
	(void)state;
	assert_nobody();
}

static void stopped_one_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(network_manager_manages("wlan0", &e), -1);
	assert_non_null(strstr(e.text, "wlan0: asking NetworkManager"));
	assert_int_equal(network_manager_set_managed("wlan0", false, &e), -1);
}

/* Takes connections, and says nothing. */
static void silent_bus_is_not_waited_for(void **state)
{
	int fd = make_bus();

	(void)state;
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(network_manager_manages("wlan0", &e), -1);
	remove_bus(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, nothing_left_open)

static int run_with(const char *there)
{
	const struct CMUnitTest managing[] = {
		TEST(interface_is_given_up_and_taken_back),
		TEST(unknown_interface_is_not_managed),
		TEST(answer_of_another_type_is_an_error),
	};
	const struct CMUnitTest refusing[] = { TEST(refusal_says_what_to_try) };
	const struct CMUnitTest absent[] = { TEST(absent_one_manages_nothing) };
	const struct CMUnitTest stopped[] = { TEST(stopped_one_is_not_waited_for) };
	const struct CMUnitTest silent[] = { TEST(silent_bus_is_not_waited_for) };

	if (strcmp(there, "managing") == 0)
		return cmocka_run_group_tests(managing, NULL, NULL);
	if (strcmp(there, "refusing") == 0)
		return cmocka_run_group_tests(refusing, NULL, NULL);
	if (strcmp(there, "absent") == 0)
		return cmocka_run_group_tests(absent, NULL, NULL);
	if (strcmp(there, "stopped") == 0)
		return cmocka_run_group_tests(stopped, NULL, NULL);
	if (strcmp(there, "silent") == 0)
		return cmocka_run_group_tests(silent, NULL, NULL);
	fprintf(stderr, "NETWORK_MANAGER=%s?\n", there);
	return 64;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_bus_nobody_manages),
		TEST(bus_that_has_ended_is_none),
		TEST(bus_that_hangs_up_is_an_error),
		TEST(name_that_is_no_text_is_nobodys),
	};
	const char *there = getenv("NETWORK_MANAGER");

	return there ? run_with(there) : cmocka_run_group_tests(tests, NULL, NULL);
}
