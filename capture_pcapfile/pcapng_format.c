/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pcapng format (IETF draft-ietf-opsawg-pcapng), the reader's part of it: blocks. */
#include "capture_pcapfile/format.h"

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_OLD_PACKET 2u
#define BLOCK_SIMPLE_PACKET 3u
#define BLOCK_PACKET 6u

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define BLOCK_MIN 12			/* type, length, length again */
#define SECTION_MIN 28
#define INTERFACE_MIN 20
#define OLD_PACKET_MIN 32
#define SIMPLE_PACKET_MIN 16
#define PACKET_MIN 32

/* Blocks without a packet after which others get a turn. */
#define BLOCKS_A_TURN 64

bool pcapng_is_magic(const uint8_t magic[4])
{
	return get_be32(magic) == BLOCK_SECTION;
}

void pcapng_reset(struct pcapng_format *ng)
{
	ng->ifaces.n = 0;
	ng->any_iface = ng->any_time = false;
	ng->skip_total = 0;
}

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* --- packets --- */

/* What all packet blocks have in common. Everything was checked. */
static inline __attribute__((always_inline)) void
set_packet(struct capture_reader *r, struct reader_packet *out, uint32_t interface,
	   const uint8_t *data, uint32_t len, uint32_t orig_len)
{
	out->packet.dlt = r->ng.ifaces.items[interface].dlt;
	out->packet.data = data;
	out->packet.len = len;
	out->packet.orig_len = orig_len > len ? orig_len : len;
	out->interface = interface;
	r->packets++;
}

/* An enhanced packet block, or the obsolete one, which only counts interfaces differently. All of
 * its total bytes are there and len is not too large; time_us is what its stamp means. */
static inline __attribute__((always_inline)) void
take_packet(struct capture_reader *r, struct reader_packet *out, const uint8_t *b, uint32_t total,
	    uint32_t interface, uint32_t len, uint64_t time_us, const bool big)
{
	const size_t used = 28 + padded(len);

	set_packet(r, out, interface, b + 28, len, file_u32(b + 24, big));
	r->ng.last_us = time_us;
	r->ng.any_time = true;
	out->packet.has_time = true;
	out->packet.time_us = time_us;
	out->options = b + used;
	out->options_len = total - 4 - used;
	out->big = big;
	window_use(&r->window, total);
}

static inline uint64_t stamp(const uint8_t *b, bool big)
{
	return (uint64_t)file_u32(b + 12, big) << 32 | file_u32(b + 16, big);
}

static enum reader_status packet_block(struct capture_reader *r, struct reader_packet *out,
				       struct err *e, uint32_t total, uint32_t interface, bool big)
{
	const uint8_t *b = window_at(&r->window);
	const uint32_t len = file_u32(b + 20, big);

	if (interface >= r->ng.ifaces.n)
		return reader_damaged(r, e, "it comes from interface %u, which was not described",
				      interface);
	if (len > total - PACKET_MIN)
		return reader_damaged(r, e, "it claims to have %u bytes in a block of %u", len,
				      total);
	take_packet(r, out, b, total, interface, len,
		    pcapng_iface_time_us(&r->ng.ifaces.items[interface], stamp(b, big)), big);
	return READER_OK;
}

/* It has no time, no interface number and no length of what was captured. */
static enum reader_status simple_block(struct capture_reader *r, struct reader_packet *out,
				       struct err *e, uint32_t total, bool big)
{
	const uint8_t *b = window_at(&r->window);
	const struct pcapng_iface *iface = r->ng.ifaces.items;
	uint32_t orig_len = file_u32(b + 8, big);
	uint32_t len = total - SIMPLE_PACKET_MIN;

	if (r->ng.ifaces.n == 0)
		return reader_damaged(r, e, "it comes from an interface that was not described");
	if (len > orig_len)
		len = orig_len;
	if (iface->snaplen != 0 && len > iface->snaplen)
		len = iface->snaplen;
	set_packet(r, out, 0, b + 12, len, orig_len);
	out->packet.has_time = r->ng.any_time;
	out->packet.time_us = r->ng.any_time ? r->ng.last_us : 0;
	out->options_len = 0;
	window_use(&r->window, total);
	return READER_OK;
}

/* --- blocks --- */

static enum reader_status check_length(struct capture_reader *r, uint32_t total, uint32_t min,
				       struct err *e)
{
	if (total < min || total % 4 != 0)
		return reader_damaged(r, e, "a block of %u bytes, which cannot be", total);
	return READER_OK;
}

