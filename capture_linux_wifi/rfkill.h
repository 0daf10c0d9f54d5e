/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switches of radios: rfkill, through sysfs, which needs no daemon. */
#ifndef CAPTURE_LINUX_WIFI_RFKILL_H
#define CAPTURE_LINUX_WIFI_RFKILL_H

#include "capture_common/err.h"
#include "capture_linux_wifi/wifi_system.h"

/* sysfs: "/sys", or a test's folder. wiphy: "phy0". Without switch, out->known is false. */
void rfkill_get(const char *sysfs, const char *wiphy, struct rfkill_state *out);
/* Needs root (the file's mode) and CAP_NET_ADMIN. */
int rfkill_set_soft(const char *sysfs, const char *wiphy, bool blocked, struct err *e);

#endif
