/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tap devices in a network namespace of the test's own; they can deliver 802.11 frames. Linux, and
 * root, only: elsewhere tests that need them skip. */
#ifndef TESTS_LIB_TAP_DEVICE_H
#define TESTS_LIB_TAP_DEVICE_H

#include <stdbool.h>

#define TAP_DEVICE_ETHERNET 1		/* ARPHRD_... of linux/if_arp.h */
#define TAP_DEVICE_RADIOTAP 803

/* As cmocka's setup of a group: makes the namespace, where that can be. */
int tap_device_group_setup(void **state);
bool tap_device_available(void);
void tap_device_need(void);		/* skips the test where there are none */

/* A new device, which is down; it lasts until the descriptor, which does not block, is closed. */
int tap_device_make(const char *name, int arphrd);
void tap_device_set_up(const char *name, bool up);

#endif