/* Brings a whole block into the window and checks its lengths. */
static enum reader_status need_block(struct capture_reader *r, uint32_t total, uint32_t min,
				     bool big, struct err *e)
{
	enum reader_status status = check_length(r, total, min, e);
	uint32_t again;

	if (status != READER_OK)
		return status;
	if (total > READER_MAX_RECORD)
		return reader_damaged(r, e, "a block of %u bytes; more than %u are not read",
				      total, READER_MAX_RECORD);
	status = reader_short(r, window_need(&r->window, total, e), e);
	if (status != READER_OK)
		return status;
	again = file_u32(window_at(&r->window) + total - 4, big);
	if (again != total)
		return reader_damaged(r, e, "a block of %u bytes that ends as one of %u", total,
				      again);
	return READER_OK;
}

/* Goes on passing over a block, up to and with its second length. */
static enum reader_status skip_rest(struct capture_reader *r, bool big, struct err *e)
{
	struct pcapng_format *ng = &r->ng;
	enum byte_status status;
	uint32_t again;
	bool busy = false;

	status = window_skip(&r->window, &ng->skip_left, &busy, e);
	if (busy)
		return READER_BUSY;
	if (status == BYTES_READ)
		status = window_need(&r->window, 4, e);
	if (status == BYTES_END)
		r->window.cut = true;
	if (status != BYTES_READ)
		return reader_short(r, status, e);
	again = file_u32(window_at(&r->window), big);
	if (again != ng->skip_total)
		return reader_damaged(r, e, "a block of %u bytes that ends as one of %u",
				      ng->skip_total, again);
	window_use(&r->window, 4);
	ng->skip_total = 0;
	return READER_OK;
}

static enum reader_status skip_block(struct capture_reader *r, uint32_t total, uint32_t min,
				     bool big, struct err *e)
{
	enum reader_status status = check_length(r, total, min, e);

	if (status != READER_OK)
		return status;
	r->ng.skip_total = total;
	r->ng.skip_left = total - 4;
	return skip_rest(r, big, e);
}

static enum reader_status interface_block(struct capture_reader *r, uint32_t total, bool big,
					  struct err *e)
{
	enum reader_status status = need_block(r, total, INTERFACE_MIN, big, e);
	struct pcapng_format *ng = &r->ng;
	const uint8_t *b = window_at(&r->window);

	if (status != READER_OK)
		return status;
	if (pcapng_iface_add(&ng->ifaces, b + 8, total - BLOCK_MIN, big, e) < 0)
		return reader_short(r, BYTES_FAILED, e);
	if (!ng->any_iface)
		ng->first_dlt = ng->ifaces.items[0].dlt;
	ng->any_iface = true;
	window_use(&r->window, total);
	return READER_OK;
}

static enum reader_status next_le(struct capture_reader *r, struct reader_packet *out,
				  struct err *e);
static enum reader_status next_be(struct capture_reader *r, struct reader_packet *out,
				  struct err *e);

static void set_next(struct capture_reader *r)
{
	r->next = r->ng.big ? next_be : next_le;
}

/* A section begins, with a byte order and interfaces of its own. */
static enum reader_status section_block(struct capture_reader *r, struct err *e)
{
	enum reader_status status = reader_short(r, window_need(&r->window, 16, e), e);
	const uint8_t *b = window_at(&r->window);
	bool big;

	if (status != READER_OK)
		return status;
	big = get_be32(b + 8) == BYTE_ORDER_MAGIC;
	if (!big && get_le32(b + 8) != BYTE_ORDER_MAGIC)
		return reader_damaged(r, e, "a section without byte order");
	if (file_u16(b + 12, big) != 1)
		return reader_damaged(r, e, "pcapng version %u.%u is not known",
				      file_u16(b + 12, big), file_u16(b + 14, big));
	r->ng.ifaces.n = 0;
	r->ng.big = big;
	if (r->started)
		set_next(r);
	return skip_block(r, file_u32(b + 4, big), SECTION_MIN, big, e);
}

/* Deals with a block that holds no packet. READER_OK: go on. */
static enum reader_status other_block(struct capture_reader *r, uint32_t type, uint32_t total,
				      bool big, struct err *e)
{
	switch (type) {
	case BLOCK_SECTION:
		return section_block(r, e);
	case BLOCK_INTERFACE:
		return interface_block(r, total, big, e);
	default:
		return skip_block(r, total, BLOCK_MIN, big, e);
	}
}

