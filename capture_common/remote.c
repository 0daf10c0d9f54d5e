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
#include "capture_common/servers.h"
#include "protocol/msg.h"

#define SECOND_NS ((uint64_t)1000000000)
/* A session that lasted this long was a good one: the next wait is short again. */
#define GOOD_SESSION_NS (30 * SECOND_NS)
/* Ends this soon, so often, smell of two sensors with the same UUID. */
#define EVICTED_WITHIN_NS (2 * SECOND_NS)
#define EVICTIONS 3
/* A server that takes sessions and drops them within this time, so often, does not work. */
#define DROPPED_WITHIN_NS (5 * SECOND_NS)
#define DROPS 3
/* The same failure is logged again after this many tries. */
#define LOG_EVERY 20
/* That nobody was heard yet is said again after this long. */
#define REMIND_NS (600 * SECOND_NS)
#define SERVER_SIZE 300			/* as text */

/* What is known of each server. */
struct memory {
	bool known;			/* the generation that worked last is the first to try */
	enum frame_gen gen;
	char last_text[sizeof(((struct err *)0)->text)];	/* of a failure */
	unsigned same_text;
	unsigned drops;			/* in a row */
	bool denied;			/* that failure was of credentials or certificates */
};

struct remote {
	struct remote_config cfg;
	struct servers *servers;
	struct session *session;
	struct loop_timer timer;
	struct loop_post post;
	bool connected;			/* or connecting */
	bool moving;			/* the end of this session is our doing */
	bool ended;			/* gave up */

	struct memory *memory;		/* of each in the list; one with autodetect */
	size_t at;			/* the present one's */
	size_t used;			/* the one that had the last session */

	/* generations */
	enum frame_gen candidates[FRAME_GENS];
	size_t n_candidates;
	size_t tried;			/* with the present server */

	/* failures */
	const struct backoff *backoff;	/* of the last wait */
	unsigned attempt;		/* with it, in a row */
	bool round_refused;		/* by one of the servers of this round */
	unsigned evictions;
};

/* --- making it --- */

static void on_better(void *user);

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
	struct servers_config servers = { .loop = cfg->loop, .list = cfg->list,
					  .autodetect = cfg->autodetect,
					  .may_probe = cfg->may_probe && cfg->retry,
					  .better = on_better, .user = r };

	if (r)
		r->memory = calloc(cfg->autodetect ? 1 : cfg->list->n, sizeof(*r->memory));
	if (!r || !r->memory) {
		err_sys(e, ENOMEM, "connection");
		free(r);
		return NULL;
	}
	r->cfg = *cfg;
	list_candidates(r);
	r->servers = servers_new(&servers, e);
	if (!r->servers) {
		remote_free(r);
		return NULL;
	}
	return r;
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	servers_free(r->servers);
	loop_timer_cancel(r->cfg.loop, &r->timer);
	loop_unpost(r->cfg.loop, &r->post);
	free(r->memory);
	free(r);
}

/* --- connecting --- */

static void connect_now(void *user);

static void connect_soon(struct remote *r)
{
	loop_post(r->cfg.loop, &r->post, connect_now, r);
}

static void connect_after(struct remote *r, uint64_t wait_ns)
{
	loop_timer_set(r->cfg.loop, &r->timer, loop_now_ns(r->cfg.loop) + wait_ns, connect_now, r);
}

static void connect_now(void *user)
{
	struct remote *r = user;
	struct link_events events = session_link_events(r->session);
	const struct endpoint *ep = servers_now(r->servers);
	struct memory *m;
	struct link *link;
	struct err e;

	if (!ep) {
		log_info("waiting for a server to announce itself (UDP port %d)", AUTODETECT_PORT);
		connect_after(r, REMIND_NS);
		return;
	}
	r->at = r->cfg.autodetect ? 0 : (size_t)(ep - r->cfg.list->items);
	m = &r->memory[r->at];
	link = r->cfg.dial(r->cfg.dial_user, ep, &events, &e);
	if (!link) {
		remote_down(r, SESSION_NO_LINK, &e);
		return;
	}
	if (!m->known)
		m->gen = r->candidates[r->tried];
	r->connected = true;
	session_start(r->session, link, m->gen);
}

void remote_start(struct remote *r, struct session *session)
{
	r->session = session;
	connect_soon(r);
}

/* --- another server --- */

static void print_server(const struct remote *r, size_t index, char *out, size_t size)
{
	endpoint_print(&r->cfg.list->items[index], out, size);
}

void remote_works(struct remote *r)
{
	char server[SERVER_SIZE], first[SERVER_SIZE];

	if (r->at != r->used) {
		print_server(r, r->at, server, sizeof(server));
		print_server(r, 0, first, sizeof(first));
		if (r->at)
			log_warn("using %s instead of %s", server, first);
		else
			log_info("using %s again", first);
	}
	r->used = r->at;
	r->memory[r->at].denied = false;
	r->round_refused = false;
	servers_works(r->servers);
}

static void move_to_better(struct remote *r)
{
	char server[SERVER_SIZE];
	struct err e;

	endpoint_print(servers_now(r->servers), server, sizeof(server));
	log_info("%s accepts connections again", server);
	err_set(&e, ERR_NETWORK, "%s is back", server);
	r->moving = true;
	session_fail(r->session, &e);
}

void remote_again(struct remote *r)
{
	struct err e;

	if (!r->connected || r->ended)
		return;
	err_set(&e, ERR_NETWORK, "to be announced anew");
	r->moving = true;
	session_fail(r->session, &e);
}

