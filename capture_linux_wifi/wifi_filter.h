/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet filter of a source: from its options, and from the addresses that the machine has
 * now, to a program in the kernel. */
#ifndef CAPTURE_LINUX_WIFI_WIFI_FILTER_H
#define CAPTURE_LINUX_WIFI_WIFI_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/pcap_live.h"
#include "capture_linux_wifi/wifi_options.h"
#include "capture_linux_wifi/wifi_system.h"

struct wifi_filter;

/* o is borrowed and must stay. */
struct wifi_filter *wifi_filter_new(const struct wifi_options *o, struct err *e);
void wifi_filter_free(struct wifi_filter *f);		/* NULL is fine */

/* The interface that leads to the server, whose address is left out when filter_uplink is set; 0:
 * none. Only one that is Wi-Fi matters: the caller has looked. */
void wifi_filter_set_uplink(struct wifi_filter *f, uint32_t ifindex);

/* Looks at the addresses that filter_locals, filter_interface, filter_address and the uplink mean
 * now. Returns 1 when they differ from what was looked at before (at first: always), else 0; -1
 * with e when an interface of filter_interface= does not exist at the first look (later it just
 * counts as having none), or when the system did not answer: then those known before stay. Their
 * order does not matter, and each counts once. own: ifindex of the capture interface, which has no
 * address that others would send to. */
int wifi_filter_look(struct wifi_filter *f, struct wifi_system *s, uint32_t own, struct err *e);

/* Puts what was looked at into the kernel, or takes the filter off when nothing is to be left out.
 * A link type that cannot be filtered, a user's expression that does not compile and a kernel that
 * refuses are errors. */
int wifi_filter_apply(struct wifi_filter *f, struct pcap_live *p, struct err *e);

/* "management frames, 3 addresses left out"; "" when nothing is filtered. Cut to fit. */
void wifi_filter_describe(const struct wifi_filter *f, char *out, size_t size);

/* The addresses now left out, for tests; returns how many there are. */
size_t wifi_filter_macs(const struct wifi_filter *f, const struct filter_mac **out);

#endif
