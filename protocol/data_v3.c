/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data reports in v3 (docs/protocol.md 2.6, PACKET). */
#include <errno.h>

#include "protocol/data_codec.h"
#include "protocol/v3_ids.h"

/* Keys are written in the order of existing tools, so that recorded bytes can be compared;
 * readers take any order. */

static void put_uint(struct mpack_writer *w, unsigned int id, uint64_t v)
{
	mpack_put_uint(w, id);
	mpack_put_uint(w, v);
}

static void put_float(struct mpack_writer *w, unsigned int id, double v)
{
	mpack_put_uint(w, id);
	mpack_put_float(w, (float)v);
}

static void put_double(struct mpack_writer *w, unsigned int id, double v)
{
	mpack_put_uint(w, id);
	mpack_put_double(w, v);
}

static void put_text(struct mpack_writer *w, unsigned int id, struct text t)
{
	mpack_put_uint(w, id);
	mpack_put_text(w, t);
}

static void put_time(struct mpack_writer *w, unsigned int id_s, uint64_t time_us)
{
	put_uint(w, id_s, time_us / DATA_US_PER_S);
	put_uint(w, id_s + 1, time_us % DATA_US_PER_S);
}

void data_v3_put_gps_head(struct mpack_writer *w, const struct msg_gps *g)
{
	mpack_put_map(w, 5u + g->has_alt + g->has_speed + g->has_heading + g->has_precision +
		      (g->type.s != NULL) + (g->name.s != NULL) + (g->uuid.s != NULL));
	put_double(w, V3_GPS_LAT, g->lat_deg);
	put_double(w, V3_GPS_LON, g->lon_deg);
	if (g->has_alt)
		put_float(w, V3_GPS_ALT, g->alt_m);
	put_uint(w, V3_GPS_FIX, g->fix);
	if (g->has_speed)
		put_float(w, V3_GPS_SPEED, g->speed_kmh);
	if (g->has_heading)
		put_float(w, V3_GPS_HEADING, g->heading_deg);
	if (g->has_precision)
		put_float(w, V3_GPS_PRECISION, g->precision_m);
	if (g->type.s)
		put_text(w, V3_GPS_TYPE, g->type);
}

void data_v3_put_gps_tail(struct mpack_writer *w, const struct msg_gps *g)
{
	if (g->name.s)
		put_text(w, V3_GPS_NAME, g->name);
	if (g->uuid.s)
		put_text(w, V3_GPS_UUID, g->uuid);
}

static void put_gps(struct mpack_writer *w, const struct msg_data *d, struct data_gps_bytes fixed)
{
	mpack_put_uint(w, V3_REPORT_GPS);
	if (d->has_gps) {
		data_v3_put_gps_head(w, &d->gps);
		put_time(w, V3_GPS_TS_S, d->gps.time_us);
		data_v3_put_gps_tail(w, &d->gps);
	} else {
		mpack_put_raw(w, fixed.bytes, fixed.cut);
		put_time(w, V3_GPS_TS_S, data_time_us(d));
		mpack_put_raw(w, fixed.bytes + fixed.cut, fixed.len - fixed.cut);
	}
}

/* Levels go out as unsigned numbers of 32 bits in two's complement: servers close the connection
 * on a negative number, and take these apart again. */
static void put_level(struct mpack_writer *w, unsigned int id, int32_t level)
{
	put_uint(w, id, (uint32_t)level);
}

static void put_signal(struct mpack_writer *w, const struct msg_signal *s)
{
	mpack_put_uint(w, V3_REPORT_SIGNAL);
	mpack_put_map(w, 0u + s->has_signal_dbm + s->has_noise_dbm + s->has_signal_rssi +
		      s->has_noise_rssi + s->has_freq_khz + s->has_datarate +
		      (s->channel.s != NULL));
	if (s->channel.s)
		put_text(w, V3_SIGNAL_CHANNEL, s->channel);
	if (s->has_signal_dbm)
		put_level(w, V3_SIGNAL_DBM, s->signal_dbm);
	if (s->has_noise_dbm)
		put_level(w, V3_SIGNAL_NOISE_DBM, s->noise_dbm);
	if (s->has_signal_rssi)
		put_level(w, V3_SIGNAL_RSSI, s->signal_rssi);
	if (s->has_noise_rssi)
		put_level(w, V3_SIGNAL_NOISE_RSSI, s->noise_rssi);
	if (s->has_freq_khz)
		put_uint(w, V3_SIGNAL_FREQ_KHZ, s->freq_khz);
	if (s->has_datarate)
		put_uint(w, V3_SIGNAL_DATARATE, s->datarate);
}

