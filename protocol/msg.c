/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each message is called in each generation, and which codec takes it. */
#include "protocol/msg.h"

#include <errno.h>
#include <string.h>

#include "protocol/data_codec.h"
#include "protocol/msg_codec.h"
#include "protocol/v2_fields.h"
#include "protocol/v3_ids.h"

static const struct info {
	const char *name;
	uint16_t v3_type;		/* docs/protocol.md 2.4; 0: none */
	const char *v2_name;		/* docs/protocol.md 2.1 */
} infos[] = {
	[MSG_UNKNOWN] = { "UNKNOWN", 0, NULL },
	[MSG_REGISTER] = { "REGISTER", 1, "SYSTEMREGISTER" },
	[MSG_PING] = { "PING", 2, "PING" },
	[MSG_PONG] = { "PONG", 3, "PONG" },
	[MSG_SHUTDOWN] = { "SHUTDOWN", 4, "SHUTDOWN" },
	[MSG_MESSAGE] = { "MESSAGE", 5, "MESSAGE" },
	[MSG_ERROR] = { "ERROR", 6, "KDSERRORREPORT" },
	[MSG_WARNING] = { "WARNING", 5, "KDSWARNINGREPORT" },
	[MSG_PROBE] = { "PROBE", 10, "KDSPROBESOURCE" },
	[MSG_PROBE_REPORT] = { "PROBEREPORT", 11, "KDSPROBESOURCEREPORT" },
	[MSG_LIST] = { "LIST", 14, "KDSLISTINTERFACES" },
	[MSG_LIST_REPORT] = { "LISTREPORT", 15, "KDSINTERFACESREPORT" },
	[MSG_OPEN] = { "OPEN", 12, "KDSOPENSOURCE" },
	[MSG_OPEN_REPORT] = { "OPENREPORT", 13, "KDSOPENSOURCEREPORT" },
	[MSG_CONFIGURE] = { "CONFIGURE", 17, "KDSCONFIGURE" },
	[MSG_CONFIGURE_REPORT] = { "CONFIGUREREPORT", 18, "KDSCONFIGUREREPORT" },
	[MSG_NEWSOURCE] = { "NEWSOURCE", 19, "KDSNEWSOURCE" },
	[MSG_DATA] = { "DATA", V3_TYPE_PACKET, V2_NAME_DATA },
	[MSG_CLOSE] = { "CLOSE", 0, "KDSCLOSEDATASOURCE" },
	[MSG_BLUETOOTH] = { "BLUETOOTH", 0, "LBTDATAREPORT" },
};

#define N_INFOS (sizeof(infos) / sizeof(infos[0]))

const char *msg_type_name(enum msg_type type)
{
	return infos[type].name;
}

bool msg_gen_supported(enum frame_gen gen)
{
	return gen == FRAME_V3 || msg_v2_supported();
}

/* The number that the frame carries. In v3 some answers repeat the request's. */
static uint32_t v3_seqno(const struct msg *m)
{
	switch (m->type) {
	case MSG_PONG:
		return m->reply_to;
	case MSG_ERROR:
		return m->error.reply_to;
	case MSG_PROBE_REPORT:
		return m->probe_report.reply_to;
	case MSG_OPEN_REPORT:
		return m->open_report.reply_to;
	case MSG_CONFIGURE_REPORT:
		return m->configure_report.reply_to;
	case MSG_UNKNOWN:
	case MSG_REGISTER:
	case MSG_PING:
	case MSG_SHUTDOWN:
	case MSG_MESSAGE:
	case MSG_WARNING:
	case MSG_PROBE:
	case MSG_LIST:
	case MSG_LIST_REPORT:
	case MSG_OPEN:
	case MSG_CONFIGURE:
	case MSG_NEWSOURCE:
	case MSG_DATA:
	case MSG_CLOSE:
	case MSG_BLUETOOTH:
		break;
	}
	return m->seqno;
}

