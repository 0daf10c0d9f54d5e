/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real nl80211, on a simulated radio (mac80211_hwsim) only; skipped where there is none.
 * tests/lib/hwsim-vm --bring PROGRAM -- PROGRAM runs this where there are some. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ieee80211/channel_list.h"
#include "nl80211/nl80211.h"
#include "nl80211/rtnl.h"

#define MONITOR "hwsimmon0"
#define IFTYPE_MONITOR 6

static struct nl80211 *n;
static struct rtnl *r;
static struct wifi_iface base;		/* of the simulated radio; name "": there is none */
static uint32_t monitor;		/* 0: not made */
static struct err e;

static bool is_simulated(const struct wifi_iface *i)
{
	char path[128], link[256];
	ssize_t len;

	if (!i->name[0])
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver", i->name);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return false;
	link[len] = '\0';
	return strstr(link, "/mac80211_hwsim") != NULL;
}

static int find_radio(void **state)
{
	static struct wifi_iface list[WIFI_MAX_IFACES];
	int count;

	(void)state;
	n = nl80211_open(&e);
	r = rtnl_open(&e);
	count = n && r ? nl80211_list_interfaces(n, list, WIFI_MAX_IFACES, &e) : 0;
	for (int i = 0; i < count; i++) {
		if (is_simulated(&list[i]) && list[i].type != IFTYPE_MONITOR)
			base = list[i];
	}
	return 0;
}

static int leave_radio(void **state)
{
	(void)state;
	rtnl_close(r);
	nl80211_close(n);
	return 0;
}

static int remove_monitor(void **state)
{
	(void)state;
	if (monitor != 0)
		nl80211_del_interface(n, monitor, &e);
	monitor = 0;
	return 0;
}

static void need_radio(void)
{
	if (!base.name[0] || geteuid() != 0) {
		print_message("needs root and a radio of mac80211_hwsim\n");
		skip();
	}
	assert_int_equal(rtnl_set_up(r, base.ifindex, false, &e), 0);
}

static void make_monitor(void)
{
	assert_int_equal(nl80211_new_monitor(n, base.wiphy, MONITOR, 0, &monitor, &e), 0);
	assert_int_equal(rtnl_set_up(r, monitor, true, &e), 0);
}

static struct channel channel(const char *text)
{
	struct channel c;
	char why[128] = "";

	if (channel_parse(&c, text_of(text), why, sizeof(why)) != 0)
		fail_msg("%s: %s", text, why);
	return c;
}

static void kernel_without_wifi_is_a_clear_error(void **state)
{
	struct err why = { 0 };
	struct nl80211 *again;

	(void)state;
	again = nl80211_open(&why);
	if (!again && !strstr(why.text, "socket")) {
		assert_int_equal(why.code, ERR_UNSUPPORTED);
		assert_non_null(strstr(why.text, "cfg80211"));
	}
	nl80211_close(again);
}

