/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks after a radio that is open: what others do to its interfaces, what the kernel drops, how
 * tuning goes, whether anything is heard at all. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_WATCH_H
#define CAPTURE_LINUX_WIFI_WIFI_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/capture.h"
#include "capture_common/err.h"
#include "capture_common/pcap_live.h"
#include "nl80211/rtnl.h"

struct wifi_source;

/* Of what may be done a few times in a minute. */
struct wifi_watch_budget {
	unsigned used;			/* since since_ns */
	uint64_t since_ns;
};

struct wifi_watch {
	struct rtnl_events *events;
	/* Of the next look. Events wait for it: to wait for another descriptor costs more than the
	 * packets of a quiet channel, and what is urgent shows when reading fails. */
	uint64_t next_ns;
	bool addresses_changed, routes_changed, base_changed;
	struct wifi_watch_budget mending, lowering;	/* capture interface; base */
	/* drops */
	struct pcap_live_stats told;	/* up to here the server was told of drops */
	uint64_t told_ns;
	/* silence */
	uint64_t heard, heard_ns;
	bool silent;
	/* tuning */
	unsigned tuned;
	uint64_t tuned_us;
};

int wifi_watch_init(struct wifi_watch *w, struct err *e);
void wifi_watch_finish(struct wifi_watch *w);		/* a zeroed one is fine */

/* Once a second, handles events and what is due. Returns 0, or -1 with e when the source cannot go
 * on. */
int wifi_watch_look(struct wifi_source *s, struct capture *c, struct err *e);
/* Reading failed: brings the interface up again and opens the capture anew, a few times in a
 * minute. Returns 0, or -1 when that is no help; then e stays as it is, or says more. */
int wifi_watch_mend(struct wifi_source *s, struct capture *c, struct err *e);

#endif
