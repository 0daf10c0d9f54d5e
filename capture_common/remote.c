/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a session with a remote server. */
#include "capture_common/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/backoff.h"
#include "capture_common/log.h"
#include "capture_common/random.h"
#include "protocol/msg.h"

#define SECOND_NS ((uint64_t)1000000000)
/* A session that lasted this long was a good one: the next wait is short again. */
#define GOOD_SESSION_NS (30 * SECOND_NS)
/* Ends this soon, so often, smell of two sensors with the same UUID. */
#define EVICTED_WITHIN_NS (2 * SECOND_NS)
#define EVICTIONS 3
/* The same failure is logged again after this many tries. */
#define LOG_EVERY 20

struct remote {
	struct remote_config cfg;
	struct session *session;
	struct loop_timer timer;
	struct loop_post post;

	/* generations */
	enum frame_gen candidates[FRAME_GENS];
	size_t n_candidates;
	size_t tried;			/* in this round */
	bool known;			/* the last one that worked is the first to try */
	enum frame_gen gen;

	/* failures */
	const struct backoff *backoff;	/* of the last wait */
	unsigned attempt;		/* with it, in a row */
	unsigned evictions;
	char last_text[sizeof(((struct err *)0)->text)];
	unsigned same_text;
};

static void list_candidates(struct remote *r)
{
	static const enum frame_gen order[FRAME_GENS] = { FRAME_V3, FRAME_V2, FRAME_V0 };

	if (!r->cfg.auto_gen) {
		r->candidates[r->n_candidates++] = r->cfg.gen;
		return;
	}
	for (size_t i = 0; i < FRAME_GENS; i++) {
		if (msg_gen_supported(order[i]))
			r->candidates[r->n_candidates++] = order[i];
	}
}

struct remote *remote_new(const struct remote_config *cfg, struct err *e)
{
	struct remote *r = calloc(1, sizeof(*r));

	if (!r) {
		err_sys(e, ENOMEM, "connection");
		return NULL;
	}
	r->cfg = *cfg;
	list_candidates(r);
	return r;
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	loop_timer_cancel(r->cfg.loop, &r->timer);
	loop_unpost(r->cfg.loop, &r->post);
	free(r);
}

/* --- connecting --- */

static void connect_now(void *user)
{
	struct remote *r = user;
	struct link_events events = session_link_events(r->session);
	struct link *link = link_tcp_new(r->cfg.loop, r->cfg.endpoint.host, r->cfg.endpoint.port,
					 &events);
	struct err e;

	if (!link) {
		err_sys(&e, ENOMEM, "connecting");
		remote_down(r, SESSION_NO_LINK, &e);
		return;
	}
	if (!r->known)
		r->gen = r->candidates[r->tried];
	session_start(r->session, link, r->gen);
}

void remote_start(struct remote *r, struct session *session)
{
	r->session = session;
	loop_post(r->cfg.loop, &r->post, connect_now, r);
}

/* --- after a connection --- */

/* The same failure over and over makes a handful of lines. */
static void log_failure(struct remote *r, const struct err *e, uint32_t wait_ms)
{
	bool same = strcmp(r->last_text, e->text) == 0;

	r->same_text = same ? r->same_text + 1 : 0;
	snprintf(r->last_text, sizeof(r->last_text), "%s", e->text);
	if (r->same_text % LOG_EVERY == 0)
		log_warn("%s; trying again in %u.%u s", e->text, wait_ms / 1000,
			 wait_ms % 1000 / 100);
	else
		log_debug("%s; trying again in %u.%u s", e->text, wait_ms / 1000,
			  wait_ms % 1000 / 100);
}

static void try_later(struct remote *r, const struct backoff *b, const struct err *e)
{
	if (r->backoff != b)
		r->attempt = 0;		/* after a long outage, the first refusal is the first */
	r->backoff = b;
	uint32_t wait_ms = backoff_delay_ms(b, r->attempt++, (uint32_t)random_u64());

	log_failure(r, e, wait_ms);
	loop_timer_set(r->cfg.loop, &r->timer,
		       loop_now_ns(r->cfg.loop) + (uint64_t)wait_ms * 1000000, connect_now, r);
}

/* Closed without a byte: another generation may fit. Returns false when all were tried. */
static bool try_next_generation(struct remote *r)
{
	if (r->known) {
		r->known = false;	/* the server was replaced; from the top */
		r->tried = 0;
	} else {
		r->tried++;
	}
	if (r->tried >= r->n_candidates) {
		r->tried = 0;
		return false;
	}
	loop_post(r->cfg.loop, &r->post, connect_now, r);
	return true;
}

/* Two tools with the same UUID push each other out for ever. */
static void look_for_eviction(struct remote *r, uint64_t streamed_ns)
{
	r->evictions = streamed_ns < EVICTED_WITHIN_NS ? r->evictions + 1 : 0;
	if (r->evictions == EVICTIONS)
		log_warn("the server closes the session right after it was opened, again and "
			 "again; does another sensor use the same uuid?");
}

static void note_generation(struct remote *r, enum session_end end)
{
	if (end != SESSION_LOST && end != SESSION_REFUSED && end != SESSION_DONE)
		return;
	r->known = r->cfg.auto_gen;
	r->tried = 0;
}

/* What the end of a connection means, in words that help. */
static void explain(enum session_end end, const struct err *e, struct err *out)
{
	*out = *e;
	switch (end) {
	case SESSION_NOT_SPOKEN:
		err_set(out, ERR_PROTOCOL, "%.200s at once, whatever the protocol's generation: is "
			"it a server for remote capture?", e->text);
		break;
	case SESSION_REFUSED:
		err_set(out, ERR_PROTOCOL, "%.160s when it was told about the source: it may not "
			"know this type of source, or have the UUID under another type", e->text);
		break;
	case SESSION_NO_LINK:
	case SESSION_NO_ANSWER:
	case SESSION_LOST:
	case SESSION_DONE:
		break;
	}
}

void remote_down(struct remote *r, enum session_end end, const struct err *e)
{
	bool refused = end == SESSION_REFUSED;
	struct err why;

	if (end == SESSION_NOT_SPOKEN && try_next_generation(r))
		return;
	note_generation(r, end);
	explain(end, e, &why);
	r->cfg.over(r->cfg.user, end, &why, &refused);
	if (!r->cfg.retry || (end == SESSION_DONE && !refused)) {
		r->cfg.gave_up(r->cfg.user, &why);
		return;
	}
	uint64_t streamed_ns = session_streamed_ns(r->session);

	if (streamed_ns >= GOOD_SESSION_NS)
		r->attempt = 0;
	if (streamed_ns > 0 && !refused)
		look_for_eviction(r, streamed_ns);
	try_later(r, refused ? &backoff_refusal : &backoff_link, &why);
}
