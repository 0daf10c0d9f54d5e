/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --list, for people and for programs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/list_devices.h"
#include "capture_common/log.h"

static const struct source_device *devices;	/* ended by one without a name */
static int list_result;

static int list(struct source_list *out, struct err *e)
{
	for (const struct source_device *d = devices; d && d->name[0]; d++)
		*source_list_add(out) = *d;
	return list_result < 0 ? err_set(e, ERR_PERMISSION, "may not look") : 0;
}

static const struct source_ops ops = { .list = list };
static const struct source_ops no_ops = { .list = NULL };
static const struct source_tool tool = { .program = "kismet_cap_x", .type = "x", .ops = &ops };
static const struct source_tool tool_without = { .program = "kismet_cap_y", .type = "y",
						 .ops = &no_ops };

static char output[8192];
static size_t output_len;

static int run(const struct source_tool *t, bool json)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	int status = list_devices(t, json, file);

	rewind(file);
	output_len = fread(output, 1, sizeof(output) - 1, file);
	output[output_len] = '\0';
	fclose(file);
	return status;
}

static int setup(void **state)
{
	(void)state;
	devices = NULL;
	list_result = 0;
	return 0;
}

static void lines_begin_with_what_source_takes(void **state)
{
	static const struct source_device two[] = {
		{ .name = "wlan0", .hardware = "ath9k_htc" },
		{ .name = "usb:7", .flags = "channel=6", .hardware = "A stick", .capif = "c0" },
		{ .name = "plain" },
		{ .name = "" },
	};

	(void)state;
	devices = two;
	assert_int_equal(run(&tool, false), 0);
	assert_string_equal(output, "wlan0\tath9k_htc\nusb:7:channel=6\tA stick\nplain\n");
}

static void no_device_is_no_failure(void **state)
{
	(void)state;
	assert_int_equal(run(&tool, false), 0);
	assert_string_equal(output, "");
	assert_int_equal(run(&tool, true), 0);
	assert_string_equal(output, "[]\n");
}

static void failure_has_a_status_and_no_output(void **state)
{
	(void)state;
	list_result = -1;
	assert_int_equal(run(&tool, true), 77);
	assert_string_equal(output, "");
}

static void tool_without_devices_says_so(void **state)
{
	(void)state;
	assert_int_equal(run(&tool_without, false), 69);
	assert_string_equal(output, "");
}

/* The text comes from the device: it must not draw on the terminal, or look like more devices. */
static void device_cannot_steer_the_terminal(void **state)
{
	static const struct source_device evil[] = {
		{ .name = "usb1", .hardware = "\x1b[2Jx\nusb2\tgood\x7f" },
		{ .name = "" },
	};

	(void)state;
	devices = evil;
	assert_int_equal(run(&tool, false), 0);
	assert_string_equal(output, "usb1\t?[2Jx?usb2?good?\n");
}

static void full_disk_is_noticed(void **state)
{
	static const struct source_device one[] = { { .name = "wlan0" }, { .name = "" } };
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		return;		/* no such thing on this system */
	devices = one;
	assert_true(list_devices(&tool, false, full) != 0);
	fclose(full);
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_begin_with_what_source_takes),
		TEST(no_device_is_no_failure),
		TEST(failure_has_a_status_and_no_output),
		TEST(tool_without_devices_says_so),
		TEST(device_cannot_steer_the_terminal),
		TEST(full_disk_is_noticed),
	};

	log_init("test_list_devices", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
