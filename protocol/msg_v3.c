/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the v3 payloads of all messages but data reports (docs/protocol.md 2.6). */
#include "protocol/mpack.h"
#include "protocol/msg_codec.h"
#include "protocol/v3_ids.h"

/* Keys are written in the order of existing tools, so that recorded bytes can be compared;
 * readers take any order. */

static void put_text(struct mpack_writer *w, unsigned int id, struct text t)
{
	mpack_put_uint(w, id);
	mpack_put_text(w, t);
}

static void put_text_if(struct mpack_writer *w, unsigned int id, struct text t)
{
	if (t.s)
		put_text(w, id, t);
}

static void put_uint(struct mpack_writer *w, unsigned int id, uint64_t v)
{
	mpack_put_uint(w, id);
	mpack_put_uint(w, v);
}

static void put_list(struct mpack_writer *w, unsigned int id, struct text_list list)
{
	mpack_put_uint(w, id);
	mpack_put_array(w, (uint32_t)list.n);
	for (size_t i = 0; i < list.n; i++)
		mpack_put_text(w, list.items[i]);
}

static void put_list_if(struct mpack_writer *w, unsigned int id, struct text_list list)
{
	if (list.n > 0)
		put_list(w, id, list);
}

static void put_one_text(struct mpack_writer *w, struct text t)
{
	mpack_put_map(w, 1);
	put_text(w, V3_TEXT, t);
}

static void put_message(struct mpack_writer *w, enum msg_class class, struct text t)
{
	mpack_put_map(w, 2);
	put_uint(w, V3_MESSAGE_TYPE, class);
	put_text(w, V3_MESSAGE_STRING, t);
}

static void put_error(struct mpack_writer *w, const struct msg_error *m)
{
	mpack_put_map(w, m->text.s != NULL);
	put_text_if(w, V3_TEXT, m->text);
}

static void put_hop(struct mpack_writer *w, unsigned int id, const struct msg_hop *h)
{
	mpack_put_uint(w, id);
	mpack_put_map(w, 0u + h->has_rate + h->has_shuffle + h->has_skip + h->has_offset +
		      (h->channels.n > 0));
	if (h->has_rate) {
		mpack_put_uint(w, V3_CHANHOP_RATE);
		mpack_put_float(w, (float)h->rate_hps);
	}
	if (h->has_shuffle) {
		mpack_put_uint(w, V3_CHANHOP_SHUFFLE);
		mpack_put_bool(w, h->shuffle);
	}
	if (h->has_skip)
		put_uint(w, V3_CHANHOP_SKIP, h->skip > UINT16_MAX ? UINT16_MAX : h->skip);
	if (h->has_offset)
		put_uint(w, V3_CHANHOP_OFFSET, h->offset > UINT16_MAX ? UINT16_MAX : h->offset);
	put_list_if(w, V3_CHANHOP_CHAN_LIST, h->channels);
}

static void put_probe_report(struct mpack_writer *w, const struct msg_probe_report *m)
{
	uint32_t n = 0u + (m->hardware.s != NULL) + (m->channel.s != NULL) + (m->channels.n > 0);

	mpack_put_map(w, 1u + (m->message.s != NULL) + (n > 0));
	put_text_if(w, V3_PROBE_MSG, m->message);
	put_uint(w, V3_PROBE_SEQNO, m->reply_to);
	if (n == 0)
		return;
	mpack_put_uint(w, V3_PROBE_INTERFACE);
	mpack_put_map(w, n);
	put_text_if(w, V3_INTERFACE_HARDWARE, m->hardware);
	put_text_if(w, V3_INTERFACE_CHANNEL, m->channel);
	put_list_if(w, V3_INTERFACE_CHAN_LIST, m->channels);
}

static void put_interface(struct mpack_writer *w, const struct msg_interface *i)
{
	mpack_put_map(w, 0u + (i->name.s != NULL) + (i->flags.s != NULL) +
		      (i->hardware.s != NULL) + (i->capif.s != NULL));
	put_text_if(w, V3_INTERFACE_NAME, i->name);
	put_text_if(w, V3_INTERFACE_FLAGS, i->flags);
	put_text_if(w, V3_INTERFACE_HARDWARE, i->hardware);
	put_text_if(w, V3_INTERFACE_CAPIF, i->capif);
}

static void put_list_report(struct mpack_writer *w, const struct msg_list_report *m)
{
	mpack_put_map(w, 2u + (m->message.s != NULL) + (m->version.s != NULL));
	put_uint(w, V3_LIST_SEQNO, m->reply_to);
	put_text_if(w, V3_LIST_MSG, m->message);
	put_text_if(w, V3_LIST_VERSION, m->version);
	mpack_put_uint(w, V3_LIST_IFLIST);
	mpack_put_array(w, (uint32_t)m->n_interfaces);
	for (size_t i = 0; i < m->n_interfaces; i++)
		put_interface(w, &m->interfaces[i]);
}

