/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message for each gap. */
#include "capture_common/gap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "capture_common/account.h"

#define MS_NS ((uint64_t)1000000)

/* --- text --- */

struct out {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3)))
static void add(struct out *o, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(o->at, o->left, fmt, args);

	va_end(args);
	size_t n = len > 0 ? (size_t)len : 0;

	if (n >= o->left)
		n = o->left ? o->left - 1 : 0;
	o->at += n;
	o->left -= n;
}

static const char *s_of(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* --- what was lost --- */

struct part {
	uint64_t n;
	const char *what;
};

#define PARTS_MAX 8

struct parts {
	struct part part[PARTS_MAX];
	size_t n;
	uint64_t sum;
};

_Static_assert(LOSSES <= PARTS_MAX && (int)RECORD_CLASSES <= PARTS_MAX, "parts have room");

/* Puts it where it belongs: the largest comes first. */
static void add_part(struct parts *parts, uint64_t n, const char *what)
{
	size_t at = parts->n;

	if (n == 0)
		return;
	for (; at > 0 && parts->part[at - 1].n < n; at--)
		parts->part[at] = parts->part[at - 1];
	parts->part[at] = (struct part){ n, what };
	parts->n++;
	parts->sum += n;
}

struct losses {
	struct parts reasons, classes;
	uint64_t words;			/* of these, messages */
	uint64_t kernel, device, not_passed_on, not_recorded;
};

static struct losses losses_of(const struct gap *g, const struct record_classifier *c)
{
	const struct source_stats *now = &g->source_seen, *before = &g->source_before;
	struct losses l = {
		.kernel = now->kernel_dropped - before->kernel_dropped,
		.device = now->device_dropped - before->device_dropped,
		.not_passed_on = now->not_passed_on - before->not_passed_on,
		.not_recorded = now->recorded.dropped - before->recorded.dropped,
	};
	uint64_t by_class[RECORD_CLASSES] = { 0 };

	for (int i = 0; i < LOSSES; i++) {
		uint64_t sum = 0;

		for (int k = 0; k < RECORD_CLASSES; k++) {
			uint64_t n = g->counts_seen.lost[i][k] - g->counts_before.lost[i][k];

			sum += n;
			by_class[k] += n;
		}
		add_part(&l.reasons, sum, account_loss_cause((enum loss)i));
	}
	for (int k = 0; k < RECORD_CLASSES; k++)
		add_part(&l.classes, by_class[k], record_class_name(c, (enum record_class)k));
	l.words = by_class[RECORD_WORDS];
	return l;
}

static const char *noun(const struct losses *l)
{
	if (l->words == l->reasons.sum)
		return "message";
	return l->words ? "record" : "packet";
}

/* ", data only", or " (3000 data, 1100 beacons)". */
static void add_classes(struct out *o, const struct losses *l, const struct record_classifier *c)
{
	const struct parts *p = &l->classes;

	if (p->n == 1 && c && l->words == 0)
		add(o, ", %s only", p->part[0].what);
	if (p->n < 2)
		return;
	for (size_t i = 0; i < p->n; i++)
		add(o, "%s%" PRIu64 " %s", i ? ", " : " (", p->part[i].n, p->part[i].what);
	add(o, ")");
}

/* ": the memory queue was full", or each with its number. */
static void add_reasons(struct out *o, const struct parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		add(o, "%s%s", i ? ", " : ": ", p->part[i].what);
		if (p->n > 1)
			add(o, " (%" PRIu64 ")", p->part[i].n);
	}
}

static void add_count(struct out *o, bool *first, uint64_t n, const char *before, const char *after)
{
	if (n == 0)
		return;
	add(o, "%s%s%" PRIu64 " packet%s%s", *first ? "" : "; ", before, n, s_of(n), after);
	*first = false;
}

static uint64_t seconds(const struct gap *g)
{
	/* The first loss was some time in the second before it was seen. */
	uint64_t ms = (g->last_ns - g->began_ns) / MS_NS + GAP_LOOK_MS;

	return (ms + 500) / 1000;
}

static void print_gap(const struct gap *g, const struct record_classifier *c, char *text,
		      size_t size)
{
	struct losses l = losses_of(g, c);
	struct out o = { text, size };
	uint64_t sum = l.reasons.sum;
	bool first = sum == 0;

	if (sum > 0) {
		add(&o, "lost %" PRIu64 " %s%s in %" PRIu64 " s", sum, noun(&l), s_of(sum),
		    seconds(g));
		add_classes(&o, &l, c);
		add_reasons(&o, &l.reasons);
	}
	add_count(&o, &first, l.kernel, "the system dropped ",
		  " before the tool could read them");
	add_count(&o, &first, l.device, "the device dropped ", "");
	add_count(&o, &first, l.not_passed_on, "", " could not be passed on for want of room");
	add_count(&o, &first, l.not_recorded, "", " could not be recorded");
	if (sum == 0)
		add(&o, ", in %" PRIu64 " s", seconds(g));
}

/* --- when --- */

static bool lost_more(const struct backlog_stats *now, const struct backlog_stats *before)
{
	for (int i = 0; i < LOSSES; i++) {
		for (int k = 0; k < RECORD_CLASSES; k++) {
			if (now->lost[i][k] != before->lost[i][k])
				return true;
		}
	}
	return false;
}

static bool dropped_more(const struct source_stats *now, const struct source_stats *before)
{
	return now->kernel_dropped != before->kernel_dropped ||
	       now->device_dropped != before->device_dropped ||
	       now->not_passed_on != before->not_passed_on ||
	       now->recorded.dropped != before->recorded.dropped;
}

/* As if it had counted on: what was counted before the source was opened anew is taken off what
 * comes to be compared. Going below 0 there is fine, as only differences matter. */
static void count_on(struct gap *g, const struct source_stats *now)
{
	struct source_stats *seen = &g->source_seen, *before = &g->source_before;

	if (now->received < seen->received || now->kernel_dropped < seen->kernel_dropped ||
	    now->device_dropped < seen->device_dropped ||
	    now->not_passed_on < seen->not_passed_on) {
		before->kernel_dropped -= seen->kernel_dropped;
		before->device_dropped -= seen->device_dropped;
		before->not_passed_on -= seen->not_passed_on;
		seen->kernel_dropped = seen->device_dropped = seen->not_passed_on = 0;
	}
	if (now->recorded.dropped < seen->recorded.dropped) {
		before->recorded.dropped -= seen->recorded.dropped;
		seen->recorded.dropped = 0;
	}
}

bool gap_look(struct gap *g, uint64_t now_ns, const struct backlog_stats *counts,
	      const struct source_stats *source, const struct record_classifier *c, char *text,
	      size_t size)
{
	count_on(g, source);
	if (lost_more(counts, &g->counts_seen) || dropped_more(source, &g->source_seen)) {
		if (!g->open) {
			g->open = true;
			g->began_ns = now_ns;
			g->counts_before = g->counts_seen;
			g->source_before = g->source_seen;
		}
		g->last_ns = now_ns;
	}
	g->counts_seen = *counts;
	g->source_seen = *source;
	if (!g->open || (now_ns - g->last_ns < GAP_QUIET_MS * MS_NS &&
			 now_ns - g->began_ns < GAP_LONGEST_MS * MS_NS))
		return false;
	return gap_last_words(g, now_ns, c, text, size);
}

bool gap_last_words(struct gap *g, uint64_t now_ns, const struct record_classifier *c, char *text,
		    size_t size)
{
	(void)now_ns;
	if (!g->open)
		return false;
	g->open = false;
	print_gap(g, c, text, size);
	return true;
}
