/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages as JSON. */
#include "tests/lib/msg_json.h"

#include <stdio.h>
#include <stdlib.h>

static void add(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static void add_int(struct json_object *o, const char *key, uint64_t v)
{
	add(o, key, json_object_new_int64((int64_t)v));
}

static void add_int_if(struct json_object *o, const char *key, bool has, uint64_t v)
{
	if (has)
		add_int(o, key, v);
}

static void add_bool(struct json_object *o, const char *key, bool v)
{
	add(o, key, json_object_new_boolean(v));
}

static void add_double(struct json_object *o, const char *key, double v)
{
	add(o, key, json_object_new_double(v));
}

static void add_double_if(struct json_object *o, const char *key, bool has, double v)
{
	if (has)
		add_double(o, key, v);
}

static struct json_object *text_json(struct text t)
{
	return json_object_new_string_len(t.s, (int)t.len);
}

static void add_text(struct json_object *o, const char *key, struct text t)
{
	if (t.s)
		add(o, key, text_json(t));
}

static void add_list(struct json_object *o, const char *key, struct text_list list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list.n; i++)
		json_object_array_add(array, text_json(list.items[i]));
	if (list.n > 0)
		add(o, key, array);
	else
		json_object_put(array);
}

static void add_hex(struct json_object *o, const char *key, const uint8_t *data, size_t len)
{
	char *hex = malloc(2 * len + 1);

	if (!hex)
		abort();
	hex[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	add(o, key, json_object_new_string(hex));
	free(hex);
}

static struct json_object *object_with(const char *key, struct json_object *value)
{
	struct json_object *o = json_object_new_object();

	add(o, key, value);
	return o;
}

static struct json_object *one_text(const char *key, struct text t)
{
	struct json_object *o = json_object_new_object();

	add_text(o, key, t);
	return o;
}

static void add_time(struct json_object *o, enum frame_gen gen, uint64_t time_us)
{
	add_int(o, gen == FRAME_V3 ? "ts_s" : "time_sec", time_us / 1000000);
	add_int(o, gen == FRAME_V3 ? "ts_us" : "time_usec", time_us % 1000000);
}

/* --- parts --- */

static struct json_object *hop_json(enum frame_gen gen, const struct msg_hop *h)
{
	struct json_object *o = json_object_new_object();

	add_double_if(o, "rate", h->has_rate, h->rate_hps);
	if (h->has_shuffle)
		add_bool(o, "shuffle", h->shuffle);
	add_int_if(o, gen == FRAME_V3 ? "skip" : "shuffle_skip", h->has_skip, h->skip);
	add_int_if(o, "offset", h->has_offset, h->offset);
	add_list(o, gen == FRAME_V3 ? "chan_list" : "channels", h->channels);
	return o;
}

static struct json_object *gps_json(enum frame_gen gen, const struct msg_gps *g)
{
	struct json_object *o = json_object_new_object();

	add_double(o, "lat", g->lat_deg);
	add_double(o, "lon", g->lon_deg);
	add_double_if(o, "alt", g->has_alt, g->alt_m);
	add_double_if(o, "speed", g->has_speed, g->speed_kmh);
	add_double_if(o, "heading", g->has_heading, g->heading_deg);
	add_double_if(o, "precision", g->has_precision, g->precision_m);
	add_int(o, "fix", g->fix);
	add_time(o, gen, g->time_us);
	add_text(o, "type", g->type);
	add_text(o, "name", g->name);
	add_text(o, "uuid", g->uuid);
	return o;
}

/* v3 has levels in 32 bits without a sign. */
static void add_level(struct json_object *o, enum frame_gen gen, const char *key, bool has,
		      int32_t level)
{
	if (has && gen == FRAME_V3)
		add_int(o, key, (uint32_t)level);
	else
		add_double_if(o, key, has, level);
}

static struct json_object *signal_json(enum frame_gen gen, const struct msg_signal *s)
{
	struct json_object *o = json_object_new_object();

	add_level(o, gen, "signal_dbm", s->has_signal_dbm, s->signal_dbm);
	add_level(o, gen, "noise_dbm", s->has_noise_dbm, s->noise_dbm);
	add_level(o, gen, "signal_rssi", s->has_signal_rssi, s->signal_rssi);
	add_level(o, gen, "noise_rssi", s->has_noise_rssi, s->noise_rssi);
	add_int_if(o, "freq_khz", s->has_freq_khz, s->freq_khz);
	add_int_if(o, "datarate", s->has_datarate, s->datarate);
	add_text(o, "channel", s->channel);
	return o;
}

static struct json_object *packet_json(enum frame_gen gen, const struct msg_packet *p)
{
	struct json_object *o = json_object_new_object();

	add_int(o, "dlt", p->dlt);
	if (p->has_time)
		add_time(o, gen, p->time_us);
	if (gen == FRAME_V3)
		add_int(o, "length", p->orig_len);
	else
		add_int(o, "size", p->len);
	add_int_if(o, "cap_size", gen != FRAME_V3 && p->orig_len != p->len, p->orig_len);
	add_hex(o, gen == FRAME_V3 ? "content" : "data", p->data, p->len);
	return o;
}

static struct json_object *json_json(enum frame_gen gen, const struct msg_json *j)
{
	struct json_object *o = json_object_new_object();

	if (j->has_time)
		add_time(o, gen, j->time_us);
	add_text(o, "type", j->type);
	add_text(o, "json", j->json);
	return o;
}

static struct json_object *message_json(enum frame_gen gen, enum msg_class class, struct text t)
{
	struct json_object *o = json_object_new_object();

	add_int(o, gen == FRAME_V3 ? "type" : "msgtype", class);
	add_text(o, gen == FRAME_V3 ? "string" : "msgtext", t);
	return o;
}

/* What reports have in common: the request, the result and a text about it. */
static struct json_object *report_json(enum frame_gen gen, bool success, uint32_t reply_to,
				       struct text message)
{
	struct json_object *o = json_object_new_object();

	if (gen == FRAME_V3) {
		add_int(o, "seqno", reply_to);
		add_text(o, "msg", message);
		return o;
	}
	add(o, "success", object_with("success", json_object_new_boolean(success)));
	add_int(json_object_object_get(o, "success"), "seqno", reply_to);
	if (message.s)
		add(o, "message", message_json(gen, success ? MSG_CLASS_INFO : MSG_CLASS_ERROR,
					       message));
	return o;
}

static void add_channel(struct json_object *o, enum frame_gen gen, struct text channel)
{
	if (gen == FRAME_V3)
		add_text(o, "channel", channel);
	else if (channel.s)
		add(o, "channel", one_text("channel", channel));
}

static void add_channels(struct json_object *o, enum frame_gen gen, struct text_list channels)
{
	struct json_object *part;

	if (gen == FRAME_V3) {
		add_list(o, "chan_list", channels);
	} else if (channels.n > 0) {
		part = json_object_new_object();
		add_list(part, "channels", channels);
		add(o, "channels", part);
	}
}

/* --- messages --- */

static struct json_object *probe_json(enum frame_gen gen, const struct msg_probe_report *m)
{
	struct json_object *o = report_json(gen, m->success, m->reply_to, m->message);
	struct json_object *to = gen == FRAME_V3 ? json_object_new_object() : o;

	add_text(to, "hardware", m->hardware);
	add_channel(to, gen, m->channel);
	add_channels(to, gen, m->channels);
	if (gen == FRAME_V3)
		add(o, "interface", to);
	return o;
}

static struct json_object *list_json(enum frame_gen gen, const struct msg_list_report *m)
{
	struct json_object *o = report_json(gen, m->success, m->reply_to, m->message);
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_interfaces; i++) {
		struct json_object *item = json_object_new_object();

		add_text(item, gen == FRAME_V3 ? "iface" : "interface", m->interfaces[i].name);
		add_text(item, "flags", m->interfaces[i].flags);
		add_text(item, "hardware", m->interfaces[i].hardware);
		add_text(item, gen == FRAME_V3 ? "capiface" : "capinterface",
			 m->interfaces[i].capif);
		json_object_array_add(array, item);
	}
	if (gen == FRAME_V3 || m->n_interfaces > 0)
		add(o, gen == FRAME_V3 ? "iflist" : "interfaces", array);
	else
		json_object_put(array);
	add_text(o, "version", m->version);
	return o;
}

