/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing v0 and v2 messages with protobuf-c, all but data reports (docs/protocol.md 2.2). */
#include "protocol/msg_codec.h"

#include "protocol/data_codec.h"
#include "protocol/kismet.pb-c.h"

/* One message under way: where it goes, and its parts. Lists take memory, nothing else does. */
struct packer {
	struct frame *head;
	uint8_t *buf;
	size_t cap;
	struct arena arena;
	bool no_memory;
	Kismet__SubSuccess success;
	Kismet__MsgbusMessage message;
	Kismet__SubChanset channel;
	Kismet__SubChannels channels;
	Kismet__SubChanhop hop;
	Kismet__SubLinuxBluetoothDevice btdevice;
};

static ProtobufCBinaryData bytes_of(struct text t)
{
	return (ProtobufCBinaryData){ t.len, (uint8_t *)(uintptr_t)t.s };
}

/* Fills an optional field when there is something for it. */
static void set_bytes(protobuf_c_boolean *has, ProtobufCBinaryData *to, struct text t)
{
	*has = t.s != NULL;
	*to = bytes_of(t);
}

static void *take_memory(struct packer *p, size_t n, size_t size)
{
	void *memory = n > 0 && n <= SIZE_MAX / size ? arena_alloc(&p->arena, n * size) : NULL;

	p->no_memory |= n > 0 && !memory;
	return memory;
}

static void set_list(struct packer *p, size_t *n, ProtobufCBinaryData **to, struct text_list list)
{
	ProtobufCBinaryData *items = take_memory(p, list.n, sizeof(*items));

	*n = items ? list.n : 0;
	*to = items;
	for (size_t i = 0; i < *n; i++)
		items[i] = bytes_of(list.items[i]);
}

/* The parts: each returns what goes into the message's field, NULL to leave it out. */

static Kismet__SubSuccess *success_of(struct packer *p, bool success, uint32_t reply_to)
{
	kismet__sub_success__init(&p->success);
	p->success.success = success;
	p->success.seqno = reply_to;
	return &p->success;
}

static Kismet__MsgbusMessage *message_of(struct packer *p, enum msg_class class, struct text t)
{
	if (!t.s)
		return NULL;
	kismet__msgbus_message__init(&p->message);
	p->message.msgtype = (Kismet__MessageType)class;
	p->message.msgtext = bytes_of(t);
	return &p->message;
}

static Kismet__MsgbusMessage *result_of(struct packer *p, bool success, struct text t)
{
	return message_of(p, success ? MSG_CLASS_INFO : MSG_CLASS_ERROR, t);
}

static Kismet__SubChanset *channel_of(struct packer *p, struct text channel)
{
	if (!channel.s)
		return NULL;
	kismet__sub_chanset__init(&p->channel);
	p->channel.channel = bytes_of(channel);
	return &p->channel;
}

static Kismet__SubChannels *channels_of(struct packer *p, struct text_list list)
{
	if (list.n == 0)
		return NULL;
	kismet__sub_channels__init(&p->channels);
	set_list(p, &p->channels.n_channels, &p->channels.channels, list);
	return &p->channels;
}

static Kismet__SubChanhop *hop_of(struct packer *p, bool has_hop, const struct msg_hop *h)
{
	if (!has_hop)
		return NULL;
	kismet__sub_chanhop__init(&p->hop);
	set_list(p, &p->hop.n_channels, &p->hop.channels, h->channels);
	p->hop.has_rate = h->has_rate;
	p->hop.rate = h->rate_hps;
	p->hop.has_shuffle = h->has_shuffle;
	p->hop.shuffle = h->shuffle;
	p->hop.has_shuffle_skip = h->has_skip;
	p->hop.shuffle_skip = h->skip;
	p->hop.has_offset = h->has_offset;
	p->hop.offset = h->offset;
	return &p->hop;
}

static size_t pack(struct packer *p, const ProtobufCMessage *m)
{
	size_t at;

	if (p->no_memory)
		return 0;
	p->head->payload_len = protobuf_c_message_get_packed_size(m);
	at = frame_head_size(p->head);
	if (at > p->cap || p->head->payload_len > p->cap - at)
		return 0;
	protobuf_c_message_pack(m, p->buf + at);
	return frame_finish(p->head, at, p->buf, p->cap);
}

