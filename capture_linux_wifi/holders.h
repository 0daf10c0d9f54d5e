/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else is at a radio: for errors that say what to do. */
#ifndef CAPTURE_LINUX_WIFI_HOLDERS_H
#define CAPTURE_LINUX_WIFI_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

#include "capture_linux_wifi/wifi_system.h"

/* Writes the wiphy's interfaces that are up, without ifindex except (0: all): "wlan0, p2p-dev-wlan0
 * (a device without network interface)"; "" when there is none. Returns how many. */
size_t holders_interfaces(struct wifi_system *s, uint32_t wiphy, uint32_t except, char *out,
			  size_t size);

/* Writes programs that run and are known to manage Wi-Fi interfaces: "wpa_supplicant (812),
 * NetworkManager (640)"; "" when there is none. Processes of this run of the program, such as those
 * of other sources, are not among them. proc: "/proc". Returns how many. */
size_t holders_programs(const char *proc, char *out, size_t size);

#endif
