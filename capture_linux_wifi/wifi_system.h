/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that opening and closing a radio asks of the system, as a table of functions, so that
 * a test can put a system of its own in, where each call can fail. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_SYSTEM_H
#define CAPTURE_LINUX_WIFI_WIFI_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "ieee80211/channel.h"
#include "nl80211/rtnl.h"
#include "nl80211/wiphy.h"

#define WIFI_DRIVER_SIZE 64

/* The state of a radio's switch (rfkill). */
struct rfkill_state {
	bool known;			/* false: it has none */
	bool soft, hard;		/* blocked by software; by a switch of the device */
};

/* Return 0 or -1 with e, unless said otherwise; see nl80211.h, rtnl.h, rfkill.h and
 * network_manager.h for what they mean. */
struct wifi_system {
	void *self;

	int (*find_link)(void *self, const char *name, struct rtnl_link *out, struct err *e);
	int (*get_link)(void *self, uint32_t ifindex, struct rtnl_link *out, struct err *e);
	/* *out is the caller's to free; how many, or -1. */
	int (*list_links)(void *self, struct rtnl_link **out, struct err *e);
	int (*set_up)(void *self, uint32_t ifindex, bool up, struct err *e);
	/* 0: no route. address is numeric. */
	uint32_t (*route)(void *self, const char *address);

	/* ERR_NOT_FOUND when it is no Wi-Fi interface, or the kernel has no nl80211. */
	int (*get_iface)(void *self, uint32_t ifindex, struct wifi_iface *out, struct err *e);
	int (*list_ifaces)(void *self, struct wifi_iface *out, size_t max, struct err *e);
	int (*get_wiphy)(void *self, uint32_t wiphy, struct wiphy *out, struct err *e);
	int (*get_regdomain)(void *self, uint32_t wiphy, char alpha2[3], struct err *e);
	int (*new_monitor)(void *self, uint32_t wiphy, const char *name, unsigned flags,
			   uint32_t *ifindex, struct err *e);
	int (*del_iface)(void *self, uint32_t ifindex, struct err *e);
	int (*set_type)(void *self, uint32_t ifindex, uint32_t type, struct err *e);
	int (*set_channel)(void *self, uint32_t ifindex, const struct channel *c, struct err *e);

	void (*rfkill_get)(void *self, const char *wiphy_name, struct rfkill_state *out);
	int (*rfkill_set_soft)(void *self, const char *wiphy_name, bool blocked, struct err *e);

	/* Whether NetworkManager runs and manages it: 1, 0; -1 with e when it did not answer. */
	int (*nm_managed)(void *self, const char *interface, struct err *e);
	int (*nm_set_managed)(void *self, const char *interface, bool managed, struct err *e);

	/* "mt7921u"; "" when it cannot be told. */
	void (*driver)(void *self, const char *interface, char out[WIFI_DRIVER_SIZE]);
};

/* The real one: has sockets to the kernel. NULL with e when the kernel refuses. One thread at a
 * time. */
struct wifi_system *wifi_system_open(struct err *e);
void wifi_system_close(struct wifi_system *s);		/* NULL is fine */

#endif
