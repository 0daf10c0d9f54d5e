/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which radios there are, and what a definition would open. Changes nothing, and needs no
 * privileges. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_LIST_H
#define CAPTURE_LINUX_WIFI_WIFI_LIST_H

#include <stdbool.h>

#include "capture_common/source.h"
#include "capture_linux_wifi/wifi_options.h"
#include "capture_linux_wifi/wifi_system.h"

/* What servers and existing tools know this tool by; UUIDs begin with its checksum. */
#define LINUX_WIFI_PROGRAM "kismet_cap_linux_wifi"
#define LINUX_WIFI_TYPE "linuxwifi"

/* One row a radio, by name: its interface, or where it has only monitor interfaces, the first of
 * them; then interfaces that deliver 802.11 link types without nl80211 (hwsim0, a tap device set to
 * radiotap; ARPHRD 801 to 803). Nothing found is success. */
int wifi_list(struct wifi_system *s, struct source_list *out, struct err *e);

/* As source_ops.probe(): uuid, hardware, the channels of the radio as wifi_channels() has them,
 * and the definition to announce. Another tool's interface is -1 without a text. */
int wifi_probe(struct wifi_system *s, const struct srcdef *def, struct source_info *info,
	       struct err *e);

/* The end of a probe that could not even be made: without a text, too, unless the definition has
 * type=linuxwifi. Returns -1. */
int wifi_probe_failed(const struct srcdef *def, struct err *e);

/* The list that is reported: what the phy can be tuned to, as the options want it. info->channels
 * must be empty. */
int wifi_channels(const struct phy *phy, const struct wifi_options *o, struct source_info *info,
		  struct err *e);

/* 5FE308BD-0000-0000-0000- and the base interface's present address, or a checksum
 * of its name where it has none; uuid= when that is given. */
void wifi_uuid(char out[UUID_SIZE], const struct wifi_options *o, const struct rtnl_link *base);

/* Whether the interface delivers 802.11 frames without nl80211. */
bool wifi_is_bare_80211(const struct rtnl_link *link);

/* Servers do not know our words for sets of channels: returns the definition with the channels= and
 * add_channels= that have some spelled out ("5g" becomes 36,40,...), NULL when there is nothing to
 * spell out, or with e set (e->text is empty otherwise) when a set cannot be. The caller frees. */
char *wifi_spell_out(const struct srcdef *def, const struct phy *phy, struct err *e);

#endif
