/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources come, open and go. */
#include <errno.h>
#include <inttypes.h>

#include "capture_receiver/receiver_int.h"
#include "capture_receiver/safe_text.h"
#include "protocol/srcdef.h"

/* --- NEWSOURCE --- */

/* uuid= in the definition counts before the message's own (docs/protocol.md 3.6). */
static int choose_uuid(const struct srcdef *def, struct text given, char uuid[UUID_SIZE],
		       struct err *e)
{
	struct text own = srcdef_get(def, "uuid");

	if (!uuid_normalize(uuid, own.s ? own : given))
		return err_set(e, ERR_PROTOCOL, "'%.*s' is no UUID",
			       TEXT_ARG(own.s ? own : given));
	return 0;
}

/* The record of this UUID, old or new; refused when the UUID is another type's. */
static struct source *find_source(struct receiver *r, const char *uuid, struct text type,
				  struct err *e)
{
	struct source *s = source_table_find(r->sources, uuid);
	char safe_type[SOURCE_TYPE_SIZE];

	if (!s) {
		s = source_table_add(r->sources, uuid, type);
		if (!s)
			err_sys(e, ENOMEM, "new source");
		return s;
	}
	safe_name(safe_type, sizeof(safe_type), type);
	if (strcmp(s->type, safe_type) == 0)
		return s;
	err_set(e, ERR_PROTOCOL, "its UUID %s is known as a source of type %s, not %s", uuid,
		s->type, safe_type);
	return NULL;
}

static void bind_source(struct receiver *r, struct client *c, struct source *s, uint64_t instance)
{
	if (s->client)
		client_close(s->client, false, "a newer connection took its place");
	c->source = s;
	s->client = c;
	s->connections++;
	source_table_touch(r->sources, s);
	source_use_instance(s, instance);
	sink_source_up(r->sink, s);
	s->packets_before = s->stats.packets;
	c->before = s->stats;
	r->n_connected++;
	loop_timer_cancel(r->loop, &r->idle);
}

static int announce_parsed(struct receiver *r, struct client *c, const struct msg_newsource *m,
			   const struct srcdef *def, struct err *e)
{
	struct text name = srcdef_get(def, "name");
	char uuid[UUID_SIZE];
	struct source *s;

	if (choose_uuid(def, m->uuid, uuid, e) < 0)
		return -1;
	s = find_source(r, uuid, m->type, e);
	if (!s)
		return -1;
	if (source_describe(s, name.len ? name : def->interface, m->definition) < 0)
		return err_sys(e, ENOMEM, "new source");
	bind_source(r, c, s, m->instance);
	report_info("connected %s (%s %s) from %s, %s", s->name, s->type, s->uuid,
		    c->transport->peer, frame_gen_name(c->gen));
	return 0;
}

int receiver_announced(void *user, struct client *c, const struct msg_newsource *m,
		       char *definition, size_t size, struct err *e)
{
	struct receiver *r = user;
	struct srcdef def;
	int rc;

	rc = srcdef_parse(&def, m->definition);
	if (rc < 0) {
		err_set(e, ERR_PROTOCOL, "its definition cannot be read: %s",
			rc == -ENOMEM ? "out of memory" : def.problem);
	} else {
		rc = announce_parsed(r, c, m, &def, e);
		if (rc == 0 && def.n_problems)
			report_warn("%s: definition: %s", c->source->name, def.problem);
		if (rc == 0 && srcdef_print(&def, definition, size) >= size)
			rc = err_set(e, ERR_PROTOCOL, "its definition is too long");
	}
	srcdef_free(&def);
	return rc;
}

/* --- open report --- */

void receiver_opened(void *user, struct client *c, const struct msg_open_report *m)
{
	struct receiver *r = user;
	struct source *s = c->source;

	r->was_open = true;
	source_set_hardware(s, m->hardware);
	report_info("opened %s (%s %s)%s%.*s", s->name, s->type, s->uuid,
		    m->message.len ? ": " : "", TEXT_ARG(m->message));
	if (m->warning.len)
		report_warn("%s: %.*s", s->name, TEXT_ARG(m->warning));
	receiver_hop_opened(r, s, m->channels);
}

/* --- the end --- */

static void log_stranger(struct receiver *r, const struct client *c, const char *reason,
			 bool orderly)
{
	uint64_t withheld = 0;

	r->n_strangers++;
	if (orderly) {
		report_debug("%s: %s", c->transport->peer, reason);
		return;
	}
	if (!report_allowed(&r->strangers, loop_now_ns(r->loop), &withheld))
		return;
	if (withheld)
		report_info("%" PRIu64 " more connections were closed without a source", withheld);
	report_info("closed %s: %s", c->transport->peer, reason);
}

static void log_closed(const struct receiver *r, const struct client *c, const char *reason,
		       bool orderly)
{
	const struct source *s = c->source;
	const struct source_stats *now = &s->stats, *before = &c->before;
	double seconds = (double)(loop_now_ns(r->loop) - c->started_ns) / 1e9;
	void (*say)(const char *fmt, ...) = orderly ? report_info : report_warn;

	say("closed %s (%s %s) after %.1f s: %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64
	    " lost, %" PRIu64 " repeated (%s)", s->name, s->type, s->uuid, seconds,
	    now->packets - before->packets, now->bytes - before->bytes,
	    now->lost - before->lost, now->repeated - before->repeated, reason);
}

static void on_idle(void *user)
{
	struct receiver *r = user;

	loop_stop(r->loop);
}

static void release_source(struct receiver *r, struct source *s)
{
	s->client = NULL;
	s->hop_group = 0;
	configure_plan_free(&s->plan);
	source_table_touch(r->sources, s);
	sink_source_down(r->sink, s);
	r->n_connected--;
	if (r->n_connected == 0 && r->was_open && r->config.exit_idle_ns != LOOP_NEVER)
		loop_timer_set(r->loop, &r->idle, loop_now_ns(r->loop) + r->config.exit_idle_ns,
			       on_idle, r);
}

void receiver_closed(void *user, struct client *c, const char *reason, bool orderly)
{
	struct receiver *r = user;

	if (!c->source) {
		log_stranger(r, c, reason, orderly);
		return;
	}
	log_closed(r, c, reason, orderly || r->finishing);
	release_source(r, c->source);
	c->source = NULL;
}
