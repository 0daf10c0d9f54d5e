/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record: is it new, is there room for it, what does it count as. */
#include <inttypes.h>
#include <string.h>

#include "capture_receiver/receiver_int.h"
#include "capture_receiver/json_output.h"

/* --- what tools say --- */

/* Without the name in front, which many tools put there themselves. */
static struct text without_name(const struct source *s, struct text text)
{
	size_t n = strlen(s->name);

	if (text.len > n + 2 && memcmp(text.s, s->name, n) == 0 &&
	    memcmp(text.s + n, ": ", 2) == 0)
		return (struct text){ text.s + n + 2, text.len - n - 2 };
	return text;
}

static void log_text(struct receiver *r, struct source *s, enum msg_class class, struct text text)
{
	uint64_t withheld = 0;

	if (text.len == 0)
		return;
	text = without_name(s, text);
	if (class == MSG_CLASS_DEBUG) {
		report_debug("%s: %.*s", s->name, TEXT_ARG(text));
		return;
	}
	if (!report_allowed(&s->log_limit, loop_now_ns(r->loop), &withheld))
		return;
	if (withheld)
		report_warn("%s: %" PRIu64 " messages not shown", s->name, withheld);
	if (class == MSG_CLASS_INFO)
		report_info("%s: %.*s", s->name, TEXT_ARG(text));
	else
		report_warn("%s: %.*s", s->name, TEXT_ARG(text));
}

static void log_texts(struct receiver *r, struct source *s, const struct msg *m)
{
	if (m->type == MSG_MESSAGE) {
		log_text(r, s, m->message.class, m->message.text);
	} else if (m->type == MSG_WARNING) {
		log_text(r, s, MSG_CLASS_ERROR, m->text);
	} else if (m->type == MSG_ERROR) {
		log_text(r, s, MSG_CLASS_ERROR, m->error.text);
	} else if (m->type == MSG_DATA) {
		log_text(r, s, m->data.message_class, m->data.message);
		log_text(r, s, MSG_CLASS_ERROR, m->data.warning);
	}
}

/* --- counting --- */

static void add_stats(struct source_stats *to, const struct source_stats *more)
{
	to->packets += more->packets;
	to->bytes += more->bytes;
	to->records += more->records;
	to->messages += more->messages;
	to->lost += more->lost;
	to->repeated += more->repeated;
	to->unwritable += more->unwritable;
}

static bool is_data(const struct msg *m)
{
	return m->type == MSG_DATA || m->type == MSG_BLUETOOTH;
}

static struct source_stats count_taken(const struct msg *m)
{
	struct source_stats n = { .packets = 0 };

	if (!is_data(m)) {
		n.messages = 1;
	} else if (m->type == MSG_DATA && m->data.packet.data) {
		n.packets = 1;
		n.bytes = m->data.packet.len;
	} else {
		n.records = 1;
	}
	return n;
}

static void tell_json(struct receiver *r, const struct source *s, const struct msg *m)
{
	if (r->told_json || sink_has_json(r->sink) || !json_output_wants(m))
		return;
	r->told_json = true;
	report_info("%s sends data that is no packets; without --json it is only counted",
		    s->name);
}

/* --- taking it --- */

/* Tools number DATA and MESSAGE (docs/protocol.md 8.1); other frames have other numbers. */
static const uint32_t *number_of(const struct source *s, const struct msg *m)
{
	if (s->instance == 0 || (m->type != MSG_DATA && m->type != MSG_MESSAGE))
		return NULL;
	return &m->seqno;
}

static bool take(struct receiver *r, struct source *s, const struct msg *m,
		 const uint32_t *number, struct source_stats *n)
{
	enum sink_take taken = is_data(m) ? sink_take(r->sink, s, m, number) : SINK_TAKEN;

	switch (taken) {
	case SINK_TAKEN:
		*n = count_taken(m);
		break;
	case SINK_REPEATED:
		n->repeated = 1;
		break;
	case SINK_UNWRITABLE:
		*n = count_taken(m);
		n->unwritable = 1;
		if (s->stats.unwritable == 0)
			report_warn("%s: link type %" PRIu32 " does not fit into a capture file; "
				    "such packets are only counted", s->name, m->data.packet.dlt);
		break;
	case SINK_FULL:
		receiver_pause(r);
		return false;
	}
	return true;
}

bool receiver_record(void *user, struct client *c, const struct msg *m)
{
	struct receiver *r = user;
	struct source *s = c->source;
	const uint32_t *number = number_of(s, m);
	struct source_stats n = { .packets = 0 };
	uint64_t lost = s->stats.lost;

	if (number && source_check_number(s, *number) == SOURCE_REPEATED) {
		n.repeated = 1;
	} else {
		if (!take(r, s, m, number, &n))
			return false;
		if (number)
			source_note_number(s, *number);
		if (n.repeated == 0)
			log_texts(r, s, m);
	}
	add_stats(&s->stats, &n);
	n.lost = s->stats.lost - lost;
	add_stats(&r->totals, &n);
	tell_json(r, s, m);
	receiver_settle_later(r);
	return true;
}
