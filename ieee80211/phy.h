/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a radio can do, as its driver tells: channels with their flags, and widths in each band.
 * Filled from nl80211 on Linux and from CoreWLAN on macOS. */
#ifndef IEEE80211_PHY_H
#define IEEE80211_PHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ieee80211/channel.h"

/* Flags of a 20 MHz channel (enum nl80211_frequency_attr). */
enum {
	PHY_DISABLED = 1 << 0,		/* the regulatory domain forbids it */
	PHY_NO_IR = 1 << 1,		/* listening only */
	PHY_RADAR = 1 << 2,		/* DFS */
	PHY_NO_HT40_MINUS = 1 << 3,
	PHY_NO_HT40_PLUS = 1 << 4,
	PHY_NO_80MHZ = 1 << 5,
	PHY_NO_160MHZ = 1 << 6,
	PHY_NO_320MHZ = 1 << 7,
	PHY_NO_20MHZ = 1 << 8,
	PHY_NO_10MHZ = 1 << 9,
	PHY_CAN_MONITOR = 1 << 10,	/* disabled, but a monitor may listen there */
};

struct phy_channel {
	enum channel_band band;
	uint32_t freq_khz;
	uint32_t flags;
};

/* What the hardware can do in a band. */
struct phy_band {
	enum channel_band band;
	bool ht, ht40;
	bool width80, width160, width80p80;	/* VHT, or HE where there is no VHT (6 GHz) */
	bool width320;
	bool narrow;			/* 5 and 10 MHz */
};

#define PHY_MAX_BANDS 6
#define PHY_MAX_CHANNELS 256

/* A plain value. */
struct phy {
	struct phy_band bands[PHY_MAX_BANDS];
	size_t n_bands;
	struct phy_channel channels[PHY_MAX_CHANNELS];	/* in the driver's order */
	size_t n_channels;
};

/* Both: or NULL. */
const struct phy_band *phy_find_band(const struct phy *p, enum channel_band band);
const struct phy_channel *phy_find_channel(const struct phy *p, uint32_t freq_khz);
/* A monitor may listen there: it exists, and is not disabled, or has PHY_CAN_MONITOR. */
bool phy_channel_usable(const struct phy_channel *c);
/* The flags of all 20 MHz pieces of c, together. */
uint32_t phy_block_flags(const struct phy *p, const struct channel *c);
/* Whether the radio can be tuned to c: width possible in that band, every 20 MHz piece of the block
 * there and usable, no flag against it. why (may be NULL) gets the reason in words. */
bool phy_allows(const struct phy *p, const struct channel *c, char *why, size_t why_size);

#endif
