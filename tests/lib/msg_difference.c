/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing messages member by member. */
#include <string.h>

#include "tests/lib/random_msg.h"

static bool same_text(struct text a, struct text b)
{
	return (a.s == NULL) == (b.s == NULL) && text_equal(a, b);
}

static bool same_list(struct text_list a, struct text_list b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (!same_text(a.items[i], b.items[i]))
			return false;
	}
	return true;
}

/* Bit by bit: no number is the same as no number. */
static bool same_double(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool same_bytes(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	return same_text((struct text){ (const char *)a, a_len },
			 (struct text){ (const char *)b, b_len });
}

#define CHECK(same, name) do { if (!(same)) return name; } while (0)
#define NUMBER(m) CHECK(a->m == b->m, #m)
#define TEXT(m) CHECK(same_text(a->m, b->m), #m)
#define LIST(m) CHECK(same_list(a->m, b->m), #m)
#define DOUBLE(m) CHECK(same_double(a->m, b->m), #m)

static const char *hop_difference(const struct msg_hop *a, const struct msg_hop *b)
{
	NUMBER(has_rate);
	NUMBER(has_shuffle);
	NUMBER(has_skip);
	NUMBER(has_offset);
	DOUBLE(rate_hps);
	NUMBER(shuffle);
	NUMBER(skip);
	NUMBER(offset);
	LIST(channels);
	return NULL;
}

static const char *gps_difference(const struct msg_gps *a, const struct msg_gps *b)
{
	DOUBLE(lat_deg);
	DOUBLE(lon_deg);
	NUMBER(has_alt);
	NUMBER(has_speed);
	NUMBER(has_heading);
	NUMBER(has_precision);
	DOUBLE(alt_m);
	DOUBLE(speed_kmh);
	DOUBLE(heading_deg);
	DOUBLE(precision_m);
	NUMBER(fix);
	NUMBER(time_us);
	TEXT(type);
	TEXT(name);
	TEXT(uuid);
	return NULL;
}

static const char *signal_difference(const struct msg_signal *a, const struct msg_signal *b)
{
	NUMBER(has_signal_dbm);
	NUMBER(has_noise_dbm);
	NUMBER(has_signal_rssi);
	NUMBER(has_noise_rssi);
	NUMBER(has_freq_khz);
	NUMBER(has_datarate);
	NUMBER(signal_dbm);
	NUMBER(noise_dbm);
	NUMBER(signal_rssi);
	NUMBER(noise_rssi);
	NUMBER(freq_khz);
	NUMBER(datarate);
	TEXT(channel);
	return NULL;
}

static const char *data_difference(const struct msg_data *a, const struct msg_data *b)
{
	const char *part;

	NUMBER(has_gps);
	NUMBER(has_signal);
	part = gps_difference(&a->gps, &b->gps);
	if (!part)
		part = signal_difference(&a->signal, &b->signal);
	if (part)
		return part;
	NUMBER(packet.dlt);
	NUMBER(packet.has_time);
	NUMBER(packet.time_us);
	NUMBER(packet.orig_len);
	CHECK(same_bytes(a->packet.data, a->packet.len, b->packet.data, b->packet.len),
	      "packet.data");
	TEXT(json.type);
	TEXT(json.json);
	NUMBER(json.has_time);
	NUMBER(json.time_us);
	TEXT(buffer.type);
	CHECK(same_bytes(a->buffer.data, a->buffer.len, b->buffer.data, b->buffer.len),
	      "buffer.data");
	NUMBER(buffer.time_us);
	TEXT(message);
	NUMBER(message_class);
	TEXT(warning);
	return NULL;
}

static const char *error_difference(const struct msg_error *a, const struct msg_error *b)
{
	NUMBER(success);
	NUMBER(reply_to);
	TEXT(text);
	return NULL;
}

static const char *probe_difference(const struct msg_probe_report *a,
				    const struct msg_probe_report *b)
{
	NUMBER(success);
	NUMBER(reply_to);
	TEXT(message);
	TEXT(hardware);
	TEXT(channel);
	LIST(channels);
	return NULL;
}

static const char *list_difference(const struct msg_list_report *a,
				   const struct msg_list_report *b)
{
	NUMBER(success);
	NUMBER(reply_to);
	TEXT(message);
	TEXT(version);
	NUMBER(n_interfaces);
	for (size_t i = 0; i < a->n_interfaces; i++) {
		TEXT(interfaces[i].name);
		TEXT(interfaces[i].flags);
		TEXT(interfaces[i].hardware);
		TEXT(interfaces[i].capif);
	}
	return NULL;
}

static const char *open_difference(const struct msg_open_report *a,
				   const struct msg_open_report *b)
{
	NUMBER(success);
	NUMBER(reply_to);
	NUMBER(has_dlt);
	NUMBER(dlt);
	TEXT(message);
	TEXT(capif);
	TEXT(hardware);
	TEXT(uuid);
	TEXT(channel);
	LIST(channels);
	NUMBER(has_hop);
	TEXT(version);
	TEXT(warning);
	return hop_difference(&a->hop, &b->hop);
}

static const char *configure_difference(const struct msg_configure *a,
					const struct msg_configure *b)
{
	TEXT(channel);
	NUMBER(has_hop);
	return hop_difference(&a->hop, &b->hop);
}

static const char *configure_report_difference(const struct msg_configure_report *a,
					       const struct msg_configure_report *b)
{
	NUMBER(success);
	NUMBER(reply_to);
	TEXT(channel);
	NUMBER(has_hop);
	TEXT(message);
	TEXT(warning);
	return hop_difference(&a->hop, &b->hop);
}

static const char *newsource_difference(const struct msg_newsource *a,
					const struct msg_newsource *b)
{
	TEXT(definition);
	TEXT(type);
	TEXT(uuid);
	NUMBER(instance);
	return NULL;
}

static const char *bluetooth_difference(const struct msg_bluetooth *a,
					const struct msg_bluetooth *b)
{
	NUMBER(time_us);
	TEXT(address);
	TEXT(name);
	NUMBER(txpower);
	NUMBER(type);
	LIST(uuids);
	return NULL;
}

const char *msg_difference(const struct msg *a, const struct msg *b)
{
	NUMBER(type);
	NUMBER(seqno);
	switch (a->type) {
	case MSG_REGISTER:
	case MSG_SHUTDOWN:
	case MSG_WARNING:
		TEXT(text);
		return NULL;
	case MSG_PROBE:
	case MSG_OPEN:
		TEXT(definition);
		return NULL;
	case MSG_PONG:
		NUMBER(reply_to);
		return NULL;
	case MSG_MESSAGE:
		NUMBER(message.class);
		TEXT(message.text);
		return NULL;
	case MSG_ERROR:
		return error_difference(&a->error, &b->error);
	case MSG_PROBE_REPORT:
		return probe_difference(&a->probe_report, &b->probe_report);
	case MSG_LIST_REPORT:
		return list_difference(&a->list_report, &b->list_report);
	case MSG_OPEN_REPORT:
		return open_difference(&a->open_report, &b->open_report);
	case MSG_CONFIGURE:
		return configure_difference(&a->configure, &b->configure);
	case MSG_CONFIGURE_REPORT:
		return configure_report_difference(&a->configure_report, &b->configure_report);
	case MSG_NEWSOURCE:
		return newsource_difference(&a->newsource, &b->newsource);
	case MSG_DATA:
		return data_difference(&a->data, &b->data);
	case MSG_BLUETOOTH:
		return bluetooth_difference(&a->bluetooth, &b->bluetooth);
	case MSG_PING:
	case MSG_LIST:
	case MSG_CLOSE:
	case MSG_UNKNOWN:
		break;
	}
	return NULL;
}
