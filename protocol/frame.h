/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: the three header generations, and finding frames in a stream of bytes
 * (docs/protocol.md 1). Pure: works on the caller's memory only.
 *
 *   v0  12-byte header with a checksum; payload = protobuf Command{name, seqno, content}
 *   v2  48-byte header with name and seqno; payload = the inner protobuf message
 *   v3  20-byte header with type, code and seqno; payload = a msgpack map or nothing */
#ifndef PROTOCOL_FRAME_H
#define PROTOCOL_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "protocol/text.h"

enum frame_gen { FRAME_V0, FRAME_V2, FRAME_V3 };
#define FRAME_GENS 3

/* "v0", "v2", "v3" */
const char *frame_gen_name(enum frame_gen gen);

#define FRAME_SIGNATURE 0xDECAFBADu
#define FRAME_V2_WORD 0xABCD0002u	/* sentinel and version at offset 4 */
#define FRAME_V3_WORD 0xA9A90003u
#define FRAME_V0_HEADER 12
#define FRAME_V2_HEADER 48
#define FRAME_V3_HEADER 20
#define FRAME_NAME_SIZE 32		/* the name field of a v2 header */

/* Whole frames, header included (docs/protocol.md 1.6). */
#define FRAME_LIMIT_SERVER 16383	/* what servers from 2023-07 on accept */
#define FRAME_LIMIT_SERVER_OLD 8191	/* what servers of 2020-12 to 2022-08 accept */
#define FRAME_LIMIT_READ 65536		/* what our readers accept */

/* One frame; all pointers lead into the caller's buffer. */
struct frame {
	enum frame_gen gen;
	uint32_t seqno;
	uint16_t type;		/* v3: packet type (docs/protocol.md 2.4) */
	uint16_t code;		/* v3: code field (2.5) */
	struct text name;	/* v0, v2: command name (2.1), cut at the first NUL */
	const uint8_t *payload;	/* the inner message */
	size_t payload_len;
	size_t total_len;	/* header and all */
};

enum frame_status {
	FRAME_OK,
	FRAME_MORE,		/* not complete yet */
	FRAME_BAD_SIGNATURE,
	FRAME_TOO_LARGE,	/* longer than the limit */
	FRAME_BAD_CHECKSUM,	/* v0 */
	FRAME_BAD_COMMAND,	/* v0: the payload is no Command */
};

/* A sentence part for an error message: "wrong signature". */
const char *frame_status_text(enum frame_status status);

/* So many bytes of a frame tell how long it is. */
#define FRAME_PREFIX 12

/* The length of the frame that begins with these bytes; 0 when they are no frame. */
static inline uint64_t frame_length(const uint8_t prefix[FRAME_PREFIX])
{
	uint32_t word = get_be32(prefix + 4);
	uint64_t payload = get_be32(prefix + 8);

	if (get_be32(prefix) != FRAME_SIGNATURE)
		return 0;
	if (word == FRAME_V3_WORD)
		return payload + FRAME_V3_HEADER;
	return payload + (word == FRAME_V2_WORD ? FRAME_V2_HEADER : FRAME_V0_HEADER);
}

/* Reads the frame at the start of data. All errors are found as early as the bytes allow. */
enum frame_status frame_parse(const uint8_t *data, size_t len, size_t limit, struct frame *out);

/* Writes the frame that f describes (gen, seqno, type and code or name, payload). Returns its
 * length, or 0 when it is longer than cap or its name than FRAME_NAME_SIZE. The payload may
 * not lie in buf. */
size_t frame_write(const struct frame *f, uint8_t *buf, size_t cap);

/* For a payload that is made in place:
 *
 *	at = frame_head_size(&f);	f.payload_len is exact, or a guess
 *	write the payload at buf + at
 *	f.payload_len = its length
 *	total = frame_finish(&f, at, buf, cap);
 *
 * In v0 the size of the head depends on the length of the payload; after a wrong guess the
 * payload is moved. Returns as frame_write() does. */
size_t frame_head_size(const struct frame *f);
size_t frame_finish(const struct frame *f, size_t at, uint8_t *buf, size_t cap);

/* Writes the header of a v3 frame whose payload_len bytes follow: the packet path. */
static inline void frame_put_v3(uint8_t *buf, uint16_t type, uint16_t code, uint32_t seqno,
				uint32_t payload_len)
{
	put_be32(buf, FRAME_SIGNATURE);
	put_be32(buf + 4, FRAME_V3_WORD);
	put_be32(buf + 8, payload_len);
	put_be16(buf + 12, type);
	put_be16(buf + 14, code);
	put_be32(buf + 16, seqno);
}

/* Finds frames in a stream, whatever pieces it arrives in.
 *
 *	space = frame_reader_space(&r, &room);
 *	n = recv(fd, space, room, 0);
 *	frame_reader_filled(&r, n);
 *	while ((status = frame_reader_next(&r, &f)) == FRAME_OK)
 *		handle(&f);
 *	if (status != FRAME_MORE)
 *		give up: the stream cannot be read further
 *
 * The buffer is the caller's; it must hold at least limit bytes. */
struct frame_reader {
	uint8_t *buf;
	size_t cap;
	size_t start, end;	/* bytes not yet taken: buf[start..end) */
	size_t limit;
};

void frame_reader_init(struct frame_reader *r, uint8_t *buf, size_t cap, size_t limit);
/* Where to put more bytes, and how many fit (never 0 while next() says FRAME_MORE). Moves what
 * is left to the front when needed, so frames handed out before are void. */
uint8_t *frame_reader_space(struct frame_reader *r, size_t *room);
void frame_reader_filled(struct frame_reader *r, size_t n);
/* The next frame; it stays valid until frame_reader_space(). Errors are final. */
enum frame_status frame_reader_next(struct frame_reader *r, struct frame *out);

#endif
