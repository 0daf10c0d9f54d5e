/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces, in a network namespace of this test's own where the system allows one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl80211/netlink.h"
#include "nl80211/nl80211_new.h"
#include "nl80211/rtnl.h"

/* RTM_NEWLINKPROP and IFLA_PROP_LIST of Linux 5.5. */
#define NEW_LINK_PROPERTY 108
#define PROPERTY_LIST 52

static int namespace_errno;		/* why there is none; 0: there is */
static struct rtnl *r;
static struct rtnl_events *ev;
static struct netlink *raw;
static struct err e;

static int enter_namespace(void **state)
{
	(void)state;
	/* root may have no right to users of its own, and needs none */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET) != 0)
		namespace_errno = errno;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	if (namespace_errno == 0)
		r = rtnl_open(&e);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rtnl_events_close(ev);
	rtnl_close(r);
	netlink_close(raw);
	ev = NULL;
	r = NULL;
	raw = NULL;
	return 0;
}

static void need_namespace(void)
{
	if (namespace_errno != 0) {
		print_message("no network namespace: %s\n", strerror(namespace_errno));
		skip();
	}
	assert_non_null(r);
}

/* --- links made for the test --------------------------------------------------------------- */

static int send_link(struct nl_msg *m)
{
	struct netlink_reply reply;

	if (!raw)
		raw = netlink_open(NETLINK_ROUTE, &e);
	assert_non_null(raw);
	return netlink_request(raw, m, NULL, NULL, &reply) == 0 ? 0 : -reply.sys;
}

static struct nl_msg *link_message(uint16_t type, int flags, uint32_t ifindex)
{
	struct ifinfomsg info = { .ifi_index = (int)ifindex };
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	assert_non_null(m);
	nlmsg_append(m, &info, sizeof(info), NLMSG_ALIGNTO);
	return m;
}

/* A link of the first kind that this kernel has; skips when it has none. */
static void add_link(const char *name)
{
	static const char *const kinds[] = { "dummy", "veth", "ifb", "bridge" };
	int ret = -1;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && ret != 0; i++) {
		struct nl_msg *m = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
		struct nlattr *info;

		nla_put_string(m, IFLA_IFNAME, name);
		info = nla_nest_start(m, IFLA_LINKINFO);
		nla_put_string(m, IFLA_INFO_KIND, kinds[i]);
		nla_nest_end(m, info);
		ret = send_link(m);
	}
	if (ret != 0) {
		print_message("no kind of link can be made: %s\n", strerror(-ret));
		skip();
	}
}

static void remove_link(uint32_t ifindex)
{
	assert_int_equal(send_link(link_message(RTM_DELLINK, 0, ifindex)), 0);
}

/* The next event about an interface, or with ifindex 0 the next of that kind. */
static bool wait_event(enum rtnl_event_kind kind, uint32_t ifindex, struct rtnl_event *out)
{
	struct pollfd p = { .fd = rtnl_events_fd(ev), .events = POLLIN };

	do {
		while (rtnl_events_next(ev, out)) {
			if (out->kind == kind && out->link.ifindex == ifindex)
				return true;
		}
	} while (poll(&p, 1, 5000) > 0);
	return false;
}

/* --- tests --------------------------------------------------------------------------------- */

static void loopback_goes_up_and_down(void **state)
{
	struct rtnl_link lo;

	(void)state;
	need_namespace();
	assert_int_equal(rtnl_find(r, "lo", &lo, &e), 0);
	assert_string_equal(lo.name, "lo");
	assert_int_equal(lo.arphrd, 772);
	assert_false(lo.flags & IFF_UP);
	assert_false(lo.has_mac || lo.has_perm_mac);
	assert_int_equal(rtnl_set_up(r, lo.ifindex, true, &e), 0);
	assert_int_equal(rtnl_get(r, lo.ifindex, &lo, &e), 0);
	assert_true(lo.flags & IFF_UP);
	assert_int_equal(rtnl_set_up(r, lo.ifindex, false, &e), 0);
	assert_int_equal(rtnl_get(r, lo.ifindex, &lo, &e), 0);
	assert_false(lo.flags & IFF_UP);
}

