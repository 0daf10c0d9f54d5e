/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of nl80211 as plain values (linux/nl80211.h). Bits of the capabilities are those of the
 * HT, VHT, HE and EHT elements in IEEE 802.11. */
#include "nl80211/nl80211_parse.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "nl80211/nl80211_new.h"

#define HT_40MHZ		(1u << 1)
#define VHT_WIDTH_SET(cap)	(((cap) >> 2) & 3u)	/* 1: 160, 2: 160 and 80+80 */
#define VHT_EXT_NSS(cap)	((cap) >> 30)		/* 160 with fewer streams */
#define HE_40MHZ_IN_2GHZ	(1u << 1)
#define HE_40_80MHZ		(1u << 2)
#define HE_160MHZ		(1u << 3)
#define HE_80P80MHZ		(1u << 4)
#define EHT_320MHZ		(1u << 1)

/* The attributes inside of something, one after the other. */
struct attrs {
	const struct nlattr *next;
	int left;
	unsigned *n_bad;
};

static struct attrs attrs_in(const struct nlattr *a, unsigned *n_bad)
{
	return (struct attrs){ nla_data(a), nla_len(a), n_bad };
}

static const struct nlattr *attr_next(struct attrs *in)
{
	const struct nlattr *a = in->next;

	if (in->left <= 0)
		return NULL;
	if (!nla_ok(a, in->left)) {
		(*in->n_bad)++;
		in->left = 0;
		return NULL;
	}
	in->next = nla_next(a, &in->left);
	return a;
}

/* Copies a value of exactly that size. */
static bool take(void *out, size_t size, const struct nlattr *a, unsigned *n_bad)
{
	if ((size_t)nla_len(a) != size) {
		(*n_bad)++;
		return false;
	}
	memcpy(out, nla_data(a), size);
	return true;
}

/* Text with or without its NUL, cut to fit. */
static void take_name(char *out, size_t size, const struct nlattr *a)
{
	size_t len = strnlen(nla_data(a), (size_t)nla_len(a));

	if (len > size - 1)
		len = size - 1;
	memcpy(out, nla_data(a), len);
	out[len] = '\0';
}

/* The attributes of a message of nl80211; false when it is not one, or another command. */
static bool open_message(struct attrs *in, const struct nlmsghdr *h, uint8_t command,
			 unsigned *n_bad)
{
	const struct genlmsghdr *g = nlmsg_data(h);

	if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || g->cmd != command)
		return false;
	*in = (struct attrs){ (const struct nlattr *)((const char *)g + GENL_HDRLEN),
			      (int)(h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN), n_bad };
	return true;
}

/* --- bands --------------------------------------------------------------------------------- */

static enum channel_band band_of(int nl_band)
{
	switch (nl_band) {
	case NL80211_BAND_2GHZ:
		return BAND_2GHZ;
	case NL80211_BAND_5GHZ:
		return BAND_5GHZ;
	case NL80211_BAND_60GHZ:
		return BAND_60GHZ;
	case NL80211_BAND_6GHZ:
		return BAND_6GHZ;
	case NL80211_NEW_BAND_S1GHZ:
		return BAND_S1G;
	default:	/* the numbers of a kernel that may be newer */
		return BAND_UNKNOWN;
	}
}

static struct phy_band *add_band(struct phy *p, enum channel_band band)
{
	struct phy_band *b = (struct phy_band *)phy_find_band(p, band);

	if (!b && p->n_bands < PHY_MAX_BANDS) {
		b = &p->bands[p->n_bands++];
		*b = (struct phy_band){ .band = band };
	}
	return b;
}

static void take_ht(struct phy_band *b, const struct nlattr *a, unsigned *n_bad)
{
	uint16_t cap;

	if (!take(&cap, sizeof(cap), a, n_bad))
		return;
	b->ht = true;
	b->ht40 = b->ht40 || (cap & HT_40MHZ) != 0;
}

/* VHT has 80 MHz always; and 2.4 GHz, for which some drivers tell VHT, has no block that wide. */
static void take_vht(struct phy_band *b, const struct nlattr *a, unsigned *n_bad)
{
	uint32_t cap;

	if (!take(&cap, sizeof(cap), a, n_bad) || b->band == BAND_2GHZ)
		return;
	b->width80 = true;
	if (VHT_WIDTH_SET(cap) == 1 || VHT_WIDTH_SET(cap) == 2 || VHT_EXT_NSS(cap) != 0)
		b->width160 = true;
	if (VHT_WIDTH_SET(cap) == 2 || VHT_EXT_NSS(cap) > 1 ||
	    (VHT_WIDTH_SET(cap) == 1 && VHT_EXT_NSS(cap) != 0))
		b->width80p80 = true;
}

