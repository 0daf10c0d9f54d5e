/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing the announcement datagram. */
#include "protocol/announce.h"

#include <errno.h>
#include <string.h>

#include "protocol/bytes.h"

#define TAG UINT64_C(0x00004B49534D4554)	/* two zero bytes and "KISMET" */
#define VERSION 1
#define US_PER_S 1000000

enum {
	AT_TAG = 0,
	AT_VERSION = 8,
	AT_HTTP_PORT = 10,
	AT_TCP_PORT = 14,
	AT_TIME_S = 18,
	AT_TIME_US = 26,
	AT_UUID = 34,
	AT_NAME = 70,
};

int announce_parse(const uint8_t *data, size_t len, struct announce *out)
{
	if (len != ANNOUNCE_SIZE || get_be64(data + AT_TAG) != TAG ||
	    get_be16(data + AT_VERSION) != VERSION)
		return -EPROTO;
	memset(out, 0, sizeof(*out));
	out->http_port = get_be32(data + AT_HTTP_PORT);
	out->tcp_port = get_be32(data + AT_TCP_PORT);
	out->time_us = get_be64(data + AT_TIME_S) * US_PER_S + get_be64(data + AT_TIME_US);
	memcpy(out->name, data + AT_NAME, ANNOUNCE_NAME_SIZE - 1);
	if (out->http_port > UINT16_MAX || out->tcp_port > UINT16_MAX ||
	    !uuid_normalize(out->uuid, (struct text){ (const char *)data + AT_UUID, UUID_LEN }))
		return -EPROTO;
	return 0;
}

void announce_write(const struct announce *a, uint8_t out[ANNOUNCE_SIZE])
{
	memset(out, 0, ANNOUNCE_SIZE);
	put_be64(out + AT_TAG, TAG);
	put_be16(out + AT_VERSION, VERSION);
	put_be32(out + AT_HTTP_PORT, a->http_port);
	put_be32(out + AT_TCP_PORT, a->tcp_port);
	put_be64(out + AT_TIME_S, a->time_us / US_PER_S);
	put_be64(out + AT_TIME_US, a->time_us % US_PER_S);
	memcpy(out + AT_UUID, a->uuid, UUID_LEN);
	memcpy(out + AT_NAME, a->name, strnlen(a->name, ANNOUNCE_NAME_SIZE - 1));
}
