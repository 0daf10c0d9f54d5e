/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which channel a source is on. */
#include "capture_common/hopper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/hop_plan.h"
#include "capture_common/log.h"

/* A driver may refuse once in a while; a channel goes after so many times in a row. */
#define REFUSALS 3
#define DEFAULT_MIN_DWELL_MS 10
/* So many turns show which rate is kept. */
#define TURNS_TO_JUDGE 50

/* What the tuning thread is doing for us. */
enum errand { ERRAND_NONE, ERRAND_HOP, ERRAND_FIX, ERRAND_OVERTAKEN };

struct hopper {
	struct hopper_config cfg;
	struct tuner *tuner;
	enum errand errand;
	struct loop_timer timer;
	struct hopper_stats stats;

	/* hopping */
	bool hopping;
	struct strlist channels;
	uint8_t *refusals;		/* in a row, for each channel */
	struct hop_plan plan;
	double rate_hps;
	bool shuffle;
	uint32_t skip, offset;
	uint64_t dwell_ns, due_ns;
	unsigned turns, late_turns;		/* since the rate was judged last */
	double kept_share;			/* of the turns; 1: all */
	size_t index;			/* the channel of the errand */

	/* a fixed channel */
	char channel[TUNER_CHANNEL_SIZE];	/* that is set; "" if none was */
	char wanted[TUNER_CHANNEL_SIZE];	/* waiting for the tuner, or being tuned */
	bool waiting;
	bool forgotten;				/* nobody is to be told */
	uint32_t request;
};

static void on_tuned(void *user, const struct err *e);

struct hopper *hopper_new(const struct hopper_config *cfg, struct err *e)
{
	struct hopper *h = calloc(1, sizeof(*h));

	if (!h) {
		err_sys(e, ENOMEM, "hopping");
		return NULL;
	}
	h->cfg = *cfg;
	h->skip = cfg->skip ? cfg->skip : 1;
	h->tuner = tuner_new(cfg->loop, cfg->tune, cfg->self, on_tuned, h, e);
	if (!h->tuner) {
		free(h);
		return NULL;
	}
	return h;
}

void hopper_free(struct hopper *h)
{
	if (!h)
		return;
	loop_timer_cancel(h->cfg.loop, &h->timer);
	tuner_free(h->tuner);
	strlist_free(&h->channels);
	free(h->refusals);
	free(h);
}

/* --- hopping --- */

static void on_due(void *user);

/* As asked, unless that is faster than the tool goes. */
static double rate_asked(const struct hopper *h)
{
	if (h->dwell_ns == 0)
		return 0;
	double fastest_hps = 1e9 / (double)h->dwell_ns;

	return h->rate_hps < fastest_hps ? h->rate_hps : fastest_hps;
}

static double rate_in_use(const struct hopper *h)
{
	return rate_asked(h) * h->kept_share;
}

/* A driver that is busy now and then is none to speak of. */
static void judge_rate(struct hopper *h)
{
	double kept = 1 - (double)h->late_turns / h->turns, before = h->kept_share;
	char text[160];

	h->turns = h->late_turns = 0;
	h->kept_share = kept > 0.99 ? 1 : kept;
	if (h->kept_share > 0.95 * before && h->kept_share < 1.05 * before)
		return;
	snprintf(text, sizeof(text), "the driver takes its time: of %.3g hops a second, %.3g are "
		 "kept", rate_asked(h), rate_in_use(h));
	if (h->cfg.behind)
		h->cfg.behind(h->cfg.user, text);
}

static void arm(struct hopper *h)
{
	loop_timer_set(h->cfg.loop, &h->timer, h->due_ns, on_due, h);
}

/* The time of the next hop follows from the last one's time, not from when it was done. After a
 * long pause of the whole machine it does not run after what was missed. */
static void on_due(void *user)
{
	struct hopper *h = user;
	uint64_t now = loop_now_ns(h->cfg.loop);

	h->due_ns += h->dwell_ns;
	if (h->due_ns <= now)
		h->due_ns = now + h->dwell_ns;
	arm(h);
	h->late_turns += tuner_busy(h->tuner);
	if (++h->turns >= TURNS_TO_JUDGE)
		judge_rate(h);
	if (tuner_busy(h->tuner)) {
		h->stats.late++;
		return;
	}
	h->index = hop_plan_next(&h->plan);
	h->errand = ERRAND_HOP;
	tuner_request(h->tuner, h->channels.items[h->index]);
}

static void stop_hopping(struct hopper *h)
{
	h->hopping = false;
	loop_timer_cancel(h->cfg.loop, &h->timer);
	if (h->errand == ERRAND_HOP)
		h->errand = ERRAND_OVERTAKEN;
}

static void start_hopping(struct hopper *h)
{
	hop_plan_init(&h->plan, h->channels.n, h->shuffle, h->skip, h->offset);
	h->dwell_ns = hop_plan_dwell_ns(h->rate_hps, h->cfg.min_dwell_ms ? h->cfg.min_dwell_ms :
							     DEFAULT_MIN_DWELL_MS);
	h->hopping = true;
	h->turns = h->late_turns = 0;
	h->kept_share = 1;
	if (h->dwell_ns == 0)
		return;		/* a rate of 0: the list stands, nothing hops */
	h->due_ns = loop_now_ns(h->cfg.loop);
	arm(h);
}

