/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data reports in v0 and v2 (docs/protocol.md 2.2, DataReport), without allocation. Fields are
 * written in the order of their numbers, as protobuf-c does. */
#include <errno.h>

#include "protocol/data_codec.h"
#include "protocol/v2_fields.h"

static void put_time(struct pb_writer *w, unsigned int no_sec, uint64_t time_us)
{
	pb_write_uint(w, no_sec, time_us / DATA_US_PER_S);
	pb_write_uint(w, no_sec + 1, time_us % DATA_US_PER_S);
}

/* Every field is required: 0 stands for what is not known. */
void data_v2_put_gps_head(struct pb_writer *w, const struct msg_gps *g)
{
	pb_write_double(w, V2_GPS_LAT, g->lat_deg);
	pb_write_double(w, V2_GPS_LON, g->lon_deg);
	pb_write_double(w, V2_GPS_ALT, g->has_alt ? g->alt_m : 0);
	pb_write_double(w, V2_GPS_SPEED, g->has_speed ? g->speed_kmh : 0);
	pb_write_double(w, V2_GPS_HEADING, g->has_heading ? g->heading_deg : 0);
	pb_write_double(w, V2_GPS_PRECISION, g->has_precision ? g->precision_m : 0);
	pb_write_uint(w, V2_GPS_FIX, g->fix);
}

void data_v2_put_gps_tail(struct pb_writer *w, const struct msg_gps *g)
{
	pb_write_text(w, V2_GPS_TYPE, g->type);
	pb_write_text(w, V2_GPS_NAME, g->name);
}

static void put_gps(struct pb_writer *w, const void *arg)
{
	const struct msg_gps *g = arg;

	data_v2_put_gps_head(w, g);
	put_time(w, V2_GPS_TIME_SEC, g->time_us);
	data_v2_put_gps_tail(w, g);
}

struct timed_gps {
	struct data_gps_bytes gps;
	uint64_t time_us;
};

static void put_fixed_gps(struct pb_writer *w, const void *arg)
{
	const struct timed_gps *t = arg;

	pb_write_raw(w, t->gps.bytes, t->gps.cut);
	put_time(w, V2_GPS_TIME_SEC, t->time_us);
	pb_write_raw(w, t->gps.bytes + t->gps.cut, t->gps.len - t->gps.cut);
}

static void put_message(struct pb_writer *w, const void *arg)
{
	const struct msg_data *d = arg;

	pb_write_uint(w, V2_MESSAGE_TYPE, d->message_class);
	pb_write_text(w, V2_MESSAGE_TEXT, d->message);
}

static void put_packet(struct pb_writer *w, const void *arg)
{
	const struct msg_packet *p = arg;

	put_time(w, V2_PACKET_TIME_SEC, p->time_us);
	pb_write_uint(w, V2_PACKET_DLT, p->dlt);
	pb_write_uint(w, V2_PACKET_SIZE, p->len);
	pb_write_bytes(w, V2_PACKET_DATA, p->data, p->len);
	if (p->orig_len != p->len)
		pb_write_uint(w, V2_PACKET_CAP_SIZE, p->orig_len);
}

static void put_signal(struct pb_writer *w, const void *arg)
{
	const struct msg_signal *s = arg;

	if (s->has_signal_dbm)
		pb_write_double(w, V2_SIGNAL_DBM, s->signal_dbm);
	if (s->has_noise_dbm)
		pb_write_double(w, V2_SIGNAL_NOISE_DBM, s->noise_dbm);
	if (s->has_signal_rssi)
		pb_write_double(w, V2_SIGNAL_RSSI, s->signal_rssi);
	if (s->has_noise_rssi)
		pb_write_double(w, V2_SIGNAL_NOISE_RSSI, s->noise_rssi);
	if (s->has_freq_khz)
		pb_write_double(w, V2_SIGNAL_FREQ_KHZ, (double)s->freq_khz);
	if (s->channel.s)
		pb_write_text(w, V2_SIGNAL_CHANNEL, s->channel);
	if (s->has_datarate)
		pb_write_double(w, V2_SIGNAL_DATARATE, (double)s->datarate);
}

static void put_json(struct pb_writer *w, const void *arg)
{
	const struct msg_json *j = arg;

	put_time(w, V2_BLOCK_TIME_SEC, j->time_us);
	pb_write_text(w, V2_BLOCK_TYPE, j->type);
	pb_write_text(w, V2_BLOCK_CONTENT, j->json);
}

