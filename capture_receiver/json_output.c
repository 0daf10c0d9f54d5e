/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record as one line of JSON. */
#include "capture_receiver/json_output.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/safe_text.h"

#define DEPTH 32		/* of a tool's document */

/* json-c keeps what cannot be added; without memory the member is simply not there. */
static void add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(o, key, value) < 0)
		json_object_put(value);
}

static struct json_object *new_text(struct text t)
{
	struct json_object *o;
	char *safe = malloc(t.len + 1);
	size_t len;

	if (!safe)
		return NULL;
	len = safe_text(safe, t.len + 1, t);
	o = json_object_new_string_len(safe, (int)len);
	free(safe);
	return o;
}

static void add_text(struct json_object *o, const char *key, struct text t)
{
	if (t.s)
		add(o, key, new_text(t));
}

static void add_number(struct json_object *o, const char *key, double v)
{
	if (isfinite(v))
		add(o, key, json_object_new_double(v));
}

/* Seconds with all six digits, which a double printed by itself would not keep. */
static struct json_object *new_time(uint64_t time_us)
{
	char text[40];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, time_us / 1000000,
		 time_us % 1000000);
	return json_object_new_double_s((double)time_us / 1e6, text);
}

/* --- parts --- */

static struct json_object *new_source(const struct source *s)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "uuid", text_of(s->uuid));
	add_text(o, "name", text_of(s->name));
	add_text(o, "type", text_of(s->type));
	return o;
}

static struct json_object *new_gps(const struct msg_gps *g)
{
	struct json_object *o = json_object_new_object();

	add_number(o, "lat", g->lat_deg);
	add_number(o, "lon", g->lon_deg);
	if (g->has_alt)
		add_number(o, "alt", g->alt_m);
	if (g->has_speed)
		add_number(o, "speed", g->speed_kmh);
	if (g->has_heading)
		add_number(o, "heading", g->heading_deg);
	if (g->has_precision)
		add_number(o, "precision", g->precision_m);
	add(o, "fix", json_object_new_int(g->fix));
	add(o, "time", new_time(g->time_us));
	add_text(o, "type", g->type);
	add_text(o, "name", g->name);
	return o;
}

static struct json_object *new_signal(const struct msg_signal *s)
{
	struct json_object *o = json_object_new_object();

	if (s->has_signal_dbm)
		add(o, "signal_dbm", json_object_new_int(s->signal_dbm));
	if (s->has_noise_dbm)
		add(o, "noise_dbm", json_object_new_int(s->noise_dbm));
	if (s->has_signal_rssi)
		add(o, "signal_rssi", json_object_new_int(s->signal_rssi));
	if (s->has_noise_rssi)
		add(o, "noise_rssi", json_object_new_int(s->noise_rssi));
	if (s->has_freq_khz)
		add(o, "freq_khz", json_object_new_uint64(s->freq_khz));
	if (s->has_datarate)
		add(o, "datarate", json_object_new_uint64(s->datarate));
	add_text(o, "channel", s->channel);
	return o;
}

/* json-c reads and writes NaN and Infinity, which are no JSON. */
static bool is_plain_json(struct json_object *o)
{
	if (json_object_is_type(o, json_type_double))
		return isfinite(json_object_get_double(o));
	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			if (!is_plain_json(json_object_array_get_idx(o, i)))
				return false;
		}
	}
	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value) {
			(void)key;
			if (!is_plain_json(value))
				return false;
		}
	}
	return true;
}

/* The tool's document, or its text as a string when it is none. */
static struct json_object *new_document(struct text t)
{
	struct json_tokener *tok;
	struct json_object *o;
	bool whole;

