/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces asked for, brought up and down: RTM_GETLINK, RTM_NEWLINK, RTM_GETROUTE. */
#include "nl80211/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nl80211/netlink.h"
#include "nl80211/nl80211_new.h"

#define DUMP_TRIES 5
#define UP_LIMIT_MS 3000

struct rtnl {
	struct netlink *netlink;
};

static const struct netlink_meaning meanings[] = {
	{ ENODEV, "there is no such interface" },
	{ EPERM, "needs root or the capability CAP_NET_ADMIN" },
	{ ERFKILL, "the radio is switched off: see rfkill(8)" },
	{ EBUSY, "not while the others of its radio are as they are" },
	{ 0, NULL },
};

struct rtnl *rtnl_open(struct err *e)
{
	struct rtnl *r = calloc(1, sizeof(*r));

	if (!r) {
		err_sys(e, ENOMEM, "rtnetlink");
		return NULL;
	}
	r->netlink = netlink_open(NETLINK_ROUTE, e);
	if (!r->netlink) {
		free(r);
		return NULL;
	}
	return r;
}

void rtnl_close(struct rtnl *r)
{
	if (!r)
		return;
	netlink_close(r->netlink);
	free(r);
}

/* --- reading ------------------------------------------------------------------------------- */

static bool take_mac(uint8_t mac[6], const struct nlattr *a)
{
	static const uint8_t none[6];

	if (nla_len(a) != 6 || memcmp(nla_data(a), none, 6) == 0)
		return false;
	memcpy(mac, nla_data(a), 6);
	return true;
}

static void take_attr(struct rtnl_link *l, const struct nlattr *a)
{
	size_t len;

	switch (nla_type(a)) {
	case IFLA_IFNAME:
		len = strnlen(nla_data(a), (size_t)nla_len(a));
		if (len < sizeof(l->name)) {
			memcpy(l->name, nla_data(a), len);
			l->name[len] = '\0';
		}
		break;
	case IFLA_ADDRESS:
		l->has_mac = take_mac(l->mac, a);
		break;
	case RTNL_NEW_IFLA_PERM_ADDRESS:
		l->has_perm_mac = take_mac(l->perm_mac, a);
		break;
	case IFLA_MASTER:
		if (nla_len(a) == sizeof(l->master))
			memcpy(&l->master, nla_data(a), sizeof(l->master));
		break;
	}
}

bool rtnl_parse_link(struct rtnl_link *out, const struct nlmsghdr *h)
{
	const struct nlattr *a;
	struct ifinfomsg info;
	int left;

	memset(out, 0, sizeof(*out));
	if (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK)
		return false;
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
		return false;
	memcpy(&info, nlmsg_data(h), sizeof(info));
	if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0)
		return false;
	out->ifindex = (uint32_t)info.ifi_index;
	out->flags = info.ifi_flags;
	out->arphrd = info.ifi_type;
	a = nlmsg_attrdata(h, sizeof(info));
	left = nlmsg_attrlen(h, sizeof(info));
	for (; nla_ok(a, left); a = nla_next(a, &left))
		take_attr(out, a);
	return true;
}

/* --- asking -------------------------------------------------------------------------------- */

