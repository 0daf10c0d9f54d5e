/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng blocks, written into the caller's memory. */
#include "capture_common/pcapng.h"

#include <string.h>

/* Numbers of blocks and options: draft-ietf-opsawg-pcapng 3.5 and 4. */
enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_COUNTS = 5,
	BLOCK_PACKET = 6,
};

enum option_code {
	OPT_END_OF_OPTIONS = 0,
	OPT_COMMENT = 1,
	SHB_HARDWARE = 2,
	SHB_OS = 3,
	SHB_APPLICATION = 4,
	IF_NAME = 2,
	IF_DESCRIPTION = 3,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	IF_HARDWARE = 15,
	EPB_PACKETID = 5,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
};

#define TEXT_MAX 65532u		/* an option's length has 16 bits; this one needs no padding */

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static uint8_t *put_u16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put_u32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put_u64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static uint8_t *put_padded(uint8_t *p, const void *data, size_t len)
{
	size_t room = padded(len);

	if (len) {
		put_u32(p + room - 4, 0);	/* the padding, without asking how much */
		memcpy(p, data, len);
	}
	return p + room;
}

/* Two words, as every time stamp in a block is: the upper half first. */
static uint8_t *put_time(uint8_t *p, uint64_t time_us)
{
	p = put_u32(p, (uint32_t)(time_us >> 32));
	return put_u32(p, (uint32_t)time_us);
}

static uint8_t *put_option(uint8_t *p, enum option_code code, const void *data, size_t len)
{
	p = put_u16(p, (uint16_t)code);
	p = put_u16(p, (uint16_t)len);
	return put_padded(p, data, len);
}

static uint8_t *put_option_u64(uint8_t *p, enum option_code code, uint64_t v)
{
	return put_option(p, code, &v, sizeof(v));
}

static size_t text_len(struct text t)
{
	return t.len < TEXT_MAX ? t.len : TEXT_MAX;
}

static size_t text_size(struct text t)
{
	return t.s ? 4 + padded(text_len(t)) : 0;
}

static uint8_t *put_text(uint8_t *p, enum option_code code, struct text t)
{
	return t.s ? put_option(p, code, t.s, text_len(t)) : p;
}

/* A filter expression has a byte 0 before it, which says that it is one. */
static size_t filter_size(struct text t)
{
	return t.s ? 4 + padded(1 + text_len(t)) : 0;
}

static uint8_t *put_filter(uint8_t *p, struct text t)
{
	size_t len = text_len(t), room = padded(1 + len);

	if (!t.s)
		return p;
	p = put_u16(p, IF_FILTER);
	p = put_u16(p, (uint16_t)(1 + len));
	memset(p, 0, room);
	if (len)
		memcpy(p + 1, t.s, len);
	return p + room;
}

static uint8_t *put_head(uint8_t *p, enum block_type type, size_t total)
{
	p = put_u32(p, (uint32_t)type);
	return put_u32(p, (uint32_t)total);
}

/* Ends the options and the block. */
static void put_tail(uint8_t *p, size_t total)
{
	p = put_option(p, OPT_END_OF_OPTIONS, NULL, 0);
	put_u32(p, (uint32_t)total);
}

size_t pcapng_put_section(const struct pcapng_section *s, uint8_t *buf, size_t cap)
{
	size_t options = text_size(s->hardware) + text_size(s->os) + text_size(s->application);
	size_t total = 28 + (options ? options + 4 : 0);
	uint8_t *p = buf;

	if (total > cap)
		return 0;
	p = put_head(p, BLOCK_SECTION, total);
	p = put_u32(p, 0x1a2b3c4d);	/* tells the reader our byte order */
	p = put_u16(p, 1);
	p = put_u16(p, 0);
	p = put_u64(p, UINT64_MAX);	/* length not known */
	p = put_text(p, SHB_HARDWARE, s->hardware);
	p = put_text(p, SHB_OS, s->os);
	p = put_text(p, SHB_APPLICATION, s->application);
	if (options)
		put_tail(p, total);
	else
		put_u32(p, (uint32_t)total);
	return total;
}

/* The link types whose number in files is not libpcap's number in memory, because the latter
 * differs between systems (tcpdump.org/linktypes.html). The numbers of Linux and most others. */
static uint32_t linktype_of(uint32_t dlt)
{
	static const struct { uint8_t dlt, linktype; } differ[] = {
		{ 11, 100 },	/* RFC 1483 ATM */
		{ 12, 101 },	/* raw IP */
		{ 15, 102 },	/* BSD/OS SLIP */
		{ 16, 103 },	/* BSD/OS PPP */
		{ 18, 246 },	/* pfsync */
		{ 19, 106 },	/* Linux classical IP over ATM */
	};
	size_t i;

	for (i = 0; i < sizeof(differ) / sizeof(differ[0]); i++) {
		if (differ[i].dlt == dlt)
			return differ[i].linktype;
	}
	return dlt;
}

size_t pcapng_put_interface(const struct pcapng_interface *i, uint8_t *buf, size_t cap)
{
	static const uint8_t microseconds = 6;
	size_t total = 20 + 8 + 4 + text_size(i->comment) + text_size(i->name) +
		       text_size(i->description) + filter_size(i->filter) +
		       text_size(i->hardware);
	uint32_t linktype = linktype_of(i->dlt);
	uint8_t *p = buf;

	if (total > cap || linktype > UINT16_MAX)
		return 0;
	p = put_head(p, BLOCK_INTERFACE, total);
	p = put_u16(p, (uint16_t)linktype);
	p = put_u16(p, 0);
	p = put_u32(p, i->snaplen);
	p = put_text(p, OPT_COMMENT, i->comment);
	p = put_text(p, IF_NAME, i->name);
	p = put_text(p, IF_DESCRIPTION, i->description);
	p = put_option(p, IF_TSRESOL, &microseconds, 1);
	p = put_filter(p, i->filter);
	p = put_text(p, IF_HARDWARE, i->hardware);
	put_tail(p, total);
	return total;
}

size_t pcapng_put_packet(const struct pcapng_packet *k, uint8_t *buf, size_t cap)
{
	size_t options = (k->has_id ? 12 : 0) + text_size(k->comment);
	uint64_t total = 32 + (((uint64_t)k->len + 3) & ~(uint64_t)3) +
			 (options ? options + 4 : 0);
	uint8_t *p = buf;

	if (total > cap || total > UINT32_MAX)
		return 0;
	p = put_head(p, BLOCK_PACKET, (size_t)total);
	p = put_u32(p, k->interface);
	p = put_time(p, k->time_us);
	p = put_u32(p, k->len);
	p = put_u32(p, k->orig_len);
	p = put_padded(p, k->data, k->len);
	if (!options) {
		put_u32(p, (uint32_t)total);
		return (size_t)total;
	}
	p = put_text(p, OPT_COMMENT, k->comment);
	if (k->has_id)
		p = put_option_u64(p, EPB_PACKETID, k->id);
	put_tail(p, (size_t)total);
	return (size_t)total;
}

size_t pcapng_put_counts(const struct pcapng_counts *c, uint8_t *buf, size_t cap)
{
	const size_t total = 24 + 12 + 12 + 4;
	uint8_t *p = buf;

	if (total > cap)
		return 0;
	p = put_head(p, BLOCK_COUNTS, total);
	p = put_u32(p, c->interface);
	p = put_time(p, c->time_us);
	p = put_option_u64(p, ISB_IFRECV, c->received);
	p = put_option_u64(p, ISB_IFDROP, c->dropped);
	put_tail(p, total);
	return total;
}
