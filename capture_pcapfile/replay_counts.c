/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a replay has sent, by link type. */
#include "capture_pcapfile/replay_counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture_pcapfile/linktype.h"

#define LAST (REPLAY_COUNTS_DLTS - 1)

void replay_counts_init(struct replay_counts *c)
{
	memset(c, 0, sizeof(*c));
	c->last = c->dlts;
	c->last->dlt = UINT32_MAX;
}

struct dlt_count *replay_counts_find(struct replay_counts *c, uint32_t dlt)
{
	struct dlt_count *d;

	for (d = c->dlts; d < c->dlts + c->n && d < c->dlts + LAST; d++)
		if (d->dlt == dlt)
			return d;
	if (d == c->dlts + c->n)
		c->n++;
	d->dlt = dlt;
	return d;
}

uint64_t replay_counts_sent(const struct replay_counts *c)
{
	uint64_t sent = 0;
	unsigned i;

	for (i = 0; i < c->n; i++)
		sent += c->dlts[i].packets;
	return sent;
}

void replay_counts_print(const struct replay_counts *c, char *out, size_t size)
{
	const struct dlt_count *d;
	const char *name;
	size_t used = 0;

	out[0] = '\0';
	for (d = c->dlts; d < c->dlts + c->n && used < size; d++) {
		name = dlt_name(d->dlt);
		used += (size_t)snprintf(out + used, size - used, "%s", d > c->dlts ? ", " : "");
		if (used >= size)
			break;
		if (d == c->dlts + LAST)
			used += (size_t)snprintf(out + used, size - used, "others: %" PRIu64,
						 d->packets);
		else
			used += (size_t)snprintf(out + used, size - used,
						 "%" PRIu32 "%s%s%s: %" PRIu64, d->dlt,
						 name ? " (" : "", name ? name : "",
						 name ? ")" : "", d->packets);
	}
}

bool replay_counts_any_decoded(const struct replay_counts *c)
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		if (dlt_is_decoded(c->dlts[i].dlt) || i == LAST)
			return true;
	return false;
}
