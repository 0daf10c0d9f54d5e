/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what nl80211 tells, message by message; no sockets.
 *
 * A message is one struct nlmsghdr with all its nlmsg_len bytes, aligned to 4. Attributes that are
 * not known are passed over, and so are those of a wrong length or cut off, which are counted. */
#ifndef NL80211_NL80211_PARSE_H
#define NL80211_NL80211_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "nl80211/wiphy.h"

struct nlmsghdr;

/* One wiphy out of a dump, in which its bands and channels come in many messages. */
struct nl80211_wiphy_dump {
	struct wiphy *out;
	bool found;
	bool narrow;			/* 5 and 10 MHz: told apart from the bands, and for all */
};

/* out is filled until the end of the dump. */
void nl80211_parse_wiphy_start(struct nl80211_wiphy_dump *d, uint32_t wiphy, struct wiphy *out);
/* Messages about another wiphy are passed over. -EBADMSG: no message of nl80211 about a wiphy. */
int nl80211_parse_wiphy(struct nl80211_wiphy_dump *d, const struct nlmsghdr *h);
/* Completes out; false when the dump had nothing about that wiphy. */
bool nl80211_parse_wiphy_end(struct nl80211_wiphy_dump *d);

/* -EBADMSG: no message about an interface, or one that does not say of which radio. */
int nl80211_parse_iface(struct wifi_iface *out, const struct nlmsghdr *h);
/* "US"; -EBADMSG when it does not say. */
int nl80211_parse_reg(char alpha2[3], const struct nlmsghdr *h);

#endif
