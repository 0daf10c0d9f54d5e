/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probing with the real system, where that cannot be opened. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/wifi_source.h"

static struct err e;

/* Without a descriptor left there is no way to the kernel. */
static int probe_without_system(const char *definition)
{
	struct source_info info = { .uuid = "" };
	struct srcdef def = { 0 };
	struct rlimit before, none;
	int rc;

	memset(&e, 0, sizeof(e));
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = wifi_source_ops.probe(&def, &info, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	source_info_free(&info);
	srcdef_free(&def);
	return rc;
}

/* Servers ask every tool about every source, and show what each complains about. */
static void another_tools_source_is_refused_in_silence(void **state)
{
	(void)state;
	assert_int_equal(probe_without_system("rtl433-0"), -1);
	assert_string_equal(e.text, "");
	assert_int_equal(probe_without_system("capture.pcap:type=pcapfile"), -1);
	assert_string_equal(e.text, "");
}

static void reason_is_given_for_what_is_surely_ours(void **state)
{
	(void)state;
	assert_int_equal(probe_without_system("wlan0:type=LinuxWifi"), -1);
	assert_string_not_equal(e.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_tools_source_is_refused_in_silence),
		cmocka_unit_test(reason_is_given_for_what_is_surely_ours),
	};

	log_init("test_wifi_source", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("wifi_source", tests, NULL, NULL);
}
