/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is special about single drivers, as data (docs/linux-wifi.md 8). */
#ifndef CAPTURE_LINUX_WIFI_QUIRKS_H
#define CAPTURE_LINUX_WIFI_QUIRKS_H

#include <stdbool.h>

struct quirk {
	const char *driver;		/* in any case; a '*' at the end stands for anything */
	bool no_vif;			/* switch the interface itself to monitor mode */
	bool up_first;			/* it must be up while its mode is changed */
	unsigned min_dwell_ms;		/* one channel change takes it so long; 0: nothing known */
	const char *note;		/* for the user; NULL: none */
};

/* Never NULL: a quirk without anything special for all other drivers. */
const struct quirk *quirk_of(const char *driver);

#endif
