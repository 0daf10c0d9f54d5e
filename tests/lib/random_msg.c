/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages with random content. */
#include "tests/lib/random_msg.h"

#include <stdlib.h>
#include <string.h>

struct source {
	struct rng *r;
	enum frame_gen gen;
	struct arena *arena;
};

uint64_t rng_next(struct rng *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}

static bool coin(struct source *s)
{
	return rng_below(s->r, 2);
}

static bool is_v3(const struct source *s)
{
	return s->gen == FRAME_V3;
}

/* Numbers of all magnitudes. */
static uint64_t number(struct source *s, uint64_t max)
{
	uint64_t v = rng_next(s->r) >> rng_below(s->r, 64);

	return max == UINT64_MAX ? v : v % (max + 1);
}

static void *take(struct source *s, size_t size)
{
	void *p = arena_alloc(s->arena, size);

	if (!p)
		abort();
	return p;
}

/* Any bytes: nothing in the protocol asks for UTF-8, or for text without a NUL. */
static struct text some_text(struct source *s)
{
	static const size_t lens[] = { 0, 1, 8, 31, 32, 100, 128, 300 };
	size_t len = rng_below(s->r, 1 + lens[rng_below(s->r, sizeof(lens) / sizeof(lens[0]))]);
	char *p = take(s, len);

	for (size_t i = 0; i < len; i++)
		p[i] = (char)rng_next(s->r);
	return (struct text){ p, len };
}

static struct text maybe_text(struct source *s)
{
	return coin(s) ? some_text(s) : (struct text){ NULL, 0 };
}

static struct text text_if(struct source *s, bool can)
{
	return can ? maybe_text(s) : (struct text){ NULL, 0 };
}

static struct text_list some_list(struct source *s)
{
	size_t n = coin(s) ? 0 : 1 + rng_below(s->r, 20);
	struct text *items = take(s, n * sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i] = some_text(s);
	return (struct text_list){ n > 0 ? items : NULL, n };
}

static enum msg_class some_class(struct source *s)
{
	return (enum msg_class)(1 << rng_below(s->r, 5));
}

/* v3 has some of these in 32 bits. */
static double some_double(struct source *s, bool is_float)
{
	double v = ((double)rng_below(s->r, 1 << 24) - (1 << 23)) / 512;

	return is_float ? v : v / 3;
}

static uint64_t some_time(struct source *s)
{
	return number(s, UINT64_MAX / 2);
}

static void fill_hop(struct source *s, bool *has_hop, struct msg_hop *h)
{
	uint32_t max = is_v3(s) ? UINT16_MAX : UINT32_MAX;

	*has_hop = coin(s);
	if (!*has_hop)
		return;
	h->has_rate = coin(s);
	h->has_shuffle = coin(s);
	h->has_skip = coin(s);
	h->has_offset = coin(s);
	if (h->has_rate)
		h->rate_hps = some_double(s, is_v3(s));
	h->shuffle = h->has_shuffle && coin(s);
	if (h->has_skip)
		h->skip = (uint32_t)number(s, max);
	if (h->has_offset)
		h->offset = (uint32_t)number(s, max);
	h->channels = some_list(s);
}

static void fill_gps_value(struct source *s, bool *has, double *value)
{
	*has = !is_v3(s) || coin(s);
	if (*has)
		*value = some_double(s, is_v3(s));
}

static void fill_gps(struct source *s, struct msg_gps *g)
{
	g->lat_deg = some_double(s, false);
	g->lon_deg = some_double(s, false);
	fill_gps_value(s, &g->has_alt, &g->alt_m);
	fill_gps_value(s, &g->has_speed, &g->speed_kmh);
	fill_gps_value(s, &g->has_heading, &g->heading_deg);
	fill_gps_value(s, &g->has_precision, &g->precision_m);
	g->fix = (uint8_t)number(s, UINT8_MAX);
	g->time_us = some_time(s);
	g->type = is_v3(s) ? maybe_text(s) : some_text(s);
	g->name = is_v3(s) ? maybe_text(s) : some_text(s);
	g->uuid = text_if(s, is_v3(s));
}

