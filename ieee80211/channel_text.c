/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads channels as users and servers write them: docs/linux-wifi.md 2. */
#include "ieee80211/channel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MHZ(n) ((uint32_t)(n) * 1000)

/* Above it, a number is a frequency in MHz. */
#define LAST_NUMBER 250

static const struct width_row {
	unsigned mhz;
	enum channel_width width;
} width_table[] = {
	{ 1, WIDTH_1 }, { 2, WIDTH_2 }, { 4, WIDTH_4 }, { 5, WIDTH_5 }, { 8, WIDTH_8 },
	{ 10, WIDTH_10 }, { 16, WIDTH_16 }, { 20, WIDTH_20 }, { 40, WIDTH_40 },
	{ 80, WIDTH_80 }, { 160, WIDTH_160 }, { 320, WIDTH_320 },
};

/* What may stand before the width, and for which widths: a monitor does not care about the
 * generation, so that HE80 and VHT80 are the same. */
static const struct word_row {
	const char *word;
	unsigned min_mhz, max_mhz;
	bool plain, after_w6e;	/* where it is understood: 36VHT80, 37W6eVHT80 */
} word_table[] = {
	{ "HT", 20, 40, true, true },
	{ "VHT", 20, 160, true, true },
	{ "HE", 20, 160, true, true },
	{ "EHT", 20, 320, true, true },
	{ "@", 1, 320, true, true },
	{ "W", 1, 320, true, false },
	{ "", 20, 320, false, true },
};

struct parser {
	char text[CHANNEL_TEXT_SIZE];
	const char *at;
	char *why;
	size_t why_size;
};

/* A channel's number, or a frequency. */
struct value {
	unsigned number;	/* 0: it is a frequency */
	uint32_t freq_khz;
};

__attribute__((format(printf, 2, 3)))
static int refuse(struct parser *p, const char *fmt, ...)
{
	int len = 0;
	va_list ap;

	if (p->why_size == 0)
		return -EINVAL;
	if (p->text[0])
		len = snprintf(p->why, p->why_size, "%s: ", p->text);
	if (len < 0 || (size_t)len >= p->why_size)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(p->why + len, p->why_size - (size_t)len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* A copy that is safe to show; nothing that is changed here could be read below. */
static int take_text(struct parser *p, struct text t)
{
	size_t len = t.len < sizeof(p->text) ? t.len : sizeof(p->text) - 1;

	for (size_t i = 0; i < len; i++)
		p->text[i] = t.s[i] > ' ' && t.s[i] < 0x7f ? t.s[i] : '?';
	p->text[len] = '\0';
	p->at = p->text;
	if (t.len == 0)
		return refuse(p, "a channel without a name");
	if (t.len > len)
		return refuse(p, "longer than any channel");
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One to max digits and nothing that continues them; returns how many, or 0. */
static unsigned read_digits(const char **at, unsigned max, unsigned *value)
{
	const char *s = *at;
	unsigned n = 0;

	*value = 0;
	while (n < max && is_digit(s[n]))
		*value = *value * 10 + (unsigned)(s[n++] - '0');
	if (n == 0 || is_digit(s[n]))
		return 0;
	*at = s + n;
	return n;
}

/* A number, or MHz with up to three decimals. */
static bool read_value(const char **at, struct value *v)
{
	unsigned whole, thousandths = 0;
	const char *s = *at;

	*v = (struct value){ 0, 0 };
	if (!read_digits(&s, 5, &whole))
		return false;
	if (*s == '.') {
		unsigned n;

		s++;
		n = read_digits(&s, 3, &thousandths);
		if (n == 0 || whole <= LAST_NUMBER)
			return false;
		for (; n < 3; n++)
			thousandths *= 10;
	}
	if (whole <= LAST_NUMBER)
		v->number = whole;
	else
		v->freq_khz = MHZ(whole) + thousandths;
	*at = s;
	return whole != 0;
}

static bool skip_word(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strlen(*at) < len || !text_equal_nocase((struct text){ *at, len }, text_of(word)))
		return false;
	*at += len;
	return true;
}

static const struct width_row *read_width(const char **at)
{
	unsigned mhz;

	if (!read_digits(at, 3, &mhz))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(width_table); i++) {
		if (width_table[i].mhz == mhz)
			return &width_table[i];
	}
	return NULL;
}

/* HT40, W5, @80, and after W6e also 80 alone; nothing is 20 MHz without HT. */
static bool read_suffix(const char **at, bool w6e, enum channel_width *width)
{
	const struct width_row *row;
	const char *s;

	*width = WIDTH_20_NOHT;
	if (**at == '\0')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(word_table); i++) {
		const struct word_row *w = &word_table[i];

		s = *at;
		if (!(w6e ? w->after_w6e : w->plain) || !skip_word(&s, w->word))
			continue;
		row = read_width(&s);
		if (!row || row->mhz < w->min_mhz || row->mhz > w->max_mhz)
			continue;
		*width = row->width;
		*at = s;
		return true;
	}
	return false;
}

