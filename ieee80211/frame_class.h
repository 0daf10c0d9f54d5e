/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an 802.11 frame is worth when not all can be kept (capture_common/record.h).
 *
 *	data		data and control frames: RECORD_BULK
 *	beacons		beacons and probe responses: RECORD_REPEATABLE
 *	management	other management frames, key exchanges (EAPOL if not encrypted),
 *			and whatever is not understood: RECORD_PLAIN
 *
 * Two beacons say the same when they have the same BSSID, capabilities and elements. Time stamps,
 * TIM and BSS load, which change all the time, are not compared, nor is what the radio adds.
 *
 * Link types 105 (802.11), 127 (radiotap), 119 (Prism) and 163 (AVS); others are plain. */
#ifndef IEEE80211_FRAME_CLASS_H
#define IEEE80211_FRAME_CLASS_H

#include "capture_common/record.h"

extern const struct record_classifier frame_classes;

#endif