static size_t pack_empty(struct packer *p)
{
	p->head->payload_len = 0;
	return frame_finish(p->head, frame_head_size(p->head), p->buf, p->cap);
}

/* The messages */

static size_t put_register(struct packer *p, struct text subsystem)
{
	Kismet__SystemRegister out = KISMET__SYSTEM_REGISTER__INIT;

	out.subsystem = bytes_of(subsystem);
	return pack(p, &out.base);
}

static size_t put_pong(struct packer *p, uint32_t reply_to)
{
	Kismet__Pong out = KISMET__PONG__INIT;

	out.ping_seqno = reply_to;
	return pack(p, &out.base);
}

static size_t put_shutdown(struct packer *p, struct text reason)
{
	Kismet__ExternalShutdown out = KISMET__EXTERNAL_SHUTDOWN__INIT;

	out.reason = bytes_of(reason);
	return pack(p, &out.base);
}

static size_t put_message(struct packer *p, const struct msg_message *m)
{
	Kismet__MsgbusMessage out = KISMET__MSGBUS_MESSAGE__INIT;

	out.msgtype = (Kismet__MessageType)m->class;
	out.msgtext = bytes_of(m->text);
	return pack(p, &out.base);
}

static size_t put_error(struct packer *p, const struct msg_error *m)
{
	Kismet__ErrorReport out = KISMET__ERROR_REPORT__INIT;

	out.success = success_of(p, m->success, m->reply_to);
	out.message = result_of(p, m->success, m->text);
	return pack(p, &out.base);
}

static size_t put_warning(struct packer *p, struct text warning)
{
	Kismet__WarningReport out = KISMET__WARNING_REPORT__INIT;

	out.warning = bytes_of(warning);
	return pack(p, &out.base);
}

static size_t put_probe(struct packer *p, struct text definition)
{
	Kismet__ProbeSource out = KISMET__PROBE_SOURCE__INIT;

	out.definition = bytes_of(definition);
	return pack(p, &out.base);
}

static size_t put_probe_report(struct packer *p, const struct msg_probe_report *m)
{
	Kismet__ProbeSourceReport out = KISMET__PROBE_SOURCE_REPORT__INIT;

	out.success = success_of(p, m->success, m->reply_to);
	out.message = result_of(p, m->success, m->message);
	out.channels = channels_of(p, m->channels);
	out.channel = channel_of(p, m->channel);
	set_bytes(&out.has_hardware, &out.hardware, m->hardware);
	return pack(p, &out.base);
}

static void fill_interface(Kismet__SubInterface *out, const struct msg_interface *i)
{
	kismet__sub_interface__init(out);
	out->interface = bytes_of(i->name);
	out->flags = bytes_of(i->flags);
	set_bytes(&out->has_hardware, &out->hardware, i->hardware);
	set_bytes(&out->has_capinterface, &out->capinterface, i->capif);
}

static size_t put_list_report(struct packer *p, const struct msg_list_report *m)
{
	Kismet__InterfacesReport out = KISMET__INTERFACES_REPORT__INIT;
	Kismet__SubInterface *items = take_memory(p, m->n_interfaces, sizeof(*items));
	Kismet__SubInterface **list = take_memory(p, m->n_interfaces, sizeof(*list));

	out.success = success_of(p, m->success, m->reply_to);
	out.message = result_of(p, m->success, m->message);
	out.n_interfaces = p->no_memory ? 0 : m->n_interfaces;
	out.interfaces = list;
	for (size_t i = 0; i < out.n_interfaces; i++) {
		fill_interface(&items[i], &m->interfaces[i]);
		list[i] = &items[i];
	}
	return pack(p, &out.base);
}

static size_t put_open(struct packer *p, struct text definition)
{
	Kismet__OpenSource out = KISMET__OPEN_SOURCE__INIT;

	out.definition = bytes_of(definition);
	return pack(p, &out.base);
}

static size_t put_open_report(struct packer *p, const struct msg_open_report *m)
{
	Kismet__OpenSourceReport out = KISMET__OPEN_SOURCE_REPORT__INIT;

	out.success = success_of(p, m->success, m->reply_to);
	out.has_dlt = m->has_dlt;
	out.dlt = m->dlt;
	set_bytes(&out.has_capture_interface, &out.capture_interface, m->capif);
	out.channels = channels_of(p, m->channels);
	out.channel = channel_of(p, m->channel);
	out.hop_config = hop_of(p, m->has_hop, &m->hop);
	set_bytes(&out.has_hardware, &out.hardware, m->hardware);
	out.message = result_of(p, m->success, m->message);
	set_bytes(&out.has_uuid, &out.uuid, m->uuid);
	set_bytes(&out.has_warning, &out.warning, m->warning);
	return pack(p, &out.base);
}

