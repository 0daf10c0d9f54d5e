/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of channels: all that a phy can be tuned to, and what a user's words stand for. */
#ifndef IEEE80211_CHANNEL_LIST_H
#define IEEE80211_CHANNEL_LIST_H

#include <stdbool.h>

#include "capture_common/strlist.h"
#include "ieee80211/phy.h"
#include "protocol/text.h"

/* Which of a phy's channels are offered. Zeroed with ht and vht set is the default. */
struct channel_choice {
	bool ht, vht;			/* ht_channels=, vht_channels=: HT40; VHT80 and VHT160 */
	bool default_ht20;		/* 20 MHz is written nHT20 */
	bool expand_ht20;		/* both n and nHT20 */
	bool primary_only;		/* hop_widths=primary: one entry a 20 MHz channel */
	bool wide6;			/* 6 GHz widths too, as ht and vht say (our notation) */
	bool exclude_dfs, exclude_no_ir;	/* also blocks with such a piece */
	bool psc_only;			/* of 6 GHz, the preferred scanning channels only */
	unsigned bands;			/* 1u << enum channel_band; 0: 2.4, 4.9, 5, 6 GHz */
};

/* Appends the channels of p, by frequency in the driver's order and by width in the order
 * n, nHT20, nHT40-, nHT40+, nVHT80, nVHT160, nW6e, nW6e40.... 0 or -ENOMEM. */
int channel_list_of_phy(struct strlist *out, const struct phy *p, const struct channel_choice *w);

/* Reads band=: "2.4", "5", "6", "2g", "5ghz"; several with '+' or ','. The letters of airodump,
 * "abg", are not taken. Sets *bands; -EINVAL with why otherwise. */
int channel_bands_parse(unsigned *bands, struct text t, char *why, size_t why_size);

/* Expands what a user wrote in channels= or add_channels=: names of single channels as they are,
 * and our sets: "1-13", "36-64", "1W6e-93W6e", "2g", "5g", "6g", "psc", "all", "dfs", "nodfs". Sets
 * are the usable channels of p, each with 20 MHz. A range is one of frequencies: "1-36" has all of
 * 2.4 GHz. A set without any channel is refused. Duplicates are left out. Returns 0; -EINVAL with
 * why naming the piece; -ENOMEM. What was appended before an error stays. */
int channel_list_expand(struct strlist *out, const struct phy *p, struct text list, char *why,
			size_t why_size);
/* Whether a piece of the list is one of our sets, which nobody else knows. */
bool channel_list_has_set(struct text list);

#endif
