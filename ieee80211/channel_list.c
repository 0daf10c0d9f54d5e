/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of channels: what a phy can be tuned to, and what a user's words stand for. */
#include "ieee80211/channel_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(band) (1u << (band))
#define DEFAULT_BANDS (BIT(BAND_2GHZ) | BIT(BAND_4_9GHZ) | BIT(BAND_5GHZ) | BIT(BAND_6GHZ))

/* The widths in the order of the list; which of them a choice wants is in wanted(). */
enum kind { PLAIN, HT20, HT40_BELOW, HT40_ABOVE, W80, W160, W320_1, W320_2, N_KINDS };

static const enum channel_width kind_widths[N_KINDS] = {
	[PLAIN] = WIDTH_20_NOHT, [HT20] = WIDTH_20,
	[HT40_BELOW] = WIDTH_40, [HT40_ABOVE] = WIDTH_40,
	[W80] = WIDTH_80, [W160] = WIDTH_160, [W320_1] = WIDTH_320, [W320_2] = WIDTH_320,
};

/* Of a frequency; what has no such block gets centre 0, which no phy allows. */
static struct channel make(uint32_t freq_khz, enum kind kind)
{
	struct channel c = {
		.band = channel_band_of(freq_khz),
		.width = kind_widths[kind],
		.freq_khz = freq_khz,
	};

	if (kind == PLAIN && c.band == BAND_S1G)
		c.width = WIDTH_1;
	if (kind == HT40_BELOW || kind == HT40_ABOVE)
		c.center1_khz = channel_ht40_center_khz(freq_khz, kind == HT40_ABOVE);
	else if (kind == W80 || kind == W160)
		c.center1_khz = channel_block_center_khz(freq_khz, c.width);
	else if (kind == W320_1 || kind == W320_2)
		c.center1_khz = channel_block_320_khz(freq_khz, kind == W320_1 ? 1 : 2);
	return c;
}

static bool can(const struct phy *p, uint32_t freq_khz, enum kind kind)
{
	struct channel c = make(freq_khz, kind);

	return phy_allows(p, &c, NULL, 0);
}

/* 20 MHz in 6 GHz is always written nW6e: nHT20 would be a channel of another band. */
static bool wants_20(const struct phy *p, const struct channel_choice *w,
		     const struct phy_channel *pc, enum kind kind)
{
	bool ht20 = w->ht && pc->band != BAND_6GHZ && can(p, pc->freq_khz, HT20);

	if (kind == PLAIN)
		return !(ht20 && w->default_ht20);
	return ht20 && (w->default_ht20 || (w->expand_ht20 && !w->primary_only));
}

static bool wanted(const struct phy *p, const struct channel_choice *w,
		   const struct phy_channel *pc, enum kind kind)
{
	if (kind == PLAIN || kind == HT20)
		return wants_20(p, w, pc, kind);
	if (w->primary_only || (pc->band == BAND_6GHZ && !w->wide6))
		return false;
	return kind == HT40_BELOW || kind == HT40_ABOVE ? w->ht : w->vht;
}

static bool band_chosen(const struct channel_choice *w, const struct phy_channel *pc)
{
	if (!((w->bands ? w->bands : DEFAULT_BANDS) & BIT(pc->band)))
		return false;
	return !w->psc_only || pc->band != BAND_6GHZ || channel_is_psc(pc->freq_khz);
}

static int add_channel(struct strlist *out, const struct channel *c)
{
	char name[CHANNEL_TEXT_SIZE];

	channel_print(c, name, sizeof(name));
	return strlist_add(out, text_of(name));
}

static int add_widths(struct strlist *out, const struct phy *p, const struct channel_choice *w,
		      const struct phy_channel *pc)
{
	uint32_t excluded = (w->exclude_dfs ? PHY_RADAR : 0) | (w->exclude_no_ir ? PHY_NO_IR : 0);

	for (int kind = PLAIN; kind < N_KINDS; kind++) {
		struct channel c = make(pc->freq_khz, (enum kind)kind);

		if (!wanted(p, w, pc, (enum kind)kind) || !phy_allows(p, &c, NULL, 0))
			continue;
		if (phy_block_flags(p, &c) & excluded)
			continue;
		if (add_channel(out, &c) < 0)
			return -ENOMEM;
	}
	return 0;
}

