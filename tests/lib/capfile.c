/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes captures in memory for tests. */
#include "tests/lib/capfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/bytes.h"

void capfile_free(struct capfile *c)
{
	free(c->data);
	*c = (struct capfile){ 0 };
}

static uint8_t *room(struct capfile *c, size_t len)
{
	while (c->len + len > c->cap) {
		c->cap = c->cap ? c->cap * 2 : 4096;
		c->data = realloc(c->data, c->cap);
		if (!c->data)
			abort();
	}
	c->len += len;
	return c->data + c->len - len;
}

void capfile_bytes(struct capfile *c, const void *data, size_t len)
{
	if (len > 0)
		memcpy(room(c, len), data, len);
}

void capfile_u16(struct capfile *c, uint16_t v)
{
	uint8_t *p = room(c, 2);

	if (c->big)
		put_be16(p, v);
	else
		put_le16(p, v);
}

static void set_u32(const struct capfile *c, uint8_t *p, uint32_t v)
{
	if (c->big)
		put_be32(p, v);
	else
		put_le32(p, v);
}

void capfile_u32(struct capfile *c, uint32_t v)
{
	set_u32(c, room(c, 4), v);
}

void capfile_zeros(struct capfile *c, size_t n)
{
	if (n > 0)
		memset(room(c, n), 0, n);
}

void capfile_pad(struct capfile *c)
{
	capfile_zeros(c, -c->len & 3);
}

void capfile_fill(uint8_t *data, size_t len, uint32_t n)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(n * 31 + i * 7 + (i >> 8));
}

static void content(struct capfile *c, uint32_t n, size_t len)
{
	capfile_fill(room(c, len), len, n);
}

/* --- pcap --- */

void capfile_pcap(struct capfile *c, uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	capfile_u32(c, magic);
	capfile_u16(c, 2);
	capfile_u16(c, 4);
	capfile_zeros(c, 8);
	capfile_u32(c, snaplen);
	capfile_u32(c, linktype);
	c->nano = magic == 0xa1b23c4d;
}

void capfile_record(struct capfile *c, uint32_t n, uint64_t time_us, uint32_t len,
		    uint32_t orig_len)
{
	capfile_u32(c, (uint32_t)(time_us / 1000000));
	capfile_u32(c, (uint32_t)(time_us % 1000000) * (c->nano ? 1000 : 1));
	capfile_u32(c, len);
	capfile_u32(c, orig_len);
	content(c, n, len);
}

/* --- pcapng --- */

void capfile_block(struct capfile *c, uint32_t type)
{
	c->block = c->len;
	capfile_u32(c, type);
	capfile_u32(c, 0);
}

void capfile_option(struct capfile *c, uint16_t code, const void *data, uint16_t len)
{
	capfile_u16(c, code);
	capfile_u16(c, len);
	capfile_bytes(c, data, len);
	capfile_pad(c);
}

void capfile_custom(struct capfile *c, uint16_t code, uint32_t enterprise, const void *data,
		    uint16_t len)
{
	capfile_u16(c, code);
	capfile_u16(c, (uint16_t)(len + 4));
	capfile_u32(c, enterprise);
	capfile_bytes(c, data, len);
	capfile_pad(c);
}

void capfile_end(struct capfile *c)
{
	uint32_t total;

	capfile_pad(c);
	total = (uint32_t)(c->len - c->block + 4);
	capfile_u32(c, total);
	set_u32(c, c->data + c->block + 4, total);
}

void capfile_section(struct capfile *c)
{
	capfile_block(c, 0x0a0d0d0a);
	capfile_u32(c, 0x1a2b3c4d);
	capfile_u16(c, 1);
	capfile_u16(c, 0);
	capfile_u32(c, UINT32_MAX);
	capfile_u32(c, UINT32_MAX);
	capfile_end(c);
}

static void interface_begin(struct capfile *c, uint16_t linktype, uint32_t snaplen)
{
	capfile_block(c, 1);
	capfile_u16(c, linktype);
	capfile_u16(c, 0);
	capfile_u32(c, snaplen);
}

void capfile_interface(struct capfile *c, uint16_t linktype, uint32_t snaplen)
{
	interface_begin(c, linktype, snaplen);
	capfile_end(c);
}

void capfile_interface_res(struct capfile *c, uint16_t linktype, uint32_t snaplen,
			   uint8_t resolution, int64_t offset_s)
{
	uint8_t offset[8];

	if (c->big)
		put_be64(offset, (uint64_t)offset_s);
	else
		put_le64(offset, (uint64_t)offset_s);
	interface_begin(c, linktype, snaplen);
	capfile_option(c, 2, "test0", 5);
	capfile_option(c, 9, &resolution, 1);
	capfile_option(c, 14, offset, sizeof(offset));
	capfile_option(c, 0, NULL, 0);
	capfile_end(c);
}

void capfile_packet_begin(struct capfile *c, uint32_t interface, uint32_t n, uint64_t units,
			  uint32_t len, uint32_t orig_len)
{
	capfile_block(c, 6);
	capfile_u32(c, interface);
	capfile_u32(c, (uint32_t)(units >> 32));
	capfile_u32(c, (uint32_t)units);
	capfile_u32(c, len);
	capfile_u32(c, orig_len);
	content(c, n, len);
	capfile_pad(c);
}

void capfile_packet(struct capfile *c, uint32_t interface, uint32_t n, uint64_t units, uint32_t len)
{
	capfile_packet_begin(c, interface, n, units, len, len);
	capfile_end(c);
}

void capfile_simple(struct capfile *c, uint32_t n, uint32_t len, uint32_t orig_len)
{
	capfile_block(c, 3);
	capfile_u32(c, orig_len);
	content(c, n, len);
	capfile_end(c);
}

void capfile_old_packet(struct capfile *c, uint16_t interface, uint32_t n, uint64_t units,
			uint32_t len)
{
	capfile_block(c, 2);
	capfile_u16(c, interface);
	capfile_u16(c, 0xffff);
	capfile_u32(c, (uint32_t)(units >> 32));
	capfile_u32(c, (uint32_t)units);
	capfile_u32(c, len);
	capfile_u32(c, len);
	content(c, n, len);
	capfile_end(c);
}

/* --- files --- */

void capfile_save(const struct capfile *c, char *path, size_t size)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(path, size, "%s/capfile.XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, c->data, c->len) != (ssize_t)c->len)
		abort();
	close(fd);
}
