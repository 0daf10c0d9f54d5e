/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls of nl80211.h: a request, its answer, and an error in words that help. */
#include "nl80211/nl80211.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl80211/netlink.h"
#include "nl80211/nl80211_build.h"
#include "nl80211/nl80211_parse.h"

/* A dump that something changed during is asked for again, so often. */
#define DUMP_TRIES 5

enum tune_form { TUNE_UNKNOWN, TUNE_SET_CHANNEL, TUNE_SET_WIPHY };

struct nl80211 {
	struct netlink *netlink;
	uint16_t family;
	uint32_t tuned_ifindex;		/* what form is about */
	enum tune_form form;		/* what worked */
};

/* Ends the tables of what changes something. */
#define CHANGE_MEANINGS \
	{ ENODEV, "there is no such device (any more)" }, \
	{ EPERM, "needs root or the capability CAP_NET_ADMIN" }, \
	{ ERFKILL, "the radio is switched off: see rfkill(8)" }, \
	{ EIO, "the radio's firmware does not react" }, \
	{ ETIMEDOUT, "the radio's firmware does not react" }, \
	{ 0, NULL }

static const struct netlink_meaning tune_meanings[] = {
	{ EBUSY, "another interface of this radio is up, or this one is down" },
	{ EINVAL, "not with this radio, or not in its regulatory domain" },
	{ ENETDOWN, "the interface is down" },
	{ EOPNOTSUPP, "its driver cannot tune a monitor interface" },
	CHANGE_MEANINGS,
};

static const struct netlink_meaning new_meanings[] = {
	{ EEXIST, "there is an interface of that name" },
	{ ENFILE, "the radio takes no more interfaces" },
	{ EBUSY, "not beside the interfaces that the radio has now" },
	{ EOPNOTSUPP, "its driver cannot make a monitor interface" },
	{ EINVAL, "its driver or the name does not allow that" },
	CHANGE_MEANINGS,
};

static const struct netlink_meaning change_meanings[] = {
	{ EBUSY, "the interface is up, or in use" },
	{ EOPNOTSUPP, "its driver cannot do that" },
	CHANGE_MEANINGS,
};

static const struct netlink_meaning get_meanings[] = {
	{ ENODEV, "no Wi-Fi device" },
	{ EINTR, "the devices change all the time" },
	{ 0, NULL },
};

/* For messages: "wlan0", or "interface 7" when it is gone. */
static const char *name_of(uint32_t ifindex, char buf[IF_NAMESIZE + 16])
{
	if (!if_indextoname(ifindex, buf))
		snprintf(buf, IF_NAMESIZE + 16, "interface %u", (unsigned)ifindex);
	return buf;
}

struct nl80211 *nl80211_open(struct err *e)
{
	struct nl80211 *n = calloc(1, sizeof(*n));
	struct netlink_reply r;
	int family;

	if (!n) {
		err_sys(e, ENOMEM, "nl80211");
		return NULL;
	}
	n->netlink = netlink_open(NETLINK_GENERIC, e);
	if (!n->netlink) {
		free(n);
		return NULL;
	}
	family = netlink_family(n->netlink, NL80211_GENL_NAME, &r);
	if (family < 0) {
		netlink_err(e, &r, NULL, "nl80211");
		if (r.sys == ENOENT)
			err_set(e, ERR_UNSUPPORTED, "this kernel has no Wi-Fi configuration "
				"(nl80211): is the module cfg80211 loaded?");
		e->sys = r.sys;
		nl80211_close(n);
		return NULL;
	}
	n->family = (uint16_t)family;
	return n;
}

void nl80211_close(struct nl80211 *n)
{
	if (!n)
		return;
	netlink_close(n->netlink);
	free(n);
}

/* --- asking -------------------------------------------------------------------------------- */

struct iface_list {
	struct wifi_iface *items;
	size_t n, max;
};

static void take_iface(const struct nlmsghdr *h, void *ctx)
{
	struct iface_list *l = ctx;

	if (l->n < l->max && nl80211_parse_iface(&l->items[l->n], h) == 0)
		l->n++;
}

int nl80211_get_interface(struct nl80211 *n, uint32_t ifindex, struct wifi_iface *out,
			  struct err *e)
{
	struct nl_msg *m = nl80211_build_get_interface(n->family, ifindex);
	struct iface_list l = { out, 0, 1 };
	char name[IF_NAMESIZE + 16];
	struct netlink_reply r;

	if (netlink_request(n->netlink, m, take_iface, &l, &r) == 0 && l.n == 1)
		return 0;
	/* Kernels disagree about the number for an interface that is not theirs. */
	if (r.sys == 0 || r.sys == EINVAL || r.sys == EOPNOTSUPP)
		r.sys = ENODEV;
	return netlink_err(e, &r, get_meanings, "%s", name_of(ifindex, name));
}

int nl80211_list_interfaces(struct nl80211 *n, struct wifi_iface *out, size_t max, struct err *e)
{
	struct netlink_reply r = { .sys = EINTR };
	struct iface_list l = { out, 0, max };

	for (int i = 0; i < DUMP_TRIES && r.sys == EINTR; i++) {
		l.n = 0;
		netlink_request(n->netlink, nl80211_build_list_interfaces(n->family), take_iface,
				&l, &r);
	}
	if (r.sys != 0)
		return netlink_err(e, &r, get_meanings, "cannot list the Wi-Fi interfaces");
	return (int)l.n;
}

