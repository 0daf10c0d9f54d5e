/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps of opening a radio share (wifi_open.c, wifi_monitor.c): what is known so far, and
 * changes that are noted before they are made. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_STEP_H
#define CAPTURE_LINUX_WIFI_WIFI_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_linux_wifi/wifi_open.h"

struct wifi_step {
	struct wifi_radio *r;
	const struct wifi_open_config *cfg;
	struct wifi_iface iface;	/* the base, of a radio that is tunable */
	bool created;			/* the capture interface is ours, and will be deleted */
};

/* For the server's users; what is more than there is room for goes to the log only. */
void wifi_step_tell(struct wifi_step *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int wifi_step_note(struct wifi_step *o, enum undo_kind kind, uint32_t ifindex, uint32_t value,
		   const char *name, struct err *e);
/* Brings it up, or takes it down, noted; nothing when it is as it should be. Returns 1 when it was
 * changed, else 0; -1 with e. */
int wifi_step_bring(struct wifi_step *o, uint32_t ifindex, bool up, struct err *e);

/* The network interfaces of the base's radio; how many, or -1, also when there are so many that
 * some may be missing. */
int wifi_step_interfaces(struct wifi_step *o, struct wifi_iface out[WIFI_MAX_IFACES],
			 struct err *e);
/* The interface, or the bridge or bond that it belongs to, leads to the server. */
bool wifi_step_is_uplink(struct wifi_step *o, uint32_t ifindex);

/* Asks NetworkManager to leave an interface alone; noted unless it is ours. What does not work is
 * told, and is no error. */
int wifi_step_unmanage(struct wifi_step *o, uint32_t ifindex, const char *name, bool ours,
		       struct err *e);

/* "cause; hint", so that the hint is whole. */
void wifi_step_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
