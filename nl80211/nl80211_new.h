/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constants of linux/nl80211.h that the headers of older systems lack; they build there, and the
 * kernel that runs may be newer. By number, because the names are members of an enum. */
#ifndef NL80211_NL80211_NEW_H
#define NL80211_NL80211_NEW_H

/* enum nl80211_frequency_attr */
#define NL80211_NEW_FREQ_OFFSET		20	/* Linux 5.8: kHz to be added to the MHz */
#define NL80211_NEW_FREQ_NO_320MHZ	26	/* Linux 5.18 */
#define NL80211_NEW_FREQ_CAN_MONITOR	32	/* Linux 6.9 */

/* enum nl80211_band */
#define NL80211_NEW_BAND_S1GHZ		4	/* Linux 5.6 */

/* enum nl80211_attrs */
#define NL80211_NEW_WIPHY_FREQ_OFFSET	290	/* Linux 5.8 */
#define NL80211_NEW_CENTER1_OFFSET	291	/* Linux 5.8 */
#define NL80211_NEW_WIPHY_RADIOS	331	/* Linux 6.12 */

/* enum nl80211_band_iftype_attr */
#define NL80211_NEW_IFTYPE_HE_CAP_PHY	3	/* Linux 4.19 */
#define NL80211_NEW_IFTYPE_EHT_CAP_PHY	9	/* Linux 5.18 */

/* include/linux/if_link.h */
#define RTNL_NEW_IFLA_ALT_IFNAME	53	/* Linux 5.5 */
#define RTNL_NEW_IFLA_PERM_ADDRESS	54	/* Linux 5.6 */

#endif