static void radio_can_monitor(void **state)
{
	static struct wiphy w;
	char alpha2[3];

	(void)state;
	need_radio();
	assert_int_equal(nl80211_get_wiphy(n, base.wiphy, &w, &e), 0);
	assert_true(w.can_monitor && w.has_set_channel && w.n_bad == 0);
	assert_true(w.phy.n_bands >= 2 && w.phy.n_channels > 30);
	assert_int_equal(nl80211_get_regdomain(n, base.wiphy, alpha2, &e), 0);
	assert_int_equal(strlen(alpha2), 2);
	assert_int_equal(nl80211_get_wiphy(n, 4711, &w, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void loopback_is_no_wifi_interface(void **state)
{
	struct wifi_iface i;
	struct rtnl_link lo;

	(void)state;
	need_radio();
	assert_int_equal(rtnl_find(r, "lo", &lo, &e), 0);
	assert_int_equal(nl80211_get_interface(n, lo.ifindex, &i, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void monitor_interface_comes_and_goes(void **state)
{
	struct rtnl_link link;
	struct wifi_iface i;
	uint32_t second;

	(void)state;
	need_radio();
	make_monitor();
	assert_int_equal(nl80211_get_interface(n, monitor, &i, &e), 0);
	assert_int_equal(i.type, IFTYPE_MONITOR);
	assert_int_equal(i.wiphy, base.wiphy);
	assert_int_equal(rtnl_get(r, monitor, &link, &e), 0);
	assert_int_equal(link.arphrd, 803);
	assert_int_equal(nl80211_new_monitor(n, base.wiphy, MONITOR, 0, &second, &e), -1);
	assert_int_equal(e.sys, EEXIST);
	assert_int_equal(nl80211_del_interface(n, monitor, &e), 0);
	assert_int_equal(nl80211_del_interface(n, monitor, &e), -1);
	assert_int_equal(e.sys, ENODEV);
	monitor = 0;
}

static void each_width_is_tuned_to(void **state)
{
	static const char *const names[] = { "6", "1HT20", "36HT40+", "40HT40-", "36VHT80",
					     "36VHT160", "6" };
	struct wifi_iface i;

	(void)state;
	need_radio();
	make_monitor();
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		struct channel c = channel(names[k]);

		if (nl80211_set_channel(n, monitor, &c, &e) != 0)
			fail_msg("%s", e.text);
		assert_int_equal(nl80211_get_interface(n, monitor, &i, &e), 0);
		assert_int_equal(i.freq_khz, c.freq_khz);
		assert_int_equal(i.width, c.width);
	}
}

static void every_channel_that_is_offered_is_taken(void **state)
{
	const struct channel_choice choice = {
		.ht = true, .vht = true, .wide6 = true, .expand_ht20 = true,
	};
	struct strlist list = { 0 };
	static struct wiphy w;

	(void)state;
	need_radio();
	make_monitor();
	assert_int_equal(nl80211_get_wiphy(n, base.wiphy, &w, &e), 0);
	assert_int_equal(channel_list_of_phy(&list, &w.phy, &choice), 0);
	assert_true(list.n > 50);
	for (size_t i = 0; i < list.n; i++) {
		struct channel c = channel(list.items[i]);

		if (nl80211_set_channel(n, monitor, &c, &e) != 0)
			fail_msg("%s", e.text);
	}
	strlist_free(&list);
}

/* Tunes to c if the phy is said not to allow that: it should fail. */
static void try_forbidden(const struct phy *p, const struct channel *c)
{
	char why[128];

	if (phy_allows(p, c, why, sizeof(why)))
		return;
	if (nl80211_set_channel(n, monitor, c, &e) == 0)
		fail_msg("%u kHz, width %d, centre %u kHz: the kernel takes it, but: %s",
			 (unsigned)c->freq_khz, c->width, (unsigned)c->center1_khz, why);
}

static void no_channel_that_the_kernel_takes_is_left_out(void **state)
{
	static const enum channel_width blocks[] = { WIDTH_80, WIDTH_160 };
	static struct wiphy w;

	(void)state;
	need_radio();
	make_monitor();
	assert_int_equal(nl80211_get_wiphy(n, base.wiphy, &w, &e), 0);
	for (size_t i = 0; i < w.phy.n_channels; i++) {
		const struct phy_channel *p = &w.phy.channels[i];
		struct channel c = { p->band, WIDTH_20, p->freq_khz, p->freq_khz, .by_mhz = true };

		if (p->band == BAND_S1G)
			continue;
		try_forbidden(&w.phy, &c);
		c.width = WIDTH_40;
		c.center1_khz = p->freq_khz + 10000;
		try_forbidden(&w.phy, &c);
		c.center1_khz = p->freq_khz - 10000;
		try_forbidden(&w.phy, &c);
		for (size_t k = 0; k < 2; k++) {
			c.width = blocks[k];
			c.center1_khz = channel_block_center_khz(p->freq_khz, c.width);
			if (c.center1_khz != 0)
				try_forbidden(&w.phy, &c);
		}
	}
}

static void impossible_channel_is_refused_in_words(void **state)
{
	struct channel c = channel("5181");

	(void)state;
	need_radio();
	make_monitor();
	assert_int_equal(nl80211_set_channel(n, monitor, &c, &e), -1);
	assert_int_equal(e.sys, EINVAL);
	assert_non_null(strstr(e.text, "cannot tune " MONITOR " to channel 5181: "));
}

static void interface_beside_it_makes_the_radio_busy(void **state)
{
	struct channel c = channel("6");

	(void)state;
	need_radio();
	make_monitor();
	assert_int_equal(rtnl_set_up(r, base.ifindex, true, &e), 0);
	/* Since Linux 6.15 some may be tuned all the same. */
	if (nl80211_set_channel(n, monitor, &c, &e) != 0) {
		assert_int_equal(e.code, ERR_BUSY);
		assert_non_null(strstr(e.text, "another interface"));
	}
	assert_int_equal(nl80211_set_type(n, base.ifindex, IFTYPE_MONITOR, &e), -1);
	assert_int_equal(e.sys, EBUSY);
	assert_int_equal(rtnl_set_up(r, base.ifindex, false, &e), 0);
	assert_int_equal(nl80211_set_channel(n, monitor, &c, &e), 0);
}

static void base_interface_becomes_a_monitor_and_back(void **state)
{
	struct wifi_iface i;

	(void)state;
	need_radio();
	assert_int_equal(nl80211_set_type(n, base.ifindex, IFTYPE_MONITOR, &e), 0);
	assert_int_equal(nl80211_get_interface(n, base.ifindex, &i, &e), 0);
	assert_int_equal(i.type, IFTYPE_MONITOR);
	assert_int_equal(nl80211_set_type(n, base.ifindex, base.type, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_without_wifi_is_a_clear_error),
		cmocka_unit_test(radio_can_monitor),
		cmocka_unit_test(loopback_is_no_wifi_interface),
		cmocka_unit_test_teardown(monitor_interface_comes_and_goes, remove_monitor),
		cmocka_unit_test_teardown(each_width_is_tuned_to, remove_monitor),
		cmocka_unit_test_teardown(every_channel_that_is_offered_is_taken, remove_monitor),
		cmocka_unit_test_teardown(no_channel_that_the_kernel_takes_is_left_out,
					  remove_monitor),
		cmocka_unit_test_teardown(impossible_channel_is_refused_in_words, remove_monitor),
		cmocka_unit_test_teardown(interface_beside_it_makes_the_radio_busy, remove_monitor),
		cmocka_unit_test(base_interface_becomes_a_monitor_and_back),
	};

	return cmocka_run_group_tests(tests, find_radio, leave_radio);
}
