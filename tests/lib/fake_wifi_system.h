/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel with Wi-Fi radios that is only in memory: what a test asks of it happens, or fails where
 * the test says so. It keeps to the rules that opening a radio has to deal with: a name is there
 * once, a mode changes while the interface is down, a monitor interface can be tuned while it is up
 * and nothing but monitor interfaces of its radio are. */
#ifndef TESTS_LIB_FAKE_WIFI_SYSTEM_H
#define TESTS_LIB_FAKE_WIFI_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_linux_wifi/wifi_system.h"

#define FAKE_WIFI_LINKS 128
#define FAKE_WIFI_RADIOS 4
#define FAKE_WIFI_CALLS 256

/* enum nl80211_iftype */
enum { FAKE_WIFI_STATION = 2, FAKE_WIFI_AP = 3, FAKE_WIFI_MONITOR = 6, FAKE_WIFI_P2P_DEVICE = 10 };

struct fake_wifi_link {
	struct rtnl_link link;		/* ifindex 0: a device without network interface */
	char alternative[64];		/* another name; "": none */
	char driver[WIFI_DRIVER_SIZE];
	bool wifi;
	uint32_t wiphy, type;		/* of one that is Wi-Fi */
	bool running;			/* of a device without network interface */
	bool managed;			/* by NetworkManager */
	struct channel channel;		/* last tuned to; width and all 0: never */
};

struct fake_wifi_radio {
	struct wiphy wiphy;
	struct rfkill_state rfkill;
	unsigned monitor_flags;		/* that the last monitor interface was made with */
	/* How it is to behave: */
	int refuse_monitor;		/* errno for making a monitor interface; 0: takes it */
	int refuse_type;		/* errno for changing a mode */
	bool type_while_up;		/* a mode changes only while the interface is up */
	bool lies;			/* monitor mode was taken, it says, and is not there */
};

struct fake_wifi_system {
	struct wifi_system ops;		/* what is handed to the code under test */
	struct fake_wifi_link links[FAKE_WIFI_LINKS];
	size_t n_links;
	uint32_t last_ifindex;
	struct fake_wifi_radio radios[FAKE_WIFI_RADIOS];
	size_t n_radios;
	bool no_nl80211;
	bool nm_runs, nm_fails;		/* NetworkManager; it runs and does not answer */
	bool nm_takes_new;		/* interfaces made from now on are managed */
	uint32_t route;			/* to everywhere */

	/* The fail_nth-th changing call from now on fails with fail_errno, once. 1 is the next;
	 * 0: none. */
	unsigned fail_nth;
	int fail_errno;
	/* Every call of that name ("set_up") fails with fail_call_errno; NULL: none. */
	const char *fail_call;
	int fail_call_errno;
	unsigned n_changes;		/* changing calls so far, failed ones too */

	/* Changing calls, in words: "set_up wlan0 down"; "!" at the end: it failed. */
	char calls[FAKE_WIFI_CALLS][64];
	size_t n_calls;			/* later ones are counted, not kept */
};

/* Nothing is there. */
void fake_wifi_init(struct fake_wifi_system *f);
/* A radio that can be a monitor: channels 1 to 13 with HT40, 36 to 48 with 80 MHz. */
struct fake_wifi_radio *fake_wifi_add_radio(struct fake_wifi_system *f, const char *name);
/* An interface of the radio, up, with a MAC address of its own and the driver "fakewifi". */
struct fake_wifi_link *fake_wifi_add(struct fake_wifi_system *f, const char *radio,
				     const char *name, uint32_t type);
/* Any other interface, up. */
struct fake_wifi_link *fake_wifi_add_link(struct fake_wifi_system *f, const char *name,
					  uint16_t arphrd);
/* p2p-dev-wlan0: listed by nl80211 only, and running. */
struct fake_wifi_link *fake_wifi_add_device(struct fake_wifi_system *f, const char *radio,
					    const char *name);
void fake_wifi_remove(struct fake_wifi_system *f, const char *name);
/* NULL: not there. Pointers to links are valid until one is removed. */
struct fake_wifi_link *fake_wifi_find(struct fake_wifi_system *f, const char *name);
struct fake_wifi_radio *fake_wifi_find_radio(struct fake_wifi_system *f, const char *name);
/* Up, or a device that is started. */
bool fake_wifi_running(const struct fake_wifi_link *l);
bool fake_wifi_is_up(struct fake_wifi_system *f, const char *name);
void fake_wifi_set_up(struct fake_wifi_system *f, const char *name, bool up);

/* How often a call that begins with that was made ("set_up wlan0"). */
unsigned fake_wifi_called(const struct fake_wifi_system *f, const char *beginning);
/* All that can be changed, as text, to be compared: interfaces in the order of their names, then
 * radios. Which channel is tuned is not in it. Returns out. */
char *fake_wifi_print(const struct fake_wifi_system *f, char *out, size_t size);

#endif
