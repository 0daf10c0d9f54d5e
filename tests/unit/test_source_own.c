/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a remote server may make of a source, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_common/source_own.h"

static const struct source_opt options[] = {
	{ .key = "vif", .own_only = true },
	{ .key = "leave_out", .own_only = true, .repeatable = true },
	{ .key = "filter_mgmt", .own_keeps = true },
	{ .key = "ht" },
	{ .key = NULL },
};

static const struct source_tool tool = { .options = options };

static struct err e;

static void becomes(const char *own, const char *asked, const char *expected)
{
	char *merged = source_own_merge(&tool, own, text_of(asked), &e);

	if (!merged)
		fail_msg("%s", e.text);
	assert_string_equal(merged, expected);
	free(merged);
}

static void server_may_add_options(void **state)
{
	(void)state;
	becomes("wlan0", "wlan0:ht=false,name=roof", "wlan0:ht=false,name=roof");
	becomes("wlan0:name=x", "wlan0", "wlan0");
	becomes("wlan0", "wlan0:filter_mgmt=true", "wlan0:filter_mgmt=true");
}

static void another_interface_is_refused(void **state)
{
	(void)state;
	assert_null(source_own_merge(&tool, "wlan0:vif=mon0", text_of("wlan1:vif=mon0"), &e));
	assert_int_equal(e.code, ERR_PERMISSION);
	assert_non_null(strstr(e.text, "wlan1"));
	assert_null(source_own_merge(&tool, "wlan0", text_of(""), &e));
	assert_int_equal(e.code, ERR_USAGE);
}

static void owners_values_count_whatever_the_server_says(void **state)
{
	(void)state;
	becomes("wlan0:vif=mon0", "wlan0:vif=mon1,ht=t", "wlan0:vif=mon0,ht=t");
	becomes("wlan0:vif=mon0", "wlan0", "wlan0:vif=mon0");
	becomes("wlan0", "wlan0:VIF=mon1", "wlan0");
	becomes("wlan0:filter_mgmt=true", "wlan0:filter_mgmt=false", "wlan0:filter_mgmt=true");
	becomes("wlan0:filter_mgmt=true", "wlan0", "wlan0:filter_mgmt=true");
}

/* Servers keep the last value of a key only. */
static void all_values_of_the_owner_come_back(void **state)
{
	(void)state;
	becomes("wlan0:leave_out=a,leave_out=b,ht=t", "wlan0:ht=t,leave_out=b",
		"wlan0:leave_out=a,leave_out=b,ht=t");
}

static void lists_stay_lists(void **state)
{
	(void)state;
	becomes("wlan0:leave_out=\"a,b\"", "wlan0:channels=1,6,name=x",
		"wlan0:leave_out=\"a,b\",channels=\"1,6\",name=x");
}

static void what_is_too_long_together_is_refused(void **state)
{
	char own[5000], asked[5000];

	(void)state;
	memset(own, 'a', sizeof(own));
	memcpy(own, "wlan0:vif=", 10);
	own[sizeof(own) - 1] = '\0';
	memset(asked, 'b', sizeof(asked));
	memcpy(asked, "wlan0:name=", 11);
	asked[sizeof(asked) - 1] = '\0';
	assert_null(source_own_merge(&tool, own, text_of(asked), &e));
	assert_non_null(strstr(e.text, "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_may_add_options),
		cmocka_unit_test(another_interface_is_refused),
		cmocka_unit_test(owners_values_count_whatever_the_server_says),
		cmocka_unit_test(all_values_of_the_owner_come_back),
		cmocka_unit_test(lists_stay_lists),
		cmocka_unit_test(what_is_too_long_together_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
