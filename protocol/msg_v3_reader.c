/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the v3 payloads of all messages but data reports (docs/protocol.md 2.6). */
#include <errno.h>

#include "protocol/data_codec.h"
#include "protocol/mpack.h"
#include "protocol/msg_codec.h"
#include "protocol/v3_ids.h"

struct input {
	struct mpack_reader r;
	struct arena *arena;
	bool no_memory;
};

static void *take_memory(struct input *in, size_t n, size_t size)
{
	void *p = arena_alloc(in->arena, n * size);

	if (!p) {
		in->no_memory = true;
		in->r.bad = true;
	}
	return p;
}

/* An array of texts, each read by get. Its length is no more than the payload's. */
static struct text_list get_list(struct input *in, struct text (*get)(struct mpack_reader *))
{
	uint32_t n = mpack_get_array(&in->r);
	struct text *items;

	if (n == 0)
		return (struct text_list){ NULL, 0 };
	items = take_memory(in, n, sizeof(*items));
	for (uint32_t i = 0; i < n && !in->r.bad; i++)
		items[i] = get(&in->r);
	return (struct text_list){ items, n };
}

static uint32_t get_u32(struct input *in)
{
	return (uint32_t)mpack_get_uint(&in->r, UINT32_MAX);
}

/* What is required and was not there makes the frame malformed. */
static void require(struct input *in, const struct mpack_map *m, unsigned int id)
{
	if (!(m->seen & MPACK_ID(id)))
		in->r.bad = true;
}

/* A map with one text in it. */
static bool get_one_text(struct input *in, struct text *t)
{
	struct mpack_map m;

	mpack_map_open(&m, &in->r, MPACK_ID(V3_TEXT));
	while (mpack_map_next(&m))
		*t = mpack_get_text(&in->r);
	return t->s != NULL;
}

static void get_definition(struct input *in, struct text *t)
{
	if (!get_one_text(in, t))
		in->r.bad = true;
}

/* Servers take any class up to 65535; one without a meaning is shown like the plainest. */
static void get_message(struct input *in, struct msg_message *out)
{
	struct mpack_map m;
	uint64_t class;
	unsigned int id;

	mpack_map_open(&m, &in->r, V3_IDS(V3_MESSAGE_TYPE, V3_MESSAGE_STRING));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_MESSAGE_STRING) {
			out->text = mpack_get_text(&in->r);
		} else {
			class = mpack_get_uint(&in->r, UINT16_MAX);
			out->class = msg_class_valid(class) ? (enum msg_class)class :
							      MSG_CLASS_INFO;
		}
	}
	require(in, &m, V3_MESSAGE_TYPE);
	require(in, &m, V3_MESSAGE_STRING);
}

/* Servers do not look inside, so neither does an empty payload do harm. */
static void get_error(struct input *in, const struct frame *f, struct msg_error *out)
{
	out->reply_to = f->seqno;
	if (f->payload_len > 0)
		get_one_text(in, &out->text);
}

static void get_hop_value(struct input *in, unsigned int id, struct msg_hop *out)
{
	switch (id) {
	case V3_CHANHOP_RATE:
		out->has_rate = true;
		out->rate_hps = mpack_get_number(&in->r);
		break;
	case V3_CHANHOP_SHUFFLE:
		out->has_shuffle = true;
		out->shuffle = mpack_get_bool(&in->r);
		break;
	case V3_CHANHOP_SKIP:
		out->has_skip = true;
		out->skip = (uint32_t)mpack_get_uint(&in->r, UINT16_MAX);
		break;
	case V3_CHANHOP_OFFSET:
		out->has_offset = true;
		out->offset = (uint32_t)mpack_get_uint(&in->r, UINT16_MAX);
		break;
	case V3_CHANHOP_CHAN_LIST:
		out->channels = get_list(in, mpack_get_text);
		break;
	}
}

/* The id after the list ("enabled") is written as a bool or as a number, and ignored. */
static void get_hop(struct input *in, bool *has_hop, struct msg_hop *out)
{
	struct mpack_map m;
	unsigned int id;

	*has_hop = true;
	mpack_map_open(&m, &in->r, V3_IDS(V3_CHANHOP_RATE, V3_CHANHOP_CHAN_LIST));
	while ((id = mpack_map_next(&m)) != 0)
		get_hop_value(in, id, out);
}

