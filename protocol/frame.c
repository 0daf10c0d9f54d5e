/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of the three generations, read and written. */
#include "protocol/frame.h"

#include <string.h>

#include "protocol/checksum.h"
#include "protocol/pb.h"

#define PREFIX 12		/* what all generations have in common: enough for the length */

/* Fields of the message that wraps everything in v0 (docs/protocol.md 2.2). */
enum { COMMAND_NAME = 1, COMMAND_SEQNO = 2, COMMAND_CONTENT = 3 };

const char *frame_gen_name(enum frame_gen gen)
{
	static const char *const names[FRAME_GENS] = { "v0", "v2", "v3" };

	return names[gen];
}

const char *frame_status_text(enum frame_status status)
{
	switch (status) {
	case FRAME_OK:
		return "complete frame";
	case FRAME_MORE:
		return "incomplete frame";
	case FRAME_BAD_SIGNATURE:
		return "wrong signature";
	case FRAME_TOO_LARGE:
		return "frame too large";
	case FRAME_BAD_CHECKSUM:
		return "wrong checksum";
	case FRAME_BAD_COMMAND:
		return "malformed command envelope";
	}
	return "unknown status";
}

static enum frame_gen gen_of(uint32_t word)
{
	if (word == FRAME_V2_WORD)
		return FRAME_V2;
	return word == FRAME_V3_WORD ? FRAME_V3 : FRAME_V0;
}

static size_t header_size(enum frame_gen gen)
{
	static const size_t sizes[FRAME_GENS] = {
		FRAME_V0_HEADER, FRAME_V2_HEADER, FRAME_V3_HEADER
	};

	return sizes[gen];
}

static bool signature_possible(const uint8_t *data, size_t len)
{
	static const uint8_t signature[4] = { 0xDE, 0xCA, 0xFB, 0xAD };

	return len == 0 || memcmp(data, signature, len < 4 ? len : 4) == 0;
}

static struct text name_of(const void *s, size_t len)
{
	const char *nul = len ? memchr(s, 0, len) : NULL;

	return (struct text){ s, nul ? (size_t)(nul - (const char *)s) : len };
}

static bool parse_command(struct frame *f, const uint8_t *data, size_t len)
{
	struct pb_reader r;
	struct pb_field field;
	unsigned int seen = 0;

	pb_reader_init(&r, data, len);
	while (pb_next(&r, &field)) {
		if (field.no == COMMAND_NAME) {
			struct text name = pb_text(&r, &field);

			f->name = name_of(name.s, name.len);
		} else if (field.no == COMMAND_SEQNO) {
			f->seqno = pb_u32(&r, &field);
		} else if (field.no == COMMAND_CONTENT) {
			struct text content = pb_text(&r, &field);

			f->payload = (const uint8_t *)content.s;
			f->payload_len = content.len;
		} else {
			continue;
		}
		seen |= 1u << field.no;
	}
	return !r.bad && seen == (1u << COMMAND_NAME | 1u << COMMAND_SEQNO | 1u << COMMAND_CONTENT);
}

static enum frame_status parse_v0(struct frame *f, const uint8_t *data, size_t len, uint32_t sum)
{
	if (checksum(data, len) != sum)
		return FRAME_BAD_CHECKSUM;
	return parse_command(f, data, len) ? FRAME_OK : FRAME_BAD_COMMAND;
}

static void parse_v2(struct frame *f, const uint8_t *data)
{
	f->name = name_of(data + 12, FRAME_NAME_SIZE);
	f->seqno = get_be32(data + 44);
}

static void parse_v3(struct frame *f, const uint8_t *data)
{
	f->type = get_be16(data + 12);
	f->code = get_be16(data + 14);
	f->seqno = get_be32(data + 16);
}

enum frame_status frame_parse(const uint8_t *data, size_t len, size_t limit, struct frame *out)
{
	uint32_t word, payload_len;
	size_t header;