static void put_buffer(struct pb_writer *w, const void *arg)
{
	const struct msg_buffer *b = arg;

	put_time(w, V2_BLOCK_TIME_SEC, b->time_us);
	pb_write_text(w, V2_BLOCK_TYPE, b->type);
	pb_write_bytes(w, V2_BLOCK_CONTENT, b->data, b->len);
}

void data_v2_put(struct pb_writer *w, const struct msg_data *d, struct data_gps_bytes fixed)
{
	struct timed_gps timed = { fixed, data_time_us(d) };

	if (d->has_gps)
		pb_write_message(w, V2_REPORT_GPS, put_gps, &d->gps);
	else if (fixed.len > 0)
		pb_write_message(w, V2_REPORT_GPS, put_fixed_gps, &timed);
	if (d->message.s)
		pb_write_message(w, V2_REPORT_MESSAGE, put_message, d);
	if (d->packet.data)
		pb_write_message(w, V2_REPORT_PACKET, put_packet, &d->packet);
	if (d->has_signal)
		pb_write_message(w, V2_REPORT_SIGNAL, put_signal, &d->signal);
	if (d->warning.s)
		pb_write_text(w, V2_REPORT_WARNING, d->warning);
	if (d->json.type.s)
		pb_write_message(w, V2_REPORT_JSON, put_json, &d->json);
	if (d->buffer.data)
		pb_write_message(w, V2_REPORT_BUFFER, put_buffer, &d->buffer);
}

/* Reading. The fields of a message are collected by number first: in protobuf a message may come
 * in several pieces that add up, the last value of a field counts, and whether the required ones
 * are there shows at the end only. */
struct block {
	uint32_t seen;			/* bit n: field n is there */
	struct pb_field fields[V2_GPS_NAME + 1];
};

/* The fields of a message that are read: their wire type, plus one. */
struct layout {
	uint8_t wire[V2_GPS_NAME + 1];
	uint32_t required;
};

#define VARINT (PB_VARINT + 1)
#define DOUBLE (PB_FIXED64 + 1)
#define BYTES (PB_BYTES + 1)
#define FIELDS(first, last) ((2u << (last)) - (1u << (first)))

static const struct layout gps_layout = {
	.wire = {
		[V2_GPS_LAT] = DOUBLE,
		[V2_GPS_LON] = DOUBLE,
		[V2_GPS_ALT] = DOUBLE,
		[V2_GPS_SPEED] = DOUBLE,
		[V2_GPS_HEADING] = DOUBLE,
		[V2_GPS_PRECISION] = DOUBLE,
		[V2_GPS_FIX] = VARINT,
		[V2_GPS_TIME_SEC] = VARINT,
		[V2_GPS_TIME_USEC] = VARINT,
		[V2_GPS_TYPE] = BYTES,
		[V2_GPS_NAME] = BYTES,
	},
	.required = FIELDS(V2_GPS_LAT, V2_GPS_NAME),
};

static const struct layout message_layout = {
	.wire = { [V2_MESSAGE_TYPE] = VARINT, [V2_MESSAGE_TEXT] = BYTES },
	.required = FIELDS(V2_MESSAGE_TYPE, V2_MESSAGE_TEXT),
};

static const struct layout packet_layout = {
	.wire = {
		[V2_PACKET_TIME_SEC] = VARINT,
		[V2_PACKET_TIME_USEC] = VARINT,
		[V2_PACKET_DLT] = VARINT,
		[V2_PACKET_SIZE] = VARINT,
		[V2_PACKET_DATA] = BYTES,
		[V2_PACKET_CAP_SIZE] = VARINT,
	},
	.required = FIELDS(V2_PACKET_TIME_SEC, V2_PACKET_DATA),
};

static const struct layout signal_layout = {
	.wire = {
		[V2_SIGNAL_DBM] = DOUBLE,
		[V2_SIGNAL_NOISE_DBM] = DOUBLE,
		[V2_SIGNAL_RSSI] = DOUBLE,
		[V2_SIGNAL_NOISE_RSSI] = DOUBLE,
		[V2_SIGNAL_FREQ_KHZ] = DOUBLE,
		[V2_SIGNAL_CHANNEL] = BYTES,
		[V2_SIGNAL_DATARATE] = DOUBLE,
	},
};

static const struct layout block_layout = {
	.wire = {
		[V2_BLOCK_TIME_SEC] = VARINT,
		[V2_BLOCK_TIME_USEC] = VARINT,
		[V2_BLOCK_TYPE] = BYTES,
		[V2_BLOCK_CONTENT] = BYTES,
	},
	.required = FIELDS(V2_BLOCK_TIME_SEC, V2_BLOCK_CONTENT),
};