static size_t put_configure(struct packer *p, const struct msg_configure *m)
{
	Kismet__Configure out = KISMET__CONFIGURE__INIT;

	out.channel = channel_of(p, m->channel);
	out.hopping = hop_of(p, m->has_hop, &m->hop);
	return pack(p, &out.base);
}

static size_t put_configure_report(struct packer *p, const struct msg_configure_report *m)
{
	Kismet__ConfigureReport out = KISMET__CONFIGURE_REPORT__INIT;

	out.success = success_of(p, m->success, m->reply_to);
	out.channel = channel_of(p, m->channel);
	out.hopping = hop_of(p, m->has_hop, &m->hop);
	out.message = result_of(p, m->success, m->message);
	set_bytes(&out.has_warning, &out.warning, m->warning);
	return pack(p, &out.base);
}

static size_t put_newsource(struct packer *p, const struct msg_newsource *m)
{
	Kismet__NewSource out = KISMET__NEW_SOURCE__INIT;

	out.definition = bytes_of(m->definition);
	out.sourcetype = bytes_of(m->type);
	out.uuid = bytes_of(m->uuid);
	out.has_instance = m->instance != 0;
	out.instance = m->instance;
	return pack(p, &out.base);
}

static size_t put_bluetooth(struct packer *p, const struct msg_bluetooth *m)
{
	Kismet__LinuxBluetoothDataReport out = KISMET__LINUX_BLUETOOTH_DATA_REPORT__INIT;
	Kismet__SubLinuxBluetoothDevice *d = &p->btdevice;

	kismet__sub_linux_bluetooth_device__init(d);
	d->time_sec = m->time_us / DATA_US_PER_S;
	d->time_usec = m->time_us % DATA_US_PER_S;
	d->address = bytes_of(m->address);
	d->name = bytes_of(m->name);
	d->txpower = m->txpower;
	d->type = m->type;
	set_list(p, &d->n_uuid_list, &d->uuid_list, m->uuids);
	out.btdevice = d;
	return pack(p, &out.base);
}

static size_t put(struct packer *p, const struct msg *m)
{
	switch (m->type) {
	case MSG_REGISTER:
		return put_register(p, m->text);
	case MSG_PONG:
		return put_pong(p, m->reply_to);
	case MSG_SHUTDOWN:
		return put_shutdown(p, m->text);
	case MSG_MESSAGE:
		return put_message(p, &m->message);
	case MSG_ERROR:
		return put_error(p, &m->error);
	case MSG_WARNING:
		return put_warning(p, m->text);
	case MSG_PROBE:
		return put_probe(p, m->definition);
	case MSG_PROBE_REPORT:
		return put_probe_report(p, &m->probe_report);
	case MSG_LIST_REPORT:
		return put_list_report(p, &m->list_report);
	case MSG_OPEN:
		return put_open(p, m->definition);
	case MSG_OPEN_REPORT:
		return put_open_report(p, &m->open_report);
	case MSG_CONFIGURE:
		return put_configure(p, &m->configure);
	case MSG_CONFIGURE_REPORT:
		return put_configure_report(p, &m->configure_report);
	case MSG_NEWSOURCE:
		return put_newsource(p, &m->newsource);
	case MSG_BLUETOOTH:
		return put_bluetooth(p, &m->bluetooth);
	case MSG_PING:		/* no content */
	case MSG_LIST:
	case MSG_CLOSE:
		return pack_empty(p);
	case MSG_UNKNOWN:	/* not here */
	case MSG_DATA:
		break;
	}
	return 0;
}

bool msg_v2_supported(void)
{
	return true;
}

size_t msg_v2_encode(struct frame *head, const struct msg *m, uint8_t *buf, size_t cap)
{
	struct packer p = { .head = head, .buf = buf, .cap = cap };
	size_t len;

	arena_init(&p.arena, ARENA_LIMIT_BYTES);
	len = put(&p, m);
	arena_reset(&p.arena);
	return len;
}
