/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the packet out of a data report (docs/protocol.md 2.2 and 2.6). */
#include "tests/bench/wire.h"
#include "tests/bench/wire_fields.h"

#define BIT(n) (1u << (n))

/* --- v3 --- */

enum { V3_PACKET = 4, V3_DLT = 1, V3_TIME_S, V3_TIME_US, V3_ORIG_LEN, V3_CONTENT = 6 };

static bool read_packet_v3(struct mp_in *in, struct wire_packet *out)
{
	unsigned seen = 0;

	for (uint64_t n = mp_in_map(in); n > 0 && !in->bad; n--) {
		uint64_t key = mp_in_uint(in);

		if (key > 31 || seen & BIT(key))
			return false;
		seen |= BIT(key);
		switch (key) {
		case V3_DLT:
			out->dlt = mp_in_uint(in);
			break;
		case V3_TIME_S:
			out->time_s = mp_in_uint(in);
			break;
		case V3_TIME_US:
			out->time_us = mp_in_uint(in);
			break;
		case V3_ORIG_LEN:
			out->orig_len = mp_in_uint(in);
			break;
		case V3_CONTENT:
			out->data = mp_in_bytes(in);
			break;
		default:
			return false;
		}
	}
	return seen == (BIT(V3_DLT) | BIT(V3_TIME_S) | BIT(V3_TIME_US) | BIT(V3_ORIG_LEN) |
			BIT(V3_CONTENT));
}

static bool read_v3(const struct wire_frame *f, struct wire_packet *out)
{
	struct mp_in in = { f->payload.at, f->payload.at + f->payload.len, false };
	bool found = false;

	for (uint64_t n = mp_in_map(&in); n > 0 && !in.bad; n--) {
		if (mp_in_uint(&in) != V3_PACKET) {
			mp_in_skip(&in);
			continue;
		}
		if (found || !read_packet_v3(&in, out))
			return false;
		found = true;
	}
	return found && !in.bad && in.at == in.end;
}

/* --- v0, v2 --- */

enum { V2_PACKET = 3, V2_TIME_S = 1, V2_TIME_US, V2_DLT, V2_SIZE, V2_DATA, V2_ORIG_LEN };

static bool read_packet_v2(struct wire_bytes message, struct wire_packet *out)
{
	struct pb_in in = { message.at, message.at + message.len, false };
	uint64_t n[V2_ORIG_LEN + 1] = { 0 };
	struct pb_value v;
	unsigned seen = 0;

	while (pb_in_next(&in, &v)) {
		if (v.no > V2_ORIG_LEN || seen & BIT(v.no) || v.is_bytes != (v.no == V2_DATA))
			return false;
		seen |= BIT(v.no);
		if (v.is_bytes)
			out->data = v.bytes;
		else
			n[v.no] = v.number;
	}
	out->time_s = n[V2_TIME_S];
	out->time_us = n[V2_TIME_US];
	out->dlt = n[V2_DLT];
	out->orig_len = n[V2_ORIG_LEN] ? n[V2_ORIG_LEN] : out->data.len;
	return !in.bad && (seen & ~BIT(V2_ORIG_LEN)) == (BIT(V2_TIME_S) | BIT(V2_TIME_US) |
		BIT(V2_DLT) | BIT(V2_SIZE) | BIT(V2_DATA)) && n[V2_SIZE] == out->data.len;
}

static bool read_v2(const struct wire_frame *f, struct wire_packet *out)
{
	struct pb_in in = { f->payload.at, f->payload.at + f->payload.len, false };
	struct pb_value v;
	bool found = false;

	while (pb_in_next(&in, &v)) {
		if (v.no != V2_PACKET)
			continue;
		if (found || !v.is_bytes || !read_packet_v2(v.bytes, out))
			return false;
		found = true;
	}
	return found && !in.bad;
}

bool wire_read_packet(const struct wire_frame *f, struct wire_packet *out)
{
	*out = (struct wire_packet){ .dlt = 0 };
	return f->gen == WIRE_V3 ? read_v3(f, out) : read_v2(f, out);
}
