/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link types: the numbers in files, libpcap's DLT numbers, and what servers make of them. */
#ifndef CAPTURE_PCAPFILE_LINKTYPE_H
#define CAPTURE_PCAPFILE_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* The DLT of a LINKTYPE. They are the same but for a few old ones, whose DLT numbers differ
 * between systems; these become the ones of Linux. */
uint32_t linktype_to_dlt(uint32_t linktype);
/* "802.11 with radiotap", or NULL for one that has nothing to do with radio. */
const char *dlt_name(uint32_t dlt);
/* Whether Kismet servers make devices of such packets (docs/pcapfile.md, "Link types"). */
bool dlt_is_decoded(uint32_t dlt);

#endif