static struct json_object *open_json(enum frame_gen gen, const struct msg_open_report *m)
{
	struct json_object *o = report_json(gen, m->success, m->reply_to, m->message);

	add_int_if(o, "dlt", m->has_dlt, m->dlt);
	add_text(o, gen == FRAME_V3 ? "capif" : "capture_interface", m->capif);
	add_text(o, "hardware", m->hardware);
	add_text(o, "uuid", m->uuid);
	add_channel(o, gen, m->channel);
	add_channels(o, gen, m->channels);
	if (m->has_hop)
		add(o, gen == FRAME_V3 ? "chanhop" : "hop_config", hop_json(gen, &m->hop));
	add_text(o, "version", m->version);
	add_text(o, "warning", m->warning);
	return o;
}

static void add_tuning(struct json_object *o, enum frame_gen gen, struct text channel, bool has_hop,
		       const struct msg_hop *hop)
{
	add_channel(o, gen, channel);
	if (has_hop)
		add(o, gen == FRAME_V3 ? "chanhop" : "hopping", hop_json(gen, hop));
}

static struct json_object *configure_json(enum frame_gen gen, const struct msg_configure *m)
{
	struct json_object *o = json_object_new_object();

	add_tuning(o, gen, m->channel, m->has_hop, &m->hop);
	return o;
}

