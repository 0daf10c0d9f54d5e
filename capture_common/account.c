/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the records, in words. */
#include "capture_common/account.h"

#include <inttypes.h>
#include <stdio.h>

/* --- where the records are --- */

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t account_records(const struct account *a)
{
	return a->backlog.captured + a->backlog.recovered;
}

uint64_t account_delivered(const struct account *a)
{
	return a->backlog.delivered - at_most(a->session.uncarried, a->backlog.delivered);
}

/* Uncarried ones that were not confirmed yet are among those that wait. */
uint64_t account_waiting(const struct account *a)
{
	uint64_t settled = at_most(a->session.uncarried, a->backlog.delivered);
	uint64_t waiting = a->backlog.in_memory + a->backlog.on_disk;

	return waiting - at_most(a->session.uncarried - settled, waiting);
}

uint64_t account_lost(const struct account *a)
{
	return backlog_lost(&a->backlog) + a->session.uncarried;
}

bool account_adds_up(const struct account *a)
{
	const struct backlog_stats *b = &a->backlog;

	return b->captured + b->recovered == b->delivered + b->unconfirmed + b->in_memory +
	       b->on_disk + backlog_lost(b);
}

const char *account_loss_short(enum loss loss)
{
	switch (loss) {
	case LOSS_MEMORY:
		return "for want of memory";
	case LOSS_DISK_FULL:
		return "for want of room in the spool";
	case LOSS_DISK_FAILED:
		return "because of the spool's disk";
	case LOSS_TOO_LONG:
		return "too long for the queue";
	case LOSSES:
		break;
	}
	return "";
}

const char *account_loss_cause(enum loss loss)
{
	switch (loss) {
	case LOSS_MEMORY:
		return "the memory queue was full";
	case LOSS_DISK_FULL:
		return "the spool was full";
	case LOSS_DISK_FAILED:
		return "the spool's disk failed";
	case LOSS_TOO_LONG:
		return "too long for the queue";
	case LOSSES:
		break;
	}
	return "";
}

/* --- the line --- */

struct out {
	char *at;
	size_t left;
};

static void add(struct out *o, int len)
{
	size_t n = len > 0 ? (size_t)len : 0;

	if (n >= o->left)
		n = o->left ? o->left - 1 : 0;
	o->at += n;
	o->left -= n;
}

static void add_count(struct out *o, uint64_t count, const char *what)
{
	if (count)
		add(o, snprintf(o->at, o->left, ", %" PRIu64 " %s", count, what));
}

/* " (7 data, 2 beacons)"; nothing when there are no classes. */
static void add_classes(struct out *o, const uint64_t *counts, const struct record_classifier *c)
{
	const char *before = " (";

	for (int i = 0; i < RECORD_CLASSES; i++) {
		if (counts[i] == 0)
			continue;
		add(o, snprintf(o->at, o->left, "%s%" PRIu64 " %s", before, counts[i],
				record_class_name(c, (enum record_class)i)));
		before = ", ";
	}
	if (before[0] == ',')
		add(o, snprintf(o->at, o->left, ")"));
}

static void add_losses(struct out *o, const struct account *a, const struct record_classifier *c)
{
	for (int i = 0; i < LOSSES; i++) {
		const uint64_t *counts = a->backlog.lost[i];
		uint64_t sum = 0;

		for (int k = 0; k < RECORD_CLASSES; k++)
			sum += counts[k];
		if (sum == 0)
			continue;
		add(o, snprintf(o->at, o->left, ", %" PRIu64 " of these %s", sum,
				account_loss_short((enum loss)i)));
		if (c)
			add_classes(o, counts, c);
	}
	add_count(o, a->session.uncarried, "of these not possible in the protocol");
}

/* Where they wait is of interest only if there is a spool. */
static void add_spool(struct out *o, const struct account *a)
{
	const struct backlog_stats *b = &a->backlog;

	add_count(o, b->on_disk, "of those that wait on disk");
	add_count(o, b->disk_bytes, "bytes of disk in use");
	add_count(o, b->recovered, "recovered from an earlier run");
	if (b->disk_broken)
		add(o, snprintf(o->at, o->left, ", the spool's disk refuses"));
}

static void add_source(struct out *o, const struct source_stats *s)
{
	add_count(o, s->kernel_dropped, "more dropped by the system before us");
	add_count(o, s->device_dropped, "more dropped by the device");
	add_count(o, s->filtered, "more filtered as told");
	add_count(o, s->not_passed_on, "more not passed on");
}

static void add_left_out(struct out *o, const struct recorder_stats *s)
{
	add_count(o, s->not_packets, "records that are no packets not recorded");
	add_count(o, s->dropped, "packets not recorded: the disk was too slow or refused");
	if (s->broken)
		add(o, snprintf(o->at, o->left, ", the recording's disk refuses"));
	if (s->over)
		add(o, snprintf(o->at, o->left, ", nobody reads the recording any more"));
}

static void print_fed(struct out *o, const struct account *a, const struct record_classifier *c)
{
	add(o, snprintf(o->at, o->left, "%" PRIu64 " records: %" PRIu64 " delivered, %" PRIu64
			" waiting, %" PRIu64 " lost", account_records(a), account_delivered(a),
			account_waiting(a), account_lost(a)));
	add_losses(o, a, c);
	add_spool(o, a);
	add_count(o, a->backlog.unconfirmed, "sent but never confirmed");
	add_count(o, a->queue.resent, "sent again");
	add_count(o, a->session.cut_packets, "packets cut");
	add_source(o, &a->source);
	add_count(o, a->source.recorded.packets, "packets recorded");
	add_left_out(o, &a->source.recorded);
}

static void print_recorded(struct out *o, const struct account *a)
{
	const struct recorder_stats *s = &a->source.recorded;

	add(o, snprintf(o->at, o->left, "%" PRIu64 " packets recorded in %" PRIu64 " file%s",
			s->packets, s->files, s->files == 1 ? "" : "s"));
	add_count(o, s->removed_files, "of these removed");
	add_left_out(o, s);
	add_source(o, &a->source);
}

void account_print(const struct account *a, const struct record_classifier *c, char *out,
		   size_t size)
{
	struct out o = { out, size };

	if (a->solo)
		print_recorded(&o, a);
	else
		print_fed(&o, a, c);
	add_count(&o, a->messages_dropped, "messages dropped");
	add_count(&o, a->hopper.late, "hops passed over");
	add_count(&o, a->hopper.refused, "channels refused");
}
