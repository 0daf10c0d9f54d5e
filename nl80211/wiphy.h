/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nl80211 tells of a radio and of its interfaces, as plain values. */
#ifndef NL80211_WIPHY_H
#define NL80211_WIPHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ieee80211/phy.h"

/* NL80211_CMD_GET_WIPHY. */
struct wiphy {
	uint32_t index;
	char name[65];			/* "phy0", or whatever it was renamed to */
	struct phy phy;
	bool can_monitor;		/* monitor is among the supported interface types */
	bool has_set_channel;		/* NL80211_CMD_SET_CHANNEL is among the commands */
	unsigned n_radios;		/* of a multi-radio wiphy (Linux 6.12); 0: not said */
	unsigned n_bad;			/* attributes cut off or of a wrong length, and
					   channels beyond the table: all passed over */
};

/* NL80211_CMD_GET_INTERFACE. */
struct wifi_iface {
	uint32_t ifindex;		/* 0: a device without network interface (p2p-dev-wlan0) */
	char name[32];
	uint32_t wiphy;
	uint64_t wdev;
	uint32_t type;			/* enum nl80211_iftype; 6 is monitor */
	uint8_t mac[6];
	uint32_t freq_khz;		/* 0: not said */
	uint32_t width;			/* enum nl80211_chan_width */
	uint32_t center1_khz;
};

#define WIFI_MAX_IFACES 256

#endif
