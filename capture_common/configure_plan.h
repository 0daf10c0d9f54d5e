/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source is told to tune to after it was opened, as a server computes it
 * (docs/protocol.md 6.5, 7.1). Pure. */
#ifndef CAPTURE_COMMON_CONFIGURE_PLAN_H
#define CAPTURE_COMMON_CONFIGURE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "capture_common/strlist.h"
#include "protocol/msg.h"
#include "protocol/srcdef.h"

/* More channels than this are not looked at: no radio has them. */
#define CONFIGURE_MAX_CHANNELS 2048

/* The definition's and the radio's part of it; the same however many sources share the work. */
struct configure_plan {
	struct strlist channels;	/* to hop over, in order; empty: send nothing */
	double rate_hps;
	char problem[120];		/* a value that was not understood; "" if none */
};

/* reported: the channels of the open report. Returns 0 or -ENOMEM. */
int configure_plan_make(struct configure_plan *plan, const struct srcdef *def,
			struct text_list reported, double default_rate_hps);
void configure_plan_free(struct configure_plan *plan);	/* a zeroed one is fine */

/* True when plan asks for hopping over several channels: such sources share the channels out. */
bool configure_plan_hops(const struct configure_plan *plan);

/* The message for source number index (0 is the newest) of count that share the list. items is
 * room for plan->channels.n texts; out points into it and into plan. False: send nothing. */
bool configure_plan_message(const struct configure_plan *plan, size_t index, size_t count,
			    struct text *items, struct msg_configure *out);

/* "5/sec", "90/min", "2.5/dwell" (seconds for each channel) as hops per second. Returns 0 or -1. */
int configure_parse_rate(struct text t, double *rate_hps);

#endif
