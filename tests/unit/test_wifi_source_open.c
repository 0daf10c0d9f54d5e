/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source as the framework has it: opened, read, closed, on an interface without a radio of its
 * own; and the way to the server, on a kernel in memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "tests/lib/open_rig.h"
#include "tests/lib/tap_device.h"
#include "tests/lib/watch_rig.h"

static const struct source_ops *const ops = &wifi_source_ops;
static struct watch_rig *const rig = &watch_rig;
static struct source_info info;
static struct err e;
static void *opened;
static char folder[] = "/tmp/test_wifi_source_XXXXXX";

/* Notes of other processes on this machine are left alone. */
static int group_setup(void **state)
{
	if (!mkdtemp(folder) || setenv("RUNTIME_DIRECTORY", folder, 1) < 0)
		return -1;
	return tap_device_group_setup(state);
}

static int group_teardown(void **state)
{
	(void)state;
	return rmdir(folder);		/* nothing is left in it */
}

static int setup(void **state)
{
	opened = NULL;
	memset(&info, 0, sizeof(info));
	memset(&e, 0, sizeof(e));
	return watch_rig_setup(state);
}

static int teardown(void **state)
{
	if (opened)
		ops->close(opened);
	source_info_free(&info);
	return watch_rig_teardown(state);
}

static void *try_to_open(const char *definition)
{
	struct srcdef def = { 0 };

	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	opened = ops->open(&def, &info, &e);
	srcdef_free(&def);
	return opened;
}

static int probe(const char *definition)
{
	struct srcdef def = { 0 };

	source_info_free(&info);
	memset(&e, 0, sizeof(e));
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	int rc = ops->probe(&def, &info, &e);

	srcdef_free(&def);
	return rc;
}

/* --- opened and closed --- */

static void open_source_tells_what_it_is(void **state)
{
	char uuid[UUID_SIZE];

	(void)state;
	tap_device_need();
	assert_int_equal(probe("tap0:name=roof"), 0);
	memcpy(uuid, info.uuid, sizeof(uuid));
	source_info_free(&info);
	if (!try_to_open("tap0:name=roof"))
		fail_msg("%s", e.text);
	assert_string_equal(info.uuid, uuid);		/* as it was announced */
	assert_string_equal(info.capif, "tap0");
	assert_true(info.has_dlt);
	assert_int_equal(info.dlt, 127);
	assert_int_equal(info.channels.n, 0);
	assert_non_null(strstr(info.message, "capturing from tap0"));
}

static void interface_is_as_before_when_it_is_closed(void **state)
{
	(void)state;
	tap_device_need();
	for (int i = 0; i < 3; i++) {
		bool up = i == 1;

		tap_device_set_up("tap0", up);
		assert_non_null(try_to_open("tap0"));
		assert_true(watch_rig_is_up("tap0"));
		ops->close(opened);
		opened = NULL;
		source_info_free(&info);
		assert_int_equal(watch_rig_is_up("tap0"), up);
	}
}

/* The step that fails is the last one. */
static void interface_is_as_before_when_it_cannot_be_opened(void **state)
{
	(void)state;
	tap_device_need();
	tap_device_set_up("tap0", false);
	assert_null(try_to_open("tap0:filter=\"wlan type nonsense\""));
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.text, "nonsense"));
	assert_false(watch_rig_is_up("tap0"));
	assert_null(try_to_open("tap0:filter_interface=nosuch0"));
	assert_non_null(strstr(e.text, "nosuch0"));
	assert_false(watch_rig_is_up("tap0"));
	assert_null(try_to_open("tap0:buffer=nonsense"));
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(try_to_open("tap0"));		/* and the next try may succeed */
}

static void what_is_no_wifi_is_refused(void **state)
{
	(void)state;
	tap_device_need();
	assert_int_equal(probe("base0"), -1);
	assert_null(try_to_open("base0"));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, "base0"));
	assert_false(watch_rig_is_up("base0"));
	assert_null(try_to_open("nosuch0"));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "nosuch0"));
}

static void list_has_what_can_be_opened(void **state)
{
	struct source_list list = { NULL, 0 };
	unsigned found = 0;

	(void)state;
	tap_device_need();
	assert_int_equal(ops->list(&list, &e), 0);
	for (size_t i = 0; i < list.n; i++) {
		assert_string_not_equal(list.devices[i].name, "base0");
		found += strcmp(list.devices[i].name, "tap0") == 0;
	}
	assert_int_equal(found, 1);
	source_list_free(&list);
}

