/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface to capture from: one that is there, one that is made, or the base itself. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_MONITOR_H
#define CAPTURE_LINUX_WIFI_WIFI_MONITOR_H

#include "capture_common/err.h"
#include "capture_linux_wifi/wifi_step.h"

/* Chooses it and, where needed, makes it; r->capture and r->capture_ifindex then are set. In this
 * order: a base that is a monitor already; the base, switched, for drivers whose monitor interfaces
 * do not work, and for vif=BASE; the one of vif=, made where it is not there; any monitor interface
 * of the radio; a new one, BASEmon or kismon0 to kismon99. Where no new one can be made, the base
 * is switched. */
int wifi_monitor_make(struct wifi_step *o, struct err *e);

/* A driver may say that it did and not have done: whether the capture interface is a monitor. */
int wifi_monitor_check(struct wifi_step *o, struct err *e);

#endif