struct report {
	struct block gps, message, packet, signal, json, buffer;
};

static bool has(const struct block *b, unsigned int no)
{
	return b->seen >> no & 1;
}

static void collect(struct pb_reader *outer, const struct pb_field *message,
		    const struct layout *layout, struct block *b)
{
	struct text t = pb_text(outer, message);
	struct pb_reader r;
	struct pb_field f;

	pb_reader_init(&r, (const uint8_t *)t.s, t.len);
	b->seen |= 1;			/* no field has number 0: the message itself */
	while (pb_next(&r, &f)) {
		if (f.no > V2_GPS_NAME || layout->wire[f.no] == 0)
			continue;
		if (f.wire + 1 != layout->wire[f.no])
			r.bad = true;
		b->fields[f.no] = f;
		b->seen |= 1u << f.no;
	}
	outer->bad |= r.bad;
}

static bool complete(const struct block *b, const struct layout *layout)
{
	return (b->seen & layout->required) == layout->required;
}

static double double_in(const struct block *b, unsigned int no)
{
	double v;

	memcpy(&v, &b->fields[no].value, sizeof(v));
	return v;
}

static struct text text_in(const struct block *b, unsigned int no)
{
	return (struct text){ (const char *)b->fields[no].data, b->fields[no].len };
}

/* Microseconds of a second and more just add up. */
static uint64_t time_in(const struct block *b, unsigned int no_sec)
{
	return b->fields[no_sec].value * DATA_US_PER_S + b->fields[no_sec + 1].value;
}

/* Any double to the nearest integer; what is out of range (or no number) to the nearest end. */
static int32_t round_i32(double v)
{
	if (!(v > INT32_MIN))
		return INT32_MIN;
	if (v >= INT32_MAX)
		return INT32_MAX;
	return (int32_t)(v < 0 ? v - 0.5 : v + 0.5);
}

static uint64_t round_u64(double v)
{
	if (!(v > 0))
		return 0;
	if (v >= 18446744073709551616.0)	/* 2^64 */
		return UINT64_MAX;
	if (v >= 4503599627370496.0)		/* 2^52: whole already, and + 0.5 would round */
		return (uint64_t)v;
	return (uint64_t)(v + 0.5);
}

static bool take_gps(const struct block *b, struct msg_data *d)
{
	struct msg_gps *g = &d->gps;

	if (!complete(b, &gps_layout))
		return false;
	d->has_gps = true;
	g->has_alt = g->has_speed = g->has_heading = g->has_precision = true;
	g->lat_deg = double_in(b, V2_GPS_LAT);
	g->lon_deg = double_in(b, V2_GPS_LON);
	g->alt_m = double_in(b, V2_GPS_ALT);
	g->speed_kmh = double_in(b, V2_GPS_SPEED);
	g->heading_deg = double_in(b, V2_GPS_HEADING);
	g->precision_m = double_in(b, V2_GPS_PRECISION);
	g->fix = (uint8_t)b->fields[V2_GPS_FIX].value;
	g->time_us = time_in(b, V2_GPS_TIME_SEC);
	g->type = text_in(b, V2_GPS_TYPE);
	g->name = text_in(b, V2_GPS_NAME);
	return true;
}

static bool take_message(const struct block *b, struct msg_data *d)
{
	uint64_t class;

	if (!complete(b, &message_layout))
		return false;
	class = b->fields[V2_MESSAGE_TYPE].value;
	d->message_class = (enum msg_class)class;
	d->message = text_in(b, V2_MESSAGE_TEXT);
	return msg_class_valid(class);
}

static bool take_packet(const struct block *b, struct msg_data *d)
{
	struct msg_packet *p = &d->packet;
	uint64_t orig_len = has(b, V2_PACKET_CAP_SIZE) ? b->fields[V2_PACKET_CAP_SIZE].value : 0;

	if (!complete(b, &packet_layout))
		return false;
	p->has_time = true;
	p->time_us = time_in(b, V2_PACKET_TIME_SEC);
	p->dlt = (uint32_t)b->fields[V2_PACKET_DLT].value;
	p->data = b->fields[V2_PACKET_DATA].data;
	p->len = (uint32_t)b->fields[V2_PACKET_DATA].len;
	p->orig_len = orig_len > UINT32_MAX ? UINT32_MAX : (uint32_t)orig_len;
	if (p->orig_len < p->len)
		p->orig_len = p->len;
	return true;
}