static void interface_without_radio_says_that_it_cannot_be_tuned(void **state)
{
	(void)state;
	tap_device_need();
	assert_non_null(try_to_open("tap0"));
	assert_int_equal(ops->tune(opened, "6", &e), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, "tap0"));
	ops->close(opened);
	source_info_free(&info);
	assert_null(try_to_open("tap0:channel=6"));
	assert_non_null(strstr(e.text, "channel="));
}

/* --- read --- */

static void packets_come_and_are_counted(void **state)
{
	struct source_stats stats;
	struct queue_stats q = { 0 };

	(void)state;
	tap_device_need();
	assert_non_null(try_to_open("tap0"));
	for (int i = 0; i < 1000 && q.pushed < 20; i++) {
		struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };

		watch_rig_send();
		assert_int_not_equal(ops->read(opened, &rig->capture, &wait, &e), SOURCE_FAILED);
		queue_get_stats(rig->capture.queue, &q);
		struct pollfd p = { .fd = wait.fd, .events = POLLIN };

		poll(&p, 1, 100);
	}
	assert_true(q.pushed >= 20);
	ops->stats(opened, &stats);
	assert_true(stats.received >= q.pushed);
	assert_int_equal(stats.kernel_dropped, 0);
}

/* Otherwise nobody would look for silence, or at what tuning does. */
static void source_asks_to_be_read_though_nothing_comes(void **state)
{
	struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };
	enum source_read r;

	(void)state;
	tap_device_need();
	assert_non_null(try_to_open("tap0"));
	do
		r = ops->read(opened, &rig->capture, &wait, &e);
	while (r == SOURCE_MORE);
	assert_int_equal(r, SOURCE_WAIT);
	assert_true(wait.fd >= 0);
	assert_true(wait.until_ns > rig->clock.now_ns);
	assert_true(wait.until_ns <= rig->clock.now_ns + 2000000000u);
}

/* --- the way to the server --- */

static struct open_rig laptop;
static struct wifi_source on_laptop;

/* How many addresses are left out because the way to the server leads by that interface. */
static size_t left_out(const char *interface)
{
	const struct filter_mac *macs;
	struct fake_wifi_link *l = interface ? fake_wifi_find(&laptop.fake, interface) : NULL;

	laptop.fake.route = l ? l->link.ifindex : 0;
	wifi_source_find_uplink(&on_laptop);
	if (wifi_filter_look(on_laptop.filter, on_laptop.system, 0, &e) < 0)
		fail_msg("%s", e.text);
	return wifi_filter_macs(on_laptop.filter, &macs);
}

static void server_behind_wifi_is_left_out(void **state)
{
	const struct filter_mac *macs;

	(void)state;
	open_rig_init(&laptop);
	memset(&on_laptop, 0, sizeof(on_laptop));
	on_laptop.system = &laptop.fake.ops;
	on_laptop.options.filter_uplink = true;
	on_laptop.filter = wifi_filter_new(&on_laptop.options, &e);
	assert_int_equal(left_out("wlan0"), 0);		/* nobody said where it is */
	strcpy(on_laptop.uplink, "192.0.2.7");
	assert_int_equal(left_out("wlan0"), 1);
	wifi_filter_macs(on_laptop.filter, &macs);
	assert_memory_equal(macs[0].addr, fake_wifi_find(&laptop.fake, "wlan0")->link.mac, 6);
	assert_int_equal(left_out("eth0"), 0);
	assert_int_equal(left_out(NULL), 0);
	fake_wifi_add_link(&laptop.fake, "br0", ARPHRD_ETHER);
	assert_int_equal(left_out("br0"), 0);
	fake_wifi_find(&laptop.fake, "wlan0")->link.master =
		fake_wifi_find(&laptop.fake, "br0")->link.ifindex;
	assert_int_equal(left_out("br0"), 1);
	on_laptop.options.filter_uplink = false;
	assert_int_equal(left_out("wlan0"), 0);
	wifi_filter_free(on_laptop.filter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_source_tells_what_it_is),
		TEST(interface_is_as_before_when_it_is_closed),
		TEST(interface_is_as_before_when_it_cannot_be_opened),
		TEST(what_is_no_wifi_is_refused),
		TEST(list_has_what_can_be_opened),
		TEST(interface_without_radio_says_that_it_cannot_be_tuned),
		TEST(packets_come_and_are_counted),
		TEST(source_asks_to_be_read_though_nothing_comes),
		cmocka_unit_test(server_behind_wifi_is_left_out),
	};

	log_init("test_wifi_source_open", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("wifi_source_open", tests, group_setup,
					   group_teardown);
}
