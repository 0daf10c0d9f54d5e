/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which channel a source is on: fixed, or hopping through a list at absolute times. The loop
 * decides, the tuning thread does, and a late driver is counted instead of waited for
 * (docs/protocol.md 7). Loop thread only. */
#ifndef CAPTURE_COMMON_HOPPER_H
#define CAPTURE_COMMON_HOPPER_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/strlist.h"
#include "capture_common/tuner.h"
#include "protocol/msg.h"

struct hopper_config {
	struct loop *loop;
	tuner_fn *tune;
	void *self;			/* handed to tune() */
	uint32_t skip;			/* step preset when shuffling */
	unsigned min_dwell_ms;
	/* The one answer to hopper_fix(): e is NULL when the channel was set. */
	void (*fixed)(void *user, uint32_t request, const struct err *e);
	/* The one answer to hopper_fix() when something newer came before it was carried out. */
	void (*overtaken)(void *user, uint32_t request, const char *text);
	/* Channels left the list because the driver refuses them; text says which. When none is
	 * left, hopping has stopped. */
	void (*pruned)(void *user, const char *text, bool none_left);
	/* The driver is too slow for the rate asked for; text says which rate it keeps, which the
	 * state has from now on. Told again when that changes much. May be NULL. */
	void (*behind)(void *user, const char *text);
	void *user;
};

/* What a configure report tells. The pointers are valid until the next call. */
struct hopper_state {
	bool hopping;
	const char *channel;		/* fixed: the one that is set; "" if none ever was */
	const struct strlist *channels;	/* the hop list */
	double rate_hps;		/* the one kept, which may be less than asked for */
	bool shuffle;
	uint32_t skip;			/* the step in use */
	uint32_t offset;
};

struct hopper_stats {
	uint64_t hops;			/* that the driver did */
	uint64_t late;			/* turns passed over: the driver was still busy */
	uint64_t refused;
};

struct hopper;

struct hopper *hopper_new(const struct hopper_config *cfg, struct err *e);
void hopper_free(struct hopper *h);	/* waits for a running tune(); NULL is fine */

/* Hops as asked; what is absent keeps its value. Returns 0, or -1 when there is no list. */
int hopper_hop(struct hopper *h, const struct msg_hop *hop, struct err *e);
/* Stops hopping and sets one channel; fixed() answers, later. A request that is still waiting is
 * answered first, by overtaken(). */
void hopper_fix(struct hopper *h, struct text channel, uint32_t request);
/* Whoever asked has gone: a request that is not answered yet is carried out in silence. */
void hopper_forget_request(struct hopper *h);
/* The channel that open() has set already. */
void hopper_set_current(struct hopper *h, const char *channel);

void hopper_get_state(const struct hopper *h, struct hopper_state *out);
void hopper_get_stats(const struct hopper *h, struct hopper_stats *out);

#endif
