/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a radio can be tuned to. The rules are those of Linux's cfg80211 for monitor interfaces. */
#include "ieee80211/phy.h"

#include <stdio.h>

#define PIECE_KHZ 20000u

const struct phy_band *phy_find_band(const struct phy *p, enum channel_band band)
{
	for (size_t i = 0; i < p->n_bands; i++) {
		if (p->bands[i].band == band)
			return &p->bands[i];
	}
	return NULL;
}

const struct phy_channel *phy_find_channel(const struct phy *p, uint32_t freq_khz)
{
	for (size_t i = 0; i < p->n_channels; i++) {
		if (p->channels[i].freq_khz == freq_khz)
			return &p->channels[i];
	}
	return NULL;
}

bool phy_channel_usable(const struct phy_channel *c)
{
	return !(c->flags & PHY_DISABLED) || (c->flags & PHY_CAN_MONITOR);
}

/* The 20 MHz pieces of a channel, one after the other; 0 after the last. */
static uint32_t piece_khz(const struct channel *c, unsigned i)
{
	bool two = c->width == WIDTH_80P80;
	uint32_t width_khz = two ? 80000 : channel_width_khz(c->width);
	unsigned n = width_khz > PIECE_KHZ ? (unsigned)(width_khz / PIECE_KHZ) : 1;
	uint32_t center_khz = i < n ? c->center1_khz : c->center2_khz;

	if (i >= (two ? 2 * n : n))
		return 0;
	if (n == 1)
		return c->freq_khz;
	return center_khz - width_khz / 2 + PIECE_KHZ / 2 + i % n * PIECE_KHZ;
}

uint32_t phy_block_flags(const struct phy *p, const struct channel *c)
{
	const struct phy_channel *piece;
	uint32_t flags = 0, khz;

	for (unsigned i = 0; (khz = piece_khz(c, i)) != 0; i++) {
		piece = phy_find_channel(p, khz);
		if (piece)
			flags |= piece->flags;
	}
	return flags;
}

static bool band_has_width(const struct phy_band *b, enum channel_width width)
{
	switch (width) {
	case WIDTH_20_NOHT:
		return true;
	case WIDTH_20:
		return b->ht || b->band == BAND_6GHZ;	/* there is no HT in 6 GHz to ask for */
	case WIDTH_40:
		return b->ht40;
	case WIDTH_80:
		return b->width80;
	case WIDTH_80P80:
		return b->width80p80;
	case WIDTH_160:
		return b->width160;
	case WIDTH_320:
		return b->width320;
	case WIDTH_5:
	case WIDTH_10:
		return b->narrow;
	case WIDTH_1:
	case WIDTH_2:
	case WIDTH_4:
	case WIDTH_8:
	case WIDTH_16:
		return b->band == BAND_S1G;
	}
	return false;
}

/* The flag that speaks against a width on any piece; of 40 MHz, on the primary. */
static uint32_t forbidding_flag(const struct channel *c)
{
	switch (c->width) {
	case WIDTH_20_NOHT:
	case WIDTH_20:
		return PHY_NO_20MHZ;
	case WIDTH_40:
		return c->center1_khz > c->freq_khz ? PHY_NO_HT40_PLUS : PHY_NO_HT40_MINUS;
	case WIDTH_80:
	case WIDTH_80P80:
		return PHY_NO_80MHZ;
	case WIDTH_160:
		return PHY_NO_160MHZ;
	case WIDTH_320:
		return PHY_NO_320MHZ;
	case WIDTH_10:
		return PHY_NO_10MHZ;
	case WIDTH_5:
	case WIDTH_1:
	case WIDTH_2:
	case WIDTH_4:
	case WIDTH_8:
	case WIDTH_16:
		return 0;
	}
	return 0;
}

struct reason {
	const struct channel *channel;
	char *why;
	size_t size;
};

/* NAME: what KHZ. Always false. */
static bool refuse(const struct reason *r, const char *what, uint32_t khz)
{
	char name[CHANNEL_TEXT_SIZE];

	if (!r->why || r->size == 0)
		return false;
	channel_print(r->channel, name, sizeof(name));
	snprintf(r->why, r->size, "%s: %s %u MHz", name, what, (unsigned)(khz / 1000));
	return false;
}

static bool piece_allows(const struct phy_channel *piece, const struct channel *c)
{
	if (c->width == WIDTH_40 && piece->freq_khz != c->freq_khz)
		return true;
	return !(piece->flags & forbidding_flag(c));
}

static bool pieces_allow(const struct phy *p, const struct channel *c, const struct reason *r)
{
	const struct phy_channel *piece;
	uint32_t khz;

	for (unsigned i = 0; (khz = piece_khz(c, i)) != 0; i++) {
		piece = phy_find_channel(p, khz);
		if (!piece)
			return refuse(r, "this radio has no channel at", khz);
		if (!phy_channel_usable(piece))
			return refuse(r, "the regulatory domain forbids", khz);
		if (!piece_allows(piece, c))
			return refuse(r, "the regulatory domain forbids this width at", khz);
	}
	return true;
}

bool phy_allows(const struct phy *p, const struct channel *c, char *why, size_t why_size)
{
	struct reason r = { c, why, why_size };
	const struct phy_channel *primary = phy_find_channel(p, c->freq_khz);
	const struct phy_band *band = primary ? phy_find_band(p, primary->band) : NULL;

	if (!channel_valid(c))
		return refuse(&r, "this width and centre do not fit to", c->freq_khz);
	if (!primary || !band)
		return refuse(&r, "this radio has no channel at", c->freq_khz);
	if (!band_has_width(band, c->width))
		return refuse(&r, "in that band, this radio does not receive",
			      channel_width_khz(c->width));
	return pieces_allow(p, c, &r);
}
