/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source definition asks of a Wi-Fi radio (the keys of kismet_cap_linux_wifi(8)). */
#ifndef CAPTURE_LINUX_WIFI_WIFI_OPTIONS_H
#define CAPTURE_LINUX_WIFI_WIFI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "capture_common/err.h"
#include "capture_common/source.h"
#include "capture_common/strlist.h"
#include "ieee80211/channel.h"
#include "ieee80211/channel_list.h"
#include "ieee80211/filter.h"

#define WIFI_NAME_SIZE 64		/* of interfaces; alternative names are longer than 15 */

/* Filled from a definition; everything is owned by it. */
struct wifi_options {
	char interface[WIFI_NAME_SIZE];	/* the definition's: base or monitor interface */
	char name[WIFI_NAME_SIZE];	/* name=, or the interface: in front of messages */
	char uuid[UUID_SIZE];		/* uuid=, normalized; "" when not given */
	char vif[WIFI_NAME_SIZE];	/* vif=; "" when not given */
	bool has_channel;
	struct channel channel;		/* channel= */
	struct channel_choice choice;	/* ht_channels=, band=, exclude=, psc=, hop_widths=... */
	bool fcsfail, plcpfail, ignoreprimary;
	bool filter_mgmt, truncate_data, filter_locals, filter_uplink;
	struct strlist filter_interfaces;
	struct filter_mac *filter_addresses;
	size_t n_filter_addresses;
	char *filter;			/* a user's expression; NULL: none */
	size_t buffer_bytes;		/* buffer=, of the kernel; 0: the default */
	bool verbose, statistics;
};

/* The rows for --help. */
extern const struct source_opt wifi_option_rows[];

/* Values that cannot be are errors of ERR_USAGE that name the option and what it takes; a boolean
 * that is neither true nor false keeps its default, with a warning in the log, as existing tools
 * do. o is filled whatever the result: free it. */
int wifi_options_parse(struct wifi_options *o, const struct srcdef *def, struct err *e);
void wifi_options_free(struct wifi_options *o);		/* a zeroed one is fine */

#endif