static struct nl_msg *build(uint16_t type, int flags, const struct ifinfomsg *info)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m && nlmsg_append(m, (void *)info, sizeof(*info), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static struct nl_msg *build_find(int attr, const char *name)
{
	struct nl_msg *m = build(RTM_GETLINK, 0, &(struct ifinfomsg){ 0 });

	if (m && nla_put_string(m, attr, name) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

/* The first interface of an answer. */
static void take_first(const struct nlmsghdr *h, void *ctx)
{
	struct rtnl_link *out = ctx, link;

	if (out->ifindex == 0 && rtnl_parse_link(&link, h))
		*out = link;
}

static int ask(struct rtnl *r, struct nl_msg *m, struct rtnl_link *out, struct netlink_reply *reply)
{
	memset(out, 0, sizeof(*out));
	if (netlink_request(r->netlink, m, take_first, out, reply) != 0)
		return -1;
	if (out->ifindex != 0)
		return 0;
	reply->sys = ENODEV;
	return -1;
}

int rtnl_find(struct rtnl *r, const char *name, struct rtnl_link *out, struct err *e)
{
	struct netlink_reply reply = { .sys = ENODEV };

	if (strlen(name) < IF_NAMESIZE &&
	    ask(r, build_find(IFLA_IFNAME, name), out, &reply) == 0)
		return 0;
	if (reply.sys == ENODEV && name[0] &&
	    ask(r, build_find(RTNL_NEW_IFLA_ALT_IFNAME, name), out, &reply) == 0)
		return 0;
	/* How the kernel says that it knows no alternative names, or that this cannot be one. */
	if (reply.sys == EINVAL || reply.sys == ERANGE)
		reply = (struct netlink_reply){ .sys = ENODEV };
	return netlink_err(e, &reply, meanings, "%.64s", name);
}

int rtnl_get(struct rtnl *r, uint32_t ifindex, struct rtnl_link *out, struct err *e)
{
	const struct ifinfomsg info = { .ifi_index = (int)ifindex };
	struct netlink_reply reply;

	if (ask(r, build(RTM_GETLINK, 0, &info), out, &reply) == 0)
		return 0;
	if (ifindex == 0)
		reply = (struct netlink_reply){ .sys = ENODEV };
	return netlink_err(e, &reply, meanings, "interface %u", (unsigned)ifindex);
}

struct links {
	struct rtnl_link *items;
	size_t n, room;
	bool no_memory;
};

static void take_link(const struct nlmsghdr *h, void *ctx)
{
	struct links *l = ctx;
	struct rtnl_link link;

	if (l->no_memory || !rtnl_parse_link(&link, h))
		return;
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		void *items = realloc(l->items, room * sizeof(*l->items));

		if (!items) {
			l->no_memory = true;
			return;
		}
		l->items = items;
		l->room = room;
	}
	l->items[l->n++] = link;
}

int rtnl_list(struct rtnl *r, struct rtnl_link **out, struct err *e)
{
	struct netlink_reply reply = { .sys = EINTR };
	const struct ifinfomsg info = { 0 };
	struct links l = { 0 };

	for (int i = 0; i < DUMP_TRIES && reply.sys == EINTR; i++) {
		l.n = 0;
		netlink_request(r->netlink, build(RTM_GETLINK, NLM_F_DUMP, &info), take_link, &l,
				&reply);
	}
	if (l.no_memory)
		reply = (struct netlink_reply){ .sys = ENOMEM };
	if (reply.sys != 0) {
		free(l.items);
		return netlink_err(e, &reply, NULL, "cannot list the network interfaces");
	}
	*out = l.items;
	return (int)l.n;
}

/* --- up and down --------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Something about an interface happened, or may have. */
static void wait_event(struct rtnl_events *ev, int64_t deadline_ms)
{
	struct pollfd p = { .fd = rtnl_events_fd(ev), .events = POLLIN };
	int64_t left = deadline_ms - now_ms();
	struct rtnl_event event;

	if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
		return;
	while (rtnl_events_next(ev, &event))
		;
}

static int await_up(struct rtnl *r, struct rtnl_events *ev, uint32_t ifindex, struct err *e)
{
	const int64_t deadline_ms = now_ms() + UP_LIMIT_MS;
	struct rtnl_link link;

	for (;;) {
		if (rtnl_get(r, ifindex, &link, e) != 0)
			return -1;
		if (link.flags & IFF_UP)
			return 0;
		if (now_ms() >= deadline_ms) {
			err_set(e, ERR_SYSTEM, "%s does not come up, though the kernel said that "
				"it would", link.name);
			e->sys = ETIMEDOUT;
			return -1;
		}
		wait_event(ev, deadline_ms);
	}
}

static int change_flags(struct rtnl *r, uint32_t ifindex, bool up, struct err *e)
{
	const struct ifinfomsg info = {
		.ifi_index = (int)ifindex, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP,
	};
	struct netlink_reply reply;
	char name[IF_NAMESIZE];

	if (netlink_request(r->netlink, build(RTM_NEWLINK, 0, &info), NULL, NULL, &reply) == 0)
		return 0;
	return netlink_err(e, &reply, meanings, "cannot bring %s %s",
			   if_indextoname(ifindex, name) ? name : "an interface",
			   up ? "up" : "down");
}

int rtnl_set_up(struct rtnl *r, uint32_t ifindex, bool up, struct err *e)
{
	struct rtnl_events *ev;
	int ret;

	if (!up)
		return change_flags(r, ifindex, false, e);
	/* Before the request, so that no change is missed. */
	ev = rtnl_events_open(false, e);
	if (!ev)
		return -1;
	ret = change_flags(r, ifindex, true, e);
	if (ret == 0)
		ret = await_up(r, ev, ifindex, e);
	rtnl_events_close(ev);
	return ret;
}

/* --- routes -------------------------------------------------------------------------------- */

static void take_route(const struct nlmsghdr *h, void *ctx)
{
	uint32_t *ifindex = ctx;
	const struct nlattr *a;
	int left;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
		return;
	a = nlmsg_attrdata(h, sizeof(struct rtmsg));
	left = nlmsg_attrlen(h, sizeof(struct rtmsg));
	for (; nla_ok(a, left); a = nla_next(a, &left)) {
		if (nla_type(a) == RTA_OIF && nla_len(a) == sizeof(*ifindex))
			memcpy(ifindex, nla_data(a), sizeof(*ifindex));
	}
}

/* Of an address that is one only on that interface, by name or by number; 0: there is none. */
static uint32_t scope_ifindex(const char *scope)
{
	uint32_t ifindex = if_nametoindex(scope);
	unsigned long number;
	char *end, name[IF_NAMESIZE];

	if (ifindex != 0 || scope[0] < '0' || scope[0] > '9')
		return ifindex;
	errno = 0;
	number = strtoul(scope, &end, 10);
	if (errno != 0 || *end || number > INT_MAX)
		return 0;
	return if_indextoname((unsigned)number, name) ? (uint32_t)number : 0;
}

uint32_t rtnl_route_ifindex(struct rtnl *r, const char *address)
{
	const char *scope = strchr(address, '%');
	struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
	struct netlink_reply reply;
	uint32_t ifindex = 0;
	uint8_t bytes[16];
	struct nl_msg *m;

	if (scope)
		return scope_ifindex(scope + 1);
	if (inet_pton(AF_INET, address, bytes) != 1) {
		route.rtm_family = AF_INET6;
		route.rtm_dst_len = 128;
		if (inet_pton(AF_INET6, address, bytes) != 1)
			return 0;
	}
	m = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	if (m && (nlmsg_append(m, &route, sizeof(route), NLMSG_ALIGNTO) < 0 ||
		  nla_put(m, RTA_DST, route.rtm_dst_len / 8, bytes) < 0)) {
		nlmsg_free(m);
		m = NULL;
	}
	if (netlink_request(r->netlink, m, take_route, &ifindex, &reply) != 0)
		return 0;
	return ifindex;
}
