/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hop list from definition and open report, and the CONFIGURE message for it. */
#include "capture_common/configure_plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_RATE_HPS 1000.0

int configure_parse_rate(struct text t, double *rate_hps)
{
	char buf[32], *end;
	double n, rate;

	if (t.len == 0 || t.len >= sizeof(buf))
		return -1;
	memcpy(buf, t.s, t.len);
	buf[t.len] = '\0';
	n = strtod(buf, &end);
	if (end == buf || !isfinite(n) || n <= 0)
		return -1;
	if (strcmp(end, "/sec") == 0)
		rate = n;
	else if (strcmp(end, "/min") == 0)
		rate = n / 60;
	else if (strcmp(end, "/dwell") == 0)
		rate = 1 / n;
	else
		return -1;
	if (!isfinite(rate) || rate <= 0 || rate > MAX_RATE_HPS)
		return -1;
	*rate_hps = rate;
	return 0;
}

static int add_new(struct strlist *l, struct text t)
{
	if (t.len == 0 || l->n >= CONFIGURE_MAX_CHANNELS || strlist_has(l, t))
		return 0;
	return strlist_add(l, t);
}

/* Adds what is in from and not in l yet. */
static int add_all_new(struct strlist *l, const struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++) {
		int rc = add_new(l, text_of(from->items[i]));

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_reported(struct strlist *l, struct text_list reported, const struct strlist *blocked)
{
	for (size_t i = 0; i < reported.n && l->n < CONFIGURE_MAX_CHANNELS; i++) {
		struct text t = reported.items[i];
		int rc = 0;

		if (t.len > 0 && !strlist_has(blocked, t))
			rc = strlist_add(l, t);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Reported channels and `channel`, minus those blocked, then those added. */
static int merge_lists(struct strlist *l, const struct srcdef *def, struct text_list reported)
{
	struct strlist blocked = STRLIST_INIT, added = STRLIST_INIT;
	int rc = strlist_add_split(&blocked, srcdef_get(def, "block_channels"));

	if (rc == 0)
		rc = strlist_add_split(&added, srcdef_get(def, "add_channels"));
	if (rc == 0)
		rc = add_reported(l, reported, &blocked);
	if (rc == 0 && !strlist_has(&blocked, srcdef_get(def, "channel")))
		rc = add_new(l, srcdef_get(def, "channel"));
	if (rc == 0)
		rc = add_all_new(l, &added);
	strlist_free(&blocked);
	strlist_free(&added);
	return rc;
}

static void note_problem(struct configure_plan *plan, const char *key, struct text value)
{
	snprintf(plan->problem, sizeof(plan->problem), "%s=%.*s is not understood", key,
		 (int)(value.len < 60 ? value.len : 60), value.s);
}

static void choose_rate(struct configure_plan *plan, const struct srcdef *def, double fallback)
{
	struct text t = srcdef_get(def, "channel_hoprate");

	plan->rate_hps = fallback;
	if (t.s && configure_parse_rate(t, &plan->rate_hps) < 0)
		note_problem(plan, "channel_hoprate", t);
}

int configure_plan_make(struct configure_plan *plan, const struct srcdef *def,
			struct text_list reported, double default_rate_hps)
{
	struct text channels = srcdef_get(def, "channels");
	bool bad = false;
	int rc;

	*plan = (struct configure_plan){ .channels = STRLIST_INIT };
	choose_rate(plan, def, default_rate_hps);
	if (!srcdef_bool(def, "channel_hop", true, &bad) || reported.n == 0)
		return 0;
	if (bad)
		note_problem(plan, "channel_hop", srcdef_get(def, "channel_hop"));
	if (channels.len > 0)
		rc = strlist_add_split(&plan->channels, channels);
	else
		rc = merge_lists(&plan->channels, def, reported);
	if (rc < 0)
		configure_plan_free(plan);
	return rc;
}

void configure_plan_free(struct configure_plan *plan)
{
	strlist_free(&plan->channels);
}

bool configure_plan_hops(const struct configure_plan *plan)
{
	return plan->channels.n > 1 && plan->rate_hps > 0;
}

bool configure_plan_message(const struct configure_plan *plan, size_t index, size_t count,
			    struct text *items, struct msg_configure *out)
{
	size_t n = plan->channels.n;

	*out = (struct msg_configure){ .has_hop = false };
	for (size_t i = 0; i < n; i++)
		items[i] = text_of(plan->channels.items[i]);
	if (n == 1)
		out->channel = items[0];
	if (!configure_plan_hops(plan))
		return n == 1;
	out->has_hop = true;
	out->hop = (struct msg_hop){
		.has_rate = true, .rate_hps = plan->rate_hps,
		.has_shuffle = true, .shuffle = true,
		.has_offset = true, .offset = count ? (uint32_t)(index * (n / count)) : 0,
		.channels = { items, n },
	};
	return true;
}
