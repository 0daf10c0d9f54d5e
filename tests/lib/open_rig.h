/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a radio of a kernel in memory, and looks whether all is as before afterwards. */
#ifndef TESTS_LIB_OPEN_RIG_H
#define TESTS_LIB_OPEN_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_linux_wifi/wifi_open.h"
#include "tests/lib/fake_wifi_system.h"

struct open_rig {
	struct fake_wifi_system fake;
	struct wifi_options options;
	struct wifi_open_config config;
	struct wifi_radio radio;
	struct err e;
	char before[4096];		/* the kernel, as fake_wifi_print() has it */
};

/* A laptop: wlan0, a station on phy0, and eth0; both are up. To be opened is wlan0. */
void open_rig_init(struct open_rig *g);
void open_rig_want_channel(struct open_rig *g, const char *text);

/* All of these fail the test when it is not so. */
void open_rig_open(struct open_rig *g);
/* Everything is as it was before open_rig_open() or open_rig_refused() began. */
void open_rig_same(struct open_rig *g);
/* Closes, and then everything is the same. */
void open_rig_close(struct open_rig *g);
/* It does not open, everything is the same, and the error has that code and names the interface. */
void open_rig_refused(struct open_rig *g, enum err_code code);
/* The last error has that in it. */
void open_rig_says(const struct open_rig *g, const char *part);

/* Whether something that was told has that in it. */
bool open_rig_told(const struct open_rig *g, const char *part);
/* The type of an interface that is there. */
uint32_t open_rig_type(struct open_rig *g, const char *name);

#endif
