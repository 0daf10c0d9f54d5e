/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface and packet blocks for the sources' packets. */
#include "capture_receiver/pcapng_output.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "capture_common/pcapng.h"
#include "capture_receiver/safe_text.h"

#define COMMENT_SIZE 512
/* Definition, name, hardware, comment and the block's own fields. */
#define INTERFACE_BOUND ((size_t)12 << 10)

/* Link types whose packets bring the signal in a header of their own. */
#define DLT_PRISM 119
#define DLT_RADIOTAP 127
#define DLT_AVS 163
#define DLT_PPI 192

struct comment {
	char text[COMMENT_SIZE];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct comment *c, const char *fmt, ...)
{
	size_t room = sizeof(c->text) - c->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->text + c->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room)
		c->len += (size_t)n;
	else
		c->text[c->len] = '\0';
}

static void add_text(struct comment *c, const char *key, struct text t)
{
	char safe[64];

	if (t.len > 0 && safe_text(safe, sizeof(safe), t) > 0)
		add(c, " %s=%s", key, safe);
}

static bool in_range(double v, double limit)
{
	return isfinite(v) && fabs(v) <= limit;
}

static void add_gps(struct comment *c, const struct msg_gps *g)
{
	if (!in_range(g->lat_deg, 90) || !in_range(g->lon_deg, 180))
		return;
	add(c, "gps lat=%.7f lon=%.7f", g->lat_deg, g->lon_deg);
	if (g->has_alt && in_range(g->alt_m, 1e7))
		add(c, " alt=%.1f", g->alt_m);
	add(c, " fix=%u", g->fix);
	add_text(c, "name", g->name);
}

static void add_signal(struct comment *c, const struct msg_signal *s)
{
	add(c, "%ssignal", c->len ? "; " : "");
	if (s->has_signal_dbm)
		add(c, " signal_dbm=%" PRId32, s->signal_dbm);
	if (s->has_noise_dbm)
		add(c, " noise_dbm=%" PRId32, s->noise_dbm);
	if (s->has_signal_rssi)
		add(c, " signal_rssi=%" PRId32, s->signal_rssi);
	if (s->has_noise_rssi)
		add(c, " noise_rssi=%" PRId32, s->noise_rssi);
	if (s->has_freq_khz)
		add(c, " freq_khz=%" PRIu64, s->freq_khz);
	if (s->has_datarate)
		add(c, " datarate=%" PRIu64, s->datarate);
	add_text(c, "channel", s->channel);
}

static bool carries_signal(uint32_t dlt)
{
	return dlt == DLT_RADIOTAP || dlt == DLT_PPI || dlt == DLT_PRISM || dlt == DLT_AVS;
}

static struct text packet_comment(struct comment *c, const struct msg_data *d)
{
	c->len = 0;
	if (d->has_gps)
		add_gps(c, &d->gps);
	if (d->has_signal && !carries_signal(d->packet.dlt))
		add_signal(c, &d->signal);
	return c->len ? (struct text){ c->text, c->len } : (struct text){ NULL, 0 };
}

/* --- blocks --- */

void pcapng_output_start(struct pcapng_output *p, struct output *out, uint32_t section,
			 unsigned which)
{
	char os[200] = "";
	struct utsname un;
	struct pcapng_section s = { .application = text_of("kismet_cap_receiver") };
	uint8_t *at;
	size_t room, n;

	*p = (struct pcapng_output){ .out = out, .section = section, .which = which };
	if (uname(&un) == 0) {
		snprintf(os, sizeof(os), "%.64s %.64s", un.sysname, un.release);
		s.os = text_of(os);
	}
	at = output_space(out, &room);
	n = pcapng_put_section(&s, at, room);
	assert(n > 0);
	output_filled(out, n);
}

/* The text that resume_pcapng.c reads again. */
static struct text interface_comment(struct comment *c, const struct source *s,
				     const struct msg_data *d)
{
	c->len = 0;
	add(c, "uuid=%s type=%s instance=%016" PRIx64, s->uuid, s->type, s->instance);
	if (d->has_gps) {
		add(c, " ");
		add_gps(c, &d->gps);
	}
	return (struct text){ c->text, c->len };
}

static uint32_t put_interface(struct pcapng_output *p, const struct source *s,
			      const struct msg_data *d)
{
	struct comment c;
	struct pcapng_interface i = {
		.dlt = d->packet.dlt,
		.name = text_of(s->name),
		.description = text_of(s->definition),
		.hardware = *s->hardware ? text_of(s->hardware) : (struct text){ NULL, 0 },
		.comment = interface_comment(&c, s, d),
	};
	size_t room, n;
	uint8_t *at = output_space(p->out, &room);

	n = pcapng_put_interface(&i, at, room);
	assert(n > 0);
	output_filled(p->out, n);
	return p->n_interfaces++;
}

static bool is_for(const struct source_interface *i, const struct pcapng_output *p,
		   const struct source *s, uint32_t dlt)
{
	return i->section == p->section && i->dlt == dlt && i->instance == s->instance;
}

/* The interface of this link type, written when it is new. The latest one is in front. */
static uint32_t interface_of(struct pcapng_output *p, struct source *s, const struct msg_data *d)
{
	struct source_interface *known = s->interfaces[p->which], found;
	uint32_t dlt = d->packet.dlt;
	size_t i = 0;

	if (is_for(&known[0], p, s, dlt))
		return known[0].index;
	while (i < SOURCE_INTERFACES - 1 && !is_for(&known[i], p, s, dlt))
		i++;
	found = known[i];
	if (!is_for(&found, p, s, dlt))
		found = (struct source_interface){ p->section, dlt, s->instance,
						   put_interface(p, s, d) };
	memmove(&known[1], &known[0], i * sizeof(known[0]));
	known[0] = found;
	return found.index;
}

bool pcapng_output_has_room(struct pcapng_output *p, const struct msg_data *d)
{
	return output_has_room(p->out, d->packet.len + COMMENT_SIZE + INTERFACE_BOUND + 128);
}

bool pcapng_output_can_hold(const struct msg_data *d)
{
	return d->packet.dlt <= 0xffff;
}

void pcapng_output_put(struct pcapng_output *p, struct source *s, const struct msg_data *d,
		       const uint32_t *number, uint64_t now_us)
{
	const struct msg_packet *m = &d->packet;
	struct comment c;
	struct pcapng_packet packet = {
		.interface = interface_of(p, s, d),
		.time_us = m->has_time ? m->time_us : now_us,
		.orig_len = m->orig_len > m->len ? m->orig_len : m->len,
		.data = m->data,
		.len = m->len,
		.has_id = number != NULL,
		.id = number ? *number : 0,
		.comment = packet_comment(&c, d),
	};
	size_t room, n;
	uint8_t *at = output_space(p->out, &room);

	n = pcapng_put_packet(&packet, at, room);
	assert(n > 0);
	output_filled(p->out, n);
}