static int set_primary(struct parser *p, struct channel *c, struct value v, bool w6e)
{
	c->by_mhz = v.number == 0;
	c->freq_khz = v.freq_khz;
	c->band = channel_band_of(v.freq_khz);
	if (c->by_mhz && w6e && c->band != BAND_6GHZ)
		return refuse(p, "this frequency is not in 6 GHz");
	if (c->by_mhz)
		return 0;
	/* 320 MHz are in 6 GHz only, so that the number says enough */
	c->band = w6e || c->width == WIDTH_320 ? BAND_6GHZ : channel_band_guess(v.number);
	c->freq_khz = channel_freq_khz(c->band, v.number);
	if (channel_number(c->freq_khz) == v.number)
		return 0;
	if (c->band == BAND_6GHZ)
		return refuse(p, "6 GHz has no 20 MHz channel %u", v.number);
	return refuse(p, "there is no channel %u; write the frequency in MHz", v.number);
}

static int set_center_40(struct parser *p, struct channel *c, char sign)
{
	uint32_t above_khz = channel_ht40_center_khz(c->freq_khz, true);
	uint32_t below_khz = channel_ht40_center_khz(c->freq_khz, false);

	if (!sign && above_khz && below_khz)
		return refuse(p, "the second half may be above or below, write HT40+ or HT40-");
	if (!above_khz && !below_khz)
		return refuse(p, "no 40 MHz channel has this one in it");
	if (sign == '+' && !above_khz)
		return refuse(p, "this channel has its second half below");
	if (sign == '-' && !below_khz)
		return refuse(p, "this channel has its second half above");
	c->center1_khz = sign == '-' || !above_khz ? below_khz : above_khz;
	return 0;
}

static int set_block(struct parser *p, struct channel *c)
{
	c->center1_khz = channel_block_center_khz(c->freq_khz, c->width);
	if (c->center1_khz)
		return 0;
	return refuse(p, "no %u MHz channel has this one in it",
		      (unsigned)(channel_width_khz(c->width) / MHZ(1)));
}

static int set_block_320(struct parser *p, struct channel *c, int which)
{
	c->center1_khz = channel_block_320_khz(c->freq_khz, which ? which : 1);
	if (!c->center1_khz && !which)
		c->center1_khz = channel_block_320_khz(c->freq_khz, 2);
	if (c->center1_khz)
		return 0;
	return refuse(p, "no such 320 MHz channel has this one in it");
}

static int set_explicit(struct parser *p, struct channel *c)
{
	struct value v;

	p->at++;
	if (!read_value(&p->at, &v) || *p->at)
		return refuse(p, "the centre is neither a channel's number nor MHz");
	c->explicit_center = true;
	c->center_by_mhz = v.number == 0;
	c->center1_khz = v.number ? channel_freq_khz(c->band, v.number) : v.freq_khz;
	if (channel_valid(c))
		return 0;
	return refuse(p, "no block of that width around that centre has this channel in it");
}

