/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 802.11 channels as values: where the primary is, how wide, where the centres are.
 *
 * A frequency alone names a channel; a number does only with its band, because 6 GHz uses the
 * numbers of 2.4 and 5 GHz again. Frequencies are centres, in kHz, and 0 means "none". Sources:
 * IEEE 802.11-2020 annex E, IEEE 802.11be for 320 MHz; linux/nl80211.h for the order of widths. */
#ifndef IEEE80211_CHANNEL_H
#define IEEE80211_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/text.h"

enum channel_band {
	BAND_UNKNOWN,		/* a frequency in none of these */
	BAND_S1G,		/* below 1 GHz */
	BAND_2GHZ,
	BAND_4_9GHZ,		/* numbers 182 to 196 */
	BAND_5GHZ,
	BAND_6GHZ,
	BAND_60GHZ,
};

/* The numbers of enum nl80211_chan_width. */
enum channel_width {
	WIDTH_20_NOHT = 0,	/* 20 MHz, and nothing said of HT */
	WIDTH_20 = 1,		/* HT20 */
	WIDTH_40 = 2,
	WIDTH_80 = 3,
	WIDTH_80P80 = 4,
	WIDTH_160 = 5,
	WIDTH_5 = 6,
	WIDTH_10 = 7,
	WIDTH_1 = 8,
	WIDTH_2 = 9,
	WIDTH_4 = 10,
	WIDTH_8 = 11,
	WIDTH_16 = 12,
	WIDTH_320 = 13,
};

struct channel {
	enum channel_band band;
	enum channel_width width;
	uint32_t freq_khz;	/* the primary 20 MHz (or the whole, where it is narrower) */
	/* Of the whole block; of the first 80 MHz in 80+80; 0 or freq_khz up to 20 MHz. */
	uint32_t center1_khz;
	uint32_t center2_khz;	/* of the second 80 MHz in 80+80, else 0 */
	/* How it was written, so that it is printed the same way: */
	bool by_mhz;		/* 5180HT40+ and not 36HT40+ */
	bool explicit_center;	/* 36VHT80-42 */
	bool center_by_mhz;	/* 36VHT80-5210 */
	bool exact;		/* 5180:80:5210, our own notation */
};

/* Room for any printed channel and its NUL: existing servers refuse names of 64 bytes. */
#define CHANNEL_TEXT_SIZE 64

/* --- arithmetic (channel.c) --- */

uint32_t channel_width_khz(enum channel_width width);	/* 80+80: 160000 */
enum channel_band channel_band_of(uint32_t freq_khz);
/* The number of the 20 MHz channel with that centre in its own band; 0 if it has none. */
unsigned channel_number(uint32_t freq_khz);
/* The centre of a channel's number; 0 if that band has no such number. */
uint32_t channel_freq_khz(enum channel_band band, unsigned number);
/* A number without its band, as everybody writes it: up to 14 is 2.4 GHz, 182 to 196 is 4.9 GHz,
 * the rest up to 177 is 5 GHz. */
enum channel_band channel_band_guess(unsigned number);

/* The centre of the block of that width (WIDTH_40, _80, _160) that the standard puts a primary in;
 * 0 when there is none. 2.4 GHz has two for 40 MHz, and no other widths: use channel_ht40(). */
uint32_t channel_block_center_khz(uint32_t freq_khz, enum channel_width width);
/* 320 MHz blocks overlap: which 1 is 31, 95, 159; 2 is 63, 127, 191. 0 when there is none. */
uint32_t channel_block_320_khz(uint32_t freq_khz, int which);
/* The centre of a 40 MHz channel with its secondary above or below; 0 where the standard has no
 * such pair. */
uint32_t channel_ht40_center_khz(uint32_t freq_khz, bool above);
/* One of the 15 preferred scanning channels of 6 GHz: 5, 21, ... 229. */
bool channel_is_psc(uint32_t freq_khz);
/* Whether primary, width and centres fit together. */
bool channel_valid(const struct channel *c);
/* The same tuning, however it was written. */
bool channel_equal(const struct channel *a, const struct channel *b);

/* --- text (channel_text.c, channel_print.c) --- */

/* Reads one channel: all spellings of docs/linux-wifi.md 2. Returns 0, or -EINVAL with the reason
 * in why ("140HT40-: this channel has its second half above"), which is cut to fit; c is then as it
 * was. No byte of t is shown that could harm a terminal. */
int channel_parse(struct channel *c, struct text t, char *why, size_t why_size);
/* Writes c as it was written, or, when it came from a phy, as servers expect it: 6, 6HT20, 6HT40+,
 * 36VHT80, 37W6e, 37W6e80. 6 GHz by frequency is 6135: existing tools cannot tune 6135W6e. What is
 * printed of a valid channel parses to an equal one. Returns the length, whether or not it fits. */
size_t channel_print(const struct channel *c, char *out, size_t size);

#endif
