/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks NetworkManager to leave an interface alone, over D-Bus with libdbus. No call waits longer
 * than 1 s, nothing is started that does not run, and no connection stays open: NetworkManager
 * would queue its signals for us. Built without libdbus, it answers as if it did not run. */
#ifndef CAPTURE_LINUX_WIFI_NETWORK_MANAGER_H
#define CAPTURE_LINUX_WIFI_NETWORK_MANAGER_H

#include <stdbool.h>

#include "capture_common/err.h"

/* 1: it manages the interface; 0: it does not, does not know it, or does not run; -1 with e: it
 * runs and did not answer as it should. */
int network_manager_manages(const char *interface, struct err *e);
/* Until the next boot or restart of NetworkManager. ERR_PERMISSION when it refuses. */
int network_manager_set_managed(const char *interface, bool managed, struct err *e);

#endif