static void get_probe_interface(struct input *in, struct msg_probe_report *out)
{
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, &in->r, MPACK_ID(V3_INTERFACE_HARDWARE) |
		       MPACK_ID(V3_INTERFACE_CHANNEL) | MPACK_ID(V3_INTERFACE_CHAN_LIST));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_INTERFACE_HARDWARE)
			out->hardware = mpack_get_bytes(&in->r);
		else if (id == V3_INTERFACE_CHANNEL)
			out->channel = mpack_get_bytes(&in->r);
		else
			out->channels = get_list(in, mpack_get_bytes);
	}
}

static void get_probe_report(struct input *in, const struct frame *f,
			     struct msg_probe_report *out)
{
	struct mpack_map m;
	unsigned int id;

	out->success = f->code != 0;
	mpack_map_open(&m, &in->r, V3_IDS(V3_PROBE_SEQNO, V3_PROBE_MSG));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_PROBE_SEQNO)
			out->reply_to = get_u32(in);
		else if (id == V3_PROBE_INTERFACE)
			get_probe_interface(in, out);
		else
			out->message = mpack_get_bytes(&in->r);
	}
	require(in, &m, V3_PROBE_SEQNO);
}

static void get_interface(struct input *in, struct msg_interface *out)
{
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, &in->r, V3_IDS(V3_INTERFACE_NAME, V3_INTERFACE_CAPIF));
	while ((id = mpack_map_next(&m)) != 0) {
		struct text t = mpack_get_bytes(&in->r);

		if (id == V3_INTERFACE_NAME)
			out->name = t;
		else if (id == V3_INTERFACE_FLAGS)
			out->flags = t;
		else if (id == V3_INTERFACE_HARDWARE)
			out->hardware = t;
		else
			out->capif = t;
	}
}

static void get_interfaces(struct input *in, struct msg_list_report *out)
{
	uint32_t n = mpack_get_array(&in->r);
	struct msg_interface *items;

	if (n == 0)
		return;
	items = take_memory(in, n, sizeof(*items));
	for (uint32_t i = 0; i < n && !in->r.bad; i++)
		get_interface(in, &items[i]);
	out->interfaces = items;
	out->n_interfaces = n;
}

/* Here a code other than 0 is a failure (docs/protocol.md 2.5). */
static void get_list_report(struct input *in, const struct frame *f, struct msg_list_report *out)
{
	struct mpack_map m;
	unsigned int id;

	out->success = f->code == 0;
	mpack_map_open(&m, &in->r, V3_IDS(V3_LIST_SEQNO, V3_LIST_VERSION));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_LIST_SEQNO)
			out->reply_to = get_u32(in);
		else if (id == V3_LIST_IFLIST)
			get_interfaces(in, out);
		else if (id == V3_LIST_MSG)
			out->message = mpack_get_bytes(&in->r);
		else
			out->version = mpack_get_bytes(&in->r);
	}
	require(in, &m, V3_LIST_SEQNO);
}

static void get_open_value(struct input *in, unsigned int id, struct msg_open_report *out)
{
	switch (id) {
	case V3_OPEN_SEQNO:
		out->reply_to = get_u32(in);
		break;
	case V3_OPEN_DLT:
		out->has_dlt = true;
		out->dlt = get_u32(in);
		break;
	case V3_OPEN_CAPIF:
		out->capif = mpack_get_text(&in->r);
		break;
	case V3_OPEN_CHAN_LIST:
		out->channels = get_list(in, mpack_get_text);
		break;
	case V3_OPEN_CHANNEL:
		out->channel = mpack_get_text(&in->r);
		break;
	case V3_OPEN_CHANHOP:
		get_hop(in, &out->has_hop, &out->hop);
		break;
	case V3_OPEN_HARDWARE:
		out->hardware = mpack_get_text(&in->r);
		break;
	case V3_OPEN_UUID:
		out->uuid = mpack_get_text(&in->r);
		break;
	case V3_OPEN_MSG:
		out->message = mpack_get_text(&in->r);
		break;
	case V3_OPEN_VERSION:
		out->version = mpack_get_text(&in->r);
		break;
	}
}

