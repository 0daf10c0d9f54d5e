/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds requests to nl80211 and sends nothing: see nl80211.c for that.
 *
 * All return a message that the caller frees with nlmsg_free() or hands to netlink_request(), and
 * NULL when there is no memory. family is the number that the kernel gave "nl80211". */
#ifndef NL80211_NL80211_BUILD_H
#define NL80211_NL80211_BUILD_H

#include <stdint.h>

#include "ieee80211/channel.h"

struct nl_msg;

/* Which radio has which capabilities, in many small messages (a split dump). Older kernels ignore
 * the filter and tell of all. */
struct nl_msg *nl80211_build_get_wiphy(uint16_t family, uint32_t wiphy);
struct nl_msg *nl80211_build_get_interface(uint16_t family, uint32_t ifindex);
struct nl_msg *nl80211_build_list_interfaces(uint16_t family);
struct nl_msg *nl80211_build_get_reg(uint16_t family, uint32_t wiphy);

/* flags: NL80211_WANT_... of nl80211.h; the attribute is left out when there is none. */
struct nl_msg *nl80211_build_new_monitor(uint16_t family, uint32_t wiphy, const char *name,
					 unsigned flags);
struct nl_msg *nl80211_build_del_interface(uint16_t family, uint32_t ifindex);
struct nl_msg *nl80211_build_set_type(uint16_t family, uint32_t ifindex, uint32_t type);

/* NL80211_CMD_SET_CHANNEL: width, and centres where they are not the primary's. */
struct nl_msg *nl80211_build_set_channel(uint16_t family, uint32_t ifindex,
					 const struct channel *c);
/* NL80211_CMD_SET_WIPHY, the older form, which says widths up to 40 MHz with a channel type. */
struct nl_msg *nl80211_build_set_wiphy(uint16_t family, uint32_t ifindex, const struct channel *c);

#endif
