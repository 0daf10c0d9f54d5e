/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of nl80211 and of rtnetlink, whatever is in them: one after another, as in a dump. */
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nl80211/netlink.h"
#include "nl80211/nl80211_parse.h"
#include "nl80211/rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_wiphy(const struct wiphy *w)
{
	check(memchr(w->name, '\0', sizeof(w->name)) != NULL);
	check(w->phy.n_bands <= PHY_MAX_BANDS && w->phy.n_channels <= PHY_MAX_CHANNELS);
	for (size_t i = 0; i < w->phy.n_channels; i++)
		check(w->phy.channels[i].freq_khz >= 1000);
}

static void read_others(const struct nlmsghdr *h)
{
	struct netlink_reply r = { .seq = h->nlmsg_seq, .port = h->nlmsg_pid };
	struct rtnl_link link;
	struct wifi_iface i;
	char alpha2[3];

	nl80211_parse_iface(&i, h);
	check(memchr(i.name, '\0', sizeof(i.name)) != NULL);
	nl80211_parse_reg(alpha2, h);
	check(memchr(alpha2, '\0', sizeof(alpha2)) != NULL);
	rtnl_parse_link(&link, h);
	check(memchr(link.name, '\0', sizeof(link.name)) != NULL);
	netlink_reply_take(&r, h);
	check(memchr(r.text, '\0', sizeof(r.text)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl80211_wiphy_dump d;
	const struct nlmsghdr *h;
	static struct wiphy w;
	int left = (int)size;
	uint8_t *copy;

	if (size > 1 << 20)
		return 0;
	copy = malloc(size ? size : 1);		/* aligned, as a socket's buffer */
	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	nl80211_parse_wiphy_start(&d, 0, &w);
	for (h = (const void *)copy; nlmsg_ok(h, left); h = nlmsg_next((void *)h, &left)) {
		nl80211_parse_wiphy(&d, h);
		read_others(h);
	}
	nl80211_parse_wiphy_end(&d);
	check_wiphy(&w);
	free(copy);
	return 0;
}