	if (!signature_possible(data, len))
		return FRAME_BAD_SIGNATURE;
	if (len < PREFIX)
		return FRAME_MORE;
	word = get_be32(data + 4);
	payload_len = get_be32(data + 8);
	memset(out, 0, sizeof(*out));
	out->gen = gen_of(word);
	header = header_size(out->gen);
	if (limit < header || payload_len > limit - header)
		return FRAME_TOO_LARGE;
	out->total_len = header + payload_len;
	if (len < out->total_len)
		return FRAME_MORE;
	out->payload = data + header;
	out->payload_len = payload_len;
	switch (out->gen) {
	case FRAME_V0:
		return parse_v0(out, data + header, payload_len, word);
	case FRAME_V2:
		parse_v2(out, data);
		break;
	case FRAME_V3:
		parse_v3(out, data);
		break;
	}
	return FRAME_OK;
}

size_t frame_head_size(const struct frame *f)
{
	size_t size = header_size(f->gen);

	if (f->gen == FRAME_V0)
		size += 3 + pb_varint_size(f->name.len) + f->name.len + pb_varint_size(f->seqno) +
			pb_varint_size(f->payload_len);
	return size;
}

static void put_prefix(uint8_t *buf, uint32_t word, uint32_t len)
{
	put_be32(buf, FRAME_SIGNATURE);
	put_be32(buf + 4, word);
	put_be32(buf + 8, len);
}

static void put_v0(const struct frame *f, uint8_t *buf, size_t head)
{
	size_t len = head - FRAME_V0_HEADER + f->payload_len;
	uint8_t *p = buf + FRAME_V0_HEADER;

	p = pb_put_bytes(p, COMMAND_NAME, f->name.s, f->name.len);
	p = pb_put_uint(p, COMMAND_SEQNO, f->seqno);
	p = pb_put_tag(p, COMMAND_CONTENT, PB_BYTES);
	pb_put_varint(p, f->payload_len);
	put_prefix(buf, checksum(buf + FRAME_V0_HEADER, len), (uint32_t)len);
}

static void put_v2(uint8_t *buf, struct text name, uint32_t seqno, uint32_t payload_len)
{
	put_prefix(buf, FRAME_V2_WORD, payload_len);
	memset(buf + 12, 0, FRAME_NAME_SIZE);
	if (name.len > 0)
		memcpy(buf + 12, name.s, name.len);
	put_be32(buf + 44, seqno);
}

/* Where the payload of a frame that can be written goes; 0 for one that cannot. */
static size_t place_payload(const struct frame *f, size_t cap)
{
	size_t head = frame_head_size(f);

	if (f->name.len > FRAME_NAME_SIZE || head > cap || f->payload_len > cap - head ||
	    f->payload_len > UINT32_MAX - head)
		return 0;
	return head;
}

static void put_head(const struct frame *f, uint8_t *buf, size_t head)
{
	switch (f->gen) {
	case FRAME_V0:
		put_v0(f, buf, head);
		break;
	case FRAME_V2:
		put_v2(buf, f->name, f->seqno, (uint32_t)f->payload_len);
		break;
	case FRAME_V3:
		frame_put_v3(buf, f->type, f->code, f->seqno, (uint32_t)f->payload_len);
		break;
	}
}

size_t frame_finish(const struct frame *f, size_t at, uint8_t *buf, size_t cap)
{
	size_t head = place_payload(f, cap);

	if (head == 0)
		return 0;
	if (head != at)
		memmove(buf + head, buf + at, f->payload_len);
	put_head(f, buf, head);
	return head + f->payload_len;
}

size_t frame_write(const struct frame *f, uint8_t *buf, size_t cap)
{
	size_t head = place_payload(f, cap);

	if (head == 0)
		return 0;
	if (f->payload_len > 0)
		memcpy(buf + head, f->payload, f->payload_len);
	put_head(f, buf, head);
	return head + f->payload_len;
}
