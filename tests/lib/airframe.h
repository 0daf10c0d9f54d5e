/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 802.11 frames of all kinds, made to measure. */
#ifndef TESTS_LIB_AIRFRAME_H
#define TESTS_LIB_AIRFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Link types. */
#define AIRFRAME_RADIOTAP 127u
#define AIRFRAME_RAW 105u

struct airframe {
	uint8_t b[512];
	uint32_t len;
	uint32_t start;		/* of the 802.11 header */
};

/* What the frames have as addresses 1 to 4. */
extern const uint8_t airframe_address[4][6];

/* Appends bytes. */
void airframe_put(struct airframe *f, const void *bytes, size_t n);

/* Only a radiotap header, with so many words of presence bits, and fields as asked for. */
struct airframe airframe_radiotap(unsigned words, bool tsft, bool has_flags, uint8_t flags);
/* What comes before an 802.11 header: for radiotap, one with TSFT and flags. */
struct airframe airframe_begin(uint32_t dlt);
/* Appends a data frame with so many bytes of body; pad: to four bytes behind the header. */
void airframe_put_data(struct airframe *f, uint8_t fc0, uint8_t fc1, bool eapol, size_t body,
		       bool pad);

/* Whole frames. fc0 and fc1 are the bytes of frame control. */
struct airframe airframe_mgmt(uint32_t dlt, uint8_t fc0);
struct airframe airframe_control(uint32_t dlt, uint8_t fc0, int n_addresses);
struct airframe airframe_data(uint32_t dlt, uint8_t fc0, uint8_t fc1, bool eapol);
struct airframe airframe_any(uint32_t dlt, unsigned fc0, unsigned fc1, bool eapol);

/* Of the 802.11 header h: how many addresses it has, and how long it is. */
uint32_t airframe_addresses(const uint8_t *h);
uint32_t airframe_header(const uint8_t *h);

#endif