static void route_to_loopback_is_there_when_it_is_up(void **state)
{
	struct rtnl_link lo;

	(void)state;
	need_namespace();
	assert_int_equal(rtnl_find(r, "lo", &lo, &e), 0);
	assert_int_equal(rtnl_route_ifindex(r, "192.0.2.1"), 0);
	assert_int_equal(rtnl_set_up(r, lo.ifindex, true, &e), 0);
	assert_int_equal(rtnl_route_ifindex(r, "127.0.0.1"), lo.ifindex);
	assert_int_equal(rtnl_route_ifindex(r, "192.0.2.1"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "2001:db8::1"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "no address"), 0);
	assert_int_equal(rtnl_set_up(r, lo.ifindex, false, &e), 0);
}

/* Else the radio that leads to such a server is taken away. */
static void link_local_address_leads_to_the_interface_it_names(void **state)
{
	struct rtnl_link lo;
	char text[64];

	(void)state;
	need_namespace();
	assert_int_equal(rtnl_find(r, "lo", &lo, &e), 0);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%lo"), lo.ifindex);
	snprintf(text, sizeof(text), "fe80::1%%%u", (unsigned)lo.ifindex);
	assert_int_equal(rtnl_route_ifindex(r, text), lo.ifindex);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%nosuch0"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%987654"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%1x"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%-1"), 0);
	assert_int_equal(rtnl_route_ifindex(r, "fe80::1%99999999999999999999"), 0);
}

