/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link types: the numbers in files, libpcap's DLT numbers, and what servers make of them. */
#include "capture_pcapfile/linktype.h"

#include <stddef.h>

/* From the list of link types at tcpdump.org and pcap/dlt.h. */
static const struct {
	uint32_t linktype, dlt;
} renamed[] = {
	{ 100, 11 },		/* ATM_RFC1483 */
	{ 101, 12 },		/* RAW */
	{ 102, 15 },		/* SLIP_BSDOS */
	{ 103, 16 },		/* PPP_BSDOS */
	{ 106, 19 },		/* ATM_CLIP */
	{ 246, 18 },		/* PFSYNC */
};

static const struct {
	uint32_t dlt;
	bool decoded;
	const char *name;
} known[] = {
	{ 105, true, "802.11" },
	{ 119, false, "802.11 with Prism header" },
	{ 127, true, "802.11 with radiotap" },
	{ 163, false, "802.11 with AVS header" },
	{ 187, false, "Bluetooth HCI" },
	{ 192, true, "802.11 with PPI" },
	{ 195, false, "802.15.4 with FCS" },
	{ 201, false, "Bluetooth HCI with direction" },
	{ 230, true, "802.15.4 without FCS" },
	{ 251, true, "Bluetooth LE" },
	{ 256, true, "Bluetooth LE with radio header" },
	{ 283, true, "802.15.4 with TAP header" },
};

uint32_t linktype_to_dlt(uint32_t linktype)
{
	size_t i;

	for (i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (renamed[i].linktype == linktype)
			return renamed[i].dlt;
	return linktype;
}

const char *dlt_name(uint32_t dlt)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].dlt == dlt)
			return known[i].name;
	return NULL;
}

bool dlt_is_decoded(uint32_t dlt)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].dlt == dlt)
			return known[i].decoded;
	return false;
}
