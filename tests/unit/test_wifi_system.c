/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real system, as far as every machine has it: interfaces that are no Wi-Fi, and questions
 * about radios that are not there. Nothing is changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "capture_linux_wifi/wifi_system.h"

#define NOBODY 0x7ffffff0u		/* no interface has that number */

static struct wifi_system *s;
static struct err e;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	s = wifi_system_open(&e);
	if (!s)
		print_message("%s\n", e.text);
	return s ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	wifi_system_close(s);
	return 0;
}

static void every_call_is_there(void **state)
{
	(void)state;
	assert_true(s->find_link && s->get_link && s->list_links && s->set_up && s->route);
	assert_true(s->get_iface && s->list_ifaces && s->get_wiphy && s->get_regdomain);
	assert_true(s->new_monitor && s->del_iface && s->set_type && s->set_channel);
	assert_true(s->rfkill_get && s->rfkill_set_soft && s->nm_managed && s->nm_set_managed);
	assert_non_null(s->driver);
}

static void loopback_is_no_wifi(void **state)
{
	char driver[WIFI_DRIVER_SIZE] = "unset";
	struct wifi_iface iface;
	struct rtnl_link lo, same;

	(void)state;
	assert_int_equal(s->find_link(s->self, "lo", &lo, &e), 0);
	assert_int_equal(s->get_link(s->self, lo.ifindex, &same, &e), 0);
	assert_string_equal(same.name, "lo");
	assert_int_equal(s->get_iface(s->self, lo.ifindex, &iface, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	s->driver(s->self, "lo", driver);
	assert_string_equal(driver, "");
}

static void loopback_is_listed(void **state)
{
	struct rtnl_link *links = NULL;
	int n = s->list_links(s->self, &links, &e), found = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++)
		found += strcmp(links[i].name, "lo") == 0;
	assert_int_equal(found, 1);
	free(links);
}

static void radios_are_those_of_the_kernel(void **state)
{
	static struct wifi_iface list[WIFI_MAX_IFACES];
	static struct wiphy wiphy;
	int n = s->list_ifaces(s->self, list, WIFI_MAX_IFACES, &e);

	(void)state;
	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(s->get_wiphy(s->self, list[i].wiphy, &wiphy, &e), 0);
	assert_int_equal(s->get_wiphy(s->self, NOBODY, &wiphy, &e), -1);
}

static void what_is_not_there_is_not_changed(void **state)
{
	const struct channel c = { .band = BAND_2GHZ, .freq_khz = 2437000 };
	uint32_t ifindex;

	(void)state;
	assert_int_equal(s->set_up(s->self, NOBODY, true, &e), -1);
	assert_true(e.text[0]);
	assert_int_equal(s->new_monitor(s->self, NOBODY, "nobody0", 0, &ifindex, &e), -1);
	assert_int_equal(s->del_iface(s->self, NOBODY, &e), -1);
	assert_int_equal(s->set_type(s->self, NOBODY, 6, &e), -1);
	assert_int_equal(s->set_channel(s->self, NOBODY, &c, &e), -1);
	assert_true(e.text[0]);
}

static void switch_of_nobody_is_not_known(void **state)
{
	struct rfkill_state rfkill = { .known = true };

	(void)state;
	s->rfkill_get(s->self, "nobody0", &rfkill);
	assert_false(rfkill.known);
	assert_int_equal(s->rfkill_set_soft(s->self, "nobody0", false, &e), -1);
}

static void unknown_address_has_no_route(void **state)
{
	struct rtnl_link lo;

	(void)state;
	assert_int_equal(s->route(s->self, "no address"), 0);
	assert_int_equal(s->find_link(s->self, "lo", &lo, &e), 0);
	if (lo.flags & IFF_UP)		/* not in every container */
		assert_int_equal(s->route(s->self, "127.0.0.1"), lo.ifindex);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	wifi_system_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_there),
		cmocka_unit_test(loopback_is_no_wifi),
		cmocka_unit_test(loopback_is_listed),
		cmocka_unit_test(radios_are_those_of_the_kernel),
		cmocka_unit_test(what_is_not_there_is_not_changed),
		cmocka_unit_test(switch_of_nobody_is_not_known),
		cmocka_unit_test(unknown_address_has_no_route),
		cmocka_unit_test(closing_nothing_is_fine),
	};

	return cmocka_run_group_tests_name("wifi_system", tests, setup, teardown);
}
