/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else is at a radio, asked of a small system and a folder made like /proc. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_linux_wifi/holders.h"

static char text[256];

/* --- interfaces --- */

static const struct wifi_iface *ifaces;
static int n_ifaces;

static int list_ifaces(void *self, struct wifi_iface *out, size_t max, struct err *e)
{
	(void)self;
	if (n_ifaces < 0)
		return err_set(e, ERR_SYSTEM, "no");
	assert_true((size_t)n_ifaces <= max);
	memcpy(out, ifaces, (size_t)n_ifaces * sizeof(*out));
	return n_ifaces;
}

/* Interfaces of an even number are up; number 99 has just gone. */
static int get_link(void *self, uint32_t ifindex, struct rtnl_link *out, struct err *e)
{
	(void)self;
	if (ifindex == 99)
		return err_set(e, ERR_NOT_FOUND, "gone");
	memset(out, 0, sizeof(*out));
	out->ifindex = ifindex;
	out->flags = ifindex % 2 == 0 ? IFF_UP : 0;
	return 0;
}

static struct wifi_system wifi = { .list_ifaces = list_ifaces, .get_link = get_link };

static const struct wifi_iface several[] = {
	{ .ifindex = 2, .name = "wlan0", .wiphy = 1 },
	{ .ifindex = 3, .name = "wlan1", .wiphy = 1 },
	{ .ifindex = 4, .name = "wlan2", .wiphy = 0 },
	{ .ifindex = 99, .name = "wlan3", .wiphy = 1 },
	{ .ifindex = 6, .name = "wlan0mon", .wiphy = 1 },
	{ .ifindex = 0, .name = "", .wiphy = 1 },
	{ .ifindex = 0, .name = "p2p-dev-wlan0", .wiphy = 1 },
};

static size_t ask(int n, uint32_t except)
{
	ifaces = several;
	n_ifaces = n;
	return holders_interfaces(&wifi, 1, except, text, sizeof(text));
}

static void interfaces_that_are_up_are_named(void **state)
{
	(void)state;
	assert_int_equal(ask(5, 0), 2);
	assert_string_equal(text, "wlan0, wlan0mon");
}

static void own_interface_is_not_named(void **state)
{
	(void)state;
	assert_int_equal(ask(5, 6), 1);
	assert_string_equal(text, "wlan0");
	assert_int_equal(ask(1, 2), 0);
	assert_string_equal(text, "");
}

static void devices_without_interface_are_explained(void **state)
{
	(void)state;
	assert_int_equal(ask(7, 6), 3);
	assert_string_equal(text, "wlan0, one (a device without network interface), "
			    "p2p-dev-wlan0 (a device without network interface)");
}

static void kernel_that_does_not_answer_names_nobody(void **state)
{
	(void)state;
	strcpy(text, "old");
	assert_int_equal(ask(-1, 0), 0);
	assert_string_equal(text, "");
}

static void what_does_not_fit_is_marked(void **state)
{
	char small[20];

	(void)state;
	ifaces = several;
	n_ifaces = 7;
	for (size_t size = 1; size <= sizeof(small); size++) {
		memset(small, 'x', sizeof(small));
		assert_int_equal(holders_interfaces(&wifi, 1, 0, small, size), 4);
		assert_non_null(memchr(small, '\0', size));
	}
	assert_string_equal(small, "wlan0, wlan0mon");
	assert_int_equal(holders_interfaces(&wifi, 1, 0, small, 15), 4);
	assert_string_equal(small, "wlan0, wlan...");
}

/* --- programs --- */

static char proc[64];

static int make_proc(void **state)
{
	(void)state;
	strcpy(proc, "/tmp/test_holders.XXXXXX");
	return mkdtemp(proc) ? 0 : -1;
}

static int remove_proc(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", proc);
	return system(command);
}

static void put_process(const char *pid, const char *comm)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", proc, pid);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/comm", proc, pid);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(comm, f);
	assert_int_equal(fclose(f), 0);
}

static void put_own_process(pid_t number)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", (long)number);
	put_process(pid, "kismet_cap_linu\n");
}

static void programs_are_named_with_their_numbers(void **state)
{
	(void)state;
	put_process("2000000812", "wpa_supplicant\n");
	put_process("2000000640", "NetworkManager\n");
	put_process("2000000001", "systemd\n");
	put_process("2000000900", "iwd\n");
	put_process("2000000901", "iw\n");
	put_process("2000000902", "\n");
	put_process("2000000903", "iwdx\n");
	put_process("2000000500", "wpa_supplicant\n");
	put_process("self", "iwd\n");
	put_process("20x", "iwd\n");
	assert_int_equal(holders_programs(proc, text, sizeof(text)), 4);
	assert_string_equal(text, "NetworkManager (2000000640), wpa_supplicant (2000000500), "
			    "wpa_supplicant (2000000812), iwd (2000000900)");
}

static void another_capture_is_found_by_its_cut_name(void **state)
{
	(void)state;
	put_process("2000000004", "kismet_cap_linu\n");
	put_own_process(getpid());
	put_own_process(getppid());
	assert_int_equal(holders_programs(proc, text, sizeof(text)), 1);
	assert_string_equal(text, "kismet_cap_linux_wifi (2000000004)");
}

/* With a name that is made to be taken for the end of one. */
static void put_child(const char *pid, const char *comm, pid_t parent)
{
	char path[128];
	FILE *f;

	put_process(pid, comm);
	snprintf(path, sizeof(path), "%s/%s/stat", proc, pid);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s (%s) S 1) S %ld 1 1 0 -1 4194304\n", pid, comm, (long)parent);
	assert_int_equal(fclose(f), 0);
}

static void other_sources_of_this_program_are_not_named(void **state)
{
	pid_t stranger = 2000000999;

	(void)state;
	put_child("2000000005", "kismet_cap_linu", getppid());
	put_child("2000000006", "kismet_cap_linu", getpid());
	assert_int_equal(holders_programs(proc, text, sizeof(text)), 0);
	put_child("2000000007", "kismet_cap_linu", stranger);
	put_child("2000000008", "iwd", getppid());
	assert_int_equal(holders_programs(proc, text, sizeof(text)), 2);
	assert_string_equal(text, "iwd (2000000008), kismet_cap_linux_wifi (2000000007)");
}

static void nobody_there_is_an_empty_text(void **state)
{
	(void)state;
	strcpy(text, "old");
	assert_int_equal(holders_programs(proc, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	strcpy(text, "old");
	assert_int_equal(holders_programs("/nonexistent", text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void process_that_has_just_ended_is_passed_over(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/2000000007", proc);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(holders_programs(proc, text, sizeof(text)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_proc, remove_proc)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_that_are_up_are_named),
		cmocka_unit_test(own_interface_is_not_named),
		cmocka_unit_test(devices_without_interface_are_explained),
		cmocka_unit_test(kernel_that_does_not_answer_names_nobody),
		cmocka_unit_test(what_does_not_fit_is_marked),
		TEST(programs_are_named_with_their_numbers),
		TEST(another_capture_is_found_by_its_cut_name),
		TEST(other_sources_of_this_program_are_not_named),
		TEST(nobody_there_is_an_empty_text),
		TEST(process_that_has_just_ended_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