/* A server that was only heard of is no reason to leave one that may work. */
static void on_better(void *user)
{
	struct remote *r = user;

	if (!r->session || r->ended)
		return;
	if (!r->connected) {
		loop_timer_cancel(r->cfg.loop, &r->timer);
		connect_soon(r);
	} else if (!r->cfg.autodetect && !session_finishing(r->session)) {
		move_to_better(r);
	}
}

/* --- after a connection --- */

/* Of credentials or certificates; a firewall's "permission denied" comes from the system. */
static bool is_refusal(const struct err *e)
{
	return e->code == ERR_PERMISSION && e->sys == 0;
}

/* The same failure over and over makes a handful of lines; refused credentials make one. */
static void log_failure(struct remote *r, const struct err *e, const char *next)
{
	struct memory *m = &r->memory[r->at];
	bool same = strcmp(m->last_text, e->text) == 0;
	bool denied = is_refusal(e);
	bool again = denied ? m->denied && same : same && (m->same_text + 1) % LOG_EVERY != 0;

	m->denied = denied;
	m->same_text = same ? m->same_text + 1 : 0;
	snprintf(m->last_text, sizeof(m->last_text), "%s", e->text);
	if (again)
		log_debug("%s; trying %s", e->text, next);
	else
		log_warn("%s; trying %s", e->text, next);
}

static void try_later(struct remote *r, const struct backoff *b, const struct err *e)
{
	char next[32];

	if (r->backoff != b)
		r->attempt = 0;		/* after a long outage, the first refusal is the first */
	r->backoff = b;
	uint32_t wait_ms = backoff_delay_ms(b, r->attempt++, (uint32_t)random_u64());

	snprintf(next, sizeof(next), "again in %u.%u s", wait_ms / 1000, wait_ms % 1000 / 100);
	log_failure(r, e, next);
	connect_after(r, (uint64_t)wait_ms * 1000000);
}

static void try_next_server(struct remote *r, const struct err *e)
{
	char next[SERVER_SIZE];

	endpoint_print(servers_now(r->servers), next, sizeof(next));
	log_failure(r, e, next);
	connect_soon(r);
}

/* Closed without a byte: another generation may fit. Returns false when all were tried. */
static bool try_next_generation(struct remote *r)
{
	struct memory *m = &r->memory[r->at];

	if (m->known) {
		m->known = false;	/* the server was replaced; from the top */
		r->tried = 0;
	} else {
		r->tried++;
	}
	if (r->tried >= r->n_candidates)
		return false;
	connect_soon(r);
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

static void note_session(struct remote *r, enum session_end end)
{
	if (end != SESSION_LOST && end != SESSION_REFUSED && end != SESSION_DONE)
		return;
	if (session_streamed_ns(r->session) >= GOOD_SESSION_NS)
		r->attempt = 0;
	r->memory[r->at].known = r->cfg.auto_gen;
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

static bool server_failed(enum session_end end)
{
	switch (end) {
	case SESSION_NO_LINK:
	case SESSION_NOT_SPOKEN:
	case SESSION_NO_ANSWER:
	case SESSION_REFUSED:
		return true;
	case SESSION_LOST:
	case SESSION_DONE:
		break;
	}
	return false;
}

static bool keeps_dropping(struct remote *r)
{
	struct memory *m = &r->memory[r->at];

	m->drops = session_streamed_ns(r->session) < DROPPED_WITHIN_NS ? m->drops + 1 : 0;
	if (m->drops < DROPS)
		return false;
	m->drops = 0;
	return true;
}

/* Returns whether it is the server's fault. */
static bool note_loss(struct remote *r)
{
	uint64_t streamed_ns = session_streamed_ns(r->session);

	if (streamed_ns >= GOOD_SESSION_NS)
		servers_lasted(r->servers);
	if (streamed_ns > 0)
		look_for_eviction(r, streamed_ns);
	return keeps_dropping(r);
}

static void wait_then_try(struct remote *r, const struct err *why, bool refused)
{
	refused |= r->round_refused;
	r->round_refused = false;
	try_later(r, refused ? &backoff_refusal : &backoff_link, why);
}

static void give_up(struct remote *r, const struct err *e)
{
	r->ended = true;
	r->cfg.gave_up(r->cfg.user, e);
}

void remote_down(struct remote *r, enum session_end end, const struct err *e)
{
	bool refused = end == SESSION_REFUSED ||
		       (end == SESSION_NO_LINK && is_refusal(e));
	bool moving = r->moving, failed = server_failed(end), final = e->code == ERR_GONE;
	struct err why;

	r->connected = r->moving = false;
	if (!moving && !final && end == SESSION_NOT_SPOKEN && try_next_generation(r))
		return;
	r->tried = 0;
	note_session(r, end);
	explain(final ? SESSION_NO_LINK : end, e, &why);
	r->cfg.over(r->cfg.user, end, &why, &refused);
	if (final) {
		give_up(r, e);
		return;
	}
	if (end == SESSION_LOST && !moving && !refused)
		failed = note_loss(r);
	if (!moving && failed) {
		r->round_refused |= refused;
		if (servers_failed(r->servers)) {
			try_next_server(r, &why);
			return;
		}
	}
	if (moving && !refused)
		connect_soon(r);
	else if (!r->cfg.retry || (end == SESSION_DONE && !refused))
		give_up(r, &why);
	else
		wait_then_try(r, &why, refused);
}