static void take_level(const struct block *b, unsigned int no, bool *has_it, int32_t *level)
{
	*has_it = has(b, no);
	if (*has_it)
		*level = round_i32(double_in(b, no));
}

static void take_amount(const struct block *b, unsigned int no, bool *has_it, uint64_t *amount)
{
	*has_it = has(b, no);
	if (*has_it)
		*amount = round_u64(double_in(b, no));
}

static bool take_signal(const struct block *b, struct msg_data *d)
{
	struct msg_signal *s = &d->signal;

	d->has_signal = true;
	take_level(b, V2_SIGNAL_DBM, &s->has_signal_dbm, &s->signal_dbm);
	take_level(b, V2_SIGNAL_NOISE_DBM, &s->has_noise_dbm, &s->noise_dbm);
	take_level(b, V2_SIGNAL_RSSI, &s->has_signal_rssi, &s->signal_rssi);
	take_level(b, V2_SIGNAL_NOISE_RSSI, &s->has_noise_rssi, &s->noise_rssi);
	take_amount(b, V2_SIGNAL_FREQ_KHZ, &s->has_freq_khz, &s->freq_khz);
	take_amount(b, V2_SIGNAL_DATARATE, &s->has_datarate, &s->datarate);
	if (has(b, V2_SIGNAL_CHANNEL))
		s->channel = text_in(b, V2_SIGNAL_CHANNEL);
	return true;
}

static bool take_json(const struct block *b, struct msg_data *d)
{
	if (!complete(b, &block_layout))
		return false;
	d->json.has_time = true;
	d->json.time_us = time_in(b, V2_BLOCK_TIME_SEC);
	d->json.type = text_in(b, V2_BLOCK_TYPE);
	d->json.json = text_in(b, V2_BLOCK_CONTENT);
	return true;
}

static bool take_buffer(const struct block *b, struct msg_data *d)
{
	if (!complete(b, &block_layout))
		return false;
	d->buffer.time_us = time_in(b, V2_BLOCK_TIME_SEC);
	d->buffer.type = text_in(b, V2_BLOCK_TYPE);
	d->buffer.data = b->fields[V2_BLOCK_CONTENT].data;
	d->buffer.len = (uint32_t)b->fields[V2_BLOCK_CONTENT].len;
	return true;
}

static void collect_report(struct pb_reader *r, struct report *rep, struct msg_data *d)
{
	struct pb_field f;

	while (pb_next(r, &f)) {
		if (f.no == V2_REPORT_PACKET)
			collect(r, &f, &packet_layout, &rep->packet);
		else if (f.no == V2_REPORT_GPS)
			collect(r, &f, &gps_layout, &rep->gps);
		else if (f.no == V2_REPORT_SIGNAL)
			collect(r, &f, &signal_layout, &rep->signal);
		else if (f.no == V2_REPORT_JSON)
			collect(r, &f, &block_layout, &rep->json);
		else if (f.no == V2_REPORT_BUFFER)
			collect(r, &f, &block_layout, &rep->buffer);
		else if (f.no == V2_REPORT_MESSAGE)
			collect(r, &f, &message_layout, &rep->message);
		else if (f.no == V2_REPORT_WARNING)
			d->warning = pb_text(r, &f);
	}
}

static bool take_report(const struct report *rep, struct msg_data *d)
{
	return (rep->packet.seen == 0 || take_packet(&rep->packet, d)) &&
	       (rep->gps.seen == 0 || take_gps(&rep->gps, d)) &&
	       (rep->signal.seen == 0 || take_signal(&rep->signal, d)) &&
	       (rep->json.seen == 0 || take_json(&rep->json, d)) &&
	       (rep->buffer.seen == 0 || take_buffer(&rep->buffer, d)) &&
	       (rep->message.seen == 0 || take_message(&rep->message, d));
}

int data_v2_get(const uint8_t *payload, size_t len, struct msg_data *d)
{
	struct report rep;
	struct pb_reader r;

	/* Only the marks: the fields themselves are looked at where they are set. */
	rep.packet.seen = rep.gps.seen = rep.signal.seen = 0;
	rep.json.seen = rep.buffer.seen = rep.message.seen = 0;
	pb_reader_init(&r, payload, len);
	collect_report(&r, &rep, d);
	return r.bad || !take_report(&rep, d) ? -EPROTO : 0;
}