	/* json-c takes a NUL for the end, and would drop what comes after it. */
	if (memchr(t.s, '\0', t.len))
		return new_text(t);
	tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, t.s, (int)t.len);
	/* A number at the very end is finished only by what follows it. */
	if (!o && json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, "", 1);
	whole = json_tokener_get_error(tok) == json_tokener_success;
	json_tokener_free(tok);
	if (whole && o && is_plain_json(o))
		return o;
	json_object_put(o);
	return new_text(t);
}

/* Bytes as hexadecimal digits. */
static struct json_object *new_bytes(const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *hex = malloc(2 * len + 1);
	struct json_object *o;

	if (!hex)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[data[i] >> 4];
		hex[2 * i + 1] = digits[data[i] & 15];
	}
	o = json_object_new_string_len(hex, (int)(2 * len));
	free(hex);
	return o;
}

static struct json_object *new_bluetooth(const struct msg_bluetooth *b)
{
	struct json_object *o = json_object_new_object();
	struct json_object *uuids = json_object_new_array();

	add_text(o, "address", b->address);
	add_text(o, "name", b->name);
	add(o, "txpower", json_object_new_int(b->txpower));
	add(o, "type", json_object_new_int(b->type));
	for (size_t i = 0; i < b->uuids.n; i++)
		json_object_array_add(uuids, new_text(b->uuids.items[i]));
	add(o, "uuids", uuids);
	return o;
}

/* --- the line --- */

bool json_output_wants(const struct msg *m)
{
	const struct msg_data *d = &m->data;

	if (m->type == MSG_BLUETOOTH)
		return true;
	if (m->type != MSG_DATA)
		return false;
	return d->json.json.s || d->buffer.data ||
	       (!d->packet.data && (d->has_gps || d->has_signal));
}

static uint64_t time_of(const struct msg *m, uint64_t now_us)
{
	const struct msg_data *d = &m->data;

	if (m->type == MSG_BLUETOOTH)
		return m->bluetooth.time_us ? m->bluetooth.time_us : now_us;
	if (d->json.json.s)
		return d->json.has_time ? d->json.time_us : now_us;
	if (d->buffer.data)
		return d->buffer.time_us ? d->buffer.time_us : now_us;
	return d->has_gps && d->gps.time_us ? d->gps.time_us : now_us;
}

static void add_data(struct json_object *root, const struct msg_data *d)
{
	if (d->json.json.s) {
		add_text(root, "kind", d->json.type.s ? d->json.type : text_of(""));
		add(root, "json", new_document(d->json.json));
	} else if (d->buffer.data) {
		add_text(root, "kind", d->buffer.type.s ? d->buffer.type : text_of(""));
		add(root, "buffer", new_bytes(d->buffer.data, d->buffer.len));
	} else {
		add_text(root, "kind", text_of(d->has_gps ? "gps" : "signal"));
	}
	if (d->has_gps)
		add(root, "gps", new_gps(&d->gps));
	if (d->has_signal)
		add(root, "signal", new_signal(&d->signal));
}

int json_output_line(struct json_line *line, const struct source *s, const struct msg *m,
		     const uint32_t *number, uint64_t now_us)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *root = json_object_new_object();
	char instance[20];

	*line = (struct json_line){ .root = root };
	if (!root)
		return -ENOMEM;
	add(root, "time", new_time(time_of(m, now_us)));
	add(root, "source", new_source(s));
	if (number) {
		snprintf(instance, sizeof(instance), "%016" PRIx64, s->instance);
		add_text(root, "instance", text_of(instance));
		add(root, "record", json_object_new_int64(*number));
	}
	if (m->type == MSG_BLUETOOTH) {
		add_text(root, "kind", text_of("bluetooth"));
		add(root, "json", new_bluetooth(&m->bluetooth));
	} else {
		add_data(root, &m->data);
	}
	line->text = json_object_to_json_string_length(root, flags, &line->len);
	return line->text ? 0 : -ENOMEM;
}

void json_line_free(struct json_line *line)
{
	json_object_put(line->root);
	*line = (struct json_line){ NULL, NULL, 0 };
}