/* What HE and EHT say for some interface types. */
struct iftype_caps {
	bool monitor;
	uint8_t he, eht;	/* the first byte of the PHY capabilities */
};

static void read_iftype(struct iftype_caps *c, const struct nlattr *entry, unsigned *n_bad)
{
	struct attrs in = attrs_in(entry, n_bad), types;
	const struct nlattr *a, *type;

	while ((a = attr_next(&in))) {
		if (nla_type(a) == NL80211_BAND_IFTYPE_ATTR_IFTYPES) {
			types = attrs_in(a, n_bad);
			while ((type = attr_next(&types)))
				c->monitor = c->monitor || nla_type(type) == NL80211_IFTYPE_MONITOR;
		} else if (nla_type(a) == NL80211_NEW_IFTYPE_HE_CAP_PHY) {
			if (nla_len(a) >= 1)
				memcpy(&c->he, nla_data(a), 1);
			else
				(*n_bad)++;
		} else if (nla_type(a) == NL80211_NEW_IFTYPE_EHT_CAP_PHY) {
			if (nla_len(a) >= 1)
				memcpy(&c->eht, nla_data(a), 1);
			else
				(*n_bad)++;
		}
	}
}

static void take_he(struct phy_band *b, const struct iftype_caps *c)
{
	if (b->band == BAND_2GHZ) {
		b->ht40 = b->ht40 || (c->he & HE_40MHZ_IN_2GHZ) != 0;
		return;
	}
	if (c->he & HE_40_80MHZ)
		b->ht40 = b->width80 = true;
	if (c->he & HE_160MHZ)
		b->width160 = true;
	if (c->he & HE_80P80MHZ)
		b->width80p80 = true;
	if (b->band == BAND_6GHZ && (c->eht & EHT_320MHZ))
		b->width320 = true;
}

/* The entry for monitor interfaces counts; most drivers have none, then what any other type can. */
static void take_iftypes(struct phy_band *b, const struct nlattr *list, unsigned *n_bad)
{
	struct attrs in = attrs_in(list, n_bad);
	struct iftype_caps any = { 0 };
	const struct nlattr *entry;

	while ((entry = attr_next(&in))) {
		struct iftype_caps c = { 0 };

		read_iftype(&c, entry, n_bad);
		if (c.monitor) {
			any = c;
			break;
		}
		any.he |= c.he;
		any.eht |= c.eht;
	}
	take_he(b, &any);
}

static const struct {
	int type;
	uint32_t flag;
} freq_flags[] = {
	{ NL80211_FREQUENCY_ATTR_DISABLED, PHY_DISABLED },
	{ NL80211_FREQUENCY_ATTR_NO_IR, PHY_NO_IR },
	{ NL80211_FREQUENCY_ATTR_RADAR, PHY_RADAR },
	{ NL80211_FREQUENCY_ATTR_NO_HT40_MINUS, PHY_NO_HT40_MINUS },
	{ NL80211_FREQUENCY_ATTR_NO_HT40_PLUS, PHY_NO_HT40_PLUS },
	{ NL80211_FREQUENCY_ATTR_NO_80MHZ, PHY_NO_80MHZ },
	{ NL80211_FREQUENCY_ATTR_NO_160MHZ, PHY_NO_160MHZ },
	{ NL80211_FREQUENCY_ATTR_NO_20MHZ, PHY_NO_20MHZ },
	{ NL80211_FREQUENCY_ATTR_NO_10MHZ, PHY_NO_10MHZ },
	{ NL80211_NEW_FREQ_NO_320MHZ, PHY_NO_320MHZ },
	{ NL80211_NEW_FREQ_CAN_MONITOR, PHY_CAN_MONITOR },
};

static uint32_t freq_flag(int type)
{
	for (size_t i = 0; i < sizeof(freq_flags) / sizeof(freq_flags[0]); i++) {
		if (freq_flags[i].type == type)
			return freq_flags[i].flag;
	}
	return 0;
}

/* nl80211 counts the channels at 4.9 GHz to the 5 GHz band. */
static enum channel_band band_of_channel(const struct phy_band *b, uint32_t freq_khz)
{
	if (b->band == BAND_5GHZ && channel_band_of(freq_khz) == BAND_4_9GHZ)
		return BAND_4_9GHZ;
	return b->band;
}