static void put_packet(struct mpack_writer *w, const struct msg_packet *p)
{
	mpack_put_uint(w, V3_REPORT_PACKET);
	mpack_put_map(w, p->has_time ? 5 : 3);
	put_uint(w, V3_PKT_DLT, p->dlt);
	if (p->has_time)
		put_time(w, V3_PKT_TS_S, p->time_us);
	put_uint(w, V3_PKT_LENGTH, p->orig_len);
	mpack_put_uint(w, V3_PKT_CONTENT);
	mpack_put_bin(w, p->data, p->len);
}

static void put_json(struct mpack_writer *w, const struct msg_json *j)
{
	mpack_put_uint(w, V3_REPORT_JSON);
	mpack_put_map(w, j->has_time ? 4 : 2);
	if (j->has_time)
		put_time(w, V3_JSON_TS_S, j->time_us);
	put_text(w, V3_JSON_TYPE, j->type);
	put_text(w, V3_JSON_DOCUMENT, j->json);
}

void data_v3_put(struct mpack_writer *w, const struct msg_data *d, struct data_gps_bytes fixed)
{
	bool has_gps = d->has_gps || fixed.len > 0;

	mpack_put_map(w, 0u + has_gps + d->has_signal + (d->packet.data != NULL) +
		      (d->json.type.s != NULL));
	if (has_gps)
		put_gps(w, d, fixed);
	if (d->has_signal)
		put_signal(w, &d->signal);
	if (d->packet.data)
		put_packet(w, &d->packet);
	if (d->json.type.s)
		put_json(w, &d->json);
}

/* A time that came in two numbers. Microseconds of a second and more just add up. */
struct time_parts {
	bool has_s, has_us;
	uint64_t s, us;
};

static void get_s(struct mpack_reader *r, struct time_parts *t)
{
	t->has_s = true;
	t->s = mpack_get_uint(r, UINT64_MAX);
}

static void get_us(struct mpack_reader *r, struct time_parts *t)
{
	t->has_us = true;
	t->us = mpack_get_uint(r, UINT64_MAX);
}

static uint64_t time_of(const struct time_parts *t)
{
	return t->s * DATA_US_PER_S + t->us;
}

static double get_number(struct mpack_reader *r, bool *has)
{
	*has = true;
	return mpack_get_number(r);
}

/* Servers do not look at the type, and some tools write the name under its id as well: the
 * first one that is a text counts, anything else is no error. */
static void get_gps_type(struct mpack_reader *r, struct text *type)
{
	if (!type->s && mpack_is_text(r))
		*type = mpack_get_text(r);
	else
		mpack_skip(r);
}

static void get_gps_value(struct mpack_reader *r, unsigned int id, struct msg_gps *g)
{
	switch (id) {
	case V3_GPS_ALT:
		g->alt_m = get_number(r, &g->has_alt);
		break;
	case V3_GPS_FIX:
		g->fix = (uint8_t)mpack_get_uint(r, UINT8_MAX);
		break;
	case V3_GPS_SPEED:
		g->speed_kmh = get_number(r, &g->has_speed);
		break;
	case V3_GPS_HEADING:
		g->heading_deg = get_number(r, &g->has_heading);
		break;
	case V3_GPS_PRECISION:
		g->precision_m = get_number(r, &g->has_precision);
		break;
	case V3_GPS_TYPE:
		get_gps_type(r, &g->type);
		break;
	case V3_GPS_NAME:
		g->name = mpack_get_text(r);
		break;
	case V3_GPS_UUID:
		g->uuid = mpack_get_text(r);
		break;
	}
}

/* Its time is required. A block without latitude and longitude is no position. */
static bool get_gps(struct mpack_reader *r, struct msg_gps *g)
{
	bool has_lat = false, has_lon = false;
	struct time_parts t = { 0 };
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, r, V3_IDS(V3_GPS_LAT, V3_GPS_UUID));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_GPS_LAT)
			g->lat_deg = get_number(r, &has_lat);
		else if (id == V3_GPS_LON)
			g->lon_deg = get_number(r, &has_lon);
		else if (id == V3_GPS_TS_S)
			get_s(r, &t);
		else if (id == V3_GPS_TS_US)
			get_us(r, &t);
		else
			get_gps_value(r, id, g);
		if (id == V3_GPS_TYPE)
			m.seen &= ~MPACK_ID(V3_GPS_TYPE);
	}
	if (!t.has_s || !t.has_us)
		r->bad = true;
	g->time_us = time_of(&t);
	return has_lat && has_lon;
}