static void take_wiphy(const struct nlmsghdr *h, void *ctx)
{
	nl80211_parse_wiphy(ctx, h);
}

int nl80211_get_wiphy(struct nl80211 *n, uint32_t wiphy, struct wiphy *out, struct err *e)
{
	struct netlink_reply r = { .sys = EINTR };
	struct nl80211_wiphy_dump d;
	bool found = false;

	for (int i = 0; i < DUMP_TRIES && r.sys == EINTR; i++) {
		nl80211_parse_wiphy_start(&d, wiphy, out);
		netlink_request(n->netlink, nl80211_build_get_wiphy(n->family, wiphy), take_wiphy,
				&d, &r);
		found = nl80211_parse_wiphy_end(&d);
	}
	if (r.sys == 0 && !found)
		r.sys = ENODEV;
	if (r.sys != 0)
		return netlink_err(e, &r, get_meanings, "radio %u", (unsigned)wiphy);
	return 0;
}

static void take_reg(const struct nlmsghdr *h, void *ctx)
{
	nl80211_parse_reg(ctx, h);
}

int nl80211_get_regdomain(struct nl80211 *n, uint32_t wiphy, char alpha2[3], struct err *e)
{
	struct netlink_reply r;

	alpha2[0] = '\0';
	if (netlink_request(n->netlink, nl80211_build_get_reg(n->family, wiphy), take_reg, alpha2,
			    &r) != 0)
		return netlink_err(e, &r, get_meanings, "regulatory domain of radio %u",
				   (unsigned)wiphy);
	return 0;
}

/* --- changing ------------------------------------------------------------------------------ */

static int request_monitor(struct nl80211 *n, uint32_t wiphy, const char *name, unsigned flags,
			   struct wifi_iface *made, struct netlink_reply *r)
{
	struct nl_msg *m = nl80211_build_new_monitor(n->family, wiphy, name, flags);
	struct iface_list l = { made, 0, 1 };

	return netlink_request(n->netlink, m, take_iface, &l, r);
}

int nl80211_new_monitor(struct nl80211 *n, uint32_t wiphy, const char *name, unsigned flags,
			uint32_t *ifindex, struct err *e)
{
	struct wifi_iface made = { 0 };
	struct netlink_reply r;
	int ret = request_monitor(n, wiphy, name, flags, &made, &r);

	if (ret != 0 && flags != 0 && (r.sys == EINVAL || r.sys == EOPNOTSUPP))
		ret = request_monitor(n, wiphy, name, 0, &made, &r);
	/* How mac80211 says that the name is taken. */
	if (r.sys == ENFILE && if_nametoindex(name) != 0)
		r.sys = EEXIST;
	if (ret != 0)
		return netlink_err(e, &r, new_meanings, "cannot make the monitor interface %s",
				   name);
	*ifindex = made.ifindex ? made.ifindex : if_nametoindex(name);
	if (*ifindex == 0)
		return err_sys(e, ENODEV, "%s was made, but is not there", name);
	return 0;
}

int nl80211_del_interface(struct nl80211 *n, uint32_t ifindex, struct err *e)
{
	char name[IF_NAMESIZE + 16];
	struct netlink_reply r;

	name_of(ifindex, name);
	if (netlink_request(n->netlink, nl80211_build_del_interface(n->family, ifindex), NULL,
			    NULL, &r) != 0)
		return netlink_err(e, &r, change_meanings, "cannot remove %s", name);
	return 0;
}

int nl80211_set_type(struct nl80211 *n, uint32_t ifindex, uint32_t type, struct err *e)
{
	char name[IF_NAMESIZE + 16];
	struct netlink_reply r;

	if (netlink_request(n->netlink, nl80211_build_set_type(n->family, ifindex, type), NULL,
			    NULL, &r) != 0)
		return netlink_err(e, &r, change_meanings, "cannot change the mode of %s",
				   name_of(ifindex, name));
	return 0;
}

/* Sends c in one form or the other. */
static int tune(struct nl80211 *n, uint32_t ifindex, const struct channel *c,
		enum tune_form form, struct netlink_reply *r)
{
	struct nl_msg *m = form == TUNE_SET_WIPHY
				   ? nl80211_build_set_wiphy(n->family, ifindex, c)
				   : nl80211_build_set_channel(n->family, ifindex, c);

	if (netlink_request(n->netlink, m, NULL, NULL, r) != 0)
		return -1;
	n->form = form;
	return 0;
}

int nl80211_set_channel(struct nl80211 *n, uint32_t ifindex, const struct channel *c,
			struct err *e)
{
	char name[IF_NAMESIZE + 16], text[CHANNEL_TEXT_SIZE];
	struct netlink_reply r;

	if (n->tuned_ifindex != ifindex) {
		n->tuned_ifindex = ifindex;
		n->form = TUNE_UNKNOWN;
	}
	if (n->form != TUNE_SET_WIPHY) {
		if (tune(n, ifindex, c, TUNE_SET_CHANNEL, &r) == 0)
			return 0;
		if (n->form == TUNE_UNKNOWN && r.sys == EOPNOTSUPP &&
		    tune(n, ifindex, c, TUNE_SET_WIPHY, &r) == 0)
			return 0;
	} else if (tune(n, ifindex, c, TUNE_SET_WIPHY, &r) == 0) {
		return 0;
	}
	channel_print(c, text, sizeof(text));
	return netlink_err(e, &r, tune_meanings, "cannot tune %s to channel %s",
			   name_of(ifindex, name), text);
}