static void take_channel(struct phy *p, const struct phy_band *b, const struct nlattr *entry,
			 unsigned *n_bad)
{
	struct attrs in = attrs_in(entry, n_bad);
	uint32_t mhz = 0, khz = 0, flags = 0;
	const struct nlattr *a;

	while ((a = attr_next(&in))) {
		if (nla_type(a) == NL80211_FREQUENCY_ATTR_FREQ)
			take(&mhz, sizeof(mhz), a, n_bad);
		else if (nla_type(a) == NL80211_NEW_FREQ_OFFSET)
			take(&khz, sizeof(khz), a, n_bad);
		else
			flags |= freq_flag(nla_type(a));
	}
	if (mhz == 0 || mhz > UINT32_MAX / 1000 - 1 || khz > 999 ||
	    p->n_channels == PHY_MAX_CHANNELS) {
		(*n_bad)++;
		return;
	}
	p->channels[p->n_channels] = (struct phy_channel){
		.freq_khz = mhz * 1000 + khz, .flags = flags,
	};
	p->channels[p->n_channels].band =
		band_of_channel(b, p->channels[p->n_channels].freq_khz);
	p->n_channels++;
}

static void take_band(struct wiphy *w, const struct nlattr *band)
{
	struct phy_band *b = add_band(&w->phy, band_of(nla_type(band)));
	struct attrs in = attrs_in(band, &w->n_bad), freqs;
	const struct nlattr *a, *freq;

	if (!b) {
		w->n_bad++;
		return;
	}
	while ((a = attr_next(&in))) {
		switch (nla_type(a)) {
		case NL80211_BAND_ATTR_FREQS:
			freqs = attrs_in(a, &w->n_bad);
			while ((freq = attr_next(&freqs)))
				take_channel(&w->phy, b, freq, &w->n_bad);
			break;
		case NL80211_BAND_ATTR_HT_CAPA:
			take_ht(b, a, &w->n_bad);
			break;
		case NL80211_BAND_ATTR_VHT_CAPA:
			take_vht(b, a, &w->n_bad);
			break;
		case NL80211_BAND_ATTR_IFTYPE_DATA:
			take_iftypes(b, a, &w->n_bad);
			break;
		}
	}
}

/* --- a wiphy ------------------------------------------------------------------------------- */

void nl80211_parse_wiphy_start(struct nl80211_wiphy_dump *d, uint32_t wiphy, struct wiphy *out)
{
	*d = (struct nl80211_wiphy_dump){ .out = out };
	memset(out, 0, sizeof(*out));
	out->index = wiphy;
}

static void take_commands(struct wiphy *w, const struct nlattr *list)
{
	struct attrs in = attrs_in(list, &w->n_bad);
	const struct nlattr *a;
	uint32_t command;

	while ((a = attr_next(&in))) {
		if (take(&command, sizeof(command), a, &w->n_bad) &&
		    command == NL80211_CMD_SET_CHANNEL)
			w->has_set_channel = true;
	}
}

static void take_wiphy_attr(struct nl80211_wiphy_dump *d, const struct nlattr *a)
{
	struct wiphy *w = d->out;
	struct attrs in;
	const struct nlattr *child;

	switch (nla_type(a)) {
	case NL80211_ATTR_WIPHY_NAME:
		take_name(w->name, sizeof(w->name), a);
		break;
	case NL80211_ATTR_WIPHY_BANDS:
		in = attrs_in(a, &w->n_bad);
		while ((child = attr_next(&in)))
			take_band(w, child);
		break;
	case NL80211_ATTR_SUPPORTED_IFTYPES:
		in = attrs_in(a, &w->n_bad);
		while ((child = attr_next(&in)))
			w->can_monitor |= nla_type(child) == NL80211_IFTYPE_MONITOR;
		break;
	case NL80211_ATTR_SUPPORTED_COMMANDS:
		take_commands(w, a);
		break;
	case NL80211_ATTR_SUPPORT_5_MHZ:
		d->narrow = true;
		break;
	case NL80211_NEW_WIPHY_RADIOS:
		w->n_radios = 0;
		in = attrs_in(a, &w->n_bad);
		while (attr_next(&in))
			w->n_radios++;
		break;
	}
}

/* The wiphy that a message is about. */
static bool wiphy_of(const struct nlmsghdr *h, uint8_t command, uint32_t *wiphy)
{
	unsigned ignored = 0;
	const struct nlattr *a;
	struct attrs in;

	if (!open_message(&in, h, command, &ignored))
		return false;
	while ((a = attr_next(&in))) {
		if (nla_type(a) == NL80211_ATTR_WIPHY)
			return take(wiphy, sizeof(*wiphy), a, &ignored);
	}
	return false;
}