static int take_channels(struct hopper *h, const struct text_list *list, struct err *e)
{
	struct strlist channels = STRLIST_INIT;
	uint8_t *refusals = calloc(list->n, 1);
	int rc = refusals ? 0 : -ENOMEM;

	for (size_t i = 0; i < list->n && rc == 0; i++)
		rc = strlist_add(&channels, list->items[i]);
	if (rc < 0) {
		strlist_free(&channels);
		free(refusals);
		return err_sys(e, ENOMEM, "hop list");
	}
	strlist_free(&h->channels);
	free(h->refusals);
	h->channels = channels;
	h->refusals = refusals;
	return 0;
}

/* Answers a fixed channel that is waiting or being tuned, because something newer came. */
static void overtake_fixed(struct hopper *h, const char *why)
{
	char text[TUNER_CHANNEL_SIZE + 64];

	if (!h->waiting && h->errand != ERRAND_FIX)
		return;
	h->waiting = false;
	if (h->errand == ERRAND_FIX)
		h->errand = ERRAND_OVERTAKEN;
	if (h->forgotten)
		return;
	snprintf(text, sizeof(text), "channel %s: %s", h->wanted, why);
	h->cfg.overtaken(h->cfg.user, h->request, text);
}

int hopper_hop(struct hopper *h, const struct msg_hop *hop, struct err *e)
{
	if (hop->channels.n == 0)
		return err_set(e, ERR_PROTOCOL, "asked to hop without a list of channels");
	stop_hopping(h);
	if (take_channels(h, &hop->channels, e) < 0)
		return -1;
	overtake_fixed(h, "overtaken by a hop list");
	if (hop->has_rate)
		h->rate_hps = hop->rate_hps;
	if (hop->has_shuffle)
		h->shuffle = hop->shuffle;
	if (hop->has_skip)
		h->skip = hop->skip;
	if (hop->has_offset)
		h->offset = hop->offset;
	h->channel[0] = '\0';
	start_hopping(h);
	return 0;
}

static void remove_channel(struct hopper *h, const struct err *e)
{
	char text[400];
	size_t i = h->index;

	snprintf(text, sizeof(text), "channel %s was refused %d times and leaves the hop list: %s",
		 h->channels.items[i], REFUSALS, e->text);
	memmove(h->refusals + i, h->refusals + i + 1, h->channels.n - i - 1);
	strlist_remove(&h->channels, i);
	hop_plan_remove(&h->plan, i);
	if (h->channels.n == 0)
		stop_hopping(h);
	h->cfg.pruned(h->cfg.user, text, h->channels.n == 0);
}

static void hopped(struct hopper *h, const struct err *e)
{
	if (!e) {
		h->stats.hops++;
		h->refusals[h->index] = 0;
		return;
	}
	h->stats.refused++;
	log_debug("channel %s: %s", h->channels.items[h->index], e->text);
	if (++h->refusals[h->index] >= REFUSALS)
		remove_channel(h, e);
}

/* --- a fixed channel --- */

static void fix_now(struct hopper *h)
{
	h->waiting = false;
	h->errand = ERRAND_FIX;
	tuner_request(h->tuner, h->wanted);
}

void hopper_fix(struct hopper *h, struct text channel, uint32_t request)
{
	stop_hopping(h);
	overtake_fixed(h, "overtaken by another request");
	snprintf(h->wanted, sizeof(h->wanted), "%.*s", TEXT_ARG(channel));
	h->request = request;
	h->forgotten = false;
	h->waiting = true;
	if (!tuner_busy(h->tuner))
		fix_now(h);
}

void hopper_forget_request(struct hopper *h)
{
	h->forgotten = true;
}

void hopper_set_current(struct hopper *h, const char *channel)
{
	snprintf(h->channel, sizeof(h->channel), "%s", channel);
}

static void fixed(struct hopper *h, const struct err *e)
{
	if (!e)
		memcpy(h->channel, h->wanted, sizeof(h->channel));
	if (!h->forgotten)
		h->cfg.fixed(h->cfg.user, h->request, e);
}

/* --- the tuning thread's answer --- */

static void on_tuned(void *user, const struct err *e)
{
	struct hopper *h = user;
	enum errand errand = h->errand;

	h->errand = ERRAND_NONE;
	if (h->waiting)
		fix_now(h);
	switch (errand) {
	case ERRAND_HOP:
		hopped(h, e);
		break;
	case ERRAND_FIX:
		fixed(h, e);
		break;
	case ERRAND_NONE:
	case ERRAND_OVERTAKEN:
		break;
	}
}

/* --- state --- */

void hopper_get_state(const struct hopper *h, struct hopper_state *out)
{
	*out = (struct hopper_state){
		.hopping = h->hopping,
		.channel = h->channel,
		.channels = &h->channels,
		.rate_hps = rate_in_use(h),
		.shuffle = h->shuffle,
		.skip = h->plan.n ? (uint32_t)h->plan.step : h->skip,
		.offset = h->offset,
	};
}

void hopper_get_stats(const struct hopper *h, struct hopper_stats *out)
{
	*out = h->stats;
}
