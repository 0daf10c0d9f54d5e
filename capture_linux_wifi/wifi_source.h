/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Wi-Fi radio that is open as a source. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_SOURCE_H
#define CAPTURE_LINUX_WIFI_WIFI_SOURCE_H

#include "capture_common/pcap_live.h"
#include "capture_common/source.h"
#include "capture_linux_wifi/wifi_filter.h"
#include "capture_linux_wifi/wifi_open.h"
#include "capture_linux_wifi/wifi_options.h"
#include "capture_linux_wifi/wifi_system.h"
#include "capture_linux_wifi/wifi_tuning.h"
#include "capture_linux_wifi/wifi_watch.h"

struct wifi_source {
	struct wifi_options options;
	struct wifi_system *system;
	struct wifi_radio radio;
	struct pcap_live *pcap;
	struct pcap_live_stats before;	/* of captures that had to be opened anew */
	struct wifi_filter *filter;
	struct wifi_tuning tuning;	/* the tuning thread's */
	struct wifi_watch watch;
	char uplink[64];		/* the server's address; "" for none */
	size_t n_told;			/* of radio.told, to the server */
};

extern const struct source_ops wifi_source_ops;

/* Opens the capture interface, with its filter. */
int wifi_source_open_capture(struct wifi_source *s, struct err *e);
/* Counts since the source was opened, however often the capture was. */
void wifi_source_get_stats(const struct wifi_source *s, struct pcap_live_stats *out);
/* Looks again at which interface leads to the server. */
void wifi_source_find_uplink(struct wifi_source *s);

#endif
