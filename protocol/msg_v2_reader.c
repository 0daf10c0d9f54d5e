/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading v0 and v2 messages with protobuf-c, all but data reports (docs/protocol.md 2.2). */
#include <errno.h>

#include "protocol/data_codec.h"
#include "protocol/kismet.pb-c.h"
#include "protocol/msg_codec.h"

struct input {
	const struct frame *f;
	struct arena *arena;
	bool no_memory;
};

/* protobuf-c takes all its memory from the arena and gives none of it back. */
static void *take(void *user, size_t size)
{
	struct input *in = user;
	void *p = arena_alloc(in->arena, size);

	in->no_memory |= !p;
	return p;
}

static void give_back(void *user, void *p)
{
	(void)user;
	(void)p;
}

static void *unpack(struct input *in, const ProtobufCMessageDescriptor *what)
{
	ProtobufCAllocator allocator = { take, give_back, in };

	return protobuf_c_message_unpack(what, &allocator, in->f->payload_len, in->f->payload);
}

/* protobuf-c has no data for an empty text that is there. */
static struct text text_of_bytes(ProtobufCBinaryData b)
{
	return (struct text){ b.data ? (const char *)b.data : "", b.len };
}

static struct text optional_text(protobuf_c_boolean has, ProtobufCBinaryData b)
{
	return has ? text_of_bytes(b) : (struct text){ NULL, 0 };
}

static bool get_list(struct input *in, size_t n, const ProtobufCBinaryData *from,
		     struct text_list *to)
{
	struct text *items;

	if (n == 0)
		return true;
	items = take(in, n * sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < n; i++)
		items[i] = text_of_bytes(from[i]);
	*to = (struct text_list){ items, n };
	return true;
}

static struct text text_in(const Kismet__MsgbusMessage *m)
{
	return m ? text_of_bytes(m->msgtext) : (struct text){ NULL, 0 };
}

static struct text channel_in(const Kismet__SubChanset *c)
{
	return c ? text_of_bytes(c->channel) : (struct text){ NULL, 0 };
}

static bool get_channels(struct input *in, const Kismet__SubChannels *c, struct text_list *to)
{
	return !c || get_list(in, c->n_channels, c->channels, to);
}

static bool get_hop(struct input *in, const Kismet__SubChanhop *h, bool *has_hop,
		    struct msg_hop *to)
{
	*has_hop = h != NULL;
	if (!h)
		return true;
	to->has_rate = h->has_rate;
	to->rate_hps = h->rate;
	to->has_shuffle = h->has_shuffle;
	to->shuffle = h->shuffle;
	to->has_skip = h->has_shuffle_skip;
	to->skip = h->shuffle_skip;
	to->has_offset = h->has_offset;
	to->offset = h->offset;
	return get_list(in, h->n_channels, h->channels, &to->channels);
}

/* Each reads one message; false when it is malformed, or memory ran out. */

static bool get_register(struct input *in, struct text *subsystem)
{
	const Kismet__SystemRegister *m = unpack(in, &kismet__system_register__descriptor);

	if (m)
		*subsystem = text_of_bytes(m->subsystem);
	return m;
}

static bool get_pong(struct input *in, uint32_t *reply_to)
{
	const Kismet__Pong *m = unpack(in, &kismet__pong__descriptor);

	if (m)
		*reply_to = m->ping_seqno;
	return m;
}

static bool get_shutdown(struct input *in, struct text *reason)
{
	const Kismet__ExternalShutdown *m = unpack(in, &kismet__external_shutdown__descriptor);

	if (m)
		*reason = text_of_bytes(m->reason);
	return m;
}

static bool get_message(struct input *in, struct msg_message *out)
{
	const Kismet__MsgbusMessage *m = unpack(in, &kismet__msgbus_message__descriptor);

	if (!m || !msg_class_valid((uint64_t)m->msgtype))
		return false;
	out->class = (enum msg_class)m->msgtype;
	out->text = text_of_bytes(m->msgtext);
	return true;
}

static bool get_error(struct input *in, struct msg_error *out)
{
	const Kismet__ErrorReport *m = unpack(in, &kismet__error_report__descriptor);

	if (!m)
		return false;
	out->success = m->success->success;
	out->reply_to = m->success->seqno;
	out->text = text_in(m->message);
	return true;
}

static bool get_warning(struct input *in, struct text *warning)
{
	const Kismet__WarningReport *m = unpack(in, &kismet__warning_report__descriptor);

	if (m)
		*warning = text_of_bytes(m->warning);
	return m;
}

static bool get_probe(struct input *in, struct text *definition)
{
	const Kismet__ProbeSource *m = unpack(in, &kismet__probe_source__descriptor);

	if (m)
		*definition = text_of_bytes(m->definition);
	return m;
}

static bool get_probe_report(struct input *in, struct msg_probe_report *out)
{
	const Kismet__ProbeSourceReport *m = unpack(in, &kismet__probe_source_report__descriptor);

	if (!m)
		return false;
	out->success = m->success->success;
	out->reply_to = m->success->seqno;
	out->message = text_in(m->message);
	out->channel = channel_in(m->channel);
	out->hardware = optional_text(m->has_hardware, m->hardware);
	return get_channels(in, m->channels, &out->channels);
}

static struct msg_interface interface_in(const Kismet__SubInterface *i)
{
	return (struct msg_interface){
		.name = text_of_bytes(i->interface),
		.flags = text_of_bytes(i->flags),
		.hardware = optional_text(i->has_hardware, i->hardware),
		.capif = optional_text(i->has_capinterface, i->capinterface),
	};
}