/* The code field of a tool's frame (docs/protocol.md 2.5). */
static uint16_t v3_tool_code(const struct msg *m)
{
	switch (m->type) {
	case MSG_ERROR:
		return 1;
	case MSG_PROBE_REPORT:
		return m->probe_report.success;
	case MSG_OPEN_REPORT:
		return m->open_report.success;
	case MSG_CONFIGURE_REPORT:
		return m->configure_report.success;
	case MSG_LIST_REPORT:	/* the other way round than all others */
		return !m->list_report.success;
	case MSG_UNKNOWN:
	case MSG_REGISTER:
	case MSG_PING:
	case MSG_PONG:
	case MSG_SHUTDOWN:
	case MSG_MESSAGE:
	case MSG_WARNING:
	case MSG_PROBE:
	case MSG_LIST:
	case MSG_OPEN:
	case MSG_CONFIGURE:
	case MSG_NEWSOURCE:
	case MSG_DATA:
	case MSG_CLOSE:
	case MSG_BLUETOOTH:
		break;
	}
	return 0;
}

static size_t encode_v3(enum msg_role role, const struct msg *m, uint8_t *buf, size_t cap)
{
	uint16_t type = infos[m->type].v3_type;
	uint16_t code = role == MSG_FROM_SERVER ? 1 : v3_tool_code(m);
	size_t room, len;

	if (type == 0 || cap < FRAME_V3_HEADER)
		return 0;
	room = cap - FRAME_V3_HEADER;
	len = msg_v3_encode(m, buf + FRAME_V3_HEADER, room);
	if (len > room || len > UINT32_MAX)
		return 0;
	frame_put_v3(buf, type, code, v3_seqno(m), (uint32_t)len);
	return FRAME_V3_HEADER + len;
}

static size_t encode_v2(enum frame_gen gen, const struct msg *m, uint8_t *buf, size_t cap)
{
	struct frame head = {
		.gen = gen,
		.seqno = m->seqno,
		.name = text_of(infos[m->type].v2_name),
	};

	return head.name.s ? msg_v2_encode(&head, m, buf, cap) : 0;
}

static size_t encode_data(enum frame_gen gen, const struct msg *m, uint8_t *buf, size_t cap)
{
	static const struct data_gps_bytes none;
	size_t len = data_frame_put(gen, m->seqno, &m->data, none, buf, cap);

	return len > cap ? 0 : len;
}

size_t msg_encode(enum frame_gen gen, enum msg_role role, const struct msg *m, uint8_t *buf,
		  size_t cap)
{
	if (!msg_gen_supported(gen))
		return 0;
	if (m->type == MSG_DATA)
		return encode_data(gen, m, buf, cap);
	if (gen == FRAME_V3)
		return encode_v3(role, m, buf, cap);
	return encode_v2(gen, m, buf, cap);
}

/* Of the types that share a number, the first in the table is the one read. Data reports, of which
 * there are most, are not searched for. */
static enum msg_type v3_type_of(uint16_t number)
{
	if (number == V3_TYPE_PACKET)
		return MSG_DATA;
	for (size_t i = 0; i < N_INFOS; i++) {
		if (number != 0 && infos[i].v3_type == number)
			return (enum msg_type)i;
	}
	return MSG_UNKNOWN;
}

static enum msg_type v2_type_of(struct text name)
{
	if (text_is(name, V2_NAME_DATA))
		return MSG_DATA;
	for (size_t i = 0; i < N_INFOS; i++) {
		if (infos[i].v2_name && text_is(name, infos[i].v2_name))
			return (enum msg_type)i;
	}
	return MSG_UNKNOWN;
}

int msg_decode(const struct frame *f, struct arena *arena, struct msg *out)
{
	bool is_v3 = f->gen == FRAME_V3;

	memset(out, 0, sizeof(*out));
	out->seqno = f->seqno;
	out->type = is_v3 ? v3_type_of(f->type) : v2_type_of(f->name);
	if (out->type == MSG_PING)
		return 0;
	if (!msg_gen_supported(f->gen))
		return -EPROTONOSUPPORT;
	if (out->type == MSG_DATA && is_v3)
		return data_v3_get(f->payload, f->payload_len, &out->data);
	if (out->type == MSG_DATA)
		return data_v2_get(f->payload, f->payload_len, &out->data);
	return is_v3 ? msg_v3_decode(f, arena, out) : msg_v2_decode(f, arena, out);
}
