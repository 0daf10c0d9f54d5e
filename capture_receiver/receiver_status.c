/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling how it goes: rates, the live table, and sums. */
#include <inttypes.h>
#include <stdio.h>

#include "capture_common/log.h"
#include "capture_receiver/receiver_int.h"

#define TICK_NS UINT64_C(1000000000)
#define MAX_ROWS 100
#define LAST_TABLE_WIDTH 100
#define TABLE_SIZE ((size_t)32 << 10)

static const char *state_text(const struct receiver *r, const struct client *c)
{
	if (r->host.paused)
		return "paused";
	switch (c->state) {
	case CLIENT_WAITING:
		return "waiting";
	case CLIENT_OPENING:
		return "opening";
	case CLIENT_OPEN:
		return "open";
	case CLIENT_CLOSED:
		return "closed";
	}
	return "";
}

static struct table_row make_row(const struct receiver *r, const struct source *s)
{
	const struct client *c = s->client;
	struct table_row row = {
		.name = s->name,
		.type = s->type,
		.peer = "",
		.gen = "",
		.state = "closed",
		.packets_per_s = s->packets_per_s,
		.stats = s->stats,
	};

	if (!c)
		return row;
	row.peer = c->transport->peer;
	row.gen = frame_gen_name(c->gen);
	row.state = state_text(r, c);
	row.age_s = (double)(loop_now_ns(r->loop) - c->started_ns) / 1e9;
	return row;
}

static char table_text[TABLE_SIZE];

/* Renders max rows into table_text; with_gone: also of sources that are not connected. */
static size_t render(const struct receiver *r, size_t max, unsigned width, bool with_gone)
{
	struct table_row rows[MAX_ROWS];
	size_t n = 0, hidden = 0;

	if (max > MAX_ROWS)
		max = MAX_ROWS;
	for (struct source *s = source_table_oldest(r->sources); s; s = s->newer) {
		if (!s->client && !with_gone)
			continue;
		if (n < max)
			rows[n++] = make_row(r, s);
		else
			hidden++;
	}
	return table_render(table_text, sizeof(table_text), rows, n, hidden, width);
}

static void draw(struct receiver *r)
{
	size_t max;
	unsigned width;

	table_screen_size(r->screen, &max, &width);
	table_screen_draw(r->screen, table_text, render(r, max, width, false));
}

void receiver_print_table(const struct receiver *r)
{
	if (source_table_count(r->sources) == 0 || !log_enabled(LOG_LEVEL_INFO))
		return;
	size_t len = render(r, MAX_ROWS, LAST_TABLE_WIDTH, true);

	if (r->screen)
		table_screen_erase(r->screen);
	fwrite(table_text, 1, len, stderr);
}

static void update_rates(struct receiver *r, double seconds)
{
	for (struct source *s = source_table_oldest(r->sources); s; s = s->newer) {
		uint64_t n = s->stats.packets - s->packets_before;

		s->packets_per_s = (double)n / seconds;
		s->packets_before = s->stats.packets;
	}
}

static void on_tick(void *user)
{
	struct receiver *r = user;
	uint64_t now = loop_now_ns(r->loop);

	if (now > r->tick_ns)
		update_rates(r, (double)(now - r->tick_ns) / 1e9);
	r->tick_ns = now;
	draw(r);
	loop_timer_set(r->loop, &r->tick, now + TICK_NS, on_tick, r);
}

static void on_log_line(void *user)
{
	struct receiver *r = user;

	table_screen_erase(r->screen);
}

void receiver_start_ticking(struct receiver *r)
{
	if (r->config.table_fd < 0)
		return;
	r->screen = table_screen_new(r->config.table_fd);
	if (!r->screen)
		return;
	report_before_line(on_log_line, r);
	r->tick_ns = loop_now_ns(r->loop);
	loop_timer_set(r->loop, &r->tick, r->tick_ns + TICK_NS, on_tick, r);
}

static void print_stats(const char *what, const struct source_stats *s)
{
	report_info("%s: %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " other records, %"
		    PRIu64 " messages, %" PRIu64 " lost, %" PRIu64 " repeated, %" PRIu64
		    " not writable", what, s->packets, s->bytes, s->records, s->messages, s->lost,
		    s->repeated, s->unwritable);
}

void receiver_print_totals(const struct receiver *r, const char *what)
{
	print_stats(what, &r->totals);
	report_info("%s: %zu sources, %" PRIu64 " connections, %" PRIu64 " of them without a "
		    "source, %" PRIu64 " more refused", what, source_table_count(r->sources),
		    r->n_accepted, r->n_strangers, r->n_rejected);
}

void receiver_print_counters(struct receiver *r)
{
	for (const struct source *s = source_table_oldest(r->sources); s; s = s->newer) {
		char what[SOURCE_NAME_SIZE + SOURCE_TYPE_SIZE + 64];

		snprintf(what, sizeof(what), "%s (%s %s, %s)", s->name, s->type, s->uuid,
			 s->client ? "connected" : "gone");
		print_stats(what, &s->stats);
	}
	receiver_print_totals(r, "total");
}
