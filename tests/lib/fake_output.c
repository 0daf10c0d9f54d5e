/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An output's target in memory, and a small reader for the pcapng in it. */
#include "tests/lib/fake_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_output_init(struct fake_output *o)
{
	*o = (struct fake_output){ .room = SIZE_MAX, .error = ENOSPC };
}

void fake_output_free(struct fake_output *o)
{
	free(o->data);
	o->data = NULL;
}

static void keep(struct fake_output *o, const uint8_t *data, size_t len)
{
	if (o->len + len > o->cap) {
		o->cap = (o->len + len) * 2;
		o->data = realloc(o->data, o->cap);
		if (!o->data)
			abort();
	}
	memcpy(o->data + o->len, data, len);
}

static ssize_t target_write(void *self, const uint8_t *data, size_t len)
{
	struct fake_output *o = self;

	o->writes++;
	if (o->room == 0)
		return -o->error;
	if (o->limit && len > o->limit)
		len = o->limit;
	if (len > o->room)
		len = o->room;
	if (!o->discard)
		keep(o, data, len);
	o->len += len;
	if (o->room != SIZE_MAX)
		o->room -= len;
	return (ssize_t)len;
}

static void target_close(void *self)
{
	struct fake_output *o = self;

	o->closes++;
}

struct output_target fake_output_target(struct fake_output *o)
{
	return (struct output_target){ target_write, target_close, o, -1 };
}

static ssize_t read_at(void *user, uint64_t offset, void *buf, size_t len)
{
	const struct fake_output *o = user;

	if (offset >= o->len)
		return 0;
	if (len > o->len - offset)
		len = o->len - (size_t)offset;
	memcpy(buf, o->data + offset, len);
	return (ssize_t)len;
}

struct resume_input fake_output_input(struct fake_output *o)
{
	return (struct resume_input){ .read_at = read_at, .user = o, .size = o->len };
}

/* --- pcapng, in this machine's byte order --- */

struct interface {
	uint32_t linktype;
	char name[128], description[512], hardware[128], comment[600];
};

static uint32_t u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint16_t u16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The value of an option as text; "" if it is not there. */
static void option_text(const uint8_t *p, const uint8_t *end, uint16_t code, char *out, size_t size)
{
	out[0] = '\0';
	while (end - p >= 4 && u16(p) != 0) {
		uint16_t len = u16(p + 2);

		if (u16(p) == code)
			snprintf(out, size, "%.*s", (int)len, (const char *)p + 4);
		p += 4 + ((len + 3) & ~3);
	}
}

static bool option_u64(const uint8_t *p, const uint8_t *end, uint16_t code, uint64_t *out)
{
	while (end - p >= 4 && u16(p) != 0) {
		uint16_t len = u16(p + 2);

		if (u16(p) == code && len == 8) {
			memcpy(out, p + 4, 8);
			return true;
		}
		p += 4 + ((len + 3) & ~3);
	}
	return false;
}

static void read_interface(const uint8_t *p, const uint8_t *end, struct interface *i)
{
	i->linktype = u16(p);
	option_text(p + 8, end, 1, i->comment, sizeof(i->comment));
	option_text(p + 8, end, 2, i->name, sizeof(i->name));
	option_text(p + 8, end, 3, i->description, sizeof(i->description));
	option_text(p + 8, end, 15, i->hardware, sizeof(i->hardware));
}

static int read_packet(const uint8_t *p, const uint8_t *end, const struct interface *interfaces,
		       size_t n_interfaces, struct fake_packet *k)
{
	const struct interface *i;
	const uint8_t *options;

	k->interface = u32(p);
	if (k->interface >= n_interfaces)
		return -1;
	i = &interfaces[k->interface];
	k->linktype = i->linktype;
	k->time_us = (uint64_t)u32(p + 4) << 32 | u32(p + 8);
	k->len = u32(p + 12);
	k->orig_len = u32(p + 16);
	k->data = p + 20;
	options = p + 20 + ((k->len + 3) & ~3u);
	k->has_id = option_u64(options, end, 5, &k->id);
	option_text(options, end, 1, k->comment, sizeof(k->comment));
	memcpy(k->if_name, i->name, sizeof(k->if_name));
	memcpy(k->if_description, i->description, sizeof(k->if_description));
	memcpy(k->if_hardware, i->hardware, sizeof(k->if_hardware));
	memcpy(k->if_comment, i->comment, sizeof(k->if_comment));
	return 0;
}

long fake_output_packets(const struct fake_output *o,
			 void (*fn)(void *user, const struct fake_packet *p), void *user)
{
	struct interface *interfaces = NULL;
	struct fake_packet k = { .section = UINT32_MAX };
	size_t at = 0, n_interfaces = 0;
	long n = 0;

	while (n >= 0 && at < o->len) {
		const uint8_t *p = o->data + at;
		uint32_t total = o->len - at >= 12 ? u32(p + 4) : 0;

		if (total < 12 || total % 4 || total > o->len - at ||
		    u32(p + total - 4) != total) {
			n = -1;
		} else if (u32(p) == 0x0a0d0d0a) {
			k.section++;
			n_interfaces = 0;
		} else if (u32(p) == 1) {
			interfaces = realloc(interfaces, (n_interfaces + 1) * sizeof(*interfaces));
			if (!interfaces)
				abort();
			read_interface(p + 8, p + total - 4, &interfaces[n_interfaces++]);
		} else if (u32(p) == 6 && read_packet(p + 8, p + total - 4, interfaces,
						      n_interfaces, &k) == 0) {
			n++;
			if (fn)
				fn(user, &k);
		} else {
			n = -1;
		}
		at += total;
	}
	free(interfaces);
	return n;
}
