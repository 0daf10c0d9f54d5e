/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an 802.11 frame is worth when not all can be kept. */
#include "ieee80211/frame_class.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "protocol/bytes.h"

/* Link types, as libpcap numbers them. */
#define DLT_RAW_80211 105
#define DLT_PRISM 119
#define DLT_RADIOTAP 127
#define DLT_AVS 163

/* Radiotap's flags. */
#define RADIOTAP_FCS 0x10
#define RADIOTAP_DATA_PAD 0x20

/* The frame control field (IEEE 802.11-2020, 9.2.4.1). */
#define FC0_VERSION 0x03
#define FC0_TYPE 0x0c
#define FC0_MGMT 0x00
#define FC0_CONTROL 0x04
#define FC0_DATA 0x08
#define FC0_NO_BODY 0x40	/* of data: null, QoS null and the like */
#define FC0_QOS 0x80		/* of data */
#define FC0_PROBE_RESPONSE 0x50
#define FC0_BEACON 0x80
#define FC1_FOUR_ADDRESSES 0x03	/* to and from the distribution system */
#define FC1_PROTECTED 0x40
#define FC1_HT_CONTROL 0x80	/* of management and QoS data */

#define BSSID_AT 16
#define THREE_ADDRESSES 24	/* and the sequence number: length up to here */
#define FOUR_ADDRESSES 30
#define TIMESTAMP_BYTES 8
#define INTERVAL_AND_CAPABILITIES 4
#define FCS_BYTES 4

#define ELEMENT_TIM 5
#define ELEMENT_BSS_LOAD 11

struct wifi_frame {
	const uint8_t *b;
	size_t len;
	bool padded;			/* its header, to a multiple of four */
};

/* --- what comes before the frame --- */

/* The flags field; 0 when there is none. It comes first but for the presence bits, which go on as
 * long as the highest one is set, and the TSFT. */
static uint8_t radiotap_flags(const uint8_t *b, size_t header)
{
	size_t at = 4;
	uint32_t present = get_le32(b + at), word = present;

	for (at += 4; word & 0x80000000; at += 4) {
		if (at + 4 > header)
			return 0;
		word = get_le32(b + at);
	}
	if (!(present & 2))
		return 0;
	if (present & 1)
		at = (at + 7) / 8 * 8 + 8;
	return at < header ? b[at] : 0;
}

static bool skip_radiotap(struct wifi_frame *f)
{
	if (f->len < 8 || f->b[0] != 0)
		return false;
	size_t header = get_le16(f->b + 2);

	if (header < 8 || header > f->len)
		return false;
	uint8_t flags = radiotap_flags(f->b, header);

	f->padded = flags & RADIOTAP_DATA_PAD;
	f->b += header;
	f->len -= header;
	if (flags & RADIOTAP_FCS && f->len >= FCS_BYTES)
		f->len -= FCS_BYTES;
	return true;
}

/* Both have their length in the second word. AVS is big-endian; Prism as the machine that captured
 * it, and drivers write AVS under its link type, too. */
static bool skip_avs_or_prism(struct wifi_frame *f)
{
	if (f->len < 8)
		return false;
	bool avs = (get_be32(f->b) & 0xfffff000) == 0x80211000;
	size_t header = avs ? get_be32(f->b + 4) : get_le32(f->b + 4);

	if (!avs && header > 0xffff)
		header = get_be32(f->b + 4);
	if (header < 8 || header > f->len)
		return false;
	f->b += header;
	f->len -= header;
	return true;
}

static bool find_frame(const struct msg_packet *p, struct wifi_frame *f)
{
	*f = (struct wifi_frame){ .b = p->data, .len = p->len };
	switch (p->dlt) {
	case DLT_RAW_80211:
		return true;
	case DLT_RADIOTAP:
		return skip_radiotap(f);
	case DLT_PRISM:
	case DLT_AVS:
		return skip_avs_or_prism(f);
	}
	return false;
}

/* --- the frame --- */

/* Also of a frame that was cut behind its header: false. */
static bool is_eapol(const struct wifi_frame *f)
{
	static const uint8_t llc[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e };
	size_t at = (f->b[1] & FC1_FOUR_ADDRESSES) == FC1_FOUR_ADDRESSES ? FOUR_ADDRESSES :
									  THREE_ADDRESSES;

	if (f->b[0] & FC0_NO_BODY || f->b[1] & FC1_PROTECTED)
		return false;
	if (f->b[0] & FC0_QOS)
		at += f->b[1] & FC1_HT_CONTROL ? 6 : 2;
	if (f->padded)
		at = (at + 3) / 4 * 4;
	return at + sizeof(llc) <= f->len && memcmp(f->b + at, llc, sizeof(llc)) == 0;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t hash(uint64_t h, const uint8_t *b, size_t n)
{
	uint64_t word = 0;

	h = mix(h, n);
	for (; n >= 8; b += 8, n -= 8)
		h = mix(h, get_le64(b));
	for (; n > 0; b++, n--)
		word = word << 8 | *b;
	return mix(h, word);
}

/* Bytes behind the last whole element, such as a check sum that nobody told of, do not count. */
static uint64_t beacon_key(const struct wifi_frame *f, size_t body)
{
	const uint8_t *b = f->b;
	size_t at = body + TIMESTAMP_BYTES + INTERVAL_AND_CAPABILITIES;
	uint64_t key = hash(b[0], b + BSSID_AT, 6);

	key = hash(key, b + body + TIMESTAMP_BYTES, INTERVAL_AND_CAPABILITIES);
	while (at + 2 <= f->len && at + 2 + b[at + 1] <= f->len) {
		size_t size = 2u + b[at + 1];

		if (b[at] != ELEMENT_TIM && b[at] != ELEMENT_BSS_LOAD)
			key = hash(key, b + at, size);
		at += size;
	}
	return key;
}

static enum record_class management_class(const struct wifi_frame *f, uint64_t *key)
{
	uint8_t subtype = f->b[0] & (uint8_t)~(FC0_TYPE | FC0_VERSION);
	size_t body = THREE_ADDRESSES + (f->b[1] & FC1_HT_CONTROL ? 4 : 0);

	if (subtype != FC0_BEACON && subtype != FC0_PROBE_RESPONSE)
		return RECORD_PLAIN;
	if (f->len < body + TIMESTAMP_BYTES + INTERVAL_AND_CAPABILITIES)
		return RECORD_PLAIN;
	if (key)
		*key = beacon_key(f, body);
	return RECORD_REPEATABLE;
}

static enum record_class class_of(const struct msg_packet *p, uint64_t *key)
{
	struct wifi_frame f;

	if (!find_frame(p, &f) || f.len < 2 || f.b[0] & FC0_VERSION)
		return RECORD_PLAIN;
	switch (f.b[0] & FC0_TYPE) {
	case FC0_MGMT:
		return management_class(&f, key);
	case FC0_CONTROL:
		return RECORD_BULK;
	case FC0_DATA:
		return is_eapol(&f) ? RECORD_PLAIN : RECORD_BULK;
	}
	return RECORD_PLAIN;
}

const struct record_classifier frame_classes = { class_of, { "data", "beacons", "management" } };