int nl80211_parse_wiphy(struct nl80211_wiphy_dump *d, const struct nlmsghdr *h)
{
	const struct nlattr *a;
	struct attrs in;
	uint32_t wiphy;

	if (!wiphy_of(h, NL80211_CMD_NEW_WIPHY, &wiphy))
		return -EBADMSG;
	if (wiphy != d->out->index)
		return 0;
	d->found = true;
	open_message(&in, h, NL80211_CMD_NEW_WIPHY, &d->out->n_bad);
	while ((a = attr_next(&in)))
		take_wiphy_attr(d, a);
	return 0;
}

/* Channels at 4.9 GHz get a band of their own, as capable as the 5 GHz band. */
static void split_4_9ghz(struct phy *p)
{
	const struct phy_band *from = phy_find_band(p, BAND_5GHZ);
	struct phy_band *b;

	for (size_t i = 0; i < p->n_channels; i++) {
		if (p->channels[i].band != BAND_4_9GHZ)
			continue;
		b = from ? add_band(p, BAND_4_9GHZ) : NULL;
		if (b) {
			*b = *from;
			b->band = BAND_4_9GHZ;
		}
		return;
	}
}

bool nl80211_parse_wiphy_end(struct nl80211_wiphy_dump *d)
{
	struct phy *p = &d->out->phy;

	for (size_t i = 0; i < p->n_bands; i++)
		p->bands[i].narrow = d->narrow && p->bands[i].band != BAND_60GHZ &&
				     p->bands[i].band != BAND_S1G;
	split_4_9ghz(p);
	return d->found;
}

/* --- an interface -------------------------------------------------------------------------- */

struct freq_parts {
	uint32_t mhz, khz, center_mhz, center_khz;
};

static void take_iface_attr(struct wifi_iface *i, struct freq_parts *f, const struct nlattr *a,
			    unsigned *n_bad)
{
	switch (nla_type(a)) {
	case NL80211_ATTR_IFINDEX:
		take(&i->ifindex, sizeof(i->ifindex), a, n_bad);
		break;
	case NL80211_ATTR_IFNAME:
		take_name(i->name, sizeof(i->name), a);
		break;
	case NL80211_ATTR_WDEV:
		take(&i->wdev, sizeof(i->wdev), a, n_bad);
		break;
	case NL80211_ATTR_IFTYPE:
		take(&i->type, sizeof(i->type), a, n_bad);
		break;
	case NL80211_ATTR_MAC:
		take(i->mac, sizeof(i->mac), a, n_bad);
		break;
	case NL80211_ATTR_CHANNEL_WIDTH:
		take(&i->width, sizeof(i->width), a, n_bad);
		break;
	case NL80211_ATTR_WIPHY_FREQ:
		take(&f->mhz, sizeof(f->mhz), a, n_bad);
		break;
	case NL80211_NEW_WIPHY_FREQ_OFFSET:
		take(&f->khz, sizeof(f->khz), a, n_bad);
		break;
	case NL80211_ATTR_CENTER_FREQ1:
		take(&f->center_mhz, sizeof(f->center_mhz), a, n_bad);
		break;
	case NL80211_NEW_CENTER1_OFFSET:
		take(&f->center_khz, sizeof(f->center_khz), a, n_bad);
		break;
	}
}

static uint32_t freq_khz(uint32_t mhz, uint32_t khz)
{
	return mhz == 0 || mhz > UINT32_MAX / 1000 - 1 || khz > 999 ? 0 : mhz * 1000 + khz;
}

int nl80211_parse_iface(struct wifi_iface *out, const struct nlmsghdr *h)
{
	struct freq_parts f = { 0 };
	const struct nlattr *a;
	unsigned ignored = 0;
	struct attrs in;

	memset(out, 0, sizeof(*out));
	if (!wiphy_of(h, NL80211_CMD_NEW_INTERFACE, &out->wiphy))
		return -EBADMSG;
	open_message(&in, h, NL80211_CMD_NEW_INTERFACE, &ignored);
	while ((a = attr_next(&in)))
		take_iface_attr(out, &f, a, &ignored);
	out->freq_khz = freq_khz(f.mhz, f.khz);
	out->center1_khz = freq_khz(f.center_mhz, f.center_khz);
	return 0;
}

/* --- the regulatory domain ----------------------------------------------------------------- */

int nl80211_parse_reg(char alpha2[3], const struct nlmsghdr *h)
{
	const struct nlattr *a;
	unsigned ignored = 0;
	struct attrs in;

	alpha2[0] = '\0';
	/* The kernel answers with the number of the question's command. */
	if (!open_message(&in, h, NL80211_CMD_GET_REG, &ignored))
		return -EBADMSG;
	while ((a = attr_next(&in))) {
		if (nla_type(a) == NL80211_ATTR_REG_ALPHA2)
			take_name(alpha2, 3, a);
	}
	return alpha2[0] ? 0 : -EBADMSG;
}