static void get_open_report(struct input *in, const struct frame *f, struct msg_open_report *out)
{
	struct mpack_map m;
	unsigned int id;

	out->success = f->code != 0;
	mpack_map_open(&m, &in->r, V3_IDS(V3_OPEN_SEQNO, V3_OPEN_VERSION));
	while ((id = mpack_map_next(&m)) != 0)
		get_open_value(in, id, out);
	require(in, &m, V3_OPEN_SEQNO);
}

static void get_configure(struct input *in, struct msg_configure *out)
{
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, &in->r, V3_IDS(V3_CONFIGREQ_CHANNEL, V3_CONFIGREQ_CHANHOP));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_CONFIGREQ_CHANNEL)
			out->channel = mpack_get_text(&in->r);
		else
			get_hop(in, &out->has_hop, &out->hop);
	}
}

static void get_configure_report(struct input *in, const struct frame *f,
				 struct msg_configure_report *out)
{
	struct mpack_map m;
	unsigned int id;

	out->success = f->code != 0;
	mpack_map_open(&m, &in->r, V3_IDS(V3_CONFIGREPORT_SEQNO, V3_CONFIGREPORT_MSG));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_CONFIGREPORT_SEQNO)
			out->reply_to = get_u32(in);
		else if (id == V3_CONFIGREPORT_CHANNEL)
			out->channel = mpack_get_text(&in->r);
		else if (id == V3_CONFIGREPORT_CHANHOP)
			get_hop(in, &out->has_hop, &out->hop);
		else
			out->message = mpack_get_text(&in->r);
	}
	require(in, &m, V3_CONFIGREPORT_SEQNO);
}

static void get_newsource(struct input *in, struct msg_newsource *out)
{
	struct mpack_map m;
	unsigned int id;

	mpack_map_open(&m, &in->r, V3_IDS(V3_NEWSOURCE_DEFINITION, V3_NEWSOURCE_UUID) |
		       MPACK_ID(V3_NEWSOURCE_INSTANCE));
	while ((id = mpack_map_next(&m)) != 0) {
		if (id == V3_NEWSOURCE_DEFINITION)
			out->definition = mpack_get_text(&in->r);
		else if (id == V3_NEWSOURCE_TYPE)
			out->type = mpack_get_text(&in->r);
		else if (id == V3_NEWSOURCE_UUID)
			out->uuid = mpack_get_text(&in->r);
		else
			out->instance = mpack_get_uint(&in->r, UINT64_MAX);
	}
	require(in, &m, V3_NEWSOURCE_DEFINITION);
	require(in, &m, V3_NEWSOURCE_TYPE);
	require(in, &m, V3_NEWSOURCE_UUID);
}

static void get(struct input *in, const struct frame *f, struct msg *m)
{
	switch (m->type) {
	case MSG_REGISTER:
	case MSG_SHUTDOWN:
		get_one_text(in, &m->text);
		break;
	case MSG_MESSAGE:
		get_message(in, &m->message);
		break;
	case MSG_ERROR:
		get_error(in, f, &m->error);
		break;
	case MSG_PROBE:
	case MSG_OPEN:
		get_definition(in, &m->definition);
		break;
	case MSG_PROBE_REPORT:
		get_probe_report(in, f, &m->probe_report);
		break;
	case MSG_LIST_REPORT:
		get_list_report(in, f, &m->list_report);
		break;
	case MSG_OPEN_REPORT:
		get_open_report(in, f, &m->open_report);
		break;
	case MSG_CONFIGURE:
		get_configure(in, &m->configure);
		break;
	case MSG_CONFIGURE_REPORT:
		get_configure_report(in, f, &m->configure_report);
		break;
	case MSG_NEWSOURCE:
		get_newsource(in, &m->newsource);
		break;
	case MSG_PONG:
		m->reply_to = f->seqno;
		break;
	case MSG_PING:		/* no payload */
	case MSG_LIST:
	case MSG_UNKNOWN:	/* not in v3, or not here */
	case MSG_WARNING:
	case MSG_DATA:
	case MSG_CLOSE:
	case MSG_BLUETOOTH:
		break;
	}
}

int msg_v3_decode(const struct frame *f, struct arena *arena, struct msg *m)
{
	struct input in = { .arena = arena };

	mpack_reader_init(&in.r, f->payload, f->payload_len);
	get(&in, f, m);
	if (in.no_memory)
		return -ENOMEM;
	return in.r.bad ? -EPROTO : 0;
}
