/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records wait for the server: how many came, and what became of them. */
#include "capture_common/backlog_int.h"

static void count_spool(const struct backlog *b, struct backlog_stats *out)
{
	struct spool_stats s;

	spool_get_stats(b->cfg.spool, &s);
	out->recovered = s.recovered;
	out->on_disk = s.untaken;
	out->disk_bytes = s.bytes;
	out->disk_broken = s.broken;
	for (int class = 0; class < RECORD_CLASSES; class++) {
		out->lost[LOSS_DISK_FULL][class] += s.full[class];
		out->lost[LOSS_DISK_FAILED][class] += s.failed[class];
	}
}

void backlog_get_stats(const struct backlog *b, struct backlog_stats *out)
{
	struct queue_stats q;

	queue_get_stats(b->cfg.queue, &q);
	*out = (struct backlog_stats){
		.captured = q.pushed - b->loaded + q.refused - b->loaded_too_long + b->appended,
		.delivered = q.released,
		.unconfirmed = q.dropped_sent,
		.in_memory = q.kept,
		.spooling = b->spooling,
	};
	out->lost[LOSS_TOO_LONG][RECORD_PLAIN] = q.refused;
	out->lost[LOSS_DISK_FAILED][RECORD_PLAIN] = b->out_of_order;
	for (int class = 0; class < RECORD_CLASSES; class++) {
		out->lost[LOSS_MEMORY][class] = q.dropped[class];
		for (int why = 0; why < LOSSES; why++) {
			out->lost[why][class] += b->not_appended[why][class];
			out->captured += b->not_appended[why][class];
		}
	}
	if (b->cfg.spool)
		count_spool(b, out);
}

uint64_t backlog_lost(const struct backlog_stats *s)
{
	uint64_t n = 0;

	for (int why = 0; why < LOSSES; why++) {
		for (int class = 0; class < RECORD_CLASSES; class++)
			n += s->lost[why][class];
	}
	return n;
}
