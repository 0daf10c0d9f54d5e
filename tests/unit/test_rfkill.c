/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switches of a radio, in a folder made like the kernel's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_linux_wifi/rfkill.h"

static char sysfs[64];
static struct err e;
static struct rfkill_state st;

static int setup(void **state)
{
	char command[128];

	(void)state;
	strcpy(sysfs, "/tmp/test_rfkill.XXXXXX");
	if (!mkdtemp(sysfs))
		return -1;
	memset(&e, 0, sizeof(e));
	memset(&st, 0xff, sizeof(st));
	snprintf(command, sizeof(command), "mkdir -p %s/class/ieee80211/phy0/device", sysfs);
	return system(command);
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", sysfs);
	return system(command);
}

static void put(const char *name, const char *file, const char *text)
{
	char path[192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/class/ieee80211/phy0/%s/%s", sysfs, name, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_switch(const char *name, const char *type, const char *soft, const char *hard)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/class/ieee80211/phy0/%s", sysfs, name);
	assert_int_equal(mkdir(path, 0700), 0);
	put(name, "type", type);
	put(name, "soft", soft);
	put(name, "hard", hard);
}

static char soft_of(const char *name)
{
	char path[192];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/class/ieee80211/phy0/%s/soft", sysfs, name);
	f = fopen(path, "r");
	assert_non_null(f);
	c = fgetc(f);
	fclose(f);
	return (char)c;
}

static void radio_without_switch_is_not_known(void **state)
{
	(void)state;
	rfkill_get(sysfs, "phy0", &st);
	assert_false(st.known || st.soft || st.hard);
	rfkill_get(sysfs, "phy1", &st);
	assert_false(st.known);
	assert_int_equal(rfkill_set_soft(sysfs, "phy0", false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "phy0"));
}

static void both_blocks_are_told_apart(void **state)
{
	(void)state;
	put_switch("rfkill3", "wlan\n", "1\n", "0\n");
	rfkill_get(sysfs, "phy0", &st);
	assert_true(st.known && st.soft && !st.hard);
	put("rfkill3", "soft", "0\n");
	put("rfkill3", "hard", "1\n");
	rfkill_get(sysfs, "phy0", &st);
	assert_true(st.known && !st.soft && st.hard);
}

static void one_of_several_switches_blocks(void **state)
{
	(void)state;
	put_switch("rfkill0", "wlan\n", "0\n", "1\n");
	put_switch("rfkill1", "wlan\n", "1\n", "0\n");
	put_switch("rfkill2", "wlan\n", "0\n", "0\n");
	rfkill_get(sysfs, "phy0", &st);
	assert_true(st.known && st.soft && st.hard);
	assert_int_equal(rfkill_set_soft(sysfs, "phy0", false, &e), 0);
	assert_int_equal(soft_of("rfkill1"), '0');
	rfkill_get(sysfs, "phy0", &st);
	assert_false(st.soft);
	assert_int_equal(rfkill_set_soft(sysfs, "phy0", true, &e), 0);
	assert_int_equal(soft_of("rfkill0"), '1');
	assert_int_equal(soft_of("rfkill1"), '1');
	assert_int_equal(soft_of("rfkill2"), '1');
}

static void switch_of_another_kind_is_left_alone(void **state)
{
	(void)state;
	put_switch("rfkill0", "bluetooth\n", "1\n", "1\n");
	put_switch("led0", "wlan\n", "1\n", "1\n");
	rfkill_get(sysfs, "phy0", &st);
	assert_false(st.known || st.soft || st.hard);
	assert_int_equal(rfkill_set_soft(sysfs, "phy0", false, &e), -1);
	assert_int_equal(soft_of("rfkill0"), '1');
}

/* A file that reads as blocked and that even root cannot write to: one of /proc. */
static void refusal_says_what_and_why(void **state)
{
	char path[192];

	(void)state;
	put_switch("rfkill0", "wlan\n", "0\n", "0\n");
	snprintf(path, sizeof(path), "%s/class/ieee80211/phy0/rfkill0/soft", sysfs);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/proc/version", path), 0);
	assert_int_equal(rfkill_set_soft(sysfs, "phy0", true, &e), -1);
	assert_true(e.code == ERR_PERMISSION || e.code == ERR_SYSTEM);
	assert_int_not_equal(e.sys, 0);
	assert_non_null(strstr(e.text, "phy0: cannot be blocked by software: "));
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "phy0/../phy0", "/" };

	(void)state;
	put_switch("rfkill0", "wlan\n", "1\n", "0\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rfkill_get(sysfs, names[i], &st);
		assert_false(st.known);
		assert_int_equal(rfkill_set_soft(sysfs, names[i], false, &e), -1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(radio_without_switch_is_not_known),
		TEST(both_blocks_are_told_apart),
		TEST(one_of_several_switches_blocks),
		TEST(switch_of_another_kind_is_left_alone),
		TEST(refusal_says_what_and_why),
		TEST(names_that_lead_elsewhere_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
