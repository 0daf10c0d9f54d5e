/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pcap format (IETF draft-ietf-opsawg-pcap), the reader's part of it. */
#include "capture_pcapfile/format.h"

#include "capture_pcapfile/linktype.h"

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
/* The magic number of a libpcap patch by Alexey Kuznetzov: eight more bytes in each record's header
 * (interface index, protocol, packet type). */
#define MAGIC_KUZNETZOV 0xa1b2cd34u

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define RECORD_HEADER_KUZNETZOV 24

/* Some writers put longer packets into a file than its header says. libpcap takes up to this. */
#define PLAUSIBLE_LEN 262144u

static bool magic_known(uint32_t magic)
{
	return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_KUZNETZOV;
}

bool pcap_is_magic(const uint8_t magic[4])
{
	return magic_known(get_le32(magic)) || magic_known(get_be32(magic));
}

static inline __attribute__((always_inline)) uint64_t
time_us(const uint8_t *h, bool big, bool nano)
{
	uint32_t fraction = file_u32(h + 4, big);

	return (uint64_t)file_u32(h, big) * 1000000 + (nano ? fraction / 1000 : fraction);
}

/* Takes the record at the start of the window, which is all there, header_len and len bytes. */
static inline __attribute__((always_inline)) void
take(struct capture_reader *r, struct reader_packet *out, const uint8_t *h, uint32_t header_len,
     uint32_t len, uint32_t orig_len)
{
	out->packet.dlt = r->pcap.dlt;
	out->packet.has_time = true;
	out->packet.orig_len = orig_len;
	out->packet.len = len;
	out->packet.data = h + header_len;
	window_use(&r->window, header_len + len);
	r->packets++;
}

/* The lengths do not go together: an old version, or a writer's mistake. */
static void fix_lengths(const struct pcap_format *f, uint32_t *len, uint32_t *orig_len)
{
	uint32_t swap = *len;

	if (f->swapped_lengths) {
		*len = *orig_len;
		*orig_len = swap;
	} else {
		*orig_len = *len;
	}
}

/* Any record: of a kind that is rare, wrong, or not in the window yet. */
static enum reader_status next_slow(struct capture_reader *r, struct reader_packet *out,
				    struct err *e)
{
	const struct pcap_format *f = &r->pcap;
	enum reader_status status;
	uint32_t len, orig_len;
	const uint8_t *h;

	status = reader_short(r, window_need(&r->window, f->header_len, e), e);
	if (status != READER_OK)
		return status;
	h = window_at(&r->window);
	len = file_u32(h + 8, f->big);
	orig_len = file_u32(h + 12, f->big);
	if (len > orig_len)
		fix_lengths(f, &len, &orig_len);
	if (len > f->max_len)
		return reader_damaged(r, e, "it claims to have %u bytes", len);
	status = reader_short(r, window_need(&r->window, f->header_len + (size_t)len, e), e);
	if (status != READER_OK)
		return status;
	h = window_at(&r->window);
	out->packet.time_us = time_us(h, f->big, f->nano);
	take(r, out, h, f->header_len, len, orig_len);
	return READER_OK;
}

/* The common case. Nothing here but tail calls, so that no registers have to be saved. */
static inline __attribute__((always_inline)) enum reader_status
next(struct capture_reader *r, struct reader_packet *out, struct err *e, const bool big,
     const bool nano)
{
	const uint8_t *h = window_at(&r->window);
	const size_t have = window_have(&r->window);
	uint32_t len, orig_len;

	if (have < RECORD_HEADER)
		return next_slow(r, out, e);
	len = file_u32(h + 8, big);
	orig_len = file_u32(h + 12, big);
	if (len > have - RECORD_HEADER || len > orig_len || len > r->pcap.max_len)
		return next_slow(r, out, e);
	out->packet.time_us = time_us(h, big, nano);
	take(r, out, h, RECORD_HEADER, len, orig_len);
	return READER_OK;
}

/* One function for each kind of file, so that a packet does not pay for the others. */

static enum reader_status next_le_us(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, false, false);
}

static enum reader_status next_le_ns(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, false, true);
}

static enum reader_status next_be_us(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, true, false);
}

static enum reader_status next_be_ns(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, true, true);
}

static uint32_t max_len(uint32_t snaplen)
{
	if (snaplen < PLAUSIBLE_LEN)
		return PLAUSIBLE_LEN;
	return snaplen < READER_MAX_RECORD ? snaplen : READER_MAX_RECORD;
}

static void set_next(struct capture_reader *r)
{
	if (r->pcap.header_len != RECORD_HEADER)
		r->next = next_slow;
	else if (r->pcap.nano)
		r->next = r->pcap.big ? next_be_ns : next_le_ns;
	else
		r->next = r->pcap.big ? next_be_us : next_le_us;
}

enum reader_status pcap_start(struct capture_reader *r, struct err *e)
{
	enum byte_status status = window_need(&r->window, FILE_HEADER, e);
	const uint8_t *h = window_at(&r->window);
	struct pcap_format *f = &r->pcap;
	uint32_t magic;

	if (status != BYTES_READ)
		return reader_short(r, status, e);
	f->big = magic_known(get_be32(h));
	magic = file_u32(h, f->big);
	if (file_u16(h + 4, f->big) != 2) {
		err_set(e, ERR_DATA, "pcap version %u.%u is not known", file_u16(h + 4, f->big),
			file_u16(h + 6, f->big));
		return READER_FAILED;
	}
	f->header_len = magic == MAGIC_KUZNETZOV ? RECORD_HEADER_KUZNETZOV : RECORD_HEADER;
	f->nano = magic == MAGIC_NANO;
	f->swapped_lengths = file_u16(h + 6, f->big) < 3;
	f->max_len = max_len(file_u32(h + 16, f->big));
	/* The upper half tells how many bytes of FCS packets have. */
	f->dlt = linktype_to_dlt(file_u32(h + 20, f->big) & 0xffff);
	set_next(r);
	window_use(&r->window, FILE_HEADER);
	return READER_OK;
}
