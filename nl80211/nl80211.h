/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the kernel's Wi-Fi configuration (generic netlink family "nl80211"), answered before
 * the call returns. Each thread that asks has a connection of its own.
 *
 * Errors have the kernel's own sentence from the extended acknowledgement (Linux 4.12), and a
 * second look at what the number means here (docs/linux-wifi.md). No request waits longer than
 * 5 s. */
#ifndef NL80211_NL80211_H
#define NL80211_NL80211_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "nl80211/wiphy.h"
#include "ieee80211/channel.h"

struct nl80211;

/* ERR_UNSUPPORTED when this kernel has no nl80211. */
struct nl80211 *nl80211_open(struct err *e);
void nl80211_close(struct nl80211 *n);			/* NULL is fine */

/* Fills out; ERR_NOT_FOUND when ifindex is no Wi-Fi interface. */
int nl80211_get_interface(struct nl80211 *n, uint32_t ifindex, struct wifi_iface *out,
			  struct err *e);
/* All of them, max at most; returns how many, or -1. */
int nl80211_list_interfaces(struct nl80211 *n, struct wifi_iface *out, size_t max, struct err *e);
int nl80211_get_wiphy(struct nl80211 *n, uint32_t wiphy, struct wiphy *out, struct err *e);
/* "US"; "" when it is not known. */
int nl80211_get_regdomain(struct nl80211 *n, uint32_t wiphy, char alpha2[3], struct err *e);

enum { NL80211_WANT_FCSFAIL = 1, NL80211_WANT_PLCPFAIL = 2 };

/* Makes a monitor interface; flags are NL80211_WANT_...; tried without any flag when the driver
 * takes none. err.sys: EEXIST (also for the ENFILE that mac80211 means by it), EOPNOTSUPP, ENFILE,
 * EBUSY, EPERM... */
int nl80211_new_monitor(struct nl80211 *n, uint32_t wiphy, const char *name, unsigned flags,
			uint32_t *ifindex, struct err *e);
int nl80211_del_interface(struct nl80211 *n, uint32_t ifindex, struct err *e);
/* The interface must be down, with most drivers. */
int nl80211_set_type(struct nl80211 *n, uint32_t ifindex, uint32_t type, struct err *e);
/* Tunes a monitor interface with NL80211_CMD_SET_CHANNEL, or with SET_WIPHY where the driver does
 * not support that; what worked is remembered. */
int nl80211_set_channel(struct nl80211 *n, uint32_t ifindex, const struct channel *c,
			struct err *e);

#endif