static uint32_t packet_min(uint32_t type)
{
	switch (type) {
	case BLOCK_PACKET:
		return PACKET_MIN;
	case BLOCK_OLD_PACKET:
		return OLD_PACKET_MIN;
	case BLOCK_SIMPLE_PACKET:
		return SIMPLE_PACKET_MIN;
	default:
		return 0;
	}
}

/* Whatever the fast path of next() leaves over: one block. *found: it was a packet. */
static enum reader_status slow_block(struct capture_reader *r, struct reader_packet *out,
				     bool *found, bool big, struct err *e)
{
	enum reader_status status;
	uint32_t type, total, min;
	const uint8_t *b;

	*found = false;
	if (r->ng.skip_total != 0)
		return skip_rest(r, big, e);
	status = reader_short(r, window_need(&r->window, BLOCK_MIN, e), e);
	if (status != READER_OK)
		return status;
	b = window_at(&r->window);
	type = file_u32(b, big);
	total = file_u32(b + 4, big);
	min = packet_min(type);
	if (min == 0)
		return other_block(r, type, total, big, e);
	status = need_block(r, total, min, big, e);
	if (status != READER_OK)
		return status;
	*found = true;
	b = window_at(&r->window);
	if (type == BLOCK_SIMPLE_PACKET)
		return simple_block(r, out, e, total, big);
	return packet_block(r, out, e, total, type == BLOCK_PACKET ? file_u32(b + 8, big) :
			    file_u16(b + 8, big), big);
}

/* Any block: of a kind that is rare, wrong, or not in the window yet; and what follows it until a
 * packet comes. */
static enum reader_status next_slow(struct capture_reader *r, struct reader_packet *out,
				    struct err *e)
{
	enum reader_status status;
	bool found;
	int i;

	for (i = 0; i < BLOCKS_A_TURN; i++) {
		status = slow_block(r, out, &found, r->ng.big, e);
		if (found || status != READER_OK)
			return status;
	}
	return READER_BUSY;
}

/* The common case, an enhanced packet block in micro- or nanoseconds. Nothing here but tail calls,
 * so that no registers have to be saved. */
static inline __attribute__((always_inline)) enum reader_status
next(struct capture_reader *r, struct reader_packet *out, struct err *e, const bool big)
{
	const uint8_t *b = window_at(&r->window);
	const size_t have = window_have(&r->window);
	const struct pcapng_iface *iface;
	uint32_t total, interface, len;
	uint64_t time_us;

	if (have < PACKET_MIN || file_u32(b, big) != BLOCK_PACKET || r->ng.skip_total != 0)
		return next_slow(r, out, e);
	total = file_u32(b + 4, big);
	interface = file_u32(b + 8, big);
	len = file_u32(b + 20, big);
	if (total > have || total < PACKET_MIN || total % 4 != 0 || len > total - PACKET_MIN ||
	    interface >= r->ng.ifaces.n || file_u32(b + total - 4, big) != total)
		return next_slow(r, out, e);
	iface = &r->ng.ifaces.items[interface];
	if (iface->unit > PCAPNG_NANO)
		return next_slow(r, out, e);
	time_us = stamp(b, big);
	if (iface->unit == PCAPNG_NANO)
		time_us /= 1000;
	take_packet(r, out, b, total, interface, len, time_us + iface->offset_us, big);
	return READER_OK;
}

static enum reader_status next_le(struct capture_reader *r, struct reader_packet *out,
				  struct err *e)
{
	return next(r, out, e, false);
}

static enum reader_status next_be(struct capture_reader *r, struct reader_packet *out,
				  struct err *e)
{
	return next(r, out, e, true);
}

/* --- start --- */

/* Blocks up to the first interface. A packet before it is an error, so none is found here. */
enum reader_status pcapng_start(struct capture_reader *r, struct err *e)
{
	struct reader_packet none;
	enum reader_status status;
	bool found;
	int i;

	for (i = 0; i < BLOCKS_A_TURN; i++) {
		if (window_offset(&r->window) == 0)
			status = section_block(r, e);
		else
			status = slow_block(r, &none, &found, r->ng.big, e);
		if (status == READER_END)
			err_set(e, ERR_DATA, "it describes no interface and holds no packet");
		if (status != READER_OK)
			return status;
		if (r->ng.any_iface) {
			set_next(r);
			return READER_OK;
		}
	}
	return READER_BUSY;
}