static void missing_interface_is_not_found(void **state)
{
	struct rtnl_link l;

	(void)state;
	need_namespace();
	assert_int_equal(rtnl_find(r, "nosuch0", &l, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.text, "nosuch0: there is no such interface");
	assert_int_equal(rtnl_find(r, "", &l, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(rtnl_find(r, "a-name-longer-than-any-interface-has-one", &l, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(rtnl_get(r, 0, &l, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(rtnl_get(r, 987654, &l, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(rtnl_set_up(r, 987654, true, &e), -1);
	assert_int_equal(e.sys, ENODEV);
}

static void interface_is_heard_of_from_birth_to_death(void **state)
{
	struct rtnl_event event;
	struct rtnl_link l;

	(void)state;
	need_namespace();
	ev = rtnl_events_open(true, &e);
	assert_non_null(ev);
	assert_false(rtnl_events_next(ev, &event));
	add_link("test0");
	assert_int_equal(rtnl_find(r, "test0", &l, &e), 0);
	assert_true(l.has_mac);
	assert_true(wait_event(RTNL_LINK_CHANGED, l.ifindex, &event));
	assert_string_equal(event.link.name, "test0");
	assert_false(event.link.flags & IFF_UP);
	assert_int_equal(rtnl_set_up(r, l.ifindex, true, &e), 0);
	assert_true(wait_event(RTNL_LINK_CHANGED, l.ifindex, &event));
	assert_true(event.link.flags & IFF_UP);
	remove_link(l.ifindex);
	assert_true(wait_event(RTNL_LINK_GONE, l.ifindex, &event));
	assert_string_equal(event.link.name, "test0");
}

static void route_changes_are_told_of(void **state)
{
	struct rtnl_event event;
	struct rtnl_link lo;

	(void)state;
	need_namespace();
	ev = rtnl_events_open(true, &e);
	assert_non_null(ev);
	assert_int_equal(rtnl_find(r, "lo", &lo, &e), 0);
	assert_int_equal(rtnl_set_up(r, lo.ifindex, true, &e), 0);
	assert_true(wait_event(RTNL_ROUTES_CHANGED, 0, &event));
	assert_int_equal(rtnl_set_up(r, lo.ifindex, false, &e), 0);
}

static void alternative_name_finds_the_interface(void **state)
{
	struct rtnl_link l, found;
	struct nlattr *list;
	struct nl_msg *m;

	(void)state;
	need_namespace();
	add_link("test1");
	assert_int_equal(rtnl_find(r, "test1", &l, &e), 0);
	m = link_message(NEW_LINK_PROPERTY, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, l.ifindex);
	list = nla_nest_start(m, PROPERTY_LIST);
	nla_put_string(m, RTNL_NEW_IFLA_ALT_IFNAME, "the-antenna-on-the-roof");
	nla_nest_end(m, list);
	if (send_link(m) != 0) {
		remove_link(l.ifindex);
		print_message("this kernel has no alternative names\n");
		skip();
	}
	assert_int_equal(rtnl_find(r, "the-antenna-on-the-roof", &found, &e), 0);
	assert_int_equal(found.ifindex, l.ifindex);
	assert_string_equal(found.name, "test1");
	remove_link(l.ifindex);
}

static void list_has_them_all(void **state)
{
	struct rtnl_link *list = NULL;
	char name[16];
	int n, before;

	(void)state;
	need_namespace();
	before = rtnl_list(r, &list, &e);
	assert_true(before >= 1);
	free(list);
	for (int i = 0; i < 20; i++) {		/* more than the array begins with */
		snprintf(name, sizeof(name), "many%d", i);
		add_link(name);
	}
	n = rtnl_list(r, &list, &e);
	assert_true(n >= before + 20);
	for (int i = 0; i < n; i++) {
		assert_true(list[i].ifindex != 0 && list[i].name[0]);
		/* one end of a pair may have gone with the other */
		if (strncmp(list[i].name, "many", 4) == 0 && if_nametoindex(list[i].name))
			remove_link(list[i].ifindex);
	}
	free(list);
}

static void other_families_news_is_not_about_the_interface(void **state)
{
	struct nl_msg *m = link_message(RTM_DELLINK, 0, 5);
	struct ifinfomsg *info = nlmsg_data(nlmsg_hdr(m));
	struct rtnl_link l;

	(void)state;
	assert_true(rtnl_parse_link(&l, nlmsg_hdr(m)));
	assert_int_equal(l.ifindex, 5);
	info->ifi_family = AF_BRIDGE;		/* it left its bridge, and is still there */
	assert_false(rtnl_parse_link(&l, nlmsg_hdr(m)));
	info->ifi_family = AF_UNSPEC;
	nlmsg_hdr(m)->nlmsg_len -= 1;
	assert_false(rtnl_parse_link(&l, nlmsg_hdr(m)));
	nlmsg_free(m);
}

static void only_six_bytes_that_are_not_zero_are_a_mac(void **state)
{
	static const uint8_t zero[6], mac[6] = { 2, 0, 0, 0, 0, 1 }, infiniband[20] = { 1 };
	struct nl_msg *m = link_message(RTM_NEWLINK, 0, 5);
	struct rtnl_link l;

	(void)state;
	nla_put(m, IFLA_ADDRESS, sizeof(zero), zero);
	nla_put(m, RTNL_NEW_IFLA_PERM_ADDRESS, sizeof(mac), mac);
	nla_put_u32(m, IFLA_MASTER, 9);
	assert_true(rtnl_parse_link(&l, nlmsg_hdr(m)));
	assert_false(l.has_mac);
	assert_true(l.has_perm_mac);
	assert_memory_equal(l.perm_mac, mac, 6);
	assert_int_equal(l.master, 9);
	nla_put(m, IFLA_ADDRESS, sizeof(infiniband), infiniband);
	assert_true(rtnl_parse_link(&l, nlmsg_hdr(m)));
	assert_false(l.has_mac);
	nlmsg_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loopback_goes_up_and_down, setup, teardown),
		cmocka_unit_test_setup_teardown(route_to_loopback_is_there_when_it_is_up, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			link_local_address_leads_to_the_interface_it_names, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_interface_is_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(interface_is_heard_of_from_birth_to_death, setup,
						teardown),
		cmocka_unit_test_setup_teardown(route_changes_are_told_of, setup, teardown),
		cmocka_unit_test_setup_teardown(alternative_name_finds_the_interface, setup,
						teardown),
		cmocka_unit_test_setup_teardown(list_has_them_all, setup, teardown),
		cmocka_unit_test(other_families_news_is_not_about_the_interface),
		cmocka_unit_test(only_six_bytes_that_are_not_zero_are_a_mac),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
