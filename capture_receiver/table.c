/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table as text. */
#include "capture_receiver/table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 400
/* Everything but the peer fits into 80 columns. */
#define NAME_WIDTH 15
#define TYPE_WIDTH 10
#define STATE_WIDTH 13
#define PEER_WIDTH 21

void table_short_number(char out[8], uint64_t n)
{
	static const char units[] = "kMGTPE";
	double v = (double)n;
	size_t unit = 0;

	if (n < 10000) {
		snprintf(out, 8, "%" PRIu64, n);
		return;
	}
	v /= 1000;
	while (v >= 999.95 && units[unit + 1]) {
		v /= 1000;
		unit++;
	}
	snprintf(out, 8, "%.1f%c", v, units[unit]);
}

/* The bytes that the first width characters take; *columns: how many there are. */
static size_t clip(const char *s, size_t width, size_t *columns)
{
	size_t n = 0;

	*columns = 0;
	while (s[n]) {
		if (((unsigned char)s[n] & 0xc0) != 0x80) {
			if (*columns == width)
				break;
			++*columns;
		}
		n++;
	}
	return n;
}

struct line {
	char text[LINE_SIZE];
	size_t len;
};

/* A column of text, padded on the right. */
static void put_text(struct line *l, const char *s, size_t width)
{
	size_t columns, n = clip(s, width, &columns), pad = width - columns + 1;

	if (l->len + n + pad >= sizeof(l->text))
		return;
	memcpy(l->text + l->len, s, n);
	memset(l->text + l->len + n, ' ', pad);
	l->len += n + pad;
	l->text[l->len] = '\0';
}

/* A column of a number, padded on the left. */
static void put_number(struct line *l, const char *s, size_t width)
{
	char padded[16];

	snprintf(padded, sizeof(padded), "%*s", (int)width, s);
	put_text(l, padded, width);
}

static void put_count(struct line *l, uint64_t n, size_t width)
{
	char text[8];

	table_short_number(text, n);
	put_number(l, text, width);
}

static void put_age(struct line *l, const char *state, double age_s)
{
	char text[48];
	unsigned long s = age_s > 0 ? (unsigned long)age_s : 0;

	if (s < 3600)
		snprintf(text, sizeof(text), "%s %lu:%02lu", state, s / 60, s % 60);
	else if (s < 360000)
		snprintf(text, sizeof(text), "%s %lu:%02lu:%02lu", state, s / 3600, s / 60 % 60,
			 s % 60);
	else
		snprintf(text, sizeof(text), "%s %lud", state, s / 86400);
	put_text(l, text, STATE_WIDTH);
}

static void make_heading(struct line *l)
{
	put_text(l, "NAME", NAME_WIDTH);
	put_text(l, "TYPE", TYPE_WIDTH);
	put_number(l, "PACKETS", 7);
	put_number(l, "PKT/S", 6);
	put_number(l, "BYTES", 6);
	put_number(l, "LOST", 6);
	put_number(l, "REPEAT", 6);
	put_text(l, "GEN", 3);
	put_text(l, "STATE", STATE_WIDTH);
	put_text(l, "PEER", PEER_WIDTH);
}

static void make_row(struct line *l, const struct table_row *r)
{
	put_text(l, r->name, NAME_WIDTH);
	put_text(l, r->type, TYPE_WIDTH);
	put_count(l, r->stats.packets, 7);
	put_count(l, (uint64_t)(r->packets_per_s + 0.5), 6);
	put_count(l, r->stats.bytes, 6);
	put_count(l, r->stats.lost, 6);
	put_count(l, r->stats.repeated, 6);
	put_text(l, r->gen, 3);
	put_age(l, r->state, r->age_s);
	put_text(l, r->peer, PEER_WIDTH);
}

/* Appends the line, cut to width and without spaces at its end. False: it does not fit. */
static bool append(char *out, size_t size, size_t *len, const struct line *l, unsigned width)
{
	size_t columns, n = clip(l->text, width, &columns);

	while (n > 0 && l->text[n - 1] == ' ')
		n--;
	if (*len + n + 2 > size)
		return false;
	memcpy(out + *len, l->text, n);
	*len += n;
	out[(*len)++] = '\n';
	out[*len] = '\0';
	return true;
}

size_t table_render(char *out, size_t size, const struct table_row *rows, size_t n,
		    size_t n_hidden, unsigned width)
{
	struct line l = { .len = 0 };
	size_t len = 0;

	if (size)
		out[0] = '\0';
	make_heading(&l);
	if (!append(out, size, &len, &l, width))
		return len;
	for (size_t i = 0; i < n; i++) {
		l.len = 0;
		make_row(&l, &rows[i]);
		if (!append(out, size, &len, &l, width))
			return len;
	}
	if (n_hidden == 0)
		return len;
	l.len = (size_t)snprintf(l.text, sizeof(l.text), "and %zu more", n_hidden);
	append(out, size, &len, &l, width);
	return len;
}
