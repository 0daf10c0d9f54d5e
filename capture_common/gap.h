/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says how much was lost, once for each gap and not once for each record. A gap begins with the
 * first loss; it ends when nothing was lost for a while. Pure: told the time and the counts, it
 * gives back words. */
#ifndef CAPTURE_COMMON_GAP_H
#define CAPTURE_COMMON_GAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/backlog.h"
#include "capture_common/source.h"

#define GAP_QUIET_MS 5000	/* without a loss: the gap is over */
#define GAP_LONGEST_MS 60000	/* a gap that lasts is told of so often */
#define GAP_LOOK_MS 1000	/* how often to ask */

struct gap {
	bool open;
	uint64_t began_ns, last_ns;
	struct backlog_stats counts_before;	/* when it began */
	struct source_stats source_before;
	struct backlog_stats counts_seen;	/* when asked last */
	struct source_stats source_seen;
};

/* Returns true when there is something to say: "lost 4100 packets in 37 s, data only: the memory
 * queue was full". Kernel and device losses are told of as well. c: names of the classes, or NULL.
 * A source that was opened anew counts from 0 again; that is no loss. */
bool gap_look(struct gap *g, uint64_t now_ns, const struct backlog_stats *counts,
	      const struct source_stats *source, const struct record_classifier *c, char *text,
	      size_t size);
/* At the end: what was not told yet. */
bool gap_last_words(struct gap *g, uint64_t now_ns, const struct record_classifier *c, char *text,
		    size_t size);

#endif
