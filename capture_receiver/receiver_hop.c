/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources of one type with the same hop list share it out: each starts at another channel, the
 * newest at the first one (docs/protocol.md 7.1). */
#include <errno.h>
#include <stdlib.h>

#include "capture_receiver/receiver_int.h"
#include "protocol/srcdef.h"

/* The others learn of a new one a little later, so that many that come at once cost one round. */
#define REBALANCE_NS UINT64_C(1000000000)

static uint64_t hash_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h * 1099511628211u;
}

static uint64_t group_of(const struct source *s)
{
	uint64_t h = hash_text(14695981039346656037u, s->type);

	if (!configure_plan_hops(&s->plan))
		return 0;
	for (size_t i = 0; i < s->plan.channels.n; i++)
		h = hash_text(h, s->plan.channels.items[i]);
	return h ? h : 1;
}

static void send_plan(struct source *s, size_t index, size_t count)
{
	size_t n = s->plan.channels.n;
	struct text *items = malloc((n ? n : 1) * sizeof(*items));
	struct msg_configure m;

	if (!items)
		return;
	s->hop_index = index;
	s->hop_count = count;
	if (configure_plan_message(&s->plan, index, count, items, &m))
		client_send_configure(s->client, &m);
	free(items);
}

/* --- sharing out --- */

struct member {
	struct source *source;
	size_t order;		/* by the time of connection */
};

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->source->hop_group != y->source->hop_group)
		return x->source->hop_group < y->source->hop_group ? -1 : 1;
	return x->order > y->order ? -1 : x->order < y->order;
}

static size_t list_members(const struct receiver *r, struct member *out)
{
	size_t n = 0;

	for (struct source *s = source_table_oldest(r->sources); s; s = s->newer) {
		if (s->client && s->hop_group) {
			out[n] = (struct member){ s, n };
			n++;
		}
	}
	return n;
}

static void share_out(struct member *members, size_t n)
{
	size_t first = 0, end;

	for (; first < n; first = end) {
		for (end = first; end < n && members[end].source->hop_group ==
					     members[first].source->hop_group; end++)
			;
		for (size_t i = first; i < end; i++) {
			struct source *s = members[i].source;

			if (s->hop_index != i - first || s->hop_count != end - first)
				send_plan(s, i - first, end - first);
		}
	}
}

static void on_rebalance(void *user)
{
	struct receiver *r = user;
	struct member *members = calloc(source_table_count(r->sources) + 1, sizeof(*members));
	size_t n;

	if (!members)
		return;
	n = list_members(r, members);
	qsort(members, n, sizeof(*members), compare_members);
	share_out(members, n);
	free(members);
}

static size_t count_group(const struct receiver *r, uint64_t group)
{
	size_t n = 0;

	for (const struct source *s = source_table_oldest(r->sources); s; s = s->newer)
		n += s->client && s->hop_group == group;
	return n;
}

void receiver_hop_opened(struct receiver *r, struct source *s, struct text_list channels)
{
	struct srcdef def;
	size_t count = 1;

	configure_plan_free(&s->plan);
	if (srcdef_parse(&def, text_of(s->definition)) == 0 &&
	    configure_plan_make(&s->plan, &def, channels, r->config.hop_rate_hps) == 0 &&
	    *s->plan.problem)
		report_warn("%s: %s", s->name, s->plan.problem);
	srcdef_free(&def);
	s->hop_group = group_of(s);
	if (s->hop_group) {
		count = count_group(r, s->hop_group);
		loop_timer_set(r->loop, &r->rebalance, loop_now_ns(r->loop) + REBALANCE_NS,
			       on_rebalance, r);
	}
	send_plan(s, 0, count);
}
