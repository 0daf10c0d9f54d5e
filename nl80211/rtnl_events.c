/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Being told of changes to network interfaces and routes. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stdlib.h>

#include "nl80211/netlink.h"
#include "nl80211/rtnl.h"

struct rtnl_events {
	struct netlink *netlink;
	const struct nlmsghdr *next;	/* of the datagram read last */
	int left;
};

struct rtnl_events *rtnl_events_open(bool routes, struct err *e)
{
	struct rtnl_events *ev = calloc(1, sizeof(*ev));

	if (!ev) {
		err_sys(e, ENOMEM, "rtnetlink");
		return NULL;
	}
	ev->netlink = netlink_open(NETLINK_ROUTE, e);
	if (!ev->netlink || netlink_join(ev->netlink, RTNLGRP_LINK, e) != 0)
		goto fail;
	if (routes && netlink_join(ev->netlink, RTNLGRP_IPV4_ROUTE, e) != 0)
		goto fail;
	/* A kernel without IPv6 has no such routes to lose. */
	if (routes)
		netlink_join(ev->netlink, RTNLGRP_IPV6_ROUTE, &(struct err){ 0 });
	return ev;
fail:
	rtnl_events_close(ev);
	return NULL;
}

void rtnl_events_close(struct rtnl_events *ev)
{
	if (!ev)
		return;
	netlink_close(ev->netlink);
	free(ev);
}

int rtnl_events_fd(const struct rtnl_events *ev)
{
	return netlink_fd(ev->netlink);
}

/* What one message is to us; false: nothing. */
static bool read_event(struct rtnl_event *out, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
		out->kind = RTNL_LINK_CHANGED;
		return rtnl_parse_link(&out->link, h);
	case RTM_DELLINK:
		out->kind = RTNL_LINK_GONE;
		return rtnl_parse_link(&out->link, h);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		*out = (struct rtnl_event){ .kind = RTNL_ROUTES_CHANGED };
		return true;
	default:
		return false;
	}
}

bool rtnl_events_next(struct rtnl_events *ev, struct rtnl_event *out)
{
	for (;;) {
		while (nlmsg_ok(ev->next, ev->left)) {
			const struct nlmsghdr *h = ev->next;

			ev->next = nlmsg_next((struct nlmsghdr *)h, &ev->left);
			if (read_event(out, h))
				return true;
		}
		ev->left = netlink_receive(ev->netlink, &ev->next);
		if (ev->left == 0)
			return false;
		/* ENOBUFS, and whatever else the socket may say: events were lost. */
		if (ev->left < 0) {
			ev->left = 0;
			*out = (struct rtnl_event){ .kind = RTNL_OVERRUN };
			return true;
		}
	}
}