/* What stands behind the width: +, -, -1, -2, -CENTRE. */
static int set_center(struct parser *p, struct channel *c)
{
	static const struct {
		const char *tail;
		int which;
	} tails_320[] = { { "", 0 }, { "-1", 1 }, { "-2", 2 } };
	const char *tail = p->at;

	if (c->width == WIDTH_40 && (!*tail || strcmp(tail, "+") == 0 || strcmp(tail, "-") == 0))
		return set_center_40(p, c, *tail);
	if (c->width == WIDTH_80 || c->width == WIDTH_160) {
		if (!*tail)
			return set_block(p, c);
		if (*tail == '-')
			return set_explicit(p, c);
	}
	for (size_t i = 0; c->width == WIDTH_320 && i < ARRAY_SIZE(tails_320); i++) {
		if (strcmp(tail, tails_320[i].tail) == 0)
			return set_block_320(p, c, tails_320[i].which);
	}
	if (*tail)
		return refuse(p, "\"%s\" is not understood", tail);
	return 0;
}

static int parse_named(struct parser *p, struct channel *c)
{
	struct value v;
	bool w6e;

	if (!read_value(&p->at, &v))
		return refuse(p, "a channel begins with its number, or its frequency in MHz");
	w6e = skip_word(&p->at, "-W6e") || skip_word(&p->at, "W6e");
	if (!read_suffix(&p->at, w6e, &c->width))
		return refuse(p, "\"%s\" is not understood", p->at);
	if (set_primary(p, c, v, w6e) < 0)
		return -EINVAL;
	if (c->band == BAND_S1G && c->width == WIDTH_20_NOHT)
		c->width = WIDTH_1;
	return set_center(p, c);
}

static bool read_mhz(const char **at, uint32_t *khz)
{
	struct value v;

	if (!read_value(at, &v) || v.number)
		return false;
	*khz = v.freq_khz;
	return true;
}

/* MHZ:WIDTH[:CENTRE1[:CENTRE2]] */
static int parse_exact(struct parser *p, struct channel *c)
{
	const struct width_row *row = NULL;
	bool p80;

	if (!read_mhz(&p->at, &c->freq_khz))
		return refuse(p, "the frequency in MHz comes first, as in 5180:80:5210");
	if (skip_word(&p->at, ":"))
		row = read_width(&p->at);
	if (!row)
		return refuse(p, "the width in MHz comes second, as in 5180:80:5210");
	p80 = row->width == WIDTH_80 && skip_word(&p->at, "+80");
	c->exact = c->by_mhz = true;
	c->band = channel_band_of(c->freq_khz);
	c->width = row->width;
	if (skip_word(&p->at, ":") && !read_mhz(&p->at, &c->center1_khz))
		return refuse(p, "the centre in MHz comes third, as in 5180:80:5210");
	if (c->center1_khz && skip_word(&p->at, ":") && !read_mhz(&p->at, &c->center2_khz))
		return refuse(p, "the second centre comes fourth, as in 5180:80:5210:5775");
	if (*p->at)
		return refuse(p, "\"%s\" is not understood", p->at);
	if (p80 && !c->center2_khz)
		return refuse(p, "80+80 MHz need two centres, as in 5180:80:5210:5775");
	if (c->center2_khz && row->width == WIDTH_80)
		c->width = WIDTH_80P80;
	if (c->center1_khz == c->freq_khz)
		c->center1_khz = 0;
	return 0;
}

int channel_parse(struct channel *c, struct text t, char *why, size_t why_size)
{
	struct parser p = { .why = why, .why_size = why_size };
	struct channel parsed = { .band = BAND_UNKNOWN };
	int ret = take_text(&p, t);

	if (ret == 0)
		ret = strchr(p.text, ':') ? parse_exact(&p, &parsed) : parse_named(&p, &parsed);
	if (ret == 0 && !channel_valid(&parsed))
		ret = refuse(&p, "this frequency, width and centre do not fit together");
	if (ret == 0)
		*c = parsed;
	return ret;
}
