/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a radio ready to be listened to, in steps that each can be undone. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_OPEN_H
#define CAPTURE_LINUX_WIFI_WIFI_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_linux_wifi/quirks.h"
#include "capture_linux_wifi/undo.h"
#include "capture_linux_wifi/wifi_options.h"
#include "capture_linux_wifi/wifi_system.h"

#define WIFI_MAX_TOLD 6

/* A radio that is ready. */
struct wifi_radio {
	struct wifi_system *system;	/* borrowed */
	struct rtnl_link base;		/* the interface of the definition */
	char capture[32];		/* the interface to capture from */
	uint32_t capture_ifindex;
	bool tunable;			/* false: 802.11 without nl80211 */
	struct wiphy wiphy;		/* of a tunable one */
	char driver[WIFI_DRIVER_SIZE];
	const struct quirk *quirk;
	struct undo undo;
	char told[WIFI_MAX_TOLD][256];	/* for the server's users: what was done that they
					   might wonder about */
	size_t n_told;
};

struct wifi_open_config {
	struct wifi_system *system;
	const struct wifi_options *options;
	/* Folder of journals; NULL: none. */
	const char *journal_dir;
	/* Leads to the server: its radio is not taken away. 0: not known. */
	uint32_t uplink;
};

/* All steps, or none: when one fails, those before it are undone. e says which, on what, why, in
 * the kernel's words where it has some, and what to try next. */
int wifi_open(struct wifi_radio *r, const struct wifi_open_config *cfg, struct err *e);
/* Undoes all of it. */
void wifi_close(struct wifi_radio *r);

/* Tunes; for a refusal e says what stands in the way. May be called on another thread, with a
 * system of its own. */
int wifi_tune(struct wifi_system *s, const struct wifi_radio *r, const struct channel *c,
	      struct err *e);

#endif