static bool get_list_report(struct input *in, struct msg_list_report *out)
{
	const Kismet__InterfacesReport *m = unpack(in, &kismet__interfaces_report__descriptor);
	struct msg_interface *items;

	if (!m)
		return false;
	out->success = m->success->success;
	out->reply_to = m->success->seqno;
	out->message = text_in(m->message);
	if (m->n_interfaces == 0)
		return true;
	items = take(in, m->n_interfaces * sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < m->n_interfaces; i++)
		items[i] = interface_in(m->interfaces[i]);
	out->interfaces = items;
	out->n_interfaces = m->n_interfaces;
	return true;
}

static bool get_open(struct input *in, struct text *definition)
{
	const Kismet__OpenSource *m = unpack(in, &kismet__open_source__descriptor);

	if (m)
		*definition = text_of_bytes(m->definition);
	return m;
}

static bool get_open_report(struct input *in, struct msg_open_report *out)
{
	const Kismet__OpenSourceReport *m = unpack(in, &kismet__open_source_report__descriptor);

	if (!m)
		return false;
	out->success = m->success->success;
	out->reply_to = m->success->seqno;
	out->has_dlt = m->has_dlt;
	out->dlt = m->dlt;
	out->message = text_in(m->message);
	out->capif = optional_text(m->has_capture_interface, m->capture_interface);
	out->hardware = optional_text(m->has_hardware, m->hardware);
	out->uuid = optional_text(m->has_uuid, m->uuid);
	out->channel = channel_in(m->channel);
	out->warning = optional_text(m->has_warning, m->warning);
	return get_channels(in, m->channels, &out->channels) &&
	       get_hop(in, m->hop_config, &out->has_hop, &out->hop);
}

static bool get_configure(struct input *in, struct msg_configure *out)
{
	const Kismet__Configure *m = unpack(in, &kismet__configure__descriptor);

	if (!m)
		return false;
	out->channel = channel_in(m->channel);
	return get_hop(in, m->hopping, &out->has_hop, &out->hop);
}

static bool get_configure_report(struct input *in, struct msg_configure_report *out)
{
	const Kismet__ConfigureReport *m = unpack(in, &kismet__configure_report__descriptor);

	if (!m)
		return false;
	out->success = m->success->success;
	out->reply_to = m->success->seqno;
	out->channel = channel_in(m->channel);
	out->message = text_in(m->message);
	out->warning = optional_text(m->has_warning, m->warning);
	return get_hop(in, m->hopping, &out->has_hop, &out->hop);
}

static bool get_newsource(struct input *in, struct msg_newsource *out)
{
	const Kismet__NewSource *m = unpack(in, &kismet__new_source__descriptor);

	if (!m)
		return false;
	out->definition = text_of_bytes(m->definition);
	out->type = text_of_bytes(m->sourcetype);
	out->uuid = text_of_bytes(m->uuid);
	out->instance = m->instance;
	return true;
}

static bool get_bluetooth(struct input *in, struct msg_bluetooth *out)
{
	const Kismet__LinuxBluetoothDataReport *m =
		unpack(in, &kismet__linux_bluetooth_data_report__descriptor);
	const Kismet__SubLinuxBluetoothDevice *d;

	if (!m)
		return false;
	d = m->btdevice;
	out->time_us = d->time_sec * DATA_US_PER_S + d->time_usec;
	out->address = text_of_bytes(d->address);
	out->name = text_of_bytes(d->name);
	out->txpower = d->txpower;
	out->type = d->type;
	return get_list(in, d->n_uuid_list, d->uuid_list, &out->uuids);
}

static bool get(struct input *in, struct msg *m)
{
	switch (m->type) {
	case MSG_REGISTER:
		return get_register(in, &m->text);
	case MSG_PONG:
		return get_pong(in, &m->reply_to);
	case MSG_SHUTDOWN:
		return get_shutdown(in, &m->text);
	case MSG_MESSAGE:
		return get_message(in, &m->message);
	case MSG_ERROR:
		return get_error(in, &m->error);
	case MSG_WARNING:
		return get_warning(in, &m->text);
	case MSG_PROBE:
		return get_probe(in, &m->definition);
	case MSG_PROBE_REPORT:
		return get_probe_report(in, &m->probe_report);
	case MSG_LIST_REPORT:
		return get_list_report(in, &m->list_report);
	case MSG_OPEN:
		return get_open(in, &m->definition);
	case MSG_OPEN_REPORT:
		return get_open_report(in, &m->open_report);
	case MSG_CONFIGURE:
		return get_configure(in, &m->configure);
	case MSG_CONFIGURE_REPORT:
		return get_configure_report(in, &m->configure_report);
	case MSG_NEWSOURCE:
		return get_newsource(in, &m->newsource);
	case MSG_BLUETOOTH:
		return get_bluetooth(in, &m->bluetooth);
	case MSG_PING:		/* nothing in them */
	case MSG_LIST:
	case MSG_CLOSE:
	case MSG_UNKNOWN:	/* not here */
	case MSG_DATA:
		break;
	}
	return true;
}

int msg_v2_decode(const struct frame *f, struct arena *arena, struct msg *m)
{
	struct input in = { f, arena, false };

	if (get(&in, m))
		return 0;
	return in.no_memory ? -ENOMEM : -EPROTO;
}
