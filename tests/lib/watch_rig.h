/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Wi-Fi source that is open: it captures from "tap0", and "base0" counts as the interface of the
 * definition. Both are tap devices in a network namespace that the process makes for itself, which
 * takes root; without, tests are skipped. Time is the test's. One at a time. */
#ifndef TESTS_LIB_WATCH_RIG_H
#define TESTS_LIB_WATCH_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_linux_wifi/wifi_source.h"
#include "tests/lib/fake_clock.h"

struct watch_rig {
	int tap, base;			/* their descriptors; -1: gone */
	struct fake_clock clock;
	struct capture capture;
	struct wifi_system *real;
	struct wifi_system system;	/* the source's: a copy, to be changed by tests */
	struct wifi_system no_system;	/* of tuning, which nobody does here */
	struct wifi_source source;
	struct err e;			/* of the last read */
	unsigned packets;		/* so far, by watch_rig_told() */
	char last_told[512];
};

extern struct watch_rig watch_rig;

/* For cmocka, in a group of tap_device_group_setup(). The source is not open yet: its name is
 * "roof", it can be tuned, its driver is "fakewifi"; options may be changed before
 * watch_rig_open(). */
int watch_rig_setup(void **state);
int watch_rig_teardown(void **state);
/* What comes after wifi_open(). Skips the test where there are no such devices. */
void watch_rig_open(void);

/* --- devices --- */

bool watch_rig_is_up(const char *name);
void watch_rig_set_mtu(const char *name, int mtu);
void watch_rig_set_address(const char *name, uint8_t last);
/* A frame on tap0. */
void watch_rig_send(void);

/* --- reading --- */

/* Lets so much time pass, and reads each second until there is nothing for now, or it has ended. */
enum source_read watch_rig_pass(unsigned seconds);
/* A frame gets through, or the test fails. */
void watch_rig_hears(void);
/* How many messages with that text came since this was asked last; the others are forgotten. */
unsigned watch_rig_told(const char *part);

#endif