static void fill_level(struct source *s, bool *has, int32_t *level)
{
	*has = coin(s);
	if (*has)
		*level = (int32_t)(uint32_t)number(s, UINT32_MAX);
}

static void fill_signal(struct source *s, struct msg_signal *g)
{
	/* v0 and v2 have a double for these: exact up to 2^53 */
	uint64_t max = is_v3(s) ? UINT64_MAX : (uint64_t)1 << 53;

	fill_level(s, &g->has_signal_dbm, &g->signal_dbm);
	fill_level(s, &g->has_noise_dbm, &g->noise_dbm);
	fill_level(s, &g->has_signal_rssi, &g->signal_rssi);
	fill_level(s, &g->has_noise_rssi, &g->noise_rssi);
	g->has_freq_khz = coin(s);
	if (g->has_freq_khz)
		g->freq_khz = number(s, max);
	g->has_datarate = coin(s);
	if (g->has_datarate)
		g->datarate = number(s, max);
	g->channel = maybe_text(s);
}

static void fill_packet(struct source *s, struct msg_packet *p)
{
	struct text content = some_text(s);

	p->dlt = (uint32_t)number(s, coin(s) ? 255 : UINT32_MAX);
	p->has_time = !is_v3(s) || coin(s);
	p->time_us = p->has_time ? some_time(s) : 0;
	p->data = (const uint8_t *)content.s;
	p->len = (uint32_t)content.len;
	p->orig_len = coin(s) ? p->len : p->len + (uint32_t)number(s, 100000);
}

static void fill_json(struct source *s, struct msg_json *j)
{
	j->type = some_text(s);
	j->json = some_text(s);
	j->has_time = !is_v3(s) || coin(s);
	j->time_us = j->has_time ? some_time(s) : 0;
}

static void fill_buffer(struct source *s, struct msg_buffer *b)
{
	struct text content = some_text(s);

	b->type = some_text(s);
	b->data = (const uint8_t *)content.s;
	b->len = (uint32_t)content.len;
	b->time_us = some_time(s);
}

static void fill_data(struct source *s, struct msg_data *d)
{
	d->has_gps = coin(s);
	if (d->has_gps)
		fill_gps(s, &d->gps);
	d->has_signal = coin(s);
	if (d->has_signal)
		fill_signal(s, &d->signal);
	switch (rng_below(s->r, 4)) {
	case 0:
		fill_packet(s, &d->packet);
		break;
	case 1:
		fill_json(s, &d->json);
		break;
	case 2:
		if (!is_v3(s))
			fill_buffer(s, &d->buffer);
		break;
	}
	d->warning = text_if(s, !is_v3(s));
	d->message = text_if(s, !is_v3(s));
	if (d->message.s)
		d->message_class = some_class(s);
}

static void fill_list_report(struct source *s, struct msg_list_report *m)
{
	size_t n = rng_below(s->r, 6);
	struct msg_interface *items = take(s, n * sizeof(*items));

	m->success = coin(s);
	m->reply_to = (uint32_t)number(s, UINT32_MAX);
	m->message = maybe_text(s);
	m->version = text_if(s, is_v3(s));
	for (size_t i = 0; i < n; i++) {
		items[i].name = some_text(s);
		items[i].flags = some_text(s);
		items[i].hardware = maybe_text(s);
		items[i].capif = maybe_text(s);
	}
	m->interfaces = n > 0 ? items : NULL;
	m->n_interfaces = n;
}

static void fill_probe_report(struct source *s, struct msg_probe_report *m)
{
	m->success = coin(s);
	m->message = maybe_text(s);
	m->hardware = maybe_text(s);
	m->channel = maybe_text(s);
	m->channels = some_list(s);
}

static void fill_open_report(struct source *s, struct msg_open_report *m)
{
	m->success = coin(s);
	m->has_dlt = coin(s);
	m->dlt = m->has_dlt ? (uint32_t)number(s, UINT32_MAX) : 0;
	m->message = maybe_text(s);
	m->capif = maybe_text(s);
	m->hardware = maybe_text(s);
	m->uuid = maybe_text(s);
	m->channel = maybe_text(s);
	m->channels = some_list(s);
	fill_hop(s, &m->has_hop, &m->hop);
	m->version = text_if(s, is_v3(s));
	m->warning = text_if(s, !is_v3(s));
}