static struct json_object *configure_report_json(enum frame_gen gen,
						 const struct msg_configure_report *m)
{
	struct json_object *o = report_json(gen, m->success, m->reply_to, m->message);

	add_tuning(o, gen, m->channel, m->has_hop, &m->hop);
	add_text(o, "warning", m->warning);
	return o;
}

static struct json_object *newsource_json(const struct msg_newsource *m)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "definition", m->definition);
	add_text(o, "sourcetype", m->type);
	add_text(o, "uuid", m->uuid);
	return o;
}

static struct json_object *data_json(enum frame_gen gen, const struct msg_data *d)
{
	struct json_object *o = json_object_new_object();

	if (d->has_gps)
		add(o, "gps", gps_json(gen, &d->gps));
	if (d->message.s)
		add(o, "message", message_json(gen, d->message_class, d->message));
	if (d->packet.data)
		add(o, "packet", packet_json(gen, &d->packet));
	if (d->has_signal)
		add(o, "signal", signal_json(gen, &d->signal));
	add_text(o, "warning", d->warning);
	if (d->json.type.s)
		add(o, "json", json_json(gen, &d->json));
	return o;
}

struct json_object *msg_json(enum frame_gen gen, const struct msg *m)
{
	switch (m->type) {
	case MSG_SHUTDOWN:
		return one_text("reason", m->text);
	case MSG_WARNING:
		return one_text("warning", m->text);
	case MSG_PROBE:
	case MSG_OPEN:
		return one_text("definition", m->definition);
	case MSG_PONG:
		return gen == FRAME_V3 ? NULL :
		       object_with("ping_seqno", json_object_new_int64(m->reply_to));
	case MSG_MESSAGE:
		return message_json(gen, m->message.class, m->message.text);
	case MSG_ERROR:
		return gen == FRAME_V3 ? one_text("string", m->error.text) :
		       report_json(gen, m->error.success, m->error.reply_to, m->error.text);
	case MSG_PROBE_REPORT:
		return probe_json(gen, &m->probe_report);
	case MSG_LIST_REPORT:
		return list_json(gen, &m->list_report);
	case MSG_OPEN_REPORT:
		return open_json(gen, &m->open_report);
	case MSG_CONFIGURE:
		return configure_json(gen, &m->configure);
	case MSG_CONFIGURE_REPORT:
		return configure_report_json(gen, &m->configure_report);
	case MSG_NEWSOURCE:
		return newsource_json(&m->newsource);
	case MSG_DATA:
		return data_json(gen, &m->data);
	case MSG_PING:		/* nothing in them, or in no listing */
	case MSG_LIST:
	case MSG_CLOSE:
	case MSG_UNKNOWN:
	case MSG_REGISTER:
	case MSG_BLUETOOTH:
		break;
	}
	return NULL;
}