static void put_open_report(struct mpack_writer *w, const struct msg_open_report *m)
{
	mpack_put_map(w, 1u + m->has_dlt + m->has_hop + (m->message.s != NULL) +
		      (m->version.s != NULL) + (m->uuid.s != NULL) + (m->capif.s != NULL) +
		      (m->hardware.s != NULL) + (m->channel.s != NULL) + (m->channels.n > 0));
	put_text_if(w, V3_OPEN_MSG, m->message);
	put_uint(w, V3_OPEN_SEQNO, m->reply_to);
	if (m->has_dlt)
		put_uint(w, V3_OPEN_DLT, m->dlt);
	put_text_if(w, V3_OPEN_VERSION, m->version);
	put_text_if(w, V3_OPEN_UUID, m->uuid);
	put_text_if(w, V3_OPEN_CAPIF, m->capif);
	put_text_if(w, V3_OPEN_HARDWARE, m->hardware);
	put_text_if(w, V3_OPEN_CHANNEL, m->channel);
	put_list_if(w, V3_OPEN_CHAN_LIST, m->channels);
	if (m->has_hop)
		put_hop(w, V3_OPEN_CHANHOP, &m->hop);
}

static void put_configure(struct mpack_writer *w, const struct msg_configure *m)
{
	mpack_put_map(w, 0u + (m->channel.s != NULL) + m->has_hop);
	put_text_if(w, V3_CONFIGREQ_CHANNEL, m->channel);
	if (m->has_hop)
		put_hop(w, V3_CONFIGREQ_CHANHOP, &m->hop);
}

/* Of channel and hop v3 servers believe the hop, v0 and v2 servers the channel. A report that has
 * both means the channel. */
static void put_configure_report(struct mpack_writer *w, const struct msg_configure_report *m)
{
	bool has_hop = m->has_hop && !m->channel.s;

	mpack_put_map(w, 1u + (m->message.s != NULL) + (m->channel.s != NULL) + has_hop);
	put_text_if(w, V3_CONFIGREPORT_MSG, m->message);
	put_uint(w, V3_CONFIGREPORT_SEQNO, m->reply_to);
	put_text_if(w, V3_CONFIGREPORT_CHANNEL, m->channel);
	if (has_hop)
		put_hop(w, V3_CONFIGREPORT_CHANHOP, &m->hop);
}

static void put_newsource(struct mpack_writer *w, const struct msg_newsource *m)
{
	mpack_put_map(w, 3u + (m->instance != 0));
	put_text(w, V3_NEWSOURCE_DEFINITION, m->definition);
	put_text(w, V3_NEWSOURCE_TYPE, m->type);
	put_text(w, V3_NEWSOURCE_UUID, m->uuid);
	if (m->instance != 0)
		put_uint(w, MPACK_OWN_FIRST, m->instance);
}

static void put(struct mpack_writer *w, const struct msg *m)
{
	switch (m->type) {
	case MSG_REGISTER:
	case MSG_SHUTDOWN:
		put_one_text(w, m->text);
		break;
	case MSG_MESSAGE:
		put_message(w, m->message.class, m->message.text);
		break;
	case MSG_WARNING:
		put_message(w, MSG_CLASS_ERROR, m->text);
		break;
	case MSG_ERROR:
		put_error(w, &m->error);
		break;
	case MSG_PROBE:
	case MSG_OPEN:
		put_one_text(w, m->definition);
		break;
	case MSG_PROBE_REPORT:
		put_probe_report(w, &m->probe_report);
		break;
	case MSG_LIST_REPORT:
		put_list_report(w, &m->list_report);
		break;
	case MSG_OPEN_REPORT:
		put_open_report(w, &m->open_report);
		break;
	case MSG_CONFIGURE:
		put_configure(w, &m->configure);
		break;
	case MSG_CONFIGURE_REPORT:
		put_configure_report(w, &m->configure_report);
		break;
	case MSG_NEWSOURCE:
		put_newsource(w, &m->newsource);
		break;
	case MSG_PING:		/* no payload */
	case MSG_PONG:
	case MSG_LIST:
	case MSG_UNKNOWN:	/* not in v3, or not here */
	case MSG_DATA:
	case MSG_CLOSE:
	case MSG_BLUETOOTH:
		break;
	}
}

size_t msg_v3_encode(const struct msg *m, uint8_t *buf, size_t cap)
{
	struct mpack_writer w;

	mpack_writer_init(&w, buf, cap);
	put(&w, m);
	return w.len;
}