/* v3 carries the channel or the hop. */
static void fill_configure_report(struct source *s, struct msg_configure_report *m)
{
	m->success = coin(s);
	m->channel = maybe_text(s);
	if (!is_v3(s) || !m->channel.s)
		fill_hop(s, &m->has_hop, &m->hop);
	m->message = maybe_text(s);
	m->warning = text_if(s, !is_v3(s));
}

static void fill_bluetooth(struct source *s, struct msg_bluetooth *m)
{
	m->time_us = some_time(s);
	m->address = some_text(s);
	m->name = some_text(s);
	m->txpower = (int32_t)(uint32_t)number(s, UINT32_MAX);
	m->type = (int32_t)(uint32_t)number(s, UINT32_MAX);
	m->uuids = some_list(s);
}

enum frame_gen random_msg_gen(unsigned number)
{
	enum frame_gen gen = (enum frame_gen)(number % FRAME_GENS);

	return msg_gen_supported(gen) ? gen : FRAME_V3;
}

bool random_msg_exists(enum frame_gen gen, enum msg_type type)
{
	if (type == MSG_UNKNOWN)
		return false;
	return gen != FRAME_V3 ||
	       (type != MSG_WARNING && type != MSG_CLOSE && type != MSG_BLUETOOTH);
}

void random_msg(struct rng *r, enum frame_gen gen, enum msg_type type, struct arena *arena,
		struct msg *out)
{
	struct source s = { r, gen, arena };
	uint32_t reply_to = (uint32_t)number(&s, UINT32_MAX);

	memset(out, 0, sizeof(*out));
	out->type = type;
	out->seqno = (uint32_t)number(&s, UINT32_MAX);
	/* in v3 the frames of most answers have the request's number */
	if (gen == FRAME_V3 && (type == MSG_PONG || type == MSG_ERROR ||
				type == MSG_PROBE_REPORT || type == MSG_OPEN_REPORT ||
				type == MSG_CONFIGURE_REPORT))
		out->seqno = reply_to;
	switch (type) {
	case MSG_REGISTER:
	case MSG_SHUTDOWN:
	case MSG_WARNING:
		out->text = some_text(&s);
		break;
	case MSG_PROBE:
	case MSG_OPEN:
		out->definition = some_text(&s);
		break;
	case MSG_PONG:
		out->reply_to = reply_to;
		break;
	case MSG_MESSAGE:
		out->message.class = some_class(&s);
		out->message.text = some_text(&s);
		break;
	case MSG_ERROR:
		out->error.success = gen != FRAME_V3 && coin(&s);
		out->error.reply_to = reply_to;
		out->error.text = maybe_text(&s);
		break;
	case MSG_PROBE_REPORT:
		fill_probe_report(&s, &out->probe_report);
		out->probe_report.reply_to = reply_to;
		break;
	case MSG_LIST_REPORT:
		fill_list_report(&s, &out->list_report);
		break;
	case MSG_OPEN_REPORT:
		fill_open_report(&s, &out->open_report);
		out->open_report.reply_to = reply_to;
		break;
	case MSG_CONFIGURE:
		out->configure.channel = maybe_text(&s);
		fill_hop(&s, &out->configure.has_hop, &out->configure.hop);
		break;
	case MSG_CONFIGURE_REPORT:
		fill_configure_report(&s, &out->configure_report);
		out->configure_report.reply_to = reply_to;
		break;
	case MSG_NEWSOURCE:
		out->newsource.definition = some_text(&s);
		out->newsource.type = some_text(&s);
		out->newsource.uuid = some_text(&s);
		out->newsource.instance = coin(&s) ? number(&s, UINT64_MAX) : 0;
		break;
	case MSG_DATA:
		fill_data(&s, &out->data);
		break;
	case MSG_BLUETOOTH:
		fill_bluetooth(&s, &out->bluetooth);
		break;
	case MSG_PING:
	case MSG_LIST:
	case MSG_CLOSE:
	case MSG_UNKNOWN:
		break;
	}
}