static int32_t get_level(struct mpack_reader *r, bool *has)
{
	*has = true;
	return (int32_t)(uint32_t)mpack_get_uint(r, UINT32_MAX);
}

static uint64_t get_u64(struct mpack_reader *r, bool *has)
{
	*has = true;
	return mpack_get_uint(r, UINT64_MAX);
}

static void get_signal(struct mpack_reader *r, struct msg_signal *s)
{
	struct mpack_map m;

	mpack_map_open(&m, r, V3_IDS(V3_SIGNAL_DBM, V3_SIGNAL_CHANNEL));
	for (;;) {
		switch (mpack_map_next(&m)) {
		case 0:
			return;
		case V3_SIGNAL_DBM:
			s->signal_dbm = get_level(r, &s->has_signal_dbm);
			break;
		case V3_SIGNAL_NOISE_DBM:
			s->noise_dbm = get_level(r, &s->has_noise_dbm);
			break;
		case V3_SIGNAL_RSSI:
			s->signal_rssi = get_level(r, &s->has_signal_rssi);
			break;
		case V3_SIGNAL_NOISE_RSSI:
			s->noise_rssi = get_level(r, &s->has_noise_rssi);
			break;
		case V3_SIGNAL_FREQ_KHZ:
			s->freq_khz = get_u64(r, &s->has_freq_khz);
			break;
		case V3_SIGNAL_DATARATE:
			s->datarate = get_u64(r, &s->has_datarate);
			break;
		case V3_SIGNAL_CHANNEL:
			s->channel = mpack_get_text(r);
			break;
		}
	}
}

static void get_content(struct mpack_reader *r, struct msg_packet *p)
{
	struct text content = mpack_get_bytes(r);

	p->data = (const uint8_t *)content.s;
	p->len = (uint32_t)content.len;
}

/* Without content there is no packet, whatever else the block says. */
static void get_packet(struct mpack_reader *r, struct msg_packet *p)
{
	struct time_parts t = { 0 };
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, r, V3_IDS(V3_PKT_DLT, V3_PKT_LENGTH) | MPACK_ID(V3_PKT_CONTENT));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_PKT_DLT)
			p->dlt = (uint32_t)mpack_get_uint(r, UINT32_MAX);
		else if (id == V3_PKT_TS_S)
			get_s(r, &t);
		else if (id == V3_PKT_TS_US)
			get_us(r, &t);
		else if (id == V3_PKT_LENGTH)
			p->orig_len = (uint32_t)mpack_get_uint(r, UINT32_MAX);
		else
			get_content(r, p);
	}
	if (p->orig_len < p->len)
		p->orig_len = p->len;
	p->has_time = t.has_s;
	p->time_us = time_of(&t);
	if (!p->data)
		*p = (struct msg_packet){ 0 };
}

/* Without its type or the document there is no JSON. */
static void get_json(struct mpack_reader *r, struct msg_json *j)
{
	struct time_parts t = { 0 };
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, r, V3_IDS(V3_JSON_TYPE, V3_JSON_DOCUMENT));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_JSON_TYPE)
			j->type = mpack_get_text(r);
		else if (id == V3_JSON_TS_S)
			get_s(r, &t);
		else if (id == V3_JSON_TS_US)
			get_us(r, &t);
		else
			j->json = mpack_get_text(r);
	}
	j->has_time = t.has_s;
	j->time_us = time_of(&t);
	if (!j->type.s || !j->json.s)
		*j = (struct msg_json){ { NULL, 0 }, { NULL, 0 }, false, 0 };
}

int data_v3_get(const uint8_t *payload, size_t len, struct msg_data *d)
{
	struct mpack_reader r;
	struct mpack_map m;
	unsigned int id;

	mpack_reader_init(&r, payload, len);
	mpack_map_open(&m, &r, MPACK_ID(V3_REPORT_GPS) | MPACK_ID(V3_REPORT_SIGNAL) |
		       MPACK_ID(V3_REPORT_PACKET) | MPACK_ID(V3_REPORT_JSON));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_REPORT_GPS) {
			d->has_gps = get_gps(&r, &d->gps);
		} else if (id == V3_REPORT_SIGNAL) {
			d->has_signal = true;
			get_signal(&r, &d->signal);
		} else if (id == V3_REPORT_PACKET) {
			get_packet(&r, &d->packet);
		} else {
			get_json(&r, &d->json);
		}
	}
	return r.bad ? -EPROTO : 0;
}
