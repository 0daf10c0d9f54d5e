/* SPDX-License-Identifier: GPL-2.0-or-later */
/* v0 and v2 data reports, which are read by hand, against protobuf-c: both take the input or
 * neither does, and what they read is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/kismet.pb-c.h"
#include "protocol/msg.h"
#include "protocol/pb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_text(struct text ours, ProtobufCBinaryData theirs)
{
	check(ours.s && ours.len == theirs.len);
	check(ours.len == 0 || memcmp(ours.s, theirs.data, ours.len) == 0);
}

static void check_double(double ours, double theirs)
{
	check(memcmp(&ours, &theirs, sizeof(ours)) == 0);
}

static void check_packet(const struct msg_packet *ours, const Kismet__SubPacket *theirs)
{
	check((ours->data != NULL) == (theirs != NULL));
	if (!theirs)
		return;
	check(ours->time_us == theirs->time_sec * 1000000 + theirs->time_usec);
	check(ours->dlt == theirs->dlt);
	check_text((struct text){ (const char *)ours->data, ours->len }, theirs->data);
	check(ours->orig_len >= ours->len);
	if (theirs->has_cap_size && theirs->cap_size >= ours->len && theirs->cap_size <= UINT32_MAX)
		check(ours->orig_len == theirs->cap_size);
}

static void check_gps(const struct msg_data *ours, const Kismet__SubGps *theirs)
{
	check(ours->has_gps == (theirs != NULL));
	if (!theirs)
		return;
	check_double(ours->gps.lat_deg, theirs->lat);
	check_double(ours->gps.lon_deg, theirs->lon);
	check_double(ours->gps.alt_m, theirs->alt);
	check_double(ours->gps.speed_kmh, theirs->speed);
	check_double(ours->gps.heading_deg, theirs->heading);
	check_double(ours->gps.precision_m, theirs->precision);
	check(ours->gps.fix == (uint8_t)theirs->fix);
	check(ours->gps.time_us == theirs->time_sec * 1000000 + theirs->time_usec);
	check_text(ours->gps.type, theirs->type);
	check_text(ours->gps.name, theirs->name);
}

static void check_signal(const struct msg_data *ours, const Kismet__SubSignal *theirs)
{
	check(ours->has_signal == (theirs != NULL));
	if (!theirs)
		return;
	check(ours->signal.has_signal_dbm == theirs->has_signal_dbm);
	check(ours->signal.has_noise_dbm == theirs->has_noise_dbm);
	check(ours->signal.has_signal_rssi == theirs->has_signal_rssi);
	check(ours->signal.has_noise_rssi == theirs->has_noise_rssi);
	check(ours->signal.has_freq_khz == theirs->has_freq_khz);
	check(ours->signal.has_datarate == theirs->has_datarate);
	if (theirs->has_channel)
		check_text(ours->signal.channel, theirs->channel);
	else
		check(!ours->signal.channel.s);
}

static void check_json(const struct msg_json *ours, const Kismet__SubJson *theirs)
{
	check((ours->type.s != NULL) == (theirs != NULL));
	if (!theirs)
		return;
	check(ours->time_us == theirs->time_sec * 1000000 + theirs->time_usec);
	check_text(ours->type, theirs->type);
	check_text(ours->json, theirs->json);
}

static void check_buffer(const struct msg_buffer *ours, const Kismet__SubBuffer *theirs)
{
	check((ours->data != NULL) == (theirs != NULL));
	if (!theirs)
		return;
	check(ours->time_us == theirs->time_sec * 1000000 + theirs->time_usec);
	check_text(ours->type, theirs->type);
	check_text((struct text){ (const char *)ours->data, ours->len }, theirs->buffer);
}

/* A message may be sent in pieces that add up. protobuf-c wants each of them to be complete; we
 * and servers do not. */
static bool is_in_pieces(const uint8_t *data, size_t size)
{
	struct pb_reader r;
	struct pb_field f;
	uint32_t seen = 0;

	pb_reader_init(&r, data, size);
	while (pb_next(&r, &f)) {
		uint32_t bit = f.no < 32 ? (uint32_t)1 << f.no : 0;

		if (f.wire == PB_BYTES && (seen & bit))
			return true;
		seen |= bit;
	}
	return false;
}

/* A number of several bytes that, as a tag, would be of field 0 or have more than 32 bits. With
 * those protobuf-c and servers do different things; we do as servers do. */
static bool may_have_odd_tag(const uint8_t *data, size_t size)
{
	size_t run = 0;			/* bytes before this one that say that more follow */

	for (size_t i = 0; i < size; i++) {
		if (run > 0 && (data[i] == 0 || (run >= 4 && data[i] >= 0x10)))
			return true;
		run = data[i] & 0x80 ? run + 1 : 0;
	}
	return false;
}

static bool class_exists(int class)
{
	return class == 1 || class == 2 || class == 4 || class == 8 || class == 16;
}

static void check_report(const struct msg_data *ours, const Kismet__DataReport *theirs)
{
	check_packet(&ours->packet, theirs->packet);
	check_gps(ours, theirs->gps);
	check_signal(ours, theirs->signal);
	check_json(&ours->json, theirs->json);
	check_buffer(&ours->buffer, theirs->buffer);
	check((ours->warning.s != NULL) == theirs->has_warning);
	if (theirs->has_warning)
		check_text(ours->warning, theirs->warning);
	check((ours->message.s != NULL) == (theirs->message != NULL));
	if (theirs->message)
		check_text(ours->message, theirs->message->msgtext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f = {
		.gen = FRAME_V2, .name = text_of("KDSDATAREPORT"), .payload = data,
		.payload_len = size,
	};
	Kismet__DataReport *theirs;
	struct arena none;
	struct msg m;
	int ret;

	if (size > FRAME_LIMIT_READ || is_in_pieces(data, size) || may_have_odd_tag(data, size))
		return 0;
	arena_init(&none, 0);
	ret = msg_decode(&f, &none, &m);
	theirs = kismet__data_report__unpack(NULL, size, data);
	/* protobuf-c does not look at the values of enumerations; servers do */
	if (theirs && theirs->message && !class_exists((int)theirs->message->msgtype))
		check(ret != 0);
	else
		check((ret == 0) == (theirs != NULL));
	if (ret == 0)
		check_report(&m.data, theirs);
	if (theirs)
		kismet__data_report__free_unpacked(theirs, NULL);
	return 0;
}