int channel_list_of_phy(struct strlist *out, const struct phy *p, const struct channel_choice *w)
{
	for (size_t i = 0; i < p->n_channels; i++) {
		const struct phy_channel *pc = &p->channels[i];

		if (band_chosen(w, pc) && add_widths(out, p, w, pc) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- bands --- */

static const struct {
	const char *name;
	enum channel_band band;
} band_names[] = {
	{ "2", BAND_2GHZ }, { "2.4", BAND_2GHZ }, { "24", BAND_2GHZ }, { "4.9", BAND_4_9GHZ },
	{ "5", BAND_5GHZ }, { "6", BAND_6GHZ }, { "60", BAND_60GHZ }, { "s1", BAND_S1G },
};

static bool cut_end(struct text *t, const char *end)
{
	size_t len = strlen(end);

	if (t->len < len ||
	    !text_equal_nocase((struct text){ t->s + t->len - len, len }, text_of(end)))
		return false;
	t->len -= len;
	return true;
}

static bool band_of_name(struct text t, unsigned *bands)
{
	if (!cut_end(&t, "ghz"))
		cut_end(&t, "g");
	for (size_t i = 0; i < ARRAY_SIZE(band_names); i++) {
		if (text_equal_nocase(t, text_of(band_names[i].name))) {
			*bands |= BIT(band_names[i].band);
			return true;
		}
	}
	return false;
}

int channel_bands_parse(unsigned *bands, struct text t, char *why, size_t why_size)
{
	unsigned found = 0;
	size_t start = 0;

	if (!t.s)
		t = text_of("");
	for (size_t end = 0; end <= t.len; end++) {
		struct text piece = { t.s + start, end - start };

		if (end < t.len && t.s[end] != '+' && t.s[end] != ',')
			continue;
		if (!band_of_name(piece, &found)) {
			snprintf(why, why_size, "\"%.*s\" is no band: write 2.4, 5, 6, or 2.4+5",
				 TEXT_ARG(piece));
			return -EINVAL;
		}
		start = end + 1;
	}
	*bands = found;
	return 0;
}

/* --- sets --- */

/* Which of a phy's 20 MHz channels. */
struct set {
	const char *name;
	unsigned bands;
	bool psc, dfs, nodfs;
	uint32_t first_khz, last_khz;	/* a range; 0, 0 is none */
};

static const struct set set_table[] = {
	{ .name = "all", .bands = DEFAULT_BANDS },
	{ .name = "2g", .bands = BIT(BAND_2GHZ) },
	{ .name = "5g", .bands = BIT(BAND_5GHZ) },
	{ .name = "6g", .bands = BIT(BAND_6GHZ) },
	{ .name = "psc", .bands = BIT(BAND_6GHZ), .psc = true },
	{ .name = "dfs", .bands = DEFAULT_BANDS, .dfs = true },
	{ .name = "nodfs", .bands = DEFAULT_BANDS, .nodfs = true },
};

static bool set_has(const struct set *s, const struct phy_channel *pc)
{
	if (!(s->bands & BIT(pc->band)) || (s->psc && !channel_is_psc(pc->freq_khz)))
		return false;
	if ((s->dfs && !(pc->flags & PHY_RADAR)) || (s->nodfs && (pc->flags & PHY_RADAR)))
		return false;
	return !s->last_khz || (pc->freq_khz >= s->first_khz && pc->freq_khz <= s->last_khz);
}

static int add_once(struct strlist *out, struct text name)
{
	return strlist_has(out, name) ? 0 : strlist_add(out, name);
}

/* Returns how many channels p has of the set, or -ENOMEM. */
static int add_set(struct strlist *out, const struct phy *p, const struct set *s)
{
	char name[CHANNEL_TEXT_SIZE];
	int n = 0;

	for (size_t i = 0; i < p->n_channels; i++) {
		struct channel c = make(p->channels[i].freq_khz, PLAIN);

		if (!set_has(s, &p->channels[i]) || !phy_allows(p, &c, NULL, 0))
			continue;
		channel_print(&c, name, sizeof(name));
		if (add_once(out, text_of(name)) < 0)
			return -ENOMEM;
		n++;
	}
	return n;
}

static bool plain_khz(struct text t, uint32_t *khz)
{
	struct channel c;
	char why[1];

	if (channel_parse(&c, t, why, sizeof(why)) < 0 || c.width != WIDTH_20_NOHT)
		return false;
	*khz = c.freq_khz;
	return true;
}

/* FIRST-LAST, and both plain channels. */
static bool read_range(struct set *s, struct text t)
{
	const char *dash = t.len ? memchr(t.s, '-', t.len) : NULL;
	size_t at = dash ? (size_t)(dash - t.s) : 0;

	*s = (struct set){ .name = "", .bands = DEFAULT_BANDS };
	return dash && plain_khz((struct text){ t.s, at }, &s->first_khz) &&
	       plain_khz((struct text){ dash + 1, t.len - at - 1 }, &s->last_khz) &&
	       s->first_khz <= s->last_khz;
}

static bool find_set(struct set *s, struct text t)
{
	for (size_t i = 0; i < ARRAY_SIZE(set_table); i++) {
		if (text_equal_nocase(t, text_of(set_table[i].name))) {
			*s = set_table[i];
			return true;
		}
	}
	return read_range(s, t);
}

static bool is_set(struct text piece)
{
	struct channel c;
	struct set set;
	char why[1];

	return channel_parse(&c, piece, why, sizeof(why)) < 0 && find_set(&set, piece);
}

static int expand_piece(struct strlist *out, const struct phy *p, struct text piece, char *why,
			size_t why_size)
{
	struct channel c;
	struct set set;
	int n;

	if (channel_parse(&c, piece, why, why_size) == 0)
		return add_once(out, piece);
	if (!find_set(&set, piece))
		return -EINVAL;		/* why it is no channel */
	n = add_set(out, p, &set);
	if (n == 0) {
		snprintf(why, why_size, "%.*s: this radio has none of these channels",
			 TEXT_ARG(piece));
		return -EINVAL;
	}
	return n < 0 ? n : 0;
}

bool channel_list_has_set(struct text list)
{
	struct strlist pieces = STRLIST_INIT;
	/* Without memory, whoever goes on will see. */
	bool found = strlist_add_split(&pieces, list) < 0;

	for (size_t i = 0; i < pieces.n && !found; i++)
		found = is_set(text_of(pieces.items[i]));
	strlist_free(&pieces);
	return found;
}

int channel_list_expand(struct strlist *out, const struct phy *p, struct text list, char *why,
			size_t why_size)
{
	struct strlist pieces = STRLIST_INIT;
	int ret = strlist_add_split(&pieces, list);

	for (size_t i = 0; i < pieces.n && ret == 0; i++)
		ret = expand_piece(out, p, text_of(pieces.items[i]), why, why_size);
	strlist_free(&pieces);
	return ret;
}
